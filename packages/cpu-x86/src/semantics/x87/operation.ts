import type { Instruction } from '../../decode/instruction.ts';
import type { FloatEnvironment } from '../../float/extended/environment.ts';
import type { ExtendedFloat } from '../../float/extended/extended-float.ts';
import { CR0_EM, CR0_NE, CR0_TS } from '../../state/control-registers.ts';
import { VECTOR_MF } from '../../state/exceptions.ts';
import { CR0, FPU_DATA_POINTER, FPU_INSTRUCTION_POINTER, FPU_OPCODE } from '../../state/layout.ts';
import { NO_ERROR_CODE, OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from '../system/context.ts';
import { deviceNotAvailable, fault } from '../system/fault.ts';
import { effectiveAddress } from '../system/linear-address.ts';
import { STATUS_SUMMARY, type X87Unit } from './x87-unit.ts';

/** What an instruction does. @returns false after a fault, with nothing changed */
export type X87Body = (fpu: X87Unit, cpu: SystemCpu, instruction: Instruction) => boolean;

/** @returns false with #NM raised, where the x87 FPU is not to be used now */
function isAvailable(cpu: SystemCpu, instruction: Instruction): boolean {
  const cr0 = cpu.state.field(CR0);
  if ((cr0 & (CR0_EM | CR0_TS)) === 0) return true;
  const bit = (cr0 & CR0_EM) !== 0 ? 'CR0.EM' : 'CR0.TS';
  deviceNotAvailable(cpu, `${instruction.mnemonic} with ${bit} set`);
  return false;
}

/** @returns false with #MF raised, where an earlier instruction has left an exception that is not masked, nor ignored */
export function isClear(cpu: SystemCpu, instruction: Instruction): boolean {
  const { coprocessorError } = cpu;
  if ((cpu.x87.status & STATUS_SUMMARY) === 0) {
    if (coprocessorError?.isIgnored) coprocessorError.release();
    return true;
  }
  if (coprocessorError?.isIgnored && (cpu.state.field(CR0) & CR0_NE) === 0) return true;
  const reason = `${instruction.mnemonic} finds an exception pending (status word ${cpu.x87.status.toString(16)}h)`;
  fault(cpu, VECTOR_MF, NO_ERROR_CODE, reason);
  return false;
}

/** An instruction that leaves pending exceptions alone: the `FN` forms. */
export function unchecked(body: X87Body): SystemOperation {
  return (cpu, instruction) => {
    if (!isAvailable(cpu, instruction)) return OUTCOME_FAULT;
    return body(cpu.x87, cpu, instruction) ? OUTCOME_NEXT : OUTCOME_FAULT;
  };
}

/** An instruction that reports a pending exception, and of which the pointers tell nothing. */
export function control(body: X87Body): SystemOperation {
  return (cpu, instruction) => {
    if (!isAvailable(cpu, instruction) || !isClear(cpu, instruction)) return OUTCOME_FAULT;
    return body(cpu.x87, cpu, instruction) ? OUTCOME_NEXT : OUTCOME_FAULT;
  };
}

/**
 * An instruction that computes or moves: it reports a pending exception, and the instruction pointer tells where it is.
 * Opcode and data pointer tell only of instructions that leave an exception pending, as CPUID says (FDP_EXCPTN_ONLY).
 *
 * @source SDM Vol. 1 "x87 FPU Instruction and Data (Operand) Pointers", "Fopcode Compatibility Sub-mode"
 */
export function numeric(body: X87Body): SystemOperation {
  return (cpu, instruction) => {
    if (!isAvailable(cpu, instruction) || !isClear(cpu, instruction)) return OUTCOME_FAULT;
    const fpu = cpu.x87;
    if (!body(fpu, cpu, instruction)) return OUTCOME_FAULT;
    const { state } = cpu;
    state.setWideField(FPU_INSTRUCTION_POINTER, cpu.rip);
    if ((fpu.status & STATUS_SUMMARY) !== 0) {
      const { encoding, modrm, operands } = instruction;
      state.setField(FPU_OPCODE, ((encoding.opcode & 7) << 8) | modrm);
      const memory = operands.find((operand) => operand.kind === 'memory');
      state.setWideField(FPU_DATA_POINTER, memory ? effectiveAddress(cpu, instruction, memory) : 0n);
    }
    return OUTCOME_NEXT;
  };
}

/** Replaces ST(0) by what a function makes of it. */
export function unary(
  operation: (env: FloatEnvironment, a: ExtendedFloat, result: ExtendedFloat) => void,
): SystemOperation {
  return numeric((fpu) => {
    const environment = fpu.begin();
    let isDone: boolean;
    if (fpu.isEmpty(0)) {
      isDone = fpu.underflowStack();
      fpu.result.setIndefinite();
    } else {
      fpu.read(0, fpu.a);
      operation(environment, fpu.a, fpu.result);
      isDone = fpu.finish();
    }
    if (isDone) fpu.write(0, fpu.result);
    return true;
  });
}

/** Number of the register ST(i) that an instruction's operand names. */
export function stackRegister(instruction: Instruction, operand: number): number {
  const found = instruction.operands[operand];
  return found?.kind === 'register' ? found.index : 0;
}
