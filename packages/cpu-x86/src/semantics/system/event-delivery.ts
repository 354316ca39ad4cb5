/** One attempt to deliver an event: finding the handler, switching stacks, pushing the return frame. */
import { ACCESS_IMPLICIT, joinWords } from '@longmode/mmu';
import { CS, SS } from '../../decode/instruction.ts';
import { VECTOR_DB, VECTOR_GP } from '../../state/exceptions.ts';
import {
  ACTIVITY,
  ACTIVITY_ACTIVE,
  DR,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  MONITOR,
  MONITOR_NONE,
  SYSTEM_FLAGS,
  TR_INDEX,
} from '../../state/layout.ts';
import { FLAG_AC, FLAG_IF, FLAG_NT, FLAG_RF, FLAG_TF, FLAG_VM } from '../../state/rflags.ts';
import { NO_ERROR_CODE, type SystemCpu } from './context.ts';
import {
  type Descriptor,
  describeDescriptor,
  describeSelector,
  dplOf,
  isCode,
  isConforming,
  isDefault32,
  isLong,
  markAccessed,
} from './descriptor.ts';
import type { ExceptionEvent } from './event.ts';
import { hex, refuse, selectorError } from './fault.ts';
import { type InterruptGate, readInterruptGate } from './interrupt-gate.ts';
import { is64BitMode, isLongMode, isProtectedMode, isVirtual8086Mode, segmentOf } from './processor-mode.ts';
import { checkCodeSegment, checkTarget, commitSegment, loadCodeSegment, readCodeDescriptor } from './segment-load.ts';
import { RSP, Stack } from './stack.ts';
import { type SwitchedStack, stackOfInterrupt, stackOfPrivilege } from './task-state-segment.ts';
import { raiseTaskTrap, switchTask } from './task-switch.ts';

/** A delivery under way. */
export interface Delivery {
  readonly event: ExceptionEvent;
  /** EXT of error codes: 0 for INT n, INT3 and INTO, 1 for everything else. */
  readonly ext: 0 | 1;
  /** INT n, INT3 or INTO. */
  readonly isSoftware: boolean;
  /** What is being done, for the exception log. */
  step: string;
  /** A task gate has switched tasks: what happens then happens to the new task. */
  hasSwitchedTask: boolean;
}

/** Begins an attempt. */
export function createDelivery(event: ExceptionEvent): Delivery {
  const isSoftware = event.kind === 'software' || event.kind === 'software-exception';
  return { event, isSoftware, ext: isSoftware ? 0 : 1, step: 'reading the IDT', hasSwitchedTask: false };
}

/**
 * Tries to deliver an event once. On success the processor is at the handler's first instruction.
 *
 * @returns false when an exception has been raised instead, with registers unchanged
 */
export function attemptDelivery(cpu: SystemCpu, delivery: Delivery): boolean {
  const { state } = cpu;
  let isDelivered: boolean;
  if (!isProtectedMode(state)) isDelivered = deliverReal(cpu, delivery);
  else {
    const { event, isSoftware, ext } = delivery;
    const gate = readInterruptGate(cpu, event.vector, isSoftware, ext);
    if (gate === undefined) return false;
    isDelivered = gate.isTaskGate ? deliverTask(cpu, delivery, gate) : deliverGate(cpu, delivery, gate);
  }
  if (!isDelivered) return false;
  state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  state.setField(INTERRUPT_SHADOW, 0);
  state.setField(MONITOR, MONITOR_NONE);
  if (delivery.event.vector === VECTOR_DB && !delivery.isSoftware) clearGeneralDetect(cpu);
  cpu.modeChanged();
  return true;
}

const DR7_GD = 0x2000n;

/** The processor clears DR7.GD so that the debug handler can use the debug registers. */
function clearGeneralDetect(cpu: SystemCpu): void {
  cpu.state.setWideField(DR + 56, cpu.state.wideField(DR + 56) & ~DR7_GD);
}

/**
 * RF in the flags to save: set for faults, so that an instruction breakpoint does not repeat. Otherwise it is clear, unless
 * the instruction before was an IRET that set it, or a string instruction goes on. Every #DB counts as a trap here:
 * processors leave RF clear for general detection too, whatever the manual says of faults.
 *
 * @source SDM Vol. 3B "Instruction-Breakpoint Exception Condition"
 */
const resumeFlag = (event: ExceptionEvent): number =>
  event.kind === 'exception' && event.vector !== VECTOR_DB ? FLAG_RF : 0;

/** The RFLAGS image to save. */
const savedFlags = (cpu: SystemCpu, event: ExceptionEvent): bigint =>
  joinWords(cpu.state.rflags | resumeFlag(event), 0);

/** Real-address mode: the interrupt vector table. @source SDM Vol. 3B "Interrupt and Exception Handling" (8086 emulation) */
function deliverReal(cpu: SystemCpu, delivery: Delivery): boolean {
  const { state, memory } = cpu;
  const { vector, rip } = delivery.event;
  const limit = state.field(IDTR_LIMIT);
  delivery.step = 'reading the interrupt vector table';
  if (vector * 4 + 3 > limit) {
    refuse(cpu, VECTOR_GP, 0, `its limit ${hex(limit)} holds no entry for vector ${vector}`);
    return false;
  }
  const entry = memory.read32(state.wideField(IDTR_BASE) + BigInt(vector * 4), ACCESS_IMPLICIT) >>> 0;
  if (memory.failed) return false;
  delivery.step = 'pushing the return frame';
  const stack = Stack.current(cpu);
  const pushed =
    stack.reserve(3, 16) &&
    stack.push(BigInt(state.rflags), 16) &&
    stack.push(BigInt(segmentOf(state, CS).selector), 16) &&
    stack.push(rip, 16);
  if (!pushed) return false;
  stack.commit();
  state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF));
  segmentOf(state, CS).loadRealMode(entry >>> 16);
  state.rip = BigInt(entry & 0xffff);
  return true;
}

/** A task gate: the handler is a task. A fault of the new task is raised there, and counts as one of the delivery. */
function deliverTask(cpu: SystemCpu, delivery: Delivery, gate: InterruptGate): boolean {
  const { event, ext } = delivery;
  delivery.step = 'switching to the task of the task gate';
  const { state } = cpu;
  const flags = state.field(SYSTEM_FLAGS);
  state.setField(SYSTEM_FLAGS, flags | resumeFlag(event));
  const result = switchTask(cpu, gate.selector, 'interrupt', event.rip, ext);
  if (result === 'old') state.setField(SYSTEM_FLAGS, flags);
  delivery.hasSwitchedTask = result !== 'old';
  if (result === 'old' || result === 'new') return false;
  if (!pushTaskErrorCode(cpu, delivery)) return false;
  if (result === 'switched') return true;
  raiseTaskTrap(cpu);
  return false;
}

/** Pushes the event's error code, if it has one, in the new task. */
function pushTaskErrorCode(cpu: SystemCpu, delivery: Delivery): boolean {
  const code = delivery.event.errorCode ?? NO_ERROR_CODE;
  if (code === NO_ERROR_CODE) return true;
  delivery.step = 'pushing the error code';
  const stack = Stack.current(cpu, delivery.ext);
  if (!stack.push(BigInt(code), isTask32(cpu) ? 32 : 16)) return false;
  stack.commit();
  return true;
}

const isTask32 = (cpu: SystemCpu): boolean => (segmentOf(cpu.state, TR_INDEX).attributes & 8) !== 0;

/** Reads and checks the code segment of a gate; undefined after #GP or #NP with its selector. */
function readHandlerSegment(cpu: SystemCpu, gate: InterruptGate, ext: number): Descriptor | undefined {
  const { state } = cpu;
  const d = readCodeDescriptor(cpu, gate.selector, ext);
  if (d === undefined) return undefined;
  const code = selectorError(d.selector, ext);
  const name = (): string => `${describeSelector(d.selector)} in the gate`;
  if (!isCode(d)) return refuse(cpu, VECTOR_GP, code, `${name()} is ${describeDescriptor(d)}`);
  if (dplOf(d) > state.cpl) {
    return refuse(
      cpu,
      VECTOR_GP,
      code,
      `${name()} has DPL ${dplOf(d)}, and the handler would lose privilege (CPL ${state.cpl})`,
    );
  }
  if (isLongMode(state) && (!isLong(d) || isDefault32(d))) {
    return refuse(cpu, VECTOR_GP, code, `${name()} is not a 64-bit code segment`);
  }
  if (!checkCodeSegment(cpu, d, ext)) return undefined;
  if (isVirtual8086Mode(state) && (isConforming(d) || dplOf(d) !== 0)) {
    return refuse(cpu, VECTOR_GP, code, `${name()} must be a non-conforming segment with DPL 0 in virtual-8086 mode`);
  }
  return d;
}

/** The stack that the handler gets, with SS where it changes. */
function handlerStack(
  cpu: SystemCpu,
  gate: InterruptGate,
  privilege: number,
  ext: number,
): { readonly stack: Stack; readonly ss?: SwitchedStack['ss'] } | undefined {
  const { state } = cpu;
  const isInner = privilege < state.cpl;
  if (gate.width !== 64) return isInner ? stackOfPrivilege(cpu, privilege, ext) : { stack: Stack.current(cpu, ext) };
  if (gate.stackIndex !== 0) {
    const switched = stackOfInterrupt(cpu, gate.stackIndex, privilege, ext);
    if (switched === undefined || isInner) return switched;
    return { stack: switched.stack };
  }
  if (isInner) return stackOfPrivilege(cpu, privilege, ext);
  const pointer = is64BitMode(state) ? state.gpr(RSP) : state.gpr(RSP) & 0xffffffffn;
  return { stack: Stack.flat(cpu, pointer, privilege, ext) };
}

/** An interrupt or trap gate of protected, virtual-8086 or IA-32e mode. */
function deliverGate(cpu: SystemCpu, delivery: Delivery, gate: InterruptGate): boolean {
  const { state } = cpu;
  const { event, ext } = delivery;
  delivery.step = 'reading the descriptor of the code segment';
  const d = readHandlerSegment(cpu, gate, ext);
  if (d === undefined) return false;
  const privilege = isConforming(d) ? state.cpl : dplOf(d);
  const isInner = privilege < state.cpl;
  delivery.step = isInner || gate.stackIndex !== 0 ? 'reading the stack pointer from the TSS' : 'preparing the stack';
  const handler = handlerStack(cpu, gate, privilege, ext);
  if (handler === undefined) return false;
  const { stack, ss } = handler;
  if (gate.width === 64) stack.align16();
  const items = frameOf(cpu, event, gate.width === 64 || isInner);
  delivery.step = 'pushing the return frame';
  if (!stack.reserve(items.length, gate.width) || !checkTarget(cpu, d, gate.offset, ext)) return false;
  if (!stack.pushAll(items, gate.width)) return false;
  delivery.step = 'setting the accessed flag of the code segment';
  const code = markAccessed(cpu, d);
  if (code === undefined) return false;

  const wasVirtual8086 = isVirtual8086Mode(state);
  const cleared = FLAG_TF | FLAG_VM | FLAG_RF | FLAG_NT | (gate.clearsInterruptFlag ? FLAG_IF : 0);
  state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~cleared);
  loadCodeSegment(cpu, code, privilege);
  if (ss !== undefined) commitSegment(cpu, SS, ss);
  stack.commit();
  if (wasVirtual8086) for (const index of [0, 3, 4, 5]) segmentOf(state, index).loadNull(0);
  state.rip = gate.offset;
  return true;
}

/** The items of a return frame, in the order in which they are pushed. */
function frameOf(cpu: SystemCpu, event: ExceptionEvent, hasStackPointer: boolean): bigint[] {
  const { state } = cpu;
  const selector = (index: number): bigint => joinWords(segmentOf(state, index).selector, 0);
  const items: bigint[] = isVirtual8086Mode(state) ? [selector(5), selector(4), selector(3), selector(0)] : [];
  if (hasStackPointer) items.push(selector(SS), state.gpr(RSP));
  items.push(savedFlags(cpu, event), selector(CS), event.rip);
  const code = event.errorCode ?? NO_ERROR_CODE;
  if (code !== NO_ERROR_CODE) items.push(joinWords(code, 0));
  return items;
}
