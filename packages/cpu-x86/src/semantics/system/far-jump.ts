import { OUTCOME_FAULT, type SystemOperation } from './context.ts';
import { markAccessed } from './descriptor.ts';
import {
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
import { hasParagraphSegments } from './processor-mode.ts';
import { checkTarget, readCodeDescriptor } from './segment-load.ts';
import { switchThroughGate, switchToDescriptor } from './task-transfer.ts';

/**
 * Far JMP: direct, through a call gate without a change of privilege, or to another task.
 *
 * @source SDM Vol. 2A "JMP—Jump"
 */
export const JMP_FAR: SystemOperation = (cpu, instruction) => {
  const pointer = readFarPointer(cpu, instruction);
  if (pointer === undefined) {
    return instruction.operands[0]?.kind !== 'register'
      ? OUTCOME_FAULT
      : undefinedOpcode(cpu, 'a far JMP needs a memory operand');
  }
  const { selector, offset } = pointer;
  if (hasParagraphSegments(cpu.state)) {
    return checkParagraphTarget(cpu, offset) ? enterParagraph(cpu, selector, offset) : OUTCOME_FAULT;
  }
  const d = readCodeDescriptor(cpu, selector);
  if (d === undefined) return OUTCOME_FAULT;
  switch (targetKind(cpu, d)) {
    case 'code': {
      if (!checkDirectTarget(cpu, d) || !checkTarget(cpu, d, offset)) return OUTCOME_FAULT;
      const target = markAccessed(cpu, d);
      return target === undefined ? OUTCOME_FAULT : enterCode(cpu, target, offset, cpu.state.cpl);
    }
    case 'call-gate': {
      const gate = openCallGate(cpu, d, true);
      if (gate === undefined || !checkTarget(cpu, gate.target, gate.offset)) return OUTCOME_FAULT;
      const target = markAccessed(cpu, gate.target);
      return target === undefined ? OUTCOME_FAULT : enterCode(cpu, target, gate.offset, cpu.state.cpl);
    }
    case 'task-gate':
      return checkTaskDescriptor(cpu, d) ? switchThroughGate(cpu, d, 'jump') : OUTCOME_FAULT;
    case 'tss':
      return checkTaskDescriptor(cpu, d) ? switchToDescriptor(cpu, d, 'jump') : OUTCOME_FAULT;
    default:
      return OUTCOME_FAULT;
  }
};
