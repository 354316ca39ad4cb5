/* A bit of everything that programs for small machines do: lists, matrices, a state machine over text, checksums. */
#include "workload.h"

enum { NODES = 400, SIZE = 24, TEXT = 1600, ROUNDS = 250 };

const char workload_name[] = "mix";

static uint32_t state = 2463534242u;

static uint32_t random(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* CRC-16 bit by bit, and CRC-32 by a table. */

static uint16_t crc16(uint16_t crc, uint32_t value)
{
    for (int bit = 0; bit < 32; bit++) {
        uint16_t is_set = (crc ^ value) & 1;

        crc >>= 1;
        if (is_set)
            crc ^= 0xa001;
        value >>= 1;
    }
    return crc;
}

static uint32_t crc32_table[256];

static void fill_crc32_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        crc32_table[byte] = crc;
    }
}

static uint32_t crc32(uint32_t crc, const uint8_t *bytes, uint32_t size)
{
    crc = ~crc;
    while (size-- > 0)
        crc = crc >> 8 ^ crc32_table[(crc ^ *bytes++) & 255];
    return ~crc;
}

/* A linked list: made, sorted by merging, searched. */

static struct node {
    struct node *next;
    uint32_t key;
    uint32_t place;
} nodes[NODES];

static struct node *make_list(void)
{
    for (uint32_t i = 0; i < NODES; i++)
        nodes[i] = (struct node){ i + 1 < NODES ? &nodes[i + 1] : 0, random() >> 20, i };
    return nodes;
}

static struct node *merge(struct node *a, struct node *b)
{
    struct node *first = 0;
    struct node **end = &first;

    while (a && b) {
        struct node **smaller = b->key < a->key ? &b : &a;

        *end = *smaller;
        end = &(*end)->next;
        *smaller = *end;
    }
    *end = a ? a : b;
    return first;
}

static struct node *sort(struct node *first, uint32_t count)
{
    struct node *middle = first;
    struct node *second;

    if (count < 2)
        return first;
    for (uint32_t i = 1; i < count / 2; i++)
        middle = middle->next;
    second = middle->next;
    middle->next = 0;
    return merge(sort(first, count / 2), sort(second, count - count / 2));
}

static uint16_t work_on_list(uint16_t crc)
{
    struct node *first = sort(make_list(), NODES);

    for (struct node *node = first; node; node = node->next)
        crc = crc16(crc, node->key << 16 | node->place);
    for (int i = 0; i < 40; i++) {
        uint32_t wanted = random() >> 20;
        struct node *node = first;

        while (node && node->key < wanted)
            node = node->next;
        crc = crc16(crc, node ? node->place : wanted);
    }
    return crc;
}

/* The product of two matrices of small numbers. */

static int16_t left[SIZE][SIZE], right[SIZE][SIZE];

static uint16_t work_on_matrices(uint16_t crc)
{
    for (int row = 0; row < SIZE; row++) {
        for (int column = 0; column < SIZE; column++) {
            left[row][column] = (int16_t)(random() >> 16);
            right[row][column] = (int16_t)(left[row][column] >> 4 ^ row * column);
        }
    }
    for (int row = 0; row < SIZE; row++) {
        for (int column = 0; column < SIZE; column++) {
            uint32_t sum = 0;

            for (int i = 0; i < SIZE; i++)
                sum += (uint32_t)(left[row][i] * right[i][column]);
            crc = crc16(crc, sum);
        }
    }
    return crc;
}

/* Words, whole numbers and fractions of a text, told apart by a state machine. */

static uint8_t text[TEXT];

enum state { SPACE, WORD, SIGN, WHOLE, FRACTION, WRONG, STATES };

static enum state next_state(enum state now, uint8_t character)
{
    if (character == ' ')
        return SPACE;
    switch (now) {
    case SPACE:
        if (character == '-')
            return SIGN;
        /* fall through */
    case SIGN:
        if (character >= '0' && character <= '9')
            return WHOLE;
        return now == SPACE && character >= 'a' ? WORD : WRONG;
    case WHOLE:
        if (character == '.')
            return FRACTION;
        /* fall through */
    case FRACTION:
        return character >= '0' && character <= '9' ? now : WRONG;
    case WORD:
        return character >= 'a' ? WORD : WRONG;
    default:
        return WRONG;
    }
}

static uint16_t work_on_text(uint16_t crc)
{
    static const char characters[32] = "   0123456789..--abc de f01234  ";
    uint32_t counts[STATES] = { 0 };
    enum state now = SPACE;

    for (uint32_t i = 0; i < TEXT; i++)
        text[i] = (uint8_t)characters[random() >> 27];
    for (uint32_t i = 0; i < TEXT; i++) {
        enum state next = next_state(now, text[i]);

        if (next == SPACE)
            counts[now]++;
        now = next;
    }
    for (int i = 0; i < STATES; i++)
        crc = crc16(crc, counts[i]);
    return crc;
}

uint64_t workload(void)
{
    uint32_t sum = 0;
    uint32_t crcs[3] = { 0, 0, 0 };

    fill_crc32_table();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        crcs[0] = work_on_list((uint16_t)crcs[0]);
        crcs[1] = work_on_matrices((uint16_t)crcs[1]);
        crcs[2] = work_on_text((uint16_t)crcs[2]);
        sum = crc32(sum, text, TEXT);
        sum = crc32(sum, (const uint8_t *)crcs, sizeof crcs);
    }
    return (uint64_t)(crcs[0] ^ crcs[1] << 16 ^ crcs[2] << 8) << 32 | sum;
}
