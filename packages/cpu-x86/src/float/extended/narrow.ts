import {
  FLAG_INVALID,
  FLAG_OVERFLOW,
  FLAG_PRECISION,
  FLAG_UNDERFLOW,
  type FloatEnvironment,
  ROUND_DOWN,
  ROUND_UP,
  ROUND_ZERO,
} from './environment.ts';
import {
  CLASS_INFINITY,
  CLASS_SNAN,
  CLASS_UNSUPPORTED,
  CLASS_ZERO,
  classOf,
  EXPONENT_BIAS,
  EXPONENT_MAX,
  ExtendedFloat,
  INTEGER_BIT,
  normalize,
  QUIET_BIT,
} from './extended-float.ts';
import { roundsAway, shiftRightSticky } from './rounding.ts';

/** Single or double precision. */
interface Format {
  /** Bits of the significand without the integer bit, and of the exponent. */
  readonly fractionBits: number;
  readonly exponentMax: number;
  readonly bias: number;
}
const SINGLE: Format = { fractionBits: 23, exponentMax: 0xff, bias: 0x7f };
const DOUBLE: Format = { fractionBits: 52, exponentMax: 0x7ff, bias: 0x3ff };

/** Sets a value from one of single precision, SNaNs as they are. @returns whether that was a denormal */
export function fromSingle(bits: number, result: ExtendedFloat): boolean {
  return widen(SINGLE, bits >>> 31, (bits >>> 23) & 0xff, (bits << 8) & 0x7fff_ff00, 0, result);
}

/** As {@link fromSingle}, from double precision. */
export function fromDouble(high: number, low: number, result: ExtendedFloat): boolean {
  const upper = ((high << 11) | (low >>> 21)) & 0x7fff_ffff;
  return widen(DOUBLE, high >>> 31, (high >>> 20) & 0x7ff, upper, low << 11, result);
}

/** @param high,low the fraction behind the place of the integer bit */
function widen(
  { exponentMax, bias }: Format,
  sign: number,
  exponent: number,
  high: number,
  low: number,
  result: ExtendedFloat,
): boolean {
  if (exponent === exponentMax) result.set(sign, EXPONENT_MAX, high | INTEGER_BIT, low);
  else if (exponent !== 0) result.set(sign, exponent - bias + EXPONENT_BIAS, high | INTEGER_BIT, low);
  else if ((high | low) === 0) result.setZero(sign);
  else {
    result.set(sign, 1 - bias + EXPONENT_BIAS, high, low);
    normalize(result);
    return true;
  }
  return false;
}

/** The bits of a number of single (then `high` counts for nothing) or double precision. */
export interface NarrowBits {
  high: number;
  low: number;
}

/**
 * Rounds to single precision.
 *
 * @returns whether there is a result: not with an overflow or underflow that is not masked, as there is no way to show it
 * @source SDM Vol. 2A "FST/FSTP"; SDM Vol. 1 "Numeric Overflow Exception (#O)"
 */
export function toSingle(env: FloatEnvironment, a: ExtendedFloat, result: NarrowBits): boolean {
  return narrow(env, SINGLE, a, result);
}

/** As {@link toSingle}, to double precision. */
export function toDouble(env: FloatEnvironment, a: ExtendedFloat, result: NarrowBits): boolean {
  return narrow(env, DOUBLE, a, result);
}

const source = new ExtendedFloat();

function narrow(env: FloatEnvironment, format: Format, a: ExtendedFloat, result: NarrowBits): boolean {
  const kind = classOf(a);
  if (kind === CLASS_UNSUPPORTED) {
    env.flags |= FLAG_INVALID;
    pack(format, 1, format.exponentMax, QUIET_BIT, 0, result);
    return true;
  }
  if (kind >= CLASS_INFINITY) {
    if (kind === CLASS_SNAN) env.flags |= FLAG_INVALID;
    pack(format, a.sign, format.exponentMax, kind === CLASS_INFINITY ? 0 : a.high | QUIET_BIT, a.low, result);
    return true;
  }
  if (kind === CLASS_ZERO) {
    pack(format, a.sign, 0, 0, 0, result);
    return true;
  }
  source.copyNormalized(a);
  const exponent = source.exponent - EXPONENT_BIAS + format.bias;
  const isUnlimited = roundFraction(env, format, source.sign, source.high, source.low, 0);
  const biased = exponent + (isUnlimited ? 1 : 0);
  if (biased <= 0) return narrowTiny(env, format, exponent, result);
  if (biased >= format.exponentMax) return narrowHuge(env, format, result);
  if (fraction.isInexact) env.flags |= FLAG_PRECISION;
  env.isRoundedUp = fraction.isUp;
  pack(format, source.sign, biased, fraction.high, fraction.low, result);
  return true;
}

function narrowTiny(env: FloatEnvironment, format: Format, exponent: number, result: NarrowBits): boolean {
  if ((env.unmasked & FLAG_UNDERFLOW) !== 0) {
    env.flags |= FLAG_UNDERFLOW;
    return false;
  }
  const { high, low, extra } = shiftRightSticky(source.high, source.low, 0, 1 - exponent);
  roundFraction(env, format, source.sign, high, low, extra);
  if (fraction.isInexact) env.flags |= FLAG_UNDERFLOW | FLAG_PRECISION;
  env.isRoundedUp = fraction.isUp;
  // With the integer bit, the smallest normal number.
  pack(format, source.sign, fraction.high < 0 ? 1 : 0, fraction.high, fraction.low, result);
  return true;
}

function narrowHuge(env: FloatEnvironment, format: Format, result: NarrowBits): boolean {
  env.flags |= FLAG_OVERFLOW;
  if ((env.unmasked & FLAG_OVERFLOW) !== 0) return false;
  env.flags |= FLAG_PRECISION;
  const { rounding } = env;
  const isLargest = rounding === ROUND_ZERO || rounding === (source.sign === 0 ? ROUND_DOWN : ROUND_UP);
  env.isRoundedUp = !isLargest;
  if (isLargest) pack(format, source.sign, format.exponentMax - 1, -1, -1, result);
  else pack(format, source.sign, format.exponentMax, 0, 0, result);
  return true;
}

/** A significand rounded to a format's bits, in its place in 64 bits. */
const fraction = { high: 0, low: 0, isInexact: false, isUp: false };

/** @returns whether the significand grew to 2^64 */
function roundFraction(
  env: FloatEnvironment,
  format: Format,
  sign: number,
  high: number,
  low: number,
  extra: number,
): boolean {
  const isDouble = format === DOUBLE;
  const half = isDouble ? (low & 0x400) !== 0 : (high & 0x80) !== 0;
  const rest = isDouble ? ((low & 0x3ff) | extra) !== 0 : ((high & 0x7f) | low | extra) !== 0;
  const isOdd = isDouble ? (low & 0x800) !== 0 : (high & 0x100) !== 0;
  fraction.isInexact = half || rest;
  fraction.isUp = fraction.isInexact && roundsAway(env.rounding, sign, isOdd, half, rest);
  fraction.high = isDouble ? high : high & ~0xff;
  fraction.low = isDouble ? low & ~0x7ff : 0;
  if (!fraction.isUp) return false;
  if (isDouble) fraction.low = (fraction.low + 0x800) | 0;
  if (isDouble && fraction.low !== 0) return false;
  fraction.high = (fraction.high + (isDouble ? 1 : 0x100)) | 0;
  return fraction.high === 0;
}

/** @param high,low a significand, whose integer bit does not count */
function pack(format: Format, sign: number, exponent: number, high: number, low: number, result: NarrowBits): void {
  const upper = high & 0x7fff_ffff;
  if (format === SINGLE) {
    result.high = 0;
    result.low = (sign << 31) | (exponent << 23) | (upper >>> 8);
  } else {
    result.high = (sign << 31) | (exponent << 20) | (upper >>> 11);
    result.low = (upper << 21) | (low >>> 11);
  }
}
