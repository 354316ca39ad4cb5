/**
 * Transcendental functions work on fixed-point numbers: bigints in units of 2^-300. What they return is exact to far more
 * than 64 bits, so that one rounding is left; the constants are computed here, to the same precision.
 */
import type { FloatEnvironment } from './environment.ts';
import { EXPONENT_BIAS, type ExtendedFloat, significandOf } from './extended-float.ts';
import { roundTo } from './rounding.ts';

/** Bits behind the point. */
export const FRACTION_BITS = 300;
const Q = BigInt(FRACTION_BITS);
export const ONE: bigint = 1n << Q;

/** Exponents below this are of numbers so small that a function is its first term, but for the direction of rounding. */
export const TINY_EXPONENT: number = EXPONENT_BIAS - 100;

export const multiplyFixed = (a: bigint, b: bigint): bigint => (a * b) >> Q;
export const divideFixed = (a: bigint, b: bigint): bigint => (a << Q) / b;

/** A normalized value, not below 2^-200, as a fixed-point number; exact. */
export function toFixed(a: ExtendedFloat): bigint {
  const shift = a.exponent - EXPONENT_BIAS - 63 + FRACTION_BITS;
  const magnitude = significandOf(a) << BigInt(shift);
  return a.sign === 0 ? magnitude : -magnitude;
}

/**
 * Rounds n × 2^scale to a result of 64 bits, whatever the precision control says.
 *
 * @param isInexact whether n stands for a number slightly above it
 */
export function roundBig(
  env: FloatEnvironment,
  sign: number,
  n: bigint,
  scale: number,
  isInexact: boolean,
  result: ExtendedFloat,
): void {
  const length = bitLength(n);
  const shift = length - 96;
  const kept = shift >= 0 ? n >> BigInt(shift) : n << BigInt(-shift);
  const isCut = isInexact || (shift > 0 && kept << BigInt(shift) !== n);
  const high = Number(kept >> 64n) | 0;
  const low = Number((kept >> 32n) & 0xffff_ffffn) | 0;
  const extra = Number(kept & 0xffff_ffffn) | (isCut ? 1 : 0);
  const { precision } = env;
  env.precision = 64;
  roundTo(env, result, sign, length - 1 + scale + EXPONENT_BIAS, high, low, extra);
  env.precision = precision;
}

/** Rounds a fixed-point number that is not zero and never exact. */
export function roundFixed(env: FloatEnvironment, value: bigint, result: ExtendedFloat): void {
  roundBig(env, value < 0n ? 1 : 0, value < 0n ? -value : value, -FRACTION_BITS, true, result);
}

export function bitLength(n: bigint): number {
  return n.toString(16).length * 4 - Math.clz32(Number.parseInt(n.toString(16)[0] as string, 16)) + 28;
}

/** The sum z + z³/3·s + z⁵/5·s² + …: the inverse hyperbolic tangent for s = 1, the inverse tangent for s = −1. */
export function inverseTangentSeries(z: bigint, isHyperbolic: boolean): bigint {
  const square = multiplyFixed(z, z);
  let power = z;
  let sum = z;
  for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
    power = multiplyFixed(power, square);
    if (!isHyperbolic) power = -power;
    sum += power / n;
  }
  return sum;
}

/** A constant that is computed when first asked for. */
function lazily(compute: () => bigint): () => bigint {
  let value: bigint | undefined;
  return () => {
    value ??= compute();
    return value;
  };
}

/** ln 2 = 2 artanh ⅓. */
export const ln2: () => bigint = lazily(() => 2n * inverseTangentSeries(ONE / 3n, true));
/** π = 16 arctan ⅕ − 4 arctan 1/239. */
export const pi: () => bigint = lazily(
  () => 16n * inverseTangentSeries(ONE / 5n, false) - 4n * inverseTangentSeries(ONE / 239n, false),
);
