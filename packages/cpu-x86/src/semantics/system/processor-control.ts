/**
 * HLT, cache maintenance, fences, time-stamp counter and the undefined instructions.
 *
 * @source SDM Vol. 2A and 2B, each instruction under its name
 */
import { CS, type Instruction, type MemoryOperand } from '../../decode/instruction.ts';
import { CR4_TSD } from '../../state/control-registers.ts';
import { ACTIVITY, ACTIVITY_HALTED, CR4, MSR_TSC_AUX } from '../../state/layout.ts';
import { RIGHT_READ } from '../../state/segment-register.ts';
import {
  OUTCOME_EXIT,
  OUTCOME_FAULT,
  OUTCOME_NEXT,
  type Outcome,
  type SystemCpu,
  type SystemOperation,
} from './context.ts';
import type { CpuFeature } from './cpu-model.ts';
import { generalProtection, undefinedOpcode } from './fault.ts';
import { effectiveAddress, operandAddress, uncheckedLinearAddress } from './linear-address.ts';
import { memoryOperand, readLinear } from './operand.ts';
import { dataAccess, requireCpl0, segmentOf } from './processor-mode.ts';
import { requiredFeature } from './required-feature.ts';

/** HLT: nothing more is executed until an interrupt, NMI or reset. */
export const HLT: SystemOperation = (cpu) => {
  if (!requireCpl0(cpu, 'HLT')) return OUTCOME_FAULT;
  cpu.state.setField(ACTIVITY, ACTIVITY_HALTED);
  cpu.state.rip = cpu.nextRip;
  return OUTCOME_EXIT;
};

/** INVD: there is no cache to lose. */
export const INVD: SystemOperation = (cpu) => (requireCpl0(cpu, 'INVD') ? OUTCOME_NEXT : OUTCOME_FAULT);
/** WBINVD: there is no cache to write back. */
export const WBINVD: SystemOperation = (cpu) => (requireCpl0(cpu, 'WBINVD') ? OUTCOME_NEXT : OUTCOME_FAULT);

/** Memory is sequentially consistent: fences have nothing to do. */
export const FENCE: SystemOperation = () => OUTCOME_NEXT;

/** A cache-line flush is a load of one byte, as far as faults go; but execute-only code may be flushed too. */
function flushLine(cpu: SystemCpu, instruction: Instruction, feature: CpuFeature): Outcome {
  if (!cpu.model.features.has(feature)) {
    return undefinedOpcode(cpu, `${instruction.mnemonic} is not a feature of this processor`);
  }
  const operand: MemoryOperand = memoryOperand(instruction);
  const { rights, high } = segmentOf(cpu.state, operand.segment);
  const isExecuteOnly = operand.segment === CS && (rights & RIGHT_READ) === 0;
  if (isExecuteOnly && effectiveAddress(cpu, instruction, operand) > BigInt(high)) {
    return generalProtection(cpu, `${instruction.mnemonic} beyond the limit of CS`);
  }
  const linear = isExecuteOnly
    ? uncheckedLinearAddress(cpu, operand.segment, effectiveAddress(cpu, instruction, operand))
    : operandAddress(cpu, instruction, operand, 1, false);
  if (linear === undefined || readLinear(cpu, linear, 8, dataAccess(cpu.state)) === undefined) return OUTCOME_FAULT;
  return OUTCOME_NEXT;
}

export const CLFLUSH: SystemOperation = (cpu, instruction) => flushLine(cpu, instruction, 'CLFSH');
export const CLFLUSHOPT: SystemOperation = (cpu, instruction) => flushLine(cpu, instruction, 'CLFLUSHOPT');
export const CLWB: SystemOperation = (cpu, instruction) => flushLine(cpu, instruction, 'CLWB');

function readTimeStamp(cpu: SystemCpu, mnemonic: string): bigint | undefined {
  const { state } = cpu;
  if (state.cpl !== 0 && (state.field(CR4) & CR4_TSD) !== 0) {
    generalProtection(cpu, `${mnemonic} at CPL ${state.cpl} with CR4.TSD set`);
    return undefined;
  }
  return BigInt.asUintN(64, cpu.timeStampCounter());
}

/** RDTSC: EDX:EAX. */
export const RDTSC: SystemOperation = (cpu) => {
  const counter = readTimeStamp(cpu, 'RDTSC');
  if (counter === undefined) return OUTCOME_FAULT;
  cpu.state.setGpr(0, counter & 0xffffffffn);
  cpu.state.setGpr(2, counter >> 32n);
  return OUTCOME_NEXT;
};

/** RDTSCP: as RDTSC, and IA32_TSC_AUX in ECX. */
export const RDTSCP: SystemOperation = (cpu) => {
  if (!cpu.model.features.has('RDTSCP')) return undefinedOpcode(cpu, 'RDTSCP is not a feature of this processor');
  const counter = readTimeStamp(cpu, 'RDTSCP');
  if (counter === undefined) return OUTCOME_FAULT;
  cpu.state.setGpr(0, counter & 0xffffffffn);
  cpu.state.setGpr(2, counter >> 32n);
  cpu.state.setGpr(1, cpu.state.wideField(MSR_TSC_AUX) & 0xffffffffn);
  return OUTCOME_NEXT;
};

/** RDPMC: there are no performance counters, so that no ECX is valid. */
export const RDPMC: SystemOperation = (cpu) => generalProtection(cpu, 'RDPMC: there are no performance counters');

/** UD0, UD1, UD2: #UD by definition. */
export const UNDEFINED: SystemOperation = (cpu, instruction) =>
  undefinedOpcode(cpu, `${instruction.mnemonic}, which compilers place where execution must never arrive`);

/** RSM: #UD outside of system-management mode, which this processor never enters. */
export const RSM: SystemOperation = (cpu) => undefinedOpcode(cpu, 'RSM outside of system-management mode');

/** What came later than the model: #UD. */
export const NOT_IN_MODEL: SystemOperation = (cpu, instruction) => {
  const feature = requiredFeature(instruction.encoding) ?? 'such thing';
  return undefinedOpcode(cpu, `${instruction.mnemonic} is not an instruction of this processor: it has no ${feature}`);
};
