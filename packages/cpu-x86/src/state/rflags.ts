/**
 * Bits of RFLAGS.
 *
 * @source SDM Vol. 1 "EFLAGS Register"
 */
export const FLAG_CF = 0x0001;
export const FLAG_RESERVED_1 = 0x0002;
export const FLAG_PF = 0x0004;
export const FLAG_AF = 0x0010;
export const FLAG_ZF = 0x0040;
export const FLAG_SF = 0x0080;
export const FLAG_TF = 0x0100;
export const FLAG_IF = 0x0200;
export const FLAG_DF = 0x0400;
export const FLAG_OF = 0x0800;
export const FLAG_IOPL = 0x3000;
export const FLAG_IOPL_SHIFT = 12;
export const FLAG_NT = 0x4000;
export const FLAG_RF = 0x10000;
export const FLAG_VM = 0x20000;
export const FLAG_AC = 0x40000;
export const FLAG_VIF = 0x80000;
export const FLAG_VIP = 0x100000;
export const FLAG_ID = 0x200000;

/** The six flags that arithmetic instructions write; they are kept in lazy form. */
export const FLAGS_ARITHMETIC = 0x08d5;
/** Every bit that a MOV-like write to RFLAGS can hold. */
export const FLAGS_DEFINED = 0x3f7fd5;

/*
 * Lazy arithmetic flags: what the last flag-setting instruction did, kept until somebody asks.
 * FLAGS_KIND = class << 2 | log2(width / 8). Operands and results are sign-extended to 64 bits.
 */
/** x = the six flags, in place. */
export const KIND_EXPLICIT = 0;
/** x = minuend, y = subtrahend. */
export const KIND_SUB = 1;
/** x = one addend, y = the sum. */
export const KIND_ADD = 2;
/** y = the result; CF = OF = AF = 0. */
export const KIND_LOGIC = 3;
/** x = CF, OF and AF in place; y = the result, for ZF, SF and PF. */
export const KIND_RESULT = 4;
/** x = CF before; y = the result. */
export const KIND_INC = 5;
/** x = CF before; y = the result. */
export const KIND_DEC = 6;
/** Bits that the width takes in FLAGS_KIND. */
export const KIND_WIDTH_BITS = 2;
/** x = the operand shifted left by count - 1; y = the result. CF = sign of x, OF = sign of x ^ y. */
export const KIND_SHL = 7;
/** x = the operand shifted right by count - 1; y = the result. CF = bit 0 of x, OF = sign of x ^ y. */
export const KIND_SHR = 8;
