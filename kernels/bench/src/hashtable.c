/* A hash table with linear probing, three quarters full: inserts, lookups and deletes in no order. */
#include "workload.h"

enum { SLOTS = 1 << 16, KEYS = SLOTS / 2 * 3, OPERATIONS = 2400000, FREE = 0 };

const char workload_name[] = "hashtable";

static struct slot {
    uint32_t key;
    uint32_t value;
} slots[SLOTS];

static uint32_t home_of(uint32_t key)
{
    key *= 0x9e3779b1;
    key ^= key >> 15;
    return key * 0x2c1b3c6d >> 16;
}

/* The slot that has the key, or else the free one at which the search for it ended. */
static struct slot *find(uint32_t key)
{
    uint32_t index = home_of(key);

    while (slots[index].key != FREE && slots[index].key != key)
        index = (index + 1) % SLOTS;
    return &slots[index];
}

/* Moves into the hole what a search would no longer find behind it, until the hole is at the end of the chain. */
static void remove(struct slot *slot)
{
    uint32_t hole = (uint32_t)(slot - slots);

    for (uint32_t index = (hole + 1) % SLOTS; slots[index].key != FREE; index = (index + 1) % SLOTS) {
        uint32_t distance = (index - home_of(slots[index].key)) % SLOTS;

        if (distance >= (index - hole) % SLOTS) {
            slots[hole] = slots[index];
            hole = index;
        }
    }
    slots[hole].key = FREE;
}

uint64_t workload(void)
{
    uint32_t state = 2463534242u;
    uint32_t sum = 0;
    uint32_t count = 0;

    for (uint32_t i = 0; i < OPERATIONS; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        uint32_t key = state % KEYS + 1;
        struct slot *slot = find(key);
        int is_there = slot->key == key;

        if (is_there)
            sum = sum * 33 + slot->value;
        switch (state >> 30) {
        case 0:
            if (is_there) {
                remove(slot);
                count--;
            }
            break;
        case 1:
            count += !is_there;
            slot->key = key;
            slot->value = state ^ i;
        }
    }
    return (uint64_t)count << 32 | sum;
}
