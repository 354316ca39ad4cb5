import { OUTCOME_FAULT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import type { Descriptor } from './descriptor.ts';
import { checkParagraphTarget, enterCode, enterParagraph } from './far-transfer.ts';
import { readOperand } from './operand.ts';
import { checkReturnSegment, checkReturnStack, clearInnerSegments, commitReturnStack } from './privilege-return.ts';
import { hasParagraphSegments, is64BitMode } from './processor-mode.ts';
import { checkTarget } from './segment-load.ts';
import { Stack } from './stack.ts';

/** A return to an outer level: SS:RSP come from the stack, and parameters are released on both stacks. */
function returnOuter(
  cpu: SystemCpu,
  stack: Stack,
  code: Descriptor,
  rip: bigint,
  width: 16 | 32 | 64,
  release: number,
): Outcome {
  const pointer = stack.peek(release, width);
  if (pointer === undefined) return OUTCOME_FAULT;
  const selector = stack.peek(release + width / 8, 16);
  if (selector === undefined) return OUTCOME_FAULT;
  const ss = checkReturnStack(cpu, Number(selector), code);
  if (ss === undefined || !checkTarget(cpu, code, rip)) return OUTCOME_FAULT;
  commitReturnStack(cpu, ss, pointer, code);
  const outcome = enterCode(cpu, code, rip, code.selector & 3);
  const outer = Stack.current(cpu);
  outer.skip(release);
  outer.commit();
  clearInnerSegments(cpu);
  cpu.modeChanged();
  return outcome;
}

/**
 * Far RET, with or without the release of parameters, to the same or an outer privilege level.
 *
 * @source SDM Vol. 2B "RET—Return From Procedure"
 */
export const RET_FAR: SystemOperation = (cpu, instruction) => {
  const width = instruction.operandSize;
  const immediate = instruction.operands[0];
  const release = immediate === undefined ? 0 : Number(readOperand(cpu, instruction, immediate, 16) ?? 0n);
  const stack = Stack.current(cpu);
  const popped = stack.popFarPointer(width);
  if (popped === undefined) return OUTCOME_FAULT;
  const { offset: rip, selector } = popped;
  if (hasParagraphSegments(cpu.state)) {
    if (!checkParagraphTarget(cpu, rip)) return OUTCOME_FAULT;
    stack.skip(release);
    stack.commit();
    return enterParagraph(cpu, selector, rip);
  }
  const code = checkReturnSegment(cpu, selector);
  if (code === undefined) return OUTCOME_FAULT;
  if ((selector & 3) > cpu.state.cpl) return returnOuter(cpu, stack, code, rip, width, release);
  if (!checkTarget(cpu, code, rip)) return OUTCOME_FAULT;
  stack.commit();
  // Parameters are released with all 64 bits of RSP only where both sides are 64-bit code.
  const seen = is64BitMode(cpu.state) ? Stack.seenBy(cpu, code) : Stack.current(cpu);
  seen.skip(release);
  seen.commit();
  return enterCode(cpu, code, rip, cpu.state.cpl);
};
