import { DESCRIPTOR_CODE_32, DESCRIPTOR_DATA, descriptorTable, flatSegment } from './descriptor.ts';
import { BootError, memorySize } from './error.ts';
import { alignUp, FreeSpace } from './free-space.ts';
import { badOption, type MemoryOptions, memoryMapOf, type PhysicalRange, usableRanges } from './memory-map.ts';
import { MULTIBOOT1_VIDEO_MODE, readMultiboot1Header } from './multiboot1-header.ts';
import { FOUR_GIB, placeMultiboot1Image } from './multiboot1-image.ts';
import { layOutInformation, type Multiboot1Block, type PlacedModule } from './multiboot1-info.ts';
import { placeSections } from './multiboot1-sections.ts';
import { type EntryState, type LoadPlan, type MemoryWrite, registersWith, sortWrites } from './plan.ts';

/** A file to hand to the kernel. */
export interface Multiboot1Module {
  readonly bytes: Uint8Array;
  /** The module's string: usually its name and arguments. */
  readonly text?: string | undefined;
}

/** How to boot a Multiboot 1 kernel. */
export interface Multiboot1Options extends MemoryOptions {
  /** Handed to the kernel as it is; by custom it begins with the kernel's name. Empty if left out. */
  readonly commandLine?: string | undefined;
  readonly modules?: readonly Multiboot1Module[] | undefined;
  /** The `boot_device` field; the kernel is told of none if left out. */
  readonly bootDevice?: number | undefined;
}

/** What EAX holds when the kernel starts. */
export const MULTIBOOT1_BOOTLOADER_MAGIC = 0x2badb002;

const LOADER_NAME = 'longmode';
const ONE_MIB = 0x100000;
const PAGE = 0x1000;
// Where GRUB has it, too: clear of the BIOS data, of what kernels put at 0x1000 to 0x9000, and of the stack below.
const INFORMATION_FROM = 0x10000;
const INFORMATION_TO = 0x70000;
// The specification leaves ESP undefined; like GRUB, be kind to kernels that push before they have a stack.
const STACK_TOP = 0x7ff00n;
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
// Null, code 0 to 4 GiB, data 0 to 4 GiB: the specification leaves GDTR undefined, this is what most loaders have.
const GDT = [0n, DESCRIPTOR_CODE_32, DESCRIPTOR_DATA] as const;
const MAX_MODULES = 4096;

/**
 * Plans the boot of a Multiboot 1 kernel: ELF32, ELF64 (loaded by physical addresses), or any file whose header has
 * address fields.
 *
 * @param bytes the kernel's file
 * @param options the machine's memory and what to hand over
 * @returns the plan; nothing is touched yet
 * @throws BootError, ElfError
 * @source Multiboot Specification 0.6.96
 */
export function planMultiboot1(bytes: Uint8Array, options: Multiboot1Options): LoadPlan {
  const memoryMap = memoryMapOf(options);
  const limit = Math.min(options.ramSizeBytes, FOUR_GIB);
  const usable = usableRanges(memoryMap, limit);
  const { commandLine = '', modules = [], bootDevice = null } = options;
  if (modules.length > MAX_MODULES) throw badOption('modules', `at most ${MAX_MODULES}`, String(modules.length));

  const header = readMultiboot1Header(bytes);
  const image = placeMultiboot1Image(bytes, header, { usable, ramSizeBytes: options.ramSizeBytes });
  // The first page holds the BIOS's data, and the address of a module must not be 0.
  const space = new FreeSpace(usable, [...image.ranges, { start: 0, end: PAGE }]);
  const kernelEnd = image.ranges.reduce((end, range) => Math.max(end, range.end), 0);
  const above = alignUp(Math.max(ONE_MIB, kernelEnd), PAGE);

  // Modules first, so that they follow the kernel as they do with other loaders.
  const writes: MemoryWrite[] = [...image.writes];
  const placedModules: PlacedModule[] = [];
  for (const [index, module] of modules.entries()) {
    const start = takeModule(space, module, index, above, options.ramSizeBytes);
    placedModules.push({ start, end: start + module.bytes.length, text: module.text ?? '' });
    writes.push({ physicalAddress: start, bytes: module.bytes });
  }
  const sections = image.elf === null ? null : placeSections(image.elf, space, above, limit);
  if (sections !== null) writes.push(...sections.writes);

  const block = layOutInformation({
    ...memorySizes(usable),
    bootDevice,
    commandLine,
    loaderName: LOADER_NAME,
    modules: placedModules,
    memoryMap,
    sections: sections?.sections ?? null,
    hasTextScreen: (header.flags & MULTIBOOT1_VIDEO_MODE) !== 0,
    extra: descriptorTable(GDT),
  });
  const address = takeInformation(space, block, options.ramSizeBytes);
  writes.push({ physicalAddress: address, bytes: block.build(address) });
  return {
    protocol: 'multiboot1',
    entry: entryState(image.entry, address, address + block.extraOffset),
    writes: sortWrites(writes),
    loadBias: 0n,
    bootInformationAddress: BigInt(address),
  };
}

/** The sizes of memory below and above 1 MiB, the latter up to the first hole. */
function memorySizes(usable: readonly PhysicalRange[]): { memoryLowerKib: number; memoryUpperKib: number } {
  const lower = usable.find((range) => range.start === 0)?.end ?? 0;
  const upper = usable.find((range) => range.start <= ONE_MIB && range.end > ONE_MIB)?.end ?? ONE_MIB;
  return {
    memoryLowerKib: Math.floor(Math.min(lower, 0xa0000) / 1024),
    memoryUpperKib: Math.floor((upper - ONE_MIB) / 1024),
  };
}

function takeModule(
  space: FreeSpace,
  module: Multiboot1Module,
  index: number,
  above: number,
  ramSizeBytes: number,
): number {
  const size = Math.max(PAGE, alignUp(module.bytes.length, PAGE));
  const start = space.take(size, PAGE, above) ?? space.take(size, PAGE, ONE_MIB);
  if (start !== null) return start;
  throw new BootError({
    code: 'no-room',
    offset: null,
    what: `module ${index}`,
    expected: `${module.bytes.length} bytes of free memory in one piece above 1 MiB`,
    found: `none in ${memorySize(ramSizeBytes)}`,
    cure: 'give the machine more memory',
  });
}

function takeInformation(space: FreeSpace, block: Multiboot1Block, ramSizeBytes: number): number {
  const size = alignUp(block.size, 16);
  const address =
    space.take(size, 16, INFORMATION_FROM, INFORMATION_TO) ??
    space.take(size, PAGE, ONE_MIB) ??
    space.take(size, 16, PAGE, ONE_MIB);
  if (address !== null) return address;
  throw new BootError({
    code: 'no-room',
    offset: null,
    what: 'the Multiboot information',
    expected: `${size} bytes of free memory in one piece`,
    found: `none in ${memorySize(ramSizeBytes)}`,
    cure: 'give the machine more memory',
  });
}

/** @source Multiboot Specification 0.6.96, "I386 machine state" */
function entryState(entry: number, information: number, gdt: number): EntryState {
  const data = flatSegment(DATA_SELECTOR, DESCRIPTOR_DATA);
  return {
    mode: 'protected32',
    registers: registersWith({
      rax: BigInt(MULTIBOOT1_BOOTLOADER_MAGIC),
      rbx: BigInt(information),
      rsp: STACK_TOP,
    }),
    rip: BigInt(entry),
    rflags: 2n,
    cr0: 0x11n, // PE, ET
    cr3: 0n,
    cr4: 0n,
    efer: 0n,
    segments: { cs: flatSegment(CODE_SELECTOR, DESCRIPTOR_CODE_32), ds: data, es: data, fs: data, gs: data, ss: data },
    gdtr: { base: BigInt(gdt), limit: GDT.length * 8 - 1 },
    idtr: { base: 0n, limit: 0 },
  };
}
