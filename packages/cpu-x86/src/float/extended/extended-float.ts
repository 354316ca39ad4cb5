/**
 * The double extended-precision format of 80 bits, unpacked: (-1)^sign × high:low × 2^(exponent − 16446), where high:low is
 * the significand with its explicit integer bit on top. Words are signed, as JavaScript's bit operations give them.
 *
 * @source SDM Vol. 1 "Floating-Point Data Types", "x87 FPU Data Types"
 */
export class ExtendedFloat {
  /** 0 or 1. */
  sign = 0;
  /** Biased, 15 bits. */
  exponent = 0;
  /** Bits 63..32 and 31..0 of the significand. */
  high = 0;
  low = 0;

  set(sign: number, exponent: number, high: number, low: number): void {
    this.sign = sign;
    this.exponent = exponent;
    this.high = high;
    this.low = low;
  }
  copy(from: ExtendedFloat): void {
    this.sign = from.sign;
    this.exponent = from.exponent;
    this.high = from.high;
    this.low = from.low;
  }
  /** As {@link copy}, with exponent 1 for a pseudo-denormal. */
  copyValue(from: ExtendedFloat): void {
    this.copy(from);
    if (this.exponent === 0 && this.high < 0) this.exponent = 1;
  }
  /** As {@link copy}, normalized: for numbers that are neither zero nor infinite. */
  copyNormalized(from: ExtendedFloat): void {
    this.copy(from);
    normalize(this);
  }
  setZero(sign: number): void {
    this.set(sign, 0, 0, 0);
  }
  setInfinity(sign: number): void {
    this.set(sign, EXPONENT_MAX, INTEGER_BIT, 0);
  }
  /** The QNaN floating-point indefinite: the masked response to an invalid operation. */
  setIndefinite(): void {
    this.set(1, EXPONENT_MAX, 0xc000_0000 | 0, 0);
  }
}

/** Biased exponent of infinities and NaNs. */
export const EXPONENT_MAX = 0x7fff;
/** Biased exponent of numbers from 1 to 2. */
export const EXPONENT_BIAS = 0x3fff;
/** The explicit integer bit, in `high`. */
export const INTEGER_BIT: number = 0x8000_0000 | 0;
/** Set in QNaNs and clear in SNaNs, in `high`. */
export const QUIET_BIT = 0x4000_0000;

/** What a value is; whatever is above `CLASS_INFINITY` is a NaN or no value at all. */
export const CLASS_ZERO = 0;
export const CLASS_NORMAL = 1;
/** Denormals, and pseudo-denormals, which stand for the same as with exponent 1. */
export const CLASS_DENORMAL = 2;
export const CLASS_INFINITY = 3;
export const CLASS_QNAN = 4;
export const CLASS_SNAN = 5;
/** Unnormals, pseudo-infinities and pseudo-NaNs: invalid operands since the 387. */
export const CLASS_UNSUPPORTED = 6;

/** @source SDM Vol. 1 "Unsupported Double Extended-Precision Floating-Point Encodings and Pseudo-Denormals" */
export function classOf(a: ExtendedFloat): number {
  if (a.exponent === 0) return (a.high | a.low) === 0 ? CLASS_ZERO : CLASS_DENORMAL;
  if (a.high >= 0) return CLASS_UNSUPPORTED;
  if (a.exponent !== EXPONENT_MAX) return CLASS_NORMAL;
  if (((a.high << 1) | a.low) === 0) return CLASS_INFINITY;
  return (a.high & QUIET_BIT) !== 0 ? CLASS_QNAN : CLASS_SNAN;
}

/** Makes a non-zero denormal or pseudo-denormal normalized, with an exponent that may be below 1; a normal one stays. */
export function normalize(a: ExtendedFloat): void {
  if (a.exponent === 0) a.exponent = 1;
  let shift = Math.clz32(a.high);
  if (shift === 32) {
    a.high = a.low;
    a.low = 0;
    a.exponent -= 32;
    shift = Math.clz32(a.high);
  }
  if (shift === 0) return;
  a.high = (a.high << shift) | (a.low >>> (32 - shift));
  a.low <<= shift;
  a.exponent -= shift;
}

/** The significand as an unsigned bigint. */
export function significandOf(a: ExtendedFloat): bigint {
  return (BigInt(a.high >>> 0) << 32n) | BigInt(a.low >>> 0);
}
