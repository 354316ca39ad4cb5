import type { CoprocessorErrorPins, InterruptSource, LocalApic, MemoryIo, PortIo } from '../host.ts';
import type { CpuModel } from '../semantics/system/cpu-model.ts';
import type { JitOptions } from './jit/jit.ts';

/** Why `run` returned. */
export type StopReason =
  /** The limit is reached. */
  | 'limit'
  /** HLT, and nothing deliverable is pending. */
  | 'halted'
  /** Triple fault. */
  | 'shutdown'
  /** `requestStop` was called. */
  | 'stopped';

/**
 * What runs the code: the interpreter alone, or also compiled code for what runs often. The results are the same. `check`
 * compares them: whatever compiled code does, the interpreter does again, and `run` throws where they differ.
 */
export type Engine = 'interpreter' | 'jit' | 'check';

/** What a CPU is made of. */
export interface CpuOptions {
  /** Bytes of RAM from physical address 0: a multiple of 4096, at least 1 MiB. */
  readonly ramSizeBytes: number;
  /** Bytes of `memory.deviceMemory`, a multiple of 4096; none unless told. */
  readonly deviceMemorySizeBytes?: number;
  readonly ports?: PortIo;
  readonly memoryIo?: MemoryIo;
  readonly interrupts?: InterruptSource;
  /** Without one, CPUID offers none, and CR8 has no effect. */
  readonly localApic?: LocalApic;
  /** Where x87 exceptions go while CR0.NE is clear. Without it, they are #MF as with CR0.NE set. */
  readonly coprocessorError?: CoprocessorErrorPins;
  readonly model?: CpuModel;
  /** What runs the code; the results are the same. `interpreter` unless told. */
  readonly engine?: Engine;
  /** How eagerly the compiler works, and how much it may hold. */
  readonly jit?: Partial<JitOptions>;
  /** Where the random numbers of RDRAND and RDSEED begin, 64 bits; 0 unless told. The same seed gives the same numbers. */
  readonly entropySeed?: bigint;
  /** Ticks of the time-stamp counter for each instruction; 1 unless told. */
  readonly ticksPerInstruction?: number;
}

/** Ports that nothing is connected to. */
export const OPEN_PORTS: PortIo = {
  readPort: (_, width) => (width === 32 ? 0xffffffff : (1 << width) - 1),
  writePort: () => {},
};
/** Device memory that is not there. */
export const OPEN_MEMORY: MemoryIo = {
  readMemory: (_, width) => (width === 32 ? 0xffffffff : (1 << width) - 1),
  writeMemory: () => {},
};
