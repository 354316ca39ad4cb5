import { FLAG_DENORMAL, FLAG_INVALID, type FloatEnvironment } from './environment.ts';
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QNAN,
  CLASS_ZERO,
  classOf,
  EXPONENT_MAX,
  type ExtendedFloat,
  INTEGER_BIT,
} from './extended-float.ts';

/** How two values relate. */
export const COMPARED_GREATER = 0;
export const COMPARED_LESS = 1;
export const COMPARED_EQUAL = 2;
export const COMPARED_UNORDERED = 3;

/**
 * Compares a with b.
 *
 * @param allowsQuietNans whether QNaNs are merely unordered (FUCOM), and no invalid operands (FCOM)
 * @returns `COMPARED_*`
 * @source SDM Vol. 2A "FCOM/FCOMP/FCOMPP", "FUCOM/FUCOMP/FUCOMPP"
 */
export function compare(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, allowsQuietNans: boolean): number {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    if (!allowsQuietNans || classA > CLASS_QNAN || classB > CLASS_QNAN) env.flags |= FLAG_INVALID;
    return COMPARED_UNORDERED;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (classA === CLASS_ZERO && classB === CLASS_ZERO) return COMPARED_EQUAL;
  if (a.sign !== b.sign) return a.sign !== 0 ? COMPARED_LESS : COMPARED_GREATER;
  const order = compareMagnitudes(a, b);
  if (order === COMPARED_EQUAL) return COMPARED_EQUAL;
  return (order === COMPARED_LESS) === (a.sign === 0) ? COMPARED_LESS : COMPARED_GREATER;
}

function compareMagnitudes(a: ExtendedFloat, b: ExtendedFloat): number {
  // A pseudo-denormal is as large as with exponent 1, and a denormal's integer bit says the rest.
  const exponentA = a.exponent || 1;
  const exponentB = b.exponent || 1;
  const isZeroA = (a.high | a.low) === 0;
  const isZeroB = (b.high | b.low) === 0;
  if (isZeroA || isZeroB) return isZeroA ? (isZeroB ? COMPARED_EQUAL : COMPARED_LESS) : COMPARED_GREATER;
  if (exponentA !== exponentB) return exponentA < exponentB ? COMPARED_LESS : COMPARED_GREATER;
  if (a.high !== b.high) return a.high >>> 0 < b.high >>> 0 ? COMPARED_LESS : COMPARED_GREATER;
  if (a.low !== b.low) return a.low >>> 0 < b.low >>> 0 ? COMPARED_LESS : COMPARED_GREATER;
  return COMPARED_EQUAL;
}

/** The class of a value as FXAM tells it: C3, C2 and C0 as bits 2, 1 and 0. @source SDM Vol. 2A "FXAM" */
export function examine(a: ExtendedFloat): number {
  if (a.exponent === 0) {
    if ((a.high | a.low) === 0) return EXAMINED_ZERO;
    return EXAMINED_DENORMAL;
  }
  if (a.high >= 0) return EXAMINED_UNSUPPORTED;
  if (a.exponent !== EXPONENT_MAX) return EXAMINED_NORMAL;
  return a.high === INTEGER_BIT && a.low === 0 ? EXAMINED_INFINITY : EXAMINED_NAN;
}
const EXAMINED_UNSUPPORTED = 0b000;
const EXAMINED_NAN = 0b001;
const EXAMINED_NORMAL = 0b010;
const EXAMINED_INFINITY = 0b011;
const EXAMINED_ZERO = 0b100;
/** What FXAM says of an empty register. */
export const EXAMINED_EMPTY = 0b101;
const EXAMINED_DENORMAL = 0b110;
