/**
 * The decode key: everything about the processor's mode that decides how bytes decode to records. Decoded code is
 * shared between all contexts with the same key.
 */

/** Code size in bits 0..1. */
export const MODE_CODE_16 = 0;
export const MODE_CODE_32 = 1;
export const MODE_CODE_64 = 2;
export const MODE_CODE_MASK = 3;
/** Stack addresses are 32 bits wide (SS.B); in 64-bit mode they are 64 bits and this bit is clear. */
export const MODE_STACK_32 = 4;
/** 32-bit code with ES, SS and DS flat (base 0, all of 4 GiB, writable): addresses need no checks. */
export const MODE_FLAT = 8;
/** Bits that a key takes. */
export const MODE_BITS = 4;
