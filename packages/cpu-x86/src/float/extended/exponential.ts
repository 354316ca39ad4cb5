import {
  FLAG_DENORMAL,
  FLAG_PRECISION,
  FLAG_UNDERFLOW,
  FLAG_ZERO_DIVIDE,
  type FloatEnvironment,
} from './environment.ts';
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_ZERO,
  classOf,
  EXPONENT_BIAS,
  ExtendedFloat,
  significandOf,
} from './extended-float.ts';
import {
  bitLength,
  divideFixed,
  FRACTION_BITS,
  inverseTangentSeries,
  ln2,
  multiplyFixed,
  ONE,
  roundBig,
  roundFixed,
  TINY_EXPONENT,
  toFixed,
} from './fixed-point.ts';
import { setInvalid, setNanOf, setNanResult } from './nan.ts';

const operand = new ExtendedFloat();
const factor = new ExtendedFloat();

/** 2^a − 1, for a from −1 to 1. @source SDM Vol. 2A "F2XM1" (table of results) */
export function exponentialMinusOne(env: FloatEnvironment, a: ExtendedFloat, result: ExtendedFloat): void {
  const kind = classOf(a);
  if (kind > CLASS_INFINITY) {
    setNanOf(env, a, kind, result);
    return;
  }
  if (kind === CLASS_ZERO) {
    result.copy(a);
    return;
  }
  if (kind === CLASS_INFINITY) {
    if (a.sign === 0) result.setInfinity(0);
    else result.set(1, EXPONENT_BIAS, 0x8000_0000 | 0, 0);
    return;
  }
  operand.copyNormalized(a);
  if (kind === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (operand.exponent < TINY_EXPONENT) {
    const product = significandOf(operand) * ln2();
    roundBig(env, operand.sign, product, operand.exponent - EXPONENT_BIAS - 63 - FRACTION_BITS, true, result);
    return;
  }
  if (operand.exponent >= EXPONENT_BIAS) {
    // One in size gives an exact result; what is larger has none that is defined, and stays as it is. PE is set for all.
    env.flags |= FLAG_PRECISION;
    const isOne = operand.exponent === EXPONENT_BIAS && significandOf(operand) === 1n << 63n;
    if (!isOne) result.copy(a);
    else result.set(a.sign, a.sign === 0 ? EXPONENT_BIAS : EXPONENT_BIAS - 1, 0x8000_0000 | 0, 0);
    return;
  }
  roundFixed(env, expm1(multiplyFixed(toFixed(operand), ln2())), result);
}

/** e^y − 1 for small y: by the series at y / 2^8, and (1 + t)² − 1 = t (t + 2). */
function expm1(y: bigint): bigint {
  const small = y >> 8n;
  let term = small;
  let sum = small;
  for (let n = 2n; term !== 0n && term !== -1n; n += 1n) {
    term = multiplyFixed(term, small) / n;
    sum += term;
  }
  for (let i = 0; i < 8; i++) sum = multiplyFixed(sum, sum + 2n * ONE);
  return sum;
}

/** b × log2 a. @source SDM Vol. 2A "FYL2X" (table of results) */
export function timesLogarithm(env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat): void {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return;
  }
  const isZeroA = classA === CLASS_ZERO;
  const isOne = classA !== CLASS_INFINITY && a.exponent === EXPONENT_BIAS && significandOf(a) === 1n << 63n;
  if (
    (a.sign !== 0 && !isZeroA) ||
    (isOne && classB === CLASS_INFINITY) ||
    ((isZeroA || classA === CLASS_INFINITY) && classB === CLASS_ZERO)
  ) {
    setInvalid(env, result);
    return;
  }
  if (isZeroA) {
    if (classB !== CLASS_INFINITY) env.flags |= FLAG_ZERO_DIVIDE;
    result.setInfinity(b.sign ^ 1);
    return;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  const signOfLogarithm = a.exponent < EXPONENT_BIAS ? 1 : 0;
  if (classA === CLASS_INFINITY || classB === CLASS_INFINITY) {
    result.setInfinity(b.sign ^ signOfLogarithm);
    return;
  }
  if (isOne || classB === CLASS_ZERO) {
    result.setZero(b.sign ^ signOfLogarithm);
    return;
  }
  operand.copyNormalized(a);
  const mantissa = significandOf(operand) << BigInt(FRACTION_BITS - 63);
  const logarithm = logarithmOf(mantissa, operand.exponent - EXPONENT_BIAS);
  multiplyBy(env, b, logarithm, -FRACTION_BITS, mantissa !== ONE, result);
  // Exact results count as inexact too, and so tiny ones as underflow.
  env.flags |= result.exponent === 0 ? FLAG_PRECISION | FLAG_UNDERFLOW : FLAG_PRECISION;
}

/** log2 of a fixed-point number from 1 to 2, times 2^power. */
function logarithmOf(mantissa: bigint, power: number): bigint {
  // Near the middle of an octave the series takes as long from either side.
  const isUpper = mantissa > (ONE * 1414n) / 1000n;
  const m = isUpper ? mantissa >> 1n : mantissa;
  const z = divideFixed(m - ONE, m + ONE);
  return BigInt(isUpper ? power + 1 : power) * ONE + divideFixed(2n * inverseTangentSeries(z, true), ln2());
}

/** Rounds b × n × 2^scale. */
function multiplyBy(
  env: FloatEnvironment,
  b: ExtendedFloat,
  n: bigint,
  scale: number,
  isInexact: boolean,
  result: ExtendedFloat,
): void {
  factor.copyNormalized(b);
  const product = significandOf(factor) * (n < 0n ? -n : n);
  const sign = factor.sign ^ (n < 0n ? 1 : 0);
  roundBig(env, sign, product, scale + factor.exponent - EXPONENT_BIAS - 63, isInexact, result);
}

/** b × log2 (a + 1), for a from −(1 − √½) to √2 − 1. @source SDM Vol. 2A "FYL2XP1" (table of results) */
export function timesLogarithmPlusOne(
  env: FloatEnvironment,
  a: ExtendedFloat,
  b: ExtendedFloat,
  result: ExtendedFloat,
): void {
  const classA = classOf(a);
  const classB = classOf(b);
  if (classA > CLASS_INFINITY || classB > CLASS_INFINITY) {
    setNanResult(env, a, classA, b, classB, result);
    return;
  }
  const sign = a.sign ^ b.sign;
  if (classA === CLASS_INFINITY ? a.sign !== 0 || classB === CLASS_ZERO : isInvalidProduct(classA, classB)) {
    setInvalid(env, result);
    return;
  }
  if (classA === CLASS_DENORMAL || classB === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (classA === CLASS_INFINITY || classB === CLASS_INFINITY) {
    result.setInfinity(sign);
    return;
  }
  if (classA === CLASS_ZERO || classB === CLASS_ZERO) {
    result.setZero(sign);
    return;
  }
  operand.copyNormalized(a);
  if (operand.exponent < TINY_EXPONENT) {
    const n = divideFixed(significandOf(operand) << BigInt(FRACTION_BITS - 63), ln2());
    const scale = operand.exponent - EXPONENT_BIAS - FRACTION_BITS;
    multiplyBy(env, b, operand.sign === 0 ? n : -n, scale, true, result);
    return;
  }
  const x = toFixed(operand);
  if (x <= -ONE) {
    env.flags |= FLAG_PRECISION;
    result.copy(a);
    return;
  }
  multiplyBy(env, b, logarithmOfOnePlus(x), -FRACTION_BITS, true, result);
}

function logarithmOfOnePlus(x: bigint): bigint {
  // Within the range that is defined the series keeps all bits of a small number.
  if (x < ONE / 2n && x > -ONE / 3n) {
    return divideFixed(2n * inverseTangentSeries(divideFixed(x, x + 2n * ONE), true), ln2());
  }
  const power = bitLength(x + ONE) - 1 - FRACTION_BITS;
  return logarithmOf(power >= 0 ? (x + ONE) >> BigInt(power) : (x + ONE) << BigInt(-power), power);
}

const isInvalidProduct = (classA: number, classB: number): boolean =>
  classA === CLASS_ZERO && classB === CLASS_INFINITY;
