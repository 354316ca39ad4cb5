/** @source SDM Vol. 2, each instruction under its name */
import type { Value } from '../language.ts';
import type { Alignment, Semantics, SemanticsFn } from '../stage.ts';
import {
  immediateOf,
  knownImmediate,
  operandOf,
  readLow,
  readVector,
  requireRegisters,
  unary,
  usesMmx,
} from './operands.ts';
import {
  BYTE_NUMBERS,
  constant,
  constantLanes,
  highQuadword,
  lane,
  lowQuadword,
  shuffle,
  splat,
  vector,
  ZEROS,
} from './vector.ts';

const move =
  (alignment: Alignment): SemanticsFn =>
  (s) => {
    s.requireSse();
    operandOf(s, 0).write(operandOf(s, 1).read(alignment), alignment);
  };

/** MOVAPS, MOVAPD, MOVDQA and the non-temporal moves: 16 bytes at a multiple of 16. */
export const MOVAPS: SemanticsFn = move('aligned');
/** MOVUPS, MOVUPD, MOVDQU and LDDQU: 16 bytes anywhere. */
export const MOVUPS: SemanticsFn = move('unaligned');

/** A scalar: between registers the rest stays, from memory it becomes zero. */
const moveScalar =
  (width: 32 | 64): SemanticsFn =>
  (s) => {
    s.requireSse();
    const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
    if (dst.isMemory) dst.write(readLow(s, src, width));
    else if (src.isMemory) dst.write(readVector(s, src));
    else {
      const value = readLow(s, src, width);
      dst.write(lane(width === 64 ? 'i64x2.replace_lane' : 'i32x4.replace_lane', 0, dst.read(), value));
    }
  };
export const MOVSS: SemanticsFn = moveScalar(32);
export const MOVSD: SemanticsFn = moveScalar(64);

/** MOVD, and MOVQ with a general register or memory: vector registers are zero-extended. */
export const MOVD: SemanticsFn = (s) => {
  requireRegisters(s);
  const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
  if (dst.file === 'xmm' || dst.file === 'mmx') dst.write(readVector(s, src));
  else dst.write(readLow(s, src, dst.width));
};
/** MOVQ between vector registers or with memory. */
export const MOVQ: SemanticsFn = (s) => {
  requireRegisters(s);
  const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
  const value = readLow(s, src, 64);
  dst.write(dst.isMemory ? value : lane('i64x2.replace_lane', 0, ZEROS, value));
};

/** One half of a register with memory or, for MOVHLPS and MOVLHPS, the other half of a register. */
const moveHalf =
  (half: 0 | 1): SemanticsFn =>
  (s) => {
    s.requireSse();
    const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
    if (dst.isMemory) {
      dst.write(lane('i64x2.extract_lane', half, src.read()));
      return;
    }
    const from = src.read();
    const value = from.type === 'v128' ? (half === 0 ? highQuadword(from) : lowQuadword(from)) : from;
    dst.write(lane('i64x2.replace_lane', half, dst.read(), value));
  };
/** MOVLPS, MOVLPD and MOVHLPS. */
export const MOVLPS: SemanticsFn = moveHalf(0);
/** MOVHPS, MOVHPD and MOVLHPS. */
export const MOVHPS: SemanticsFn = moveHalf(1);

export const MOVSLDUP: SemanticsFn = unary((a) => shuffle(32, [0, 0, 2, 2], a, a));
export const MOVSHDUP: SemanticsFn = unary((a) => shuffle(32, [1, 1, 3, 3], a, a));
export const MOVDDUP: SemanticsFn = unary((a) => shuffle(64, [0, 0], a, a));

const mask =
  (op: 'i8x16.bitmask' | 'i32x4.bitmask' | 'i64x2.bitmask'): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const dst = operandOf(s, 0);
    dst.write(s.resize(vector(op, readVector(s, operandOf(s, 1))), dst.width));
  };
export const PMOVMSKB: SemanticsFn = mask('i8x16.bitmask');
export const MOVMSKPS: SemanticsFn = mask('i32x4.bitmask');
export const MOVMSKPD: SemanticsFn = mask('i64x2.bitmask');

const EXTRACT = {
  8: 'i8x16.extract_lane_u',
  16: 'i16x8.extract_lane_u',
  32: 'i32x4.extract_lane',
  64: 'i64x2.extract_lane',
} as const;
const REPLACE = {
  8: 'i8x16.replace_lane',
  16: 'i16x8.replace_lane',
  32: 'i32x4.replace_lane',
  64: 'i64x2.replace_lane',
} as const;
type ElementWidth = 8 | 16 | 32 | 64;

/** Elements of the registers that are named. */
const elementCount = (s: Semantics, width: ElementWidth): number => (usesMmx(s) ? 64 : 128) / width;

/** The number of an element's first byte, from the immediate. */
const firstByte = (s: Semantics, width: ElementWidth): Value =>
  s.let(s.shl(s.and(immediateOf(s), s.i32(elementCount(s, width) - 1)), s.i32(Math.log2(width / 8))));

/** The element that the immediate names, to a general register (zero-extended) or memory. */
const extract =
  (width: ElementWidth): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const dst = operandOf(s, 0);
    const source = readVector(s, operandOf(s, 1));
    const known = knownImmediate(s);
    const moved = (): Value => {
      const from = vector('i8x16.add', BYTE_NUMBERS, splat(8, firstByte(s, width)));
      return lane(EXTRACT[width], 0, vector('i8x16.swizzle', source, from));
    };
    const value = known === undefined ? moved() : lane(EXTRACT[width], known & (elementCount(s, width) - 1), source);
    dst.write(s.resize(value, dst.width));
  };
export const PEXTRB: SemanticsFn = extract(8);
export const PEXTRW: SemanticsFn = extract(16);
export const PEXTRD: SemanticsFn = extract(32);
export const PEXTRQ: SemanticsFn = extract(64);
export const EXTRACTPS: SemanticsFn = extract(32);

/** Replaces the element that the immediate names. */
const insert =
  (width: ElementWidth): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const dst = operandOf(s, 0);
    const source = operandOf(s, 1).read();
    const value = width === 64 ? source : s.wrap(source);
    const known = knownImmediate(s);
    const before = readVector(s, dst);
    if (known !== undefined) {
      dst.write(lane(REPLACE[width], known & (elementCount(s, width) - 1), before, value));
      return;
    }
    const first = splat(8, firstByte(s, width));
    const within = vector('i8x16.lt_u', vector('i8x16.sub', BYTE_NUMBERS, first), splat(8, s.i32(width / 8)));
    dst.write(vector('v128.bitselect', splat(width, value), before, within));
  };
export const PINSRB: SemanticsFn = insert(8);
export const PINSRW: SemanticsFn = insert(16);
export const PINSRD: SemanticsFn = insert(32);
export const PINSRQ: SemanticsFn = insert(64);

const dwords = (...values: readonly number[]): Value =>
  constant(values.flatMap((value) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24]));
const DWORD_NUMBERS: Value = dwords(0, 1, 2, 3);
const DWORD_BITS: Value = dwords(1, 2, 4, 8);

/** One element of the source to one of the destination, and zeros wherever the immediate says. */
export const INSERTPS: SemanticsFn = (s) => {
  s.requireSse();
  const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
  const imm = immediateOf(s);
  const source = src.read();
  // The memory form reads one element, and the immediate's choice of it means nothing.
  const from = s.and(s.shrU(imm, s.i32(4)), s.i32(12));
  const element =
    source.type === 'v128'
      ? vector('i8x16.swizzle', source, vector('i8x16.add', constantLanes(32, 0x03020100), splat(8, from)))
      : splat(32, source);
  const to = s.and(s.shrU(imm, s.i32(4)), s.i32(3));
  const isThere = vector('i32x4.eq', DWORD_NUMBERS, splat(32, to));
  const inserted = vector('v128.bitselect', element, dst.read(), isThere);
  const zeroed = vector('i32x4.ne', vector('v128.and', splat(32, imm), DWORD_BITS), ZEROS);
  dst.write(vector('v128.andnot', inserted, zeroed));
};
