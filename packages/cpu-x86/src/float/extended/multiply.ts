import { FLAG_DENORMAL, FLAG_ZERO_DIVIDE, type FloatEnvironment } from './environment.ts';
import { CLASS_DENORMAL, CLASS_INFINITY, CLASS_ZERO, classOf, EXPONENT_BIAS, ExtendedFloat } from './extended-float.ts';
import { setInvalid, setNanResult } from './nan.ts';
import { roundTo } from './rounding.ts';

const left = new ExtendedFloat();
const right = new ExtendedFloat();

/** The upper 32 bits of a product of two unsigned words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Each sum of a product of 16 bits and a word of 16 bits stays below 2^32.
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const cross = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/** Multiplication. @source SDM Vol. 2A "FMUL/FMULP/FIMUL" (table of results) */
export function multiply(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat): void {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return;
  }
  const sign = a.sign ^ b.sign;
  const isInfinite = classA === CLASS_INFINITY || classB === CLASS_INFINITY;
  if (isInfinite && (classA === CLASS_ZERO || classB === CLASS_ZERO)) {
    setInvalid(env, result);
    return;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (isInfinite) {
    result.setInfinity(sign);
    return;
  }
  if (classA === CLASS_ZERO || classB === CLASS_ZERO) {
    result.setZero(sign);
    return;
  }
  left.copyNormalized(a);
  right.copyNormalized(b);
  const p0 = Math.imul(left.low, right.low);
  const crossA = multiplyHigh(left.low, right.low) >>> 0;
  const sum1 = crossA + (Math.imul(left.high, right.low) >>> 0) + (Math.imul(left.low, right.high) >>> 0);
  const sum2 =
    Math.floor(sum1 / 0x1_0000_0000) +
    (multiplyHigh(left.high, right.low) >>> 0) +
    (multiplyHigh(left.low, right.high) >>> 0) +
    (Math.imul(left.high, right.high) >>> 0);
  const p3 = (multiplyHigh(left.high, right.high) + Math.floor(sum2 / 0x1_0000_0000)) | 0;
  const p2 = sum2 | 0;
  const p1 = sum1 | 0;
  const exponent = left.exponent + right.exponent - EXPONENT_BIAS;
  if (p3 < 0) roundTo(env, result, sign, exponent + 1, p3, p2, p0 !== 0 ? p1 | 1 : p1);
  else {
    const extra = (p1 << 1) | (p0 !== 0 ? 1 : 0);
    roundTo(env, result, sign, exponent, (p3 << 1) | (p2 >>> 31), (p2 << 1) | (p1 >>> 31), extra);
  }
}

/** Division: a ÷ b. @source SDM Vol. 2A "FDIV/FDIVP/FIDIV" (table of results) */
export function divide(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat): void {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return;
  }
  const sign = a.sign ^ b.sign;
  if (classA === classB && (classA === CLASS_ZERO || classA === CLASS_INFINITY)) {
    setInvalid(env, result);
    return;
  }
  if (classB === CLASS_ZERO && classA !== CLASS_INFINITY) {
    env.flags |= FLAG_ZERO_DIVIDE;
    result.setInfinity(sign);
    return;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (classA === CLASS_INFINITY) {
    result.setInfinity(sign);
    return;
  }
  if (classA === CLASS_ZERO || classB === CLASS_INFINITY) {
    result.setZero(sign);
    return;
  }
  left.copyNormalized(a);
  right.copyNormalized(b);
  divideMagnitudes(env, sign, result);
}

/** Bit by bit: `left` becomes the remainder. */
function divideMagnitudes(env: FloatEnvironment, sign: number, result: ExtendedFloat): void {
  const divisorHigh = right.high;
  const divisorLow = right.low;
  let exponent = left.exponent - right.exponent + EXPONENT_BIAS;
  let high = left.high;
  let low = left.low;
  // The first bit of the quotient is a one: by choice of the exponent.
  let isBelow = high === divisorHigh ? low >>> 0 < divisorLow >>> 0 : high >>> 0 < divisorHigh >>> 0;
  let carry = 0;
  if (isBelow) {
    exponent -= 1;
    carry = high >>> 31;
    high = (high << 1) | (low >>> 31);
    low <<= 1;
  }
  high = (high - divisorHigh - (low >>> 0 < divisorLow >>> 0 ? 1 : 0)) | 0;
  low = (low - divisorLow) | 0;
  let quotientHigh = 0;
  let quotientLow = 1;
  for (let bit = 0; bit < 64; bit++) {
    carry = high >>> 31;
    high = (high << 1) | (low >>> 31);
    low <<= 1;
    isBelow = high === divisorHigh ? low >>> 0 < divisorLow >>> 0 : high >>> 0 < divisorHigh >>> 0;
    let one = 0;
    if (carry !== 0 || !isBelow) {
      one = 1;
      high = (high - divisorHigh - (low >>> 0 < divisorLow >>> 0 ? 1 : 0)) | 0;
      low = (low - divisorLow) | 0;
    }
    if (bit === 63) {
      const extra = (one << 31) | ((high | low) !== 0 ? 1 : 0);
      roundTo(env, result, sign, exponent, quotientHigh, quotientLow, extra);
      return;
    }
    quotientHigh = (quotientHigh << 1) | (quotientLow >>> 31);
    quotientLow = (quotientLow << 1) | one;
  }
}
