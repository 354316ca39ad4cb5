/**
 * Comparisons, FXAM, and moves that depend on the flags.
 *
 * @source SDM Vol. 2A, each instruction under its name
 */
import type { Instruction } from '../../decode/instruction.ts';
import {
  COMPARED_EQUAL,
  COMPARED_LESS,
  COMPARED_UNORDERED,
  compare,
  EXAMINED_EMPTY,
  examine,
} from '../../float/extended/compare.ts';
import { FLAG_DENORMAL } from '../../float/extended/environment.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { FLAG_CF, FLAG_PF, FLAG_ZF, FLAGS_ARITHMETIC } from '../../state/rflags.ts';
import type { SystemCpu, SystemOperation } from '../system/context.ts';
import { READ_DENORMAL, READ_FAULT, readInteger, readReal } from './memory-operand.ts';
import { numeric, stackRegister } from './operation.ts';
import { STATUS_C0, STATUS_C1, STATUS_C2, STATUS_C3, type X87Unit } from './x87-unit.ts';

/** How an instruction compares. */
interface Comparison {
  /** QNaNs are merely unordered. */
  readonly allowsQuietNans?: boolean;
  readonly pops?: 1 | 2;
  /** The result goes to EFLAGS. */
  readonly setsFlags?: boolean;
}

/** Reads what ST(0) is compared with into `fpu.b`. @returns `READ_*` */
type Source = (fpu: X87Unit, cpu: SystemCpu, instruction: Instruction) => number;

const fromRegisterOrReal: Source = (fpu, cpu, instruction) =>
  instruction.operands[0]?.kind === 'memory' ? readReal(cpu, instruction, fpu.b) : 0;
const fromInteger: Source = (fpu, cpu, instruction) => (readInteger(cpu, instruction, fpu.b) ? 0 : READ_FAULT);
const fromZero: Source = ({ b }) => {
  b.setZero(0);
  return 0;
};

/** Register that ST(0) is compared with, or -1 for what `fpu.b` holds. FCOMPP and FUCOMPP name none: it is ST(1). */
function comparedRegister(instruction: Instruction, hasOther: boolean): number {
  if (hasOther || instruction.operands[0]?.kind === 'memory') return -1;
  return instruction.operands.length === 0 ? 1 : stackRegister(instruction, 1);
}

function comparison(source: Source, how: Comparison = {}): SystemOperation {
  const { allowsQuietNans = false, pops = 0, setsFlags = false } = how;
  return numeric((fpu, cpu, instruction) => {
    const kind = source(fpu, cpu, instruction);
    if (kind === READ_FAULT) return false;
    const environment = fpu.begin();
    const c1 = fpu.status & STATUS_C1;
    const register = comparedRegister(instruction, source === fromZero);
    let relation = COMPARED_UNORDERED;
    let isDone: boolean;
    if (fpu.isEmpty(0) || (register >= 0 && fpu.isEmpty(register))) isDone = fpu.underflowStack();
    else {
      fpu.read(0, fpu.a);
      if (register >= 0) fpu.read(register, fpu.b);
      relation = compare(environment, fpu.a, fpu.b, allowsQuietNans);
      if (kind === READ_DENORMAL && relation !== COMPARED_UNORDERED) environment.flags |= FLAG_DENORMAL;
      isDone = fpu.finish();
      if (setsFlags) fpu.setConditions(STATUS_C1, c1);
    }
    // Even where the exception is not masked; but then nothing is popped.
    if (setsFlags) setFlags(cpu.state, relation);
    else fpu.setComparison(relation);
    if (isDone) for (let i = 0; i < pops; i++) fpu.pop();
    return true;
  });
}

function setFlags(state: CpuState, relation: number): void {
  let flags = 0;
  if (relation === COMPARED_LESS || relation === COMPARED_UNORDERED) flags |= FLAG_CF;
  if (relation === COMPARED_EQUAL || relation === COMPARED_UNORDERED) flags |= FLAG_ZF;
  if (relation === COMPARED_UNORDERED) flags |= FLAG_PF;
  state.rflags = (state.rflags & ~FLAGS_ARITHMETIC) | flags;
}

export const FCOM: SystemOperation = comparison(fromRegisterOrReal);
export const FCOMP: SystemOperation = comparison(fromRegisterOrReal, { pops: 1 });
export const FCOMPP: SystemOperation = comparison(fromRegisterOrReal, { pops: 2 });
export const FUCOM: SystemOperation = comparison(fromRegisterOrReal, { allowsQuietNans: true });
export const FUCOMP: SystemOperation = comparison(fromRegisterOrReal, { allowsQuietNans: true, pops: 1 });
export const FUCOMPP: SystemOperation = comparison(fromRegisterOrReal, { allowsQuietNans: true, pops: 2 });
export const FICOM: SystemOperation = comparison(fromInteger);
export const FICOMP: SystemOperation = comparison(fromInteger, { pops: 1 });
export const FTST: SystemOperation = comparison(fromZero);
export const FCOMI: SystemOperation = comparison(fromRegisterOrReal, { setsFlags: true });
export const FCOMIP: SystemOperation = comparison(fromRegisterOrReal, { setsFlags: true, pops: 1 });
export const FUCOMI: SystemOperation = comparison(fromRegisterOrReal, { setsFlags: true, allowsQuietNans: true });
export const FUCOMIP: SystemOperation = comparison(fromRegisterOrReal, {
  setsFlags: true,
  allowsQuietNans: true,
  pops: 1,
});

/** The class in C3, C2 and C0, and the sign in C1, of an empty register too. */
export const FXAM: SystemOperation = numeric((fpu) => {
  fpu.read(0, fpu.a);
  const kind = fpu.isEmpty(0) ? EXAMINED_EMPTY : examine(fpu.a);
  const conditions =
    ((kind & 4) !== 0 ? STATUS_C3 : 0) | ((kind & 2) !== 0 ? STATUS_C2 : 0) | ((kind & 1) !== 0 ? STATUS_C0 : 0);
  const sign = fpu.a.sign !== 0 ? STATUS_C1 : 0;
  fpu.setConditions(STATUS_C3 | STATUS_C2 | STATUS_C1 | STATUS_C0, conditions | sign);
  return true;
});

/** FCMOVcc. */
function conditionalMove(mask: number, wanted: boolean): SystemOperation {
  return numeric((fpu, cpu, instruction) => {
    fpu.begin();
    const source = stackRegister(instruction, 1);
    const holds = ((cpu.state.rflags & mask) !== 0) === wanted;
    if (fpu.isEmpty(0) || fpu.isEmpty(source)) {
      if (!fpu.underflowStack()) return true;
      fpu.a.setIndefinite();
      fpu.write(0, fpu.a);
      return true;
    }
    if (!holds) return true;
    fpu.read(source, fpu.a);
    fpu.write(0, fpu.a);
    return true;
  });
}

export const FCMOVB: SystemOperation = conditionalMove(FLAG_CF, true);
export const FCMOVE: SystemOperation = conditionalMove(FLAG_ZF, true);
export const FCMOVBE: SystemOperation = conditionalMove(FLAG_CF | FLAG_ZF, true);
export const FCMOVU: SystemOperation = conditionalMove(FLAG_PF, true);
export const FCMOVNB: SystemOperation = conditionalMove(FLAG_CF, false);
export const FCMOVNE: SystemOperation = conditionalMove(FLAG_ZF, false);
export const FCMOVNBE: SystemOperation = conditionalMove(FLAG_CF | FLAG_ZF, false);
export const FCMOVNU: SystemOperation = conditionalMove(FLAG_PF, false);
