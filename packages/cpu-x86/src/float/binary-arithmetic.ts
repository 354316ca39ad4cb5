import {
  type BinaryEnvironment,
  type BinaryFormat,
  bitLength,
  CLASS_INFINITE,
  CLASS_SNAN,
  CLASS_ZERO,
  infinite,
  invalid,
  isNan,
  MXCSR_IE,
  MXCSR_ZE,
  noteDenormals,
  quiet,
  quietOf,
  ROUND_DOWN,
  roundTo,
  type Unpacked,
  unpack,
  zero,
} from './binary-float.ts';

/** An operation on two values, by their bits. */
export type BinaryOperation = (env: BinaryEnvironment, format: BinaryFormat, a: bigint, b: bigint) => bigint;

/** Sum. @source SDM Vol. 2A "ADDPS"; for NaNs SDM Vol. 1 "Rules for handling NaNs" */
export const add: BinaryOperation = (env, format, a, b) =>
  addUnpacked(env, format, unpack(env, format, a), unpack(env, format, b), 0);

/** Difference. */
export const subtract: BinaryOperation = (env, format, a, b) =>
  addUnpacked(env, format, unpack(env, format, a), unpack(env, format, b), 1);

function addUnpacked(env: BinaryEnvironment, format: BinaryFormat, a: Unpacked, b: Unpacked, negatesB: 0 | 1): bigint {
  if (isNan(a.kind) || isNan(b.kind)) return quietOf(env, format, a, b);
  const signB = b.sign ^ negatesB;
  if (a.kind === CLASS_INFINITE && b.kind === CLASS_INFINITE && a.sign !== signB) return invalid(env, format);
  noteDenormals(env, a, b);
  if (a.kind === CLASS_INFINITE) return infinite(format, a.sign);
  if (b.kind === CLASS_INFINITE) return infinite(format, signB);
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.significand << BigInt(a.exponent - exponent);
  const right = b.significand << BigInt(b.exponent - exponent);
  const sum = (a.sign !== 0 ? -left : left) + (signB !== 0 ? -right : right);
  if (sum === 0n) {
    const isSame = a.kind === CLASS_ZERO && b.kind === CLASS_ZERO && a.sign === signB;
    return zero(format, isSame ? a.sign : env.rounding === ROUND_DOWN ? 1 : 0);
  }
  return sum < 0n ? roundTo(env, format, 1, -sum, exponent) : roundTo(env, format, 0, sum, exponent);
}

/** Product. */
export const multiply: BinaryOperation = (env, format, bitsA, bitsB) => {
  const a = unpack(env, format, bitsA);
  const b = unpack(env, format, bitsB);
  if (isNan(a.kind) || isNan(b.kind)) return quietOf(env, format, a, b);
  const sign = a.sign ^ b.sign;
  const isInfinite = a.kind === CLASS_INFINITE || b.kind === CLASS_INFINITE;
  const isZero = a.kind === CLASS_ZERO || b.kind === CLASS_ZERO;
  if (isInfinite && isZero) return invalid(env, format);
  noteDenormals(env, a, b);
  if (isInfinite) return infinite(format, sign);
  if (isZero) return zero(format, sign);
  return roundTo(env, format, sign, a.significand * b.significand, a.exponent + b.exponent);
};

/** Quotient. */
export const divide: BinaryOperation = (env, format, bitsA, bitsB) => {
  const a = unpack(env, format, bitsA);
  const b = unpack(env, format, bitsB);
  if (isNan(a.kind) || isNan(b.kind)) return quietOf(env, format, a, b);
  const sign = a.sign ^ b.sign;
  const isInfinite = a.kind === CLASS_INFINITE;
  const isZero = a.kind === CLASS_ZERO;
  if ((isInfinite && b.kind === CLASS_INFINITE) || (isZero && b.kind === CLASS_ZERO)) return invalid(env, format);
  if (b.kind === CLASS_ZERO && !isInfinite) {
    env.flags |= MXCSR_ZE;
    return infinite(format, sign);
  }
  noteDenormals(env, a, b);
  if (isInfinite) return infinite(format, sign);
  if (isZero || b.kind === CLASS_INFINITE) return zero(format, sign);
  // Enough bits of the quotient to round by, and one that stands for the rest.
  const shift = Number(format.fractionBits) + 4 + Math.max(0, bitLength(b.significand) - bitLength(a.significand));
  const numerator = a.significand << BigInt(shift);
  const quotient = numerator / b.significand;
  const rest = quotient * b.significand === numerator ? 0n : 1n;
  return roundTo(env, format, sign, (quotient << 1n) | rest, a.exponent - b.exponent - shift - 1);
};

/** Square root. */
export function squareRoot(env: BinaryEnvironment, format: BinaryFormat, bits: bigint): bigint {
  const a = unpack(env, format, bits);
  if (isNan(a.kind)) return quiet(env, format, a);
  if (a.kind === CLASS_ZERO) return zero(format, a.sign);
  if (a.sign !== 0) return invalid(env, format);
  noteDenormals(env, a);
  if (a.kind === CLASS_INFINITE) return format.infinity;
  // An even exponent, and twice the bits that the root needs.
  let shift = 2 * (Number(format.fractionBits) + 4) - bitLength(a.significand);
  if (((a.exponent - shift) & 1) !== 0) shift += 1;
  const radicand = a.significand << BigInt(shift);
  const root = integerRoot(radicand);
  const rest = root * root === radicand ? 0n : 1n;
  return roundTo(env, format, 0, (root << 1n) | rest, (a.exponent - shift) / 2 - 1);
}

/** The integer part of a square root. */
function integerRoot(value: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(value))));
  // A double is right to some 50 bits; Newton's method doubles them.
  root = (root + value / root) >> 1n;
  while (root * root > value) root -= 1n;
  while ((root + 1n) * (root + 1n) <= value) root += 1n;
  return root;
}

/** How two values relate. */
export const COMPARED_LESS = -1;
export const COMPARED_EQUAL = 0;
export const COMPARED_GREATER = 1;
export const COMPARED_UNORDERED = 2;

/**
 * Compares two values.
 *
 * @param signalsQuiet whether a QNaN is an invalid operand, as an SNaN always is
 */
export function compare(
  env: BinaryEnvironment,
  format: BinaryFormat,
  bitsA: bigint,
  bitsB: bigint,
  signalsQuiet: boolean,
): number {
  const a = unpack(env, format, bitsA);
  const b = unpack(env, format, bitsB);
  if (isNan(a.kind) || isNan(b.kind)) {
    if (signalsQuiet || a.kind === CLASS_SNAN || b.kind === CLASS_SNAN) env.flags |= MXCSR_IE;
    return COMPARED_UNORDERED;
  }
  noteDenormals(env, a, b);
  // Without the sign, the bits of values are in their order.
  const magnitude = ({ kind, bits }: Unpacked): bigint => (kind === CLASS_ZERO ? 0n : bits & ~format.signBit);
  const left = a.sign !== 0 ? -magnitude(a) : magnitude(a);
  const right = b.sign !== 0 ? -magnitude(b) : magnitude(b);
  return left < right ? COMPARED_LESS : left > right ? COMPARED_GREATER : COMPARED_EQUAL;
}

const extreme =
  (wanted: number): BinaryOperation =>
  (env, format, a, b) => {
    const chosen = compare(env, format, a, b, true) === wanted ? a : b;
    // A denormal that counts as zero is given as zero.
    const { kind, sign } = unpack(env, format, chosen);
    return kind === CLASS_ZERO ? zero(format, sign) : chosen;
  };
/** The smaller value; the second one if they are equal or a NaN is among them. */
export const minimum: BinaryOperation = extreme(COMPARED_LESS);
/** The larger value; the second one if they are equal or a NaN is among them. */
export const maximum: BinaryOperation = extreme(COMPARED_GREATER);
