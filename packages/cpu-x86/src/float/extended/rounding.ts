import {
  FLAG_OVERFLOW,
  FLAG_PRECISION,
  FLAG_UNDERFLOW,
  type FloatEnvironment,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  ROUND_ZERO,
} from './environment.ts';
import { EXPONENT_MAX, type ExtendedFloat, INTEGER_BIT } from './extended-float.ts';

/** What is added to the exponent of a tiny result, and taken from that of a huge one, where the exception is not masked. */
const EXPONENT_ADJUSTMENT = 24576;

/**
 * Whether to enlarge a magnitude that lies between two representable ones.
 *
 * @param isOdd the lower one's last bit is set
 * @param half the bit behind it
 * @param rest whether anything follows that
 */
export function roundsAway(rounding: number, sign: number, isOdd: boolean, half: boolean, rest: boolean): boolean {
  switch (rounding) {
    case ROUND_NEAREST:
      return half && (rest || isOdd);
    case ROUND_DOWN:
      return sign !== 0 && (half || rest);
    case ROUND_UP:
      return sign === 0 && (half || rest);
    default:
      return false;
  }
}

/** A significand that is being rounded: `high:low`, then whether it was exact, grew, and grew to 2^64. */
class RoundedSignificand {
  high = 0;
  low = 0;
  isInexact = false;
  isUp = false;
  carries = false;

  /** @param extra the 32 bits behind `low`, of which the last also stands for all that follow */
  round(env: FloatEnvironment, sign: number, high: number, low: number, extra: number): void {
    let half: boolean;
    let rest: boolean;
    let lastHigh = 0;
    let lastLow = 0;
    let keptHigh = high;
    let keptLow = low;
    if (env.precision === 64) {
      half = extra < 0;
      rest = extra << 1 !== 0;
      lastLow = 1;
    } else if (env.precision === 53) {
      half = (low & 0x400) !== 0;
      rest = ((low & 0x3ff) | extra) !== 0;
      keptLow = low & ~0x7ff;
      lastLow = 0x800;
    } else {
      half = (high & 0x80) !== 0;
      rest = ((high & 0x7f) | low | extra) !== 0;
      keptHigh = high & ~0xff;
      keptLow = 0;
      lastHigh = 0x100;
    }
    this.isInexact = half || rest;
    const isOdd = ((keptHigh & lastHigh) | (keptLow & lastLow)) !== 0;
    this.isUp = this.isInexact && roundsAway(env.rounding, sign, isOdd, half, rest);
    this.carries = false;
    if (this.isUp) {
      keptLow = (keptLow + lastLow) | 0;
      if (lastHigh === 0) lastHigh = keptLow === 0 ? 1 : 0;
      if (lastHigh !== 0) {
        keptHigh = (keptHigh + lastHigh) | 0;
        this.carries = keptHigh === 0;
      }
    }
    this.high = keptHigh;
    this.low = keptLow;
  }
}
const rounded = new RoundedSignificand();

/**
 * Rounds an exact result to the precision in effect, with overflow and underflow as they are masked.
 *
 * @param exponent biased, of any size
 * @param high,low a normalized significand
 * @param extra the 32 bits behind it, of which the last also stands for all that follow
 * @source SDM Vol. 1 "Numeric Overflow Exception (#O)", "Numeric Underflow Exception (#U)"
 */
export function roundTo(
  env: FloatEnvironment,
  result: ExtendedFloat,
  sign: number,
  exponent: number,
  high: number,
  low: number,
  extra: number,
): void {
  rounded.round(env, sign, high, low, extra);
  let biased = exponent;
  let resultHigh = rounded.high;
  if (rounded.carries) {
    biased += 1;
    resultHigh = INTEGER_BIT;
  }
  if (biased <= 0) {
    if ((env.unmasked & FLAG_UNDERFLOW) === 0) {
      denormalize(env, result, sign, exponent, high, low, extra);
      return;
    }
    env.flags |= FLAG_UNDERFLOW;
    biased += EXPONENT_ADJUSTMENT;
  } else if (biased >= EXPONENT_MAX) {
    if ((env.unmasked & FLAG_OVERFLOW) === 0) {
      overflow(env, result, sign);
      return;
    }
    env.flags |= FLAG_OVERFLOW;
    biased -= EXPONENT_ADJUSTMENT;
  }
  if (biased <= 0 || biased >= EXPONENT_MAX) {
    // Only FSCALE goes so far that the adjustment is not enough; the rounding control counts for nothing then.
    env.flags |= FLAG_PRECISION;
    env.isRoundedUp = biased > 0;
    if (biased > 0) result.setInfinity(sign);
    else result.setZero(sign);
    return;
  }
  if (rounded.isInexact) env.flags |= FLAG_PRECISION;
  env.isRoundedUp = rounded.isUp;
  result.set(sign, biased, resultHigh, rounded.low);
}

/** The masked response to a tiny result. */
function denormalize(
  env: FloatEnvironment,
  result: ExtendedFloat,
  sign: number,
  exponent: number,
  high: number,
  low: number,
  extra: number,
): void {
  const shifted = shiftRightSticky(high, low, extra, 1 - exponent);
  rounded.round(env, sign, shifted.high, shifted.low, shifted.extra);
  if (rounded.isInexact) env.flags |= FLAG_UNDERFLOW | FLAG_PRECISION;
  env.isRoundedUp = rounded.isUp;
  result.set(sign, rounded.high < 0 ? 1 : 0, rounded.high, rounded.low);
}

/** The masked response to a huge result. */
function overflow(env: FloatEnvironment, result: ExtendedFloat, sign: number): void {
  env.flags |= FLAG_OVERFLOW | FLAG_PRECISION;
  const isLargest = env.rounding === ROUND_ZERO || env.rounding === (sign === 0 ? ROUND_DOWN : ROUND_UP);
  env.isRoundedUp = !isLargest;
  if (!isLargest) result.setInfinity(sign);
  else if (env.precision === 64) result.set(sign, EXPONENT_MAX - 1, -1, -1);
  else if (env.precision === 53) result.set(sign, EXPONENT_MAX - 1, -1, ~0x7ff);
  else result.set(sign, EXPONENT_MAX - 1, ~0xff, 0);
}

/** Three words, the first the most significant. */
export interface ThreeWords {
  high: number;
  low: number;
  extra: number;
}
const shiftedWords: ThreeWords = { high: 0, low: 0, extra: 0 };

/** Shifts 96 bits right by any count; the last bit stands for all that were lost. The result lasts until the next call. */
export function shiftRightSticky(high: number, low: number, extra: number, count: number): Readonly<ThreeWords> {
  let h = high;
  let l = low;
  let x = extra;
  let left = count;
  let lost = 0;
  while (left >= 32) {
    if ((h | l | x) === 0) break;
    lost |= x;
    x = l;
    l = h;
    h = 0;
    left -= 32;
  }
  if (left > 0 && left < 32) {
    lost |= x << (32 - left);
    x = (x >>> left) | (l << (32 - left));
    l = (l >>> left) | (h << (32 - left));
    h >>>= left;
  }
  shiftedWords.high = h | 0;
  shiftedWords.low = l | 0;
  shiftedWords.extra = lost !== 0 ? x | 1 : x | 0;
  return shiftedWords;
}

/** As {@link roundTo}, for 96 bits that need not be normalized; not all of them are zero. */
export function normalizeAndRound(
  env: FloatEnvironment,
  result: ExtendedFloat,
  sign: number,
  exponent: number,
  high: number,
  low: number,
  extra: number,
): void {
  let h = high;
  let l = low;
  let x = extra;
  let e = exponent;
  while (h === 0) {
    h = l;
    l = x;
    x = 0;
    e -= 32;
  }
  const shift = Math.clz32(h);
  if (shift > 0) {
    h = (h << shift) | (l >>> (32 - shift));
    l = (l << shift) | (x >>> (32 - shift));
    x <<= shift;
    e -= shift;
  }
  roundTo(env, result, sign, e, h, l, x);
}
