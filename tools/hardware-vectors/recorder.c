// Executes instructions one at a time on the processor that runs this program, and writes down what they did.
//
//   gcc -O2 -o recorder recorder.c && ./recorder CASES RESULTS
//
// A case enters by the return from a signal handler, which sets every general register, the flags and CS, and leaves by
// the next signal: the INT3 that fills the code around the instruction, or the instruction's own fault. CASES holds
// `struct test` after `struct test`; RESULTS gets `struct result`, followed by `changed_count` of `struct change`, for each.
// Linux on x86-64 only.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
  CODE = 0x10000000, // three pages of INT3; the instruction is at CODE_START
  CODE_START = CODE + 0x1800,
  CODE_SIZE = 0x3000,
  DATA = 0x20000000, // two pages to write, one to read; nothing before and behind them
  DATA_SIZE = 0x3000,
  DATA_WRITABLE = 0x2000,
  PATCH_COUNT = 4,
};

struct patch {
  uint64_t value;
  uint32_t offset; // in DATA
  uint32_t size;   // bytes of `value` that count, 0 to 8
};

struct test {
  uint64_t gpr[16]; // in encoding order
  uint32_t flags;
  uint16_t cs; // 0x33 for 64-bit code, 0x23 for 32-bit code
  uint16_t length;
  uint8_t code[16];
  struct patch patches[PATCH_COUNT];
};

struct result {
  uint64_t gpr[16];
  uint64_t rip; // after INT3, or of the instruction that faulted
  uint64_t cr2;
  uint32_t flags;
  uint32_t vector; // 3 where nothing happened
  uint32_t error_code;
  uint32_t changed_count;
};

struct change {
  uint32_t offset; // in DATA
  uint32_t value;  // of one byte
};

static const int REGISTERS[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint8_t pattern[DATA_SIZE];
static uint8_t before[DATA_SIZE];
static uint8_t *const data = (uint8_t *)DATA;
static FILE *cases, *results;
static struct test test;
static ucontext_t home;
static int is_running;
static unsigned long done;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void collect(const ucontext_t *context) {
  static struct change changes[DATA_SIZE];
  const greg_t *regs = context->uc_mcontext.gregs;
  struct result result = {0};
  for (int i = 0; i < 16; i++) result.gpr[i] = (uint64_t)regs[REGISTERS[i]];
  result.rip = (uint64_t)regs[REG_RIP];
  result.flags = (uint32_t)regs[REG_EFL];
  result.vector = (uint32_t)regs[REG_TRAPNO];
  result.error_code = (uint32_t)regs[REG_ERR];
  result.cr2 = (uint64_t)regs[REG_CR2];
  if (memcmp(data, before, DATA_SIZE) != 0) {
    for (uint32_t i = 0; i < DATA_SIZE; i++) {
      if (data[i] != before[i]) changes[result.changed_count++] = (struct change){i, data[i]};
    }
  }
  fwrite(&result, sizeof result, 1, results);
  fwrite(changes, sizeof *changes, result.changed_count, results);
}

// Every second: an endless loop is a fault of the case.
static void on_alarm(int number) {
  static unsigned long last = -1ul;
  (void)number;
  if (done == last) {
    fprintf(stderr, "case %lu does not end\n", done);
    _exit(1);
  }
  last = done;
}

static int next_case(ucontext_t *context) {
  if (fread(&test, sizeof test, 1, cases) != 1) return 0;
  done++;
  memcpy(data, pattern, DATA_WRITABLE);
  for (int i = 0; i < PATCH_COUNT; i++) memcpy(data + test.patches[i].offset, &test.patches[i].value, test.patches[i].size);
  memcpy(before, data, DATA_SIZE);
  memset((void *)CODE, 0xcc, CODE_SIZE);
  memcpy((void *)CODE_START, test.code, test.length);
  greg_t *regs = context->uc_mcontext.gregs;
  for (int i = 0; i < 16; i++) regs[REGISTERS[i]] = (greg_t)test.gpr[i];
  regs[REG_RIP] = CODE_START;
  regs[REG_EFL] = test.flags;
  regs[REG_CSGSFS] = (greg_t)(((uint64_t)0x2b << 48) | test.cs);
  return 1;
}

static void on_signal(int number, siginfo_t *info, void *argument) {
  (void)number;
  (void)info;
  ucontext_t *context = argument;
  if (is_running) collect(context);
  else home = *context;
  is_running = 1;
  if (next_case(context)) return;
  is_running = 0;
  memcpy(context->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof home.uc_mcontext.gregs);
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: recorder CASES RESULTS\n"), 2;
  if ((cases = fopen(argv[1], "rb")) == NULL || (results = fopen(argv[2], "wb")) == NULL) die("open");
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE;
  if (mmap((void *)CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) == MAP_FAILED) die("code");
  if (mmap((void *)DATA, DATA_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) die("data");
  for (uint32_t i = 0; i < DATA_SIZE; i++) pattern[i] = (uint8_t)(i * 37 + (i >> 8) * 11 + 5);
  memcpy(data, pattern, DATA_SIZE);
  if (mprotect(data + DATA_WRITABLE, DATA_SIZE - DATA_WRITABLE, PROT_READ) != 0) die("mprotect");

  stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  if (sigaltstack(&stack, NULL) != 0) die("sigaltstack");
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  struct sigaction watch = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK};
  sigaction(SIGALRM, &watch, NULL);
  setitimer(ITIMER_REAL, &(struct itimerval){{1, 0}, {1, 0}}, NULL);
  // 32-bit code needs data segments.
  __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0x2b));
  __asm__ volatile("int3");
  if (fclose(results) != 0) die("results");
  return 0;
}
