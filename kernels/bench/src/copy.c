/* Copies and fills of every size and alignment: string instructions, and loops by bytes and by words. */
#include "workload.h"

enum { BUFFER = 1 << 17, LONGEST = 1 << 14, ROUNDS = 42000 };

const char workload_name[] = "copy";

/* As wide as a register, wherever it lies. */
typedef uintptr_t word __attribute__((aligned(1), may_alias));

static uint8_t from[BUFFER], to[BUFFER];

static void move_string(uint8_t *target, const uint8_t *source, uintptr_t size)
{
    __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(size) : : "memory");
}

/* Whole groups of eight bytes, so that both widths leave the same. */
static void fill_string(uint8_t *target, uint32_t value, uintptr_t size)
{
    uintptr_t count = size / 8;
#ifdef __x86_64__
    uint64_t pattern = (uint64_t)value << 32 | value;

    __asm__ volatile("rep stosq" : "+D"(target), "+c"(count) : "a"(pattern) : "memory");
#else
    count *= 2;
    __asm__ volatile("rep stosl" : "+D"(target), "+c"(count) : "a"(value) : "memory");
#endif
}

static void copy_bytes(uint8_t *target, const uint8_t *source, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        target[i] = source[i];
}

static void copy_words(uint8_t *target, const uint8_t *source, uint32_t size)
{
    for (; size >= sizeof(word); size -= sizeof(word)) {
        *(word *)target = *(const word *)source;
        target += sizeof(word);
        source += sizeof(word);
    }
    copy_bytes(target, source, size);
}

/* For a target that overlaps the source's end. */
static void copy_backwards(uint8_t *target, const uint8_t *source, uint32_t size)
{
    while (size > 0) {
        size--;
        target[size] = source[size];
    }
}

static uint32_t checksum(const uint8_t *bytes)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < BUFFER; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

uint64_t workload(void)
{
    uint32_t state = 2463534242u;

    for (uint32_t i = 0; i < BUFFER; i++)
        from[i] = to[i] = (uint8_t)(i ^ i >> 8);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        /* From a few bytes to LONGEST, short ones as often as long ones. */
        uint32_t size = (state & (LONGEST - 1)) >> (state >> 16) % 12;
        uint32_t source = (state >> 7) % (BUFFER - LONGEST);
        uint32_t target = (state >> 11) % (BUFFER - LONGEST);

        switch (round % 6) {
        case 0:
            move_string(to + target, from + source, size);
            break;
        case 1:
            fill_string(from + source, state, size);
            break;
        case 2:
            copy_bytes(from + target, to + source, size);
            break;
        case 3:
            copy_words(to + target, from + source, size);
            break;
        case 4:
            copy_backwards(to + source + size / 4, to + source, size - size / 4);
            break;
        default:
            move_string(from + target, to + source, size);
        }
    }
    return (uint64_t)checksum(from) << 32 | checksum(to);
}
