import { FLAG_DENORMAL, type FloatEnvironment, ROUND_ZERO } from './environment.ts';
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
  divideFixed,
  FRACTION_BITS,
  inverseTangentSeries,
  multiplyFixed,
  ONE,
  pi,
  roundBig,
  roundFixed,
  TINY_EXPONENT,
  toFixed,
} from './fixed-point.ts';
import { setInvalid, setNanOf, setNanResult } from './nan.ts';

/** Arguments of this size and above are left alone. */
const ARGUMENT_EXPONENT_MAX = EXPONENT_BIAS + 63;
/** Half of π as processors have it for reducing arguments: 66 bits. @source SDM Vol. 1 "Pi" */
const HALF_PI_66 = 0xc90f_daa2_2168_c234_cn << BigInt(FRACTION_BITS - 67);

const operand = new ExtendedFloat();

/** What trigonometric functions make of an argument. */
export type TrigonometricFunction = 'sine' | 'cosine' | 'tangent';

/**
 * A trigonometric function.
 *
 * @returns false for arguments from 2^63 on, which have no result
 * @source SDM Vol. 2A "FSIN", "FCOS", "FPTAN" (tables of results)
 */
export function trigonometric(
  env: FloatEnvironment,
  name: TrigonometricFunction,
  a: ExtendedFloat,
  result: ExtendedFloat,
): boolean {
  const kind = classOf(a);
  if (kind > CLASS_INFINITY) {
    setNanOf(env, a, kind, result);
    return true;
  }
  if (kind === CLASS_INFINITY) {
    setInvalid(env, result);
    return true;
  }
  if (kind === CLASS_ZERO) {
    if (name === 'cosine') result.set(0, EXPONENT_BIAS, 0x8000_0000 | 0, 0);
    else result.copy(a);
    return true;
  }
  if (a.exponent >= ARGUMENT_EXPONENT_MAX) return false;
  operand.copyNormalized(a);
  if (kind === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  if (operand.exponent < TINY_EXPONENT) {
    ofTiny(env, name, result);
    return true;
  }
  const x = toFixed(operand);
  const { quadrant, rest } = reduce(x);
  const [sine, cosine] = [sineOf(rest), cosineOf(rest)];
  const turned: readonly [sine: bigint, cosine: bigint] =
    quadrant === 0
      ? [sine, cosine]
      : quadrant === 1
        ? [cosine, -sine]
        : quadrant === 2
          ? [-sine, -cosine]
          : [-cosine, sine];
  if (name === 'tangent') roundFixed(env, divideFixed(turned[0], turned[1]), result);
  else roundFixed(env, name === 'sine' ? turned[0] : turned[1], result);
  return true;
}

/**
 * Of a tiny x: x, one and x are the nearest. Processors give those for sine and cosine whichever way they are to round, as
 * if more had been cut off.
 */
function ofTiny(env: FloatEnvironment, name: TrigonometricFunction, result: ExtendedFloat): void {
  const { rounding } = env;
  if (name !== 'tangent') env.rounding = ROUND_ZERO;
  if (name === 'cosine') roundBig(env, 0, ONE, -FRACTION_BITS, true, result);
  else {
    const scale = operand.exponent - EXPONENT_BIAS - 63;
    roundBig(env, operand.sign, significandOf(operand), scale, true, result);
  }
  env.rounding = rounding;
}

/** Takes multiples of half of π off, if the argument is beyond an eighth of a turn. */
function reduce(x: bigint): { quadrant: number; rest: bigint } {
  const magnitude = x < 0n ? -x : x;
  if (2n * magnitude < HALF_PI_66) return { quadrant: 0, rest: x };
  const count = (magnitude + (HALF_PI_66 >> 1n)) / HALF_PI_66;
  const rest = magnitude - count * HALF_PI_66;
  const quadrant = Number(count & 3n);
  return x < 0n ? { quadrant: -quadrant & 3, rest: -rest } : { quadrant, rest };
}

function sineOf(x: bigint): bigint {
  const square = multiplyFixed(x, x);
  let term = x;
  let sum = x;
  for (let n = 2n; term !== 0n && term !== -1n; n += 2n) {
    term = -multiplyFixed(term, square) / (n * (n + 1n));
    sum += term;
  }
  return sum;
}

function cosineOf(x: bigint): bigint {
  const square = multiplyFixed(x, x);
  let term = ONE;
  let sum = ONE;
  for (let n = 1n; term !== 0n && term !== -1n; n += 2n) {
    term = -multiplyFixed(term, square) / (n * (n + 1n));
    sum += term;
  }
  return sum;
}

const ordinate = new ExtendedFloat();
const abscissa = new ExtendedFloat();

/** The angle of the point (x, y). @source SDM Vol. 2A "FPATAN" (table of results) */
export function arctangent(env: FloatEnvironment, x: ExtendedFloat, y: ExtendedFloat, result: ExtendedFloat): void {
  const classX = classOf(x);
  const classY = classOf(y);
  if (classX > CLASS_INFINITY || classY > CLASS_INFINITY) {
    setNanResult(env, x, classX, y, classY, result);
    return;
  }
  if (classX === CLASS_DENORMAL || classY === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  const { sign } = y;
  const signed = (angle: bigint): void => roundFixed(env, sign === 0 ? angle : -angle, result);
  if (classY === CLASS_INFINITY) {
    const eighths = classX === CLASS_INFINITY ? (x.sign === 0 ? 1n : 3n) : 2n;
    signed((pi() * eighths) / 4n);
    return;
  }
  if (classY === CLASS_ZERO || classX === CLASS_INFINITY) {
    if (x.sign === 0) result.setZero(sign);
    else signed(pi());
    return;
  }
  if (classX === CLASS_ZERO) {
    signed(pi() / 2n);
    return;
  }
  ordinate.copyNormalized(y);
  abscissa.copyNormalized(x);
  const distance = ordinate.exponent - abscissa.exponent;
  if (distance < -100) {
    if (x.sign !== 0) signed(pi() - 1n);
    else smallAngle(env, sign, distance, result);
    return;
  }
  if (distance > 100) {
    signed(pi() / 2n + (x.sign === 0 ? -1n : 1n));
    return;
  }
  const n = significandOf(ordinate) << BigInt(100 + distance);
  const d = significandOf(abscissa) << 100n;
  let angle = n <= d ? arctangentOf(divideFixed(n, d)) : pi() / 2n - arctangentOf(divideFixed(d, n));
  if (x.sign !== 0) angle = pi() - angle;
  signed(angle);
}

/** The quotient, a little less. */
function smallAngle(env: FloatEnvironment, sign: number, distance: number, result: ExtendedFloat): void {
  const n = significandOf(ordinate) << 200n;
  const d = significandOf(abscissa);
  const quotient = n / d;
  const isExact = quotient * d === n;
  roundBig(env, sign, isExact ? quotient - 1n : quotient, distance - 200, true, result);
}

/** Of a number from 0 to 1: by the angle of the next eighth below, and a series for the rest. */
function arctangentOf(q: bigint): bigint {
  const eighth = Number((q * 8n) / ONE);
  if (eighth === 0) return inverseTangentSeries(q, false);
  const c = (BigInt(eighth) * ONE) / 8n;
  return eighthAngle(eighth) + inverseTangentSeries(divideFixed(q - c, ONE + multiplyFixed(q, c)), false);
}

const eighthAngles: bigint[] = [0n];
/** arctan i/8 = arctan (i−1)/8 + arctan 8/(64 + i (i−1)). */
function eighthAngle(i: number): bigint {
  let angle = eighthAngles[i];
  if (angle === undefined) {
    angle = eighthAngle(i - 1) + inverseTangentSeries((8n * ONE) / BigInt(64 + i * (i - 1)), false);
    eighthAngles[i] = angle;
  }
  return angle;
}
