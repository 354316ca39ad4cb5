/* Naive recursion: calls, returns and the stack. */
#include "workload.h"

const char workload_name[] = "fibonacci";

static __attribute__((noinline)) uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

uint64_t workload(void)
{
    return fibonacci(32);
}
