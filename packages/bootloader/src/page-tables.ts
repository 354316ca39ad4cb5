import { BootError } from './error.ts';
import type { MemoryWrite } from './plan.ts';
import { LARGE_PAGE, LEVEL4_SIZE, PAGE, type PageRun, TABLE_ENTRIES } from './virtual-layout.ts';

/** Entry: present. @source SDM Vol. 3A "4-Level Paging and 5-Level Paging" */
const PTE_P = 0x1n;
/** Entry: writable. */
const PTE_RW = 0x2n;
/** Entry: maps a page instead of a table. */
const PTE_PS = 0x80n;
/** Entry: not executable. */
const PTE_XD: bigint = 1n << 63n;

// 32 MiB of tables map 16 GiB in small pages; a kernel that needs more is scattered on purpose.
const MAX_TABLES = 8192;

/** The span of virtual addresses that one table of a level covers. */
const SPANS: readonly number[] = [2 ** 48, LEVEL4_SIZE, 2 ** 30, LARGE_PAGE];

/** The tables below the level-4 table that runs of pages need, before they have places. */
export class TableSet {
  /** By depth below the level-4 table and first address covered. */
  readonly #keys: Map<string, { depth: number; start: number }> = new Map();

  /** How many tables, the level-4 table not counted. */
  get count(): number {
    return this.#keys.size;
  }

  /**
   * Notes the tables that a run of pages needs.
   *
   * @param run virtual pages
   * @throws BootError `no-room` if there would be more than anybody needs
   */
  add(run: Pick<PageRun, 'start' | 'end' | 'pageSize'>): void {
    const deepest = run.pageSize === PAGE ? 3 : 2;
    for (let depth = 1; depth <= deepest; depth++) {
      const span = SPANS[depth] as number;
      for (let start = Math.floor(run.start / span) * span; start < run.end; start += span) {
        this.#keys.set(`${depth}:${start}`, { depth, start });
        if (this.#keys.size <= MAX_TABLES) continue;
        throw new BootError({
          code: 'no-room',
          offset: null,
          what: 'page tables',
          expected: `at most ${MAX_TABLES} of them`,
          found: 'a kernel or a memory map that needs more',
          cure: "link the kernel's segments closer together",
        });
      }
    }
  }

  /** The tables, those of a higher level first, ascending within a level. */
  sorted(): { depth: number; start: number }[] {
    return [...this.#keys.values()].sort((a, b) => a.depth - b.depth || a.start - b.start);
  }
}

/** Paging structures under construction. */
export class PageTables {
  /** Physical address of the level-4 table. */
  readonly root: number;
  readonly #tables: Map<number, DataView> = new Map();
  readonly #frames: Map<string, number> = new Map();

  /**
   * @param root frame of the level-4 table
   * @param set the tables below it
   * @param frames one for each of them
   */
  constructor(root: number, set: TableSet, frames: readonly number[]) {
    this.root = root;
    this.#tables.set(root, new DataView(new ArrayBuffer(PAGE)));
    for (const [index, { depth, start }] of set.sorted().entries()) {
      const frame = frames[index] as number;
      this.#frames.set(`${depth}:${start}`, frame);
      this.#tables.set(frame, new DataView(new ArrayBuffer(PAGE)));
      const parentSpan = SPANS[depth - 1] as number;
      const parentStart = Math.floor(start / parentSpan) * parentSpan;
      const parent = depth === 1 ? root : (this.#frames.get(`${depth - 1}:${parentStart}`) as number);
      // What a page permits is decided in its last entry.
      this.#set(parent, (start - parentStart) / (SPANS[depth] as number), BigInt(frame) | PTE_P | PTE_RW);
    }
  }

  /** Maps a run of pages, whose tables are all there. */
  map(run: PageRun): void {
    const isLarge = run.pageSize === LARGE_PAGE;
    const depth = isLarge ? 2 : 3;
    const span = SPANS[depth] as number;
    let flags = PTE_P;
    if (run.isWritable) flags |= PTE_RW;
    if (!run.isExecutable) flags |= PTE_XD;
    if (isLarge) flags |= PTE_PS;
    let frame = run.frame;
    for (let page = run.start; page < run.end; ) {
      const tableStart = Math.floor(page / span) * span;
      const table = this.#frames.get(`${depth}:${tableStart}`) as number;
      for (; page < Math.min(run.end, tableStart + span); page += run.pageSize) {
        this.#set(table, (page - tableStart) / run.pageSize, BigInt(frame) | flags);
        frame += run.pageSize;
      }
    }
  }

  /** Makes an entry of the level-4 table point to that table. */
  mapRecursively(index: number): void {
    this.#set(this.root, index % TABLE_ENTRIES, BigInt(this.root) | PTE_P | PTE_RW);
  }

  /** The bytes of all tables. */
  writes(): MemoryWrite[] {
    return [...this.#tables].map(([physicalAddress, view]) => ({
      physicalAddress,
      bytes: new Uint8Array(view.buffer),
    }));
  }

  #set(table: number, index: number, entry: bigint): void {
    (this.#tables.get(table) as DataView).setBigUint64(8 * index, entry, true);
  }
}
