import { type SoftwareTlb, TLB_WRITE_TABLES } from '@longmode/mmu';
import type { GuestMemory } from './guest-memory.ts';

/** A decoded run of instructions within one page (or one instruction that reaches into the next). */
export interface Block {
  /** Address of its first record, and how many there are. */
  readonly records: number;
  readonly recordCount: number;
  /** Page of its first byte. */
  readonly page: number;
  /** Offset and decode key, by which it may be found again; -1 for a block that is used once. */
  readonly key: number;
  /** First and last byte, as offsets in its page. */
  readonly first: number;
  readonly last: number;
  /** Page that the last instruction reaches into, or -1. */
  readonly secondPage: number;
}

interface CodePage {
  /** Blocks that may be found again, by key. */
  readonly blocks: Map<number, Block>;
  /** Blocks that begin in this page, and those of the page before that reach into it. */
  readonly covering: Set<Block>;
  readonly reachedInto: Set<Block>;
  /** Blocks by the 64 bytes that they touch: stores to the rest of the page need no search. */
  readonly granules: Uint16Array;
}

const GRANULE_SHIFT = 6;
const GRANULE_COUNT = 0x1000 >> GRANULE_SHIFT;

function countGranules(code: CodePage, first: number, last: number, delta: number): void {
  for (let i = first >> GRANULE_SHIFT; i <= last >> GRANULE_SHIFT; i++) {
    code.granules[i] = (code.granules[i] as number) + delta;
  }
}
function touchesGranules(code: CodePage, first: number, last: number): boolean {
  for (let i = first >> GRANULE_SHIFT; i <= last >> GRANULE_SHIFT; i++) if (code.granules[i] !== 0) return true;
  return false;
}

/**
 * Which physical pages hold decoded code, and which blocks lie where. A page in here has no write entry in the TLB, so that
 * every store to it is announced, and stores to all other pages cost nothing.
 */
export class CodePages {
  readonly #memory: GuestMemory;
  readonly #tlb: SoftwareTlb;
  readonly #onDrop: (block: Block) => void;
  readonly #pages = new Map<number, CodePage>();

  /** @param parts `onDrop` is told of each block whose bytes change, or that `drop` removes */
  constructor(parts: { memory: GuestMemory; tlb: SoftwareTlb; onDrop: (block: Block) => void }) {
    this.#memory = parts.memory;
    this.#tlb = parts.tlb;
    this.#onDrop = parts.onDrop;
  }

  /** @returns the block of a page with this key, if there is one */
  find(page: number, key: number): Block | undefined {
    return this.#pages.get(page)?.blocks.get(key);
  }

  /** The blocks of a page that may be found again. */
  blocksOf(page: number): Iterable<Block> {
    return this.#pages.get(page)?.blocks.values() ?? [];
  }

  /** Enters a block into the lists of the pages that its bytes lie in. */
  add(block: Block): void {
    const code = this.#codePage(block.page);
    code.covering.add(block);
    if (block.key >= 0) code.blocks.set(block.key, block);
    countGranules(code, block.first, Math.min(block.last, 0xfff), 1);
    if (block.secondPage < 0) return;
    const second = this.#codePage(block.secondPage);
    second.reachedInto.add(block);
    countGranules(second, 0, block.last - 0x1000, 1);
  }

  /** Takes a block out of all lists. */
  drop(block: Block): void {
    this.#onDrop(block);
    const code = this.#pages.get(block.page);
    if (code?.covering.delete(block)) {
      if (block.key >= 0) code.blocks.delete(block.key);
      countGranules(code, block.first, Math.min(block.last, 0xfff), -1);
    }
    const second = this.#pages.get(block.secondPage);
    if (second?.reachedInto.delete(block)) countGranules(second, 0, block.last - 0x1000, -1);
  }

  /** Drops the blocks with a byte between two offsets of a page. @returns whether there was one */
  invalidate(page: number, first: number, last: number): boolean {
    const code = this.#pages.get(page);
    if (code === undefined || !touchesGranules(code, first, last)) return false;
    let hit = false;
    for (const block of code.covering) {
      if (first > Math.min(block.last, 0xfff) || last < block.first) continue;
      this.drop(block);
      hit = true;
    }
    for (const block of code.reachedInto) {
      if (first > block.last - 0x1000) continue;
      this.drop(block);
      hit = true;
    }
    if (code.covering.size === 0 && code.reachedInto.size === 0) {
      this.#pages.delete(page);
      this.#memory.setCodePage(page, false);
    }
    return hit;
  }

  /** Forgets all blocks without telling. */
  clear(): void {
    for (const page of this.#pages.keys()) this.#memory.setCodePage(page, false);
    this.#pages.clear();
  }

  #codePage(page: number): CodePage {
    let code = this.#pages.get(page);
    if (code === undefined) {
      code = {
        blocks: new Map(),
        covering: new Set(),
        reachedInto: new Set(),
        granules: new Uint16Array(GRANULE_COUNT),
      };
      this.#pages.set(page, code);
      this.#memory.setCodePage(page, true);
      this.#tlb.dropHostPage(this.#memory.hostOfPage(page), TLB_WRITE_TABLES);
    }
    return code;
  }
}
