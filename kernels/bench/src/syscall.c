/* A program of ring 3 that makes system calls, of which some change the address space. The kernel's side is here too;
 * of a program of the build machine, the calls are plain ones, and the spaces two arrays. */
#include "workload.h"
#include "syscall.h"

enum { CALLS = 400000, WORDS_MOVED = 16 };
enum { CALL_MIX, CALL_READ, CALL_WRITE, CALL_SWITCH, CALL_EXIT };

const char workload_name[] = "syscall";

static uint32_t space;
static uint32_t kernel_sum;
static uint32_t user_sum;

#ifdef HOSTED
static uint32_t pages[SPACES][PAGE_WORDS];

#define USER
#define DATA pages[space]
#define system_call dispatch
#define enter_space(space) ((void)(space))
#define leave_user() ((void)0)
#else
/* A page of its own, for programs of ring 3 to see. It must do without the compiler's constants, which they do not. */
#define USER __attribute__((section(".user"), aligned(PAGE)))
#define DATA ((uint32_t *)USER_DATA)

static inline uint32_t system_call(uint32_t number, uint32_t argument)
{
#ifdef __x86_64__
    __asm__ volatile("syscall"
                     : "+a"(number), "+S"(argument)
                     : : "rcx", "rdx", "rdi", "r8", "r9", "r10", "r11", "memory");
#else
    __asm__ volatile("int $0x80" : "+a"(number), "+S"(argument) : : "ecx", "edx", "memory");
#endif
    return number;
}
#endif

static uint32_t mix(uint32_t argument)
{
    kernel_sum = kernel_sum * 1664525 + argument;
    return kernel_sum >> 8;
}

/* From the kernel to the program's page. */
static uint32_t read_words(uint32_t argument)
{
    uint32_t *words = DATA + argument % (PAGE_WORDS - WORDS_MOVED);

    for (uint32_t i = 0; i < WORDS_MOVED; i++)
        words[i] += kernel_sum + i;
    return WORDS_MOVED;
}

/* The other way. */
static uint32_t write_words(uint32_t argument)
{
    const uint32_t *words = DATA + argument % (PAGE_WORDS - WORDS_MOVED);

    for (uint32_t i = 0; i < WORDS_MOVED; i++)
        kernel_sum = kernel_sum * 31 + words[i];
    return WORDS_MOVED;
}

static uint32_t switch_space(uint32_t argument)
{
    space = (space + 1) % SPACES;
    enter_space(space);
    return argument & 1;
}

static uint32_t end_program(uint32_t argument)
{
    user_sum = argument;
    leave_user();
    return 0;
}

/* The number is not checked: the only program there is makes no others. */
uint32_t dispatch(uint32_t number, uint32_t argument)
{
    static uint32_t (*const calls[])(uint32_t) = {
        [CALL_MIX] = mix,
        [CALL_READ] = read_words,
        [CALL_WRITE] = write_words,
        [CALL_SWITCH] = switch_space,
        [CALL_EXIT] = end_program,
    };

    return calls[number](argument);
}

USER void user_program(void)
{
    uint32_t state = 2463534242u;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < CALLS; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        uint32_t *word = DATA + state % PAGE_WORDS;
        uint32_t number = state >> 29;

        sum += *word;
        *word = sum ^ state;
        number = number < 4 ? CALL_MIX : number < 6 ? CALL_READ : number == 6 ? CALL_WRITE : CALL_SWITCH;
        sum += system_call(number, state);
    }
    system_call(CALL_EXIT, sum);
}

uint64_t workload(void)
{
#ifdef HOSTED
    user_program();
#else
    make_spaces();
    set_up_rings();
    enter_user(USER_CODE, USER_STACK + PAGE);
#endif
    return (uint64_t)kernel_sum << 32 | user_sum;
}
