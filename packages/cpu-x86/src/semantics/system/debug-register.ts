/**
 * MOV to and from debug registers.
 *
 * @source SDM Vol. 2B "MOV—Move to/from Debug Registers"; SDM Vol. 3B "Debug Registers"
 */
import type { RegisterOperand } from '../../decode/instruction.ts';
import { CR4_DE } from '../../state/control-registers.ts';
import { VECTOR_DB } from '../../state/exceptions.ts';
import { CR4, DR } from '../../state/layout.ts';
import {
  NO_ERROR_CODE,
  OUTCOME_FAULT,
  OUTCOME_NEXT,
  type Outcome,
  type SystemCpu,
  type SystemOperation,
} from './context.ts';
import { fault, generalProtection, hex, undefinedOpcode } from './fault.ts';
import { operandAt } from './operand.ts';
import { is64BitMode, requireCpl0, serialize } from './processor-mode.ts';

/** DR6 after reset: the bits that always read as 1. */
export const DR6_FIXED = 0xffff0ff0n;
/** DR7 after reset. */
export const DR7_FIXED = 0x400n;
const DR6_WRITABLE = 0xe00fn;
const DR7_WRITABLE = 0xffff23ffn;
const DR6_BD = 0x2000n;
const DR7_GD = 0x2000n;

/** Offset of a debug register's field; DR4 and DR5 are aliases of DR6 and DR7. */
const fieldOf = (index: number): number => DR + 8 * (index === 4 || index === 5 ? index + 2 : index);

/** The checks that both directions share. @returns undefined when they pass */
function check(cpu: SystemCpu, index: number): Outcome | undefined {
  const { state } = cpu;
  if (index > 7) return undefinedOpcode(cpu, `there is no DR${index}`);
  if ((index === 4 || index === 5) && (state.field(CR4) & CR4_DE) !== 0) {
    return undefinedOpcode(cpu, `DR${index} with CR4.DE set`);
  }
  if (!requireCpl0(cpu, `MOV with DR${index}`)) return OUTCOME_FAULT;
  if ((state.wideField(fieldOf(7)) & DR7_GD) === 0n) return undefined;
  state.setWideField(fieldOf(6), state.wideField(fieldOf(6)) | DR6_BD);
  return fault(cpu, VECTOR_DB, NO_ERROR_CODE, `MOV with DR${index} while DR7.GD is set`);
}

export const MOV_TO_DEBUG: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  const { index } = operandAt(instruction, 0) as RegisterOperand;
  const refused = check(cpu, index);
  if (refused !== undefined) return refused;
  const source = (operandAt(instruction, 1) as RegisterOperand).index;
  const value = BigInt.asUintN(is64BitMode(state) ? 64 : 32, state.gpr(source));
  if (index < 4) {
    state.setWideField(fieldOf(index), value);
    cpu.debugRegistersChanged();
    return serialize(cpu);
  }
  if (value >> 32n !== 0n) return generalProtection(cpu, `DR${index} has no bits 63:32, and ${hex(value)} is written`);
  const fixed = (index & 1) === 0 ? (value & DR6_WRITABLE) | DR6_FIXED : (value & DR7_WRITABLE) | DR7_FIXED;
  state.setWideField(fieldOf(index), fixed);
  cpu.debugRegistersChanged();
  return serialize(cpu);
};

export const MOV_FROM_DEBUG: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  const { index } = operandAt(instruction, 1) as RegisterOperand;
  const refused = check(cpu, index);
  if (refused !== undefined) return refused;
  const destination = (operandAt(instruction, 0) as RegisterOperand).index;
  state.writeGpr(destination, is64BitMode(state) ? 64 : 32, state.wideField(fieldOf(index)));
  return OUTCOME_NEXT;
};
