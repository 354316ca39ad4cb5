import {
  DT_JMPREL,
  DT_PLTREL,
  DT_PLTRELSZ,
  DT_REL,
  DT_RELA,
  DT_RELAENT,
  DT_RELASZ,
  DT_RELENT,
  DT_RELR,
  DT_RELRENT,
  DT_RELRSZ,
  DT_RELSZ,
  SHT_REL,
  SHT_RELA,
  SHT_RELR,
} from './constants.ts';
import { type ElfDynamicEntry, rangeOf, readDynamic, tagValue } from './dynamic.ts';
import { type Elf, readerOf, sectionBytes } from './elf.ts';
import { ElfError } from './error.ts';
import { type ElfSection, sectionHeaderAt, sectionLabel } from './section.ts';

/** One relocation of a `REL` or `RELA` table. */
export interface ElfRelocation {
  /** The place to patch: an address, in relocatable objects an offset in the section that `info` names. */
  readonly offset: bigint;
  /** The machine's relocation type. */
  readonly type: number;
  /** Index in the symbol table, 0 for none. */
  readonly symbolIndex: number;
  /** Signed; null in a `REL` table, whose addends are the contents of the places. */
  readonly addend: bigint | null;
  /** File offset of the entry, bytes. */
  readonly at: number;
}

/** The tables of relocations that a dynamic table names. */
export interface DynamicRelocations {
  /** Entries of `DT_RELA`, `DT_REL` and `DT_JMPREL`. */
  readonly entries: Iterable<ElfRelocation>;
  /** Addresses of the words that `DT_RELR` relocates by the load bias. */
  readonly relr: Iterable<bigint>;
}

/**
 * Reads a relocation section.
 *
 * @param elf the image
 * @param section one of type `SHT_REL` or `SHT_RELA`
 * @returns the relocations in the table's order
 * @throws ElfError `truncated`, `bad-entry-size`, `bad-relocation` for a section of another type
 * @source gABI "Relocation"
 */
export function readRelocations(elf: Elf, section: ElfSection): ElfRelocation[] {
  const at = sectionHeaderAt(elf.header, section.index);
  const what = sectionLabel(section);
  if (section.type !== SHT_REL && section.type !== SHT_RELA) {
    const found = `type 0x${section.type.toString(16)}`;
    throw new ElfError({ code: 'bad-relocation', offset: at + 4, what, expected: 'type 4 or 9', found });
  }
  const bytes = sectionBytes(elf, section);
  const start = bytes.byteOffset - elf.bytes.byteOffset;
  const hasAddends = section.type === SHT_RELA;
  return [...entriesIn(elf, { what, start, size: bytes.length, entrySize: section.entrySize, hasAddends })];
}

/**
 * Reads a section of compressed relative relocations.
 *
 * @param elf the image
 * @param section one of type `SHT_RELR`
 * @returns the addresses of the words to relocate, one after another: up to eight for each byte of the section
 * @throws ElfError `truncated`, `bad-relocation`
 */
export function readRelr(elf: Elf, section: ElfSection): Iterable<bigint> {
  const what = sectionLabel(section);
  if (section.type !== SHT_RELR) {
    const offset = sectionHeaderAt(elf.header, section.index) + 4;
    const found = `type 0x${section.type.toString(16)}`;
    throw new ElfError({ code: 'bad-relocation', offset, what, expected: 'type 19', found });
  }
  const bytes = sectionBytes(elf, section);
  return relrIn(elf, what, bytes.byteOffset - elf.bytes.byteOffset, bytes.length);
}

/**
 * Finds the relocations of a position-independent executable through its dynamic table; section headers are not needed.
 *
 * @param elf the image
 * @returns lazy sequences; both empty for a static image
 * @throws ElfError `bad-dynamic`, `bad-entry-size`, `bad-relocation`, some of them while the sequences are read
 */
export function readDynamicRelocations(elf: Elf): DynamicRelocations {
  const tags = readDynamic(elf);
  const rela = table(elf, tags, 'DT_RELA relocations', DT_RELA, DT_RELASZ, DT_RELAENT, true);
  const rel = table(elf, tags, 'DT_REL relocations', DT_REL, DT_RELSZ, DT_RELENT, false);
  const pltHasAddends = tagValue(tags, DT_PLTREL) === DT_RELA;
  const entryTag = pltHasAddends ? DT_RELAENT : DT_RELENT;
  const plt = table(elf, tags, 'DT_JMPREL relocations', DT_JMPREL, DT_PLTRELSZ, entryTag, pltHasAddends);
  const relr = table(elf, tags, 'DT_RELR relocations', DT_RELR, DT_RELRSZ, DT_RELRENT, false);
  function* entries(): Generator<ElfRelocation> {
    for (const part of [rela, rel, plt]) if (part !== null) yield* entriesIn(elf, part);
  }
  return { entries: entries(), relr: relr === null ? [] : relrIn(elf, relr.what, relr.start, relr.size) };
}

interface RelocationTable {
  readonly what: string;
  readonly start: number;
  readonly size: number;
  readonly entrySize: bigint;
  readonly hasAddends: boolean;
}

function table(
  elf: Elf,
  tags: readonly ElfDynamicEntry[],
  what: string,
  addressTag: bigint,
  sizeTag: bigint,
  entryTag: bigint,
  hasAddends: boolean,
): RelocationTable | null {
  const size = tagValue(tags, sizeTag) ?? 0n;
  if (size === 0n) return null;
  const range = rangeOf(elf, tags, what, addressTag, size);
  if (range === null) return null;
  const word = elf.identification.width / 8;
  const entrySize = tagValue(tags, entryTag) ?? BigInt(hasAddends ? 3 * word : 2 * word);
  return { what, ...range, entrySize, hasAddends };
}

function* entriesIn(elf: Elf, part: RelocationTable): Generator<ElfRelocation> {
  const reader = readerOf(elf);
  const word = reader.wordSize;
  const minimum = part.hasAddends ? 3 * word : 2 * word;
  if (part.entrySize < BigInt(minimum) || BigInt(part.size) % part.entrySize !== 0n) {
    throw new ElfError({
      code: 'bad-entry-size',
      offset: part.start,
      what: part.what,
      expected: `entries of at least ${minimum} bytes that fill the table of ${part.size} bytes`,
      found: `an entry size of ${part.entrySize}`,
    });
  }
  const entrySize = Number(part.entrySize);
  for (let at = part.start; at < part.start + part.size; at += entrySize) {
    const info = reader.word(at + word);
    yield {
      offset: reader.word(at),
      type: Number(word === 8 ? info & 0xffffffffn : info & 0xffn),
      symbolIndex: Number(word === 8 ? info >> 32n : info >> 8n),
      addend: part.hasAddends ? reader.signedWord(at + 2 * word) : null,
      at,
    };
  }
}

/** An even word is an address; an odd one is a bitmap of the words that follow the last address or bitmap. */
function* relrIn(elf: Elf, what: string, start: number, size: number): Generator<bigint> {
  const reader = readerOf(elf);
  const word = reader.wordSize;
  const width = elf.identification.width;
  if (size % word !== 0) {
    const expected = `a multiple of ${word} bytes`;
    throw new ElfError({ code: 'bad-relocation', offset: start, what, expected, found: `${size} bytes` });
  }
  let next: bigint | null = null;
  for (let at = start; at < start + size; at += word) {
    const value = reader.word(at);
    if ((value & 1n) === 0n) {
      yield value;
      next = BigInt.asUintN(width, value + BigInt(word));
      continue;
    }
    if (next === null) {
      const expected = 'an address before the first bitmap';
      throw new ElfError({ code: 'bad-relocation', offset: at, what, expected, found: `0x${value.toString(16)}` });
    }
    for (let bit = 1; bit < width; bit++) {
      if (((value >> BigInt(bit)) & 1n) === 1n) yield BigInt.asUintN(width, next + BigInt((bit - 1) * word));
    }
    next = BigInt.asUintN(width, next + BigInt((width - 1) * word));
  }
}
