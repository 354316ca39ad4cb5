import type { VectorOpcode } from '@longmode/wasm-encoder';
import type { Value, ValueType } from '../language.ts';

/** Builders of vector values: pure, like all values. Lanes are numbered from the least significant. */

/** Lane shapes of integers by their width in bits. */
export const LANES = { 8: 'i8x16', 16: 'i16x8', 32: 'i32x4', 64: 'i64x2' } as const;
/** Width of an integer lane in bits. */
export type LaneWidth = keyof typeof LANES;

const LANE_TYPES: Readonly<Record<string, ValueType>> = { i64x2: 'i64', f32x4: 'f32', f64x2: 'f64' };

function typeOf(op: VectorOpcode): ValueType {
  const [lanes, operation] = op.split('.') as [string, string];
  if (operation.startsWith('extract_lane')) return LANE_TYPES[lanes] ?? 'i32';
  return /^(any_true|all_true|bitmask)$/.test(operation) ? 'i32' : 'v128';
}

/** A vector operation without immediates. */
export const vector = (op: VectorOpcode, ...inputs: readonly Value[]): Value => ({
  kind: 'vector',
  type: typeOf(op),
  op,
  immediates: [],
  inputs,
});

/** A vector operation on one lane. */
export const lane = (op: VectorOpcode, index: number, ...inputs: readonly Value[]): Value => ({
  kind: 'vector',
  type: typeOf(op),
  op,
  immediates: [index],
  inputs,
});

/** A constant, of 16 bytes. */
export const constant = (bytes: readonly number[]): Value => ({
  kind: 'vector',
  type: 'v128',
  op: 'v128.const',
  immediates: bytes,
  inputs: [],
});

/** A constant with one value in all lanes. */
export function constantLanes(width: LaneWidth, value: number | bigint): Value {
  const size = width / 8;
  const bits = BigInt.asUintN(64, BigInt(value));
  return constant(Array.from({ length: 16 }, (_, i) => Number((bits >> BigInt(8 * (i % size))) & 0xffn)));
}

/** All bits zero. */
export const ZEROS: Value = constant(new Array(16).fill(0));

/** In each byte its number. */
export const BYTE_NUMBERS: Value = constant(Array.from({ length: 16 }, (_, i) => i));

/**
 * Picks lanes of two vectors.
 *
 * @param width bits of a lane
 * @param lanes for each lane of the result the number of one of a's lanes, or that of one of b's and their count
 */
export function shuffle(width: LaneWidth, lanes: readonly number[], a: Value, b: Value): Value {
  const size = width / 8;
  const bytes = lanes.flatMap((from) => Array.from({ length: size }, (_, i) => from * size + i));
  return { kind: 'vector', type: 'v128', op: 'i8x16.shuffle', immediates: bytes, inputs: [a, b] };
}

/** Every lane of a vector with an integer's value. */
export const splat = (width: LaneWidth, value: Value): Value => vector(`${LANES[width]}.splat`, value);

/** The low 64 bits of a vector (i64). */
export const lowQuadword = (value: Value): Value => lane('i64x2.extract_lane', 0, value);
export const highQuadword = (value: Value): Value => lane('i64x2.extract_lane', 1, value);

/** A vector whose low bits are an integer and the rest zero. */
export function fromInteger(value: Value): Value {
  return value.type === 'i64'
    ? lane('i64x2.replace_lane', 0, ZEROS, value)
    : lane('i32x4.replace_lane', 0, ZEROS, value);
}
