import { FLAG_DENORMAL, type FloatEnvironment, ROUND_DOWN } from './environment.ts';
import { CLASS_DENORMAL, CLASS_INFINITY, CLASS_ZERO, classOf, type ExtendedFloat } from './extended-float.ts';
import { setInvalid, setNanResult } from './nan.ts';
import { normalizeAndRound, roundTo, shiftRightSticky } from './rounding.ts';

/** Addition. @source SDM Vol. 2A "FADD/FADDP/FIADD" (table of results) */
export function add(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat): void {
  addWithSign(env, a, b, b.sign, result);
}

/** Subtraction: a − b. @source SDM Vol. 2A "FSUB/FSUBP/FISUB" (table of results) */
export function subtract(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat): void {
  addWithSign(env, a, b, b.sign ^ 1, result);
}

function addWithSign(
  env: FloatEnvironment,
  a: ExtendedFloat,
  b: ExtendedFloat,
  signB: number,
  result: ExtendedFloat,
): void {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return;
  }
  if (classA === CLASS_INFINITY && classB === CLASS_INFINITY && a.sign !== signB) {
    setInvalid(env, result);
    return;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (classA === CLASS_INFINITY || classB === CLASS_INFINITY) {
    result.setInfinity(classA === CLASS_INFINITY ? a.sign : signB);
    return;
  }
  if (classA === CLASS_ZERO && classB === CLASS_ZERO) {
    result.setZero(a.sign === signB ? a.sign : zeroSign(env));
    return;
  }
  if (a.sign === signB) addMagnitudes(env, a, b, a.sign, result);
  else subtractMagnitudes(env, a, signB, b, result);
}

/** The sign of a difference of equals. */
const zeroSign = (env: FloatEnvironment): number => (env.rounding === ROUND_DOWN ? 1 : 0);

function addMagnitudes(
  env: FloatEnvironment,
  a: ExtendedFloat,
  b: ExtendedFloat,
  sign: number,
  result: ExtendedFloat,
): void {
  const exponentA = a.exponent || 1;
  const exponentB = b.exponent || 1;
  const isLargerA = exponentA >= exponentB;
  const large = isLargerA ? a : b;
  const small = isLargerA ? b : a;
  const exponent = isLargerA ? exponentA : exponentB;
  const other = shiftRightSticky(small.high, small.low, 0, Math.abs(exponentA - exponentB));
  const low = (large.low + other.low) | 0;
  const carry = low >>> 0 < large.low >>> 0 ? 1 : 0;
  const highSum = (large.high >>> 0) + (other.high >>> 0) + carry;
  const high = highSum | 0;
  if (highSum < 0x1_0000_0000) {
    if (high < 0) roundTo(env, result, sign, exponent, high, low, other.extra);
    else normalizeAndRound(env, result, sign, exponent, high, low, other.extra);
    return;
  }
  const extra = (other.extra >>> 1) | (other.extra & 1) | (low << 31);
  roundTo(env, result, sign, exponent + 1, (high >>> 1) | 0x8000_0000, (low >>> 1) | (high << 31), extra);
}

function subtractMagnitudes(
  env: FloatEnvironment,
  a: ExtendedFloat,
  signB: number,
  b: ExtendedFloat,
  result: ExtendedFloat,
): void {
  const exponentA = a.exponent || 1;
  const exponentB = b.exponent || 1;
  let isLargerA = exponentA > exponentB;
  if (exponentA === exponentB) {
    if (a.high === b.high && a.low === b.low) {
      result.setZero(zeroSign(env));
      return;
    }
    isLargerA = a.high === b.high ? a.low >>> 0 > b.low >>> 0 : a.high >>> 0 > b.high >>> 0;
  }
  const large = isLargerA ? a : b;
  const small = isLargerA ? b : a;
  const other = shiftRightSticky(small.high, small.low, 0, Math.abs(exponentA - exponentB));
  const extra = -other.extra | 0;
  let borrow = other.extra !== 0 ? 1 : 0;
  const low = (large.low - other.low - borrow) | 0;
  borrow = (large.low >>> 0) - (other.low >>> 0) - borrow < 0 ? 1 : 0;
  const high = (large.high - other.high - borrow) | 0;
  const sign = isLargerA ? a.sign : signB;
  normalizeAndRound(env, result, sign, isLargerA ? exponentA : exponentB, high, low, extra);
}
