import {
  type BinaryEnvironment,
  type BinaryFormat,
  CLASS_INFINITE,
  CLASS_ZERO,
  infinite,
  isNan,
  MXCSR_IE,
  MXCSR_PE,
  noteDenormals,
  quiet,
  roundShift,
  roundTo,
  type Unpacked,
  unpack,
  zero,
} from './binary-float.ts';

/** A value in another format. */
export function convert(env: BinaryEnvironment, from: BinaryFormat, to: BinaryFormat, bits: bigint): bigint {
  const a = unpack(env, from, bits);
  if (isNan(a.kind)) {
    const fraction = quiet(env, from, a) & from.fractionMask;
    const shift = to.fractionBits - from.fractionBits;
    const kept = shift >= 0n ? fraction << shift : fraction >> -shift;
    return infinite(to, a.sign) | kept;
  }
  noteDenormals(env, a);
  if (a.kind === CLASS_INFINITE) return infinite(to, a.sign);
  if (a.kind === CLASS_ZERO) return zero(to, a.sign);
  return roundTo(env, to, a.sign, a.significand, a.exponent);
}

/** A signed integer as a value of a format. */
export function fromInteger(env: BinaryEnvironment, format: BinaryFormat, value: bigint): bigint {
  if (value === 0n) return 0n;
  return roundTo(env, format, value < 0n ? 1 : 0, value < 0n ? -value : value, 0);
}

/** A finite value rounded to an integer. */
function toIntegral(rounding: number, a: Unpacked): { readonly magnitude: bigint; readonly isExact: boolean } {
  const { value, isExact } = roundShift(rounding, a.sign, a.significand, -a.exponent);
  return { magnitude: value, isExact };
}

/**
 * A value as a signed integer, unsigned as registers hold it; what does not fit is the integer indefinite, 2^(width-1).
 *
 * @param rounding `ROUND_*`
 */
export function toInteger(
  env: BinaryEnvironment,
  format: BinaryFormat,
  bits: bigint,
  width: 32 | 64,
  rounding: number,
): bigint {
  const a = unpack(env, format, bits);
  const limit = 1n << BigInt(width - 1);
  if (a.kind === CLASS_ZERO) return 0n;
  if (a.kind < CLASS_INFINITE) {
    const { magnitude, isExact } = toIntegral(rounding, a);
    if (magnitude < limit || (magnitude === limit && a.sign !== 0)) {
      if (!isExact) env.flags |= MXCSR_PE;
      return BigInt.asUintN(width, a.sign !== 0 ? -magnitude : magnitude);
    }
  }
  env.flags |= MXCSR_IE;
  return limit;
}

/**
 * A value rounded to an integral value of the same format.
 *
 * @param raisesPrecision whether an inexact result raises the precision exception
 */
export function roundToIntegral(
  env: BinaryEnvironment,
  format: BinaryFormat,
  bits: bigint,
  rounding: number,
  raisesPrecision: boolean,
): bigint {
  const a = unpack(env, format, bits);
  if (isNan(a.kind)) return quiet(env, format, a);
  if (a.kind === CLASS_INFINITE) return bits;
  if (a.kind === CLASS_ZERO) return zero(format, a.sign);
  if (a.exponent >= 0) return bits;
  const { magnitude, isExact } = toIntegral(rounding, a);
  if (!isExact && raisesPrecision) env.flags |= MXCSR_PE;
  if (magnitude === 0n) return zero(format, a.sign);
  return roundTo(env, format, a.sign, magnitude, 0);
}
