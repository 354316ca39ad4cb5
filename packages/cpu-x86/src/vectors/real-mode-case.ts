import type { Cpu } from '../cpu.ts';
import { CS, DS, ES, SS } from '../decode/instruction.ts';
import { ACTIVITY, ACTIVITY_ACTIVE, INTERRUPT_SHADOW } from '../state/layout.ts';
import type { SegmentRegister } from '../state/segment-register.ts';

/** Registers of a recorded case, by the 8086's names. */
export type RealModeRegisters = Partial<Record<'ax' | 'cx' | 'dx' | 'bx' | 'sp' | 'bp' | 'si' | 'di' | 'es' | 'cs' | 'ss' | 'ds' | 'ip' | 'flags', number>>;

/** One case of the published real-mode suites: a state, and the state after the instruction and the HLT behind it. */
export interface RealModeCase {
  readonly idx: number;
  readonly name: string;
  readonly bytes: string;
  readonly initial: { readonly regs: RealModeRegisters; readonly ram: readonly (readonly [number, number])[] };
  readonly final: { readonly regs: RealModeRegisters; readonly ram: readonly (readonly [number, number])[] };
  readonly exception?: { readonly number: number };
}

const GENERAL = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const SEGMENTS = { es: ES, cs: CS, ss: SS, ds: DS } as const;
/** Bits 15..12 of FLAGS differ between processors in real mode. */
const FLAGS_COMPARED = 0x0fff;
const REAL_MODE_DATA = 0x0093;

/** Puts a CPU with RAM everywhere into the case's initial state. */
export function setUpRealModeCase(cpu: Cpu, test: RealModeCase): void {
  const { state, memory } = cpu;
  for (const [address, value] of test.initial.ram) memory.write8(address, value);
  GENERAL.forEach((name, index) => {
    state.setGpr(index, BigInt(test.initial.regs[name] ?? 0));
  });
  for (const [name, index] of Object.entries(SEGMENTS) as [keyof typeof SEGMENTS, number][]) {
    const selector = test.initial.regs[name] ?? 0;
    (state.segments[index] as SegmentRegister).load(selector, BigInt(selector << 4), 0xffff, REAL_MODE_DATA);
  }
  state.rip = BigInt(test.initial.regs.ip ?? 0);
  state.rflags = (test.initial.regs.flags ?? 2) & FLAGS_COMPARED;
  state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  state.setField(INTERRUPT_SHADOW, 0);
}

/** Runs a case that was set up. @param flagsMask the flags that the instruction defines; @returns the differences, in words */
export function runRealModeCase(cpu: Cpu, test: RealModeCase, flagsMask: number): string[] {
  const { state, memory } = cpu;
  const differences: string[] = [];
  const reason = cpu.run(500_000);
  if (reason !== 'halted') return [`stopped by ${reason} at ${state.rip.toString(16)}`];
  const mask = flagsMask & FLAGS_COMPARED;
  const compare = (name: string, found: number, wanted: number): void => {
    if (found !== wanted) differences.push(`${name} is 0x${found.toString(16)}, hardware has 0x${wanted.toString(16)}`);
  };
  const wanted = { ...test.initial.regs, ...test.final.regs };
  GENERAL.forEach((name, index) => {
    compare(name, state.gpr32(index) & 0xffff, wanted[name] ?? 0);
  });
  for (const [name, index] of Object.entries(SEGMENTS) as [keyof typeof SEGMENTS, number][]) {
    compare(name, (state.segments[index] as SegmentRegister).selector, wanted[name] ?? 0);
  }
  // A 286 has no upper half of EIP to count into.
  compare('ip', Number(state.rip & 0xffffn), wanted.ip ?? 0);
  compare('flags', state.rflags & mask, (wanted.flags ?? 0) & mask);
  const flagAddress = test.exception && savedFlagsAddress(test);
  for (const [address, value] of test.final.ram) {
    let byteMask = 0xff;
    if (flagAddress !== undefined && address === flagAddress) byteMask = mask & 0xff;
    if (flagAddress !== undefined && address === flagAddress + 1) byteMask = mask >> 8;
    compare(`byte at 0x${address.toString(16)}`, memory.read8(address) & byteMask, value & byteMask);
  }
  return differences;
}

/** Where an exception saved FLAGS: the first word below the stack pointer. */
function savedFlagsAddress(test: RealModeCase): number {
  const { ss = 0, sp = 0 } = test.initial.regs;
  return (ss << 4) + ((sp - 2) & 0xffff);
}

/** Undoes what a case did to memory, so that the next one starts from zeros. */
export function cleanUpRealModeCase(cpu: Cpu, test: RealModeCase): void {
  for (const [address] of test.initial.ram) cpu.memory.write8(address, 0);
  for (const [address] of test.final.ram) cpu.memory.write8(address, 0);
}
