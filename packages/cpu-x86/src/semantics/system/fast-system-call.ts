/**
 * SYSENTER and SYSEXIT, and why SYSCALL, SYSRET and SWAPGS (`../fast-system-call.ts`) are not allowed somewhere.
 *
 * @source SDM Vol. 2B "SYSCALL", "SYSENTER", "SYSEXIT", "SYSRET", "SWAPGS"
 */
import { CS, SS } from '../../decode/instruction.ts';
import { EFER_SCE } from '../../state/control-registers.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { MSR_EFER, MSR_SYSENTER_CS, MSR_SYSENTER_EIP, MSR_SYSENTER_ESP } from '../../state/layout.ts';
import { FLAG_IF, FLAG_RF, FLAG_VM } from '../../state/rflags.ts';
import { FLAT_CODE, FLAT_DATA, flatAttributes } from '../../state/segment-register.ts';
import { OUTCOME_BRANCH, OUTCOME_FAULT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, hex, undefinedOpcode } from './fault.ts';
import {
  is64BitMode,
  isCanonicalAddress,
  isLongMode,
  isProtectedMode,
  requireCpl0,
  segmentOf,
} from './processor-mode.ts';
import { RSP } from './stack.ts';

const RCX = 1;
const RDX = 2;

/** Loads CS and SS with flat segments without looking at their descriptors, as these instructions do. */
function loadFlatSegments(cpu: SystemCpu, cs: number, ss: number, privilege: number, isLong: boolean): void {
  const { state } = cpu;
  segmentOf(state, CS).loadFlat((cs & 0xfffc) | privilege, flatAttributes(FLAT_CODE, privilege, isLong));
  segmentOf(state, SS).loadFlat((ss & 0xfffc) | privilege, flatAttributes(FLAT_DATA, privilege, isLong));
  state.cpl = privilege;
}

function finish(cpu: SystemCpu, rip: bigint): Outcome {
  cpu.state.rip = rip;
  cpu.modeChanged();
  return OUTCOME_BRANCH;
}

const isSystemCallEnabled = (state: CpuState): boolean => (state.field(MSR_EFER) & EFER_SCE) !== 0;

/** SYSCALL and SYSRET exist in 64-bit mode with EFER.SCE. */
function refuseSystemCall(cpu: SystemCpu, mnemonic: string): Outcome {
  const isEnabled = isSystemCallEnabled(cpu.state);
  return undefinedOpcode(cpu, isEnabled ? `${mnemonic} outside 64-bit mode` : `${mnemonic} with EFER.SCE clear`);
}

/** Why SYSCALL is not allowed. */
export const REFUSE_SYSCALL: SystemOperation = (cpu) => refuseSystemCall(cpu, 'SYSCALL');

/** Why SYSRET is not allowed. */
export const REFUSE_SYSRET: SystemOperation = (cpu) => {
  const { state } = cpu;
  if (!is64BitMode(state) || !isSystemCallEnabled(state)) return refuseSystemCall(cpu, 'SYSRET');
  if (!requireCpl0(cpu, 'SYSRET')) return OUTCOME_FAULT;
  return generalProtection(cpu, `SYSRET with RCX ${hex(state.gpr(RCX))}, not canonical`);
};

/** The selector in IA32_SYSENTER_CS, if SYSENTER and SYSEXIT can run; undefined after #GP(0). */
function fastCallSelector(cpu: SystemCpu, mnemonic: string): number | undefined {
  const selector = Number(cpu.state.wideField(MSR_SYSENTER_CS) & 0xffffn);
  if (isProtectedMode(cpu.state) && (selector & 0xfffc) !== 0) return selector & 0xfffc;
  const why = isProtectedMode(cpu.state) ? 'with a null selector in IA32_SYSENTER_CS' : 'in real-address mode';
  generalProtection(cpu, `${mnemonic} ${why}`);
  return undefined;
}

export const SYSENTER: SystemOperation = (cpu) => {
  const selector = fastCallSelector(cpu, 'SYSENTER');
  if (selector === undefined) return OUTCOME_FAULT;
  const { state } = cpu;
  const isLong = isLongMode(state);
  const mask = isLong ? 0xffffffffffffffffn : 0xffffffffn;
  state.rflags = state.rflags & ~(FLAG_VM | FLAG_IF | FLAG_RF);
  state.setGpr(RSP, state.wideField(MSR_SYSENTER_ESP) & mask);
  loadFlatSegments(cpu, selector, selector + 8, 0, isLong);
  return finish(cpu, state.wideField(MSR_SYSENTER_EIP) & mask);
};

export const SYSEXIT: SystemOperation = (cpu, instruction) => {
  const selector = fastCallSelector(cpu, 'SYSEXIT');
  if (selector === undefined || !requireCpl0(cpu, 'SYSEXIT')) return OUTCOME_FAULT;
  const { state } = cpu;
  const isLong = instruction.operandSize === 64;
  const pointer = state.gpr(RCX);
  const target = state.gpr(RDX);
  if (isLong && !(isCanonicalAddress(cpu, pointer) && isCanonicalAddress(cpu, target))) {
    return generalProtection(cpu, `SYSEXIT with RCX ${hex(pointer)} or RDX ${hex(target)} not canonical`);
  }
  const mask = isLong ? 0xffffffffffffffffn : 0xffffffffn;
  state.setGpr(RSP, pointer & mask);
  const cs = selector + (isLong ? 32 : 16);
  loadFlatSegments(cpu, cs, cs + 8, 3, isLong);
  return finish(cpu, target & mask);
};

/** Why SWAPGS is not allowed. */
export const REFUSE_SWAPGS: SystemOperation = (cpu) => {
  if (!is64BitMode(cpu.state)) return undefinedOpcode(cpu, 'SWAPGS outside 64-bit mode');
  requireCpl0(cpu, 'SWAPGS');
  return OUTCOME_FAULT;
};
