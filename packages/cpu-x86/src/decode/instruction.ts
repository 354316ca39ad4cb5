import type { Row } from '../opcodes/row.ts';

/** Code size of the segment or mode that instructions are decoded for, in bits. */
export type CodeSize = 16 | 32 | 64;

/** Segment registers in the SDM's encoding order. */
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
/** A segment register by its number. */
export type SegmentIndex = 0 | 1 | 2 | 3 | 4 | 5;

/** `MemoryOperand.base` of RIP-relative addressing. */
export const BASE_RIP = 16;
/** `MemoryOperand.base` or `.index` where there is none. */
export const NO_REGISTER = -1;

/** A register file that an operand can name. `gpr8high` is AH, CH, DH, BH as indexes 0 to 3. */
export type RegisterFile = 'gpr' | 'gpr8high' | 'segment' | 'control' | 'debug' | 'st' | 'mmx' | 'xmm';

/** A register. */
export interface RegisterOperand {
  readonly kind: 'register';
  readonly file: RegisterFile;
  /** 0 to 15; for `gpr` the SDM's number (0 RAX, 1 RCX, ... 4 RSP). */
  readonly index: number;
  /** Bits: 8, 16, 32, 64 for `gpr`; 80 for `st`; 64 for `mmx`; 128 for `xmm`; 16 for `segment`. */
  readonly width: number;
}

/** A memory location by its effective address, which is truncated to the address size. */
export interface MemoryOperand {
  readonly kind: 'memory';
  /** Bits accessed; 0 where the instruction only computes the address (LEA, INVLPG, NOP). */
  readonly width: number;
  /** The segment in effect: the override, else the default for the base register. In 64-bit mode overrides of ES, CS, SS, DS are ignored. */
  readonly segment: SegmentIndex;
  /**
   * 0 to 15, `BASE_RIP` or `NO_REGISTER`; as wide as the address size. 16-bit forms are given as base + index with
   * scale 1. Implicit addresses are operands too: rSI and rDI of the string instructions; rBX of XLATB (to which AL is
   * added); rAX of MONITOR; rDI of MASKMOVQ and MASKMOVDQU.
   */
  readonly base: number;
  readonly index: number;
  readonly scale: 1 | 2 | 4 | 8;
  /** Displacement, sign-extended to 64 bits, as two 32-bit words (signed). */
  readonly displacement: number;
  readonly displacementHigh: number;
}

/** A constant of the instruction, or the 1 that a shift by one implies. */
export interface ImmediateOperand {
  readonly kind: 'immediate';
  /** Bits of the operand that it is used as (after sign extension). */
  readonly width: number;
  /** Value sign-extended (or zero-extended, for unsigned bytes such as `INT ib`) to 64 bits, as two signed 32-bit words. */
  readonly low: number;
  readonly high: number;
}

/** A branch target relative to the next instruction, in bytes. */
export interface RelativeOperand {
  readonly kind: 'relative';
  readonly displacement: number;
}

/** `ptr16:16` or `ptr16:32`. */
export interface FarPointerOperand {
  readonly kind: 'far-pointer';
  readonly selector: number;
  readonly offset: number;
}

/** One operand. */
export type Operand = RegisterOperand | MemoryOperand | ImmediateOperand | RelativeOperand | FarPointerOperand;

/** One decoded instruction. Plain data. */
export interface Instruction {
  readonly kind: 'instruction';
  /** The row of the opcode tables; it names the semantics. */
  readonly encoding: Row;
  /** As the manual prints it for this operand size, without prefixes: `MOVSQ`, `CDQE`, `JNE`. */
  readonly mnemonic: string;
  /** Bytes, 1 to 15. */
  readonly length: number;
  /** The ModR/M byte, 0 where there is none. */
  readonly modrm: number;
  /** Operand-size attribute in effect, in bits (64 by REX.W, by default-64 or forced-64 rows). */
  readonly operandSize: 16 | 32 | 64;
  /** Address-size attribute in effect, in bits. */
  readonly addressSize: 16 | 32 | 64;
  readonly lock: boolean;
  /** 0, 0xF3 or 0xF2: the last repeat prefix that is not part of the opcode. */
  readonly repeat: 0 | 0xf2 | 0xf3;
  /** Explicit operands first, in the manual's order, then implicit ones only where the row writes them (`AL,Ib`; `Ev,1`; `Ev,CL`). */
  readonly operands: readonly Operand[];
}

/** The bytes end inside an instruction: give more of them (never more than 15 are needed). */
export interface NeedMoreBytes {
  readonly kind: 'need-more-bytes';
}

/**
 * The bytes are no instruction of this processor. `reason` says which exception the processor raises:
 * `#UD` for an undefined opcode, a misplaced LOCK or a wrong mode; `#GP` for more than 15 bytes.
 */
export interface InvalidOpcode {
  readonly kind: 'invalid-opcode';
  readonly reason: '#UD' | '#GP';
  /** Bytes examined. */
  readonly length: number;
}

/** What `decode` returns; `kind` tells the three apart. */
export type DecodeResult = Instruction | NeedMoreBytes | InvalidOpcode;
