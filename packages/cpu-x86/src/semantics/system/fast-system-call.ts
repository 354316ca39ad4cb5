/**
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS. SYSCALL and SYSRET are as on Intel 64 processors: in 64-bit mode only.
 *
 * @source SDM Vol. 2B "SYSCALL", "SYSENTER", "SYSEXIT", "SYSRET", "SWAPGS"
 */
import { isCanonical } from '@longmode/mmu';
import { CS, GS, SS } from '../../decode/instruction.ts';
import { EFER_SCE } from '../../state/control-registers.ts';
import {
  GPR,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  RIP,
} from '../../state/layout.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VM } from '../../state/rflags.ts';
import {
  ATTRIBUTE_DB,
  ATTRIBUTE_DPL_SHIFT,
  ATTRIBUTE_G,
  ATTRIBUTE_L,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  segmentBaseField,
} from '../../state/segment-register.ts';
import {
  OUTCOME_BRANCH,
  OUTCOME_FAULT,
  OUTCOME_NEXT,
  type Outcome,
  type SystemCpu,
  type SystemOperation,
} from './context.ts';
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
const R11 = 11;
/** Bits 63:32 of IA32_STAR: the selectors of SYSCALL below those of SYSRET. */
const MSR_STAR_HIGH = MSR_STAR + 4;
const FLAT_CODE = ATTRIBUTE_PRESENT | ATTRIBUTE_S | ATTRIBUTE_G | 0xb;
const FLAT_DATA = ATTRIBUTE_PRESENT | ATTRIBUTE_S | ATTRIBUTE_G | ATTRIBUTE_DB | 0x3;
/** RFLAGS that SYSRET takes from R11: RF and VM are cleared. */
const SYSRET_FLAGS = 0x3c7fd7;

/** Loads CS and SS with flat segments without looking at their descriptors, as these instructions do. */
function loadFlatSegments(cpu: SystemCpu, cs: number, ss: number, privilege: number, isLong: boolean): void {
  const dpl = privilege << ATTRIBUTE_DPL_SHIFT;
  const { state } = cpu;
  const codeSize = isLong ? ATTRIBUTE_L : ATTRIBUTE_DB;
  segmentOf(state, CS).loadFlat((cs & 0xfffc) | privilege, FLAT_CODE | codeSize | dpl);
  segmentOf(state, SS).loadFlat((ss & 0xfffc) | privilege, FLAT_DATA | dpl);
  state.cpl = privilege;
}

function finish(cpu: SystemCpu, rip: bigint): Outcome {
  cpu.state.rip = rip;
  cpu.modeChanged();
  return OUTCOME_BRANCH;
}

/** Whether SYSCALL and SYSRET exist here: 64-bit mode and EFER.SCE. Raises #UD where not. */
function hasSystemCall(cpu: SystemCpu, mnemonic: string): boolean {
  const enabled = (cpu.state.field(MSR_EFER) & EFER_SCE) !== 0;
  if (enabled && is64BitMode(cpu.state)) return true;
  undefinedOpcode(cpu, enabled ? `${mnemonic} outside 64-bit mode` : `${mnemonic} with EFER.SCE clear`);
  return false;
}

export const SYSCALL: SystemOperation = (cpu) => {
  if (!hasSystemCall(cpu, 'SYSCALL')) return OUTCOME_FAULT;
  const { state } = cpu;
  const flags = state.rflags;
  state.setGpr(RCX, cpu.nextRip);
  state.writeGprNumber(R11, 32, flags & ~FLAG_RF);
  state.rflags = flags & ~state.field(MSR_FMASK) & ~FLAG_RF;
  const selector = state.field(MSR_STAR_HIGH) & 0xffff;
  loadFlatSegments(cpu, selector & 0xfffc, (selector & 0xfffc) + 8, 0, true);
  state.copyWide(RIP, MSR_LSTAR);
  cpu.modeChanged();
  return OUTCOME_BRANCH;
};

export const SYSRET: SystemOperation = (cpu, instruction) => {
  if (!hasSystemCall(cpu, 'SYSRET')) return OUTCOME_FAULT;
  if (!requireCpl0(cpu, 'SYSRET')) return OUTCOME_FAULT;
  const { state } = cpu;
  const isLong = instruction.operandSize === 64;
  const target = GPR + 8 * RCX;
  if (isLong && !isCanonical(state.field(target) | 0, state.field(target + 4) | 0, cpu.linearAddressBits)) {
    return generalProtection(cpu, `SYSRET with RCX ${hex(state.gpr(RCX))}, not canonical`);
  }
  const flags = state.gpr32(R11) & SYSRET_FLAGS;
  state.rflags = flags;
  if ((flags & (FLAG_IF | FLAG_TF)) !== 0) cpu.requestAttention();
  const selector = state.field(MSR_STAR_HIGH) >>> 16;
  loadFlatSegments(cpu, selector + (isLong ? 16 : 0), selector + 8, 3, isLong);
  state.copyWide(RIP, target);
  if (!isLong) state.setField(RIP + 4, 0);
  cpu.modeChanged();
  return OUTCOME_BRANCH;
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

/** SWAPGS: exchanges GS.base with IA32_KERNEL_GS_BASE. */
export const SWAPGS: SystemOperation = (cpu) => {
  const { state } = cpu;
  if (!is64BitMode(state)) return undefinedOpcode(cpu, 'SWAPGS outside 64-bit mode');
  if (!requireCpl0(cpu, 'SWAPGS')) return OUTCOME_FAULT;
  state.exchangeWide(segmentBaseField(GS), MSR_KERNEL_GS_BASE);
  return OUTCOME_NEXT;
};
