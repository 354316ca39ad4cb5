import { type Elf, EM_386, EM_X86_64, parseElf } from '@longmode/elf';
import { BootError, hex } from './error.ts';
import { FreeSpace } from './free-space.ts';
import { checkUsable, type PhysicalRange } from './memory-map.ts';
import type { MemoryWrite } from './plan.ts';
import { checkDisjoint, checkExecutable, loadableSegments } from './segments.ts';

/** A range that an image wants. */
export interface ImageRange extends PhysicalRange {
  /** Subject of messages. */
  readonly what: string;
  /** In the file, of what asks for it. */
  readonly offset: number;
}

/** The kernel's own part of a load: what goes where, and where it starts. */
export interface MultibootImage {
  readonly writes: readonly MemoryWrite[];
  /** What the writes occupy, ascending. */
  readonly ranges: readonly ImageRange[];
  /** Physical address of the first instruction. */
  readonly entry: number;
  /** The image if it was loaded by its program headers, else null. */
  readonly elf: Elf | null;
}

/** The memory that an image may use. */
export interface MultibootMemory {
  readonly usable: readonly PhysicalRange[];
  readonly ramSizeBytes: number;
}

/** Where an image goes as its header's address fields say. All addresses are physical. */
export interface AddressFields {
  /** Where the header itself goes. */
  readonly headerAddress: number;
  /** Negative if the file would begin below address 0, which is refused. */
  readonly loadAddress: number;
  /** First address after the loaded bytes, 0 for all of the file. */
  readonly loadEndAddress: number;
  /** First address after the zeroed bytes, 0 for none. */
  readonly bssEndAddress: number;
  readonly entryAddress: number;
  /** File offset of the header. */
  readonly headerOffset: number;
  /** File offset of `header_addr`, which the next three follow, for messages. */
  readonly fieldsOffset: number;
  /** File offset of `entry_addr`, for messages. */
  readonly entryOffset: number;
}

/** An entry point that a header names, instead of the ELF header's. */
export interface EntryField {
  /** Physical. */
  readonly address: number;
  /** File offset, for messages. */
  readonly offset: number;
}

/** Physical addresses end here for a kernel that starts without paging. */
export const FOUR_GIB: number = 2 ** 32;

/**
 * Reads a kernel that has no address fields, which must be ELF.
 *
 * @param bytes the file
 * @param headerField file offset of what should have said that there are address fields
 * @param wanted what that is, for messages: "flag 16"
 * @throws BootError `bad-header`; ElfError
 */
export function parseKernel(bytes: Uint8Array, headerField: number, wanted: string): Elf {
  const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
  if (isElf) return parseElf(bytes);
  throw new BootError({
    code: 'bad-header',
    offset: headerField,
    what: 'Multiboot header',
    expected: `addresses (${wanted}), because the file is no ELF image`,
    found: 'none',
    cure: `link the kernel as ELF, or fill in the addresses (${wanted})`,
  });
}

/**
 * Places an ELF kernel by the physical addresses of its program headers.
 *
 * @param elf the kernel
 * @param memory its size
 * @param entryField the entry if it is not the ELF header's
 * @returns the parts; not yet checked against memory
 * @throws BootError, ElfError
 */
export function layOutElf(elf: Elf, memory: MultibootMemory, entryField: EntryField | null = null): MultibootImage {
  const machines = elf.identification.width === 32 ? [EM_386, EM_X86_64] : [EM_X86_64];
  checkExecutable(elf, machines, 'i386 or x86-64');
  const parts = loadableSegments(elf, memory.ramSizeBytes).map((segment) => ({
    segment,
    start: segment.physicalAddress,
    end: segment.physicalAddress + BigInt(segment.memorySizeBytes),
    what: `segment ${segment.index}`,
    headerOffset: segment.headerOffset,
  }));
  const writes: MemoryWrite[] = [];
  const ranges: ImageRange[] = [];
  for (const part of checkDisjoint(parts, 'give the segments physical addresses of their own in the linker script')) {
    const { bytes, memorySizeBytes } = part.segment;
    const { what, headerOffset: offset } = part;
    if (part.end > BigInt(FOUR_GIB)) {
      const expected = 'physical addresses below 4 GiB';
      const found = `${hex(part.start)} to ${hex(part.end)}`;
      const cure = 'set the load address of the higher half with AT() in the linker script';
      throw new BootError({ code: 'outside-memory', offset, what, expected, found, cure });
    }
    const range = { start: Number(part.start), end: Number(part.end), what, offset };
    ranges.push(range);
    writes.push({ physicalAddress: range.start, bytes });
    const zeroStart = range.start + bytes.length;
    writes.push({ physicalAddress: zeroStart, zeroSizeBytes: memorySizeBytes - bytes.length });
  }
  const entry = entryField === null ? physicalEntry(elf, parts) : checkEntry(entryField, ranges);
  return { writes, ranges, entry, elf };
}

/** The entry point is a virtual address as the linker sees it; a kernel that is linked high starts at its load address. */
function physicalEntry(
  elf: Elf,
  parts: readonly { segment: { virtualAddress: bigint }; start: bigint; end: bigint }[],
): number {
  const entry = elf.header.entry;
  for (const { segment, start, end } of parts) {
    const delta = entry - segment.virtualAddress;
    if (delta >= 0n && delta < end - start) return Number(start + delta);
  }
  // Linker scripts of higher-half kernels may also name the load address itself.
  if (parts.some(({ start, end }) => entry >= start && entry < end)) return Number(entry);
  throw new BootError({
    code: 'bad-entry',
    offset: 24,
    what: 'the entry point',
    expected: 'an address in a loaded segment',
    found: hex(entry),
    cure: 'name the entry symbol with ENTRY() in the linker script, and keep its section',
  });
}

function checkEntry(entry: EntryField, ranges: readonly PhysicalRange[]): number {
  if (ranges.some(({ start, end }) => entry.address >= start && entry.address < end)) return entry.address;
  throw new BootError({
    code: 'bad-entry',
    offset: entry.offset,
    what: 'entry_addr',
    expected: 'a physical address in a loaded segment',
    found: hex(entry.address),
    cure: "correct the header's entry address; in the higher half, subtract the offset of virtual addresses",
  });
}

/**
 * Places any file by the address fields of its header.
 *
 * @param bytes the file
 * @param fields from its header
 * @returns the parts; not yet checked against memory
 * @throws BootError `bad-header`
 */
export function layOutFlat(bytes: Uint8Array, fields: AddressFields): MultibootImage {
  const { headerAddress, loadAddress, loadEndAddress, bssEndAddress, entryAddress } = fields;
  const { headerOffset, fieldsOffset, entryOffset } = fields;
  const bad = (offset: number, what: string, expected: string, found: number): BootError => {
    const cure = 'correct the address fields of the Multiboot header';
    return new BootError({ code: 'bad-header', offset, what, expected, found: hex(found), cure });
  };
  if (loadAddress < 0) {
    throw bad(fieldsOffset, 'header_addr', `at least ${hex(headerOffset)}, its offset in the file`, headerAddress);
  }
  const beforeHeader = headerAddress - loadAddress;
  if (beforeHeader < 0 || beforeHeader > headerOffset) {
    const expected = `an address from ${hex(Math.max(0, headerAddress - headerOffset))} to ${hex(headerAddress)}, the header's`;
    throw bad(fieldsOffset + 4, 'load_addr', expected, loadAddress);
  }
  const start = headerOffset - beforeHeader;
  const available = bytes.length - start;
  const size = loadEndAddress === 0 ? available : loadEndAddress - loadAddress;
  if (size <= 0 || size > available) {
    const expected = `0, or an address above ${hex(loadAddress)} up to ${hex(loadAddress + available)}, where the file ends`;
    throw bad(fieldsOffset + 8, 'load_end_addr', expected, loadEndAddress);
  }
  const loadEnd = loadAddress + size;
  if (bssEndAddress !== 0 && bssEndAddress < loadEnd) {
    const expected = `0, or an address at or above ${hex(loadEnd)}, where the loaded bytes end`;
    throw bad(fieldsOffset + 12, 'bss_end_addr', expected, bssEndAddress);
  }
  const end = Math.max(loadEnd, bssEndAddress);
  if (entryAddress < loadAddress || entryAddress >= end) {
    throw bad(entryOffset, 'entry_addr', `an address from ${hex(loadAddress)} to ${hex(end - 1)}`, entryAddress);
  }
  const range: ImageRange = { start: loadAddress, end, what: 'the kernel', offset: fieldsOffset + 4 };
  return {
    writes: [
      { physicalAddress: loadAddress, bytes: bytes.subarray(start, start + size) },
      { physicalAddress: loadEnd, zeroSizeBytes: end - loadEnd },
    ],
    ranges: [range],
    entry: entryAddress,
    elf: null,
  };
}

/**
 * Checks that a laid out image lies in memory that it may use.
 *
 * @throws BootError `outside-memory`, `reserved-memory`
 */
export function checkInMemory(image: MultibootImage, memory: MultibootMemory): void {
  for (const range of image.ranges) {
    checkUsable(range.what, range, memory.usable, memory.ramSizeBytes, range.offset);
  }
}

/** Where an image may be moved to. */
export interface Relocation {
  readonly minAddress: number;
  /** The image may end here. */
  readonly maxAddress: number;
  /** A power of two. */
  readonly alignment: number;
  readonly preference: 'none' | 'lowest' | 'highest';
  /** File offset of what permits it, for messages. */
  readonly offset: number;
}

/** An image that was moved as a whole. */
export interface MovedImage {
  readonly image: MultibootImage;
  /** Physical address of its first byte. */
  readonly base: number;
  /** How far it was moved; negative for down. */
  readonly distance: number;
}

/**
 * Moves an image to where there is room for all of it, gaps included.
 *
 * @param image as it was linked
 * @param relocation the header's wish; without a preference, the image stays where it is if it may
 * @param free to choose from; nothing is taken
 * @returns the moved image
 * @throws BootError `no-room`
 */
export function moveImage(image: MultibootImage, relocation: Relocation, free: readonly PhysicalRange[]): MovedImage {
  const { minAddress, maxAddress, alignment, preference, offset } = relocation;
  const start = image.ranges.reduce((least, range) => Math.min(least, range.start), FOUR_GIB);
  const end = image.ranges.reduce((most, range) => Math.max(most, range.end), 0);
  const size = end - start;
  const space = new FreeSpace(free, []);
  const isFine = start >= minAddress && end <= maxAddress && start % alignment === 0;
  let base: number | null = null;
  if (preference === 'none' && isFine) base = space.take(size, 1, start, end);
  if (preference === 'highest') base = space.takeHighest(size, alignment, minAddress, maxAddress);
  else base ??= space.take(size, alignment, minAddress, maxAddress);
  if (base === null) {
    const place = `from ${hex(minAddress)} to ${hex(maxAddress)}, aligned to ${hex(alignment)}`;
    throw new BootError({
      code: 'no-room',
      offset,
      what: 'the relocatable kernel',
      expected: `${hex(size)} bytes of free memory in one piece ${place}`,
      found: 'none',
      cure: 'give the machine more memory, or permit more addresses in the relocatable header tag',
    });
  }
  const distance = base - start;
  return {
    base,
    distance,
    image: {
      writes: image.writes.map((write) => ({ ...write, physicalAddress: write.physicalAddress + distance })),
      ranges: image.ranges.map((range) => ({ ...range, start: range.start + distance, end: range.end + distance })),
      entry: image.entry + distance,
      elf: image.elf,
    },
  };
}
