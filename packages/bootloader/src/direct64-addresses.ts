import type { KernelPages } from './direct64-kernel.ts';
import { alignUp } from './free-space.ts';
import { badOption } from './memory-map.ts';
import {
  ADDRESS_SPACE,
  fromCanonical,
  LARGE_PAGE,
  LEVEL4_SIZE,
  Level4Slots,
  PAGE,
  type PageRun,
  toCanonical,
} from './virtual-layout.ts';

/** Addresses that the kernel's manifest may fix. */
export interface ConfiguredAddresses {
  readonly kernelStackAddress?: bigint | undefined;
  readonly physicalMemoryOffset?: bigint | undefined;
  readonly bootInfoAddress?: bigint | undefined;
}

/** What has to be placed. */
export interface AddressNeeds {
  readonly mapPhysicalMemory: boolean;
  /** The first physical address that nothing is reported at. */
  readonly physicalEnd: number;
  readonly stackPages: number;
}

/** The virtual addresses of all that is not the kernel's own. */
export interface Direct64Addresses {
  /** Stack and boot information, which still need frames. */
  readonly fresh: readonly PageRun[];
  /** The page below the stack, which stays unmapped. */
  readonly guard: readonly PageRun[];
  /** The map of physical memory, empty if it is not wanted. */
  readonly physicalMap: readonly PageRun[];
  readonly bootInfoAddress: bigint;
  /** The first address above the stack. */
  readonly stackTop: bigint;
  readonly physicalMemoryOffset: bigint;
  /** Index in the level-4 table that is kept for the table itself, used or not. */
  readonly recursiveSlot: number;
  /** Where the level-4 table appears if it maps itself. */
  readonly recursiveAddress: bigint;
}

/**
 * Chooses addresses as bootloader 0.9 does: each thing without a configured address gets the next level-4 entry that
 * neither the kernel nor the lowest 512 GiB use: first the recursive entry (also if it is not wanted in the end), then
 * boot information with the stack after it, then the map of physical memory.
 *
 * @param kernel whose addresses are taken
 * @param configured by the embedder
 * @param needs sizes and features
 * @returns the addresses
 * @throws BootError `bad-option`, `no-room`
 */
export function planAddresses(
  kernel: KernelPages,
  configured: ConfiguredAddresses,
  needs: AddressNeeds,
): Direct64Addresses {
  const slots = new Level4Slots();
  slots.use(0, PAGE);
  for (const run of [...kernel.fileRuns, ...kernel.zeroRuns]) slots.use(run.start, run.end);
  for (const page of kernel.composed) slots.use(page.start, page.start + PAGE);
  const stackSize = needs.stackPages * PAGE;
  const mapSize = alignUp(needs.physicalEnd, LARGE_PAGE);
  const bootInfoOption = option('bootInfoAddress', configured.bootInfoAddress, PAGE, PAGE);
  const stackOption = option('kernelStackAddress', configured.kernelStackAddress, PAGE, PAGE + stackSize);
  const offsetOption = option('physicalMemoryOffset', configured.physicalMemoryOffset, LARGE_PAGE, mapSize);
  if (bootInfoOption !== null) slots.use(bootInfoOption, bootInfoOption + PAGE);
  if (stackOption !== null) slots.use(stackOption, stackOption + PAGE + stackSize);
  if (offsetOption !== null && needs.mapPhysicalMemory) slots.use(offsetOption, offsetOption + mapSize);

  const recursiveSlot = slots.take();
  const bootInfo = bootInfoOption ?? slots.take() * LEVEL4_SIZE;
  const guard = stackOption ?? bootInfo + PAGE;
  const stack = guard + PAGE;
  const physicalSlots = Math.ceil(mapSize / LEVEL4_SIZE);
  const offset = !needs.mapPhysicalMemory ? 0 : (offsetOption ?? slots.take(physicalSlots) * LEVEL4_SIZE);
  const page = { frame: 0, isWritable: true, isExecutable: true, pageSize: PAGE } as const;
  const physicalMap: PageRun = {
    start: offset,
    end: offset + mapSize,
    frame: 0,
    isWritable: true,
    isExecutable: true,
    pageSize: LARGE_PAGE,
    use: 'physical-map',
    what: 'the map of physical memory',
  };
  return {
    fresh: [
      { ...page, start: stack, end: stack + stackSize, use: 'stack', what: "the kernel's stack" },
      { ...page, start: bootInfo, end: bootInfo + PAGE, use: 'boot-info', what: 'the boot information' },
    ],
    guard: [{ ...page, start: guard, end: stack, use: 'stack', what: "the stack's guard page" }],
    physicalMap: needs.mapPhysicalMemory ? [physicalMap] : [],
    bootInfoAddress: toCanonical(bootInfo),
    stackTop: toCanonical(stack + stackSize - PAGE) + BigInt(PAGE),
    physicalMemoryOffset: toCanonical(offset),
    recursiveSlot,
    recursiveAddress: toCanonical(recursiveSlot * (2 ** 39 + 2 ** 30 + 2 ** 21 + 2 ** 12)),
  };
}

/** A configured address as 48 bits, null if there is none. */
function option(name: string, address: bigint | undefined, alignment: number, size: number): number | null {
  if (address === undefined) return null;
  const start = fromCanonical(address);
  if (address < 0n || address >= 1n << 64n || start === null) {
    throw badOption(name, 'a canonical address of 64 bits', String(address));
  }
  const end = start + size;
  if (start % alignment === 0 && end <= ADDRESS_SPACE && !(start < 2 ** 47 && end > 2 ** 47)) return start;
  const expected = `a multiple of 0x${alignment.toString(16)} with 0x${size.toString(16)} bytes of address space above`;
  throw badOption(name, expected, `0x${address.toString(16)}`);
}
