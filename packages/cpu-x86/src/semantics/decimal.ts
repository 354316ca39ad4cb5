/** Decimal and ASCII adjustment, outside 64-bit mode. @source SDM Vol. 2, "AAA", "AAS", "AAM", "AAD", "DAA", "DAS" */
import { VECTOR_DE } from '../state/exceptions.ts';
import { FLAG_AF, FLAG_CF, KIND_LOGIC } from '../state/rflags.ts';
import type { Value } from './language.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

/** SF, ZF and PF from an 8-bit result, CF and AF as given; OF is undefined and cleared. */
const setDecimalFlags = (s: Semantics, cf: Value, af: Value, result: Value): void => {
  s.setResultFlags(s.let(s.or(cf, s.shl(af, s.i32(4)))), 8, result);
};

const flagBit = (s: Semantics, flag: number): Value => s.isNonZero(s.and(s.readFlags(), s.i32(flag)));

const adjustPacked =
  (subtract: boolean): SemanticsFn =>
  (s) => {
    const al = s.readGpr(0, 8);
    const oldCarry = s.let(flagBit(s, FLAG_CF));
    const low = s.let(s.or(s.gtU(s.and(al, s.i32(0x0f)), s.i32(9)), flagBit(s, FLAG_AF)));
    const high = s.let(s.or(s.gtU(al, s.i32(0x99)), oldCarry));
    const correction = s.let(s.add(s.mul(low, s.i32(6)), s.mul(high, s.i32(0x60))));
    const result = s.let(s.and(subtract ? s.sub(al, correction) : s.add(al, correction), s.i32(0xff)));
    s.writeGpr(0, 8, result);
    // DAS also keeps the borrow of its first step.
    const borrow = subtract ? s.and(low, s.ltU(al, s.i32(6))) : s.i32(0);
    setDecimalFlags(s, s.let(s.or(high, borrow)), low, result);
  };
export const DAA: SemanticsFn = adjustPacked(false);
export const DAS: SemanticsFn = adjustPacked(true);

const adjustUnpacked =
  (subtract: boolean): SemanticsFn =>
  (s) => {
    const ax = s.readGpr(0, 16);
    const adjust = s.let(s.or(s.gtU(s.and(ax, s.i32(0x0f)), s.i32(9)), flagBit(s, FLAG_AF)));
    const correction = s.mul(adjust, s.i32(0x106));
    const result = s.let(s.and(subtract ? s.sub(ax, correction) : s.add(ax, correction), s.i32(0xff0f)));
    s.writeGpr(0, 16, result);
    setDecimalFlags(s, adjust, adjust, s.let(s.and(result, s.i32(0xff))));
  };
export const AAA: SemanticsFn = adjustUnpacked(false);
export const AAS: SemanticsFn = adjustUnpacked(true);

export const AAM: SemanticsFn = (s) => {
  const base = s.let(s.and((s.operands[0] as Operand).read(), s.i32(0xff)));
  s.faultIf(s.eqz(base), VECTOR_DE);
  const al = s.readGpr(0, 8);
  const low = s.let(s.remU(al, base));
  s.writeGpr(0, 16, s.or(s.shl(s.divU(al, base), s.i32(8)), low));
  s.setFlags(KIND_LOGIC, 8, s.i32(0), low);
};

export const AAD: SemanticsFn = (s) => {
  const base = s.and((s.operands[0] as Operand).read(), s.i32(0xff));
  const ax = s.readGpr(0, 16);
  const result = s.let(s.and(s.add(s.mul(s.shrU(ax, s.i32(8)), base), ax), s.i32(0xff)));
  s.writeGpr(0, 16, result);
  s.setFlags(KIND_LOGIC, 8, s.i32(0), result);
};
