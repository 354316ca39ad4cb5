/**
 * What is mapped where: the whole linear address space as ranges, for a debugger's memory map.
 */
import { canonicalAddress, formatHex, formatSize, joinWords, TWO_TO_32 } from './address.ts';
import { decodeEntry, entrySizeBytesOf, levelsOf } from './decoded-entry.ts';
import { PTE_P } from './entry.ts';
import type { PhysicalMemory } from './memory.ts';
import {
  linearAddressBitsOf,
  PAGING_32_BIT,
  PAGING_NONE,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
  pagingModeOf,
} from './paging-mode.ts';

/** A range of linear addresses mapped to consecutive physical addresses by pages of one size with the same rights. */
export interface Mapping {
  /** First linear address, canonical. */
  readonly linear: bigint;
  /** First physical address. */
  readonly physical: number;
  readonly lengthBytes: bigint;
  readonly pageSizeBytes: number;
  /** R/W is 1 in every entry. */
  readonly writable: boolean;
  /** U/S is 1 in every entry. */
  readonly user: boolean;
  /** XD is 1 in no entry. */
  readonly executable: boolean;
  readonly global: boolean;
}

/** Where to look, and how long. */
export interface ListOptions {
  /** First linear address of interest; 0 unless told. */
  from?: bigint;
  /** Last linear address of interest; the highest unless told. */
  to?: bigint;
  /**
   * Most entries to read, 2^22 unless told: page tables that contain themselves can describe more pages than anybody
   * can count. The list ends there.
   */
  entryLimit?: number;
}

interface Rights {
  writable: boolean;
  user: boolean;
  executable: boolean;
}

/**
 * Lists the mappings of the current paging structures in ascending order of linear address, neighbours joined. Entries
 * that set reserved bits map nothing. Sets no accessed flag. Without paging there is one mapping, of 4 GiB.
 */
export function* listMappings(
  parts: { memory: PhysicalMemory; registers: PagingRegisters },
  options: ListOptions = {},
): Generator<Mapping, void, void> {
  const { registers } = parts;
  const mode = pagingModeOf(registers);
  const bits = linearAddressBitsOf(mode);
  const span = 1n << BigInt(bits);
  const from = BigInt.asUintN(bits, options.from ?? 0n);
  const to = BigInt.asUintN(bits, options.to ?? span - 1n);
  if (mode === PAGING_NONE) {
    const rights = { writable: true, user: true, executable: true, global: false };
    yield { linear: 0n, physical: 0, lengthBytes: span, pageSizeBytes: 0x1000, ...rights };
    return;
  }
  let range: Mapping | undefined;
  for (const page of pagesOf(parts, mode, { from, to, entryLimit: options.entryLimit ?? 2 ** 22 })) {
    if (range === undefined) {
      range = page;
    } else if (continues(range, page)) {
      range = {
        ...page,
        linear: range.linear,
        physical: range.physical,
        lengthBytes: range.lengthBytes + page.lengthBytes,
      };
    } else {
      yield range;
      range = page;
    }
  }
  if (range !== undefined) yield range;
}

function continues(range: Mapping, page: Mapping): boolean {
  return (
    range.linear + range.lengthBytes === page.linear &&
    range.physical + Number(range.lengthBytes) === page.physical &&
    range.pageSizeBytes === page.pageSizeBytes &&
    range.writable === page.writable &&
    range.user === page.user &&
    range.executable === page.executable &&
    range.global === page.global
  );
}

/** Every page in the range, one by one. */
function* pagesOf(
  parts: { memory: PhysicalMemory; registers: PagingRegisters },
  mode: PagingMode,
  limits: { from: bigint; to: bigint; entryLimit: number },
): Generator<Mapping, void, void> {
  const { memory, registers } = parts;
  const size = entrySizeBytesOf(mode);
  const bits = linearAddressBitsOf(mode);
  const indexBits = mode === PAGING_32_BIT ? 10 : 9;
  let entriesLeft = limits.entryLimit;

  const highOf = (table: number, index: number): number => (size === 8 ? memory.read32(table + index * 8 + 4) : 0);

  function* table(address: number | null, level: number, base: bigint, above: Rights): Generator<Mapping, void, void> {
    const shift = BigInt(12 + indexBits * (level - 1));
    const count = address === null ? 4 : 2 ** indexBits;
    const span = BigInt(count) << shift;
    const first = limits.from > base ? Number((limits.from - base) >> shift) : 0;
    const last = limits.to < base + span - 1n ? Number((limits.to - base) >> shift) : count - 1;
    for (let index = first; index <= last; index += 1) {
      if (entriesLeft <= 0) return;
      entriesLeft -= 1;
      const low = address === null ? (registers.pdptes[2 * index] as number) : memory.read32(address + index * size);
      if ((low & PTE_P) === 0) continue;
      const value = joinWords(
        low,
        address === null ? (registers.pdptes[2 * index + 1] as number) : highOf(address, index),
      );
      const entry = decodeEntry(value, { level, index, tableAddress: address, registers });
      if (entry.reservedBits !== 0n) continue;
      const rights: Rights = {
        writable: above.writable && entry.writable,
        user: above.user && entry.user,
        executable: above.executable && !entry.executeDisable,
      };
      const linear = base + (BigInt(index) << shift);
      if (entry.mapsPageOfBytes === null) {
        yield* table(entry.address, level - 1, linear, rights);
      } else {
        const pageSizeBytes = entry.mapsPageOfBytes;
        const lengthBytes = BigInt(pageSizeBytes);
        yield {
          linear: bits === 32 ? linear : canonicalAddress(linear, bits),
          physical: entry.address,
          lengthBytes,
          pageSizeBytes,
          ...rights,
          global: entry.global,
        };
      }
    }
  }

  const everything: Rights = { writable: true, user: true, executable: true };
  yield* table(mode === PAGING_PAE ? null : rootOf(mode, registers), levelsOf(mode), 0n, everything);
}

function rootOf(mode: PagingMode, registers: PagingRegisters): number {
  const low = (registers.cr3Low & ~0xfff) >>> 0;
  return mode === PAGING_32_BIT ? low : (registers.cr3High & 0x000f_ffff) * TWO_TO_32 + low;
}

/** A mapping as one line: `0xffff_8000_0000_0000-0xffff_8000_001f_ffff -> 0x0000_0000 urwxg 2 MiB pages`. */
export function formatMapping(mapping: Mapping): string {
  const last = mapping.linear + mapping.lengthBytes - 1n;
  const digits = last > 0xffff_ffffn ? 16 : 8;
  const flags =
    (mapping.user ? 'u' : '-') +
    'r' +
    (mapping.writable ? 'w' : '-') +
    (mapping.executable ? 'x' : '-') +
    (mapping.global ? 'g' : '-');
  const range = `${formatHex(mapping.linear, digits)}-${formatHex(last, digits)}`;
  return `${range} -> ${formatHex(mapping.physical, 8)} ${flags} ${formatSize(mapping.pageSizeBytes)} pages`;
}
