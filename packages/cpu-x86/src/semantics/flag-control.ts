/** @source SDM Vol. 2, "CLC", "STC", "CMC", "CLD", "STD", "LAHF", "SAHF", "SALC" (APM Vol. 3) */
import { FLAG_CF, FLAG_DF, FLAG_OF, FLAG_RESERVED_1, FLAGS_ARITHMETIC } from '../state/rflags.ts';
import type { SemanticsFn } from './stage.ts';

export const CLC: SemanticsFn = (s) => s.setExplicitFlags(s.let(s.and(s.readFlags(), s.i32(~FLAG_CF))));
export const STC: SemanticsFn = (s) => s.setExplicitFlags(s.let(s.or(s.readFlags(), s.i32(FLAG_CF))));
export const CMC: SemanticsFn = (s) => s.setExplicitFlags(s.let(s.xor(s.readFlags(), s.i32(FLAG_CF))));
export const CLD: SemanticsFn = (s) => s.writeSystemFlag(FLAG_DF, false);
export const STD: SemanticsFn = (s) => s.writeSystemFlag(FLAG_DF, true);

const AH = 4;
/** SF, ZF, AF, PF and CF: the flags in the low byte. */
const FLAGS_LOW_BYTE = FLAGS_ARITHMETIC & 0xff;

export const LAHF: SemanticsFn = (s) => {
  s.writeHighByte(AH - 4, s.or(s.and(s.readFlags(), s.i32(FLAGS_LOW_BYTE)), s.i32(FLAG_RESERVED_1)));
};
export const SAHF: SemanticsFn = (s) => {
  const low = s.and(s.readHighByte(AH - 4), s.i32(FLAGS_LOW_BYTE));
  s.setExplicitFlags(s.let(s.or(s.and(s.readFlags(), s.i32(FLAG_OF)), low)));
};

/** AL = 0xFF if CF is set, else 0; flags unchanged. Undocumented by Intel until late, on every processor. */
export const SALC: SemanticsFn = (s) => s.writeGpr(0, 8, s.and(s.neg(s.readCarry()), s.i32(0xff)));
