/** @source SDM Vol. 2, each instruction under its name */
import type { Value } from '../language.ts';
import type { Semantics, SemanticsFn } from '../stage.ts';
import { binary, direct, operandOf, readVector, requireRegisters, unary, usesMmx } from './operands.ts';
import { constantLanes, LANES, type LaneWidth, shuffle, vector, ZEROS } from './vector.ts';

export const PAND: SemanticsFn = direct('v128.and');
export const POR: SemanticsFn = direct('v128.or');
export const PXOR: SemanticsFn = direct('v128.xor');
export const PANDN: SemanticsFn = binary((a, b) => vector('v128.andnot', b, a));

export const PADDB: SemanticsFn = direct('i8x16.add');
export const PADDW: SemanticsFn = direct('i16x8.add');
export const PADDD: SemanticsFn = direct('i32x4.add');
export const PADDQ: SemanticsFn = direct('i64x2.add');
export const PADDSB: SemanticsFn = direct('i8x16.add_sat_s');
export const PADDSW: SemanticsFn = direct('i16x8.add_sat_s');
export const PADDUSB: SemanticsFn = direct('i8x16.add_sat_u');
export const PADDUSW: SemanticsFn = direct('i16x8.add_sat_u');
export const PSUBB: SemanticsFn = direct('i8x16.sub');
export const PSUBW: SemanticsFn = direct('i16x8.sub');
export const PSUBD: SemanticsFn = direct('i32x4.sub');
export const PSUBQ: SemanticsFn = direct('i64x2.sub');
export const PSUBSB: SemanticsFn = direct('i8x16.sub_sat_s');
export const PSUBSW: SemanticsFn = direct('i16x8.sub_sat_s');
export const PSUBUSB: SemanticsFn = direct('i8x16.sub_sat_u');
export const PSUBUSW: SemanticsFn = direct('i16x8.sub_sat_u');

export const PCMPEQB: SemanticsFn = direct('i8x16.eq');
export const PCMPEQW: SemanticsFn = direct('i16x8.eq');
export const PCMPEQD: SemanticsFn = direct('i32x4.eq');
export const PCMPEQQ: SemanticsFn = direct('i64x2.eq');
export const PCMPGTB: SemanticsFn = direct('i8x16.gt_s');
export const PCMPGTW: SemanticsFn = direct('i16x8.gt_s');
export const PCMPGTD: SemanticsFn = direct('i32x4.gt_s');
export const PCMPGTQ: SemanticsFn = direct('i64x2.gt_s');

export const PMINSB: SemanticsFn = direct('i8x16.min_s');
export const PMINSW: SemanticsFn = direct('i16x8.min_s');
export const PMINSD: SemanticsFn = direct('i32x4.min_s');
export const PMINUB: SemanticsFn = direct('i8x16.min_u');
export const PMINUW: SemanticsFn = direct('i16x8.min_u');
export const PMINUD: SemanticsFn = direct('i32x4.min_u');
export const PMAXSB: SemanticsFn = direct('i8x16.max_s');
export const PMAXSW: SemanticsFn = direct('i16x8.max_s');
export const PMAXSD: SemanticsFn = direct('i32x4.max_s');
export const PMAXUB: SemanticsFn = direct('i8x16.max_u');
export const PMAXUW: SemanticsFn = direct('i16x8.max_u');
export const PMAXUD: SemanticsFn = direct('i32x4.max_u');
export const PAVGB: SemanticsFn = direct('i8x16.avgr_u');
export const PAVGW: SemanticsFn = direct('i16x8.avgr_u');

/** Narrower elements: the destination's, then the source's, which of MMX registers have half as many each. */
const pack = (op: Parameters<typeof vector>[0]): SemanticsFn =>
  binary((a, b, s) => (usesMmx(s) ? vector(op, join(a, b), ZEROS) : vector(op, a, b)));
/** The low halves of two vectors. */
const join = (a: Value, b: Value): Value => shuffle(64, [0, 2], a, b);
export const PACKSSWB: SemanticsFn = pack('i8x16.narrow_i16x8_s');
export const PACKUSWB: SemanticsFn = pack('i8x16.narrow_i16x8_u');
export const PACKSSDW: SemanticsFn = pack('i16x8.narrow_i32x4_s');
export const PACKUSDW: SemanticsFn = pack('i16x8.narrow_i32x4_u');

export const PMULLW: SemanticsFn = direct('i16x8.mul');
export const PMULLD: SemanticsFn = direct('i32x4.mul');
export const PMADDWD: SemanticsFn = direct('i32x4.dot_i16x8_s');

/** Products of words, of which the high halves stay. */
const multiplyHigh = (sign: 's' | 'u'): SemanticsFn =>
  binary((a, b) => {
    const low = vector(`i32x4.extmul_low_i16x8_${sign}`, a, b);
    const high = vector(`i32x4.extmul_high_i16x8_${sign}`, a, b);
    return shuffle(16, [1, 3, 5, 7, 9, 11, 13, 15], low, high);
  });
export const PMULHW: SemanticsFn = multiplyHigh('s');
export const PMULHUW: SemanticsFn = multiplyHigh('u');

/** WebAssembly saturates the one product that does not fit, and the processor lets it wrap: 8000H by itself. */
export const PMULHRSW: SemanticsFn = binary((a, b) => {
  const smallest = constantLanes(16, 0x8000);
  const wraps = vector('v128.and', vector('i16x8.eq', a, smallest), vector('i16x8.eq', b, smallest));
  return vector('v128.xor', vector('i16x8.q15mulr_sat_s', a, b), wraps);
});

/** Products of the even doublewords. */
const multiplyEven = (sign: 's' | 'u'): SemanticsFn =>
  binary((a, b) => {
    const even = (value: Value): Value => shuffle(32, [0, 2, 0, 2], value, value);
    return vector(`i64x2.extmul_low_i32x4_${sign}`, even(a), even(b));
  });
export const PMULUDQ: SemanticsFn = multiplyEven('u');
export const PMULDQ: SemanticsFn = multiplyEven('s');

/** Unsigned bytes of the destination by signed ones of the source, neighbours added with saturation. */
export const PMADDUBSW: SemanticsFn = binary((a, b, s) => {
  const eight = s.i32(8);
  const even = vector(
    'i16x8.mul',
    vector('v128.and', a, constantLanes(16, 0xff)),
    vector('i16x8.shr_s', vector('i16x8.shl', b, eight), eight),
  );
  const odd = vector('i16x8.mul', vector('i16x8.shr_u', a, eight), vector('i16x8.shr_s', b, eight));
  return vector('i16x8.add_sat_s', even, odd);
});

/** Sums of the absolute differences of bytes, for each half. */
export const PSADBW: SemanticsFn = binary((a, b, s) => {
  const difference = vector('v128.or', vector('i8x16.sub_sat_u', a, b), vector('i8x16.sub_sat_u', b, a));
  const words = vector('i16x8.extadd_pairwise_i8x16_u', difference);
  const sums = s.let(vector('i32x4.extadd_pairwise_i16x8_u', words));
  const low = vector('v128.and', sums, constantLanes(64, 0xffffffffn));
  return vector('i64x2.add', low, vector('i64x2.shr_u', sums, s.i32(32)));
});

/** Elements negated, kept or cleared by the sign of the source's. */
const signed = (width: 8 | 16 | 32): SemanticsFn =>
  binary((a, b, s) => {
    const lanes = LANES[width];
    const negative = s.let(vector(`${lanes}.lt_s`, b, ZEROS));
    const applied = vector(`${lanes}.sub`, vector('v128.xor', a, negative), negative);
    return vector('v128.andnot', applied, vector(`${lanes}.eq`, b, ZEROS));
  });
export const PSIGNB: SemanticsFn = signed(8);
export const PSIGNW: SemanticsFn = signed(16);
export const PSIGND: SemanticsFn = signed(32);

export const PABSB: SemanticsFn = unary((a) => vector('i8x16.abs', a));
export const PABSW: SemanticsFn = unary((a) => vector('i16x8.abs', a));
export const PABSD: SemanticsFn = unary((a) => vector('i32x4.abs', a));

/** Neighbours combined: the destination's in the low half, the source's in the high one. */
const horizontal = (
  width: 16 | 32,
  op: 'i16x8.add' | 'i16x8.add_sat_s' | 'i16x8.sub' | 'i16x8.sub_sat_s' | 'i32x4.add' | 'i32x4.sub',
) =>
  binary((a, b, s) => {
    const count = 128 / width;
    const even = Array.from({ length: count }, (_, i) => 2 * i);
    const odd = even.map((i) => i + 1);
    const [low, high] = usesMmx(s) ? [s.let(join(a, b)), ZEROS] : [a, b];
    return vector(op, shuffle(width, even, low, high), shuffle(width, odd, low, high));
  });
export const PHADDW: SemanticsFn = horizontal(16, 'i16x8.add');
export const PHADDD: SemanticsFn = horizontal(32, 'i32x4.add');
export const PHADDSW: SemanticsFn = horizontal(16, 'i16x8.add_sat_s');
export const PHSUBW: SemanticsFn = horizontal(16, 'i16x8.sub');
export const PHSUBD: SemanticsFn = horizontal(32, 'i32x4.sub');
export const PHSUBSW: SemanticsFn = horizontal(16, 'i16x8.sub_sat_s');

/** Wider elements from the low ones of the source, step by step. */
const extend = (from: 8 | 16 | 32, to: 16 | 32 | 64, sign: 's' | 'u'): SemanticsFn =>
  unary((a) => {
    let value = a;
    if (from === 8) value = vector(`i16x8.extend_low_i8x16_${sign}`, value);
    if (from <= 16 && to >= 32) value = vector(`i32x4.extend_low_i16x8_${sign}`, value);
    return to === 64 ? vector(`i64x2.extend_low_i32x4_${sign}`, value) : value;
  });
export const PMOVSXBW: SemanticsFn = extend(8, 16, 's');
export const PMOVSXBD: SemanticsFn = extend(8, 32, 's');
export const PMOVSXBQ: SemanticsFn = extend(8, 64, 's');
export const PMOVSXWD: SemanticsFn = extend(16, 32, 's');
export const PMOVSXWQ: SemanticsFn = extend(16, 64, 's');
export const PMOVSXDQ: SemanticsFn = extend(32, 64, 's');
export const PMOVZXBW: SemanticsFn = extend(8, 16, 'u');
export const PMOVZXBD: SemanticsFn = extend(8, 32, 'u');
export const PMOVZXBQ: SemanticsFn = extend(8, 64, 'u');
export const PMOVZXWD: SemanticsFn = extend(16, 32, 'u');
export const PMOVZXWQ: SemanticsFn = extend(16, 64, 'u');
export const PMOVZXDQ: SemanticsFn = extend(32, 64, 'u');

/** The smallest word and its number: found as the smallest of (word, number) pairs. */
export const PHMINPOSUW: SemanticsFn = unary((a, s) => {
  const sixteen = s.i32(16);
  const numbered = (half: 'low' | 'high', first: number): Value =>
    vector('v128.or', vector('i32x4.shl', vector(`i32x4.extend_${half}_i16x8_u`, a), sixteen), numbers(first));
  const four = s.let(vector('i32x4.min_u', numbered('low', 0), numbered('high', 4)));
  const two = s.let(vector('i32x4.min_u', four, shuffle(32, [2, 3, 2, 3], four, four)));
  const one = s.let(vector('i32x4.min_u', two, shuffle(32, [1, 1, 1, 1], two, two)));
  // Word 1 of the pair is the element, word 0 its number.
  return shuffle(16, [1, 0, 8, 8, 8, 8, 8, 8], one, ZEROS);
});
const numbers = (first: number): Value => ({
  kind: 'vector',
  type: 'v128',
  op: 'v128.const',
  immediates: [0, 1, 2, 3].flatMap((i) => [first + i, 0, 0, 0]),
  inputs: [],
});

/** ZF: no bit in common; CF: the destination has all bits of the source. */
export const PTEST: SemanticsFn = (s) => {
  requireRegisters(s);
  const b = readVector(s, operandOf(s, 1));
  const a = operandOf(s, 0).read();
  const isZero = s.eqz(vector('v128.any_true', vector('v128.and', a, b)));
  const isCarry = s.eqz(vector('v128.any_true', vector('v128.andnot', b, a)));
  s.setExplicitFlags(s.let(s.or(s.shl(isZero, s.i32(6)), isCarry)));
};

/** An element of all ones where the condition (i32, 0 or 1) holds. */
const allOrNothing = (s: Semantics, condition: Value): Value => vector('i64x2.splat', s.neg(s.zeroExtend64(condition)));

/** Shifts of all elements by one count; with too large a count nothing but signs is left. */
function shiftBy(s: Semantics, a: Value, count: Value, width: LaneWidth, direction: 'shl' | 'shr_s' | 'shr_u'): Value {
  const last = s.like(count, width - 1);
  const isInRange = s.leU(count, last);
  const op = `${LANES[width]}.${direction}` as Parameters<typeof vector>[0];
  if (direction === 'shr_s') return vector(op, a, s.wrap(s.select(isInRange, count, last)));
  return vector('v128.and', vector(op, a, s.wrap(count)), allOrNothing(s, isInRange));
}

/** The count is an immediate, or the low 64 bits of a register or of 16 bytes of memory. */
const shift =
  (width: 16 | 32 | 64, direction: 'shl' | 'shr_s' | 'shr_u'): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
    if (src.isImmediate) {
      const count = src.read();
      const a = readVector(s, dst);
      if (count.kind === 'const' && Number(count.value) < width) {
        dst.write(vector(`${LANES[width]}.${direction}` as Parameters<typeof vector>[0], a, count));
      } else dst.write(shiftBy(s, a, count, width, direction));
      return;
    }
    const count = s.let({
      kind: 'vector',
      type: 'i64',
      op: 'i64x2.extract_lane',
      immediates: [0],
      inputs: [readVector(s, src)],
    });
    dst.write(shiftBy(s, readVector(s, dst), count, width, direction));
  };
export const PSLLW: SemanticsFn = shift(16, 'shl');
export const PSLLD: SemanticsFn = shift(32, 'shl');
export const PSLLQ: SemanticsFn = shift(64, 'shl');
export const PSRLW: SemanticsFn = shift(16, 'shr_u');
export const PSRLD: SemanticsFn = shift(32, 'shr_u');
export const PSRLQ: SemanticsFn = shift(64, 'shr_u');
export const PSRAW: SemanticsFn = shift(16, 'shr_s');
export const PSRAD: SemanticsFn = shift(32, 'shr_s');
