/**
 * CLAC and STAC, and what becomes of CLI, STI, PUSHF and POPF (`../flags-register.ts`) where IOPL does not allow them.
 *
 * @source SDM Vol. 2A "CLI", SDM Vol. 2B "STI", "PUSHF/PUSHFD/PUSHFQ", "POPF/POPFD/POPFQ", "STAC"
 */
import { SYSTEM_FLAGS } from '../../state/layout.ts';
import { FLAG_AC, FLAG_VIF, FLAG_VIP } from '../../state/rflags.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, undefinedOpcode } from './fault.ts';
import { ioPrivilegeLevel, serialize } from './processor-mode.ts';
import { Stack } from './stack.ts';
import { hasVirtualInterrupts, loadVirtualFlags, mayLoadVirtualFlags, virtualFlags } from './virtual-interrupt.ts';

const refuseInterruptFlag = (cpu: SystemCpu, mnemonic: string): Outcome =>
  generalProtection(cpu, `${mnemonic} at CPL ${cpu.state.cpl} with IOPL ${ioPrivilegeLevel(cpu.state)}`);
const refuseInVirtual8086Mode = (cpu: SystemCpu, mnemonic: string): Outcome =>
  generalProtection(cpu, `${mnemonic} in virtual-8086 mode needs IOPL 3`);

/** CLI above IOPL: of VIF, or not allowed. CPL is 3 in virtual-8086 mode. */
export const CLI_ABOVE_IOPL: SystemOperation = (cpu) => {
  const { state } = cpu;
  if (!hasVirtualInterrupts(state)) return refuseInterruptFlag(cpu, 'CLI');
  state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~FLAG_VIF);
  return OUTCOME_NEXT;
};
/** STI above IOPL: as CLI, but for an interrupt that is pending. */
export const STI_ABOVE_IOPL: SystemOperation = (cpu) => {
  const { state } = cpu;
  if (!hasVirtualInterrupts(state)) return refuseInterruptFlag(cpu, 'STI');
  const flags = state.field(SYSTEM_FLAGS);
  if ((flags & FLAG_VIP) !== 0) return generalProtection(cpu, 'STI with virtual interrupts while VIP is set');
  state.setField(SYSTEM_FLAGS, flags | FLAG_VIF);
  return OUTCOME_NEXT;
};

/** PUSHF of virtual-8086 mode with IOPL below 3: of 16 bits with VIF as IF, or not allowed. */
export const PUSHF_ABOVE_IOPL: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  if (instruction.operandSize !== 16 || !hasVirtualInterrupts(state)) return refuseInVirtual8086Mode(cpu, 'PUSHF');
  const stack = Stack.current(cpu);
  if (!stack.push(BigInt(virtualFlags(state)), 16)) return OUTCOME_FAULT;
  stack.commit();
  return OUTCOME_NEXT;
};
/** POPF of virtual-8086 mode with IOPL below 3: as PUSHF. */
export const POPF_ABOVE_IOPL: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  if (instruction.operandSize !== 16 || !hasVirtualInterrupts(state)) return refuseInVirtual8086Mode(cpu, 'POPF');
  const stack = Stack.current(cpu);
  const flags = stack.pop(16);
  if (flags === undefined || !mayLoadVirtualFlags(cpu, Number(flags), 'POPF')) return OUTCOME_FAULT;
  stack.commit();
  loadVirtualFlags(state, Number(flags));
  return OUTCOME_NEXT;
};

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
