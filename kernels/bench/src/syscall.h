/* What the parts of the syscall workload share. */
#pragma once
#include <stdint.h>

enum { SPACES = 2, PAGE = 4096, PAGE_WORDS = PAGE / sizeof(uint32_t) };

/* What a program of ring 3 sees, in both address spaces at the same place: its code, its stack, and a page of data,
 * which is another one in each. */
#ifdef __x86_64__
#define USER_CODE ((uintptr_t)0x7f8000000000)
#else
#define USER_CODE ((uintptr_t)0x40000000)
#endif
#define USER_STACK (USER_CODE + PAGE)
#define USER_DATA (USER_CODE + 2 * PAGE)

/* syscall.c: */
void user_program(void);
uint32_t dispatch(uint32_t number, uint32_t argument);

/* syscall-spaces.c: */
void make_spaces(void);
void enter_space(uint32_t space);

/* syscall-rings.S: makes system calls possible, runs a program of ring 3, and ends it from within a system call. */
void set_up_rings(void);
void enter_user(uintptr_t entry, uintptr_t stack_top);
_Noreturn void leave_user(void);
