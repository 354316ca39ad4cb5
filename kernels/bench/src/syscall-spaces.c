/* The two address spaces of the syscall workload: the kernel's, and three pages for a program of ring 3 (syscall.h). */
#include "syscall.h"

enum { PRESENT = 1, WRITABLE = 2, USER = 4, LARGE = 0x80, ENTRIES = PAGE / sizeof(uintptr_t) };
enum { FOR_KERNEL = PRESENT | WRITABLE, FOR_USER = PRESENT | WRITABLE | USER };

typedef uintptr_t table[ENTRIES] __attribute__((aligned(PAGE)));

static uint8_t user_stack[PAGE] __attribute__((aligned(PAGE)));
static uint8_t user_data[SPACES][PAGE] __attribute__((aligned(PAGE)));
/* Physical addresses, for CR3. */
static uintptr_t roots[SPACES];

void enter_space(uint32_t space)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(roots[space]) : "memory");
}

#ifdef DIRECT
/* The loader maps its level-4 table to itself. An entry of that table for the table makes every page's entry appear:
 * those of the highest 512 GiB are the tables of all levels, the lowest level's first. */
enum { RECURSIVE = ENTRIES - 1 };

static uintptr_t physical(const volatile void *address)
{
    const volatile uintptr_t *entries = (const volatile uintptr_t *)((uintptr_t)RECURSIVE << 39 | 0xffffull << 48);
    uintptr_t page = (uintptr_t)address / PAGE;

    return entries[page] & 0x000ffffffffff000;
}
#else
static uintptr_t physical(const volatile void *address)
{
    return (uintptr_t)address;
}
#endif

static void map_user_pages(table lowest, uint32_t space)
{
    lowest[0] = physical((const void *)(uintptr_t)user_program) | PRESENT | USER;
    lowest[1] = physical(user_stack) | FOR_USER;
    lowest[2] = physical(user_data[space]) | FOR_USER;
}

#ifdef __x86_64__
static struct {
    table level4, level3, level2, level1;
} trees[SPACES];

void make_spaces(void)
{
    uintptr_t *kernel;

    __asm__ volatile("mov %%cr3, %0" : "=r"(kernel));
#ifdef DIRECT
    kernel[RECURSIVE] = (uintptr_t)kernel | FOR_KERNEL;
#endif
    for (uint32_t space = 0; space < SPACES; space++) {
        for (uint32_t i = 0; i < ENTRIES; i++)
            trees[space].level4[i] = kernel[i];
        trees[space].level4[USER_CODE >> 39] = physical(trees[space].level3) | FOR_USER;
        trees[space].level3[USER_CODE >> 30 & 511] = physical(trees[space].level2) | FOR_USER;
        trees[space].level2[USER_CODE >> 21 & 511] = physical(trees[space].level1) | FOR_USER;
        map_user_pages(trees[space].level1, space);
        roots[space] = physical(trees[space].level4);
    }
    enter_space(0);
}
#else
static struct {
    table directory, lowest;
} trees[SPACES];

void make_spaces(void)
{
    uintptr_t control;

    for (uint32_t space = 0; space < SPACES; space++) {
        /* The kernel lies in the first 4 MiB, which are mapped to themselves. */
        trees[space].directory[0] = LARGE | FOR_KERNEL;
        trees[space].directory[USER_CODE >> 22] = physical(trees[space].lowest) | FOR_USER;
        map_user_pages(trees[space].lowest, space);
        roots[space] = physical(trees[space].directory);
    }
    __asm__ volatile("mov %%cr4, %0" : "=r"(control));
    __asm__ volatile("mov %0, %%cr4" : : "r"(control | 0x10)); /* PSE: pages of 4 MiB */
    enter_space(0);
    __asm__ volatile("mov %%cr0, %0" : "=r"(control));
    __asm__ volatile("mov %0, %%cr0" : : "r"(control | 0x80000000) : "memory"); /* PG */
}
#endif
