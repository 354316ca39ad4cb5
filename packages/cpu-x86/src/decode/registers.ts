import type { RegisterFile, RegisterOperand } from './instruction.ts';

function registerFile(file: RegisterFile, width: number, count: number): readonly RegisterOperand[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 'register', file, index, width }));
}

const GPR8 = registerFile('gpr', 8, 16);
const GPR16 = registerFile('gpr', 16, 16);
const GPR32 = registerFile('gpr', 32, 16);
const GPR64 = registerFile('gpr', 64, 16);
const GPR8_HIGH = registerFile('gpr8high', 8, 4);

/** Segment registers as operands, by number. */
export const SEGMENT_REGISTERS: readonly RegisterOperand[] = registerFile('segment', 16, 6);
/** Control registers as 32-bit operands, by number. */
export const CONTROL_REGISTERS_32: readonly RegisterOperand[] = registerFile('control', 32, 16);
/** Control registers as 64-bit operands, by number. */
export const CONTROL_REGISTERS_64: readonly RegisterOperand[] = registerFile('control', 64, 16);
/** Debug registers as 32-bit operands, by number. */
export const DEBUG_REGISTERS_32: readonly RegisterOperand[] = registerFile('debug', 32, 16);
/** Debug registers as 64-bit operands, by number. */
export const DEBUG_REGISTERS_64: readonly RegisterOperand[] = registerFile('debug', 64, 16);
/** x87 stack registers, by distance from the top. */
export const ST_REGISTERS: readonly RegisterOperand[] = registerFile('st', 80, 8);
/** MMX registers, by number. */
export const MMX_REGISTERS: readonly RegisterOperand[] = registerFile('mmx', 64, 8);
/** XMM registers, by number. */
export const XMM_REGISTERS: readonly RegisterOperand[] = registerFile('xmm', 128, 16);

/**
 * The general-purpose register with this number and width.
 *
 * @param hasRex a REX prefix makes the byte registers 4 to 7 SPL, BPL, SIL and DIL instead of AH, CH, DH and BH
 * @source SDM Vol. 2A "REX Prefixes"
 */
export function generalRegister(index: number, width: number, hasRex: boolean): RegisterOperand {
  switch (width) {
    case 8:
      return !hasRex && index >= 4 && index < 8 ? GPR8_HIGH[index - 4]! : GPR8[index]!;
    case 16:
      return GPR16[index]!;
    case 32:
      return GPR32[index]!;
    default:
      return GPR64[index]!;
  }
}
