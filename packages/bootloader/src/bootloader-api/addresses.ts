import { type Elf, ET_DYN, PT_LOAD } from '@longmode/elf';
import { BootError, hex } from '../error.ts';
import { ADDRESS_SPACE, fromCanonical, LEVEL4_SIZE, Level4Slots, PAGE, toCanonical } from '../virtual-layout.ts';
import type { KernelConfig, MappingAddress } from './config.ts';

/** What has to find room, in bytes. */
export interface ApiAddressNeeds {
  /** Of all physical addresses. */
  readonly physicalEnd: number;
  readonly framebufferSize: number | null;
  readonly ramdiskSize: number | null;
  readonly bootInfoSize: number;
}

/** Linear addresses of all that a loader maps, each 48 bits. */
export interface ApiAddresses {
  /** What to add to the addresses in the kernel's file. */
  readonly loadBias: bigint;
  readonly guardPage: number;
  readonly framebuffer: number;
  readonly ramdisk: number;
  /** Null if it is not wanted. */
  readonly physicalMemory: number | null;
  /** Index in the level-4 table, null if it is not wanted. */
  readonly recursiveIndex: number | null;
  readonly bootInfo: number;
}

const LARGE_PAGE = 0x200000;

/**
 * Chooses linear addresses as bootloader 0.11 does: each thing without a fixed address gets the lowest level-4 entries
 * that are free, in this order: kernel, stack, frame buffer, RAM disk, physical memory, the table itself, boot
 * information.
 *
 * @param elf the kernel
 * @param config what the kernel asks for
 * @param needs sizes
 * @returns the addresses
 * @throws BootError `bad-header` for an address that cannot be, `no-room`
 * @source bootloader 0.11, `UsedLevel4Entries`
 */
export function chooseAddresses(elf: Elf, config: KernelConfig, needs: ApiAddressNeeds): ApiAddresses {
  const slots = new Level4Slots();
  const image = extentOf(elf);
  const isMovable = elf.header.type === ET_DYN;
  const stackSize = Number(config.kernelStackSize);
  // 1. What is taken: everything that could be mapped to itself, fixed addresses, what the kernel wants left alone.
  slots.use(0, needs.physicalEnd);
  if (!isMovable) slots.use(...checkedRange('the kernel', image.start, image.size, 1));
  const fix = (what: string, address: MappingAddress | undefined, size: number, alignment: number): void => {
    if (typeof address === 'bigint') slots.use(...checkedRange(what, address, size, alignment));
  };
  fix('the map of physical memory', config.physicalMemory, needs.physicalEnd, LARGE_PAGE);
  fix('the recursive mapping', config.pageTableRecursive, LEVEL4_SIZE, LEVEL4_SIZE);
  fix("the kernel's stack", config.kernelStack, PAGE + stackSize, PAGE);
  if (config.kernelBase !== null) {
    if (!isMovable) throw cannotMove(config.kernelBase);
    fix('the kernel', config.kernelBase, Number(image.start) + image.size, image.alignment);
  }
  fix('the boot information', config.bootInfo, needs.bootInfoSize, 8);
  if (needs.framebufferSize !== null) fix('the framebuffer', config.framebuffer, needs.framebufferSize, PAGE);
  if (needs.ramdiskSize !== null) fix('the RAM disk', config.ramdisk, needs.ramdiskSize, PAGE);
  const start = rangeLimit('dynamic_range_start', config.dynamicRangeStart ?? 0n);
  const end = rangeLimit('dynamic_range_end', config.dynamicRangeEnd ?? 0xffff_ffff_ffff_f000n);
  if (start > 0) slots.use(0, start);
  if (end + PAGE < ADDRESS_SPACE) slots.use(end + PAGE, ADDRESS_SPACE);

  // 2. The rest, in the order in which that loader comes to it.
  const place = (address: MappingAddress, size: number): number =>
    address === null
      ? slots.take(Math.max(1, Math.ceil(size / LEVEL4_SIZE))) * LEVEL4_SIZE
      : (fromCanonical(address) as number);
  let loadBias = 0n;
  if (isMovable) loadBias = config.kernelBase ?? toCanonical(place(null, image.size)) - image.start;
  const guardPage = place(config.kernelStack, PAGE + stackSize);
  const framebuffer = needs.framebufferSize === null ? 0 : place(config.framebuffer, needs.framebufferSize);
  const ramdisk = needs.ramdiskSize === null ? 0 : place(config.ramdisk, needs.ramdiskSize);
  const { physicalMemory: physical, pageTableRecursive: recursive } = config;
  const physicalMemory = physical === undefined ? null : place(physical, needs.physicalEnd);
  const recursiveIndex = recursive === undefined ? null : Math.floor(place(recursive, LEVEL4_SIZE) / LEVEL4_SIZE);
  const bootInfo = place(config.bootInfo, needs.bootInfoSize);
  return { loadBias, guardPage, framebuffer, ramdisk, physicalMemory, recursiveIndex, bootInfo };
}

/** From the lowest address of any loadable segment to the end of the highest, and the largest alignment. */
function extentOf(elf: Elf): { start: bigint; size: number; alignment: number } {
  const loads = elf.segments.filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0n);
  const starts = loads.map(({ virtualAddress }) => virtualAddress);
  const ends = loads.map(({ virtualAddress, memorySize }) => virtualAddress + memorySize);
  const least = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b < a ? b : a));
  const most = (values: readonly bigint[]): bigint => values.reduce((a, b) => (b > a ? b : a));
  const start = least(starts);
  const alignment = most(loads.map((segment) => segment.alignment));
  return { start, size: Number(most(ends) - start), alignment: Math.min(Number(alignment), LARGE_PAGE) };
}

function checkedRange(what: string, address: bigint, size: number, alignment: number): [start: number, end: number] {
  const start = fromCanonical(address);
  const isGood = start !== null && start % Math.max(1, alignment) === 0 && start + size <= ADDRESS_SPACE;
  if (isGood && !(start < 2 ** 47 && start + size > 2 ** 47)) return [start, start + size];
  throw configured(what, `a canonical address, a multiple of ${hex(alignment)}, with ${hex(size)} bytes`, hex(address));
}

function rangeLimit(what: string, address: bigint): number {
  const limit = fromCanonical(address);
  if (limit === null) throw configured(what, 'a canonical address', hex(address));
  return Math.floor(limit / PAGE) * PAGE;
}

function cannotMove(address: bigint): BootError {
  return configured('kernel_base', 'none in a kernel that is linked at fixed addresses', hex(address));
}

function configured(what: string, expected: string, found: string): BootError {
  const cure = "correct the kernel's BootloaderConfig";
  return new BootError({
    code: 'bad-header',
    offset: null,
    what: `${what}, as the kernel configures it`,
    expected,
    found,
    cure,
  });
}
