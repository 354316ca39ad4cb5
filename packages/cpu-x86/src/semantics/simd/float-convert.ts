/** @source SDM Vol. 2, each instruction under its name */
import type { Opcode } from '@longmode/wasm-encoder';
import { MXCSR } from '../../state/layout.ts';
import type { Value, ValueType } from '../language.ts';
import type { Semantics, SemanticsFn } from '../stage.ts';
import {
  anyOf,
  DOUBLES,
  either,
  float,
  isBelow,
  isDenormal,
  isInexactFree,
  isSpecial,
  isUnordered,
  merged,
  not,
  SINGLES,
  type VectorFormat,
} from './float-format.ts';
import { immediateOf, operandOf, readLow, readVector } from './operands.ts';
import { constantLanes, shuffle, vector, ZEROS } from './vector.ts';

const scalar = (op: Opcode, type: ValueType, a: Value): Value => ({ kind: 'unary', type, op, a });

/** A signed integer of a general register or memory to the lowest lane. */
const fromGeneral =
  (format: VectorFormat): SemanticsFn =>
  (s) => {
    s.requireSse();
    const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
    const value = src.read();
    const type = format.width === 64 ? 'f64' : 'f32';
    // Up to this magnitude every integer is a number of the format.
    const exact = format.width === 64 ? 2n ** 53n : 2n ** 24n;
    if (value.type === 'i64' || format.width === 32) {
      const wide = s.let(s.signExtend64(value));
      const isLarge = s.gtU(s.add(wide, s.i64(exact)), s.i64(2n * exact));
      s.assistIf(s.and(isLarge, s.eqz(isInexactFree(s))), wide);
    }
    const converted = scalar(`${type}.convert_${value.type}_s` as Opcode, type, value);
    const op = format.width === 64 ? 'f64x2.replace_lane' : 'f32x4.replace_lane';
    dst.write({ kind: 'vector', type: 'v128', op, immediates: [0], inputs: [dst.read(), converted] });
  };
export const CVTSI2SS: SemanticsFn = fromGeneral(SINGLES);
export const CVTSI2SD: SemanticsFn = fromGeneral(DOUBLES);

/** MXCSR: the precision exception is masked and its flag set; and rounding is to nearest. */
const PRECISION_FREE = 0x1020;
const ROUNDING = 0x6000;

/** Whether an inexact conversion to an integer would change nothing in MXCSR. */
function isRoundingFree(s: Semantics, truncates: boolean): Value {
  const mask = PRECISION_FREE | (truncates ? 0 : ROUNDING);
  return s.eq(s.and(s.readField(MXCSR, 32), s.i32(mask)), s.i32(PRECISION_FREE));
}

/** The lowest lane to a general register. */
const toGeneral =
  (format: VectorFormat, truncates: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
    const type = format.width === 64 ? 'f64' : 'f32';
    const bits = readLow(s, src, format.width);
    const value = s.let(scalar(`${type}.reinterpret_${bits.type}` as Opcode, type, bits));
    const rounded = s.let(scalar(`${type}.${truncates ? 'trunc' : 'nearest'}` as Opcode, type, value));
    const limit = constantFloat(format, dst.width === 64 ? 63 : 31);
    const compare = (op: 'lt' | 'ne', a: Value, b: Value): Value => ({
      kind: 'binary',
      type: 'i32',
      op: `${type}.${op}`,
      a,
      b,
    });
    const isInRange = compare('lt', scalar(`${type}.abs` as Opcode, type, rounded), limit);
    const isInexact = compare('ne', rounded, value);
    const leaves = s.or(s.eqz(isInRange), s.and(isInexact, s.eqz(isRoundingFree(s, truncates))));
    s.assistIf(leaves, bits);
    const to = dst.width === 64 ? 'i64' : 'i32';
    dst.write(scalar(`${to}.trunc_${type}_s` as Opcode, to, rounded));
  };
/** 2^power as a scalar. */
function constantFloat(format: VectorFormat, power: number): Value {
  if (format.width === 64) {
    const bits = BigInt(power + 1023) << 52n;
    return scalar('f64.reinterpret_i64', 'f64', { kind: 'const', type: 'i64', value: bits });
  }
  return scalar('f32.reinterpret_i32', 'f32', { kind: 'const', type: 'i32', value: (power + 127) << 23 });
}
export const CVTSS2SI: SemanticsFn = toGeneral(SINGLES, false);
export const CVTSD2SI: SemanticsFn = toGeneral(DOUBLES, false);
export const CVTTSS2SI: SemanticsFn = toGeneral(SINGLES, true);
export const CVTTSD2SI: SemanticsFn = toGeneral(DOUBLES, true);

const promoted = (value: Value): Value => vector('f64x2.promote_low_f32x4', value);
const demoted = (value: Value): Value => vector('f32x4.demote_f64x2_zero', value);

/** Single to double precision: exact, but NaNs and denormals are exceptions. */
const widen =
  (isScalar: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const source = readVector(s, operandOf(s, 1));
    // Only the low two lanes count.
    const low = isScalar ? source : s.let(shuffle(32, [0, 1, 0, 1], source, source));
    const isExceptional = either(isUnordered(SINGLES, low, low), isDenormal(SINGLES, low));
    s.assistIf(anyOf(isExceptional, isScalar), source);
    const result = promoted(low);
    dst.write(isScalar ? merged(DOUBLES, result, dst.read()) : result);
  };
export const CVTPS2PD: SemanticsFn = widen(false);
export const CVTSS2SD: SemanticsFn = widen(true);

/** Twice the smallest normal number of single precision. */
const SMALL = constantLanes(64, BigInt(-125 + 1023) << 52n);
/** Double to single precision. */
const narrow =
  (isScalar: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const source = readVector(s, operandOf(s, 1));
    const result = s.let(demoted(source));
    const back = s.let(promoted(result));
    const isExceptional = either(isSpecial(DOUBLES, back), isBelow(DOUBLES, source, SMALL));
    const isInexact = float(DOUBLES, 'ne', back, source);
    const leaves = s.and(anyOf(isInexact, isScalar), s.eqz(isInexactFree(s)));
    s.assistIf(s.or(anyOf(isExceptional, isScalar), leaves), source);
    dst.write(isScalar ? merged(SINGLES, result, dst.read()) : result);
  };
export const CVTPD2PS: SemanticsFn = narrow(false);
export const CVTSD2SS: SemanticsFn = narrow(true);

/** Exact. */
export const CVTDQ2PD: SemanticsFn = (s) => {
  s.requireSse();
  operandOf(s, 0).write(vector('f64x2.convert_low_i32x4_s', readVector(s, operandOf(s, 1))));
};
export const CVTDQ2PS: SemanticsFn = (s) => {
  s.requireSse();
  const source = readVector(s, operandOf(s, 1));
  const isLarge = vector('i32x4.gt_u', vector('i32x4.abs', source), constantLanes(32, 1 << 24));
  s.assistIf(s.and(vector('v128.any_true', isLarge), s.eqz(isInexactFree(s))), source);
  operandOf(s, 0).write(vector('f32x4.convert_i32x4_s', source));
};

/** All lanes to doublewords; those of double precision give two of them, and zeros. */
const toDoublewords =
  (format: VectorFormat, truncates: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const source = readVector(s, operandOf(s, 1));
    const rounded = s.let(float(format, truncates ? 'trunc' : 'nearest', source));
    const limit =
      format.width === 64 ? constantLanes(64, BigInt(31 + 1023) << 52n) : constantLanes(32, (31 + 127) << 23);
    const isOut = not(float(format, 'lt', float(format, 'abs', rounded), limit));
    const isInexact = vector('v128.any_true', float(format, 'ne', rounded, source));
    const leaves = s.and(isInexact, s.eqz(isRoundingFree(s, truncates)));
    s.assistIf(s.or(vector('v128.any_true', isOut), leaves), source);
    const op = format.width === 64 ? 'i32x4.trunc_sat_f64x2_s_zero' : 'i32x4.trunc_sat_f32x4_s';
    operandOf(s, 0).write(vector(op, rounded));
  };
export const CVTPS2DQ: SemanticsFn = toDoublewords(SINGLES, false);
export const CVTPD2DQ: SemanticsFn = toDoublewords(DOUBLES, false);
export const CVTTPS2DQ: SemanticsFn = toDoublewords(SINGLES, true);
export const CVTTPD2DQ: SemanticsFn = toDoublewords(DOUBLES, true);

const ROUNDINGS = ['nearest', 'floor', 'ceil', 'trunc'] as const;
const IMMEDIATE_USES_MXCSR = 4;
const IMMEDIATE_INEXACT = 8;

/** Rounding to integral values, as the immediate says. */
const roundLanes =
  (format: VectorFormat, isScalar: boolean): SemanticsFn =>
  (s) => {
    s.requireSse();
    const dst = operandOf(s, 0);
    const source = readVector(s, operandOf(s, 1));
    const imm = s.let(immediateOf(s));
    const rounding = s.let(
      s.select(
        s.and(imm, s.i32(IMMEDIATE_USES_MXCSR)),
        s.and(s.shrU(s.readField(MXCSR, 32), s.i32(13)), s.i32(3)),
        s.and(imm, s.i32(3)),
      ),
    );
    const result = s.variable(ZEROS);
    ROUNDINGS.forEach((name, number) => {
      s.if(s.eq(rounding, s.i32(number)), () => s.assign(result, float(format, name, source)));
    });
    const isExceptional = either(isUnordered(format, source, source), isDenormal(format, source));
    const isInexact = anyOf(float(format, 'ne', result, source), isScalar);
    const raises = s.and(isInexact, s.eqz(s.and(imm, s.i32(IMMEDIATE_INEXACT))));
    const leaves = s.and(raises, s.eqz(isRoundingFree(s, true)));
    s.assistIf(s.or(anyOf(isExceptional, isScalar), leaves), source);
    dst.write(isScalar ? merged(format, result, dst.read()) : result);
  };
export const ROUNDPS: SemanticsFn = roundLanes(SINGLES, false);
export const ROUNDPD: SemanticsFn = roundLanes(DOUBLES, false);
export const ROUNDSS: SemanticsFn = roundLanes(SINGLES, true);
export const ROUNDSD: SemanticsFn = roundLanes(DOUBLES, true);
