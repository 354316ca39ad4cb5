/**
 * Virtual interrupts: the virtual-8086 mode extensions (CR4.VME), and those of protected mode (CR4.PVI).
 *
 * Where IOPL keeps a program of CPL 3 from IF, it gets VIF instead; VIP says that the system holds back an interrupt for it.
 * Software interrupts of virtual-8086 mode go straight to the program's own handlers, unless a bit map in the TSS says
 * otherwise.
 *
 * @source SDM Vol. 3B "Interrupt and Exception Handling in Virtual-8086 Mode", "Protected-Mode Virtual Interrupts"; APM
 * Vol. 3 "IRET" (16-bit returns of virtual-8086 mode)
 */
import { ACCESS_IMPLICIT } from '@longmode/mmu';
import { CS } from '../../decode/instruction.ts';
import { CR4_PVI, CR4_VME } from '../../state/control-registers.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { CR4, SYSTEM_FLAGS, TR_INDEX } from '../../state/layout.ts';
import { FLAG_IF, FLAG_IOPL, FLAG_TF, FLAG_VIF, FLAG_VIP, FLAGS_DEFINED } from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_FAULT, type Outcome, type SystemCpu } from './context.ts';
import { tableAddress } from './descriptor.ts';
import { generalProtection, hex } from './fault.ts';
import { ioPrivilegeLevel, isVirtual8086Mode, segmentOf } from './processor-mode.ts';
import { loadVirtual8086Segment } from './segment-load.ts';
import { Stack } from './stack.ts';

const TSS_IO_MAP_BASE = 0x66;
const REDIRECTION_MAP_SIZE_BYTES = 32;

/** Whether the current program has VIF in the place of IF. */
export function hasVirtualInterrupts(state: CpuState): boolean {
  if (state.cpl !== 3 || ioPrivilegeLevel(state) === 3) return false;
  return (state.field(CR4) & (isVirtual8086Mode(state) ? CR4_VME : CR4_PVI)) !== 0;
}

/** RFLAGS bits 15:0 as a program of virtual-8086 mode sees them: IOPL is 3, and IF is VIF. */
export function virtualFlags(state: CpuState): number {
  const flags = state.rflags & 0xffff & ~FLAG_IF;
  return flags | FLAG_IOPL | ((state.field(SYSTEM_FLAGS) & FLAG_VIF) !== 0 ? FLAG_IF : 0);
}

/** What POPF and IRET of 16 bits may not load: IF where an interrupt is pending, and TF. #GP(0) for these, then false. */
export function mayLoadVirtualFlags(cpu: SystemCpu, flags: number, mnemonic: string): boolean {
  const isPending = (cpu.state.field(SYSTEM_FLAGS) & FLAG_VIP) !== 0 && (flags & FLAG_IF) !== 0;
  if (!isPending && (flags & FLAG_TF) === 0) return true;
  const why = isPending ? 'IF while VIP is set' : 'TF';
  generalProtection(cpu, `${mnemonic} with virtual interrupts loads ${why}`);
  return false;
}

/** Loads flags as {@link virtualFlags} has them: IOPL and IF stay, VIF takes the place of IF. */
export function loadVirtualFlags(state: CpuState, flags: number): void {
  const loaded = FLAGS_DEFINED & 0xffff & ~(FLAG_IF | FLAG_IOPL);
  const virtual = (flags & FLAG_IF) !== 0 ? FLAG_VIF : 0;
  state.rflags = (state.rflags & ~loaded & ~FLAG_VIF) | (flags & loaded) | virtual;
}

/**
 * Whether INT n of virtual-8086 mode goes to the program's own handler: its bit in the redirection bit map is clear, the 32
 * bytes below the I/O permission bit map.
 *
 * @returns undefined after a fault
 */
export function isRedirected(cpu: SystemCpu, vector: number): boolean | undefined {
  const { state, memory } = cpu;
  if (!isVirtual8086Mode(state) || (state.field(CR4) & CR4_VME) === 0) return false;
  const tr = segmentOf(state, TR_INDEX);
  const refuse = (): undefined => {
    generalProtection(cpu, `INT ${hex(vector)}: the TSS (limit ${hex(tr.limit)}) has no redirection bit map`);
    return undefined;
  };
  if (TSS_IO_MAP_BASE + 1 > tr.limit) return refuse();
  const base = memory.read16(tableAddress(cpu, tr.base, TSS_IO_MAP_BASE), ACCESS_IMPLICIT);
  const at = base - REDIRECTION_MAP_SIZE_BYTES + (vector >> 3);
  if (memory.failed) return undefined;
  if (at < 0 || at > tr.limit) return refuse();
  const bits = memory.read8(tableAddress(cpu, tr.base, at), ACCESS_IMPLICIT);
  return memory.failed ? undefined : ((bits >> (vector & 7)) & 1) === 0;
}

/** INT n through the interrupt vector table at linear address 0, as in real-address mode. */
export function redirectInterrupt(cpu: SystemCpu, vector: number): Outcome {
  const { state, memory } = cpu;
  const isVirtual = hasVirtualInterrupts(state);
  const entry = memory.read32(BigInt(vector * 4), ACCESS_IMPLICIT) >>> 0;
  if (memory.failed) return OUTCOME_FAULT;
  const stack = Stack.current(cpu);
  const flags = isVirtual ? virtualFlags(state) : state.rflags & 0xffff;
  const items = [BigInt(flags), BigInt(segmentOf(state, CS).selector), cpu.nextRip & 0xffffn];
  if (!stack.reserve(items.length, 16) || !stack.pushAll(items, 16)) return OUTCOME_FAULT;
  stack.commit();
  state.setField(SYSTEM_FLAGS, state.field(SYSTEM_FLAGS) & ~(FLAG_TF | (isVirtual ? FLAG_VIF : FLAG_IF)));
  loadVirtual8086Segment(cpu, CS, entry >>> 16);
  state.rip = BigInt(entry & 0xffff);
  cpu.modeChanged();
  return OUTCOME_BRANCH;
}
