import type { PhysicalMemory } from '@longmode/mmu';
import type { Instruction } from '../../decode/instruction.ts';
import type { CoprocessorErrorPins, LocalApic, PortIo } from '../../host.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import type { X87Unit } from '../x87/x87-unit.ts';
import type { CpuModel } from './cpu-model.ts';
import type { ExceptionLog } from './exception-log.ts';

/** The instruction is complete; the next one in sequence follows. */
export const OUTCOME_NEXT = 0;
/** The instruction is complete and has set RIP (or changed the mode): execution continues wherever RIP says. */
export const OUTCOME_BRANCH = 1;
/** The instruction has faulted: `raise` recorded which exception; no register or flag has changed. */
export const OUTCOME_FAULT = 2;
/** As `OUTCOME_BRANCH`, and the run loop must look at what happened (HLT, shutdown, an event that became deliverable). */
export const OUTCOME_EXIT = 3;

/** What became of an instruction. */
export type Outcome = typeof OUTCOME_NEXT | typeof OUTCOME_BRANCH | typeof OUTCOME_FAULT | typeof OUTCOME_EXIT;

/** `errorCode` of exceptions that push none. */
export const NO_ERROR_CODE = -1;

/**
 * Memory by linear address, as system operations use it. A failed access records its exception in the CPU, as `raise` does,
 * and makes `failed` true; reads then give zero. Callers test `failed` before they change anything.
 */
export interface LinearMemory {
  /** An access has failed since the current operation began. */
  readonly failed: boolean;
  /** @param access `ACCESS_*` bits of `@longmode/mmu`, without `ACCESS_WRITE` */
  read8(linear: bigint, access: number): number;
  read16(linear: bigint, access: number): number;
  read32(linear: bigint, access: number): number;
  read64(linear: bigint, access: number): bigint;
  /** @returns false when the access failed */
  write8(linear: bigint, value: number, access: number): boolean;
  write16(linear: bigint, value: number, access: number): boolean;
  write32(linear: bigint, value: number, access: number): boolean;
  write64(linear: bigint, value: bigint, access: number): boolean;
  /**
   * Reads `count` items of `width` bits that lie in one page, the lowest first.
   *
   * @returns undefined when the access failed
   */
  readItems(linear: bigint, count: number, width: number, access: number): bigint[] | undefined;
  /** Writes items of `width` bits that lie in one page, the last at `linear`; @returns false when the access failed */
  writeItems(linear: bigint, items: readonly bigint[], width: number, access: number): boolean;
  /** Checks that `sizeBytes` can be written, without writing; @returns false when not, with the exception recorded */
  probeWrite(linear: bigint, sizeBytes: number, access: number): boolean;
}

/** The processor as system operations see it: state, memory, ports, and what must be told to the engine. */
export interface SystemCpu {
  readonly state: CpuState;
  /** The x87 registers of the state. */
  readonly x87: X87Unit;
  readonly memory: LinearMemory;
  readonly ports: PortIo;
  readonly localApic: LocalApic | undefined;
  readonly coprocessorError: CoprocessorErrorPins | undefined;
  /** Physical memory, where PAE paging's PDPTEs are loaded from. */
  readonly physicalMemory: PhysicalMemory;
  /** What CPUID says and which control bits exist. */
  readonly model: CpuModel;
  /** Where event delivery records exceptions and why they happened. */
  readonly exceptionLog: ExceptionLog;
  /** Instructions retired since reset, for the exception log; absent where nobody counts. */
  readonly instructionCount?: number;
  /** Width of linear addresses in effect, 48 or 57. */
  readonly linearAddressBits: number;
  /** MAXPHYADDR. */
  readonly maxPhyAddr: number;
  /** RIP of the instruction that executes. While an event is delivered: the RIP to be saved. */
  readonly rip: bigint;
  /** RIP after the instruction that executes, truncated to the code size. */
  readonly nextRip: bigint;
  /** Virtual time plus the TSC offset, 64 bits. */
  timeStampCounter(): bigint;
  /** Records an exception; @returns `OUTCOME_FAULT` so that operations can `return cpu.raise(…)` */
  raise(vector: number, errorCode?: number): Outcome;
  /**
   * The record of the exception raised since the operation began; undefined if there is none. Reading removes it and
   * makes `memory.failed` false again.
   */
  takeRaised(): { readonly vector: number; readonly errorCode: number } | undefined;
  /** CR0, CR3, CR4 or EFER have changed in a way that concerns translation: derived state and TLB entries go. */
  pagingChanged(options: { readonly keepGlobal: boolean }): void;
  /** INVLPG. */
  invalidatePage(linear: bigint): void;
  /** CS, SS, CR0.PE, EFER.LMA, RFLAGS.VM, CPL or flatness may have changed: decode key and TLB selection are recomputed. */
  modeChanged(): void;
  /** DR0 to DR3 or DR7 have changed. */
  debugRegistersChanged(): void;
  /** RFLAGS.IF, RFLAGS.TF or CR8 may now let an event through: ask the run loop to look after this instruction. */
  requestAttention(): void;
}

/** A system instruction, written over typed state. */
export type SystemOperation = (cpu: SystemCpu, instruction: Instruction) => Outcome;
