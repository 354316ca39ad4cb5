/**
 * CLI, STI, PUSHF, POPF, CLAC, STAC.
 *
 * @source SDM Vol. 2A "CLI", SDM Vol. 2B "STI", "PUSHF/PUSHFD/PUSHFQ", "POPF/POPFD/POPFQ", "STAC"
 */
import { INTERRUPT_SHADOW, SYSTEM_FLAGS } from '../../state/layout.ts';
import {
  FLAG_AC,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_DEFINED,
} from '../../state/rflags.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, undefinedOpcode } from './fault.ts';
import { ioPrivilegeLevel, isProtectedMode, isVirtual8086Mode, serialize } from './processor-mode.ts';
import { Stack } from './stack.ts';

/** Whether IF may be changed: CPL at most IOPL (CPL is 3 in virtual-8086 mode). Raises #GP(0) where not. */
function mayChangeInterruptFlag(cpu: SystemCpu, mnemonic: string): boolean {
  const { state } = cpu;
  const iopl = ioPrivilegeLevel(state);
  if (!isProtectedMode(state) || state.cpl <= iopl) return true;
  generalProtection(cpu, `${mnemonic} at CPL ${state.cpl} with IOPL ${iopl}`);
  return false;
}

export const CLI: SystemOperation = (cpu) => {
  if (!mayChangeInterruptFlag(cpu, 'CLI')) return OUTCOME_FAULT;
  cpu.state.setField(SYSTEM_FLAGS, cpu.state.field(SYSTEM_FLAGS) & ~FLAG_IF);
  return OUTCOME_NEXT;
};

/** STI: interrupts are taken after the next instruction, if IF was clear. */
export const STI: SystemOperation = (cpu) => {
  if (!mayChangeInterruptFlag(cpu, 'STI')) return OUTCOME_FAULT;
  const { state } = cpu;
  const flags = state.field(SYSTEM_FLAGS);
  if ((flags & FLAG_IF) !== 0) return OUTCOME_NEXT;
  state.setField(SYSTEM_FLAGS, flags | FLAG_IF);
  state.setField(INTERRUPT_SHADOW, 1);
  cpu.requestAttention();
  return serialize(cpu);
};

export const PUSHF: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  if (isVirtual8086Mode(state) && ioPrivilegeLevel(state) < 3) {
    return generalProtection(cpu, 'PUSHF in virtual-8086 mode needs IOPL 3');
  }
  const stack = Stack.current(cpu);
  if (!stack.push(BigInt((state.rflags & ~(FLAG_VM | FLAG_RF)) >>> 0), instruction.operandSize)) return OUTCOME_FAULT;
  stack.commit();
  return OUTCOME_NEXT;
};

/** The flags that POPF may change at the current privilege level. */
function changeableFlags(cpu: SystemCpu): number {
  const { state } = cpu;
  let mask = FLAGS_DEFINED & ~(FLAG_VM | FLAG_VIF | FLAG_VIP | FLAG_RF);
  if (!isProtectedMode(state) || state.cpl === 0) return mask;
  mask &= ~FLAG_IOPL;
  return state.cpl <= ioPrivilegeLevel(state) ? mask : mask & ~FLAG_IF;
}

export const POPF: SystemOperation = (cpu, instruction) => {
  const { state } = cpu;
  if (isVirtual8086Mode(state) && ioPrivilegeLevel(state) < 3) {
    return generalProtection(cpu, 'POPF in virtual-8086 mode needs IOPL 3');
  }
  const stack = Stack.current(cpu);
  const popped = stack.pop(instruction.operandSize);
  if (popped === undefined) return OUTCOME_FAULT;
  const before = state.rflags;
  let mask = changeableFlags(cpu);
  if (instruction.operandSize === 16) mask &= 0xffff;
  const after = (before & ~(mask | FLAG_RF)) | (Number(popped & 0xffffffffn) & mask);
  stack.commit();
  state.rflags = after >>> 0;
  return finishFlagChange(cpu, before, after);
};

/** What the run loop and the TLB must hear of a change of IF, TF or AC. */
function finishFlagChange(cpu: SystemCpu, before: number, after: number): Outcome {
  const changed = before ^ after;
  const wakes = (changed & after & FLAG_IF) !== 0 || (after & FLAG_TF) !== 0;
  if (wakes) cpu.requestAttention();
  if ((changed & FLAG_AC) !== 0) cpu.modeChanged();
  return wakes || (changed & FLAG_AC) !== 0 ? serialize(cpu) : OUTCOME_NEXT;
}

function setAlignmentCheck(cpu: SystemCpu, mnemonic: string, isSet: boolean): Outcome {
  const { state } = cpu;
  if (!cpu.model.features.has('SMAP')) return undefinedOpcode(cpu, `${mnemonic} needs SMAP`);
  if (state.cpl !== 0) return undefinedOpcode(cpu, `${mnemonic} at CPL ${state.cpl}`);
  const before = state.field(SYSTEM_FLAGS);
  const after = isSet ? before | FLAG_AC : before & ~FLAG_AC;
  state.setField(SYSTEM_FLAGS, after);
  return finishFlagChange(cpu, before & FLAG_AC, after & FLAG_AC);
}

/** CLAC: supervisor accesses to user pages fault again. */
export const CLAC: SystemOperation = (cpu) => setAlignmentCheck(cpu, 'CLAC', false);
/** STAC: supervisor accesses to user pages are allowed for a while. */
export const STAC: SystemOperation = (cpu) => setAlignmentCheck(cpu, 'STAC', true);
