import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemOperation } from './context.ts';
import { Stack } from './stack.ts';

/** PUSHA and PUSHAD where the registers may not all go to one page: all is looked at before any is stored. */
export const PUSHA_ACROSS_PAGES: SystemOperation = (cpu, instruction) => {
  const width = instruction.operandSize;
  const stack = Stack.current(cpu);
  const items = Array.from({ length: 8 }, (_, register) => BigInt.asUintN(width, cpu.state.gpr(register)));
  if (!stack.reserve(items.length, width) || !stack.pushAll(items, width)) return OUTCOME_FAULT;
  stack.commit();
  return OUTCOME_NEXT;
};
