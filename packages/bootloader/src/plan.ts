/** Bytes to place in physical memory. */
export interface BytesWrite {
  readonly physicalAddress: number;
  readonly bytes: Uint8Array;
}

/** Zeros to place in physical memory. */
export interface ZeroWrite {
  readonly physicalAddress: number;
  /** How many bytes. */
  readonly zeroSizeBytes: number;
}

/** One step of placing an image. No two steps of a plan touch the same byte. */
export type MemoryWrite = BytesWrite | ZeroWrite;

/** Names of the general registers in their 64-bit form. */
export type RegisterName =
  | 'rax'
  | 'rbx'
  | 'rcx'
  | 'rdx'
  | 'rsi'
  | 'rdi'
  | 'rbp'
  | 'rsp'
  | 'r8'
  | 'r9'
  | 'r10'
  | 'r11'
  | 'r12'
  | 'r13'
  | 'r14'
  | 'r15';

/** A segment register with its hidden part. */
export interface SegmentState {
  readonly selector: number;
  readonly base: bigint;
  /** Highest valid offset, granularity applied. */
  readonly limit: number;
  /** Bits 55:40 of the descriptor, without the limit's: type, S, DPL, P, AVL, L, D/B, G. */
  readonly attributes: number;
}

/** A descriptor table register. */
export interface TableState {
  /** Linear address. */
  readonly base: bigint;
  readonly limit: number;
}

/**
 * The processor at the kernel's first instruction. What is not named (LDTR, TR, debug and model-specific registers,
 * x87 and SSE state) is as after a reset. The A20 gate is open, interrupts are off.
 */
export interface EntryState {
  /** Protected mode without paging, or 64-bit mode with paging. */
  readonly mode: 'protected32' | 'long64';
  readonly registers: Readonly<Record<RegisterName, bigint>>;
  readonly rip: bigint;
  readonly rflags: bigint;
  readonly cr0: bigint;
  readonly cr3: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
  readonly segments: Readonly<Record<'cs' | 'ds' | 'es' | 'fs' | 'gs' | 'ss', SegmentState>>;
  readonly gdtr: TableState;
  readonly idtr: TableState;
}

/** A graphics mode: one of the VGA by its number in the BIOS, or one with a linear frame buffer. */
export type VideoMode =
  | { readonly biosMode: number }
  | {
      /** Pixels. */
      readonly width: number;
      readonly height: number;
      readonly bitsPerPixel: number;
    };

/** Everything that booting an image changes: nothing has been touched until {@link applyPlan}. */
export interface LoadPlan {
  readonly protocol: 'multiboot1' | 'multiboot2' | 'direct64' | 'bootloader-api';
  readonly entry: EntryState;
  /** Ascending by address; all of it within the machine's memory. */
  readonly writes: readonly MemoryWrite[];
  /** Difference between the kernel's addresses and those in its file, for symbol look-ups; 0 unless it was relocated. */
  readonly loadBias: bigint;
  /** The graphics mode that the kernel expects; the text mode of 80 columns if left out. */
  readonly videoMode?: VideoMode;
  /** Physical or virtual address at which the kernel finds its boot information. */
  readonly bootInformationAddress: bigint;
}

/** The physical memory of a machine, as much as placing an image needs. */
export interface PlanMemory {
  /** Copies bytes to a physical address. */
  write(physicalAddress: number, bytes: Uint8Array): void;
  /** Sets bytes from a physical address on to one value. */
  fill(physicalAddress: number, sizeBytes: number, value: number): void;
}

/**
 * Places an image in memory.
 *
 * @param plan from a loader, whose addresses are all in memory
 * @param memory to write to
 */
export function applyPlan(plan: LoadPlan, memory: PlanMemory): void {
  for (const write of plan.writes) {
    if ('bytes' in write) memory.write(write.physicalAddress, write.bytes);
    else memory.fill(write.physicalAddress, write.zeroSizeBytes, 0);
  }
}

const REGISTER_NAMES: readonly RegisterName[] = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
];

/**
 * General registers of which only some are not 0.
 *
 * @param values those
 * @returns all sixteen
 */
export function registersWith(values: Partial<Record<RegisterName, bigint>>): Record<RegisterName, bigint> {
  const zero = Object.fromEntries(REGISTER_NAMES.map((name) => [name, 0n])) as Record<RegisterName, bigint>;
  return { ...zero, ...values };
}

/**
 * Sorts the steps of a plan and joins zeros that touch.
 *
 * @param writes in any order; empty ones are dropped
 * @returns ascending by address
 */
export function sortWrites(writes: readonly MemoryWrite[]): MemoryWrite[] {
  const sorted = writes.filter((write) => sizeOf(write) > 0).toSorted((a, b) => a.physicalAddress - b.physicalAddress);
  const result: MemoryWrite[] = [];
  for (const write of sorted) {
    const last = result.at(-1);
    const touches = last !== undefined && last.physicalAddress + sizeOf(last) === write.physicalAddress;
    if (touches && !('bytes' in last) && !('bytes' in write)) {
      const { physicalAddress, zeroSizeBytes } = last;
      result[result.length - 1] = { physicalAddress, zeroSizeBytes: zeroSizeBytes + write.zeroSizeBytes };
    } else {
      result.push(write);
    }
  }
  return result;
}

/**
 * The size of a step.
 *
 * @param write the step
 * @returns bytes
 */
export function sizeOf(write: MemoryWrite): number {
  return 'bytes' in write ? write.bytes.length : write.zeroSizeBytes;
}
