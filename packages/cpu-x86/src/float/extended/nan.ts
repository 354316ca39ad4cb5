import { FLAG_INVALID, type FloatEnvironment } from './environment.ts';
import {
  CLASS_INFINITY,
  CLASS_QNAN,
  CLASS_SNAN,
  CLASS_UNSUPPORTED,
  type ExtendedFloat,
  QUIET_BIT,
} from './extended-float.ts';

/**
 * The result of an operation that a NaN, or an encoding that stands for nothing, takes part in.
 *
 * @param classA,classB `CLASS_*` of the operands, at least one of them above `CLASS_INFINITY`
 * @source SDM Vol. 1 "Rules for handling NaNs" (table), "Invalid Operation Exception (#I)"
 */
export function setNanResult(
  env: FloatEnvironment,
  a: ExtendedFloat,
  classA: number,
  b: ExtendedFloat,
  classB: number,
  result: ExtendedFloat,
): void {
  if (classA === CLASS_UNSUPPORTED || classB === CLASS_UNSUPPORTED) {
    setInvalid(env, result);
    return;
  }
  if (classA === CLASS_SNAN || classB === CLASS_SNAN) env.flags |= FLAG_INVALID;
  result.copy(chooseNan(a, classA, b, classB));
  result.high |= QUIET_BIT;
}

/** A QNaN goes before an SNaN, then the larger significand, then the positive one. */
function chooseNan(a: ExtendedFloat, classA: number, b: ExtendedFloat, classB: number): ExtendedFloat {
  if (classB <= CLASS_INFINITY) return a;
  if (classA <= CLASS_INFINITY) return b;
  if (classA !== classB) return classA === CLASS_QNAN ? a : b;
  if (a.high !== b.high) return a.high >>> 0 > b.high >>> 0 ? a : b;
  if (a.low !== b.low) return a.low >>> 0 > b.low >>> 0 ? a : b;
  return a.sign === 0 ? a : b;
}

/** As {@link setNanResult}, for one operand. */
export function setNanOf(env: FloatEnvironment, a: ExtendedFloat, classA: number, result: ExtendedFloat): void {
  setNanResult(env, a, classA, a, classA, result);
}

/** The masked response to an invalid operation. */
export function setInvalid(env: FloatEnvironment, result: ExtendedFloat): void {
  env.flags |= FLAG_INVALID;
  result.setIndefinite();
}
