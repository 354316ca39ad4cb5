// Runs the cases of a guest that CPL 3 can reach on the processor at hand, and says what came of each, in the guest's words.
//
//   nasm -D NATIVE -f bin -o cases.bin strict/src/NAME.asm
//   gcc -m32 -O1 -fno-stack-protector -fcf-protection=none -o native strict/native.c && ./native cases.bin
//
// For cases in 64 bits -m64. Linux on x86-64 only. Linux permits data and code segments of DPL 3 in the local descriptor
// table, but no conforming code: a case that loads one of those finds nothing there, and is none to be recorded.
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { BLOB = 0x10000, DATA = 0x18000, DATA_SIZE = 0x4000, STACK = 0x1f000, BLOB_END = 0x20000, PASSED = 0x40 };
enum { VECTOR_GP = 13, VECTOR_PF = 14, ERROR_PASSED = PASSED * 8 + 2 };
static const uint32_t WITH_ERROR_CODE = 0x60227d00;

struct header {
  uint32_t table, segments, segment_count, bits;
};
struct entry {
  uint32_t name, code, cpl, zero;
};

#ifdef __x86_64__
enum { BITS = 64, RIP = REG_RIP };
#else
enum { BITS = 32, RIP = REG_EIP };
#endif

static const char *const NAMES[32] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9",  "#TS",
                                      "#NP", "#SS", "#GP", "#PF", "#15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP"};

static struct {
  uintptr_t vector, error_code, rip, address;
} fault;
static sigjmp_buf after_case;
static uintptr_t start;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  // A case may have turned alignment checks on.
#ifdef __x86_64__
  __asm__ volatile("pushfq; andl $0xfffbffff, (%%rsp); popfq" ::: "memory", "cc");
#else
  __asm__ volatile("pushfl; andl $0xfffbffff, (%%esp); popfl" ::: "memory", "cc");
#endif
  const mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
  fault.vector = machine->gregs[REG_TRAPNO];
  fault.error_code = machine->gregs[REG_ERR];
  fault.rip = machine->gregs[RIP];
#ifdef __x86_64__
  fault.address = machine->gregs[REG_CR2];
#else
  fault.address = machine->cr2;
#endif
  siglongjmp(after_case, 1);
}

static void run_case(const struct entry *entry) {
  memset((void *)DATA, 0, DATA_SIZE);
  start = entry->code;
  if (sigsetjmp(after_case, 1) != 0) return;
#ifdef __x86_64__
  __asm__ volatile("mov %0, %%esp\n\tpush %1\n\t"
                   "xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%ebx, %%ebx\n\t"
                   "xor %%ebp, %%ebp\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\tcld\n\tret"
                   :: "i"(STACK), "r"((uint64_t)start) : "memory");
#else
  __asm__ volatile("mov %0, %%esp\n\tpush %1\n\tpush %%ds\n\tpop %%es\n\t"
                   "xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%ebx, %%ebx\n\t"
                   "xor %%ebp, %%ebp\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\tcld\n\tret"
                   :: "i"(STACK), "r"(start) : "memory");
#endif
  __builtin_unreachable();
}

static void tell(const char *name) {
  const int digits = BITS / 4;
  printf("%s: ", name);
  const int is_done = fault.vector == VECTOR_GP && fault.error_code == ERROR_PASSED;
  if (is_done && fault.rip >= BLOB && fault.rip < BLOB_END && *(uint16_t *)fault.rip == (PASSED << 8 | 0xcd)) {
    printf("passed\n");
    return;
  }
  printf("%s", NAMES[fault.vector & 31]);
  if (WITH_ERROR_CODE >> fault.vector & 1) printf("(%04x)", (unsigned)fault.error_code);
  if (fault.rip >= BLOB && fault.rip < ((struct header *)BLOB)->table) printf(" at +%02x", (unsigned)(fault.rip - start));
  else printf(" at %0*lx", digits, (unsigned long)fault.rip);
  if (fault.vector == VECTOR_PF) printf(", CR2 %0*lx", digits, (unsigned long)fault.address);
  printf("\n");
}

static void install(unsigned number, uint64_t descriptor) {
  const unsigned access = descriptor >> 40 & 0xff, flags = descriptor >> 52 & 0xf;
  const int is_code = (access & 8) != 0;
  struct user_desc segment = {
      .entry_number = number,
      .base_addr = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000),
      .limit = (descriptor & 0xffff) | (descriptor >> 32 & 0xf0000),
      .seg_32bit = flags >> 2 & 1,
      .contents = (is_code ? 2 : 0) + (access >> 2 & 1),
      .read_exec_only = !(access & 2),
      .limit_in_pages = flags >> 3,
      .seg_not_present = !(access & 0x80),
      .useable = 1,
  };
  const int is_offered = (access & 0x60) == 0x60 && (access & 0x10);
  if (!is_offered || syscall(SYS_modify_ldt, 0x11, &segment, sizeof segment) != 0) {
    fprintf(stderr, "Linux does not take descriptor %u (access %02x)\n", number, access);
  }
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) return fprintf(stderr, "usage: native CASES.bin\n"), 64;
  const int protection = PROT_READ | PROT_WRITE | PROT_EXEC, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (mmap((void *)BLOB, BLOB_END - BLOB, protection, flags, -1, 0) == MAP_FAILED) return perror("mmap"), 1;
  if (fread((void *)BLOB, 1, DATA - BLOB, file) == 0) return perror(argv[1]), 66;
  const struct header *header = (const struct header *)BLOB;
  if (header->bits != BITS) return fprintf(stderr, "these cases want -m%u\n", header->bits), 64;

  static char stack[1 << 16];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);

  const uint64_t *segments = (const uint64_t *)(uintptr_t)header->segments;
  for (unsigned i = 0; i < header->segment_count; i++) install(i, segments[i]);
  for (const struct entry *entry = (const struct entry *)(uintptr_t)header->table; entry->name != 0; entry++) {
    if (entry->cpl != 3) continue;
    run_case(entry);
    tell((const char *)(uintptr_t)entry->name);
  }
  return 0;
}
