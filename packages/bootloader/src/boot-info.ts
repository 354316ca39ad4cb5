import { BootError } from './error.ts';
import {
  joinRanges,
  MEMORY_ACPI_NVS,
  MEMORY_ACPI_RECLAIMABLE,
  MEMORY_BAD,
  MEMORY_USABLE,
  type MemoryRegion,
  type PhysicalRange,
  subtractRanges,
} from './memory-map.ts';

/** Types of regions in the boot information's memory map. */
export const BOOT_INFO_REGION = {
  usable: 0,
  inUse: 1,
  reserved: 2,
  acpiReclaimable: 3,
  acpiNvs: 4,
  badMemory: 5,
  kernel: 6,
  kernelStack: 7,
  pageTable: 8,
  bootloader: 9,
  frameZero: 10,
  empty: 11,
  bootInfo: 12,
} as const;

/** A region of the boot information's memory map. */
export interface BootInfoRegion {
  /** Number of the first frame of 4 KiB. */
  readonly startFrame: number;
  /** Number of the frame after the last. */
  readonly endFrame: number;
  /** One of {@link BOOT_INFO_REGION}. */
  readonly type: number;
}

/** Memory that the loader has filled. */
export interface UsedRange extends PhysicalRange {
  /** One of {@link BOOT_INFO_REGION}. */
  readonly type: number;
}

/** The thread-local storage template of a kernel. */
export interface TlsTemplate {
  readonly startAddress: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
}

/** What the boot information tells. A field that is null was not compiled into the kernel. */
export interface BootInfo {
  readonly memoryMap: readonly BootInfoRegion[];
  readonly recursivePageTableAddress: bigint | null;
  readonly physicalMemoryOffset: bigint | null;
  readonly tls: TlsTemplate | null;
}

const PAGE = 0x1000;
const MAX_REGIONS = 64;
const REGION_SIZE = 24;
const COUNT_OFFSET: number = MAX_REGIONS * REGION_SIZE;

/**
 * Builds the boot information structure of the bootloader crate 0.9.
 *
 * @param info what to tell
 * @returns one page
 * @source bootloader 0.9, `BootInfo` (repr C)
 */
export function buildBootInfo(info: BootInfo): Uint8Array {
  const view = new DataView(new ArrayBuffer(PAGE));
  for (let index = 0; index < MAX_REGIONS; index++) {
    const region = info.memoryMap[index];
    const offset = index * REGION_SIZE;
    view.setBigUint64(offset, BigInt(region?.startFrame ?? 0), true);
    view.setBigUint64(offset + 8, BigInt(region?.endFrame ?? 0), true);
    view.setUint32(offset + 16, region?.type ?? BOOT_INFO_REGION.empty, true);
  }
  view.setBigUint64(COUNT_OFFSET, BigInt(info.memoryMap.length), true);
  // The fields after the count exist only if the kernel was built with their features.
  let offset = COUNT_OFFSET + 8;
  const fields = [info.recursivePageTableAddress, info.physicalMemoryOffset].filter((field) => field !== null);
  const tls = [info.tls?.startAddress ?? 0n, info.tls?.fileSize ?? 0n, info.tls?.memorySize ?? 0n];
  for (const field of [...fields, ...tls]) {
    view.setBigUint64(offset, field, true);
    offset += 8;
  }
  return new Uint8Array(view.buffer);
}

const TYPE_OF_E820: Readonly<Record<number, number>> = {
  [MEMORY_USABLE]: BOOT_INFO_REGION.usable,
  [MEMORY_ACPI_RECLAIMABLE]: BOOT_INFO_REGION.acpiReclaimable,
  [MEMORY_ACPI_NVS]: BOOT_INFO_REGION.acpiNvs,
  [MEMORY_BAD]: BOOT_INFO_REGION.badMemory,
};

/**
 * Turns the firmware's memory map into the kernel's: in frames, and with what the loader has filled.
 *
 * @param map the firmware's, regions in any order
 * @param usable the ranges of it that are usable, ascending
 * @param used the loader's ranges, whole frames that do not overlap
 * @returns regions in ascending order that do not overlap
 * @throws BootError `no-room` if there are more than the structure holds
 */
export function bootInfoRegions(
  map: readonly MemoryRegion[],
  usable: readonly PhysicalRange[],
  used: readonly UsedRange[],
): BootInfoRegion[] {
  const regions: UsedRange[] = [...used];
  // A frame that is reserved in part is reserved; one that is usable in part is not usable.
  const wholeFrames = usable.map(({ start, end }) => ({
    start: Math.ceil(start / PAGE) * PAGE,
    end: Math.floor(end / PAGE) * PAGE,
  }));
  const free = subtractRanges(wholeFrames, used);
  for (const range of free) regions.push({ ...range, type: BOOT_INFO_REGION.usable });
  let taken = joinRanges([...free, ...used]);
  for (const { base, length, type } of map) {
    if (type === MEMORY_USABLE) continue;
    const range = { start: Math.floor(base / PAGE) * PAGE, end: Math.ceil((base + length) / PAGE) * PAGE };
    const rest = subtractRanges([range], taken);
    for (const part of rest) regions.push({ ...part, type: TYPE_OF_E820[type] ?? BOOT_INFO_REGION.reserved });
    taken = joinRanges([...taken, ...rest]);
  }
  const result: { startFrame: number; endFrame: number; type: number }[] = [];
  for (const { start, end, type } of regions.sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && last.type === type && last.endFrame === start / PAGE) last.endFrame = end / PAGE;
    else result.push({ startFrame: start / PAGE, endFrame: end / PAGE, type });
  }
  if (result.length <= MAX_REGIONS) return result;
  throw new BootError({
    code: 'no-room',
    offset: null,
    what: 'the memory map of the boot information',
    expected: `at most ${MAX_REGIONS} regions`,
    found: String(result.length),
    cure: 'give the machine a simpler memory map',
  });
}
