import type { Instruction } from '../../decode/instruction.ts';
import { CS, SS } from '../../decode/instruction.ts';
import { OUTCOME_FAULT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { type Descriptor, dplOf, isConforming, markAccessed } from './descriptor.ts';
import {
  type CallGate,
  checkDirectTarget,
  checkParagraphTarget,
  checkTaskDescriptor,
  enterCode,
  enterParagraph,
  openCallGate,
  readFarPointer,
  targetKind,
} from './far-transfer.ts';
import { undefinedOpcode } from './fault.ts';
import { hasParagraphSegments, segmentOf } from './processor-mode.ts';
import { checkTarget, commitSegment, readCodeDescriptor } from './segment-load.ts';
import { RSP, Stack } from './stack.ts';
import { stackOfPrivilege } from './task-state-segment.ts';
import { switchThroughGate, switchToDescriptor } from './task-transfer.ts';

/** Pushes CS and the return address on a stack. @returns the stack to commit; undefined after a fault */
function pushReturn(cpu: SystemCpu, stack: Stack, width: 16 | 32 | 64): Stack | undefined {
  const pushed = stack.push(BigInt(segmentOf(cpu.state, CS).selector), width) && stack.push(cpu.nextRip, width);
  return pushed ? stack : undefined;
}

/** A call that stays on its privilege level. The return address is pushed on the stack as the code called sees it. */
function callSame(cpu: SystemCpu, d: Descriptor, offset: bigint, width: 16 | 32 | 64): Outcome {
  const stack = pushReturn(cpu, Stack.seenBy(cpu, d), width);
  if (stack === undefined || !checkTarget(cpu, d, offset)) return OUTCOME_FAULT;
  const target = markAccessed(cpu, d);
  if (target === undefined) return OUTCOME_FAULT;
  stack.commit();
  return enterCode(cpu, target, offset, cpu.state.cpl);
}

/**
 * A call through a gate to a more privileged level: onto the stack of the TSS go SS:RSP, the parameters and CS:RIP.
 *
 * @source SDM Vol. 3A "Stack Switching"
 */
function callInner(cpu: SystemCpu, gate: CallGate): Outcome {
  const { target, offset, width, parameterCount } = gate;
  const privilege = dplOf(target);
  const switched = stackOfPrivilege(cpu, privilege);
  if (switched === undefined) return OUTCOME_FAULT;
  const { stack, ss } = switched;
  if (!stack.reserve(4 + parameterCount, width) || !checkTarget(cpu, target, offset)) return OUTCOME_FAULT;
  const old = Stack.current(cpu);
  if (!stack.push(BigInt(segmentOf(cpu.state, SS).selector), width)) return OUTCOME_FAULT;
  if (!stack.push(cpu.state.gpr(RSP), width)) return OUTCOME_FAULT;
  for (let i = parameterCount - 1; i >= 0; i -= 1) {
    const parameter = old.peek((i * width) / 8, width);
    if (parameter === undefined || !stack.push(parameter, width)) return OUTCOME_FAULT;
  }
  if (!stack.push(BigInt(segmentOf(cpu.state, CS).selector), width)) return OUTCOME_FAULT;
  if (!stack.push(cpu.nextRip, width)) return OUTCOME_FAULT;
  const marked = markAccessed(cpu, target);
  if (marked === undefined) return OUTCOME_FAULT;
  commitSegment(cpu, SS, ss);
  stack.commit();
  return enterCode(cpu, marked, offset, privilege);
}

function callParagraph(cpu: SystemCpu, instruction: Instruction, selector: number, offset: bigint): Outcome {
  const stack = pushReturn(cpu, Stack.current(cpu), instruction.operandSize);
  if (stack === undefined || !checkParagraphTarget(cpu, offset)) return OUTCOME_FAULT;
  stack.commit();
  return enterParagraph(cpu, selector, offset);
}

/**
 * Far CALL: direct, through a call gate with or without a change of privilege, or to another task.
 *
 * @source SDM Vol. 2A "CALL—Call Procedure"
 */
export const CALL_FAR: SystemOperation = (cpu, instruction) => {
  const pointer = readFarPointer(cpu, instruction);
  if (pointer === undefined) {
    return instruction.operands[0]?.kind !== 'register'
      ? OUTCOME_FAULT
      : undefinedOpcode(cpu, 'a far CALL needs a memory operand');
  }
  const { selector, offset } = pointer;
  if (hasParagraphSegments(cpu.state)) return callParagraph(cpu, instruction, selector, offset);
  const d = readCodeDescriptor(cpu, selector);
  if (d === undefined) return OUTCOME_FAULT;
  switch (targetKind(cpu, d)) {
    case 'code':
      return checkDirectTarget(cpu, d) ? callSame(cpu, d, offset, instruction.operandSize) : OUTCOME_FAULT;
    case 'call-gate': {
      const gate = openCallGate(cpu, d, false);
      if (gate === undefined) return OUTCOME_FAULT;
      const isInner = !isConforming(gate.target) && dplOf(gate.target) < cpu.state.cpl;
      return isInner ? callInner(cpu, gate) : callSame(cpu, gate.target, gate.offset, gate.width);
    }
    case 'task-gate':
      return checkTaskDescriptor(cpu, d) ? switchThroughGate(cpu, d, 'call') : OUTCOME_FAULT;
    case 'tss':
      return checkTaskDescriptor(cpu, d) ? switchToDescriptor(cpu, d, 'call') : OUTCOME_FAULT;
    default:
      return OUTCOME_FAULT;
  }
};
