/** @source SDM Vol. 2, "SAL/SAR/SHL/SHR", "RCL/RCR/ROL/ROR", "SHLD", "SHRD" */
import { FLAG_CF, FLAG_OF, KIND_SHL, KIND_SHR } from '../state/rflags.ts';
import type { Value } from './language.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

/** The count as i32, masked to 5 bits, or to 6 with a 64-bit operand. */
const maskedCount = (s: Semantics, operand: Operand): Value =>
  s.let(s.and(s.wrap(operand.read()), s.i32(s.width === 64 ? 0x3f : 0x1f)));

type Shift = (s: Semantics, a: Value, count: Value) => Value;

/**
 * A shift: the flags come from the operand shifted by one less than the count, so that its last bit out is CF.
 * A masked count of zero changes neither the flags nor, but for the upper half of a 32-bit register, the operand.
 */
const shift =
  (kind: number, prepare: (s: Semantics, a: Value) => Value, by: Shift): SemanticsFn =>
  (s) => {
    const dst = s.operands[0] as Operand;
    const count = maskedCount(s, s.operands[1] as Operand);
    dst.open();
    const a = s.let(prepare(s, dst.read()));
    const result = s.let(s.truncate(by(s, a, count), s.width));
    dst.write(result);
    s.if(count, () => {
      const before = s.truncate(by(s, a, s.sub(count, s.i32(1))), s.width);
      s.setFlags(kind, s.width, before, result);
    });
  };
export const SHL: SemanticsFn = shift(
  KIND_SHL,
  (_, a) => a,
  (s, a, count) => s.shl(a, count),
);
export const SHR: SemanticsFn = shift(
  KIND_SHR,
  (_, a) => a,
  (s, a, count) => s.shrU(a, count),
);
export const SAR: SemanticsFn = shift(
  KIND_SHR,
  (s, a) => s.signExtend(a, s.width),
  (s, a, count) => s.shrS(a, count),
);

/** Replaces CF and OF, keeping the other arithmetic flags. */
const setCarryAndOverflow = (s: Semantics, cf: Value, of: Value): void => {
  const kept = s.and(s.readFlags(), s.i32(~(FLAG_CF | FLAG_OF)));
  s.setExplicitFlags(s.let(s.or(s.or(kept, cf), s.shl(of, s.i32(11)))));
};

const rotate =
  (left: boolean): SemanticsFn =>
  (s) => {
    const w = s.width;
    const dst = s.operands[0] as Operand;
    const count = maskedCount(s, s.operands[1] as Operand);
    dst.open();
    const a = dst.read();
    let result: Value;
    if (w >= 32) {
      result = s.let(left ? s.rotl(a, count) : s.rotr(a, count));
    } else {
      const by = s.let(s.and(count, s.i32(w - 1)));
      const back = s.and(s.sub(s.i32(w), by), s.i32(w - 1));
      const [forth, other] = left ? [s.shl(a, by), s.shrU(a, back)] : [s.shrU(a, by), s.shl(a, back)];
      result = s.let(s.truncate(s.or(forth, other), w));
    }
    dst.write(result);
    s.if(count, () => {
      const top = s.let(s.signBit(result, w));
      if (left) {
        const cf = s.let(s.and(s.wrap(result), s.i32(1)));
        setCarryAndOverflow(s, cf, s.xor(cf, top));
      } else {
        const second = s.signBit(s.shl(result, s.i32(1)), w);
        setCarryAndOverflow(s, top, s.xor(top, second));
      }
    });
  };
export const ROL: SemanticsFn = rotate(true);
export const ROR: SemanticsFn = rotate(false);

/** Rotation through CF: a rotation of width + 1 bits. */
const rotateThroughCarry =
  (left: boolean): SemanticsFn =>
  (s) => {
    const w = s.width;
    const dst = s.operands[0] as Operand;
    const asked = maskedCount(s, s.operands[1] as Operand);
    const count = w < 32 ? s.let(s.remU(asked, s.i32(w + 1))) : asked;
    dst.open();
    const a = dst.read();
    const one = s.i32(1);
    const result = s.variable(a);
    s.if(asked, () => {
      const oldCarry = s.readCarry();
      const carry = s.let(s.resize(oldCarry, w));
      const rest = s.let(s.sub(s.i32(w), count));
      const back = s.let(s.sub(count, one));
      // The shift of width + 1 - count is done in two steps: it may be the whole width.
      const rotated = left
        ? s.or(s.or(s.shl(a, count), s.shl(carry, back)), s.shrU(s.shrU(a, one), rest))
        : s.or(s.or(s.shrU(a, count), s.shl(carry, rest)), s.shl(s.shl(a, one), rest));
      s.assign(result, s.truncate(rotated, w));
      const out = left ? s.shrU(a, rest) : s.shrU(a, back);
      // A count that is a multiple of width + 1 turns all the way round and leaves CF, but OF is made anew.
      const cf = s.let(s.select(count, s.and(s.wrap(out), one), oldCarry));
      const top = s.signBit(result, w);
      const of = left ? s.xor(top, cf) : s.xor(top, s.signBit(s.shl(result, one), w));
      setCarryAndOverflow(s, cf, s.let(of));
    });
    dst.write(result);
  };
export const RCL: SemanticsFn = rotateThroughCarry(true);
export const RCR: SemanticsFn = rotateThroughCarry(false);

/** SHLD and SHRD. With 16-bit operands and counts above 16 the result is undefined: bits come from dst:src:dst, as on Intel parts. */
const doubleShift =
  (left: boolean): SemanticsFn =>
  (s) => {
    const w = s.width;
    const dst = s.operands[0] as Operand;
    const src = s.operands[1] as Operand;
    const count = maskedCount(s, s.operands[2] as Operand);
    dst.open();
    const a = dst.read();
    const b = src.read();
    const one = s.i32(1);
    const result = s.variable(a);
    s.if(count, () => {
      const back = s.let(s.sub(count, one));
      let before: Value;
      if (w === 16) {
        // 48 bits: enough for any count up to 31.
        const wide = (x: Value, y: Value, z: Value): Value =>
          s.let(
            s.or(s.or(s.shl(s.zeroExtend64(x), s.i32(32)), s.shl(s.zeroExtend64(y), s.i32(16))), s.zeroExtend64(z)),
          );
        const triple = wide(a, b, a);
        const shiftBy = (n: Value): Value =>
          left ? s.wrap(s.shrU(s.shl(triple, n), s.i32(32))) : s.wrap(s.shrU(triple, n));
        s.assign(result, s.truncate(shiftBy(count), 16));
        before = s.truncate(shiftBy(back), 16);
      } else {
        const rest = s.let(s.sub(s.i32(w), count));
        s.assign(result, left ? s.or(s.shl(a, count), s.shrU(b, rest)) : s.or(s.shrU(a, count), s.shl(b, rest)));
        const partial = left
          ? s.or(s.shl(a, back), s.shrU(s.shrU(b, one), rest))
          : s.or(s.shrU(a, back), s.shl(s.shl(b, one), rest));
        before = partial;
      }
      s.setFlags(left ? KIND_SHL : KIND_SHR, w, s.let(before), result);
    });
    dst.write(result);
  };
export const SHLD: SemanticsFn = doubleShift(true);
export const SHRD: SemanticsFn = doubleShift(false);
