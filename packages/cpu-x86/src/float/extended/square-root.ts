import { FLAG_DENORMAL, type FloatEnvironment } from './environment.ts';
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_ZERO,
  classOf,
  EXPONENT_BIAS,
  ExtendedFloat,
  significandOf,
} from './extended-float.ts';
import { setInvalid, setNanOf } from './nan.ts';
import { roundTo } from './rounding.ts';

const operand = new ExtendedFloat();

/** Square root. @source SDM Vol. 2A "FSQRT" (table of results) */
export function squareRoot(env: FloatEnvironment, a: ExtendedFloat, result: ExtendedFloat): void {
  const kind = classOf(a);
  if (kind > CLASS_INFINITY) {
    setNanOf(env, a, kind, result);
    return;
  }
  if (kind === CLASS_ZERO) {
    result.copy(a);
    return;
  }
  if (a.sign !== 0) {
    setInvalid(env, result);
    return;
  }
  if (kind === CLASS_INFINITY) {
    result.copy(a);
    return;
  }
  if (kind === CLASS_DENORMAL) env.flags |= FLAG_DENORMAL;
  operand.copyNormalized(a);
  const power = operand.exponent - EXPONENT_BIAS;
  const isOdd = (power & 1) !== 0;
  // 64 bits of the root, one to round by, and whether there is more: the root of a number of 130 or 131 bits.
  const radicand = significandOf(operand) << (isOdd ? 68n : 67n);
  const root = integerRoot(radicand);
  const rest = root * root === radicand ? 0 : 1;
  const high = Number(root >> 34n);
  const low = Number((root >> 2n) & 0xffff_ffffn);
  const extra = (Number(root & 3n) << 30) | rest;
  roundTo(env, result, 0, ((power - (isOdd ? 1 : 0)) >> 1) + EXPONENT_BIAS, high | 0, low | 0, extra);
}

/** The integer part of the square root of a number below 2^132. */
function integerRoot(n: bigint): bigint {
  // A double is right to 50 bits, so one step of Newton's method gives twice as many, and the rest is a matter of one.
  let root = BigInt(Math.floor(Math.sqrt(Number(n))));
  root = (root + n / root) >> 1n;
  while (root * root > n) root -= 1n;
  while ((root + 1n) * (root + 1n) <= n) root += 1n;
  return root;
}
