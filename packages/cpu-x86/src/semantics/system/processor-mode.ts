import { ACCESS_AC, ACCESS_USER, highWord, isCanonical, lowWord } from '@longmode/mmu';
import { CS, SS } from '../../decode/instruction.ts';
import { CR0_AM, CR0_PE, EFER_LMA } from '../../state/control-registers.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { CR0, MODE, MSR_EFER, SYSTEM_FLAGS } from '../../state/layout.ts';
import { FLAG_AC, FLAG_IOPL, FLAG_IOPL_SHIFT, FLAG_VM } from '../../state/rflags.ts';
import { ATTRIBUTE_DB, ATTRIBUTE_L, type SegmentRegister } from '../../state/segment-register.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT, type Outcome, type SystemCpu } from './context.ts';
import { generalProtection } from './fault.ts';

/** Modes of operation by the SDM's names. @source SDM Vol. 1 "Modes of Operation" */
export type ProcessorMode = 'real-address' | 'virtual-8086' | 'protected' | 'compatibility' | '64-bit';

/** A segment register by its index, LDTR and TR included. */
export function segmentOf(state: CpuState, index: number): SegmentRegister {
  return state.segments[index] as SegmentRegister;
}

/** CR0.PE is set: protected, virtual-8086 or IA-32e mode. */
export function isProtectedMode(state: CpuState): boolean {
  return (state.field(CR0) & CR0_PE) !== 0;
}

/** EFLAGS.VM is set. */
export function isVirtual8086Mode(state: CpuState): boolean {
  return (state.field(SYSTEM_FLAGS) & FLAG_VM) !== 0;
}

/** Segments are paragraphs: real-address or virtual-8086 mode. */
export function hasParagraphSegments(state: CpuState): boolean {
  return !isProtectedMode(state) || isVirtual8086Mode(state);
}

/** IA-32e mode (64-bit or compatibility mode): EFER.LMA is set. */
export function isLongMode(state: CpuState): boolean {
  return (state.field(MSR_EFER) & EFER_LMA) !== 0;
}

/** IA-32e mode with a 64-bit code segment. */
export function is64BitMode(state: CpuState): boolean {
  return isLongMode(state) && (segmentOf(state, CS).attributes & ATTRIBUTE_L) !== 0;
}

/** The mode by name, for reports. */
export function processorMode(state: CpuState): ProcessorMode {
  if (!isProtectedMode(state)) return 'real-address';
  if (isLongMode(state)) return is64BitMode(state) ? '64-bit' : 'compatibility';
  return isVirtual8086Mode(state) ? 'virtual-8086' : 'protected';
}

/** Stack-address size in bits. */
export function stackWidth(state: CpuState): 16 | 32 | 64 {
  if (is64BitMode(state)) return 64;
  return (segmentOf(state, SS).attributes & ATTRIBUTE_DB) !== 0 ? 32 : 16;
}

/** I/O privilege level. */
export function ioPrivilegeLevel(state: CpuState): number {
  return (state.field(SYSTEM_FLAGS) & FLAG_IOPL) >> FLAG_IOPL_SHIFT;
}

/** CR0.AM, RFLAGS.AC and CPL 3: accesses that are not aligned raise #AC(0). */
export function checksAlignment(state: CpuState): boolean {
  return state.cpl === 3 && (state.field(CR0) & CR0_AM) !== 0 && (state.field(SYSTEM_FLAGS) & FLAG_AC) !== 0;
}

/** `ACCESS_*` bits of an ordinary data access at the current privilege level. */
export function dataAccess(state: CpuState): number {
  if (state.cpl === 3) return ACCESS_USER;
  return (state.field(SYSTEM_FLAGS) & FLAG_AC) !== 0 ? ACCESS_AC : 0;
}

/** Whether bits 63 down to `linearAddressBits - 1` of an address are equal. */
export function isCanonicalAddress(cpu: SystemCpu, linear: bigint): boolean {
  return isCanonical(0, highWord(linear), cpu.linearAddressBits);
}

/** As {@link isCanonicalAddress}, for the first and the last byte of an access: behind the last address comes 0. */
export function isCanonicalRange(cpu: SystemCpu, linear: bigint, sizeBytes: number): boolean {
  const high = highWord(linear);
  if (!isCanonical(0, high, cpu.linearAddressBits)) return false;
  return lowWord(linear) + sizeBytes <= TWO_TO_32 || isCanonical(0, high + 1, cpu.linearAddressBits);
}
const TWO_TO_32 = 0x1_0000_0000;

/** Tests that CPL is 0; raises #GP(0) and gives false where not. */
export function requireCpl0(cpu: SystemCpu, mnemonic: string): boolean {
  if (cpu.state.cpl === 0) return true;
  generalProtection(cpu, `${mnemonic} needs CPL 0, and CPL is ${cpu.state.cpl}`);
  return false;
}

/** Completes an instruction after which nothing that was decoded or cached may be relied upon. */
export function serialize(cpu: SystemCpu): Outcome {
  cpu.state.rip = cpu.nextRip;
  return OUTCOME_BRANCH;
}

/** Completes an instruction that loaded a data segment: the decode key changes only with the stack size or flatness. */
export function finishSegmentLoad(cpu: SystemCpu): Outcome {
  const before = cpu.state.field(MODE);
  cpu.modeChanged();
  return cpu.state.field(MODE) === before ? OUTCOME_NEXT : serialize(cpu);
}
