/**
 * CLAC and STAC, and why CLI, STI, PUSHF and POPF (`../flags-register.ts`) are not allowed somewhere.
 *
 * @source SDM Vol. 2A "CLI", SDM Vol. 2B "STI", "PUSHF/PUSHFD/PUSHFQ", "POPF/POPFD/POPFQ", "STAC"
 */
import { SYSTEM_FLAGS } from '../../state/layout.ts';
import { FLAG_AC } from '../../state/rflags.ts';
import { OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, undefinedOpcode } from './fault.ts';
import { ioPrivilegeLevel, serialize } from './processor-mode.ts';

/** CLI and STI need CPL at most IOPL, and CPL is 3 in virtual-8086 mode. */
const refuseInterruptFlag =
  (mnemonic: string): SystemOperation =>
  (cpu) =>
    generalProtection(cpu, `${mnemonic} at CPL ${cpu.state.cpl} with IOPL ${ioPrivilegeLevel(cpu.state)}`);
const refuseInVirtual8086Mode =
  (mnemonic: string): SystemOperation =>
  (cpu) =>
    generalProtection(cpu, `${mnemonic} in virtual-8086 mode needs IOPL 3`);

/** Why an instruction is not allowed. */
export const REFUSE_CLI: SystemOperation = refuseInterruptFlag('CLI');
export const REFUSE_STI: SystemOperation = refuseInterruptFlag('STI');
export const REFUSE_PUSHF: SystemOperation = refuseInVirtual8086Mode('PUSHF');
export const REFUSE_POPF: SystemOperation = refuseInVirtual8086Mode('POPF');

function setAlignmentCheck(cpu: SystemCpu, mnemonic: string, isSet: boolean): Outcome {
  const { state } = cpu;
  if (!cpu.model.features.has('SMAP')) return undefinedOpcode(cpu, `${mnemonic} needs SMAP`);
  if (state.cpl !== 0) return undefinedOpcode(cpu, `${mnemonic} at CPL ${state.cpl}`);
  const before = state.field(SYSTEM_FLAGS);
  const after = isSet ? before | FLAG_AC : before & ~FLAG_AC;
  if (after === before) return OUTCOME_NEXT;
  state.setField(SYSTEM_FLAGS, after);
  cpu.modeChanged();
  return serialize(cpu);
}

/** CLAC: supervisor accesses to user pages fault again. */
export const CLAC: SystemOperation = (cpu) => setAlignmentCheck(cpu, 'CLAC', false);
/** STAC: supervisor accesses to user pages are allowed for a while. */
export const STAC: SystemOperation = (cpu) => setAlignmentCheck(cpu, 'STAC', true);
