import { SHT_NOBITS, SHT_STRTAB } from './constants.ts';
import { ElfError } from './error.ts';
import type { ElfHeader } from './header.ts';
import type { ElfReader } from './reader.ts';
import { StringTable } from './string-table.ts';

/** One section header with its name. Its range is not checked until its bytes are asked for. */
export interface ElfSection {
  readonly index: number;
  /** Empty where the file has no section names. */
  readonly name: string;
  /** `sh_name`, offset in the name table. */
  readonly nameOffset: number;
  /** `sh_type`: `SHT_PROGBITS`, … */
  readonly type: number;
  /** `sh_flags`: `SHF_WRITE`, … */
  readonly flags: bigint;
  /** Virtual address, 0 if not in memory. */
  readonly address: bigint;
  /** File offset, bytes. */
  readonly offset: bigint;
  /** Bytes, in memory for `SHT_NOBITS`. */
  readonly size: bigint;
  /** Index of a related section; which one depends on the type. */
  readonly link: number;
  readonly info: number;
  readonly alignment: bigint;
  /** Bytes of an entry, 0 if the section is no table. */
  readonly entrySize: bigint;
}

/**
 * Reads the section header table and the sections' names.
 *
 * @param reader the whole file
 * @param header its header, whose tables are known to lie in the file
 * @returns the sections in the table's order, the inactive section 0 included
 * @throws ElfError `bad-index`, `truncated`, `bad-string`, `too-large`
 * @source gABI "Section Header"
 */
export function readSections(reader: ElfReader, header: ElfHeader): ElfSection[] {
  const names = sectionNames(reader, header);
  const sections: ElfSection[] = [];
  const word = reader.wordSize;
  for (let index = 0; index < header.sectionHeaderCount; index++) {
    const at = sectionHeaderAt(header, index);
    const nameOffset = reader.u32(at);
    sections.push({
      index,
      name: names?.name(nameOffset, at) ?? '',
      nameOffset,
      type: reader.u32(at + 4),
      flags: reader.word(at + 8),
      address: reader.word(at + 8 + word),
      offset: reader.word(at + 8 + 2 * word),
      size: reader.word(at + 8 + 3 * word),
      link: reader.u32(at + 8 + 4 * word),
      info: reader.u32(at + 12 + 4 * word),
      alignment: reader.word(at + 16 + 4 * word),
      entrySize: reader.word(at + 16 + 5 * word),
    });
  }
  return sections;
}

/**
 * Where a section's header lies.
 *
 * @param header the file's header
 * @param index of the section
 * @returns file offset in bytes
 */
export function sectionHeaderAt(header: ElfHeader, index: number): number {
  return Number(header.sectionHeaderOffset) + index * header.sectionHeaderSize;
}

/**
 * Names a section for a message.
 *
 * @param section any section
 * @returns its index, and its name unless that is very long
 */
export function sectionLabel(section: ElfSection): string {
  const name = section.name.length > 40 ? `${section.name.slice(0, 40)}…` : section.name;
  return `section ${section.index} ${name}`.trimEnd();
}

function sectionNames(reader: ElfReader, header: ElfHeader): StringTable | null {
  const index = header.sectionNameIndex;
  if (index === 0 || header.sectionHeaderCount === 0) return null;
  const what = 'section name table';
  if (index >= header.sectionHeaderCount) {
    const expected = `an index below ${header.sectionHeaderCount}`;
    const offset = 24 + 3 * reader.wordSize + 14;
    throw new ElfError({ code: 'bad-index', offset, what, expected, found: String(index) });
  }
  const at = sectionHeaderAt(header, index);
  const type = reader.u32(at + 4);
  if (type !== SHT_STRTAB) {
    const found = `type 0x${type.toString(16)}`;
    throw new ElfError({ code: 'bad-index', offset: at + 4, what, expected: 'a string table (type 3)', found });
  }
  const word = reader.wordSize;
  const size = reader.word(at + 8 + 3 * word);
  const start = reader.range(what, reader.word(at + 8 + 2 * word), size, at + 8 + 2 * word);
  return new StringTable(what, reader.bytes.subarray(start, start + Number(size)), start);
}

/**
 * Whether a section has bytes in the file.
 *
 * @param section any section
 * @returns false for `SHT_NULL` and `SHT_NOBITS`
 */
export function hasFileBytes(section: ElfSection): boolean {
  return section.type !== SHT_NOBITS && section.type !== 0;
}
