import type { VectorOpcode } from '@longmode/wasm-encoder';
import { MXCSR } from '../../state/layout.ts';
import type { Value } from '../language.ts';
import type { Semantics } from '../stage.ts';
import { constantLanes, lane, shuffle, vector, ZEROS } from './vector.ts';

/** A floating-point format as vectors hold it, with the constants that tell ordinary numbers from others. */
export interface VectorFormat {
  readonly width: 32 | 64;
  readonly lanes: 'f32x4' | 'f64x2';
  readonly integers: 'i32x4' | 'i64x2';
  readonly infinity: Value;
  /** The smallest normal number. */
  readonly smallest: Value;
  /** The last bits of a significand: those of a number without them multiply without rounding. */
  readonly lastBits: Value;
}
export const SINGLES: VectorFormat = {
  width: 32,
  lanes: 'f32x4',
  integers: 'i32x4',
  infinity: constantLanes(32, 0x7f80_0000),
  smallest: constantLanes(32, 0x0080_0000),
  lastBits: constantLanes(32, 0x0fff),
};
export const DOUBLES: VectorFormat = {
  width: 64,
  lanes: 'f64x2',
  integers: 'i64x2',
  infinity: constantLanes(64, 0x7ff0_0000_0000_0000n),
  smallest: constantLanes(64, 0x0010_0000_0000_0000n),
  lastBits: constantLanes(64, 0x07ff_ffffn),
};

/** An operation on all lanes of a format. */
export const float = (format: VectorFormat, operation: string, ...inputs: readonly Value[]): Value =>
  vector(`${format.lanes}.${operation}` as VectorOpcode, ...inputs);

export const either = (first: Value, ...rest: readonly Value[]): Value =>
  rest.reduce((all, one) => vector('v128.or', all, one), first);
export const both = (a: Value, b: Value): Value => vector('v128.and', a, b);
export const not = (a: Value): Value => vector('v128.not', a);

/** Lanes whose magnitude is above zero and below a bound. */
export const isBelow = (format: VectorFormat, value: Value, bound: Value): Value =>
  both(float(format, 'lt', float(format, 'abs', value), bound), float(format, 'ne', value, ZEROS));
/** Lanes that hold denormals. */
export const isDenormal = (format: VectorFormat, value: Value): Value => isBelow(format, value, format.smallest);
/** Lanes that hold infinities or NaNs. */
export const isSpecial = (format: VectorFormat, value: Value): Value =>
  not(float(format, 'lt', float(format, 'abs', value), format.infinity));
/** Lanes in which one of two values is a NaN. */
export const isUnordered = (format: VectorFormat, a: Value, b: Value): Value =>
  either(float(format, 'ne', a, a), float(format, 'ne', b, b));
/** Lanes whose comparison may raise an exception: NaNs and denormals. */
export const isComparisonExceptional = (format: VectorFormat, a: Value, b: Value): Value =>
  either(isUnordered(format, a, b), isDenormal(format, a), isDenormal(format, b));
/** Lanes whose significand has bits in its last half. */
export const isLong = (format: VectorFormat, value: Value): Value =>
  vector(`${format.integers}.ne`, both(value, format.lastBits), ZEROS);

/** Whether a mask is set in the lowest lane, or in any. */
export const anyOf = (mask: Value, isScalar: boolean): Value =>
  isScalar ? lane('i32x4.extract_lane', 0, mask) : vector('v128.any_true', mask);

/** The lowest lane of a result, the others of the destination. */
export const merged = (format: VectorFormat, result: Value, before: Value): Value =>
  format.width === 64 ? shuffle(64, [0, 3], result, before) : shuffle(32, [0, 5, 6, 7], result, before);

/** MXCSR but for the exception flags: all masked, rounding to nearest, denormals as they are. */
const ORDINARY_MODE = 0x1f80;
const MODE_BITS = 0xffc0;
export const MXCSR_PRECISION_FLAG = 0x20;

/** MXCSR, and whether it asks for what WebAssembly does not do. */
export function readMode(s: Semantics): { readonly mxcsr: Value; readonly isOther: Value } {
  const mxcsr = s.readField(MXCSR, 32);
  return { mxcsr, isOther: s.ne(s.and(mxcsr, s.i32(MODE_BITS)), s.i32(ORDINARY_MODE)) };
}
/** Whether an inexact result would change nothing in MXCSR: all is ordinary, and the precision flag is set. */
export function isInexactFree(s: Semantics): Value {
  const bits = s.and(s.readField(MXCSR, 32), s.i32(MODE_BITS | MXCSR_PRECISION_FLAG));
  return s.eq(bits, s.i32(ORDINARY_MODE | MXCSR_PRECISION_FLAG));
}
