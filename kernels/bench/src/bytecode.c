/* An interpreter in the guest: a register machine whose operations end in an indirect jump to the next one. */
#include "workload.h"

enum { REGISTERS = 16, CELLS = 256, OUTER = 1500, INNER = 800 };

const char workload_name[] = "bytecode";

struct instruction {
    uint8_t operation, target, left, right;
};

enum { SET, ADD, MULTIPLY, XOR, SHIFT, LOAD, STORE, BRANCH_EVEN, BRANCH_LESS, CALL, RETURN, HALT };

/* The names of the program's registers. */
enum { I, J, OUTER_LIMIT, INNER_LIMIT, STEP, X, INDEX, FACTOR, ODD, SUM, LINK, ROW };

/* Jumps name the instruction that they go to; the number after SET is a constant of 16 bits. */
enum { NEXT_ROW = 5, NEXT = 7, WAS_EVEN = 17, MIX = 22 };

static const struct instruction program[] = {
    { SET, OUTER_LIMIT, OUTER >> 8, OUTER & 255 },
    { SET, INNER_LIMIT, INNER >> 8, INNER & 255 },
    { SET, STEP, 0, 1 },
    { SET, FACTOR, 0x4e, 0x6d },
    { SET, I, 0, 0 },
    /* NEXT_ROW */
    { SET, J, 0, 0 },
    { MULTIPLY, ROW, I, FACTOR },
    /* NEXT */
    { ADD, INDEX, ROW, J },
    { LOAD, X, INDEX, 0 },
    { CALL, LINK, MIX, 0 },
    { STORE, X, INDEX, 0 },
    { ADD, SUM, SUM, X },
    { BRANCH_EVEN, WAS_EVEN, X, 0 },
    { ADD, ODD, ODD, STEP },
    { XOR, SUM, SUM, J },
    { SHIFT, INDEX, SUM, 7 },
    { STORE, SUM, INDEX, 0 },
    /* WAS_EVEN */
    { ADD, J, J, STEP },
    { BRANCH_LESS, NEXT, J, INNER_LIMIT },
    { ADD, I, I, STEP },
    { BRANCH_LESS, NEXT_ROW, I, OUTER_LIMIT },
    { HALT, 0, 0, 0 },
    /* MIX: what X becomes */
    { MULTIPLY, X, X, FACTOR },
    { ADD, X, X, J },
    { SHIFT, INDEX, X, 13 },
    { XOR, X, X, INDEX },
    { ADD, INDEX, ROW, J },
    { RETURN, 0, LINK, 0 },
};

static uint32_t registers[REGISTERS];
static uint32_t cells[CELLS];

static void interpret(void)
{
    static const void *const operations[] = {
        [SET] = &&set,   [ADD] = &&add,     [MULTIPLY] = &&multiply,       [XOR] = &&xor,
        [SHIFT] = &&shift, [LOAD] = &&load, [STORE] = &&store,             [BRANCH_EVEN] = &&branch_even,
        [CALL] = &&call, [RETURN] = &&back, [BRANCH_LESS] = &&branch_less, [HALT] = &&halt,
    };
    const struct instruction *at = program;
    uint32_t *const r = registers;

#define DISPATCH() goto *operations[at->operation]
#define NEXT_INSTRUCTION() do { at++; DISPATCH(); } while (0)
    DISPATCH();
set:
    r[at->target] = (uint32_t)at->left << 8 | at->right;
    NEXT_INSTRUCTION();
add:
    r[at->target] = r[at->left] + r[at->right];
    NEXT_INSTRUCTION();
multiply:
    r[at->target] = r[at->left] * r[at->right];
    NEXT_INSTRUCTION();
xor:
    r[at->target] = r[at->left] ^ r[at->right];
    NEXT_INSTRUCTION();
shift:
    r[at->target] = r[at->left] >> at->right;
    NEXT_INSTRUCTION();
load:
    r[at->target] = cells[r[at->left] % CELLS];
    NEXT_INSTRUCTION();
store:
    cells[r[at->left] % CELLS] = r[at->target];
    NEXT_INSTRUCTION();
branch_even:
    at = r[at->left] & 1 ? at + 1 : program + at->target;
    DISPATCH();
branch_less:
    at = r[at->left] < r[at->right] ? program + at->target : at + 1;
    DISPATCH();
call:
    r[at->target] = (uint32_t)(at + 1 - program);
    at = program + at->left;
    DISPATCH();
back:
    at = program + r[at->left];
    DISPATCH();
halt:
    return;
}

uint64_t workload(void)
{
    interpret();
    return (uint64_t)registers[ODD] << 32 | registers[SUM];
}
