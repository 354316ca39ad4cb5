/**
 * RDMSR and WRMSR: the model-specific registers and what may be written to them.
 *
 * @source SDM Vol. 4 "Architectural MSRs"; SDM Vol. 2B "RDMSR", SDM Vol. 2D "WRMSR"
 */
import { highWord, joinWords, lowWord } from '@longmode/mmu';
import { FS, GS } from '../../decode/instruction.ts';
import { CR0_PG, EFER_LMA, EFER_LME, EFER_NXE } from '../../state/control-registers.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import {
  CR0,
  MSR_APIC_BASE,
  MSR_CSTAR,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_MCG_STATUS,
  MSR_MISC_ENABLE,
  MSR_PAT,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  MSR_TSC_AUX,
  TSC_OFFSET,
} from '../../state/layout.ts';
import { segmentBaseField } from '../../state/segment-register.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from './context.ts';
import { type CpuFeature, type CpuModel, eferMask } from './cpu-model.ts';
import { generalProtection, hex } from './fault.ts';
import { isMemoryType, isMtrr, MTRR_CAPABILITIES, mtrrField, mtrrRefusal } from './mtrr.ts';
import { isCanonicalAddress, requireCpl0, serialize } from './processor-mode.ts';

/** Numbers of the MSRs. */
export const IA32_P5_MC_ADDR = 0;
export const IA32_P5_MC_TYPE = 1;
export const IA32_TIME_STAMP_COUNTER = 0x10;
export const IA32_PLATFORM_ID = 0x17;
export const IA32_APIC_BASE = 0x1b;
export const IA32_BIOS_SIGN_ID = 0x8b;
export const IA32_MTRRCAP = 0xfe;
export const IA32_SYSENTER_CS = 0x174;
export const IA32_SYSENTER_ESP = 0x175;
export const IA32_SYSENTER_EIP = 0x176;
export const IA32_MCG_CAP = 0x179;
export const IA32_MCG_STATUS = 0x17a;
export const IA32_MISC_ENABLE = 0x1a0;
export const IA32_PAT = 0x277;
export const IA32_XSS = 0xda0;
/** The local APIC's, as are the registers of x2APIC mode. */
export const IA32_TSC_DEADLINE = 0x6e0;
const X2APIC_FIRST = 0x800;
const X2APIC_LAST = 0xbff;
export const IA32_EFER = 0xc0000080;
export const IA32_STAR = 0xc0000081;
export const IA32_LSTAR = 0xc0000082;
export const IA32_CSTAR = 0xc0000083;
export const IA32_FMASK = 0xc0000084;
export const IA32_FS_BASE = 0xc0000100;
export const IA32_GS_BASE = 0xc0000101;
export const IA32_KERNEL_GS_BASE = 0xc0000102;
export const IA32_TSC_AUX = 0xc0000103;

/** Why a value may not be written, or undefined when it may. */
type Refusal = (cpu: SystemCpu, value: bigint) => string | undefined;

const anything: Refusal = () => undefined;
const canonical: Refusal = (cpu, value) => (isCanonicalAddress(cpu, value) ? undefined : 'is not a canonical address');
const word32: Refusal = (_cpu, value) => (value >> 32n === 0n ? undefined : 'has reserved bits 63:32 set');

const patTypes: Refusal = (_cpu, value) => {
  for (let i = 0n; i < 8n; i += 1n) {
    const type = Number((value >> (8n * i)) & 0xffn);
    if (!isMemoryType(type) && type !== 7) return `has the reserved memory type ${type}`;
  }
  return undefined;
};

const APIC_BASE_LOW_RESERVED = 0x2ffn; // all of bits 11:0 but BSP (8), x2APIC mode (10) and the global enable (11)
const APIC_BASE_X2APIC = 0x400n;

const apicBase: Refusal = ({ localApic, maxPhyAddr }, value) => {
  const reserved = APIC_BASE_LOW_RESERVED | (localApic === undefined ? APIC_BASE_X2APIC : 0n);
  return (value & reserved) === 0n && value >> BigInt(maxPhyAddr) === 0n ? undefined : 'has reserved bits set';
};

const MISC_ENABLE_READ_ONLY = 0x1880n; // performance monitoring, BTS unavailable, PEBS unavailable
const MISC_ENABLE_ONES = 0x1800n; // branch-trace store and PEBS are unavailable
// And fast strings, limit CPUID, XD disable; without effect: thermal control, SpeedStep, MONITOR's, xTPR messages.
const MISC_ENABLE_DEFINED = 0x400c50009n | MISC_ENABLE_READ_ONLY;

const MISC_ENABLE_XD_DISABLE = 1n << 34n;

const miscEnable: Refusal = (_cpu, value) =>
  (value & ~MISC_ENABLE_DEFINED) === 0n ? undefined : 'sets bits of features that are absent';

/** RIPV, EIPV and MCIP. */
const MCG_STATUS_DEFINED = 7n;

const machineCheckStatus: Refusal = (_cpu, value) =>
  (value & ~MCG_STATUS_DEFINED) === 0n ? undefined : 'has reserved bits set';

interface MsrRow {
  readonly field: number;
  readonly refusal: Refusal;
  /** Without it there is no such MSR. */
  readonly feature?: CpuFeature;
  /** Bits that keep their value when written. */
  readonly readOnly?: bigint;
  /** Bits that always read as 1. */
  readonly ones?: bigint;
}

/** Whether an MSR is the local APIC's, where there is one. */
const isApicMsr = (index: number): boolean =>
  index === IA32_APIC_BASE || index === IA32_TSC_DEADLINE || (index >= X2APIC_FIRST && index <= X2APIC_LAST);

/** The MSRs that are a field of the state. */
const MSRS: ReadonlyMap<number, MsrRow> = new Map<number, MsrRow>([
  [IA32_APIC_BASE, { field: MSR_APIC_BASE, refusal: apicBase, readOnly: 0x100n }],
  [IA32_SYSENTER_CS, { field: MSR_SYSENTER_CS, refusal: anything }],
  [IA32_SYSENTER_ESP, { field: MSR_SYSENTER_ESP, refusal: canonical }],
  [IA32_SYSENTER_EIP, { field: MSR_SYSENTER_EIP, refusal: canonical }],
  [
    IA32_MISC_ENABLE,
    { field: MSR_MISC_ENABLE, refusal: miscEnable, readOnly: MISC_ENABLE_READ_ONLY, ones: MISC_ENABLE_ONES },
  ],
  // Without banks of errors nothing ever sets a bit of it.
  [IA32_MCG_STATUS, { field: MSR_MCG_STATUS, refusal: machineCheckStatus, feature: 'MCA' }],
  [IA32_PAT, { field: MSR_PAT, refusal: patTypes }],
  [IA32_STAR, { field: MSR_STAR, refusal: anything }],
  [IA32_LSTAR, { field: MSR_LSTAR, refusal: canonical }],
  [IA32_CSTAR, { field: MSR_CSTAR, refusal: canonical }],
  [IA32_FMASK, { field: MSR_FMASK, refusal: word32 }],
  [IA32_FS_BASE, { field: segmentBaseField(FS), refusal: canonical }],
  [IA32_GS_BASE, { field: segmentBaseField(GS), refusal: canonical }],
  [IA32_KERNEL_GS_BASE, { field: MSR_KERNEL_GS_BASE, refusal: canonical }],
  [IA32_TSC_AUX, { field: MSR_TSC_AUX, refusal: word32 }],
]);

const rowOf = (model: CpuModel, index: number): MsrRow | undefined => {
  const row = MSRS.get(index);
  return row?.feature === undefined || model.features.has(row.feature) ? row : undefined;
};

/**
 * The value of an MSR.
 *
 * @param index ECX
 * @returns undefined for an MSR that does not exist
 */
export function readMsr(cpu: SystemCpu, index: number): bigint | undefined {
  const { state, localApic, model } = cpu;
  if (localApic !== undefined && isApicMsr(index)) return localApic.readMsr(index);
  const row = rowOf(model, index);
  if (row !== undefined) return state.wideField(row.field) | (row.ones ?? 0n);
  if (isMtrr(index)) return state.wideField(mtrrField(index));
  switch (index) {
    case IA32_EFER:
      return state.wideField(MSR_EFER);
    case IA32_TIME_STAMP_COUNTER:
      return BigInt.asUintN(64, cpu.timeStampCounter());
    case IA32_MTRRCAP:
      return MTRR_CAPABILITIES;
    case IA32_P5_MC_ADDR:
    case IA32_P5_MC_TYPE:
      return model.features.has('MCE') ? 0n : undefined;
    case IA32_MCG_CAP:
      return model.features.has('MCA') ? 0n : undefined; // no banks, no control register
    case IA32_XSS:
      return model.features.has('XSAVES') ? 0n : undefined; // no component is the supervisor's
    case IA32_PLATFORM_ID:
    case IA32_BIOS_SIGN_ID:
      return 0n;
    default:
      return undefined;
  }
}

/** Whether software has switched execute-disable off: CPUID tells of none, and EFER.NXE is reserved. */
export const isXdDisabled = (state: CpuState): boolean =>
  (state.wideField(MSR_MISC_ENABLE) & MISC_ENABLE_XD_DISABLE) !== 0n;

/** Writes EFER; LMA is read-only. @returns why it may not be written, or undefined when it has been */
function writeEfer(cpu: SystemCpu, value: bigint): string | undefined {
  const { state } = cpu;
  const before = state.wideField(MSR_EFER);
  const mask = BigInt(eferMask(cpu.model) & ~(isXdDisabled(state) ? EFER_NXE : 0));
  const reserved = value & ~(mask | BigInt(EFER_LMA));
  if (reserved !== 0n) return `has bits ${hex(reserved)}, which this processor does not have`;
  const changed = (value ^ before) & mask;
  if ((changed & BigInt(EFER_LME)) !== 0n && (state.field(CR0) & CR0_PG) !== 0) {
    return 'changes LME while CR0.PG is set';
  }
  state.setWideField(MSR_EFER, (value & mask) | (before & BigInt(EFER_LMA)));
  if ((changed & BigInt(EFER_NXE)) !== 0n) cpu.pagingChanged({ keepGlobal: false });
  return undefined;
}

/**
 * Writes an MSR.
 *
 * @returns why the value was refused, as a clause that follows "the value", or undefined when it has been written
 */
export function writeMsr(cpu: SystemCpu, index: number, value: bigint): string | undefined {
  const { state, localApic } = cpu;
  if (localApic !== undefined && isApicMsr(index)) {
    const refusal = index === IA32_APIC_BASE ? apicBase(cpu, value) : undefined;
    return refusal ?? localApic.writeMsr(index, value);
  }
  const row = rowOf(cpu.model, index);
  if (row !== undefined) {
    const refusal = row.refusal(cpu, value);
    if (refusal !== undefined) return refusal;
    const kept = row.readOnly ?? 0n;
    state.setWideField(row.field, (value & ~kept) | (state.wideField(row.field) & kept));
    return undefined;
  }
  if (isMtrr(index)) {
    const refusal = mtrrRefusal(index, value, cpu.maxPhyAddr);
    if (refusal === undefined) state.setWideField(mtrrField(index), value);
    return refusal;
  }
  switch (index) {
    case IA32_EFER:
      return writeEfer(cpu, value);
    case IA32_TIME_STAMP_COUNTER: {
      const offset = state.wideField(TSC_OFFSET) + value - cpu.timeStampCounter();
      state.setWideField(TSC_OFFSET, BigInt.asUintN(64, offset));
      localApic?.timeStampCounterChanged();
      return undefined;
    }
    case IA32_XSS:
      if (!cpu.model.features.has('XSAVES')) break;
      return value === 0n ? undefined : 'has state components that are not there for the supervisor';
    case IA32_BIOS_SIGN_ID:
      return undefined; // written before CPUID, to ask for the microcode's signature: there is none
  }
  return 'is for an MSR that does not exist or cannot be written';
}

export const RDMSR: SystemOperation = (cpu) => {
  if (!requireCpl0(cpu, 'RDMSR')) return OUTCOME_FAULT;
  const index = cpu.state.gpr32(1);
  const value = readMsr(cpu, index);
  if (value === undefined) return generalProtection(cpu, `RDMSR ${hex(index)}: there is no such MSR`);
  cpu.state.writeGprNumber(0, 32, lowWord(value));
  cpu.state.writeGprNumber(2, 32, highWord(value));
  return OUTCOME_NEXT;
};

export const WRMSR: SystemOperation = (cpu) => {
  if (!requireCpl0(cpu, 'WRMSR')) return OUTCOME_FAULT;
  const { state } = cpu;
  const index = state.gpr32(1);
  const value = joinWords(state.gpr32(0), state.gpr32(2));
  const refusal = writeMsr(cpu, index, value);
  if (refusal !== undefined) return generalProtection(cpu, `WRMSR ${hex(index)}: the value ${hex(value)} ${refusal}`);
  return serialize(cpu);
};
