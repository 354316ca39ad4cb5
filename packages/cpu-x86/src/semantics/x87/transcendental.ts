/**
 * Transcendental instructions: correctly rounded, but for the π of 66 bits by which processors reduce arguments. Results
 * of processors are within one unit in the last place of these; the README says how often they are others.
 *
 * @source SDM Vol. 1 "Transcendental Instruction Accuracy"; SDM Vol. 2A, each instruction under its name
 */
import type { FloatEnvironment } from '../../float/extended/environment.ts';
import { exponentialMinusOne, timesLogarithm, timesLogarithmPlusOne } from '../../float/extended/exponential.ts';
import { CLASS_INFINITY, classOf, EXPONENT_BIAS, type ExtendedFloat } from '../../float/extended/extended-float.ts';
import { arctangent, type TrigonometricFunction, trigonometric } from '../../float/extended/trigonometric.ts';
import type { SystemOperation } from '../system/context.ts';
import { numeric, unary } from './operation.ts';
import { STATUS_C2, type X87Unit } from './x87-unit.ts';

export const F2XM1: SystemOperation = unary(exponentialMinusOne);

/** Of ST(0) and ST(1), into ST(1); then pops. */
function ofTwo(
  operation: (env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat) => void,
): SystemOperation {
  return numeric((fpu) => {
    const environment = fpu.begin();
    let isDone: boolean;
    if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
      isDone = fpu.underflowStack();
      fpu.result.setIndefinite();
    } else {
      fpu.read(0, fpu.a);
      fpu.read(1, fpu.b);
      operation(environment, fpu.a, fpu.b, fpu.result);
      isDone = fpu.finish();
    }
    if (isDone) {
      fpu.write(1, fpu.result);
      fpu.pop();
    }
    return true;
  });
}
export const FYL2X: SystemOperation = ofTwo(timesLogarithm);
export const FYL2XP1: SystemOperation = ofTwo(timesLogarithmPlusOne);
export const FPATAN: SystemOperation = ofTwo(arctangent);

/** Replaces ST(0); C2 says that the argument is too large, and stays. */
function ofAngle(name: TrigonometricFunction): SystemOperation {
  return numeric((fpu) => {
    const environment = fpu.begin();
    if (fpu.isEmpty(0)) {
      const isDone = fpu.underflowStack();
      fpu.setConditions(STATUS_C2, 0);
      fpu.result.setIndefinite();
      if (isDone) fpu.write(0, fpu.result);
      return true;
    }
    fpu.read(0, fpu.a);
    const hasResult = trigonometric(environment, name, fpu.a, fpu.result);
    const isDone = fpu.finish();
    fpu.setConditions(STATUS_C2, hasResult ? 0 : STATUS_C2);
    if (isDone && hasResult) fpu.write(0, fpu.result);
    return true;
  });
}
export const FSIN: SystemOperation = ofAngle('sine');
export const FCOS: SystemOperation = ofAngle('cosine');

/** Replaces ST(0) by one result and pushes another. */
function ofAnglePushing(name: TrigonometricFunction, push: (fpu: X87Unit) => void): SystemOperation {
  return numeric((fpu) => {
    const environment = fpu.begin();
    const { a, b, result } = fpu;
    const isEmpty = fpu.isEmpty(0);
    if (isEmpty || !fpu.isEmpty(-1)) {
      const isDone = isEmpty ? fpu.underflowStack() : fpu.overflowStack();
      fpu.setConditions(STATUS_C2, 0);
      if (!isDone) return true;
      result.setIndefinite();
      b.setIndefinite();
    } else {
      fpu.read(0, a);
      const hasResult = trigonometric(environment, name, a, result);
      if (hasResult) push(fpu);
      const isDone = fpu.finish();
      fpu.setConditions(STATUS_C2, hasResult ? 0 : STATUS_C2);
      if (!isDone || !hasResult) return true;
    }
    fpu.write(0, result);
    fpu.top -= 1;
    fpu.write(0, b);
    return true;
  });
}
/** Pushes 1 (or the NaN again), as the 8087 did with a result of its own. */
export const FPTAN: SystemOperation = ofAnglePushing('tangent', (fpu) => {
  if (classOf(fpu.result) > CLASS_INFINITY) fpu.b.copy(fpu.result);
  else fpu.b.set(0, EXPONENT_BIAS, 0x8000_0000 | 0, 0);
});
export const FSINCOS: SystemOperation = ofAnglePushing('sine', (fpu) => {
  trigonometric(fpu.environment, 'cosine', fpu.a, fpu.b);
});
