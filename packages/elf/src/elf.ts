import { PT_LOAD } from './constants.ts';
import { ElfError } from './error.ts';
import { type ElfHeader, type ElfIdentification, readHeader, readIdentification } from './header.ts';
import { ElfReader } from './reader.ts';
import { type ElfSection, hasFileBytes, readSections, sectionHeaderAt, sectionLabel } from './section.ts';
import { type ElfSegment, readSegments } from './segment.ts';
import { StringTable } from './string-table.ts';

/** An ELF image as plain data. Contents (symbols, notes, relocations, …) are read on demand by functions over it. */
export interface Elf {
  /** The whole file, not copied. */
  readonly bytes: Uint8Array;
  readonly identification: ElfIdentification;
  readonly header: ElfHeader;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
}

/**
 * Parses identification, header, program headers and section headers. Time and memory are linear in the file's size.
 *
 * @param bytes the whole file; kept, not copied
 * @returns the image
 * @throws ElfError, and nothing else, whatever the bytes
 * @source System V gABI, chapters 4 and 5
 */
export function parseElf(bytes: Uint8Array): Elf {
  const identification = readIdentification(bytes);
  const reader = new ElfReader(bytes, identification);
  const header = readHeader(reader);
  return {
    // A plain view: the slice() of Node's Buffer would share the file's memory, which copies of it must not.
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    identification,
    header,
    segments: readSegments(reader, header),
    sections: readSections(reader, header),
  };
}

/**
 * A reader over an image in its own class and byte order.
 *
 * @param elf the image
 * @returns a reader by file offset
 */
export function readerOf(elf: Elf): ElfReader {
  return new ElfReader(elf.bytes, elf.identification);
}

/**
 * The bytes of a segment in the file.
 *
 * @param elf the image
 * @param segment one of its segments
 * @returns a view of `fileSize` bytes
 * @throws ElfError `truncated`
 */
export function segmentBytes(elf: Elf, segment: ElfSegment): Uint8Array {
  const at = Number(elf.header.programHeaderOffset) + segment.index * elf.header.programHeaderSize;
  const start = readerOf(elf).range(`segment ${segment.index}`, segment.offset, segment.fileSize, at);
  return elf.bytes.subarray(start, start + Number(segment.fileSize));
}

/**
 * The bytes of a section in the file, as they are: a section with `SHF_COMPRESSED` stays compressed.
 *
 * @param elf the image
 * @param section one of its sections
 * @returns a view of `size` bytes, empty for a section without bytes in the file
 * @throws ElfError `truncated`
 */
export function sectionBytes(elf: Elf, section: ElfSection): Uint8Array {
  if (!hasFileBytes(section)) return elf.bytes.subarray(0, 0);
  const at = sectionHeaderAt(elf.header, section.index);
  const start = readerOf(elf).range(sectionLabel(section), section.offset, section.size, at);
  return elf.bytes.subarray(start, start + Number(section.size));
}

/**
 * The section of an index.
 *
 * @param elf the image
 * @param index from a link or an info field
 * @param at file offset of that field
 * @returns the section
 * @throws ElfError `bad-index`
 */
function sectionAt(elf: Elf, index: number, at: number): ElfSection {
  const section = elf.sections[index];
  if (section !== undefined) return section;
  const expected = `an index below ${elf.sections.length}`;
  throw new ElfError({ code: 'bad-index', offset: at, what: 'section index', expected, found: String(index) });
}

/**
 * The string table of an index.
 *
 * @param elf the image
 * @param index section index of the string table
 * @param at file offset of the field with the index
 * @returns its names
 * @throws ElfError `bad-index`, `truncated`
 */
export function stringTableAt(elf: Elf, index: number, at: number): StringTable {
  const section = sectionAt(elf, index, at);
  const bytes = sectionBytes(elf, section);
  return new StringTable(sectionLabel(section), bytes, bytes.byteOffset - elf.bytes.byteOffset);
}

/**
 * Finds a section by its name.
 *
 * @param elf the image
 * @param name exactly, for example `.text`
 * @returns the first of that name, or null
 */
export function findSection(elf: Elf, name: string): ElfSection | null {
  return elf.sections.find((section) => section.name === name) ?? null;
}

/**
 * Where the byte at a virtual address lies in the file.
 *
 * @param elf the image
 * @param address virtual, as linked
 * @param size bytes that must follow in the same segment's file part
 * @returns the file offset, or null if no loadable segment holds them
 */
export function fileOffsetOf(elf: Elf, address: bigint, size: bigint): number | null {
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD || address < segment.virtualAddress) continue;
    const delta = address - segment.virtualAddress;
    if (delta + size > segment.fileSize) continue;
    const offset = segment.offset + delta;
    if (offset + size <= BigInt(elf.bytes.length)) return Number(offset);
  }
  return null;
}
