import { CS, DS, ES, FS, GS, SS } from '../decode/instruction.ts';
import { CR0_CD, CR0_ET, CR0_NW } from './control-registers.ts';
import type { CpuState } from './cpu-state.ts';
import {
  CR0,
  DR,
  FPU_CONTROL,
  FPU_TAG,
  GDTR_LIMIT,
  IDTR_LIMIT,
  LDTR_INDEX,
  MSR_APIC_BASE,
  MSR_MISC_ENABLE,
  MSR_PAT,
  MXCSR,
  RIP,
  TR_INDEX,
  XCR0,
} from './layout.ts';
import type { SegmentRegister } from './segment-register.ts';

/** Present, writable data, accessed: what every segment register holds after reset, CS included. */
const RESET_DATA = 0x0093;
const RESET_LDT = 0x0082;
const RESET_TSS = 0x008b;
/** Fast strings, MONITOR and MWAIT. */
const MISC_ENABLE_RESET = 0x40001n;

/** What EDX holds after reset, in the fields of CPUID leaf 1. */
export interface ProcessorSignature {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/**
 * Power-on and reset values.
 *
 * @source SDM Vol. 3A "Processor State After Reset", Table "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT"
 */
export function resetState(state: CpuState, model: ProcessorSignature): void {
  state.u64.fill(0n);
  state.u64[RIP >> 3] = 0xfff0n;
  // EDX identifies the processor: family, model, stepping.
  const extendedModel = model.family === 6 || model.family >= 15 ? model.model >> 4 : 0;
  const signature =
    model.stepping | ((model.model & 15) << 4) | (Math.min(model.family, 15) << 8) | (extendedModel << 16);
  state.setGpr(2, BigInt(signature >>> 0));
  state.rflags = 0x2;
  state.setField(CR0, (CR0_CD | CR0_NW | CR0_ET) >>> 0);
  for (const index of [ES, SS, DS, FS, GS]) (state.segments[index] as SegmentRegister).load(0, 0n, 0xffff, RESET_DATA);
  (state.segments[CS] as SegmentRegister).load(0xf000, 0xffff0000n, 0xffff, RESET_DATA);
  (state.segments[LDTR_INDEX] as SegmentRegister).load(0, 0n, 0xffff, RESET_LDT);
  (state.segments[TR_INDEX] as SegmentRegister).load(0, 0n, 0xffff, RESET_TSS);
  state.setField(GDTR_LIMIT, 0xffff);
  state.setField(IDTR_LIMIT, 0xffff);
  state.setWideField(DR + 8 * 6, 0xffff0ff0n);
  state.setWideField(DR + 8 * 7, 0x400n);
  state.setWideField(MSR_MISC_ENABLE, MISC_ENABLE_RESET);
  state.setWideField(MSR_PAT, 0x0007040600070406n);
  state.setWideField(MSR_APIC_BASE, 0xfee00100n);
  state.setField(XCR0, 1);
  // The x87 registers hold +0 and are not empty; FNINIT makes another state.
  state.setField(FPU_CONTROL, 0x0040);
  state.setField(FPU_TAG, 0xff);
  state.setField(MXCSR, 0x1f80);
}
