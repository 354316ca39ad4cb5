// Runs loops of machine code on the processor that runs this program, and writes down what they leave.
//
//   gcc -O2 -o simd simd.c && ./simd < PROGRAMS > RESULTS
//
// A program is a header, its code, and the records of its input: `count` of RECORD_SIZE bytes. The code is called with
// RSI = input, RDI = output, RBP = count, and returns; the output has as many records. A floating-point exception within it
// is noted in R15, and the instruction at `trap_offset` is passed over. Linux on x86-64 only.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { RECORD_SIZE = 128, CODE_SIZE = 4096 };

struct header {
  uint32_t code_size;
  uint32_t trap_offset;
  uint32_t trap_length;
  uint32_t count;
};

static struct header header;
static uint8_t *code;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void on_exception(int number, siginfo_t *info, void *argument) {
  (void)info;
  greg_t *regs = ((ucontext_t *)argument)->uc_mcontext.gregs;
  if (regs[REG_RIP] != (greg_t)(code + header.trap_offset)) {
    fprintf(stderr, "signal %d at offset %lld\n", number, (long long)(regs[REG_RIP] - (greg_t)code));
    _exit(1);
  }
  regs[REG_RIP] += header.trap_length;
  regs[REG_R15] = 1;
}

int main(void) {
  code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) die("code");
  struct sigaction action = {.sa_sigaction = on_exception, .sa_flags = SA_SIGINFO};
  const int signals[] = {SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
  while (fread(&header, sizeof header, 1, stdin) == 1) {
    const size_t size = (size_t)header.count * RECORD_SIZE;
    if (header.code_size > CODE_SIZE || header.count == 0) return fprintf(stderr, "bad header\n"), 2;
    uint8_t *input = aligned_alloc(RECORD_SIZE, size);
    uint8_t *output = aligned_alloc(RECORD_SIZE, size);
    if (input == NULL || output == NULL) die("memory");
    memset(output, 0, size);
    if (fread(code, header.code_size, 1, stdin) != 1 || fread(input, size, 1, stdin) != 1) die("input");
    // The code may use every register but RSP and RBX; the red zone is not its own, and MXCSR must come back.
    register uint64_t count __asm__("r10") = header.count;
    register uint8_t *entry __asm__("r11") = code;
    uint8_t *from = input, *to = output;
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tsub $24, %%rsp\n\tstmxcsr (%%rsp)\n\tmov %%r10, %%rbp\n\t"
        "call *%%r11\n\t"
        "ldmxcsr (%%rsp)\n\tadd $24, %%rsp\n\tpop %%rbp\n\tlea 128(%%rsp), %%rsp"
        : "+S"(from), "+D"(to), "+r"(count), "+r"(entry)
        :
        : "rax", "rcx", "rdx", "r8", "r9", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "cc", "memory");
    if (fwrite(output, size, 1, stdout) != 1) die("output");
    free(input);
    free(output);
  }
  return 0;
}
