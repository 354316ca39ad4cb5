import type { Cpu } from '../cpu.ts';
import { CS, DS, ES, SS } from '../decode/instruction.ts';
import { ACTIVITY, ACTIVITY_ACTIVE, INTERRUPT_SHADOW } from '../state/layout.ts';
import type { SegmentRegister } from '../state/segment-register.ts';

/** A register of a recorded case, by the 8086's name. */
export type RealModeRegister =
  | 'ax'
  | 'cx'
  | 'dx'
  | 'bx'
  | 'sp'
  | 'bp'
  | 'si'
  | 'di'
  | 'es'
  | 'cs'
  | 'ss'
  | 'ds'
  | 'ip'
  | 'flags';
/** Registers of a recorded case. */
export type RealModeRegisters = Partial<Record<RealModeRegister, number>>;

/** Bytes of memory as [address, value] pairs. */
export type RealModeMemory = readonly (readonly [address: number, value: number])[];

/**
 * One case of the published real-mode suites: a state, and the state after the instruction and the HLT behind it, or
 * after the HLT at the handler if the instruction raised an exception.
 */
export interface RealModeCase {
  readonly idx: number;
  /** The instruction and the HLT behind it, in hexadecimal. */
  readonly bytes: string;
  readonly initial: { readonly regs: RealModeRegisters; readonly ram: RealModeMemory };
  /** Only what changed. */
  readonly final: { readonly regs: RealModeRegisters; readonly ram: RealModeMemory };
  readonly exception?: { readonly number: number };
}

/** What of a case is compared. */
export interface RealModeComparison {
  /** Flags that the instruction defines. */
  readonly flagsMask: number;
  /** Registers that are left out. */
  readonly ignored: readonly RealModeRegister[];
}

const GENERAL = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'] as const;
const SEGMENTS = [
  ['es', ES],
  ['cs', CS],
  ['ss', SS],
  ['ds', DS],
] as const;
/** Bits 15..12 of FLAGS differ between processors in real mode. */
const FLAGS_COMPARED = 0x0fff;
const REAL_MODE_DATA = 0x0093;
/** More than the longest case: a repeated string instruction, and the handler's HLT. */
const INSTRUCTION_LIMIT = 1000;

/** Puts a CPU with RAM from 0 to 10FFEFh into the case's initial state. Whatever else memory holds must be zero. */
export function setUpRealModeCase(cpu: Cpu, test: RealModeCase): void {
  const { state, memory } = cpu;
  const { regs } = test.initial;
  for (const [address, value] of test.initial.ram) memory.write8(address, value);
  GENERAL.forEach((name, index) => {
    state.setGpr(index, BigInt(regs[name] ?? 0));
  });
  for (const [name, index] of SEGMENTS) {
    const selector = regs[name] ?? 0;
    (state.segments[index] as SegmentRegister).load(selector, BigInt(selector << 4), 0xffff, REAL_MODE_DATA);
  }
  state.rip = BigInt(regs.ip ?? 0);
  state.rflags = (regs.flags ?? 2) & FLAGS_COMPARED;
  state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  state.setField(INTERRUPT_SHADOW, 0);
  cpu.synchronize();
}

/** Runs a case that was set up until it halts. @returns the differences to the recorded state, in words */
export function runRealModeCase(cpu: Cpu, test: RealModeCase, comparison: RealModeComparison): string[] {
  const { state, memory } = cpu;
  const differences: string[] = [];
  const reason = cpu.run(INSTRUCTION_LIMIT);
  if (reason !== 'halted') return [`stopped by ${reason} at ${state.rip.toString(16)}`];
  const mask = comparison.flagsMask & FLAGS_COMPARED;
  const compare = (name: string, found: number, wanted: number): void => {
    if (found !== wanted) differences.push(`${name} is 0x${found.toString(16)}, hardware has 0x${wanted.toString(16)}`);
  };
  const compareRegister = (name: RealModeRegister, found: number): void => {
    if (!comparison.ignored.includes(name)) compare(name, found, test.final.regs[name] ?? test.initial.regs[name] ?? 0);
  };
  GENERAL.forEach((name, index) => {
    compareRegister(name, state.gpr32(index) & 0xffff);
  });
  for (const [name, index] of SEGMENTS) compareRegister(name, (state.segments[index] as SegmentRegister).selector);
  // A 286 has no upper half of EIP to count into.
  compareRegister('ip', Number(state.rip & 0xffffn));
  compare('flags', state.rflags & mask, (test.final.regs.flags ?? test.initial.regs.flags ?? 0) & mask);
  const savedFlags = test.exception === undefined ? -1 : savedFlagsAddress(test);
  for (const [address, value] of test.final.ram) {
    const byteMask = address === savedFlags ? mask & 0xff : address === savedFlags + 1 ? mask >> 8 : 0xff;
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
