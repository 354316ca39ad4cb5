import { BootError, hex } from './error.ts';

/** What a run of pages is for; also the type of the frames that are taken for it. */
type PageUse = 'loader' | 'video' | 'kernel' | 'stack' | 'boot-info' | 'physical-map' | 'ramdisk';

/** A run of virtual pages, all mapped the same way to frames in a row. */
export interface PageRun {
  /** Virtual address without its sign extension: 48 bits. */
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
  /** Physical address of the first page. */
  readonly frame: number;
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
  /** 4 KiB, or 2 MiB for the map of physical memory. */
  readonly pageSize: number;
  readonly use: PageUse;
  /** Subject of a message about it. */
  readonly what: string;
}

/** Size of a page. */
export const PAGE = 0x1000;
/** Size of a large page. */
export const LARGE_PAGE = 0x200000;
/** What one entry of the level-4 table maps. */
export const LEVEL4_SIZE: number = 2 ** 39;
/** How many entries a table has. */
export const TABLE_ENTRIES = 512;
/** The 48-bit addresses end here. */
export const ADDRESS_SPACE: number = 2 ** 48;

/**
 * Takes the sign extension off a linear address.
 *
 * @param address 64 bits
 * @returns its low 48 bits, or null if the rest does not repeat bit 47
 */
export function fromCanonical(address: bigint): number | null {
  const isCanonical = BigInt.asUintN(64, BigInt.asIntN(48, address)) === BigInt.asUintN(64, address);
  return isCanonical ? Number(BigInt.asUintN(48, address)) : null;
}

/**
 * Puts the sign extension on.
 *
 * @param address 48 bits
 * @returns the canonical linear address, 64 bits
 */
export function toCanonical(address: number): bigint {
  return BigInt.asUintN(64, BigInt.asIntN(48, BigInt(address)));
}

/** Finds level-4 entries that nothing is mapped through yet. */
export class Level4Slots {
  readonly #used: Set<number> = new Set();

  /** Marks what a range of 48-bit addresses is mapped through. */
  use(start: number, end: number): void {
    const last = Math.floor((end - 1) / LEVEL4_SIZE);
    for (let slot = Math.floor(start / LEVEL4_SIZE); slot <= last; slot++) this.#used.add(slot);
  }

  /**
   * Takes entries in a row, the lowest that are free.
   *
   * @param count how many
   * @returns the first entry's index
   * @throws BootError `no-room`
   */
  take(count = 1): number {
    for (let slot = 0; slot + count <= TABLE_ENTRIES; slot++) {
      const slots = Array.from({ length: count }, (_, index) => slot + index);
      if (slots.some((candidate) => this.#used.has(candidate))) continue;
      for (const taken of slots) this.#used.add(taken);
      return slot;
    }
    throw new BootError({
      code: 'no-room',
      offset: null,
      what: 'the level-4 page table',
      expected: `${count} free entries in a row`,
      found: `${this.#used.size} of ${TABLE_ENTRIES} in use`,
      cure: 'link the kernel into fewer parts of the address space',
    });
  }
}

/**
 * Checks that no page is mapped twice.
 *
 * @param runs in any order
 * @returns the runs, ascending
 * @throws BootError `collision`
 */
export function checkRuns(runs: readonly PageRun[]): PageRun[] {
  const sorted = runs.toSorted((a, b) => a.start - b.start);
  for (let index = 1; index < sorted.length; index++) {
    const before = sorted[index - 1] as PageRun;
    const run = sorted[index] as PageRun;
    if (run.start >= before.end) continue;
    const kernel = [run, before].find((candidate) => candidate.use === 'kernel') ?? run;
    const other = kernel === run ? before : run;
    const range = ({ start, end }: PageRun): string => `${hex(toCanonical(start))} to ${hex(toCanonical(end - 1))}`;
    throw new BootError({
      code: 'collision',
      offset: null,
      what: kernel.what,
      expected: `virtual pages outside ${range(other)}, which ${other.what} occupies`,
      found: range(kernel),
      cure: 'link the kernel at 0x200000 or higher, or configure other addresses for stack and boot information',
    });
  }
  return sorted;
}
