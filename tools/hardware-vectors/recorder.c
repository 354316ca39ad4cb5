// Executes instructions one at a time on the processor that runs this program, and writes down what they did.
//
//   gcc -O2 -fno-stack-protector -fcf-protection=none -pie -Wl,-z,now -o recorder recorder.c && ./recorder SETUP CASES RESULTS
//
// A case enters by the return from a signal handler, which sets all registers, and leaves by the next signal: the INT3 that
// fills the code around the instruction, or the instruction's own exception. SETUP holds `struct setup`, CASES `struct
// test` after `struct test`, each followed by its patches; RESULTS gets a `struct result` for each, followed by the pieces of
// memory that differ. The order of bytes in `struct state` is the corpus's own. Linux on x86-64 only; the signal handler uses
// nothing of the C library that needs FS; symbols are bound at the start, and the program is far from all addresses of cases.
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum { LDT_MAX = 64, REGIONS_MAX = 8, DATA_MAX = 0x4000, FLAG_NT = 1 << 14, FLAG_AC = 1 << 18, FLAG_ID = 1 << 21 };

// What holds for all cases: memory and segments.
struct setup {
  uint64_t code;      // pages of INT3, readable and executable
  uint64_t code_size;
  uint64_t data;      // pages to write, followed by pages to read; nothing before and behind them
  uint64_t data_alias; // the same pages again
  uint64_t data_size;
  uint64_t writable_size;
  uint64_t ldt_count;
  uint8_t pattern[DATA_MAX]; // contents of the data pages before every case
  struct user_desc ldt[LDT_MAX];
};

struct state {
  uint64_t gpr[16]; // in encoding order
  uint64_t rip;
  uint32_t rflags;
  uint32_t mxcsr;
  uint16_t es, cs, ss, ds, fs, gs;
  uint32_t zero1;
  uint64_t fs_base, gs_base; // 64-bit mode only
  uint16_t fcw, fsw;
  uint8_t ftw; // abridged, as FXSAVE has it
  uint8_t zero2;
  uint16_t fop;
  uint64_t fip, fdp, zero3;
  uint8_t st[8][16];
  uint8_t xmm[16][16];
};

struct test {
  struct state state;
  uint8_t code[16];
  uint8_t code_length;
  uint8_t is64;
  uint16_t patch_count;
  uint32_t patches_size; // bytes of all patches: offset (u32), size (u32), bytes
};

struct result {
  struct state state;
  uint64_t cr2;
  uint32_t vector; // 3 where nothing happened
  uint32_t error_code;
  uint32_t pieces_size; // bytes of all pieces: offset (u32), size (u32), bytes
  uint32_t zero;
};

static const int REGISTERS[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static struct setup *setup;
static uint8_t *cases, *cases_end, *results, *results_at, *results_end;
static uint8_t before[DATA_MAX];
static uint8_t *data, *code;
static const struct test *test;
static ucontext_t home;
static uint8_t home_fpu[4096];
static uint64_t home_fs;
static unsigned long done;

static void die(const char *what) {
  perror(what);
  exit(1);
}
static void stop(const char *text) {
  (void)!write(2, text, strlen(text));
  _exit(1);
}

static uint64_t flags_now(void) {
  uint64_t flags;
  __asm__ volatile("pushfq; pop %0" : "=r"(flags));
  return flags;
}
static void set_flags(uint64_t flags) { __asm__ volatile("push %0; popfq" : : "r"(flags) : "cc", "memory"); }

#define READ_SEGMENT(name) ({ uint16_t value; __asm__ volatile("mov %%" name ", %0" : "=r"(value)); value; })
#define LOAD_SEGMENT(name, value) __asm__ volatile("mov %0, %%" name : : "r"((uint16_t)(value)))

static uint64_t fs_base(void) {
  uint64_t base;
  __asm__ volatile("rdfsbase %0" : "=r"(base));
  return base;
}
static uint64_t gs_base(void) {
  uint64_t base;
  __asm__ volatile("rdgsbase %0" : "=r"(base));
  return base;
}

static void collect(const ucontext_t *context) {
  const greg_t *regs = context->uc_mcontext.gregs;
  const uint8_t *fpu = (const uint8_t *)context->uc_mcontext.fpregs;
  if (results_at + sizeof(struct result) + 2 * DATA_MAX > results_end) stop("no room for results\n");
  struct result *result = (struct result *)results_at;
  struct state *state = &result->state;
  for (int i = 0; i < 16; i++) state->gpr[i] = (uint64_t)regs[REGISTERS[i]];
  state->rip = (uint64_t)regs[REG_RIP];
  state->rflags = (uint32_t)regs[REG_EFL];
  const uint64_t selectors = (uint64_t)regs[REG_CSGSFS];
  state->cs = (uint16_t)selectors;
  state->ss = (uint16_t)(selectors >> 48);
  state->ds = READ_SEGMENT("ds");
  state->es = READ_SEGMENT("es");
  state->fs = READ_SEGMENT("fs");
  state->gs = READ_SEGMENT("gs");
  state->fs_base = fs_base();
  state->gs_base = gs_base();
  memcpy(&state->fcw, fpu, 5);
  memcpy(&state->fop, fpu + 6, 18);
  memcpy(&state->mxcsr, fpu + 24, 4);
  memcpy(state->st, fpu + 32, sizeof state->st);
  memcpy(state->xmm, fpu + 160, sizeof state->xmm);
  result->cr2 = (uint64_t)regs[REG_CR2];
  result->vector = (uint32_t)regs[REG_TRAPNO];
  result->error_code = (uint32_t)regs[REG_ERR];
  results_at += sizeof *result;
  uint8_t *start = results_at;
  const uint32_t size = (uint32_t)setup->data_size;
  if (memcmp(data, before, size) != 0) {
    for (uint32_t i = 0; i < size; i++) {
      if (data[i] == before[i]) continue;
      uint32_t end = i + 1;
      while (end < size && data[end] != before[end]) end++;
      const uint32_t length = end - i;
      memcpy(results_at, &i, 4);
      memcpy(results_at + 4, &length, 4);
      memcpy(results_at + 8, data + i, length);
      results_at += 8 + length;
      if (results_at + DATA_MAX > results_end) stop("no room for results\n");
      i = end;
    }
  }
  result->pieces_size = (uint32_t)(results_at - start);
}

// Bytes of the instruction that are in the code pages.
static uint64_t length_in_pages(void) {
  const uint64_t room = setup->code_size - (test->state.rip & 0xffffffff);
  return test->code_length < room ? test->code_length : room;
}

// Puts the instruction before out of the way, and the next one in its place.
static int next_case(ucontext_t *context) {
  if (test != NULL) memset(code + (test->state.rip & 0xffffffff), 0xcc, length_in_pages());
  if (cases >= cases_end) return 0;
  test = (const struct test *)cases;
  done++;
  memcpy(data, setup->pattern, setup->writable_size);
  const uint8_t *patch = cases + sizeof *test;
  for (int i = 0; i < test->patch_count; i++) {
    uint32_t offset, size;
    memcpy(&offset, patch, 4);
    memcpy(&size, patch + 4, 4);
    memcpy(data + offset, patch + 8, size);
    patch += 8 + size;
  }
  cases += sizeof *test + test->patches_size;
  memcpy(before, data, setup->data_size);
  const struct state *state = &test->state;
  // The low half of RIP is the place in the code pages, the high half the base of CS.
  const uint64_t place = state->rip & 0xffffffff;
  const uint64_t rip = setup->code + place - (state->rip >> 32);
  memcpy(code + place, test->code, length_in_pages());
  greg_t *regs = context->uc_mcontext.gregs;
  uint8_t *fpu = (uint8_t *)context->uc_mcontext.fpregs;
  for (int i = 0; i < 16; i++) regs[REGISTERS[i]] = (greg_t)state->gpr[i];
  regs[REG_RIP] = (greg_t)rip;
  regs[REG_EFL] = state->rflags;
  regs[REG_CSGSFS] = (greg_t)(((uint64_t)state->ss << 48) | state->cs);
  memcpy(fpu, &state->fcw, 5);
  memcpy(fpu + 6, &state->fop, 18);
  memcpy(fpu + 24, &state->mxcsr, 4);
  memcpy(fpu + 32, state->st, sizeof state->st);
  memcpy(fpu + 160, state->xmm, sizeof state->xmm);
  // x87 and SSE come from this image, everything else is as after a reset.
  const uint64_t components = 3;
  memcpy(fpu + 512, &components, 8);
  LOAD_SEGMENT("ds", state->ds);
  LOAD_SEGMENT("es", state->es);
  LOAD_SEGMENT("fs", state->fs);
  LOAD_SEGMENT("gs", state->gs);
  if (test->is64) {
    __asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(state->fs_base), "r"(state->gs_base));
  }
  // The return from a signal leaves these as they are.
  set_flags((flags_now() & ~(uint64_t)(FLAG_NT | FLAG_ID | FLAG_AC)) | (state->rflags & (FLAG_NT | FLAG_ID)));
  return 1;
}

static void on_signal(int number, siginfo_t *info, void *argument) {
  // AC would make the handler itself fault.
  set_flags(flags_now() & ~(uint64_t)(FLAG_NT | FLAG_ID | FLAG_AC));
  (void)number;
  (void)info;
  ucontext_t *context = argument;
  if (test != NULL) collect(context);
  else {
    home = *context;
    memcpy(home_fpu, context->uc_mcontext.fpregs, 576);
  }
  if (next_case(context)) return;
  test = NULL;
  memcpy(context->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof home.uc_mcontext.gregs);
  memcpy(context->uc_mcontext.fpregs, home_fpu, 576);
  LOAD_SEGMENT("ds", 0);
  LOAD_SEGMENT("es", 0);
  LOAD_SEGMENT("fs", 0);
  LOAD_SEGMENT("gs", 0);
  __asm__ volatile("wrfsbase %0" : : "r"(home_fs));
}

// Time after time: a case that does not end, for whatever reason, is given up. Its vector is 255.
static void on_alarm(int number, siginfo_t *info, void *argument) {
  static unsigned long last = -1ul;
  ucontext_t *context = argument;
  if (test != NULL && done == last) {
    context->uc_mcontext.gregs[REG_TRAPNO] = 255;
    on_signal(number, info, argument);
  }
  last = done;
}

static uint8_t *map_file(const char *path, uint64_t *size) {
  const int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) die(path);
  *size = (uint64_t)status.st_size;
  uint8_t *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED) die("map file");
  close(file);
  return bytes;
}

static void map_pages(uint64_t address, uint64_t size, int protection, int file) {
  const int flags = MAP_FIXED_NOREPLACE | MAP_POPULATE | MAP_SHARED;
  if (mmap((void *)address, size, protection, flags, file, 0) != (void *)address) die("map pages");
}

// One line for each leaf and subleaf: leaf, subleaf, EAX, EBX, ECX, EDX.
static void print_cpuid(void) {
  for (uint32_t start = 0; start <= 0x80000000u && start + 1 != 0; start += 0x80000000u) {
    uint32_t a, b, c, d;
    __cpuid_count(start, 0, a, b, c, d);
    const uint32_t last = a;
    for (uint32_t leaf = start; leaf <= last; leaf++) {
      const uint32_t subleaves = leaf == 7 ? 2 : leaf == 0xd ? 3 : 1;
      for (uint32_t subleaf = 0; subleaf < subleaves; subleaf++) {
        __cpuid_count(leaf, subleaf, a, b, c, d);
        printf("%x %x %x %x %x %x\n", leaf, subleaf, a, b, c, d);
      }
    }
    if (start == 0x80000000u) break;
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--cpuid") == 0) return print_cpuid(), 0;
  if (argc != 4) return fprintf(stderr, "usage: recorder SETUP CASES RESULTS | recorder --cpuid\n"), 2;
  uint64_t size;
  setup = (struct setup *)map_file(argv[1], &size);
  cases = map_file(argv[2], &size);
  cases_end = cases + size;
  const uint64_t room = size * 2 + (1 << 20);
  const int output = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (output < 0 || ftruncate(output, (off_t)room) != 0) die("results");
  results = results_at = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, output, 0);
  if (results == MAP_FAILED) die("map results");
  results_end = results + room;

  const int memory = memfd_create("data", 0);
  if (memory < 0 || ftruncate(memory, (off_t)setup->data_size) != 0) die("data");
  const int text = memfd_create("code", 0);
  if (text < 0 || ftruncate(text, (off_t)setup->code_size) != 0) die("code");
  map_pages(setup->code, setup->code_size, PROT_READ | PROT_EXEC, text);
  // Cases cannot write there, but this program has to.
  code = mmap(NULL, setup->code_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, text, 0);
  if (code == MAP_FAILED) die("map code");
  map_pages(setup->data, setup->data_size, PROT_READ | PROT_WRITE, memory);
  map_pages(setup->data_alias, setup->data_size, PROT_READ | PROT_WRITE, memory);
  data = (uint8_t *)setup->data;
  memset(code, 0xcc, setup->code_size);
  memcpy(data, setup->pattern, setup->data_size);
  const uint64_t read_only = setup->data_size - setup->writable_size;
  if (mprotect(data + setup->writable_size, read_only, PROT_READ) != 0) die("mprotect");
  if (mprotect((void *)(setup->data_alias + setup->writable_size), read_only, PROT_READ) != 0) die("mprotect");
  for (uint64_t i = 0; i < setup->ldt_count; i++) {
    if (syscall(SYS_modify_ldt, 0x11, &setup->ldt[i], sizeof setup->ldt[i]) != 0) die("modify_ldt");
  }

  home_fs = fs_base();
  stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};
  if (sigaltstack(&stack, NULL) != 0) die("sigaltstack");
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  // A process that did not run for a while has an alarm at any place, and a case must not be collected twice.
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGALRM);
  const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  struct sigaction watch = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGALRM, &watch, NULL);
  setitimer(ITIMER_REAL, &(struct itimerval){{0, 100000}, {0, 100000}}, NULL);
  __asm__ volatile("int3");
  if (ftruncate(output, results_at - results) != 0) die("results");
  return 0;
}
