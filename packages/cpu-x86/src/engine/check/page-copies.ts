import type { SoftwareTlb } from '@longmode/mmu';
import type { GuestMemory } from '../guest-memory.ts';
import type { ByteDifference } from './divergence.ts';

const PAGE_SIZE_BYTES = 4096;
const PAGE_WORDS = PAGE_SIZE_BYTES / 4;

/** Copies of the pages that compiled code may write: those with an entry in a write table of the TLB. */
export class PageCopies {
  readonly #memory: GuestMemory;
  readonly #words: Int32Array;
  readonly #tlb: SoftwareTlb;
  /** Host address of each page, and one linear address that leads there. */
  readonly #pages = new Map<number, bigint>();
  #before = new Int32Array(0);
  #after = new Int32Array(0);

  constructor(parts: { memory: GuestMemory; tlb: SoftwareTlb }) {
    this.#memory = parts.memory;
    this.#words = new Int32Array(parts.memory.wasm.buffer);
    this.#tlb = parts.tlb;
  }

  /** Keeps the pages as they are. @param table `TLB_SUPERVISOR_WRITE` or `TLB_USER_WRITE` */
  save(table: number): void {
    this.#pages.clear();
    this.#tlb.forEachEntry(table, (host, low, high) => {
      if (!this.#pages.has(host)) this.#pages.set(host, (BigInt(high) << 32n) | BigInt(low));
    });
    const needed = this.#pages.size * PAGE_WORDS;
    if (this.#before.length < needed) {
      this.#before = new Int32Array(2 * needed);
      this.#after = new Int32Array(2 * needed);
    }
    this.#keep(this.#before);
  }

  /** Keeps what has become of the pages, beside what they were. */
  saveResult(): void {
    this.#keep(this.#after);
  }
  /** Makes the pages what they were. */
  restore(): void {
    this.#put(this.#before);
  }
  /** Makes the pages what they had become. */
  restoreResult(): void {
    this.#put(this.#after);
  }

  /** Whether the pages are what had become of them before. */
  get isResult(): boolean {
    const words = this.#words;
    const after = this.#after;
    let at = 0;
    for (const host of this.#pages.keys()) {
      const first = host >>> 2;
      for (let i = 0; i < PAGE_WORDS; i++) if (words[first + i] !== after[at + i]) return false;
      at += PAGE_WORDS;
    }
    return true;
  }

  /** The first bytes in which the kept result (`compiled`) and the pages as they are (`interpreted`) differ. */
  differences(limit: number): ByteDifference[] {
    const found: ByteDifference[] = [];
    const after = new Uint8Array(this.#after.buffer);
    const first = this.#memory.hostOfPage(0);
    let at = 0;
    for (const [host, linear] of this.#pages) {
      for (let i = 0; i < PAGE_SIZE_BYTES && found.length < limit; i++) {
        const compiled = after[at + i] as number;
        const interpreted = this.#memory.bytes[host + i] as number;
        if (compiled === interpreted) continue;
        found.push({ linear: linear + BigInt(i), physical: host - first + i, compiled, interpreted });
      }
      at += PAGE_SIZE_BYTES;
    }
    return found;
  }

  #keep(copy: Int32Array): void {
    let at = 0;
    for (const host of this.#pages.keys()) {
      const first = host >>> 2;
      copy.set(this.#words.subarray(first, first + PAGE_WORDS), at);
      at += PAGE_WORDS;
    }
  }
  #put(copy: Int32Array): void {
    let at = 0;
    for (const host of this.#pages.keys()) {
      this.#words.set(copy.subarray(at, at + PAGE_WORDS), host >>> 2);
      at += PAGE_WORDS;
    }
  }
}
