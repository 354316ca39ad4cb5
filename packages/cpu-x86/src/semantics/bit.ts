/** @source SDM Vol. 2, "BT", "BTS", "BTR", "BTC", "BSF", "BSR", "BSWAP", "POPCNT" */
import { FLAG_CF, FLAG_ZF, KIND_LOGIC } from '../state/rflags.ts';
import type { Value } from './language.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

/** CF takes the bit; the other flags stay (OF, SF, AF, PF are undefined, ZF is unchanged). */
const setCarry = (s: Semantics, bit: Value): void => {
  s.setExplicitFlags(s.let(s.or(s.and(s.readFlags(), s.i32(~FLAG_CF)), bit)));
};

type BitOperation = (s: Semantics, a: Value, mask: Value) => Value;

/**
 * A register bit offset is signed and reaches beyond a memory operand; an immediate one is taken modulo the width.
 */
const bitTest =
  (operation: BitOperation | undefined): SemanticsFn =>
  (s) => {
    const w = s.width;
    const dst = s.operands[0] as Operand;
    const src = s.operands[1] as Operand;
    const offset = src.read();
    const position = s.let(s.and(offset, s.like(offset, w - 1)));
    const mask = s.shl(s.constant(w, 1), position);
    let location: { read(): Value; write(value: Value): void } = dst;
    if (dst.isMemory && !src.isImmediate) {
      const units = s.shrS(s.signExtend(offset, w), s.i32(Math.log2(w)));
      const bytes = s.shl(s.toSigned64(units, w), s.i32(Math.log2(w / 8)));
      const moved = s.add(s.zeroExtend64(dst.address()), bytes);
      const address = s.let(s.resize(moved, s.addressWidth));
      if (operation) location = s.openMemory('operand', address, w);
      else location = { read: () => s.load('operand', address, w), write: () => {} };
    } else if (operation) dst.open();
    const a = location.read();
    const bit = s.let(s.and(s.wrap(s.shrU(a, position)), s.i32(1)));
    if (operation) location.write(s.truncate(operation(s, a, mask), w));
    setCarry(s, bit);
  };
export const BT: SemanticsFn = bitTest(undefined);
export const BTS: SemanticsFn = bitTest((s, a, mask) => s.or(a, mask));
export const BTR: SemanticsFn = bitTest((s, a, mask) => s.and(a, s.not(mask)));
export const BTC: SemanticsFn = bitTest((s, a, mask) => s.xor(a, mask));

/** A zero source sets ZF and leaves the destination, as all processors do. */
const scan =
  (forward: boolean): SemanticsFn =>
  (s) => {
    const dst = s.operands[0] as Operand;
    const a = (s.operands[1] as Operand).read();
    s.if(s.isNonZero(a), () => {
      const top = s.like(a, a.type === 'i64' ? 63 : 31);
      dst.write(forward ? s.ctz(a) : s.xor(s.clz(a), top));
    });
    s.setFlags(KIND_LOGIC, s.width, s.like(a, 0), a);
  };
export const BSF: SemanticsFn = scan(true);
export const BSR: SemanticsFn = scan(false);

export const POPCNT: SemanticsFn = (s) => {
  const a = (s.operands[1] as Operand).read();
  (s.operands[0] as Operand).write(s.popcnt(a));
  s.setExplicitFlags(s.let(s.select(s.eqz(a), s.i32(FLAG_ZF), s.i32(0))));
};

/** With a 16-bit operand the result is undefined; like current processors we give zero. */
export const BSWAP: SemanticsFn = (s) => {
  const dst = s.operands[0] as Operand;
  const a = dst.read();
  const swap32 = (v: Value): Value =>
    s.or(s.and(s.rotl(v, s.i32(8)), s.i32(0x00ff00ff)), s.and(s.rotr(v, s.i32(8)), s.i32(0xff00ff00)));
  if (s.width === 16) dst.write(s.i32(0));
  else if (s.width === 32) dst.write(swap32(a));
  else {
    const low = s.let(s.wrap(a));
    const high = s.let(s.wrap(s.shrU(a, s.i32(32))));
    dst.write(s.or(s.shl(s.zeroExtend64(swap32(low)), s.i32(32)), s.zeroExtend64(swap32(high))));
  }
};
