/**
 * INT n, INT3, INTO, INT1 and BOUND.
 *
 * @source SDM Vol. 2A "INT n/INTO/INT3/INT1—Call to Interrupt Procedure", "BOUND"
 */
import type { MemoryOperand, RegisterOperand } from '../../decode/instruction.ts';
import { VECTOR_BP, VECTOR_BR, VECTOR_DB, VECTOR_GP, VECTOR_OF } from '../../state/exceptions.ts';
import { FLAG_OF } from '../../state/rflags.ts';
import { NO_ERROR_CODE, OUTCOME_FAULT, OUTCOME_NEXT, type SystemOperation } from './context.ts';
import { deliverSoftwareInterrupt } from './event.ts';
import { fault, hex, undefinedOpcode } from './fault.ts';
import { operandAt, readBeyond, readOperand } from './operand.ts';
import { ioPrivilegeLevel, is64BitMode, isVirtual8086Mode } from './processor-mode.ts';
import { isRedirected, redirectInterrupt } from './virtual-interrupt.ts';

/** INT n. In virtual-8086 mode it is redirected to the program itself, or needs IOPL 3. */
export const INT: SystemOperation = (cpu, instruction) => {
  const vector = Number(readOperand(cpu, instruction, operandAt(instruction, 0), 8) ?? 0n);
  const isToProgram = isRedirected(cpu, vector);
  if (isToProgram === undefined) return OUTCOME_FAULT;
  if (isToProgram) return redirectInterrupt(cpu, vector);
  if (isVirtual8086Mode(cpu.state) && ioPrivilegeLevel(cpu.state) < 3) {
    return fault(cpu, VECTOR_GP, 0, `INT ${hex(vector)} in virtual-8086 mode needs IOPL 3`);
  }
  return deliverSoftwareInterrupt(cpu, vector, 'software');
};

/** INT3: the one-byte breakpoint, not sensitive to IOPL. */
export const INT3: SystemOperation = (cpu) => deliverSoftwareInterrupt(cpu, VECTOR_BP, 'software-exception');

/** INTO: #OF when OF is set. */
export const INTO: SystemOperation = (cpu) => {
  if (is64BitMode(cpu.state)) return undefinedOpcode(cpu, 'INTO does not exist in 64-bit mode');
  if ((cpu.state.rflags & FLAG_OF) === 0) return OUTCOME_NEXT;
  return deliverSoftwareInterrupt(cpu, VECTOR_OF, 'software-exception');
};

/** INT1 (ICEBP): #DB, without the DPL check of INT n. */
export const INT1: SystemOperation = (cpu) => deliverSoftwareInterrupt(cpu, VECTOR_DB, 'int1');

/** BOUND: #BR when a signed index is outside the two bounds in memory. */
export const BOUND: SystemOperation = (cpu, instruction) => {
  const bounds = operandAt(instruction, 1) as MemoryOperand;
  if (bounds.kind !== 'memory') return undefinedOpcode(cpu, 'BOUND needs a memory operand');
  const width = instruction.operandSize;
  const lower = readOperand(cpu, instruction, bounds, width);
  if (lower === undefined) return OUTCOME_FAULT;
  const index = BigInt.asIntN(width, cpu.state.gpr((operandAt(instruction, 0) as RegisterOperand).index));
  const first = BigInt.asIntN(width, lower);
  // The second bound is read only where the first one holds.
  if (index < first) return fault(cpu, VECTOR_BR, NO_ERROR_CODE, `the index ${index} is below ${first}`);
  const upper = readBeyond(cpu, instruction, bounds, width / 8, width);
  if (upper === undefined) return OUTCOME_FAULT;
  const last = BigInt.asIntN(width, upper);
  if (index <= last) return OUTCOME_NEXT;
  return fault(cpu, VECTOR_BR, NO_ERROR_CODE, `the index ${index} is above ${last}`);
};
