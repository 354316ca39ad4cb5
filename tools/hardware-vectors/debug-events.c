// Runs code natively with debug registers and flags set, and prints what #DB, #BP and #UD the kernel tells of, one a line.
// Usage: debug-events CODE-HEX CODE-SIZE EFLAGS DR7 [DR0 [DR1 [DR2 [DR3]]]]     (x86-64 Linux with hardware breakpoints)
// The code lies at 10000000H and ends with UD2; data at 20000000H, of which the first word is the selector of SS. Registers: RCX
// 3, RBX and RSI the data, RDI the data + 100H, RAX the selector, RDX that of CS. Code of 32 bits runs in Linux's segments for it.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CODE 0x10000000ul
#define DATA 0x20000000ul
#define STACK_TOP (DATA + 0x3000)
#define EVENTS_MAX 40

static void fail(const char *what) {
  perror(what);
  exit(1);
}
static void *map(unsigned long at, size_t size, int protection) {
  void *found = mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (found == MAP_FAILED) fail("mmap");
  return found;
}
static unsigned long number(const char *text) { return strtoul(text, NULL, 0); }
static size_t register_at(int n) { return offsetof(struct user, u_debugreg) + n * sizeof(long); }

int main(int argc, char **argv) {
  if (argc < 5) return 64;
  int is_32 = number(argv[2]) == 32;
  unsigned char *code = map(CODE, 0x1000, PROT_READ | PROT_WRITE | PROT_EXEC);
  map(DATA, 0x4000, PROT_READ | PROT_WRITE);
  for (size_t i = 0; argv[1][2 * i] != 0; i++) {
    unsigned byte;
    if (sscanf(argv[1] + 2 * i, "%2x", &byte) != 1) return 64;
    code[i] = byte;
  }
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  struct user_regs_struct r;
  ptrace(PTRACE_GETREGS, child, 0, &r);
  r.orig_rax = -1;
  r.rip = CODE;
  r.rsp = STACK_TOP;
  r.rbx = r.rsi = DATA;
  r.rdi = DATA + 0x100;
  r.rcx = 3;
  r.rax = r.ss;
  if (is_32) r.cs = 0x23, r.ds = r.es = r.ss;
  r.rdx = r.cs;
  r.eflags = number(argv[3]) | 2;
  ptrace(PTRACE_POKEDATA, child, DATA, r.ss);
  if (ptrace(PTRACE_SETREGS, child, 0, &r)) fail("registers");
  for (int i = 5; i < argc; i++) {
    if (ptrace(PTRACE_POKEUSER, child, register_at(i - 5), number(argv[i]))) fail("address");
  }
  unsigned long dr7 = number(argv[4]);
  if (dr7 != 0 && ptrace(PTRACE_POKEUSER, child, register_at(7), dr7)) fail("DR7");
  for (int n = 0; n < EVENTS_MAX; n++) {
    if (ptrace(PTRACE_CONT, child, 0, 0) || waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) break;
    siginfo_t info;
    ptrace(PTRACE_GETSIGINFO, child, 0, &info);
    ptrace(PTRACE_GETREGS, child, 0, &r);
    unsigned long dr6 = ptrace(PTRACE_PEEKUSER, child, register_at(6), 0);
    ptrace(PTRACE_POKEUSER, child, register_at(6), 0);
    int is_trap = WSTOPSIG(status) == SIGTRAP;
    const char *name = !is_trap ? (WSTOPSIG(status) == SIGILL ? "UD" : "?") : info.si_code == SI_KERNEL ? "BP" : "DB";
    printf("%s@%llx", name, r.rip - CODE);
    int met = 0;
    for (int i = 0; i < 4; i++) {
      if (name[0] != 'D' || !(dr6 >> i & 1)) continue;
      printf(" B%d", i);
      met |= (dr7 >> (16 + 4 * i) & 3) == 0;
    }
    if (name[0] == 'D' && dr6 & 0x4000) printf(" BS");
    // The kernel has set RF itself where a breakpoint on execution was met.
    if (r.eflags & 0x10000 && !met) printf(" RF");
    if (r.eflags & 0x100) printf(" TF");
    putchar('\n');
    if (!is_trap) break;
  }
  kill(child, SIGKILL);
  return 0;
}
