import {
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_DYNSYM,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from './constants.ts';
import { dynamicRange, readDynamic } from './dynamic.ts';
import { type Elf, readerOf, sectionBytes, stringTableAt } from './elf.ts';
import { ElfError } from './error.ts';
import { type ElfSection, sectionHeaderAt, sectionLabel } from './section.ts';
import { StringTable } from './string-table.ts';

/** Where a symbol's value is at home. */
export type SymbolPlace = 'undefined' | 'section' | 'absolute' | 'common' | 'reserved';

/** One entry of a symbol table. */
export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** An address in executables and shared objects, an offset in the section in relocatable objects. */
  readonly value: bigint;
  /** Bytes, 0 if unknown. */
  readonly size: bigint;
  /** `STB_GLOBAL`, … */
  readonly binding: number;
  /** `STT_FUNC`, … */
  readonly type: number;
  /** 0 default, 1 internal, 2 hidden, 3 protected. */
  readonly visibility: number;
  /** `st_other` as it is: the machine's bits above the visibility. */
  readonly other: number;
  readonly place: SymbolPlace;
  /** The section if `place` is `section` (extended indices resolved), else `st_shndx` as it is. */
  readonly sectionIndex: number;
}

/**
 * Reads a symbol table.
 *
 * @param elf the image
 * @param section one of type `SHT_SYMTAB` or `SHT_DYNSYM`
 * @returns all entries in the table's order, the empty entry 0 included
 * @throws ElfError `truncated`, `bad-entry-size`, `bad-index`, `bad-string`, `too-large`
 * @source gABI "Symbol Table"
 */
export function readSymbols(elf: Elf, section: ElfSection): ElfSymbol[] {
  const at = sectionHeaderAt(elf.header, section.index);
  const bytes = sectionBytes(elf, section);
  const extended = extendedIndices(elf, section);
  return readEntries(elf, {
    what: sectionLabel(section),
    at,
    start: bytes.byteOffset - elf.bytes.byteOffset,
    size: bytes.length,
    entrySize: section.entrySize,
    names: stringTableAt(elf, section.link, at),
    extended,
  });
}

/**
 * Reads the symbols that the dynamic table points to, which a file without section headers still has.
 *
 * @param elf the image
 * @returns all entries, or none without a dynamic symbol table
 * @throws ElfError as {@link readSymbols}, and `bad-dynamic` where a tag is missing or points outside the segments
 */
export function readDynamicSymbols(elf: Elf): ElfSymbol[] {
  const section = elf.sections.find((candidate) => candidate.type === SHT_DYNSYM);
  if (section !== undefined) return readSymbols(elf, section);
  const tags = readDynamic(elf);
  const range = dynamicRange(elf, tags);
  if (range.symbols === null || range.strings === null) return [];
  const { start, size } = range.strings;
  return readEntries(elf, {
    what: 'dynamic symbol table',
    at: range.symbols.start,
    ...range.symbols,
    entrySize: range.symbols.entrySize,
    names: new StringTable('dynamic string table', elf.bytes.subarray(start, start + size), start),
    extended: null,
  });
}

/**
 * The symbols of the fullest table that the file has: `.symtab`, else `.dynsym`.
 *
 * @param elf the image
 * @returns all entries, or none
 * @throws ElfError as {@link readSymbols}
 */
export function readBestSymbols(elf: Elf): ElfSymbol[] {
  const section = elf.sections.find((candidate) => candidate.type === SHT_SYMTAB);
  return section === undefined ? readDynamicSymbols(elf) : readSymbols(elf, section);
}

interface SymbolEntries {
  readonly what: string;
  /** File offset to report. */
  readonly at: number;
  readonly start: number;
  readonly size: number;
  readonly entrySize: bigint;
  readonly names: StringTable;
  /** `SHT_SYMTAB_SHNDX`, one 32-bit word a symbol. */
  readonly extended: { readonly start: number; readonly count: number } | null;
}

function readEntries(elf: Elf, table: SymbolEntries): ElfSymbol[] {
  const reader = readerOf(elf);
  const is64 = elf.identification.width === 64;
  const minimum = is64 ? 24 : 16;
  if (table.entrySize < BigInt(minimum) || BigInt(table.size) % table.entrySize !== 0n) {
    throw new ElfError({
      code: 'bad-entry-size',
      offset: table.at,
      what: table.what,
      expected: `entries of at least ${minimum} bytes that fill the table of ${table.size} bytes`,
      found: `an entry size of ${table.entrySize}`,
    });
  }
  const entrySize = Number(table.entrySize);
  const symbols: ElfSymbol[] = [];
  for (let index = 0; index < table.size / entrySize; index++) {
    const at = table.start + index * entrySize;
    const info = reader.u8(is64 ? at + 4 : at + 12);
    const other = reader.u8(is64 ? at + 5 : at + 13);
    const rawIndex = reader.u16(is64 ? at + 6 : at + 14);
    let sectionIndex = rawIndex;
    if (rawIndex === SHN_XINDEX) {
      if (table.extended === null || index >= table.extended.count) {
        throw new ElfError({
          code: 'bad-index',
          offset: is64 ? at + 6 : at + 14,
          what: `symbol ${index} in ${table.what}`,
          expected: 'an extended section index in a SHT_SYMTAB_SHNDX section',
          found: 'none',
        });
      }
      sectionIndex = reader.u32(table.extended.start + 4 * index);
    }
    symbols.push({
      index,
      name: table.names.name(reader.u32(at), at),
      value: reader.word(is64 ? at + 8 : at + 4),
      size: reader.word(is64 ? at + 16 : at + 8),
      binding: info >> 4,
      type: info & 15,
      visibility: other & 3,
      other,
      place: placeOf(rawIndex),
      sectionIndex,
    });
  }
  return symbols;
}

function placeOf(rawIndex: number): SymbolPlace {
  if (rawIndex === 0) return 'undefined';
  if (rawIndex === SHN_ABS) return 'absolute';
  if (rawIndex === SHN_COMMON) return 'common';
  return rawIndex < SHN_LORESERVE || rawIndex === SHN_XINDEX ? 'section' : 'reserved';
}

function extendedIndices(elf: Elf, section: ElfSection): { start: number; count: number } | null {
  const extended = elf.sections.find(
    (candidate) => candidate.type === SHT_SYMTAB_SHNDX && candidate.link === section.index,
  );
  if (extended === undefined) return null;
  const bytes = sectionBytes(elf, extended);
  return { start: bytes.byteOffset - elf.bytes.byteOffset, count: bytes.length >>> 2 };
}
