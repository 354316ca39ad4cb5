import { FLAG_DENORMAL, type FloatEnvironment, ROUND_NEAREST, type ROUND_ZERO } from './environment.ts';
import { CLASS_DENORMAL, CLASS_INFINITY, CLASS_ZERO, classOf, ExtendedFloat, significandOf } from './extended-float.ts';
import { setInvalid, setNanResult } from './nan.ts';
import { normalizeAndRound } from './rounding.ts';

const dividend = new ExtendedFloat();
const divisor = new ExtendedFloat();

/** What FPREM says beside the remainder. */
export interface Reduction {
  /** The reduction is not complete: C2. */
  isPartial: boolean;
  /** The quotient's last three bits, of a complete reduction. */
  quotient: number;
}

/**
 * One step of the remainder of a ÷ b, with the quotient rounded to zero (FPREM) or to the nearest integer (FPREM1).
 *
 * @returns undefined where there is nothing to divide: NaNs and invalid operands
 * @source SDM Vol. 2A "FPREM", "FPREM1"
 */
export function remainder(
  env: FloatEnvironment,
  a: ExtendedFloat,
  b: ExtendedFloat,
  rounding: typeof ROUND_ZERO | typeof ROUND_NEAREST,
  result: ExtendedFloat,
): Reduction | undefined {
  const done: Reduction = { isPartial: false, quotient: 0 };
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return undefined;
  }
  if (classA === CLASS_INFINITY || classB === CLASS_ZERO) {
    setInvalid(env, result);
    return undefined;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (classA === CLASS_ZERO) {
    result.copyValue(a);
    return done;
  }
  if (classB === CLASS_INFINITY) {
    result.copyValue(a);
    return done;
  }
  dividend.copyNormalized(a);
  divisor.copyNormalized(b);
  const distance = dividend.exponent - divisor.exponent;
  const significand = significandOf(dividend);
  const unit = significandOf(divisor);
  if (distance < -1) {
    roundExact(env, dividend.sign, dividend.exponent, significand, result);
    return done;
  }
  if (distance >= 64) {
    // Takes 32 to 63 off the difference of the exponents.
    const step = (distance & 31) | 32;
    const rest = (significand << BigInt(step)) % unit;
    roundExact(env, dividend.sign, divisor.exponent + distance - step, rest, result);
    return { isPartial: true, quotient: 0 };
  }
  // Both as multiples of the smaller exponent's unit.
  const numerator = distance < 0 ? significand : significand << BigInt(distance);
  const denominator = distance < 0 ? unit << 1n : unit;
  const exponent = distance < 0 ? dividend.exponent : divisor.exponent;
  let quotient = numerator / denominator;
  let rest = numerator % denominator;
  let { sign } = dividend;
  if (rounding === ROUND_NEAREST) {
    const twice = rest << 1n;
    if (twice > denominator || (twice === denominator && (quotient & 1n) !== 0n)) {
      quotient += 1n;
      rest = denominator - rest;
      sign ^= 1;
    }
  }
  if (rest === 0n) result.setZero(dividend.sign);
  else roundExact(env, sign, exponent, rest, result);
  return { isPartial: false, quotient: Number(quotient & 7n) };
}

/** Sets a result that fits the significand. */
function roundExact(
  env: FloatEnvironment,
  sign: number,
  exponent: number,
  significand: bigint,
  result: ExtendedFloat,
): void {
  if (significand === 0n) {
    result.setZero(sign);
    return;
  }
  const { precision } = env;
  env.precision = 64;
  const high = Number(significand >> 32n) | 0;
  normalizeAndRound(env, result, sign, exponent, high, Number(significand & 0xffff_ffffn) | 0, 0);
  env.precision = precision;
}
