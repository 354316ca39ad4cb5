// What both versions of Multiboot have in common: modules, sections and information in memory, the machine's state.
import { DESCRIPTOR_CODE_32, DESCRIPTOR_DATA, descriptorTable, flatSegment } from './descriptor.ts';
import { BootError, memorySize } from './error.ts';
import { alignUp, FreeSpace } from './free-space.ts';
import {
  badOption,
  type MemoryOptions,
  type MemoryRegion,
  memoryMapOf,
  type PhysicalRange,
  usableRanges,
} from './memory-map.ts';
import { FOUR_GIB, type MultibootImage, type MultibootMemory } from './multiboot-image.ts';
import { placeSections } from './multiboot-sections.ts';
import { type EntryState, type LoadPlan, type MemoryWrite, registersWith, sortWrites } from './plan.ts';

/** A file to hand to the kernel. */
export interface MultibootModule {
  readonly bytes: Uint8Array;
  /** The module's string: usually its name and arguments. */
  readonly text?: string | undefined;
}

/** What both versions of Multiboot can be told. */
export interface MultibootOptions extends MemoryOptions {
  /** Handed to the kernel as it is; by custom it begins with the kernel's name. Empty if left out. */
  readonly commandLine?: string | undefined;
  readonly modules?: readonly MultibootModule[] | undefined;
}

/** A module in memory. */
export interface PlacedModule {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The kernel's section headers, their addresses already those in memory. */
export interface PlacedSections {
  readonly count: number;
  /** Bytes of one header. */
  readonly entrySize: number;
  /** Index of the section with the names. */
  readonly nameIndex: number;
  readonly headers: Uint8Array;
}

/** What both versions tell the kernel. */
export interface HandedOver {
  readonly memoryLowerKib: number;
  readonly memoryUpperKib: number;
  readonly commandLine: string;
  readonly loaderName: string;
  readonly modules: readonly PlacedModule[];
  readonly memoryMap: readonly MemoryRegion[];
  readonly sections: PlacedSections | null;
  /** Bytes to keep in the block besides the information, at a multiple of 8. */
  readonly extra: Uint8Array;
}

/** The information and what goes with it, in one piece of memory. */
export interface InformationBlock {
  /** Bytes of everything. */
  readonly size: number;
  /** Where {@link HandedOver.extra} lies in it. */
  readonly extraOffset: number;
  /** Builds the bytes for the address at which they will lie. */
  build(address: number): Uint8Array;
}

/** What a version of the protocol adds. */
export interface MultibootProtocol {
  readonly protocol: LoadPlan['protocol'] & `multiboot${string}`;
  /** What EAX holds when the kernel starts. */
  readonly magic: number;
  readonly image: MultibootImage;
  /** How far the image was moved from where it was linked. */
  readonly loadBias: bigint;
  layOut(facts: HandedOver): InformationBlock;
}

/** The first page holds the BIOS's data, and the address of a module must not be 0. */
export const FIRST_PAGE: PhysicalRange = { start: 0, end: 0x1000 };

/** The highest address of the stack that kernels start with. */
export const STACK_TOP = 0x7ff00;

const LOADER_NAME = 'longmode';
const ONE_MIB = 0x100000;
const PAGE = 0x1000;
// Where GRUB has it, too: clear of the BIOS data, of what kernels put at 0x1000 to 0x9000, and of the stack below.
const INFORMATION_FROM = 0x10000;
const INFORMATION_TO = 0x70000;
const INFORMATION_ALIGNMENT = 16;
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
// Null, code 0 to 4 GiB, data 0 to 4 GiB: the specification leaves GDTR undefined, this is what most loaders have.
const GDT = [0n, DESCRIPTOR_CODE_32, DESCRIPTOR_DATA] as const;
const MAX_MODULES = 4096;

/** The memory that the options leave to a kernel. */
export interface MultibootMachine extends MultibootMemory {
  readonly memoryMap: readonly MemoryRegion[];
}

/**
 * Checks the options that both versions have.
 *
 * @param options from the embedder
 * @returns the machine's memory
 * @throws BootError `bad-option`
 */
export function multibootMachine(options: MultibootOptions): MultibootMachine {
  const memoryMap = memoryMapOf(options);
  const { ramSizeBytes, modules = [] } = options;
  if (modules.length > MAX_MODULES) throw badOption('modules', `at most ${MAX_MODULES}`, String(modules.length));
  return { memoryMap, usable: usableRanges(memoryMap, Math.min(ramSizeBytes, FOUR_GIB)), ramSizeBytes };
}

/**
 * Plans everything but the image itself: modules, sections, the information, the machine's state.
 *
 * @param options what to hand over
 * @param machine from {@link multibootMachine}
 * @param version the image, and how this version lays out the information
 * @returns the plan
 * @throws BootError `no-room`
 */
export function planHandover(
  options: MultibootOptions,
  machine: MultibootMachine,
  version: MultibootProtocol,
): LoadPlan {
  const { commandLine = '', modules = [], ramSizeBytes } = options;
  const { usable, memoryMap } = machine;
  const { image } = version;
  const space = new FreeSpace(usable, [...image.ranges, FIRST_PAGE]);
  const kernelEnd = image.ranges.reduce((end, range) => Math.max(end, range.end), 0);
  const above = alignUp(Math.max(ONE_MIB, kernelEnd), PAGE);

  // Modules first, so that they follow the kernel as they do with other loaders.
  const writes: MemoryWrite[] = [...image.writes];
  const placedModules: PlacedModule[] = [];
  for (const [index, module] of modules.entries()) {
    const start = takeModule(space, module, index, above, ramSizeBytes);
    placedModules.push({ start, end: start + module.bytes.length, text: module.text ?? '' });
    writes.push({ physicalAddress: start, bytes: module.bytes });
  }
  const limit = Math.min(ramSizeBytes, FOUR_GIB);
  const sections = image.elf === null ? null : placeSections(image.elf, space, above, limit);
  if (sections !== null) writes.push(...sections.writes);

  const block = version.layOut({
    ...memorySizes(usable),
    commandLine,
    loaderName: LOADER_NAME,
    modules: placedModules,
    memoryMap,
    sections: sections?.sections ?? null,
    extra: descriptorTable(GDT),
  });
  const address = takeInformation(space, block, ramSizeBytes);
  writes.push({ physicalAddress: address, bytes: block.build(address) });
  return {
    protocol: version.protocol,
    entry: entryState(version.magic, image.entry, address, address + block.extraOffset),
    writes: sortWrites(writes),
    loadBias: version.loadBias,
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
  module: MultibootModule,
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

function takeInformation(space: FreeSpace, block: InformationBlock, ramSizeBytes: number): number {
  const size = alignUp(block.size, INFORMATION_ALIGNMENT);
  const address =
    space.take(size, INFORMATION_ALIGNMENT, INFORMATION_FROM, INFORMATION_TO) ??
    space.take(size, PAGE, ONE_MIB) ??
    space.take(size, INFORMATION_ALIGNMENT, PAGE, ONE_MIB);
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

/** @source Multiboot Specification 0.6.96 and Multiboot2 Specification 2.0, "I386 machine state" in both */
function entryState(magic: number, entry: number, information: number, gdt: number): EntryState {
  const data = flatSegment(DATA_SELECTOR, DESCRIPTOR_DATA);
  return {
    mode: 'protected32',
    // The specifications leave ESP undefined; like GRUB, be kind to kernels that push before they have a stack.
    registers: registersWith({ rax: BigInt(magic), rbx: BigInt(information), rsp: BigInt(STACK_TOP) }),
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
