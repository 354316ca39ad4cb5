/* Marsaglia's xorshift64: arithmetic in registers and one well predicted branch per number. */
#include "workload.h"

const char workload_name[] = "xorshift64";

uint64_t workload(void)
{
    uint64_t state = 88172645463325252u;
    uint64_t odd = 0;

    for (uint32_t i = 0; i < 24000000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        odd += state & 1;
    }
    return state + odd;
}
