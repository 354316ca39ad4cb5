/**
 * Single and double precision as SSE has them: bits in, bits out, with the rounding, the exceptions and the masked
 * responses that MXCSR asks for. Numbers of any size stand in bigints, so that every operation is exact until it rounds.
 *
 * @source SDM Vol. 1 "Programming with Intel Streaming SIMD Extensions", "SSE, SSE2, and SSE3 Exceptions"
 */

/** A format of IEEE 754. */
export interface BinaryFormat {
  readonly width: 32 | 64;
  /** Bits of the fraction, without the integer bit that is not stored. */
  readonly fractionBits: bigint;
  readonly bias: number;
  /** Biased exponent of infinities and NaNs. */
  readonly exponentMax: number;
  readonly fractionMask: bigint;
  readonly signBit: bigint;
  /** Set in QNaNs, clear in SNaNs. */
  readonly quietBit: bigint;
  readonly infinity: bigint;
  /** The QNaN that stands for the result of an invalid operation. */
  readonly indefinite: bigint;
}

function makeFormat(width: 32 | 64, fractionWidth: number, bias: number): BinaryFormat {
  const fractionBits = BigInt(fractionWidth);
  const exponentMax = 2 * bias + 1;
  const infinity = BigInt(exponentMax) << fractionBits;
  const signBit = 1n << BigInt(width - 1);
  const quietBit = 1n << (fractionBits - 1n);
  const fractionMask = (1n << fractionBits) - 1n;
  const indefinite = signBit | infinity | quietBit;
  return { width, fractionBits, bias, exponentMax, fractionMask, signBit, quietBit, infinity, indefinite };
}
export const SINGLE: BinaryFormat = makeFormat(32, 23, 127);
export const DOUBLE: BinaryFormat = makeFormat(64, 52, 1023);

/** MXCSR: exception flags; the masks are the same bits `MXCSR_MASKS_SHIFT` higher. */
export const MXCSR_IE = 0x01;
export const MXCSR_DE = 0x02;
export const MXCSR_ZE = 0x04;
export const MXCSR_OE = 0x08;
export const MXCSR_UE = 0x10;
export const MXCSR_PE = 0x20;
export const MXCSR_FLAGS = 0x3f;
export const MXCSR_DAZ = 0x40;
export const MXCSR_MASKS_SHIFT = 7;
export const MXCSR_RC_SHIFT = 13;
export const MXCSR_FTZ = 0x8000;
/** Bits that exist. */
export const MXCSR_MASK = 0xffff;
/** Exceptions that operands alone decide: where one of them is not masked, nothing is computed. */
export const MXCSR_BEFORE_RESULT: number = MXCSR_IE | MXCSR_DE | MXCSR_ZE;

/** Rounding control. */
export const ROUND_NEAREST = 0;
export const ROUND_DOWN = 1;
export const ROUND_UP = 2;
export const ROUND_ZERO = 3;

/** How MXCSR wants operations done, and what they have raised. */
export class BinaryEnvironment {
  rounding: number;
  readonly denormalsAreZero: boolean;
  readonly flushesToZero: boolean;
  /** Exceptions that are masked. */
  readonly masks: number;
  /** Exceptions raised by the operations since. */
  flags = 0;

  constructor(mxcsr: number) {
    this.rounding = (mxcsr >> MXCSR_RC_SHIFT) & 3;
    this.denormalsAreZero = (mxcsr & MXCSR_DAZ) !== 0;
    this.masks = (mxcsr >> MXCSR_MASKS_SHIFT) & MXCSR_FLAGS;
    // With underflow not masked flush-to-zero means nothing.
    this.flushesToZero = (mxcsr & MXCSR_FTZ) !== 0 && (this.masks & MXCSR_UE) !== 0;
  }
}

export const CLASS_ZERO = 0;
export const CLASS_FINITE = 1;
export const CLASS_INFINITE = 2;
export const CLASS_QNAN = 3;
export const CLASS_SNAN = 4;

/** A value taken apart: a finite one is (-1)^sign × significand × 2^exponent. */
export interface Unpacked {
  readonly kind: number;
  readonly sign: number;
  readonly significand: bigint;
  readonly exponent: number;
  readonly isDenormal: boolean;
  readonly bits: bigint;
}

/** Takes a value apart. Denormals are zeros where MXCSR says so. */
export function unpack(env: BinaryEnvironment, format: BinaryFormat, bits: bigint): Unpacked {
  const sign = (bits & format.signBit) !== 0n ? 1 : 0;
  const biased = Number((bits & format.infinity) >> format.fractionBits);
  const fraction = bits & format.fractionMask;
  if (biased === format.exponentMax) {
    const nan = (fraction & format.quietBit) !== 0n ? CLASS_QNAN : CLASS_SNAN;
    const kind = fraction === 0n ? CLASS_INFINITE : nan;
    return { kind, sign, significand: 0n, exponent: 0, isDenormal: false, bits };
  }
  const lowest = -format.bias - Number(format.fractionBits);
  if (biased === 0) {
    const isZero = fraction === 0n || env.denormalsAreZero;
    return {
      kind: isZero ? CLASS_ZERO : CLASS_FINITE,
      sign,
      significand: isZero ? 0n : fraction,
      exponent: lowest + 1,
      isDenormal: !isZero,
      bits,
    };
  }
  const significand = fraction | (1n << format.fractionBits);
  return { kind: CLASS_FINITE, sign, significand, exponent: lowest + biased, isDenormal: false, bits };
}

export const isNan = (kind: number): boolean => kind >= CLASS_QNAN;
/** A zero of either sign. */
export const zero = (format: BinaryFormat, sign: number): bigint => (sign !== 0 ? format.signBit : 0n);
export const infinite = (format: BinaryFormat, sign: number): bigint => format.infinity | zero(format, sign);

/** Whether a magnitude between two neighbours becomes the larger one. */
function roundsAway(rounding: number, sign: number, isOdd: boolean, rest: bigint, half: bigint): boolean {
  if (rest === 0n) return false;
  if (rounding === ROUND_NEAREST) return rest > half || (rest === half && isOdd);
  return rounding === (sign !== 0 ? ROUND_DOWN : ROUND_UP);
}

/** Bits of a positive number. */
export function bitLength(value: bigint): number {
  const text = value.toString(16);
  return 4 * text.length - (Math.clz32(Number.parseInt(text.charAt(0), 16)) - 28);
}

/** A significand without its last `shift` bits, rounded. */
export function roundShift(
  rounding: number,
  sign: number,
  significand: bigint,
  shift: number,
): { readonly value: bigint; readonly isExact: boolean } {
  if (shift <= 0) return { value: significand << BigInt(-shift), isExact: true };
  const count = BigInt(shift);
  const kept = significand >> count;
  const rest = significand - (kept << count);
  const isUp = roundsAway(rounding, sign, (kept & 1n) !== 0n, rest, 1n << (count - 1n));
  return { value: isUp ? kept + 1n : kept, isExact: rest === 0n };
}

/**
 * Rounds (-1)^sign × significand × 2^exponent to a format and raises what belongs to it.
 *
 * @param significand positive; its last bit may stand for all that is behind it, if it is beyond the format's by two
 * @source SDM Vol. 1 "Numeric Overflow Exception (#O)", "Numeric Underflow Exception (#U)": tininess is that of the rounded result
 */
export function roundTo(
  env: BinaryEnvironment,
  format: BinaryFormat,
  sign: number,
  significand: bigint,
  exponent: number,
): bigint {
  const precision = Number(format.fractionBits) + 1;
  const length = bitLength(significand);
  const top = exponent + length - 1;
  const smallest = 1 - format.bias;
  // As if the exponent had no ends: that decides about tininess, and what is inexact where an exception is not masked.
  const unbounded = roundShift(env.rounding, sign, significand, length - precision);
  const carries = unbounded.value >> BigInt(precision) !== 0n;
  const isTiny = top < smallest - 1 || (top === smallest - 1 && !carries);
  const negative = zero(format, sign);
  if (isTiny && env.flushesToZero) {
    env.flags |= MXCSR_UE | MXCSR_PE;
    return negative;
  }
  const last = Math.max(top, smallest) - (precision - 1);
  const { value, isExact } = roundShift(env.rounding, sign, significand, last - exponent);
  const isUnmaskedUnderflow = isTiny && (env.masks & MXCSR_UE) === 0;
  if (isUnmaskedUnderflow || (isTiny && !isExact)) env.flags |= MXCSR_UE;
  if (!(isUnmaskedUnderflow ? unbounded.isExact : isExact)) env.flags |= MXCSR_PE;
  // A carry out of the fraction goes on into the exponent, as it should.
  const biased = Math.max(top, smallest) + format.bias - 1;
  const bits = (BigInt(biased) << format.fractionBits) + value;
  if (bits < format.infinity) return negative | bits;
  env.flags |= MXCSR_OE;
  if ((env.masks & MXCSR_OE) !== 0) env.flags |= MXCSR_PE;
  const isInfinite = env.rounding === ROUND_NEAREST || env.rounding === (sign !== 0 ? ROUND_DOWN : ROUND_UP);
  return negative | (isInfinite ? format.infinity : format.infinity - 1n);
}

/** A NaN made quiet, with the exception for one that was not. */
export function quiet(env: BinaryEnvironment, format: BinaryFormat, { kind, bits }: Unpacked): bigint {
  if (kind === CLASS_SNAN) env.flags |= MXCSR_IE;
  return bits | format.quietBit;
}

/** The result of an operation on two values of which one at least is a NaN: the first that is one, made quiet. */
export function quietOf(env: BinaryEnvironment, format: BinaryFormat, a: Unpacked, b: Unpacked): bigint {
  if (a.kind === CLASS_SNAN || b.kind === CLASS_SNAN) env.flags |= MXCSR_IE;
  return (isNan(a.kind) ? a.bits : b.bits) | format.quietBit;
}

/** Raises the exception of denormal operands. */
export function noteDenormals(env: BinaryEnvironment, a: Unpacked, b: Unpacked = a): void {
  if (a.isDenormal || b.isDenormal) env.flags |= MXCSR_DE;
}

/** Raises the invalid-operation exception; @returns its masked response */
export function invalid(env: BinaryEnvironment, format: BinaryFormat): bigint {
  env.flags |= MXCSR_IE;
  return format.indefinite;
}
