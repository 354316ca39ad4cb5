import { FLAG_DENORMAL, FLAG_ZERO_DIVIDE, type FloatEnvironment } from './environment.ts';
import { CLASS_DENORMAL, CLASS_INFINITY, CLASS_ZERO, classOf, EXPONENT_BIAS, ExtendedFloat } from './extended-float.ts';
import { fromInteger } from './integer.ts';
import { setInvalid, setNanOf, setNanResult } from './nan.ts';
import { roundTo } from './rounding.ts';

const operand = new ExtendedFloat();
/** Adding more than this to an exponent always leaves the range, even with the adjustment of unmasked exceptions. */
const SCALE_LIMIT = 0x1_0000;

/** a × 2^b, b rounded to zero. @source SDM Vol. 2A "FSCALE" (table of results) */
export function scale(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat): void {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return;
  }
  if (classB === CLASS_INFINITY && classA === (b.sign === 0 ? CLASS_ZERO : CLASS_INFINITY)) {
    setInvalid(env, result);
    return;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (classA === CLASS_ZERO || classA === CLASS_INFINITY || classB === CLASS_ZERO) {
    result.copyValue(a);
    return;
  }
  if (classB === CLASS_INFINITY) {
    if (b.sign === 0) result.setInfinity(a.sign);
    else result.setZero(a.sign);
    return;
  }
  operand.copyNormalized(a);
  const { precision } = env;
  env.precision = 64;
  roundTo(env, result, operand.sign, operand.exponent + wholePart(b), operand.high, operand.low, 0);
  env.precision = precision;
}

/** A number rounded to zero, as far as it matters to an exponent. */
function wholePart(b: ExtendedFloat): number {
  const bits = b.exponent - EXPONENT_BIAS;
  if (bits < 0) return 0;
  const magnitude = bits > 16 ? SCALE_LIMIT : b.high >>> (31 - bits);
  return b.sign === 0 ? magnitude : -magnitude;
}

/**
 * Takes a value apart: its exponent as a number, and its significand with the exponent of numbers from 1 to 2.
 *
 * @source SDM Vol. 2A "FXTRACT"
 */
export function extract(
  env: FloatEnvironment,
  a: ExtendedFloat,
  exponent: ExtendedFloat,
  significand: ExtendedFloat,
): void {
  const kind = classOf(a);
  if (kind > CLASS_INFINITY) {
    setNanOf(env, a, kind, significand);
    exponent.copy(significand);
    return;
  }
  if (kind === CLASS_INFINITY) {
    significand.copy(a);
    exponent.setInfinity(0);
    return;
  }
  if (kind === CLASS_ZERO) {
    env.flags |= FLAG_ZERO_DIVIDE;
    significand.copy(a);
    exponent.setInfinity(1);
    return;
  }
  if (kind === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  operand.copyNormalized(a);
  const unbiased = operand.exponent - EXPONENT_BIAS;
  fromInteger(unbiased >> 31, unbiased, exponent);
  significand.set(operand.sign, EXPONENT_BIAS, operand.high, operand.low);
}
