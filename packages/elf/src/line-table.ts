import { ByteCursor } from './byte-cursor.ts';
import { ET_REL, PT_LOAD, SHF_COMPRESSED } from './constants.ts';
import { type Elf, findSection, readerOf, sectionBytes } from './elf.ts';
import { ElfError } from './error.ts';
import { runLineProgram } from './line-program.ts';
import { StringTable } from './string-table.ts';

/** A place in the source. */
export interface SourceLocation {
  /** As the compiler wrote it; relative to an unknown directory if it is not absolute. */
  readonly file: string;
  /** From 1; 0 for code of no line. */
  readonly line: number;
  /** From 1; 0 if unknown. */
  readonly column: number;
}

/** Answers which source line an address was compiled from. */
export interface LineTable {
  /** How many rows: 0 if the image has no debug information. */
  readonly count: number;
  /** The source of the instruction that holds a virtual address (as linked), or null. */
  lookup(address: bigint): SourceLocation | null;
}

/**
 * Builds the table of source lines from `.debug_line`, DWARF versions 2 to 5.
 *
 * @param elf an executable or a shared object; a relocatable object gives an empty table
 * @returns the table; building it is linear in the section's size, a lookup logarithmic
 * @throws ElfError `bad-line-table`, `truncated`, `bad-string`, `too-large`
 * @source DWARF 5, section 6.2 "Line Number Information"
 */
export function createLineTable(elf: Elf): LineTable {
  const rows = new Rows();
  const section = findSection(elf, '.debug_line');
  const isReadable = section !== null && (section.flags & SHF_COMPRESSED) === 0n;
  if (isReadable && elf.header.type !== ET_REL) readAll(elf, sectionBytes(elf, section), rows);
  // Code that the linker dropped keeps its lines, at address 0 or at the end of the address space.
  const loaded = loadedRanges(elf);
  const isLoaded = (address: bigint): boolean => {
    const range = loaded[lastIndex(loaded.length, (at) => (loaded[at]?.start ?? 0n) <= address)];
    return range !== undefined && address < range.end;
  };
  const sequences = rows.sequences.filter(({ start }) => isLoaded(start)).sort((a, b) => compare(a.start, b.start));
  return {
    count: rows.count,
    lookup(address) {
      const index = lastIndex(sequences.length, (at) => (sequences[at] as Sequence).start <= address);
      const sequence = sequences[index];
      if (sequence === undefined || address >= sequence.end) return null;
      const { first, last } = sequence;
      return rows.location(first + lastIndex(last - first, (at) => rows.address(first + at) <= address));
    },
  };
}

/** Rows from one address to another, none of whose addresses is below the one before. */
interface Sequence {
  readonly start: bigint;
  readonly end: bigint;
  readonly first: number;
  /** Index after the last row. */
  readonly last: number;
}

/** Rows in columns, because there may be millions. */
class Rows {
  readonly sequences: Sequence[] = [];
  readonly #paths: string[] = [];
  readonly #indexOfPath: Map<string, number> = new Map();
  #addresses: BigUint64Array = new BigUint64Array(1024);
  /** File, line and column of each row. */
  #places: Uint32Array = new Uint32Array(3 * 1024);
  #first = 0;
  #isAscending = true;
  count = 0;

  file(path: string): number {
    const known = this.#indexOfPath.get(path);
    if (known !== undefined) return known;
    this.#indexOfPath.set(path, this.#paths.length);
    return this.#paths.push(path) - 1;
  }

  row(address: bigint, file: number, line: number, column: number): void {
    if (this.count === this.#addresses.length) this.#grow();
    if (this.count > this.#first && address < this.address(this.count - 1)) this.#isAscending = false;
    this.#addresses[this.count] = address;
    this.#places.set([file >>> 0, line, column], 3 * this.count);
    this.count++;
  }

  end(end: bigint): void {
    const first = this.#first;
    const start = this.#addresses[first] ?? 0n;
    // A sequence that falls cannot be searched; compilers do not make them.
    const isUsable = this.#isAscending && this.count > first && end > start;
    if (isUsable) this.sequences.push({ start, end, first, last: this.count });
    else this.count = first;
    this.#first = this.count;
    this.#isAscending = true;
  }

  address(index: number): bigint {
    return this.#addresses[index] ?? 0n;
  }

  location(index: number): SourceLocation {
    const [file = 0, line = 0, column = 0] = this.#places.subarray(3 * index, 3 * index + 3);
    return { file: this.#paths[file] ?? '', line, column };
  }

  #grow(): void {
    const addresses = new BigUint64Array(2 * this.#addresses.length);
    addresses.set(this.#addresses);
    this.#addresses = addresses;
    const places = new Uint32Array(2 * this.#places.length);
    places.set(this.#places);
    this.#places = places;
  }
}

function readAll(elf: Elf, bytes: Uint8Array, rows: Rows): void {
  const reader = readerOf(elf);
  const start = bytes.byteOffset - elf.bytes.byteOffset;
  const makeCursor = (from: number, to: number): ByteCursor => new ByteCursor(reader, '.debug_line', from, to);
  const strings = { general: stringsOf(elf, '.debug_str'), line: stringsOf(elf, '.debug_line_str') };
  // File names may be shared by offset; each unit makes them into a path of its own.
  let budget = 8 * elf.bytes.length + 0x10000;
  const sink = {
    file: (path: string): number => {
      budget -= path.length;
      if (budget >= 0) return rows.file(path);
      const expected = 'file names that together are at most eight times as long as the file';
      throw new ElfError({ code: 'too-large', offset: start, what: '.debug_line', expected, found: 'more' });
    },
    row: (address: bigint, file: number, line: number, column: number): void => rows.row(address, file, line, column),
    end: (address: bigint): void => rows.end(address),
  };
  const cursor = makeCursor(start, start + bytes.length);
  while (cursor.at < cursor.end) runLineProgram(cursor, makeCursor, strings, sink);
}

function stringsOf(elf: Elf, name: string): StringTable | null {
  const section = findSection(elf, name);
  if (section === null || (section.flags & SHF_COMPRESSED) !== 0n) return null;
  const bytes = sectionBytes(elf, section);
  return new StringTable(name, bytes, bytes.byteOffset - elf.bytes.byteOffset);
}

/** Ranges that segments load, ascending and joined. */
function loadedRanges(elf: Elf): { start: bigint; end: bigint }[] {
  const ranges: { start: bigint; end: bigint }[] = [];
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  for (const { virtualAddress: start, memorySize } of loads.sort((a, b) =>
    compare(a.virtualAddress, b.virtualAddress),
  )) {
    const last = ranges.at(-1);
    const end = start + memorySize;
    if (last !== undefined && start <= last.end) last.end = end > last.end ? end : last.end;
    else ranges.push({ start, end });
  }
  return ranges;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The last index below a count for which a condition holds that holds for all before it; -1 if for none. */
function lastIndex(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
