/**
 * RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE.
 *
 * @source SDM Vol. 2B "RDFSBASE/RDGSBASE", SDM Vol. 2D "WRFSBASE/WRGSBASE"
 */
import { FS, GS, type Instruction, type RegisterOperand } from '../../decode/instruction.ts';
import { CR4_FSGSBASE } from '../../state/control-registers.ts';
import { CR4 } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, hex, undefinedOpcode } from './fault.ts';
import { operandAt } from './operand.ts';
import { is64BitMode, isCanonicalAddress, segmentOf } from './processor-mode.ts';

function isEnabled(cpu: SystemCpu, mnemonic: string): boolean {
  if (is64BitMode(cpu.state) && (cpu.state.field(CR4) & CR4_FSGSBASE) !== 0) return true;
  undefinedOpcode(cpu, `${mnemonic} needs 64-bit mode and CR4.FSGSBASE`);
  return false;
}

/** 64 bits with REX.W, else 32: a 66 prefix changes nothing. */
const widthOf = (instruction: Instruction): 32 | 64 => (instruction.operandSize === 64 ? 64 : 32);

function readBase(cpu: SystemCpu, instruction: Instruction, segment: number): Outcome {
  if (!isEnabled(cpu, instruction.mnemonic)) return OUTCOME_FAULT;
  const { index } = operandAt(instruction, 0) as RegisterOperand;
  cpu.state.writeGpr(
    index,
    widthOf(instruction),
    BigInt.asUintN(widthOf(instruction), segmentOf(cpu.state, segment).base),
  );
  return OUTCOME_NEXT;
}

function writeBase(cpu: SystemCpu, instruction: Instruction, segment: number): Outcome {
  if (!isEnabled(cpu, instruction.mnemonic)) return OUTCOME_FAULT;
  const { index } = operandAt(instruction, 0) as RegisterOperand;
  const value = BigInt.asUintN(widthOf(instruction), cpu.state.gpr(index));
  if (!isCanonicalAddress(cpu, value)) {
    return generalProtection(cpu, `${instruction.mnemonic} with ${hex(value)}, not canonical`);
  }
  segmentOf(cpu.state, segment).base = value;
  return OUTCOME_NEXT;
}

export const RDFSBASE: SystemOperation = (cpu, instruction) => readBase(cpu, instruction, FS);
export const RDGSBASE: SystemOperation = (cpu, instruction) => readBase(cpu, instruction, GS);
export const WRFSBASE: SystemOperation = (cpu, instruction) => writeBase(cpu, instruction, FS);
export const WRGSBASE: SystemOperation = (cpu, instruction) => writeBase(cpu, instruction, GS);
