import {
  DT_HASH,
  DT_NEEDED,
  DT_NULL,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  DT_SYMENT,
  DT_SYMTAB,
  PT_DYNAMIC,
  SHT_DYNAMIC,
} from './constants.ts';
import { type Elf, fileOffsetOf, readerOf, sectionBytes, segmentBytes } from './elf.ts';
import { ElfError } from './error.ts';
import { StringTable } from './string-table.ts';

/** One entry of the dynamic table. */
export interface ElfDynamicEntry {
  /** `DT_NEEDED`, …; 64 bits. */
  readonly tag: bigint;
  /** An address, a size or an offset in the string table, as the tag says. */
  readonly value: bigint;
  /** The string for `DT_NEEDED`, `DT_SONAME`, `DT_RPATH` and `DT_RUNPATH`, else null. */
  readonly name: string | null;
}

/** A table in the file that the dynamic table places by address. */
export interface DynamicTableRange {
  /** File offset, bytes. */
  readonly start: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes of one entry. */
  readonly entrySize: bigint;
}

const NAMED_TAGS: ReadonlySet<bigint> = new Set([DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH]);
const DT_GNU_HASH = 0x6ffffef5n;

/**
 * Reads the dynamic table, up to and without its end mark.
 *
 * @param elf the image
 * @returns the entries in the table's order; none for a static image
 * @throws ElfError `truncated`, `bad-dynamic`, `bad-string`, `too-large`
 * @source gABI "Dynamic Section"
 */
export function readDynamic(elf: Elf): ElfDynamicEntry[] {
  const bytes = dynamicBytes(elf);
  const reader = readerOf(elf);
  const start = bytes.byteOffset - elf.bytes.byteOffset;
  const entrySize = 2 * reader.wordSize;
  const raw: { at: number; tag: bigint; value: bigint }[] = [];
  for (let offset = 0; offset + entrySize <= bytes.length; offset += entrySize) {
    const at = start + offset;
    const tag = reader.word(at);
    if (tag === DT_NULL) break;
    raw.push({ at, tag, value: reader.word(at + reader.wordSize) });
  }
  let names: StringTable | null = null;
  if (raw.some((entry) => NAMED_TAGS.has(entry.tag))) {
    const strings = rangeOf(elf, raw, 'dynamic string table', DT_STRTAB, tagValue(raw, DT_STRSZ) ?? 0n);
    if (strings === null) throw badDynamic('dynamic table with names', start, 'a DT_STRTAB entry', 'none');
    const table = elf.bytes.subarray(strings.start, strings.start + strings.size);
    names = new StringTable('dynamic string table', table, strings.start);
  }
  return raw.map(({ at, tag, value }) => ({
    tag,
    value,
    name: names !== null && NAMED_TAGS.has(tag) ? names.name(nameOffset(value), at) : null,
  }));
}

/**
 * The value of a tag.
 *
 * @param entries the dynamic table
 * @param tag `DT_RELA`, …
 * @returns the value of the last entry with this tag, or null
 */
export function tagValue(entries: readonly Pick<ElfDynamicEntry, 'tag' | 'value'>[], tag: bigint): bigint | null {
  return entries.findLast((entry) => entry.tag === tag)?.value ?? null;
}

/**
 * Finds a table in the file by the dynamic tag that holds its address.
 *
 * @param elf the image
 * @param entries the dynamic table
 * @param what subject of the message
 * @param tag whose value is the table's virtual address
 * @param size bytes of the table
 * @returns its place in the file, or null without such a tag
 * @throws ElfError `bad-dynamic` if no segment's file part holds the table
 */
export function rangeOf(
  elf: Elf,
  entries: readonly Pick<ElfDynamicEntry, 'tag' | 'value'>[],
  what: string,
  tag: bigint,
  size: bigint,
): { start: number; size: number } | null {
  const address = tagValue(entries, tag);
  if (address === null) return null;
  const start = fileOffsetOf(elf, address, size);
  if (start === null) {
    const expected = `bytes 0x${address.toString(16)} to 0x${(address + size).toString(16)} in a loadable segment`;
    const table = dynamicBytes(elf).byteOffset - elf.bytes.byteOffset;
    throw badDynamic(what, table, expected, 'none that has them in the file');
  }
  return { start, size: Number(size) };
}

/**
 * Places of the symbol and string tables of the dynamic table. The count of symbols comes from the hash table.
 *
 * @param elf the image
 * @param entries the dynamic table
 * @returns null for what the table does not name
 * @throws ElfError `bad-dynamic`, `truncated`
 */
export function dynamicRange(
  elf: Elf,
  entries: readonly ElfDynamicEntry[],
): { symbols: DynamicTableRange | null; strings: { start: number; size: number } | null } {
  const strings = rangeOf(elf, entries, 'dynamic string table', DT_STRTAB, tagValue(entries, DT_STRSZ) ?? 0n);
  const entrySize = tagValue(entries, DT_SYMENT) ?? (elf.identification.width === 64 ? 24n : 16n);
  const count = symbolCount(elf, entries);
  const symbols = rangeOf(elf, entries, 'dynamic symbol table', DT_SYMTAB, entrySize * BigInt(count));
  return { symbols: symbols === null ? null : { ...symbols, entrySize }, strings };
}

/** The hash tables are the only place that tells how many dynamic symbols there are. */
function symbolCount(elf: Elf, entries: readonly ElfDynamicEntry[]): number {
  const reader = readerOf(elf);
  const hash = rangeOf(elf, entries, 'symbol hash table', DT_HASH, 8n);
  if (hash !== null) return reader.u32(hash.start + 4);
  const gnu = rangeOf(elf, entries, 'GNU hash table', DT_GNU_HASH, 16n);
  if (gnu === null) return 0;
  const bucketCount = reader.u32(gnu.start);
  const firstHashed = reader.u32(gnu.start + 4);
  const bloomSize = reader.u32(gnu.start + 8) * reader.wordSize;
  const buckets = gnu.start + 16 + bloomSize;
  reader.range('GNU hash table', BigInt(buckets), BigInt(bucketCount) * 4n, gnu.start);
  let last = 0;
  for (let index = 0; index < bucketCount; index++) last = Math.max(last, reader.u32(buckets + 4 * index));
  if (last < firstHashed) return firstHashed;
  // The chain of the highest bucket ends with an odd value, at the last symbol of all.
  const chains = buckets + 4 * bucketCount;
  for (; ; last++) {
    const at = chains + 4 * (last - firstHashed);
    reader.range('GNU hash chain', BigInt(at), 4n, gnu.start);
    if ((reader.u32(at) & 1) === 1) return last + 1;
  }
}

function dynamicBytes(elf: Elf): Uint8Array {
  const segment = elf.segments.find((candidate) => candidate.type === PT_DYNAMIC);
  if (segment !== undefined) return segmentBytes(elf, segment);
  const section = elf.sections.find((candidate) => candidate.type === SHT_DYNAMIC);
  return section === undefined ? elf.bytes.subarray(0, 0) : sectionBytes(elf, section);
}

/** An offset too large for any table stays too large, but becomes a number that a message can print. */
function nameOffset(value: bigint): number {
  return value > 0xffffffffn ? 0xffffffff : Number(value);
}

function badDynamic(what: string, offset: number, expected: string, found: string): ElfError {
  return new ElfError({ code: 'bad-dynamic', offset, what, expected, found });
}
