/**
 * Arithmetic of single and double precision. WebAssembly rounds to nearest and tells nothing of exceptions, so its result
 * stands only where none could be raised that is not raised already: ordinary operands, an ordinary result, and either the
 * precision flag set or the result shown to be exact. All else is left to TypeScript.
 *
 * @source SDM Vol. 1 "SSE, SSE2, and SSE3 Exceptions"; SDM Vol. 2, each instruction under its name
 */
import type { Value } from '../language.ts';
import type { Semantics, SemanticsFn } from '../stage.ts';
import {
  anyOf,
  both,
  DOUBLES,
  either,
  float,
  isComparisonExceptional,
  isDenormal,
  isLong,
  isSpecial,
  MXCSR_PRECISION_FLAG,
  merged,
  readMode,
  SINGLES,
  type VectorFormat,
} from './float-format.ts';
import { operandOf, readVector } from './operands.ts';
import { constantLanes, shuffle, vector, ZEROS } from './vector.ts';

/** An operation on lanes, with what must not be left to WebAssembly. */
interface Operation {
  compute(format: VectorFormat, a: Value, b: Value): Value;
  /** Lanes with an exception other than inexactness; `result` is that of `compute`. */
  isExceptional(format: VectorFormat, a: Value, b: Value, result: Value): Value;
  /** Lanes that may be inexact. */
  isInexact(s: Semantics, format: VectorFormat, a: Value, b: Value, result: Value): Value;
}

const isSumExceptional: Operation['isExceptional'] = (format, a, b, result) =>
  either(isSpecial(format, result), isDenormal(format, a), isDenormal(format, b));
/** The error of a sum is itself a number of the format, found without rounding. */
const isSumInexact =
  (sign: 'add' | 'sub'): Operation['isInexact'] =>
  (s, format, a, b, result) => {
    const rest = s.let(float(format, 'sub', result, a));
    const errorA = float(format, 'sub', a, float(format, 'sub', result, rest));
    const errorB = sign === 'add' ? float(format, 'sub', b, rest) : float(format, 'add', b, rest);
    return either(float(format, 'ne', errorA, ZEROS), float(format, 'ne', errorB, ZEROS));
  };
const ADD: Operation = {
  compute: (format, a, b) => float(format, 'add', a, b),
  isExceptional: isSumExceptional,
  isInexact: isSumInexact('add'),
};
const SUBTRACT: Operation = {
  compute: (format, a, b) => float(format, 'sub', a, b),
  isExceptional: isSumExceptional,
  isInexact: isSumInexact('sub'),
};

/** A magnitude of the smallest normal number may have been rounded up to it, which is an underflow. */
const isTiny = (format: VectorFormat, result: Value): Value =>
  float(format, 'le', float(format, 'abs', result), format.smallest);
const MULTIPLY: Operation = {
  compute: (format, a, b) => float(format, 'mul', a, b),
  isExceptional: (format, a, b, result) => {
    const isProduct = both(float(format, 'ne', a, ZEROS), float(format, 'ne', b, ZEROS));
    return either(
      isSpecial(format, result),
      isDenormal(format, a),
      isDenormal(format, b),
      both(isTiny(format, result), isProduct),
    );
  },
  isInexact: (_s, format, a, b) => either(isLong(format, a), isLong(format, b)),
};
const DIVIDE: Operation = {
  compute: (format, a, b) => float(format, 'div', a, b),
  isExceptional: (format, a, b, result) =>
    either(
      isSpecial(format, result),
      isDenormal(format, a),
      isDenormal(format, b),
      both(isTiny(format, result), float(format, 'ne', a, ZEROS)),
    ),
  isInexact: (_s, format, a, b, result) =>
    either(isLong(format, result), isLong(format, b), float(format, 'ne', float(format, 'mul', result, b), a)),
};
const SQUARE_ROOT: Operation = {
  compute: (format, _a, b) => float(format, 'sqrt', b),
  isExceptional: (format, _a, b, result) => either(isSpecial(format, result), isDenormal(format, b)),
  isInexact: (_s, format, _a, b, result) =>
    either(isLong(format, result), float(format, 'ne', float(format, 'mul', result, result), b)),
};

/** Computes lanes, or leaves the instruction to TypeScript. @param source what that needs of the source operand */
function compute(
  s: Semantics,
  operation: Operation,
  format: VectorFormat,
  isScalar: boolean,
  a: Value,
  b: Value,
  source: Value,
): Value {
  const result = s.let(operation.compute(format, a, b));
  const { mxcsr, isOther } = readMode(s);
  s.assistIf(s.or(isOther, anyOf(operation.isExceptional(format, a, b, result), isScalar)), source);
  s.if(s.eqz(s.and(mxcsr, s.i32(MXCSR_PRECISION_FLAG))), () =>
    s.assistIf(anyOf(operation.isInexact(s, format, a, b, result), isScalar), source),
  );
  return result;
}

const arithmetic =
  (operation: Operation, format: VectorFormat, isScalar: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = dst.read();
    const result = compute(s, operation, format, isScalar, a, b, b);
    dst.write(isScalar ? merged(format, result, a) : result);
  };

export const ADDPS: SemanticsFn = arithmetic(ADD, SINGLES, false);
export const ADDPD: SemanticsFn = arithmetic(ADD, DOUBLES, false);
export const ADDSS: SemanticsFn = arithmetic(ADD, SINGLES, true);
export const ADDSD: SemanticsFn = arithmetic(ADD, DOUBLES, true);
export const SUBPS: SemanticsFn = arithmetic(SUBTRACT, SINGLES, false);
export const SUBPD: SemanticsFn = arithmetic(SUBTRACT, DOUBLES, false);
export const SUBSS: SemanticsFn = arithmetic(SUBTRACT, SINGLES, true);
export const SUBSD: SemanticsFn = arithmetic(SUBTRACT, DOUBLES, true);
export const MULPS: SemanticsFn = arithmetic(MULTIPLY, SINGLES, false);
export const MULPD: SemanticsFn = arithmetic(MULTIPLY, DOUBLES, false);
export const MULSS: SemanticsFn = arithmetic(MULTIPLY, SINGLES, true);
export const MULSD: SemanticsFn = arithmetic(MULTIPLY, DOUBLES, true);
export const DIVPS: SemanticsFn = arithmetic(DIVIDE, SINGLES, false);
export const DIVPD: SemanticsFn = arithmetic(DIVIDE, DOUBLES, false);
export const DIVSS: SemanticsFn = arithmetic(DIVIDE, SINGLES, true);
export const DIVSD: SemanticsFn = arithmetic(DIVIDE, DOUBLES, true);
export const SQRTPS: SemanticsFn = arithmetic(SQUARE_ROOT, SINGLES, false);
export const SQRTPD: SemanticsFn = arithmetic(SQUARE_ROOT, DOUBLES, false);
export const SQRTSS: SemanticsFn = arithmetic(SQUARE_ROOT, SINGLES, true);
export const SQRTSD: SemanticsFn = arithmetic(SQUARE_ROOT, DOUBLES, true);

/** Differences in the even lanes, sums in the odd ones: sums throughout, with signs changed. */
const alternating = (format: VectorFormat): SemanticsFn => {
  const evenSigns =
    format.width === 64 ? shuffle(64, [0, 2], signs(64), ZEROS) : shuffle(32, [0, 4, 2, 6], signs(32), ZEROS);
  return (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const changed = s.let(vector('v128.xor', b, evenSigns));
    dst.write(compute(s, ADD, format, false, dst.read(), changed, b));
  };
};
const signs = (width: 32 | 64): Value => constantLanes(width, 1n << BigInt(width - 1));
export const ADDSUBPS: SemanticsFn = alternating(SINGLES);
export const ADDSUBPD: SemanticsFn = alternating(DOUBLES);

/** Neighbours of the destination in the low half, of the source in the high one. */
const horizontal =
  (operation: Operation, format: VectorFormat): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = dst.read();
    const lanes = format.width === 64 ? [0, 2] : [0, 2, 4, 6];
    const even = s.let(shuffle(format.width, lanes, a, b));
    const odd = s.let(
      shuffle(
        format.width,
        lanes.map((i) => i + 1),
        a,
        b,
      ),
    );
    dst.write(compute(s, operation, format, false, even, odd, b));
  };
export const HADDPS: SemanticsFn = horizontal(ADD, SINGLES);
export const HADDPD: SemanticsFn = horizontal(ADD, DOUBLES);
export const HSUBPS: SemanticsFn = horizontal(SUBTRACT, SINGLES);
export const HSUBPD: SemanticsFn = horizontal(SUBTRACT, DOUBLES);

const extreme =
  (order: 'lt' | 'gt', format: VectorFormat, isScalar: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = dst.read();
    s.assistIf(anyOf(isComparisonExceptional(format, a, b), isScalar), b);
    const result = vector('v128.bitselect', a, b, float(format, order, a, b));
    dst.write(isScalar ? merged(format, result, a) : result);
  };
export const MINPS: SemanticsFn = extreme('lt', SINGLES, false);
export const MINPD: SemanticsFn = extreme('lt', DOUBLES, false);
export const MINSS: SemanticsFn = extreme('lt', SINGLES, true);
export const MINSD: SemanticsFn = extreme('lt', DOUBLES, true);
export const MAXPS: SemanticsFn = extreme('gt', SINGLES, false);
export const MAXPD: SemanticsFn = extreme('gt', DOUBLES, false);
export const MAXSS: SemanticsFn = extreme('gt', SINGLES, true);
export const MAXSD: SemanticsFn = extreme('gt', DOUBLES, true);
