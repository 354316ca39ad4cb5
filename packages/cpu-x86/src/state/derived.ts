import type { PagingRegisters } from '@longmode/mmu';
import { CS, DS, ES, GS, SS } from '../decode/instruction.ts';
import { CR0_EM, CR0_PE, CR0_TS, CR4_LA57, CR4_OSFXSR, EFER_LMA } from './control-registers.ts';
import type { CpuState } from './cpu-state.ts';
import {
  CANONICAL_SHIFT,
  CODE_BASE,
  CR0,
  CR3,
  CR4,
  MODE,
  MSR_EFER,
  PKRU,
  SSE_UNAVAILABLE,
  SYSTEM_FLAGS,
  ZERO,
} from './layout.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_CODE_64, MODE_CODE_MASK, MODE_FLAT, MODE_STACK_32 } from './mode.ts';
import { FLAG_VM } from './rflags.ts';
import {
  ATTRIBUTE_DB,
  ATTRIBUTE_L,
  RIGHT_READ,
  RIGHT_WRITE,
  type SegmentRegister,
  segmentBaseField,
} from './segment-register.ts';

const CS_BASE = segmentBaseField(CS);

function isFlatData(state: CpuState, index: number): boolean {
  const segment = state.segments[index] as SegmentRegister;
  return (
    segment.hasBaseZero &&
    segment.low === 0 &&
    segment.high === 0xffffffff &&
    segment.rights === (RIGHT_READ | RIGHT_WRITE)
  );
}

/** @returns the decode key that the state calls for */
function decodeKeyOf(state: CpuState): number {
  const code = state.segments[CS] as SegmentRegister;
  const stack = state.segments[SS] as SegmentRegister;
  const isLongMode = (state.field(MSR_EFER) & EFER_LMA) !== 0;
  const isRealOrVm86 = (state.field(CR0) & CR0_PE) === 0 || (state.field(SYSTEM_FLAGS) & FLAG_VM) !== 0;
  if (isLongMode && !isRealOrVm86 && (code.attributes & ATTRIBUTE_L) !== 0) return MODE_CODE_64;
  const size = (code.attributes & ATTRIBUTE_DB) !== 0 ? MODE_CODE_32 : MODE_CODE_16;
  const stackBit = (stack.attributes & ATTRIBUTE_DB) !== 0 ? MODE_STACK_32 : 0;
  const mayBeFlat = size === MODE_CODE_32 && stackBit !== 0;
  const isFlat = mayBeFlat && isFlatData(state, ES) && isFlatData(state, SS) && isFlatData(state, DS);
  return size | stackBit | (isFlat ? MODE_FLAT : 0);
}

/** Segment rights follow CR0.PE: they are made anew where it has changed, and where real mode loaded a register. */
export function updateSegmentRights(state: CpuState): void {
  const isRealMode = (state.field(CR0) & CR0_PE) === 0;
  for (let i = ES; i <= GS; i++) (state.segments[i] as SegmentRegister).updateRights(isRealMode);
}

/**
 * Recomputes what the engine keeps of segments, privilege, flags and CR0: decode key, base of the code, whether SSE is
 * available, and in real mode the rights of the segments.
 */
export function updateMode(state: CpuState): void {
  if ((state.field(CR0) & CR0_PE) === 0) updateSegmentRights(state);
  const mode = decodeKeyOf(state);
  state.setField(MODE, mode);
  const isIn64BitMode = (mode & MODE_CODE_MASK) === MODE_CODE_64;
  state.copyWide(CODE_BASE, isIn64BitMode ? ZERO : CS_BASE);
  const isSseAvailable = (state.field(CR0) & (CR0_EM | CR0_TS)) === 0 && (state.field(CR4) & CR4_OSFXSR) !== 0;
  state.setField(SSE_UNAVAILABLE, isSseAvailable ? 0 : 1);
}

/**
 * Recomputes what the engine keeps of the control registers and EFER: paging registers, width of linear addresses, and
 * where CR0.PE has changed, segment rights. The PDPTE registers are no copy; see `Cpu`.
 */
export function updatePaging(state: CpuState, paging: PagingRegisters): void {
  if (((state.field(CR0) ^ paging.cr0) & CR0_PE) !== 0) updateSegmentRights(state);
  state.setField(CANONICAL_SHIFT, (state.field(CR4) & CR4_LA57) !== 0 ? 7 : 16);
  paging.cr0 = state.field(CR0);
  paging.cr4 = state.field(CR4);
  paging.efer = state.field(MSR_EFER);
  paging.pkru = state.field(PKRU);
  paging.cr3Low = state.field(CR3);
  paging.cr3High = state.field(CR3 + 4);
}
