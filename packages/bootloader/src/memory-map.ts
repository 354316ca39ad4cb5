import { BootError, hex } from './error.ts';

/** One region of the physical address space, in the firmware's E820 terms. */
export interface MemoryRegion {
  /** Physical address of the first byte. */
  readonly base: number;
  /** Bytes. */
  readonly length: number;
  /** `MEMORY_USABLE`, `MEMORY_RESERVED`, … */
  readonly type: number;
}

/** Region type: free for the operating system. @source ACPI "Address Range Types" */
export const MEMORY_USABLE = 1;
/** Region type: not to be used. */
export const MEMORY_RESERVED = 2;
/** Region type: free once the ACPI tables in it have been read. */
export const MEMORY_ACPI_RECLAIMABLE = 3;
/** Region type: to be preserved across sleep. */
export const MEMORY_ACPI_NVS = 4;
/** Region type: defective. */
export const MEMORY_BAD = 5;

/** A range of physical addresses. */
export interface PhysicalRange {
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
}

const MAX_REGIONS = 1024;
const EXTENDED_BIOS_DATA = 0x9fc00;
const BIOS_ROM = 0xf0000;
const ONE_MIB = 0x100000;

/**
 * The memory map of a PC without devices in memory: base memory up to the extended BIOS data area, and memory from
 * 1 MiB up.
 *
 * @param ramSizeBytes RAM from address 0 on, video memory and ROM included
 * @returns regions in ascending order
 */
export function defaultMemoryMap(ramSizeBytes: number): MemoryRegion[] {
  const regions: MemoryRegion[] = [
    { base: 0, length: Math.min(ramSizeBytes, EXTENDED_BIOS_DATA), type: MEMORY_USABLE },
    { base: EXTENDED_BIOS_DATA, length: 0xa0000 - EXTENDED_BIOS_DATA, type: MEMORY_RESERVED },
    { base: BIOS_ROM, length: ONE_MIB - BIOS_ROM, type: MEMORY_RESERVED },
  ];
  if (ramSizeBytes > ONE_MIB) regions.push({ base: ONE_MIB, length: ramSizeBytes - ONE_MIB, type: MEMORY_USABLE });
  return regions;
}

/** What every loader is told of the machine's memory. */
export interface MemoryOptions {
  /** Bytes of RAM from physical address 0 on. Nothing is ever placed at or above it. */
  readonly ramSizeBytes: number;
  /** What the firmware reports; {@link defaultMemoryMap} if left out. */
  readonly memoryMap?: readonly MemoryRegion[] | undefined;
}

/**
 * Checks the options and fills in the memory map.
 *
 * @param options from the embedder
 * @returns the memory map
 * @throws BootError `bad-option`
 */
export function memoryMapOf(options: MemoryOptions): readonly MemoryRegion[] {
  const { ramSizeBytes } = options;
  if (!Number.isSafeInteger(ramSizeBytes) || ramSizeBytes <= 0) {
    throw badOption('ramSizeBytes', 'a positive whole number of bytes', String(ramSizeBytes));
  }
  const map = options.memoryMap ?? defaultMemoryMap(ramSizeBytes);
  if (map.length > MAX_REGIONS) throw badOption('memoryMap', `at most ${MAX_REGIONS} regions`, String(map.length));
  for (const { base, length, type } of map) {
    const isWhole = [base, length, base + length].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (isWhole && Number.isInteger(type) && type >= 0 && type <= 0xffffffff) continue;
    throw badOption('memoryMap', 'regions of whole numbers', `base ${base}, length ${length}, type ${type}`);
  }
  return map;
}

/**
 * The ranges that a loader may use: those that are called usable, less all others, within RAM.
 *
 * @param map in any order; regions may overlap
 * @param limit bytes of RAM, or a lower bound of the boot protocol
 * @returns ascending ranges that neither overlap nor touch
 */
export function usableRanges(map: readonly MemoryRegion[], limit: number): PhysicalRange[] {
  const ends = (regions: readonly MemoryRegion[]): PhysicalRange[] =>
    regions.map(({ base, length }) => ({ start: base, end: Math.min(base + length, limit) }));
  const usable = ends(map.filter((region) => region.type === MEMORY_USABLE));
  const others = ends(map.filter((region) => region.type !== MEMORY_USABLE));
  return subtractRanges(usable, others);
}

/**
 * Subtracts ranges from ranges.
 *
 * @param ranges in any order; they may overlap
 * @param holes in any order; they may overlap
 * @returns what is in a range and in no hole, ascending, touching ranges joined
 */
export function subtractRanges(ranges: readonly PhysicalRange[], holes: readonly PhysicalRange[]): PhysicalRange[] {
  const result: PhysicalRange[] = [];
  const joinedHoles = joinRanges(holes);
  let next = 0;
  for (const range of joinRanges(ranges)) {
    let start = range.start;
    // A hole that reaches past this range may also begin the next one.
    while (next > 0 && (joinedHoles[next - 1] as PhysicalRange).end > start) next--;
    for (; next < joinedHoles.length; next++) {
      const hole = joinedHoles[next] as PhysicalRange;
      if (hole.start >= range.end) break;
      if (hole.start > start) result.push({ start, end: hole.start });
      start = Math.max(start, hole.end);
    }
    if (start < range.end) result.push({ start, end: range.end });
  }
  return result;
}

/**
 * Sorts ranges and joins those that overlap or touch.
 *
 * @param ranges in any order; empty ones are dropped
 * @returns ascending ranges
 */
export function joinRanges(ranges: readonly PhysicalRange[]): PhysicalRange[] {
  const result: { start: number; end: number }[] = [];
  const sorted = ranges.filter(({ start, end }) => end > start).toSorted((a, b) => a.start - b.start);
  for (const { start, end } of sorted) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}

/**
 * Checks that a range of an image lies in memory that it may use.
 *
 * @param what subject of the message
 * @param range physical addresses
 * @param ranges the usable ones, ascending
 * @param ramSizeBytes for the message
 * @param offset in the file of what asks for the range
 * @throws BootError `outside-memory`, `reserved-memory`
 */
export function checkUsable(
  what: string,
  range: PhysicalRange,
  ranges: readonly PhysicalRange[],
  ramSizeBytes: number,
  offset: number,
): void {
  const { start, end } = range;
  if (ranges.some((usable) => start >= usable.start && end <= usable.end)) return;
  const found = `${hex(start)} to ${hex(end)}`;
  if (end > ramSizeBytes) {
    const expected = `addresses below ${hex(ramSizeBytes)}, the end of memory`;
    throw new BootError({
      code: 'outside-memory',
      offset,
      what,
      expected,
      found,
      cure: 'give the machine more memory, or link the kernel at lower addresses',
    });
  }
  throw new BootError({
    code: 'reserved-memory',
    offset,
    what,
    expected: `addresses in ${ranges.map((usable) => `${hex(usable.start)} to ${hex(usable.end)}`).join(' or ')}`,
    found,
    cure: 'link the kernel at or above 0x100000',
  });
}

/**
 * An error in the embedder's options.
 *
 * @param what the option
 * @param expected what it may be
 * @param found what it is
 * @returns the error, to be thrown
 */
export function badOption(what: string, expected: string, found: string): BootError {
  return new BootError({ code: 'bad-option', offset: null, what, expected, found, cure: 'correct the option' });
}
