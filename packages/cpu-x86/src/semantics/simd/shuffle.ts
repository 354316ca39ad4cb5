/** @source SDM Vol. 2, each instruction under its name */
import type { Value } from '../language.ts';
import type { Semantics, SemanticsFn } from '../stage.ts';
import { binary, immediateOf, knownImmediate, operandOf, readVector, requireRegisters, usesMmx } from './operands.ts';
import {
  BYTE_NUMBERS,
  constant,
  constantLanes,
  LANES,
  type LaneWidth,
  shuffle,
  splat,
  vector,
  ZEROS,
} from './vector.ts';

/** Lanes of the destination and the source in turn, of the low or the high halves. */
const interleave = (width: LaneWidth, half: 'low' | 'high'): SemanticsFn => {
  const count = 128 / width;
  const first = half === 'low' ? 0 : count / 2;
  const interleaved = (from: number): number[] =>
    Array.from({ length: count }, (_, i) => from + (i >> 1) + (i & 1) * count);
  return binary((a, b, s) => {
    if (!usesMmx(s)) return shuffle(width, interleaved(first), a, b);
    // The halves of an MMX register are quarters of these.
    const all = s.let(shuffle(width, interleaved(0), a, b));
    return half === 'low' ? all : shuffle(64, [1, 1], all, all);
  });
};
export const PUNPCKLBW: SemanticsFn = interleave(8, 'low');
export const PUNPCKLWD: SemanticsFn = interleave(16, 'low');
/** PUNPCKLDQ and UNPCKLPS. */
export const PUNPCKLDQ: SemanticsFn = interleave(32, 'low');
/** PUNPCKLQDQ and UNPCKLPD. */
export const PUNPCKLQDQ: SemanticsFn = interleave(64, 'low');
export const PUNPCKHBW: SemanticsFn = interleave(8, 'high');
export const PUNPCKHWD: SemanticsFn = interleave(16, 'high');
/** PUNPCKHDQ and UNPCKHPS. */
export const PUNPCKHDQ: SemanticsFn = interleave(32, 'high');
/** PUNPCKHQDQ and UNPCKHPD. */
export const PUNPCKHQDQ: SemanticsFn = interleave(64, 'high');

/** Bits 3..0 (2..0 of MMX registers) name a byte, bit 7 says zero. */
export const PSHUFB: SemanticsFn = binary((a, b, s) =>
  vector('i8x16.swizzle', a, vector('v128.and', b, constantLanes(8, usesMmx(s) ? 0x87 : 0x8f))),
);

/** Where a lane of a result comes from: a field of the immediate, plus a first lane. */
interface Selection {
  readonly shift: number;
  readonly mask: number;
  readonly first: number;
}

/** Selects lanes of one vector by fields of the immediate. */
function select(s: Semantics, source: Value, width: 16 | 32 | 64, selections: readonly Selection[]): Value {
  const size = width / 8;
  const known = knownImmediate(s);
  if (known !== undefined) {
    const lanes = selections.map(({ shift, mask, first }) => ((known >> shift) & mask) + first);
    return shuffle(width, lanes, source, source);
  }
  const imm = immediateOf(s);
  // The first byte of each lane's origin goes to all bytes of the lane, and their numbers within a lane are added.
  let origins: Value = ZEROS;
  const replace = `${LANES[width]}.replace_lane` as const;
  const ones = width === 64 ? 0x0101010101010101n : width === 32 ? 0x01010101 : 0x0101;
  selections.forEach(({ shift, mask, first }, index) => {
    const field = s.and(s.shrU(imm, s.i32(shift)), s.i32(mask));
    const byte = s.mul(s.add(field, s.i32(first)), s.i32(size));
    const repeated = width === 64 ? s.mul(s.zeroExtend64(byte), s.i64(ones)) : s.mul(byte, s.i32(Number(ones)));
    origins = { kind: 'vector', type: 'v128', op: replace, immediates: [index], inputs: [origins, repeated] };
  });
  const within = constant(Array.from({ length: 16 }, (_, i) => i % size));
  return vector('i8x16.swizzle', source, vector('i8x16.add', origins, within));
}

const field = (index: number, first = 0): Selection => ({ shift: 2 * index, mask: 3, first });
const fixed = (first: number): Selection => ({ shift: 0, mask: 0, first });

const selectFrom =
  (width: 16 | 32, selections: readonly Selection[]): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const source = readVector(s, operandOf(s, 1));
    operandOf(s, 0).write(select(s, source, width, selections));
  };
export const PSHUFD: SemanticsFn = selectFrom(
  32,
  [0, 1, 2, 3].map((i) => field(i)),
);
export const PSHUFLW: SemanticsFn = selectFrom(16, [...[0, 1, 2, 3].map((i) => field(i)), ...[4, 5, 6, 7].map(fixed)]);
export const PSHUFHW: SemanticsFn = selectFrom(16, [
  ...[0, 1, 2, 3].map(fixed),
  ...[0, 1, 2, 3].map((i) => field(i, 4)),
]);

/** The low half from the destination, the high half from the source. */
const selectHalves =
  (width: 32 | 64, selections: readonly Selection[]): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = readVector(s, dst);
    dst.write(shuffle(64, [0, 3], select(s, a, width, selections), select(s, b, width, selections)));
  };
export const SHUFPS: SemanticsFn = selectHalves(
  32,
  [0, 1, 2, 3].map((i) => field(i)),
);
export const SHUFPD: SemanticsFn = selectHalves(
  64,
  [0, 1].map((i) => ({ shift: i, mask: 1, first: 0 })),
);

/** Bytes `from` and up of a vector; bytes that are not there are zero. `from` (i32) may be negative. */
const moved = (s: Semantics, source: Value, from: Value): Value => {
  // A number outside of 0..15 gives zero; from ±16 on all are outside, and stay so up to ±112.
  const limited = s.select(s.gtS(from, s.i32(32)), s.i32(32), from);
  return vector('i8x16.swizzle', source, vector('i8x16.add', BYTE_NUMBERS, splat(8, limited)));
};

export const PSRLDQ: SemanticsFn = (s) => {
  requireRegisters(s);
  const dst = operandOf(s, 0);
  dst.write(moved(s, dst.read(), immediateOf(s)));
};
export const PSLLDQ: SemanticsFn = (s) => {
  requireRegisters(s);
  const dst = operandOf(s, 0);
  const imm = immediateOf(s);
  dst.write(moved(s, dst.read(), s.neg(s.select(s.gtU(imm, s.i32(16)), s.i32(16), imm))));
};

/** As many bytes as a register has out of the destination behind the source. */
export const PALIGNR: SemanticsFn = (s) => {
  requireRegisters(s);
  const dst = operandOf(s, 0);
  const b = readVector(s, operandOf(s, 1));
  const a = readVector(s, dst);
  const known = knownImmediate(s);
  if (usesMmx(s)) {
    dst.write(moved(s, shuffle(64, [0, 2], b, a), immediateOf(s)));
    return;
  }
  if (known !== undefined && known <= 16) {
    const bytes = Array.from({ length: 16 }, (_, i) => i + known);
    dst.write(shuffle(8, bytes, b, a));
    return;
  }
  const imm = immediateOf(s);
  dst.write(vector('v128.or', moved(s, b, imm), moved(s, a, s.sub(imm, s.i32(16)))));
};

/** Elements of the source where the immediate's bit is set. */
const blend =
  (width: 16 | 32 | 64): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = readVector(s, dst);
    const size = width / 8;
    const bits = constant(
      Array.from({ length: 16 }, (_, i) => {
        const bit = 1 << Math.floor(i / size);
        return i % size === 0 ? bit : 0;
      }),
    );
    const imm = immediateOf(s);
    const chosen = vector('v128.and', splat(width, width === 64 ? s.zeroExtend64(imm) : imm), bits);
    dst.write(vector('v128.bitselect', b, a, vector(`${LANES[width]}.ne`, chosen, ZEROS)));
  };
export const PBLENDW: SemanticsFn = blend(16);
export const BLENDPS: SemanticsFn = blend(32);
export const BLENDPD: SemanticsFn = blend(64);
