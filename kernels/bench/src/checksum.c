/* One MiB again and again, eight bytes at a time: load, mix, store. */
#include "workload.h"

enum { WORDS = (1 << 20) / 8, ROUNDS = 60 };

const char workload_name[] = "checksum";

static uint64_t words[WORDS];

uint64_t workload(void)
{
    uint64_t sum = 0;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < WORDS; i++) {
            sum += words[i] ^ round;
            words[i] = sum;
        }
    }
    return sum;
}
