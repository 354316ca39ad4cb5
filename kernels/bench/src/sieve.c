/* Eratosthenes over one byte a number: strided stores and a branch that is hard to predict. */
#include "workload.h"

enum { NUMBERS = 1 << 20, ROUNDS = 10 };

const char workload_name[] = "sieve";

static uint8_t composite[NUMBERS];

uint64_t workload(void)
{
    uint64_t primes = 0;

    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t n = 0; n < NUMBERS; n++)
            composite[n] = 0;
        for (uint32_t n = 2; n < NUMBERS; n++) {
            if (composite[n])
                continue;
            primes += n;
            for (uint32_t multiple = 2 * n; multiple < NUMBERS; multiple += n)
                composite[multiple] = 1;
        }
    }
    return primes;
}
