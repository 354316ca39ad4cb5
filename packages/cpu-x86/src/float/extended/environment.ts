/**
 * Exception flags, as the status word has them, and the masks of the control word.
 *
 * @source SDM Vol. 1 "x87 FPU Status Register", "x87 FPU Control Word"
 */
export const FLAG_INVALID = 0x01;
export const FLAG_DENORMAL = 0x02;
export const FLAG_ZERO_DIVIDE = 0x04;
export const FLAG_OVERFLOW = 0x08;
export const FLAG_UNDERFLOW = 0x10;
export const FLAG_PRECISION = 0x20;

/** Rounding control. */
export const ROUND_NEAREST = 0;
export const ROUND_DOWN = 1;
export const ROUND_UP = 2;
export const ROUND_ZERO = 3;

/** Bits of the significand that results are rounded to. */
export type Precision = 24 | 53 | 64;

/** How to round, and what has happened: the control word's part in an operation and the status word's. */
export class FloatEnvironment {
  /** `ROUND_*`. */
  rounding: number = ROUND_NEAREST;
  precision: Precision = 64;
  /** `FLAG_*` of the exceptions that are not masked: overflow and underflow give other results then. */
  unmasked = 0;
  /** `FLAG_*` raised since it was cleared; never cleared by an operation. */
  flags = 0;
  /** Whether the last rounding enlarged the magnitude: C1. */
  isRoundedUp = false;
}
