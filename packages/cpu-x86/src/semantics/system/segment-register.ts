/**
 * MOV, PUSH and POP of segment registers, and LDS, LES, LFS, LGS, LSS.
 *
 * @source SDM Vol. 2B "MOV—Move", "POP", "PUSH"; SDM Vol. 2A "LDS/LES/LFS/LGS/LSS—Load Far Pointer"
 */
import { CS, type MemoryOperand, type RegisterOperand, SS } from '../../decode/instruction.ts';
import { INTERRUPT_SHADOW, SHADOW_BEFORE, SHADOW_STACK } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { undefinedOpcode } from './fault.ts';
import { operandAt, readBeyond, readOperand, writeOperand } from './operand.ts';
import { finishSegmentLoad, segmentOf } from './processor-mode.ts';
import { loadSegment } from './segment-load.ts';
import { Stack } from './stack.ts';

/** Segment register that each far-pointer load has in its mnemonic. */
const FAR_POINTER_SEGMENTS: Readonly<Record<string, number>> = { LES: 0, LSS: 2, LDS: 3, LFS: 4, LGS: 5 };

/** After MOV SS and POP SS the next instruction boundary takes no interrupt. */
function finish(cpu: SystemCpu, segment: number, shadows: boolean): Outcome {
  // Of loads in a row the first alone: the second runs in its shadow, and casts none.
  const isShadowing = segment === SS && shadows && cpu.state.field(SHADOW_BEFORE) !== SHADOW_STACK;
  if (isShadowing) cpu.state.setField(INTERRUPT_SHADOW, SHADOW_STACK);
  return finishSegmentLoad(cpu);
}

/** MOV Sreg, r/m16. */
export const MOV_TO_SEGMENT: SystemOperation = (cpu, instruction) => {
  const segment = (operandAt(instruction, 0) as RegisterOperand).index;
  if (segment === CS || segment > 5) return undefinedOpcode(cpu, 'MOV cannot load CS or a segment register above GS');
  const selector = readOperand(cpu, instruction, operandAt(instruction, 1), 16);
  if (selector === undefined || !loadSegment(cpu, segment, Number(selector))) return OUTCOME_FAULT;
  return finish(cpu, segment, true);
};

/** MOV r/m, Sreg: 16 bits to memory, zero-extended to the operand size in a register. */
export const MOV_FROM_SEGMENT: SystemOperation = (cpu, instruction) => {
  const segment = (operandAt(instruction, 1) as RegisterOperand).index;
  if (segment > 5) return undefinedOpcode(cpu, 'there is no segment register above GS');
  const destination = operandAt(instruction, 0);
  const width = destination.kind === 'register' ? instruction.operandSize : 16;
  const selector = BigInt(segmentOf(cpu.state, segment).selector);
  return writeOperand(cpu, instruction, destination, width, selector) ? OUTCOME_NEXT : OUTCOME_FAULT;
};

/**
 * PUSH Sreg: the selector, zero-extended to 64 bits. With 32 bits it is written by a 16-bit move, which leaves the upper half
 * of the item as it was.
 */
export const PUSH_SEGMENT: SystemOperation = (cpu, instruction) => {
  const segment = (operandAt(instruction, 0) as RegisterOperand).index;
  const stack = Stack.current(cpu);
  const selector = BigInt(segmentOf(cpu.state, segment).selector);
  const { operandSize } = instruction;
  const isPushed = operandSize === 32 ? stack.pushLowHalf(selector) : stack.push(selector, operandSize);
  if (!isPushed) return OUTCOME_FAULT;
  stack.commit();
  return OUTCOME_NEXT;
};

/** POP Sreg. */
export const POP_SEGMENT: SystemOperation = (cpu, instruction) => {
  const segment = (operandAt(instruction, 0) as RegisterOperand).index;
  const stack = Stack.current(cpu);
  const selector = stack.peek(0, 16);
  if (selector === undefined || !loadSegment(cpu, segment, Number(selector))) return OUTCOME_FAULT;
  stack.skip(instruction.operandSize / 8);
  stack.commit();
  return finish(cpu, segment, true);
};

/** LDS, LES, LFS, LGS, LSS: offset to the register, selector to the segment register. */
export const LOAD_FAR_POINTER: SystemOperation = (cpu, instruction) => {
  const pointer = operandAt(instruction, 1) as MemoryOperand;
  if (pointer.kind !== 'memory') return undefinedOpcode(cpu, `${instruction.mnemonic} needs a memory operand`);
  const width = instruction.operandSize;
  const offset = readOperand(cpu, instruction, pointer, width);
  if (offset === undefined) return OUTCOME_FAULT;
  const selector = readBeyond(cpu, instruction, pointer, width / 8, 16);
  const segment = FAR_POINTER_SEGMENTS[instruction.encoding.mnemonic] ?? 3;
  if (selector === undefined || !loadSegment(cpu, segment, Number(selector))) return OUTCOME_FAULT;
  cpu.state.writeGpr((operandAt(instruction, 0) as RegisterOperand).index, width, offset);
  return finish(cpu, segment, false);
};
