import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemOperation } from './context.ts';
import { operandAt, readOperand } from './operand.ts';
import { stackWidth } from './processor-mode.ts';
import { RSP, Stack } from './stack.ts';

const RBP = 5;

/**
 * ENTER: pushes the frame pointer, copies the frame pointers of enclosing levels, and makes room for locals.
 *
 * @source SDM Vol. 2A "ENTER—Make Stack Frame for Procedure Parameters"
 */
export const ENTER: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  const width = instruction.operandSize;
  const size = Number(readOperand(cpu, instruction, operandAt(instruction, 0), 16) ?? 0n);
  const level = Number(readOperand(cpu, instruction, operandAt(instruction, 1), 8) ?? 0n) & 31;
  const stack = Stack.current(cpu);
  // One access after the other, as recorded: a read that fails comes before the push of what would have been read.
  if (!stack.push(state.gpr(RBP), width)) return OUTCOME_FAULT;
  // The frame pointer is the stack pointer's value at this point: with a 16-bit stack, below the upper half of ESP.
  const upper = state.gpr(RSP) & ~((1n << BigInt(stackWidth(state))) - 1n);
  const frame = BigInt.asUintN(width, upper | stack.pointer);
  // Enclosing frame pointers stand below the one that RBP points to.
  const enclosing = Stack.current(cpu);
  const displacement = state.gpr(RBP) - state.gpr(RSP);
  for (let i = 1; i < level; i += 1) {
    const offset = Number(BigInt.asIntN(stackWidth(state), displacement)) - (i * width) / 8;
    const pointer = enclosing.peek(offset, width);
    if (pointer === undefined || !stack.push(pointer, width)) return OUTCOME_FAULT;
  }
  if (level > 0 && !stack.push(frame, width)) return OUTCOME_FAULT;
  stack.skip(-size);
  // The processor tests that the last byte of the locals can be written.
  if (!stack.probe(width)) return OUTCOME_FAULT;
  stack.commit();
  state.writeGpr(RBP, width, frame);
  return OUTCOME_NEXT;
};
