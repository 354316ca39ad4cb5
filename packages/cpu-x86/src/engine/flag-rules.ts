import type { Emitter, Value } from '../semantics/language.ts';
import {
  FLAG_AF,
  FLAG_CF,
  FLAG_OF,
  FLAG_PF,
  FLAG_SF,
  FLAG_ZF,
  KIND_ADD,
  KIND_DEC,
  KIND_INC,
  KIND_LOGIC,
  KIND_RESULT,
  KIND_SHL,
  KIND_SHR,
  KIND_SUB,
} from '../state/rflags.ts';

/**
 * What the lazy kinds mean, as values: the interpreter's shared functions choose the rule at run time, compiled code when
 * it is made. x and y are the kind's two values, sign-extended to 64 bits.
 */
export interface EvaluatedFlags {
  /** The result that ZF, SF and PF come from; y unless given. */
  readonly result?: Value;
  /** ZF as 0 or 1; y = 0 unless given. */
  readonly isZero?: Value;
  /** CF, OF and AF in place. */
  readonly others: Value;
}
/** @param top number of the operand's highest bit (i32) */
type FlagRule = (e: Emitter, x: Value, y: Value, top: Value) => EvaluatedFlags;

const topBit = (e: Emitter, value: Value, top: Value): Value => e.and(e.wrap(e.shrU(value, top)), e.i32(1));
const overflow = (e: Emitter, condition: Value): Value => e.select(condition, e.i32(FLAG_OF), e.i32(0));
const half = (e: Emitter, value: Value): Value => e.and(e.wrap(value), e.i32(FLAG_AF));
const lowBit = (e: Emitter, value: Value): Value => e.and(e.wrap(value), e.i32(FLAG_CF));

/** The rules of all kinds but `KIND_EXPLICIT`. */
export const FLAG_RULES: Readonly<Record<number, FlagRule>> = {
  [KIND_SUB]: (e, x, y, top) => {
    const result = e.let(e.sub(x, y));
    const of = overflow(e, topBit(e, e.and(e.xor(x, y), e.xor(x, result)), top));
    return { result, isZero: e.eq(x, y), others: e.or(e.or(e.ltU(x, y), of), half(e, e.xor(e.xor(x, y), result))) };
  },
  [KIND_ADD]: (e, x, y, top) => {
    const addend = e.let(e.sub(y, x));
    const of = overflow(e, topBit(e, e.and(e.xor(x, y), e.xor(addend, y)), top));
    return { others: e.or(e.or(e.ltU(y, x), of), half(e, e.xor(e.xor(x, y), addend))) };
  },
  [KIND_LOGIC]: (e) => ({ others: e.i32(0) }),
  [KIND_RESULT]: (e, x) => ({ others: e.and(e.wrap(x), e.i32(FLAG_CF | FLAG_OF | FLAG_AF)) }),
  [KIND_INC]: (e, x, y, top) => {
    const af = e.select(e.eqz(e.and(y, e.i64(15))), e.i32(FLAG_AF), e.i32(0));
    const of = overflow(e, e.eq(y, e.shl(e.i64(-1), top)));
    return { others: e.or(e.or(lowBit(e, x), of), af) };
  },
  [KIND_DEC]: (e, x, y, top) => {
    const af = e.select(e.eq(e.and(y, e.i64(15)), e.i64(15)), e.i32(FLAG_AF), e.i32(0));
    const of = overflow(e, e.eq(y, e.not(e.shl(e.i64(-1), top))));
    return { others: e.or(e.or(lowBit(e, x), of), af) };
  },
  [KIND_SHL]: (e, x, y) => ({
    others: e.or(e.ltS(x, e.i64(0)), overflow(e, e.ltS(e.xor(x, y), e.i64(0)))),
  }),
  [KIND_SHR]: (e, x, y) => ({ others: e.or(lowBit(e, x), overflow(e, e.ltS(e.xor(x, y), e.i64(0)))) }),
};

/** @returns the six flags in place */
export function combineFlags(e: Emitter, flags: Required<EvaluatedFlags>, top: Value): Value {
  const { result, isZero, others } = flags;
  const low = e.let(e.and(e.wrap(result), e.i32(0xff)));
  const folded = e.and(e.xor(low, e.shrU(low, e.i32(4))), e.i32(15));
  const even = e.and(e.shrU(e.i32(0x9669), folded), e.i32(1));
  const zf = e.shl(isZero, e.i32(Math.log2(FLAG_ZF)));
  const sf = e.shl(topBit(e, result, top), e.i32(Math.log2(FLAG_SF)));
  const pf = e.shl(even, e.i32(Math.log2(FLAG_PF)));
  return e.or(e.or(others, zf), e.or(sf, pf));
}

/** @returns CF as 0 or 1, for a kind that is known */
export function carryOf(e: Emitter, kind: number, x: Value, y: Value): Value {
  switch (kind) {
    case KIND_SUB:
      return e.ltU(x, y);
    case KIND_ADD:
      return e.ltU(y, x);
    case KIND_LOGIC:
      return e.i32(0);
    case KIND_SHL:
      return e.ltS(x, e.i64(0));
    default:
      return lowBit(e, x);
  }
}

/** @returns a condition by its code, as 0 or 1, from the six flags in place (i32, fixed) */
export function conditionOfFlags(e: Emitter, code: number, flags: Value): Value {
  const has = (mask: number): Value => e.isNonZero(e.and(flags, e.i32(mask)));
  const less = (): Value => e.ne(has(FLAG_SF), has(FLAG_OF));
  const value = (): Value => {
    switch (code >> 1) {
      case 0:
        return has(FLAG_OF);
      case 1:
        return has(FLAG_CF);
      case 2:
        return has(FLAG_ZF);
      case 3:
        return has(FLAG_CF | FLAG_ZF);
      case 4:
        return has(FLAG_SF);
      case 5:
        return has(FLAG_PF);
      case 6:
        return less();
      default:
        return e.or(has(FLAG_ZF), less());
    }
  };
  return (code & 1) !== 0 ? e.eqz(value()) : value();
}
