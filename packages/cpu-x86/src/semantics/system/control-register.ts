import { highWord, loadPdptes, lowWord } from '@longmode/mmu';
import { CS, type RegisterOperand } from '../../decode/instruction.ts';
import {
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_LA57,
  CR4_OSFXSR,
  CR4_PAE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PKE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  CR4_UMIP,
  EFER_LMA,
  EFER_LME,
} from '../../state/control-registers.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { CR0, CR2, CR3, CR4, CR8, MSR_EFER, PDPTES, TR_INDEX } from '../../state/layout.ts';
import { ATTRIBUTE_L, ATTRIBUTE_TYPE } from '../../state/segment-register.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { cr4Mask } from './cpu-model.ts';
import { generalProtection, hex, undefinedOpcode } from './fault.ts';
import { operandAt, readOperand, writeOperand } from './operand.ts';
import { is64BitMode, isLongMode, requireCpl0, segmentOf, serialize } from './processor-mode.ts';

/** Bits that CR0 holds; writes to the others are ignored. CR0.ET is always 1. */
const CR0_DEFINED = 0xe005003f;
const TYPE_BUSY_TSS_16 = 3;

/** Bits whose change makes PAE paging load the PDPTE registers. */
const CR0_RELOADS_PDPTES = CR0_CD | CR0_NW | CR0_PG;
const CR4_RELOADS_PDPTES = CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP;
const CR4_CHANGES_TRANSLATION = CR4_RELOADS_PDPTES | CR4_SMAP | CR4_LA57 | CR4_PCIDE | CR4_PKE;

/**
 * Loads the PDPTE registers for a CR3 value. Raises #GP(0) and gives false when an entry has a reserved bit set.
 *
 * @source SDM Vol. 3A "PDPTE Registers"
 */
export function loadPdpteRegisters(cpu: SystemCpu, cr3: bigint): boolean {
  const at = PDPTES >> 2;
  const pdptes = cpu.state.u32.subarray(at, at + 8);
  if (loadPdptes(cpu.physicalMemory, lowWord(cr3), cpu.maxPhyAddr, pdptes)) return true;
  generalProtection(cpu, `a page-directory-pointer-table entry at CR3 ${hex(cr3)} has a reserved bit set`);
  return false;
}

const usesPae = (cr0: number, cr4: number, efer: number): boolean =>
  (cr0 & CR0_PG) !== 0 && (cr4 & CR4_PAE) !== 0 && (efer & EFER_LMA) === 0;

/** Why CR0 may not take a value, or undefined when it may. */
function cr0Refusal(state: CpuState, value: number, before: number): string | undefined {
  const cr4 = state.field(CR4);
  if ((value & CR0_PG) !== 0 && (value & CR0_PE) === 0) return 'CR0.PG is set and CR0.PE is clear';
  if ((value & CR0_NW) !== 0 && (value & CR0_CD) === 0) return 'CR0.NW is set and CR0.CD is clear';
  if ((before & CR0_PG) !== 0 && (value & CR0_PG) === 0) {
    if (is64BitMode(state)) return 'CR0.PG cannot be cleared in 64-bit mode';
    if ((cr4 & CR4_PCIDE) !== 0) return 'CR0.PG cannot be cleared while CR4.PCIDE is set';
  }
  const entersLongMode = (before & CR0_PG) === 0 && (value & CR0_PG) !== 0 && (state.field(MSR_EFER) & EFER_LME) !== 0;
  if (!entersLongMode) return undefined;
  if ((cr4 & CR4_PAE) === 0) return 'CR0.PG is set with EFER.LME set and CR4.PAE clear';
  if ((segmentOf(state, CS).attributes & ATTRIBUTE_L) !== 0) return 'CR0.PG is set with EFER.LME and CS.L set';
  const tr = segmentOf(state, TR_INDEX);
  if ((tr.selector & 0xfffc) !== 0 && (tr.attributes & ATTRIBUTE_TYPE) === TYPE_BUSY_TSS_16) {
    return 'CR0.PG is set with EFER.LME set and a 16-bit TSS in TR';
  }
  return undefined;
}

/**
 * Writes CR0 with all consequences: paging on and off, IA-32e mode entered and left.
 *
 * @param value bits 31:0
 * @returns `OUTCOME_FAULT` after #GP(0), with nothing changed
 * @source SDM Vol. 3A "Control Registers", "Initializing IA-32e Mode"
 */
export function writeCr0(cpu: SystemCpu, value: number): Outcome {
  const state = cpu.state;
  const before = state.field(CR0);
  const refusal = cr0Refusal(state, value, before);
  if (refusal !== undefined) return generalProtection(cpu, refusal);
  const cr0 = ((value & CR0_DEFINED) | CR0_ET) >>> 0;
  const changed = cr0 ^ before;
  let efer = state.field(MSR_EFER);
  if ((changed & CR0_PG) !== 0) {
    const entersLongMode = (cr0 & CR0_PG) !== 0 && (efer & EFER_LME) !== 0;
    efer = entersLongMode ? efer | EFER_LMA : efer & ~EFER_LMA;
  }
  if (usesPae(cr0, state.field(CR4), efer) && (changed & CR0_RELOADS_PDPTES) !== 0) {
    if (!loadPdpteRegisters(cpu, state.wideField(CR3))) return OUTCOME_FAULT;
  }
  state.setField(CR0, cr0);
  state.setField(MSR_EFER, efer);
  if ((changed & (CR0_PG | CR0_WP | CR0_PE)) !== 0) cpu.pagingChanged({ keepGlobal: false });
  cpu.modeChanged();
  return serialize(cpu);
}

/** Why CR4 may not take a value, or undefined when it may. */
function cr4Refusal(cpu: SystemCpu, value: number, before: number): string | undefined {
  const state = cpu.state;
  const reserved = (value & ~cr4Mask(cpu.model)) >>> 0;
  if (reserved !== 0) return `CR4 has no bits ${hex(reserved)} on this processor`;
  if (isLongMode(state)) {
    if ((value & CR4_PAE) === 0) return 'CR4.PAE cannot be cleared in IA-32e mode';
    if (((value ^ before) & CR4_LA57) !== 0) return 'CR4.LA57 cannot be changed in IA-32e mode';
  }
  if ((value & CR4_PCIDE) !== 0 && (before & CR4_PCIDE) === 0) {
    if (!isLongMode(state)) return 'CR4.PCIDE can be set in IA-32e mode only';
    if ((state.wideField(CR3) & 0xfffn) !== 0n) return 'CR4.PCIDE cannot be set while CR3 bits 11:0 are not 0';
  }
  return undefined;
}

function writeCr4(cpu: SystemCpu, value: number): Outcome {
  const state = cpu.state;
  const before = state.field(CR4);
  const refusal = cr4Refusal(cpu, value, before);
  if (refusal !== undefined) return generalProtection(cpu, refusal);
  const changed = value ^ before;
  if (usesPae(state.field(CR0), value, state.field(MSR_EFER)) && (changed & CR4_RELOADS_PDPTES) !== 0) {
    if (!loadPdpteRegisters(cpu, state.wideField(CR3))) return OUTCOME_FAULT;
  }
  state.setField(CR4, value);
  if ((changed & CR4_CHANGES_TRANSLATION) !== 0) cpu.pagingChanged({ keepGlobal: false });
  if ((changed & CR4_OSFXSR) !== 0) cpu.modeChanged();
  return serialize(cpu);
}

const CR3_NO_FLUSH = 1n << 63n;

function writeCr3(cpu: SystemCpu, value: bigint): Outcome {
  const state = cpu.state;
  const cr4 = state.field(CR4);
  let cr3 = value;
  if (is64BitMode(state)) {
    if ((cr4 & CR4_PCIDE) !== 0) cr3 &= ~CR3_NO_FLUSH;
    const reserved = highWord(cr3) >>> (cpu.maxPhyAddr - 32);
    if (reserved !== 0) return generalProtection(cpu, `CR3 ${hex(value)} has bits set beyond MAXPHYADDR`);
  }
  if (usesPae(state.field(CR0), cr4, state.field(MSR_EFER)) && !loadPdpteRegisters(cpu, cr3)) return OUTCOME_FAULT;
  state.setWideField(CR3, cr3);
  // The TLB does not tell address spaces apart, so that "do not invalidate" (bit 63) cannot be honoured.
  cpu.pagingChanged({ keepGlobal: (cr4 & CR4_PGE) !== 0 });
  return serialize(cpu);
}

function writeCr8(cpu: SystemCpu, value: bigint): Outcome {
  if (value > 15n) return generalProtection(cpu, `CR8 has 4 bits, and ${hex(value)} is written`);
  if (cpu.localApic === undefined) cpu.state.setField(CR8, Number(value));
  else cpu.localApic.taskPriorityClass = Number(value);
  cpu.requestAttention();
  return serialize(cpu);
}

/** MOV to a control register. @source SDM Vol. 2B "MOV—Move to/from Control Registers" */
export const MOV_TO_CONTROL: SystemOperation = (cpu, instruction) => {
  const control = operandAt(instruction, 0) as RegisterOperand;
  const state = cpu.state;
  if (!isControlRegister(cpu, control.index)) return undefinedOpcode(cpu, `there is no CR${control.index}`);
  if (!requireCpl0(cpu, `MOV to CR${control.index}`)) return OUTCOME_FAULT;
  const source = operandAt(instruction, 1) as RegisterOperand;
  const value = BigInt.asUintN(is64BitMode(state) ? 64 : 32, state.gpr(source.index));
  if (control.index === 0 || control.index === 4) {
    if (value >> 32n !== 0n) {
      return generalProtection(cpu, `CR${control.index} bits 63:32 are reserved, and ${hex(value)} is written`);
    }
    return control.index === 0 ? writeCr0(cpu, Number(value)) : writeCr4(cpu, Number(value));
  }
  if (control.index === 3) return writeCr3(cpu, value);
  if (control.index === 8) return writeCr8(cpu, value);
  state.setWideField(CR2, value);
  return OUTCOME_NEXT;
};

/** MOV from a control register. @source SDM Vol. 2B "MOV—Move to/from Control Registers" */
export const MOV_FROM_CONTROL: SystemOperation = (cpu, instruction) => {
  const control = operandAt(instruction, 1) as RegisterOperand;
  const state = cpu.state;
  if (!isControlRegister(cpu, control.index)) return undefinedOpcode(cpu, `there is no CR${control.index}`);
  if (!requireCpl0(cpu, `MOV from CR${control.index}`)) return OUTCOME_FAULT;
  const destination = operandAt(instruction, 0) as RegisterOperand;
  state.writeGpr(destination.index, is64BitMode(state) ? 64 : 32, readControlRegister(cpu, control.index));
  return OUTCOME_NEXT;
};

function isControlRegister(cpu: SystemCpu, index: number): boolean {
  return index === 0 || (index >= 2 && index <= 4) || (index === 8 && is64BitMode(cpu.state));
}

function readControlRegister({ state, localApic }: SystemCpu, index: number): bigint {
  if (index === 0) return BigInt(state.field(CR0));
  if (index === 2) return state.wideField(CR2);
  if (index === 3) return state.wideField(CR3);
  if (index === 4) return BigInt(state.field(CR4));
  return BigInt(localApic === undefined ? state.field(CR8) : localApic.taskPriorityClass);
}

const MACHINE_STATUS = CR0_PE | CR0_MP | CR0_EM | CR0_TS;

/** LMSW: loads PE, MP, EM and TS; PE can be set but not cleared. */
export const LMSW: SystemOperation = (cpu, instruction) => {
  if (!requireCpl0(cpu, 'LMSW')) return OUTCOME_FAULT;
  const value = readOperand(cpu, instruction, operandAt(instruction, 0), 16);
  if (value === undefined) return OUTCOME_FAULT;
  const before = cpu.state.field(CR0);
  return writeCr0(cpu, ((before & ~(MACHINE_STATUS & ~CR0_PE)) | (Number(value) & MACHINE_STATUS)) >>> 0);
};

/** SMSW: stores CR0, 16 bits of it to memory. */
export const SMSW: SystemOperation = (cpu, instruction) => {
  if (!permitsUserModeStore(cpu, 'SMSW')) return OUTCOME_FAULT;
  const destination = operandAt(instruction, 0);
  const width = destination.kind === 'register' ? instruction.operandSize : 16;
  const value = BigInt(cpu.state.field(CR0));
  return writeOperand(cpu, instruction, destination, width, value) ? OUTCOME_NEXT : OUTCOME_FAULT;
};

/** CR4.UMIP keeps SGDT, SIDT, SLDT, SMSW and STR from CPL > 0. Raises #GP(0) and gives false where it does. */
export function permitsUserModeStore(cpu: SystemCpu, mnemonic: string): boolean {
  if (cpu.state.cpl === 0 || (cpu.state.field(CR4) & CR4_UMIP) === 0) return true;
  generalProtection(cpu, `CR4.UMIP reserves ${mnemonic} to CPL 0, and CPL is ${cpu.state.cpl}`);
  return false;
}

/** CLTS: clears CR0.TS. */
export const CLTS: SystemOperation = (cpu) => {
  if (!requireCpl0(cpu, 'CLTS')) return OUTCOME_FAULT;
  cpu.state.setField(CR0, cpu.state.field(CR0) & ~CR0_TS);
  cpu.modeChanged();
  return serialize(cpu);
};
