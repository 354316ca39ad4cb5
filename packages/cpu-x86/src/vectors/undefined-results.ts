import { FLAG_AF, FLAG_CF, FLAG_OF, FLAG_PF, FLAG_SF, FLAG_ZF, FLAGS_ARITHMETIC } from '../state/rflags.ts';

/** A case as far as it decides what is undefined. */
export interface PerformedInstruction {
  readonly name: string;
  readonly width: number;
  /** Of shifts and rotates, before masking; else -1. */
  readonly count: number;
}

type Rule = (instruction: PerformedInstruction) => number;

const ALL_BUT_CARRY_AND_OVERFLOW = FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF;

const maskedCount = ({ width, count }: PerformedInstruction): number => count & (width === 64 ? 63 : 31);

/** AF after a shift; OF but for single shifts; CF when every bit of the operand has left. */
const afterShift: Rule = (instruction) => {
  const count = maskedCount(instruction);
  if (count === 0) return 0;
  return FLAG_AF | (count === 1 ? 0 : FLAG_OF) | (count >= instruction.width ? FLAG_CF : 0);
};
const afterRotate: Rule = (instruction) => (maskedCount(instruction) <= 1 ? 0 : FLAG_OF);
const afterDoubleShift: Rule = (instruction) => {
  const count = maskedCount(instruction);
  if (count === 0) return 0;
  if (count > instruction.width) return FLAGS_ARITHMETIC;
  return FLAG_AF | (count === 1 ? 0 : FLAG_OF);
};

/**
 * Flags that an instruction leaves undefined; instructions that are not listed define or keep all.
 *
 * @source SDM Vol. 2, "Flags Affected" of the instruction named; SDM Vol. 1 Appendix A "EFLAGS Cross-Reference"
 */
const UNDEFINED_FLAGS: Readonly<Record<string, number | Rule>> = {
  // "AND", "OR", "XOR", "TEST": the state of AF is undefined.
  AND: FLAG_AF,
  OR: FLAG_AF,
  XOR: FLAG_AF,
  TEST: FLAG_AF,
  // "MUL", "IMUL": SF, ZF, AF and PF are undefined.
  MUL: ALL_BUT_CARRY_AND_OVERFLOW,
  IMUL: ALL_BUT_CARRY_AND_OVERFLOW,
  // "DIV", "IDIV": all six are undefined.
  DIV: FLAGS_ARITHMETIC,
  IDIV: FLAGS_ARITHMETIC,
  // "SAL/SAR/SHL/SHR": SAR defines CF for every count, being sign-filled.
  SHL: afterShift,
  SHR: afterShift,
  SAR: (instruction) => afterShift(instruction) & ~FLAG_CF,
  // "RCL/RCR/ROL/ROR": OF is defined for one-bit rotates only.
  ROL: afterRotate,
  ROR: afterRotate,
  RCL: afterRotate,
  RCR: afterRotate,
  // "SHLD", "SHRD": with a count greater than the operand size the flags (and the result) are undefined.
  SHLD: afterDoubleShift,
  SHRD: afterDoubleShift,
  // "BT", "BTS", "BTR", "BTC": ZF is unaffected; OF, SF, AF and PF are undefined.
  BT: FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF,
  BTS: FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF,
  BTR: FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF,
  BTC: FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF,
  // "BSF", "BSR": ZF alone is defined.
  BSF: FLAGS_ARITHMETIC & ~FLAG_ZF,
  BSR: FLAGS_ARITHMETIC & ~FLAG_ZF,
  // "AAA", "AAS", "AAM", "AAD", "DAA", "DAS".
  AAA: FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_PF,
  AAS: FLAG_OF | FLAG_SF | FLAG_ZF | FLAG_PF,
  AAM: FLAG_OF | FLAG_AF | FLAG_CF,
  AAD: FLAG_OF | FLAG_AF | FLAG_CF,
  DAA: FLAG_OF,
  DAS: FLAG_OF,
};

/** @returns the flags that an instruction which ran to its end leaves undefined */
export function undefinedFlagsOf(instruction: PerformedInstruction): number {
  const rule = UNDEFINED_FLAGS[instruction.name] ?? 0;
  return typeof rule === 'number' ? rule : rule(instruction);
}

/**
 * Whether the result itself is undefined: SHLD and SHRD by more than the operand has bits; BSWAP of 16 bits.
 *
 * @source SDM Vol. 2, "SHLD", "SHRD", "BSWAP"
 */
export function isResultUndefined(instruction: PerformedInstruction): boolean {
  const { name, width } = instruction;
  if (name === 'SHLD' || name === 'SHRD') return maskedCount(instruction) > width;
  return name === 'BSWAP' && width === 16;
}
