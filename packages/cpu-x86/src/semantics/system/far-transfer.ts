/** What far jumps, calls and returns have in common: the target, and gates to it. */
import { CS, type Instruction } from '../../decode/instruction.ts';
import { VECTOR_GP, VECTOR_NP } from '../../state/exceptions.ts';
import { OUTCOME_BRANCH, type Outcome, type SystemCpu } from './context.ts';
import {
  type Descriptor,
  describeDescriptor,
  describeSelector,
  dplOf,
  isCode,
  isConforming,
  isDefault32,
  isLong,
  isPresent,
  isSystem,
  readUpperHalf,
  TYPE_CALL_GATE_16,
  TYPE_CALL_GATE_32,
  TYPE_TASK_GATE,
  TYPE_TSS_16,
  TYPE_TSS_16_BUSY,
  TYPE_TSS_32,
  TYPE_TSS_32_BUSY,
  typeOf,
} from './descriptor.ts';
import { hex, refuse, selectorError } from './fault.ts';
import { operandAt, readBeyond, readOperand } from './operand.ts';
import { isLongMode, segmentOf } from './processor-mode.ts';
import { checkCodeSegment, loadCodeSegment, readCodeDescriptor, targetRip } from './segment-load.ts';

/** A selector and an offset. */
export interface FarPointer {
  readonly selector: number;
  readonly offset: bigint;
}

/** The pointer of `JMP ptr16:32`, `CALL m16:64` and their kind; undefined after a fault. */
export function readFarPointer(cpu: SystemCpu, instruction: Instruction): FarPointer | undefined {
  const operand = operandAt(instruction, 0);
  const width = instruction.operandSize;
  if (operand.kind === 'far-pointer') {
    return { selector: operand.selector, offset: BigInt.asUintN(width, BigInt(operand.offset >>> 0)) };
  }
  if (operand.kind !== 'memory') return undefined;
  const offset = readOperand(cpu, instruction, operand, width);
  if (offset === undefined) return undefined;
  const selector = readBeyond(cpu, instruction, operand, width / 8, 16);
  return selector === undefined ? undefined : { selector: Number(selector), offset };
}

/** What a far JMP or CALL in protected mode leads to. */
export type TargetKind = 'code' | 'call-gate' | 'task-gate' | 'tss';

/** Classifies the descriptor of a far JMP or CALL; undefined after #GP with its selector. */
export function targetKind(cpu: SystemCpu, d: Descriptor): TargetKind | undefined {
  if (isCode(d)) return 'code';
  const type = typeOf(d);
  const inLongMode = isLongMode(cpu.state);
  if (isSystem(d)) {
    if (type === TYPE_CALL_GATE_32 || (type === TYPE_CALL_GATE_16 && !inLongMode)) return 'call-gate';
    if (!inLongMode && type === TYPE_TASK_GATE) return 'task-gate';
    const isTss =
      type === TYPE_TSS_16 || type === TYPE_TSS_32 || type === TYPE_TSS_16_BUSY || type === TYPE_TSS_32_BUSY;
    if (!inLongMode && isTss) return 'tss';
  }
  const name = describeSelector(d.selector);
  return refuse(cpu, VECTOR_GP, selectorError(d.selector), `${name} is ${describeDescriptor(d)}, no target for a jump`);
}

/**
 * Privilege and presence of a code segment that is reached without a gate.
 *
 * @source SDM Vol. 3A "Direct Calls or Jumps to Code Segments"
 */
export function checkDirectTarget(cpu: SystemCpu, d: Descriptor): boolean {
  const cpl = cpu.state.cpl;
  const rpl = d.selector & 3;
  const allowed = isConforming(d) ? dplOf(d) <= cpl : rpl <= cpl && dplOf(d) === cpl;
  if (allowed) return checkCodeSegment(cpu, d);
  const code = selectorError(d.selector);
  const what = `${describeSelector(d.selector)} is ${describeDescriptor(d)} with DPL ${dplOf(d)}`;
  refuse(cpu, VECTOR_GP, code, `${what}, not reachable from CPL ${cpl} with RPL ${rpl}`);
  return false;
}

/** A call gate, checked, with the code segment that it leads to. */
export interface CallGate {
  readonly target: Descriptor;
  readonly offset: bigint;
  /** Size of what a call pushes, in bits. */
  readonly width: 16 | 32 | 64;
  /** Parameters to copy to the new stack, in units of the width. */
  readonly parameterCount: number;
}

/**
 * Checks a call gate and its target, but for the instruction pointer.
 *
 * @param isJump a JMP cannot change CPL
 * @returns undefined after #GP or #NP with the selector of the gate or of the code segment
 * @source SDM Vol. 3A "Accessing a Code Segment Through a Call Gate", "IA-32e Mode Call Gates"
 */
export function openCallGate(cpu: SystemCpu, gate: Descriptor, isJump: boolean): CallGate | undefined {
  const cpl = cpu.state.cpl;
  const gateError = selectorError(gate.selector);
  const name = (): string => `the call gate of ${describeSelector(gate.selector)}`;
  const rpl = gate.selector & 3;
  if (dplOf(gate) < cpl || dplOf(gate) < rpl) {
    return refuse(cpu, VECTOR_GP, gateError, `${name()} has DPL ${dplOf(gate)}, below CPL ${cpl} or RPL ${rpl}`);
  }
  if (!isPresent(gate)) return refuse(cpu, VECTOR_NP, gateError, `${name()} is not present`);
  const inLongMode = isLongMode(cpu.state);
  let offset = BigInt(gate.low & 0xffff);
  if (typeOf(gate) === TYPE_CALL_GATE_32) offset |= BigInt((gate.high & 0xffff0000) >>> 0);
  if (inLongMode) {
    const upper = readUpperHalf(cpu, gate);
    if (upper === undefined) return undefined;
    offset |= (upper & 0xffffffffn) << 32n;
  }
  const target = readCodeDescriptor(cpu, gate.low >>> 16);
  if (target === undefined) return undefined;
  const targetError = selectorError(target.selector);
  const targetName = (): string => `${describeSelector(target.selector)} in ${name()}`;
  if (!isCode(target)) return refuse(cpu, VECTOR_GP, targetError, `${targetName()} is ${describeDescriptor(target)}`);
  const allowed = isJump && !isConforming(target) ? dplOf(target) === cpl : dplOf(target) <= cpl;
  if (!allowed) {
    return refuse(cpu, VECTOR_GP, targetError, `${targetName()} has DPL ${dplOf(target)}, and CPL is ${cpl}`);
  }
  if (inLongMode && (!isLong(target) || isDefault32(target))) {
    return refuse(cpu, VECTOR_GP, targetError, `${targetName()} is not a 64-bit code segment`);
  }
  if (!checkCodeSegment(cpu, target)) return undefined;
  const width = inLongMode ? 64 : typeOf(gate) === TYPE_CALL_GATE_32 ? 32 : 16;
  return { target, offset, width, parameterCount: inLongMode ? 0 : gate.high & 0x1f };
}

/** Tests the access rights of a task gate or TSS descriptor that a JMP or CALL names. */
export function checkTaskDescriptor(cpu: SystemCpu, d: Descriptor): boolean {
  const rpl = d.selector & 3;
  if (dplOf(d) >= cpu.state.cpl && dplOf(d) >= rpl) return true;
  const why = `has DPL ${dplOf(d)}, below CPL ${cpu.state.cpl} or RPL ${rpl}`;
  refuse(cpu, VECTOR_GP, selectorError(d.selector), `${describeSelector(d.selector)} ${why}`);
  return false;
}

/** Tests an instruction pointer against the current CS, as real-address and virtual-8086 mode do; else #GP(0). */
export function checkParagraphTarget(cpu: SystemCpu, offset: bigint): boolean {
  const limit = segmentOf(cpu.state, CS).limit;
  if (offset <= BigInt(limit)) return true;
  refuse(cpu, VECTOR_GP, 0, `the target IP ${hex(offset)} is beyond the limit ${hex(limit)} of CS`);
  return false;
}

/** Completes a transfer to a checked code segment whose accessed flag is set. */
export function enterCode(cpu: SystemCpu, d: Descriptor, rip: bigint, privilege: number): Outcome {
  loadCodeSegment(cpu, d, privilege);
  cpu.state.rip = targetRip(cpu, d, rip);
  cpu.modeChanged();
  return OUTCOME_BRANCH;
}

/** Completes a transfer in real-address or virtual-8086 mode. */
export function enterParagraph(cpu: SystemCpu, selector: number, offset: bigint): Outcome {
  segmentOf(cpu.state, CS).loadRealMode(selector);
  cpu.state.rip = offset;
  cpu.modeChanged();
  return OUTCOME_BRANCH;
}
