import { FLAG_DENORMAL, FLAG_INVALID, FLAG_PRECISION, type FloatEnvironment } from './environment.ts';
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_ZERO,
  classOf,
  EXPONENT_BIAS,
  type ExtendedFloat,
  INTEGER_BIT,
  normalize,
} from './extended-float.ts';
import { setNanOf } from './nan.ts';
import { roundsAway, shiftRightSticky } from './rounding.ts';

/** Exponent of numbers whose significand is an integer. */
const INTEGER_EXPONENT = EXPONENT_BIAS + 63;

/** Sets a value from a signed integer of 64 bits; exact. */
export function fromInteger(high: number, low: number, result: ExtendedFloat): void {
  if ((high | low) === 0) {
    result.setZero(0);
    return;
  }
  const isNegative = high < 0;
  const magnitudeLow = isNegative ? -low | 0 : low;
  const magnitudeHigh = isNegative ? ~high + (low === 0 ? 1 : 0) : high;
  result.set(isNegative ? 1 : 0, INTEGER_EXPONENT, magnitudeHigh | 0, magnitudeLow);
  normalize(result);
}

/** A magnitude rounded to an integer: 64 bits, and whether it needs more. */
class RoundedInteger {
  high = 0;
  low = 0;
  isTooLarge = false;
  isInexact = false;
  isUp = false;

  /** Rounds a finite value. */
  round(a: ExtendedFloat, rounding: number): void {
    const shift = INTEGER_EXPONENT - (a.exponent || 1);
    this.isInexact = false;
    this.isUp = false;
    this.isTooLarge = shift < 0 && (a.high | a.low) !== 0;
    if (this.isTooLarge) return;
    const { high, low, extra } = shiftRightSticky(a.high, a.low, 0, shift);
    this.high = high;
    this.low = low;
    if (extra === 0) return;
    this.isInexact = true;
    this.isUp = roundsAway(rounding, a.sign, (low & 1) !== 0, extra < 0, extra << 1 !== 0);
    if (!this.isUp) return;
    this.low = (low + 1) | 0;
    if (this.low !== 0) return;
    this.high = (high + 1) | 0;
    this.isTooLarge = this.high === 0;
  }
}
const rounded = new RoundedInteger();

/** A signed integer in two words. */
export interface IntegerWords {
  high: number;
  low: number;
}

/**
 * Converts to a signed integer of `width` bits, the integer indefinite for what does not fit.
 *
 * @source SDM Vol. 2A "FIST/FISTP", "FISTTP"
 */
export function toInteger(
  env: FloatEnvironment,
  a: ExtendedFloat,
  width: 16 | 32 | 64,
  rounding: number,
  result: IntegerWords,
): void {
  if (classOf(a) < CLASS_INFINITY) {
    rounded.round(a, rounding);
    if (!rounded.isTooLarge && fits(rounded, a.sign, width)) {
      if (rounded.isInexact) env.flags |= FLAG_PRECISION;
      env.isRoundedUp = rounded.isUp;
      const { high, low } = rounded;
      result.low = a.sign === 0 ? low : -low | 0;
      result.high = a.sign === 0 ? high : (~high + (low === 0 ? 1 : 0)) | 0;
      return;
    }
  }
  env.flags |= FLAG_INVALID;
  result.high = width === 64 ? INTEGER_BIT : -1;
  result.low = width === 64 ? 0 : width === 32 ? INTEGER_BIT : -0x8000;
}

/** Whether a magnitude is one of a signed integer: one more of negative numbers. */
function fits({ high, low }: IntegerWords, sign: number, width: 16 | 32 | 64): boolean {
  if (width === 64) return high >= 0 || (sign !== 0 && high === INTEGER_BIT && low === 0);
  const limit = width === 32 ? 0x8000_0000 : 0x8000;
  return high === 0 && (sign === 0 ? low >>> 0 < limit : low >>> 0 <= limit);
}

/** Rounds to an integral value. @source SDM Vol. 2A "FRNDINT" */
export function roundToIntegral(env: FloatEnvironment, a: ExtendedFloat, result: ExtendedFloat): void {
  const kind = classOf(a);
  if (kind > CLASS_INFINITY) {
    setNanOf(env, a, kind, result);
    return;
  }
  if (kind === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (kind === CLASS_INFINITY || kind === CLASS_ZERO || a.exponent >= INTEGER_EXPONENT) {
    result.copy(a);
    return;
  }
  rounded.round(a, env.rounding);
  if (rounded.isInexact) env.flags |= FLAG_PRECISION;
  env.isRoundedUp = rounded.isUp;
  if ((rounded.high | rounded.low) === 0) result.setZero(a.sign);
  else {
    result.set(a.sign, INTEGER_EXPONENT, rounded.high, rounded.low);
    normalize(result);
  }
}

/** Digits of packed decimal. */
const DECIMAL_LIMIT = 10n ** 18n;

/** The magnitude of a packed decimal integer's 18 digits, two in each of 9 bytes from the lowest on, as a value. */
export function fromDecimal(bytes: Uint8Array, result: ExtendedFloat): void {
  let magnitude = 0n;
  for (let i = 8; i >= 0; i--) {
    const byte = bytes[i] as number;
    magnitude = magnitude * 100n + BigInt((byte >> 4) * 10 + (byte & 15));
  }
  const sign = (bytes[9] as number) >> 7;
  fromInteger(Number(magnitude >> 32n), Number(magnitude & 0xffff_ffffn) | 0, result);
  result.sign = sign;
}

/** Converts to a packed decimal integer of 10 bytes, the packed BCD indefinite for what does not fit. @source SDM Vol. 2A "FBSTP" */
export function toDecimal(env: FloatEnvironment, a: ExtendedFloat, bytes: Uint8Array): void {
  if (classOf(a) < CLASS_INFINITY) {
    rounded.round(a, env.rounding);
    let magnitude = (BigInt(rounded.high >>> 0) << 32n) | BigInt(rounded.low >>> 0);
    if (!rounded.isTooLarge && magnitude < DECIMAL_LIMIT) {
      if (rounded.isInexact) env.flags |= FLAG_PRECISION;
      env.isRoundedUp = rounded.isUp;
      for (let i = 0; i < 9; i++) {
        const two = Number(magnitude % 100n);
        bytes[i] = (Math.floor(two / 10) << 4) | (two % 10);
        magnitude /= 100n;
      }
      bytes[9] = a.sign << 7;
      return;
    }
  }
  env.flags |= FLAG_INVALID;
  bytes.fill(0);
  bytes.set([0xc0, 0xff, 0xff], 7);
}
