/**
 * Arithmetic on the top of the stack, with a register or memory.
 *
 * @source SDM Vol. 2A, each instruction under its name
 */
import { add, subtract } from '../../float/extended/add.ts';
import {
  FLAG_DENORMAL,
  FLAG_INVALID,
  FLAG_ZERO_DIVIDE,
  type FloatEnvironment,
  ROUND_NEAREST,
  ROUND_ZERO,
} from '../../float/extended/environment.ts';
import { CLASS_INFINITY, classOf, type ExtendedFloat } from '../../float/extended/extended-float.ts';
import { roundToIntegral } from '../../float/extended/integer.ts';
import { divide, multiply } from '../../float/extended/multiply.ts';
import { remainder } from '../../float/extended/remainder.ts';
import { extract, scale } from '../../float/extended/scale.ts';
import { squareRoot } from '../../float/extended/square-root.ts';
import type { SystemOperation } from '../system/context.ts';
import { READ_DENORMAL, READ_FAULT, readInteger, readReal } from './memory-operand.ts';
import { numeric, stackRegister, unary } from './operation.ts';
import { STATUS_C0, STATUS_C1, STATUS_C2, STATUS_C3, type X87Unit } from './x87-unit.ts';

/** An operation on two values. */
type Operation = (env: FloatEnvironment, a: ExtendedFloat, b: ExtendedFloat, result: ExtendedFloat) => void;

/** Computes the destination with `fpu.b`, which may have been a denormal in memory, into ST(`destination`). */
function computeInto(
  fpu: X87Unit,
  operation: Operation,
  isReversed: boolean,
  destination: number,
  isDenormal: boolean,
) {
  const { environment, a, b, result } = fpu;
  fpu.read(destination, a);
  if (isReversed) operation(environment, b, a, result);
  else operation(environment, a, b, result);
  if (isDenormal && (environment.flags & (FLAG_INVALID | FLAG_ZERO_DIVIDE)) === 0 && classOf(a) <= CLASS_INFINITY) {
    environment.flags |= FLAG_DENORMAL;
  }
  return fpu.finish();
}

/** With a register or a floating-point operand in memory: destination first. */
function arithmetic(operation: Operation, options: { isReversed?: boolean; pops?: boolean } = {}): SystemOperation {
  const { isReversed = false, pops = false } = options;
  return numeric((fpu, cpu, instruction) => {
    const isInMemory = instruction.operands[0]?.kind === 'memory';
    const kind = isInMemory ? readReal(cpu, instruction, fpu.b) : 0;
    if (kind === READ_FAULT) return false;
    fpu.begin();
    const destination = isInMemory ? 0 : stackRegister(instruction, 0);
    const source = isInMemory ? 0 : stackRegister(instruction, 1);
    let isDone: boolean;
    if (fpu.isEmpty(destination) || fpu.isEmpty(source)) {
      isDone = fpu.underflowStack();
      fpu.result.setIndefinite();
    } else {
      if (!isInMemory) fpu.read(source, fpu.b);
      isDone = computeInto(fpu, operation, isReversed, destination, kind === READ_DENORMAL);
    }
    if (isDone) {
      fpu.write(destination, fpu.result);
      if (pops) fpu.pop();
    }
    return true;
  });
}

/** With an integer in memory. */
function integerArithmetic(operation: Operation, isReversed = false): SystemOperation {
  return numeric((fpu, cpu, instruction) => {
    if (!readInteger(cpu, instruction, fpu.b)) return false;
    fpu.begin();
    let isDone: boolean;
    if (fpu.isEmpty(0)) {
      isDone = fpu.underflowStack();
      fpu.result.setIndefinite();
    } else isDone = computeInto(fpu, operation, isReversed, 0, false);
    if (isDone) fpu.write(0, fpu.result);
    return true;
  });
}

const REVERSED = { isReversed: true };
const POP = { pops: true };
const REVERSED_POP = { isReversed: true, pops: true };

export const FADD: SystemOperation = arithmetic(add);
export const FADDP: SystemOperation = arithmetic(add, POP);
export const FIADD: SystemOperation = integerArithmetic(add);
export const FSUB: SystemOperation = arithmetic(subtract);
export const FSUBP: SystemOperation = arithmetic(subtract, POP);
export const FISUB: SystemOperation = integerArithmetic(subtract);
export const FSUBR: SystemOperation = arithmetic(subtract, REVERSED);
export const FSUBRP: SystemOperation = arithmetic(subtract, REVERSED_POP);
export const FISUBR: SystemOperation = integerArithmetic(subtract, true);
export const FMUL: SystemOperation = arithmetic(multiply);
export const FMULP: SystemOperation = arithmetic(multiply, POP);
export const FIMUL: SystemOperation = integerArithmetic(multiply);
export const FDIV: SystemOperation = arithmetic(divide);
export const FDIVP: SystemOperation = arithmetic(divide, POP);
export const FIDIV: SystemOperation = integerArithmetic(divide);
export const FDIVR: SystemOperation = arithmetic(divide, REVERSED);
export const FDIVRP: SystemOperation = arithmetic(divide, REVERSED_POP);
export const FIDIVR: SystemOperation = integerArithmetic(divide, true);

export const FSQRT: SystemOperation = unary(squareRoot);
export const FRNDINT: SystemOperation = unary(roundToIntegral);
/** Without exceptions, whatever the operand is. */
export const FCHS: SystemOperation = unary((_, a, result) => {
  result.copy(a);
  result.sign = a.sign ^ 1;
});
export const FABS: SystemOperation = unary((_, a, result) => {
  result.copy(a);
  result.sign = 0;
});

/** ST(0) × 2^ST(1), and the remainders: ST(1) stays. */
function withNext(compute: (fpu: X87Unit) => void): SystemOperation {
  return numeric((fpu) => {
    fpu.begin();
    let isDone: boolean;
    if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
      isDone = fpu.underflowStack();
      fpu.result.setIndefinite();
    } else {
      fpu.read(0, fpu.a);
      fpu.read(1, fpu.b);
      compute(fpu);
      isDone = fpu.finish();
    }
    if (isDone) fpu.write(0, fpu.result);
    return true;
  });
}

export const FSCALE: SystemOperation = withNext((fpu) => scale(fpu.environment, fpu.a, fpu.b, fpu.result));

function reduce(rounding: typeof ROUND_ZERO | typeof ROUND_NEAREST): SystemOperation {
  return numeric((fpu) => {
    const environment = fpu.begin();
    if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
      const isDone = fpu.underflowStack();
      fpu.setConditions(STATUS_C2, 0);
      fpu.result.setIndefinite();
      if (isDone) fpu.write(0, fpu.result);
      return true;
    }
    fpu.read(0, fpu.a);
    fpu.read(1, fpu.b);
    const reduction = remainder(environment, fpu.a, fpu.b, rounding, fpu.result);
    const isDone = fpu.finish();
    fpu.setConditions(STATUS_C2, 0);
    if (isDone) fpu.write(0, fpu.result);
    if (!isDone || reduction === undefined) return true;
    const { isPartial, quotient } = reduction;
    // The quotient's bits 0, 1 and 2.
    const bits = ((quotient & 1) !== 0 ? STATUS_C1 : 0) | ((quotient & 2) !== 0 ? STATUS_C3 : 0);
    const conditions = bits | ((quotient & 4) !== 0 ? STATUS_C0 : 0) | (isPartial ? STATUS_C2 : 0);
    fpu.setConditions(STATUS_C0 | STATUS_C1 | STATUS_C2 | STATUS_C3, conditions);
    return true;
  });
}
export const FPREM: SystemOperation = reduce(ROUND_ZERO);
export const FPREM1: SystemOperation = reduce(ROUND_NEAREST);

/** The exponent replaces ST(0), and the significand is pushed. */
export const FXTRACT: SystemOperation = numeric((fpu) => {
  const environment = fpu.begin();
  const { a, b, result } = fpu;
  if (fpu.isEmpty(0)) {
    if (!fpu.underflowStack()) return true;
    b.setIndefinite();
    result.setIndefinite();
  } else if (!fpu.isEmpty(-1)) {
    if (!fpu.overflowStack()) return true;
    b.setIndefinite();
    result.setIndefinite();
  } else {
    fpu.read(0, a);
    extract(environment, a, b, result);
    if (!fpu.finish()) return true;
  }
  fpu.write(0, b);
  fpu.top -= 1;
  fpu.write(0, result);
  return true;
});
