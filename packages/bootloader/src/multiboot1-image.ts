import { type Elf, EM_386, EM_X86_64, parseElf } from '@longmode/elf';
import { BootError, hex } from './error.ts';
import { checkUsable, type PhysicalRange } from './memory-map.ts';
import type { Multiboot1AddressFields, Multiboot1Header } from './multiboot1-header.ts';
import type { MemoryWrite } from './plan.ts';
import { checkDisjoint, checkExecutable, loadableSegments } from './segments.ts';

/** The kernel's own part of a load: what goes where, and where it starts. */
export interface Multiboot1Image {
  readonly writes: readonly MemoryWrite[];
  /** What the writes occupy, ascending. */
  readonly ranges: readonly PhysicalRange[];
  /** Physical address of the first instruction. */
  readonly entry: number;
  /** The image if it was loaded by its program headers, else null. */
  readonly elf: Elf | null;
}

/** The memory that an image may use. */
export interface Multiboot1Memory {
  readonly usable: readonly PhysicalRange[];
  readonly ramSizeBytes: number;
}

/** Physical addresses end here for a kernel that starts without paging. */
export const FOUR_GIB: number = 2 ** 32;

/**
 * Works out where the parts of a Multiboot 1 kernel go: by the header's address fields if it has them, as the
 * specification wants it, else by the program headers of its ELF image.
 *
 * @param bytes the file
 * @param header found in it
 * @param memory that may be used
 * @returns the parts
 * @throws BootError, ElfError
 */
export function placeMultiboot1Image(
  bytes: Uint8Array,
  header: Multiboot1Header,
  memory: Multiboot1Memory,
): Multiboot1Image {
  if (header.addresses !== null) return placeByAddressFields(bytes, header.offset, header.addresses, memory);
  const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
  if (isElf) return placeElf(parseElf(bytes), memory);
  throw new BootError({
    code: 'bad-header',
    offset: header.offset + 4,
    what: 'Multiboot header',
    expected: 'address fields (flag 16), because the file is no ELF image',
    found: `flags ${hex(header.flags)}`,
    cure: 'link the kernel as ELF, or set flag 16 and fill in the addresses',
  });
}

function placeElf(elf: Elf, memory: Multiboot1Memory): Multiboot1Image {
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
  const ranges: PhysicalRange[] = [];
  for (const part of checkDisjoint(parts, 'give the segments physical addresses of their own in the linker script')) {
    const { bytes, memorySizeBytes } = part.segment;
    if (part.end > BigInt(FOUR_GIB)) {
      const expected = 'physical addresses below 4 GiB';
      const found = `${hex(part.start)} to ${hex(part.end)}`;
      const cure = 'set the load address of the higher half with AT() in the linker script';
      const { what, headerOffset: offset } = part;
      throw new BootError({ code: 'outside-memory', offset, what, expected, found, cure });
    }
    const range = { start: Number(part.start), end: Number(part.end) };
    checkUsable(part.what, range, memory.usable, memory.ramSizeBytes, part.headerOffset);
    ranges.push(range);
    writes.push({ physicalAddress: range.start, bytes });
    const zeroStart = range.start + bytes.length;
    writes.push({ physicalAddress: zeroStart, zeroSizeBytes: memorySizeBytes - bytes.length });
  }
  return { writes, ranges, entry: physicalEntry(elf, parts), elf };
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

function placeByAddressFields(
  bytes: Uint8Array,
  headerOffset: number,
  addresses: Multiboot1AddressFields,
  memory: Multiboot1Memory,
): Multiboot1Image {
  const { headerAddress, loadAddress, loadEndAddress, bssEndAddress, entryAddress } = addresses;
  const bad = (field: number, what: string, expected: string, found: number): BootError => {
    const cure = 'correct the address fields of the Multiboot header';
    return new BootError({ code: 'bad-header', offset: headerOffset + field, what, expected, found: hex(found), cure });
  };
  const beforeHeader = headerAddress - loadAddress;
  if (beforeHeader < 0 || beforeHeader > headerOffset) {
    const expected = `an address from ${hex(Math.max(0, headerAddress - headerOffset))} to ${hex(headerAddress)}, the header's`;
    throw bad(16, 'load_addr', expected, loadAddress);
  }
  const start = headerOffset - beforeHeader;
  const available = bytes.length - start;
  const size = loadEndAddress === 0 ? available : loadEndAddress - loadAddress;
  if (size <= 0 || size > available) {
    const expected = `0, or an address above ${hex(loadAddress)} up to ${hex(loadAddress + available)}, where the file ends`;
    throw bad(20, 'load_end_addr', expected, loadEndAddress);
  }
  const loadEnd = loadAddress + size;
  if (bssEndAddress !== 0 && bssEndAddress < loadEnd) {
    throw bad(
      24,
      'bss_end_addr',
      `0, or an address at or above ${hex(loadEnd)}, where the loaded bytes end`,
      bssEndAddress,
    );
  }
  const end = Math.max(loadEnd, bssEndAddress);
  if (entryAddress < loadAddress || entryAddress >= end) {
    throw bad(28, 'entry_addr', `an address from ${hex(loadAddress)} to ${hex(end - 1)}`, entryAddress);
  }
  const range = { start: loadAddress, end };
  checkUsable('the kernel', range, memory.usable, memory.ramSizeBytes, headerOffset + 16);
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
