import {
  add,
  type BinaryOperation,
  COMPARED_EQUAL,
  COMPARED_LESS,
  COMPARED_UNORDERED,
  compare,
  divide,
  maximum,
  minimum,
  multiply,
  squareRoot,
  subtract,
} from '../../../float/binary-arithmetic.ts';
import { convert, fromInteger, roundToIntegral, toInteger } from '../../../float/binary-convert.ts';
import { type BinaryFormat, DOUBLE, ROUND_ZERO, SINGLE } from '../../../float/binary-float.ts';
import { OUTCOME_NEXT } from '../../system/context.ts';
import {
  computeElements,
  environmentOf,
  immediateByte,
  raiseExceptions,
  registerNumber,
  sourceOf,
  type Twin,
  xmm,
} from './twin.ts';

/** Elements of a whole vector, or the one of a scalar. */
const countOf = ({ width }: BinaryFormat, isScalar: boolean): number => (isScalar ? 1 : 128 / width);

/** dst[i] = operation(dst[i], src[i]). */
const elementwise =
  (operation: BinaryOperation, format: BinaryFormat, isScalar = false): Twin =>
  (cpu, instruction) => {
    const { width } = format;
    const [a, b] = [xmm(cpu, registerNumber(instruction)), sourceOf(cpu)];
    return computeElements(cpu, instruction, width, countOf(format, isScalar), (env, i) =>
      operation(env, format, a.get(width, i), b.get(width, i)),
    );
  };

const squareRoots = (format: BinaryFormat, isScalar = false): Twin =>
  elementwise((env, _format, _a, b) => squareRoot(env, format, b), format, isScalar);

/** Differences in the even elements, sums in the odd ones. */
const alternating =
  (format: BinaryFormat): Twin =>
  (cpu, instruction) => {
    const { width } = format;
    const [a, b] = [xmm(cpu, registerNumber(instruction)), sourceOf(cpu)];
    return computeElements(cpu, instruction, width, countOf(format, false), (env, i) =>
      (i & 1 ? add : subtract)(env, format, a.get(width, i), b.get(width, i)),
    );
  };

/** Neighbours of the destination, then those of the source. */
const horizontal =
  (operation: BinaryOperation, format: BinaryFormat): Twin =>
  (cpu, instruction) => {
    const { width } = format;
    const count = countOf(format, false);
    const [a, b] = [xmm(cpu, registerNumber(instruction)), sourceOf(cpu)];
    return computeElements(cpu, instruction, width, count, (env, i) => {
      const from = i < count / 2 ? a : b;
      const first = (2 * i) % count;
      return operation(env, format, from.get(width, first), from.get(width, first + 1));
    });
  };

const SIGNALS_QUIET = [false, true, true, false];
/** Whether a predicate without its bit 2 holds. */
function holds(predicate: number, relation: number): boolean {
  switch (predicate) {
    case 0:
      return relation === COMPARED_EQUAL;
    case 1:
      return relation === COMPARED_LESS;
    case 2:
      return relation === COMPARED_LESS || relation === COMPARED_EQUAL;
    default:
      return relation === COMPARED_UNORDERED;
  }
}

/** All ones where the immediate's predicate holds. */
const comparison =
  (format: BinaryFormat, isScalar = false): Twin =>
  (cpu, instruction) => {
    const imm = immediateByte(instruction);
    const predicate = imm & 3;
    return elementwise(
      (env, _format, a, b) => {
        const relation = compare(env, format, a, b, SIGNALS_QUIET[predicate] as boolean);
        const isTrue = holds(predicate, relation) !== ((imm & 4) !== 0);
        return isTrue ? (format.signBit << 1n) - 1n : 0n;
      },
      format,
      isScalar,
    )(cpu, instruction);
  };

const ZF = 0x40;
const PF = 0x04;
const CF = 0x01;
const ARITHMETIC_FLAGS = 0x8d5;

/** ZF, PF and CF by the relation of the lowest elements. @param signalsQuiet as COMISS does, and UCOMISS does not */
const comparisonToFlags =
  (format: BinaryFormat, signalsQuiet: boolean): Twin =>
  (cpu, instruction) => {
    const env = environmentOf(cpu);
    const a = xmm(cpu, registerNumber(instruction)).get(format.width, 0);
    const relation = compare(env, format, a, sourceOf(cpu).get(format.width, 0), signalsQuiet);
    const outcome = raiseExceptions(cpu, instruction, env);
    if (outcome !== OUTCOME_NEXT) return outcome;
    const isUnordered = relation === COMPARED_UNORDERED;
    const ordered = relation === COMPARED_EQUAL ? ZF : relation === COMPARED_LESS ? CF : 0;
    const { state } = cpu;
    state.rflags = (state.rflags & ~ARITHMETIC_FLAGS) | (isUnordered ? ZF | PF | CF : ordered);
    return OUTCOME_NEXT;
  };

/** Elements in another format, from the low ones of the source; the upper half becomes zero where they get smaller. */
const conversion =
  (from: BinaryFormat, to: BinaryFormat, isScalar = false): Twin =>
  (cpu, instruction) => {
    const source = sourceOf(cpu);
    const count = isScalar ? 1 : 128 / to.width;
    return computeElements(cpu, instruction, to.width, count, (env, i) =>
      i < 2 ? convert(env, from, to, source.get(from.width, i)) : 0n,
    );
  };

/** A signed integer of 64 bits, or the doublewords of a vector, to elements of a format. */
const fromIntegers =
  (format: BinaryFormat, isScalar: boolean): Twin =>
  (cpu, instruction) => {
    const source = sourceOf(cpu);
    return computeElements(cpu, instruction, format.width, countOf(format, isScalar), (env, i) => {
      const value = isScalar ? BigInt.asIntN(64, source.get(64, 0)) : BigInt.asIntN(32, source.get(32, i));
      return fromInteger(env, format, value);
    });
  };

/** Elements to doublewords; zeros above those of double precision. */
const toIntegers =
  (format: BinaryFormat, truncates: boolean): Twin =>
  (cpu, instruction) => {
    const source = sourceOf(cpu);
    const count = 128 / format.width;
    return computeElements(cpu, instruction, 32, 4, (env, i) => {
      if (i >= count) return 0n;
      return toInteger(env, format, source.get(format.width, i), 32, truncates ? ROUND_ZERO : env.rounding);
    });
  };

/** The lowest element to a general register. */
const toGeneral =
  (format: BinaryFormat, truncates: boolean): Twin =>
  (cpu, instruction) => {
    const env = environmentOf(cpu);
    const dst = instruction.operands[0];
    const width = dst?.kind === 'register' && dst.width === 64 ? 64 : 32;
    const rounding = truncates ? ROUND_ZERO : env.rounding;
    const value = toInteger(env, format, sourceOf(cpu).get(format.width, 0), width, rounding);
    const outcome = raiseExceptions(cpu, instruction, env);
    if (outcome === OUTCOME_NEXT) cpu.state.writeGpr(registerNumber(instruction), width, value);
    return outcome;
  };

/** Elements rounded to integral values. */
const roundings =
  (format: BinaryFormat, isScalar = false): Twin =>
  (cpu, instruction) => {
    const imm = immediateByte(instruction);
    const source = sourceOf(cpu);
    return computeElements(cpu, instruction, format.width, countOf(format, isScalar), (env, i) => {
      const rounding = (imm & 4) !== 0 ? env.rounding : imm & 3;
      return roundToIntegral(env, format, source.get(format.width, i), rounding, (imm & 8) === 0);
    });
  };

/**
 * Products of the elements that bits 7 to 4 of the immediate choose, added to their neighbours until each element has the sum
 * of all, which stays where bits 3 to 0 say. Every step is an operation of its own: where it raises an exception that is not
 * masked, no other follows.
 */
const dotProduct =
  (format: BinaryFormat): Twin =>
  (cpu, instruction) => {
    const { width } = format;
    const count = countOf(format, false);
    const imm = immediateByte(instruction);
    const dst = xmm(cpu, registerNumber(instruction));
    const source = sourceOf(cpu);
    let elements: readonly bigint[] = [];
    for (let step = 0; 1 << step <= count; step++) {
      const env = environmentOf(cpu);
      const before = elements;
      elements = Array.from({ length: count }, (_, i) => {
        const [own, other] = [before[i] as bigint, before[i ^ step] as bigint];
        // Which of two NaNs comes first shows in the result.
        if (step === 1 && width === 32) return add(env, format, other, own);
        if (step > 0) return add(env, format, own, other);
        return (imm >> (4 + i)) & 1 ? multiply(env, format, dst.get(width, i), source.get(width, i)) : 0n;
      });
      const outcome = raiseExceptions(cpu, instruction, env);
      if (outcome !== OUTCOME_NEXT) return outcome;
    }
    elements.forEach((value, i) => {
      dst.set(width, i, (imm >> i) & 1 ? value : 0n);
    });
    return OUTCOME_NEXT;
  };

/** The twins of floating-point instructions, by their keys. */
export const FLOAT_TWINS: Readonly<Record<string, Twin>> = {
  ADDPS: elementwise(add, SINGLE),
  ADDPD: elementwise(add, DOUBLE),
  ADDSS: elementwise(add, SINGLE, true),
  ADDSD: elementwise(add, DOUBLE, true),
  SUBPS: elementwise(subtract, SINGLE),
  SUBPD: elementwise(subtract, DOUBLE),
  SUBSS: elementwise(subtract, SINGLE, true),
  SUBSD: elementwise(subtract, DOUBLE, true),
  MULPS: elementwise(multiply, SINGLE),
  MULPD: elementwise(multiply, DOUBLE),
  MULSS: elementwise(multiply, SINGLE, true),
  MULSD: elementwise(multiply, DOUBLE, true),
  DIVPS: elementwise(divide, SINGLE),
  DIVPD: elementwise(divide, DOUBLE),
  DIVSS: elementwise(divide, SINGLE, true),
  DIVSD: elementwise(divide, DOUBLE, true),
  MINPS: elementwise(minimum, SINGLE),
  MINPD: elementwise(minimum, DOUBLE),
  MINSS: elementwise(minimum, SINGLE, true),
  MINSD: elementwise(minimum, DOUBLE, true),
  MAXPS: elementwise(maximum, SINGLE),
  MAXPD: elementwise(maximum, DOUBLE),
  MAXSS: elementwise(maximum, SINGLE, true),
  MAXSD: elementwise(maximum, DOUBLE, true),
  SQRTPS: squareRoots(SINGLE),
  SQRTPD: squareRoots(DOUBLE),
  SQRTSS: squareRoots(SINGLE, true),
  SQRTSD: squareRoots(DOUBLE, true),
  ADDSUBPS: alternating(SINGLE),
  ADDSUBPD: alternating(DOUBLE),
  HADDPS: horizontal(add, SINGLE),
  HADDPD: horizontal(add, DOUBLE),
  HSUBPS: horizontal(subtract, SINGLE),
  HSUBPD: horizontal(subtract, DOUBLE),
  DPPS: dotProduct(SINGLE),
  DPPD: dotProduct(DOUBLE),
  CMPPS: comparison(SINGLE),
  CMPPD: comparison(DOUBLE),
  CMPSS: comparison(SINGLE, true),
  CMPSD: comparison(DOUBLE, true),
  COMISS: comparisonToFlags(SINGLE, true),
  COMISD: comparisonToFlags(DOUBLE, true),
  UCOMISS: comparisonToFlags(SINGLE, false),
  UCOMISD: comparisonToFlags(DOUBLE, false),
  CVTSI2SS: fromIntegers(SINGLE, true),
  CVTSI2SD: fromIntegers(DOUBLE, true),
  CVTSS2SI: toGeneral(SINGLE, false),
  CVTSD2SI: toGeneral(DOUBLE, false),
  CVTTSS2SI: toGeneral(SINGLE, true),
  CVTTSD2SI: toGeneral(DOUBLE, true),
  CVTPS2PD: conversion(SINGLE, DOUBLE),
  CVTSS2SD: conversion(SINGLE, DOUBLE, true),
  CVTPD2PS: conversion(DOUBLE, SINGLE),
  CVTSD2SS: conversion(DOUBLE, SINGLE, true),
  CVTDQ2PS: fromIntegers(SINGLE, false),
  CVTPS2DQ: toIntegers(SINGLE, false),
  CVTPD2DQ: toIntegers(DOUBLE, false),
  CVTTPS2DQ: toIntegers(SINGLE, true),
  CVTTPD2DQ: toIntegers(DOUBLE, true),
  ROUNDPS: roundings(SINGLE),
  ROUNDPD: roundings(DOUBLE),
  ROUNDSS: roundings(SINGLE, true),
  ROUNDSD: roundings(DOUBLE, true),
};
