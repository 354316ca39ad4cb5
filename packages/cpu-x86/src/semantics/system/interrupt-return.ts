/**
 * IRET, IRETD and IRETQ.
 *
 * @source SDM Vol. 2A "IRET/IRETD/IRETQ—Interrupt Return"
 */
import { ACCESS_IMPLICIT, lowWord } from '@longmode/mmu';
import { CS, DS, ES, FS, GS, SS } from '../../decode/instruction.ts';
import { VECTOR_GP } from '../../state/exceptions.ts';
import { SYSTEM_FLAGS, TR_INDEX } from '../../state/layout.ts';
import {
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_DEFINED,
} from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_FAULT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import type { Descriptor } from './descriptor.ts';
import { checkParagraphTarget, enterCode, enterParagraph } from './far-transfer.ts';
import { fault, hex } from './fault.ts';
import { checkReturnSegment, checkReturnStack, clearInnerSegments, commitReturnStack } from './privilege-return.ts';
import {
  ioPrivilegeLevel,
  is64BitMode,
  isLongMode,
  isProtectedMode,
  isVirtual8086Mode,
  segmentOf,
} from './processor-mode.ts';
import { checkTarget, loadCodeSegment, loadVirtual8086Segment, targetRip } from './segment-load.ts';
import { RSP, Stack } from './stack.ts';
import { switchTask } from './task-switch.ts';
import { finishSwitch } from './task-transfer.ts';
import { hasVirtualInterrupts, loadVirtualFlags, mayLoadVirtualFlags } from './virtual-interrupt.ts';

/** What every interrupt return pops first. */
interface ReturnFrame {
  readonly rip: bigint;
  readonly selector: number;
  readonly flags: number;
}

function popFrame(stack: Stack, width: 16 | 32 | 64): ReturnFrame | undefined {
  const items = stack.popAll(3, width);
  if (items === undefined) return undefined;
  const [rip, selector, flags] = items as [bigint, bigint, bigint];
  return { rip, selector: lowWord(selector) & 0xffff, flags: lowWord(flags) };
}

/** Flags that IRET never changes but when it returns to virtual-8086 mode. */
const KEPT = FLAG_VM | FLAG_VIF | FLAG_VIP;

/** Takes the popped flags that `changeable` allows; a 16-bit return leaves the upper half alone. */
function loadFlags(cpu: SystemCpu, flags: number, changeable: number, width: 16 | 32 | 64): void {
  const { state } = cpu;
  const before = state.rflags;
  const mask = (width === 16 ? changeable & 0xffff : changeable) & FLAGS_DEFINED;
  const after = (before & ~mask) | (flags & mask);
  state.rflags = after;
  if ((~before & after & FLAG_IF) !== 0 || (flags & FLAG_TF) !== 0) cpu.requestAttention();
}

/** IRET in real-address mode, and in virtual-8086 mode with IOPL 3, where IOPL stays, or with virtual interrupts. */
function returnParagraph(cpu: SystemCpu, width: 16 | 32 | 64): Outcome {
  const { state } = cpu;
  const isVirtual = isVirtual8086Mode(state);
  const loadsVirtualFlags = isVirtual && width === 16 && hasVirtualInterrupts(state);
  if (isVirtual && ioPrivilegeLevel(state) < 3 && !loadsVirtualFlags) {
    return fault(cpu, VECTOR_GP, 0, 'IRET in virtual-8086 mode needs IOPL 3');
  }
  const stack = Stack.current(cpu);
  const frame = popFrame(stack, width);
  if (frame === undefined || !checkParagraphTarget(cpu, frame.rip)) return OUTCOME_FAULT;
  if (loadsVirtualFlags && !mayLoadVirtualFlags(cpu, frame.flags, 'IRET')) return OUTCOME_FAULT;
  stack.commit();
  if (loadsVirtualFlags) loadVirtualFlags(state, frame.flags);
  else loadFlags(cpu, frame.flags, ~KEPT & (isVirtual ? ~FLAG_IOPL : ~0), width);
  return enterParagraph(cpu, frame.selector, frame.rip);
}

/** From ring 0 to virtual-8086 mode: the frame goes on with ESP, SS, ES, DS, FS, GS. */
function returnToVirtual8086(cpu: SystemCpu, stack: Stack, frame: ReturnFrame): Outcome {
  const items: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    const item = stack.pop(32);
    if (item === undefined) return OUTCOME_FAULT;
    items.push(Number(item));
  }
  if (frame.rip > 0xffffn) {
    return fault(cpu, VECTOR_GP, 0, `IRET to virtual-8086 mode with EIP ${hex(frame.rip)} beyond 64 KiB`);
  }
  const [esp, ss, es, ds, fs, gs] = items as [number, number, number, number, number, number];
  cpu.state.rflags = frame.flags & FLAGS_DEFINED;
  cpu.state.cpl = 3;
  cpu.state.writeGpr(RSP, 32, BigInt(esp));
  const selectors: ReadonlyArray<readonly [number, number]> = [
    [CS, frame.selector],
    [SS, ss],
    [ES, es],
    [DS, ds],
    [FS, fs],
    [GS, gs],
  ];
  for (const [index, selector] of selectors) loadVirtual8086Segment(cpu, index, selector);
  cpu.state.rip = frame.rip;
  cpu.modeChanged();
  cpu.requestAttention();
  return OUTCOME_BRANCH;
}

/** Flags that a return in protected or IA-32e mode may change, by CPL and IOPL before it. */
function changeableFlags(cpu: SystemCpu): number {
  const cpl = cpu.state.cpl;
  let mask = ~(FLAG_VM | FLAG_IF | FLAG_IOPL | FLAG_VIF | FLAG_VIP);
  if (cpl <= ioPrivilegeLevel(cpu.state)) mask |= FLAG_IF;
  if (cpl === 0) mask |= FLAG_IOPL | FLAG_VIF | FLAG_VIP;
  return mask;
}

/** A return that takes SS:RSP from the stack: to an outer level, and always in 64-bit mode. */
function returnWithStack(
  cpu: SystemCpu,
  stack: Stack,
  frame: ReturnFrame,
  code: Descriptor,
  width: 16 | 32 | 64,
): Outcome {
  const popped = stack.popFarPointer(width);
  if (popped === undefined) return OUTCOME_FAULT;
  const { offset: pointer, selector } = popped;
  const ss = checkReturnStack(cpu, selector, code);
  if (ss === undefined || !checkTarget(cpu, code, frame.rip)) return OUTCOME_FAULT;
  const isOuter = (code.selector & 3) > cpu.state.cpl;
  loadFlags(cpu, frame.flags, changeableFlags(cpu), width);
  commitReturnStack(cpu, ss, pointer, code);
  loadCodeSegment(cpu, code, code.selector & 3);
  if (isOuter) clearInnerSegments(cpu);
  cpu.state.rip = targetRip(cpu, code, frame.rip);
  cpu.modeChanged();
  return OUTCOME_BRANCH;
}

/** EFLAGS.NT: back to the task that the link field of the TSS names. */
function returnToTask(cpu: SystemCpu): Outcome {
  const link = cpu.memory.read16(segmentOf(cpu.state, TR_INDEX).base, ACCESS_IMPLICIT);
  if (cpu.memory.failed) return OUTCOME_FAULT;
  return finishSwitch(cpu, switchTask(cpu, link, 'return', cpu.nextRip, 0));
}

/** IRET, IRETD, IRETQ. That NMIs are no longer blocked afterwards is the engine's business. */
export const IRET: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  const width = instruction.operandSize;
  if (!isProtectedMode(state) || isVirtual8086Mode(state)) return returnParagraph(cpu, width);
  const inLongMode = isLongMode(state);
  if ((state.field(SYSTEM_FLAGS) & FLAG_NT) !== 0) {
    return inLongMode ? fault(cpu, VECTOR_GP, 0, 'IRET with EFLAGS.NT set in IA-32e mode') : returnToTask(cpu);
  }
  const stack = Stack.current(cpu);
  // In 64-bit mode SS:RSP are always there, and are read before CS is looked at.
  const frame = popFrame(stack, width);
  if (frame === undefined) return OUTCOME_FAULT;
  if (!inLongMode && width === 32 && (frame.flags & FLAG_VM) !== 0 && state.cpl === 0) {
    return returnToVirtual8086(cpu, stack, frame);
  }
  const code = checkReturnSegment(cpu, frame.selector);
  if (code === undefined) return OUTCOME_FAULT;
  if ((frame.selector & 3) > state.cpl || is64BitMode(state)) return returnWithStack(cpu, stack, frame, code, width);
  if (!checkTarget(cpu, code, frame.rip)) return OUTCOME_FAULT;
  stack.commit();
  loadFlags(cpu, frame.flags, changeableFlags(cpu), width);
  return enterCode(cpu, code, frame.rip, state.cpl);
};
