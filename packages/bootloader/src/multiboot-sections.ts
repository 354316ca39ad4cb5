import { type Elf, type ElfSection, SHF_ALLOC, SHT_NOBITS, SHT_NULL } from '@longmode/elf';
import { alignUp, type FreeSpace } from './free-space.ts';
import type { PlacedSections } from './multiboot-handover.ts';
import type { MemoryWrite } from './plan.ts';

/** The sections that were placed for the kernel to read, its symbols above all. */
export interface SectionPlacement {
  readonly sections: PlacedSections;
  readonly writes: readonly MemoryWrite[];
}

/**
 * Places the sections that no segment loads (symbols, names, debug information) and makes their headers point to them.
 *
 * @param elf the kernel
 * @param space to take memory from
 * @param from lowest address to take
 * @param to first address not to take
 * @returns the placed sections; null if there are none, if they do not fit, or if their bytes are not in the file:
 * the kernel is then told of no sections, which the protocol permits
 * @source Multiboot Specification 0.6.96, "Boot information format", fields at 28 to 40; Multiboot2 Specification 2.0,
 * "ELF-Symbols"
 */
export function placeSections(elf: Elf, space: FreeSpace, from: number, to: number): SectionPlacement | null {
  const { sectionHeaderCount: count, sectionHeaderSize: entrySize, sectionNameIndex: nameIndex } = elf.header;
  if (count === 0) return null;
  const start = Number(elf.header.sectionHeaderOffset);
  const headers = elf.bytes.slice(start, start + count * entrySize);
  const unloaded = elf.sections.filter((section) => isUnloaded(section));
  let size = 0;
  const offsets: number[] = [];
  for (const section of unloaded) {
    if (section.offset + section.size > BigInt(elf.bytes.length)) return null;
    const alignment = section.alignment > 1n && section.alignment <= 0x1000n ? Number(section.alignment) : 1;
    offsets.push(Math.ceil(size / alignment) * alignment);
    size = (offsets.at(-1) ?? 0) + Number(section.size);
    // Sections that share bytes of the file would multiply them.
    if (size > 2 * elf.bytes.length) return null;
  }
  const base = size === 0 ? 0 : space.take(alignUp(size, 0x1000), 0x1000, from, to);
  if (base === null) return null;
  const view = new DataView(headers.buffer);
  const writes = unloaded.map((section, index): MemoryWrite => {
    const physicalAddress = base + (offsets[index] ?? 0);
    const at = section.index * entrySize;
    if (elf.identification.width === 64) view.setBigUint64(at + 16, BigInt(physicalAddress), true);
    else view.setUint32(at + 12, physicalAddress, true);
    const first = Number(section.offset);
    return { physicalAddress, bytes: elf.bytes.subarray(first, first + Number(section.size)) };
  });
  return { sections: { count, entrySize, nameIndex, headers }, writes };
}

function isUnloaded(section: ElfSection): boolean {
  const hasBytes = section.type !== SHT_NULL && section.type !== SHT_NOBITS && section.size > 0n;
  return hasBytes && (section.flags & SHF_ALLOC) === 0n && section.address === 0n;
}
