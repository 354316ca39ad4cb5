import type { AttachedDisks, FirmwareDisk } from '@longmode/bios';
import { type CpuSnapshot, CpuStateError, checkSnapshot, type GuestMemory } from '@longmode/cpu-x86';
import { MachineError, type MachineState } from '@longmode/machine';

/** The version of {@link PcState} that this package writes and takes. */
export const PC_STATE_VERSION = 6;

/** Bytes of memory from a physical address on. */
export interface MemoryRun {
  /** A multiple of 4096. */
  readonly address: number;
  /** Whole pages of 4096 bytes. */
  readonly bytes: Uint8Array;
}

/** A whole PC as plain data. The configuration is not part of it: it is restored into a PC that was made alike. */
export interface PcState {
  readonly format: 'longmode-pc';
  readonly version: number;
  readonly ramSizeBytes: number;
  readonly nanosecondsPerInstruction: number;
  /** Virtual time that did not come from instructions, in nanoseconds. */
  readonly idleTicks: number;
  readonly isA20Enabled: boolean;
  readonly cpu: CpuSnapshot;
  readonly machine: MachineState;
  /** Pages of RAM and ROM that are not zero, ascending. */
  readonly memory: readonly MemoryRun[];
  /** What disks remember by themselves, such as an overlay; by drive, `hard-disk-0`. */
  readonly disks: Readonly<Record<string, unknown>>;
}

/** A disk that remembers what was written, and can tell and take it. */
export interface SavableDisk extends FirmwareDisk {
  snapshot(): unknown;
  /** Throws, with nothing changed, for a state that does not fit. */
  restore(state: never): void;
}

const PAGE_SIZE_BYTES = 4096;

/** The disks that can be saved, by drive. */
export function savableDisks(disks: AttachedDisks = {}): Map<string, SavableDisk> {
  const kinds = { floppy: disks.floppies, 'hard-disk': disks.hardDisks, 'cd-rom': disks.cdRoms };
  const found = new Map<string, SavableDisk>();
  for (const [kind, drives] of Object.entries(kinds)) {
    drives?.forEach((disk, index) => {
      if ('snapshot' in disk && 'restore' in disk) found.set(`${kind}-${index}`, disk as SavableDisk);
    });
  }
  return found;
}

/**
 * Gives every disk its state, or none.
 *
 * @throws {MachineError} `bad-snapshot` when the states are of other drives; what a disk throws when it refuses its own
 */
export function restoreDisks(disks: ReadonlyMap<string, SavableDisk>, states: Readonly<Record<string, unknown>>): void {
  for (const drive of Object.keys(states)) if (!disks.has(drive)) refuse(`disks.${drive}`, 'no such disk here');
  for (const drive of disks.keys()) if (!Object.hasOwn(states, drive)) refuse(`disks.${drive}`, 'found no state');
  const before = [...disks.values()].map((disk) => ({ disk, state: disk.snapshot() }));
  try {
    for (const [drive, disk] of disks) disk.restore(states[drive] as never);
  } catch (cause) {
    for (const { disk, state } of before) disk.restore(state as never);
    throw cause;
  }
}

/** Copies the pages that are not zero, neighbours in one run. */
export function saveMemory(memory: GuestMemory): MemoryRun[] {
  const runs: MemoryRun[] = [];
  const words = new Uint32Array(memory.wasm.buffer, memory.hostOfPage(0), memory.ramSizeBytes / 4);
  const pageCount = memory.ramSizeBytes / PAGE_SIZE_BYTES;
  for (let page = 0; page < pageCount; page++) {
    if (isZeroPage(words, page)) continue;
    const first = page;
    while (page < pageCount && !isZeroPage(words, page)) page++;
    const bytes = new Uint8Array(memory.bytes.slice(memory.hostOfPage(first), memory.hostOfPage(page)));
    runs.push({ address: first * PAGE_SIZE_BYTES, bytes });
  }
  return runs;
}

function isZeroPage(words: Uint32Array, page: number): boolean {
  const end = (page + 1) * (PAGE_SIZE_BYTES / 4);
  for (let at = end - PAGE_SIZE_BYTES / 4; at < end; at++) if (words[at] !== 0) return false;
  return true;
}

/** Makes memory what {@link saveMemory} saw. The processor's decoded code is stale afterwards. */
export function loadMemory(memory: GuestMemory, runs: readonly MemoryRun[]): void {
  let zeroFrom = 0;
  const start = memory.hostOfPage(0);
  for (const { address, bytes } of runs) {
    memory.bytes.fill(0, start + zeroFrom, start + address);
    memory.bytes.set(bytes, start + address);
    zeroFrom = address + bytes.length;
  }
  memory.bytes.fill(0, start + zeroFrom, start + memory.ramSizeBytes);
}

/**
 * Throws unless `state` has the form of a state of such a PC. What is inside the parts' states, they check themselves.
 *
 * @throws {MachineError} `bad-snapshot`
 */
export function checkPcState(
  state: unknown,
  like: { readonly ramSizeBytes: number; readonly nanosecondsPerInstruction: number },
): asserts state is PcState {
  if (!isRecord(state) || state.format !== 'longmode-pc') refuse('format', "expected 'longmode-pc'");
  if (state.version !== PC_STATE_VERSION) {
    refuse('version', `expected ${PC_STATE_VERSION}, found ${String(state.version)}`);
  }
  for (const name of ['ramSizeBytes', 'nanosecondsPerInstruction'] as const) {
    if (state[name] !== like[name]) refuse(name, `expected ${like[name]}, found ${String(state[name])}`);
  }
  if (!isCount(state.idleTicks)) refuse('idleTicks', 'expected a number of nanoseconds');
  if (typeof state.isA20Enabled !== 'boolean') refuse('isA20Enabled', 'expected a boolean');
  checkCpu(state.cpu);
  if (!isRecord(state.machine)) refuse('machine', 'expected a record');
  if (!isRecord(state.disks)) refuse('disks', 'expected a record');
  checkMemory(state.memory, like.ramSizeBytes);
}

function checkCpu(cpu: unknown): void {
  try {
    checkSnapshot(cpu);
  } catch (cause) {
    if (cause instanceof CpuStateError) refuse(`cpu.${cause.subject}`, cause.detail);
    throw cause;
  }
}

function checkMemory(memory: unknown, ramSizeBytes: number): void {
  if (!Array.isArray(memory)) refuse('memory', 'expected an array');
  let end = 0;
  memory.forEach((run: unknown, index) => {
    const wanted = 'expected whole pages of this memory, in ascending order';
    if (!isRecord(run) || !isCount(run.address) || !(run.bytes instanceof Uint8Array))
      refuse(`memory.${index}`, wanted);
    const isWhole = run.address % PAGE_SIZE_BYTES === 0 && run.bytes.length % PAGE_SIZE_BYTES === 0;
    const isInside = run.address >= end && run.address + run.bytes.length <= ramSizeBytes;
    if (!isWhole || !isInside) refuse(`memory.${index}`, wanted);
    end = run.address + run.bytes.length;
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> => {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
};
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function refuse(subject: string, detail: string): never {
  throw new MachineError('bad-snapshot', subject, detail);
}
