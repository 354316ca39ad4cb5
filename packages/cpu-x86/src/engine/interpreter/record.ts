/**
 * The pre-decoded instruction: 32 bytes that one handler interprets. Fields an instruction does not use are zero.
 *
 * Registers are given as byte offsets from the CPU's base (so AH is RAX's offset plus one); an absent base or index is the
 * `ZERO` slot, RIP-relative addressing has `RIP_BASE` as its base.
 */
export const RECORD_SIZE_BYTES = 32;
/** u16: number of the handler; below the number of inline handlers it is a case of the dispatch, else an out-of-line function. */
export const RECORD_HANDLER = 0;
/** u16: offset of the instruction in its page (0..4096). */
export const RECORD_OFFSET = 2;
/** u8: length in bytes. */
export const RECORD_LENGTH = 4;
/** u8: instructions of the block up to and including this one. */
export const RECORD_COUNT = 5;
/** u8: log2 of the index scale; in a branch record, how many high bits of RIP are cleared (0, 32 or 48). */
export const RECORD_SCALE = 6;
/** u8: segment index in bits 0..2; `RECORD_NO_LINK` set where branches must not be linked to the record. */
export const RECORD_SEGMENT = 7;
export const RECORD_NO_LINK = 0x80;
/** u16: register slots A and B. */
export const RECORD_A = 8;
export const RECORD_B = 10;
/** u8, in a conditional branch: bit n is the condition's value where n = (x < y unsigned) + 2 (x = y) + 4 (x < y signed). */
export const RECORD_TRUTH = 8;
/** u8, in a conditional branch: low bit of the condition code, which negates it. */
export const RECORD_NEGATION = 10;
/** u16: base slot, or slot C of an instruction without memory operand. */
export const RECORD_BASE = 12;
/** u16: index slot. */
export const RECORD_INDEX = 14;
/** i64: displacement, 64-bit immediate, or a branch target relative to RIP_BASE. */
export const RECORD_DISPLACEMENT = 16;
/** i32: immediate of a non-branch. */
export const RECORD_IMMEDIATE = 24;
/** i32: record of the branch target once it is known, else 0. */
export const RECORD_LINK = 24;
/** i32, in a block's head: how many more times the block runs before it is compiled. */
export const RECORD_USES_LEFT = 24;
/** u16, in the head of compiled code: the entry. */
export const RECORD_ENTRY = 8;
/** i32: number of the decoded instruction in the code cache's list. */
export const RECORD_INSTRUCTION = 28;

/** Instructions of a block at most, and the budget below which blocks are not entered whole. */
export const BLOCK_LENGTH_MAX = 64;
