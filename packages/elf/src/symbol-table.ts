import {
  ET_REL,
  STB_GLOBAL,
  STB_WEAK,
  STT_FILE,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_SECTION,
  STT_TLS,
} from './constants.ts';
import type { Elf } from './elf.ts';
import { type ElfSymbol, readBestSymbols } from './symbol.ts';

/** The symbol that an address belongs to. */
export interface SymbolMatch {
  /** As in the file: mangled. */
  readonly name: string;
  /** Bytes from the symbol's start to the address. */
  readonly offset: bigint;
  readonly symbol: ElfSymbol;
}

/** Answers which symbol an address lies in, and where a symbol lies. */
export interface SymbolTable {
  /** How many symbols have a place in memory. */
  readonly count: number;
  /** The innermost symbol that holds a virtual address (as linked), or null. */
  lookup(address: bigint): SymbolMatch | null;
  /** The symbol of a name (as in the file), global ones first, or null. */
  find(name: string): ElfSymbol | null;
}

const PLACELESS: ReadonlySet<number> = new Set([STT_SECTION, STT_FILE, STT_TLS]);

/**
 * Builds a symbol table for an executable or a shared object. A symbol without a size, as an assembler makes them,
 * reaches to the next symbol or to the end of its section.
 *
 * @param elf the image; a relocatable object gives an empty table, since its symbols have no addresses yet
 * @returns the table; building it costs n log n, a lookup log n
 * @throws ElfError as `readBestSymbols`
 */
export function createSymbolTable(elf: Elf): SymbolTable {
  const placed = elf.header.type === ET_REL ? [] : readBestSymbols(elf).filter(hasPlace);
  const ranges = flatten(elf, placed);
  const byName = new Map<string, ElfSymbol>();
  for (const symbol of placed) {
    const known = byName.get(symbol.name);
    if (known === undefined || bindingRank(symbol) > bindingRank(known)) byName.set(symbol.name, symbol);
  }
  return {
    count: placed.length,
    lookup(address) {
      const range = ranges[lastAtOrBefore(ranges, address)];
      const symbol = range?.owner ?? null;
      return symbol === null ? null : { name: symbol.name, offset: address - symbol.value, symbol };
    },
    find(name) {
      return byName.get(name) ?? null;
    },
  };
}

function hasPlace(symbol: ElfSymbol): boolean {
  if (symbol.name === '' || PLACELESS.has(symbol.type)) return false;
  // Absolute symbols without a type are numbers of a linker script rather than places.
  return symbol.place === 'section' || (symbol.place === 'absolute' && symbol.type !== STT_NOTYPE);
}

interface Range {
  readonly start: bigint;
  /** Who owns the addresses from `start` to the next range's start. */
  readonly owner: ElfSymbol | null;
}

interface Active {
  readonly symbol: ElfSymbol;
  readonly end: bigint;
  readonly isSized: boolean;
}

/** Turns nested and overlapping symbols into ranges that do not overlap; the symbol that started last owns a byte. */
function flatten(elf: Elf, placed: readonly ElfSymbol[]): Range[] {
  const sorted = placed.toSorted((a, b) => compare(a.value, b.value) || rank(b) - rank(a) || a.index - b.index);
  const ranges: Range[] = [];
  const stack: Active[] = [];
  const emit = (start: bigint, owner: ElfSymbol | null): void => {
    if (ranges.at(-1)?.start === start) ranges.pop();
    ranges.push({ start, owner });
  };
  // Ends what ended by then, inner symbols first, and gives the rest of their addresses back to the outer ones.
  const closeUntil = (address: bigint | null): void => {
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (address !== null && top.end > address) return;
      stack.pop();
      while (stack.length > 0 && (stack.at(-1) as Active).end <= top.end) stack.pop();
      emit(top.end, stack.at(-1)?.symbol ?? null);
    }
  };
  let previous: bigint | null = null;
  for (const symbol of sorted) {
    if (symbol.value === previous) continue; // an alias of lower rank
    previous = symbol.value;
    closeUntil(symbol.value);
    if (stack.at(-1)?.isSized === false) stack.pop();
    const isSized = symbol.size > 0n;
    const end = isSized ? symbol.value + symbol.size : (stack.at(-1)?.end ?? sectionEnd(elf, symbol));
    if (end <= symbol.value) continue;
    stack.push({ symbol, end, isSized });
    emit(symbol.value, symbol);
  }
  closeUntil(null);
  return ranges;
}

function sectionEnd(elf: Elf, symbol: ElfSymbol): bigint {
  const section = symbol.place === 'section' ? elf.sections[symbol.sectionIndex] : undefined;
  const end = section === undefined ? 0n : section.address + section.size;
  // A label outside its section, for example at its end, still names its own byte.
  return end > symbol.value ? end : symbol.value + 1n;
}

function rank(symbol: ElfSymbol): number {
  const isFunction = symbol.type === STT_FUNC || symbol.type === STT_GNU_IFUNC;
  const typeRank = isFunction ? 2 : symbol.type === STT_OBJECT ? 1 : 0;
  return (symbol.size > 0n ? 16 : 0) + typeRank * 4 + bindingRank(symbol);
}

function bindingRank(symbol: ElfSymbol): number {
  return symbol.binding === STB_GLOBAL ? 2 : symbol.binding === STB_WEAK ? 1 : 0;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lastAtOrBefore(ranges: readonly Range[], address: bigint): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as Range).start <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
