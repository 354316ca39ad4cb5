/**
 * MONITOR and MWAIT. MWAIT waits for an interrupt; that somebody stores to the line that MONITOR named is not noticed.
 *
 * @source SDM Vol. 2B "MONITOR", "MWAIT"; SDM Vol. 3A "MONITOR/MWAIT Instruction"
 */
import {
  ACTIVITY,
  ACTIVITY_HALTED,
  MONITOR_ARMED,
  MONITOR_NONE,
  MONITOR as MONITOR_STATE,
  MONITOR_WAITING,
  MSR_MISC_ENABLE,
  SYSTEM_FLAGS,
} from '../../state/layout.ts';
import { FLAG_IF } from '../../state/rflags.ts';
import { OUTCOME_EXIT, OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, hex, undefinedOpcode } from './fault.ts';
import { operandAddress } from './linear-address.ts';
import { memoryOperand, readLinear } from './operand.ts';
import { dataAccess } from './processor-mode.ts';

const RCX = 1;
const MISC_ENABLE_MONITOR = 1n << 18n;
/** MWAIT's only extension: interrupts end it although IF is clear. */
const BREAKS_ON_INTERRUPT = 1;

/** Whether MONITOR and MWAIT are there: software can switch them off. */
export const hasMonitor = ({ model, state }: SystemCpu): boolean =>
  model.features.has('MONITOR') && (state.wideField(MSR_MISC_ENABLE) & MISC_ENABLE_MONITOR) !== 0n;

/** #UD where they are not there, and at CPL above 0; #GP(0) for extensions that are not there. */
function isAllowed(cpu: SystemCpu, mnemonic: string, extensions: number): boolean {
  const { cpl } = cpu.state;
  const unknown = (cpu.state.gpr32(RCX) & ~extensions) >>> 0;
  if (!hasMonitor(cpu)) undefinedOpcode(cpu, `${mnemonic} is not a feature of this processor, or is switched off`);
  else if (cpl !== 0) undefinedOpcode(cpu, `${mnemonic} at CPL ${cpl}`);
  else if (unknown !== 0) generalProtection(cpu, `${mnemonic} has no extensions ${hex(unknown)}`);
  else return true;
  return false;
}

/** MONITOR: a load of the byte at RAX, as far as faults go. */
export const MONITOR: SystemOperation = (cpu, instruction) => {
  if (!isAllowed(cpu, 'MONITOR', 0)) return OUTCOME_FAULT;
  const linear = operandAddress(cpu, instruction, memoryOperand(instruction), 1, false);
  if (linear === undefined || readLinear(cpu, linear, 8, dataAccess(cpu.state)) === undefined) return OUTCOME_FAULT;
  cpu.state.setField(MONITOR_STATE, MONITOR_ARMED);
  return OUTCOME_NEXT;
};

/** MWAIT: as HLT, if nothing has happened since MONITOR and an interrupt can end it. */
export const MWAIT: SystemOperation = (cpu) => {
  if (!isAllowed(cpu, 'MWAIT', BREAKS_ON_INTERRUPT)) return OUTCOME_FAULT;
  const { state } = cpu;
  const isArmed = state.field(MONITOR_STATE) === MONITOR_ARMED;
  const breaks = (state.gpr32(RCX) & BREAKS_ON_INTERRUPT) !== 0;
  state.setField(MONITOR_STATE, MONITOR_NONE);
  if (!isArmed || !(breaks || (state.field(SYSTEM_FLAGS) & FLAG_IF) !== 0)) return OUTCOME_NEXT;
  if (breaks) state.setField(MONITOR_STATE, MONITOR_WAITING);
  state.setField(ACTIVITY, ACTIVITY_HALTED);
  state.rip = cpu.nextRip;
  return OUTCOME_EXIT;
};
