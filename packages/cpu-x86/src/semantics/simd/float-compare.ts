/** @source SDM Vol. 2, "CMPPS", "COMISS", "UCOMISS" and their relatives */
import type { Value } from '../language.ts';
import type { SemanticsFn } from '../stage.ts';
import {
  anyOf,
  both,
  DOUBLES,
  either,
  float,
  isComparisonExceptional,
  merged,
  SINGLES,
  type VectorFormat,
} from './float-format.ts';
import { immediateOf, operandOf, readVector } from './operands.ts';
import { lane, splat, vector } from './vector.ts';

/** Masks by the predicate: equal, less, less or equal, unordered, and in bit 2 the opposite. NaNs are left to TypeScript. */
const comparison =
  (format: VectorFormat, isScalar: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = dst.read();
    const imm = immediateOf(s);
    s.assistIf(anyOf(isComparisonExceptional(format, a, b), isScalar), b);
    const when = (condition: Value): Value => splat(32, s.neg(condition));
    const predicate = s.let(s.and(imm, s.i32(3)));
    const isEqual = both(float(format, 'eq', a, b), when(s.eqz(s.and(predicate, s.i32(1)))));
    const isLess = both(float(format, 'lt', a, b), when(s.ltU(s.sub(predicate, s.i32(1)), s.i32(2))));
    const opposite = when(s.and(s.shrU(imm, s.i32(2)), s.i32(1)));
    const result = vector('v128.xor', either(isEqual, isLess), opposite);
    dst.write(isScalar ? merged(format, result, a) : result);
  };
export const CMPPS: SemanticsFn = comparison(SINGLES, false);
export const CMPPD: SemanticsFn = comparison(DOUBLES, false);
export const CMPSS: SemanticsFn = comparison(SINGLES, true);
export const CMPSD: SemanticsFn = comparison(DOUBLES, true);

/** ZF for equal, CF for less, neither for greater; the other flags are cleared. */
const compareToFlags =
  (format: VectorFormat): SemanticsFn =>
  (s) => {
    s.requireSse();
    const b = readVector(s, operandOf(s, 1));
    const a = operandOf(s, 0).read();
    s.assistIf(anyOf(isComparisonExceptional(format, a, b), true), b);
    const isEqual = lane('i32x4.extract_lane', 0, float(format, 'eq', a, b));
    const isLess = lane('i32x4.extract_lane', 0, float(format, 'lt', a, b));
    s.setExplicitFlags(s.let(s.or(s.and(isEqual, s.i32(0x40)), s.and(isLess, s.i32(1)))));
  };
export const COMISS: SemanticsFn = compareToFlags(SINGLES);
export const COMISD: SemanticsFn = compareToFlags(DOUBLES);
export const UCOMISS: SemanticsFn = compareToFlags(SINGLES);
export const UCOMISD: SemanticsFn = compareToFlags(DOUBLES);
