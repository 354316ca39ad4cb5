import { ACCESS_FETCH, ACCESS_PROBE, ACCESS_USER, WALK_OK } from '@longmode/mmu';
import { decode, MAX_INSTRUCTION_LENGTH } from '../decode/decode.ts';
import type { CodeSize, Instruction } from '../decode/instruction.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { CODE_BASE, MODE, RIP } from '../state/layout.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { MemoryAccess } from './memory-access.ts';

/** What `pageAt` returns when the fetch faults. */
export const FETCH_FAULT = -3;
const EMPTY = -2;
const CODE_SIZES: readonly CodeSize[] = [16, 32, 64];
const ENTRY_COUNT = 64;
/** Pages at most that are translated again when translations change, rather than forgotten. */
const REVALIDATED_MAX = 16;

/** Translates instruction fetches, and remembers the last pages. */
export class InstructionFetch {
  readonly #state: CpuState;
  readonly #access: MemoryAccess;
  readonly #memory: GuestMemory;
  /** Linear page (low word with the privilege in bit 0, high word) to physical page. */
  readonly #low = new Int32Array(ENTRY_COUNT);
  readonly #high = new Int32Array(ENTRY_COUNT);
  readonly #page = new Int32Array(ENTRY_COUNT).fill(EMPTY);
  /** The entries that are not empty. */
  readonly #used = new Uint8Array(ENTRY_COUNT);
  #usedCount = 0;
  /** An entry had to make room: a page that counts as found since the last `revalidate` is not known any more. */
  #hasLost = false;

  constructor(parts: { state: CpuState; access: MemoryAccess; memory: GuestMemory }) {
    this.#state = parts.state;
    this.#access = parts.access;
    this.#memory = parts.memory;
  }

  /**
   * Translations have changed: looks again where the pages are that were found. As a processor's speculative accesses do,
   * this may translate before the guest gets there; it has no effect on accessed flags.
   *
   * @returns whether all are where they were. Those that are not are forgotten
   */
  revalidate(): boolean {
    const count = this.#usedCount;
    let isSame = !this.#hasLost && count <= REVALIDATED_MAX;
    this.#usedCount = 0;
    this.#hasLost = false;
    for (let i = 0; i < count; i++) {
      const slot = this.#used[i] as number;
      if (count <= REVALIDATED_MAX && this.#isInPlace(slot)) this.#used[this.#usedCount++] = slot;
      else {
        this.#page[slot] = EMPTY;
        isSame = false;
      }
    }
    return isSame;
  }
  #isInPlace(slot: number): boolean {
    const page = this.#page[slot] as number;
    if (page < 0) return false;
    const tag = this.#low[slot] as number;
    const access = ACCESS_FETCH | ACCESS_PROBE | ((tag & 1) !== 0 ? ACCESS_USER : 0);
    const { walker } = this.#access;
    if (walker.walk(tag & ~0xfff, this.#high[slot] as number, access) !== WALK_OK || !walker.accessed) return false;
    return this.#memory.codePageOf(walker.physical) === page;
  }

  /** @returns the page of RAM or ROM behind a linear address, -1 for device memory, `FETCH_FAULT` with #PF recorded */
  pageAt(low: number, high: number): number {
    const slot = ((low >>> 12) ^ (low >>> 18)) & (ENTRY_COUNT - 1);
    const isUser = this.#state.cpl === 3;
    const tag = (low & ~0xfff) | (isUser ? 1 : 0);
    const known = this.#page[slot] as number;
    if (this.#low[slot] === tag && this.#high[slot] === high && known > EMPTY) return known;
    if (!this.#access.walkFor(low, high, isUser ? ACCESS_FETCH | ACCESS_USER : ACCESS_FETCH)) return FETCH_FAULT;
    const page = this.#memory.codePageOf(this.#access.walker.physical);
    if (known === EMPTY) this.#used[this.#usedCount++] = slot;
    else this.#hasLost = true;
    this.#low[slot] = tag;
    this.#high[slot] = high;
    this.#page[slot] = page;
    return page;
  }

  /** @returns the page behind a linear address if the last fetches tell, else -1; nothing else happens */
  knownPageAt(low: number, high: number): number {
    const slot = ((low >>> 12) ^ (low >>> 18)) & (ENTRY_COUNT - 1);
    const tag = (low & ~0xfff) | (this.#state.cpl === 3 ? 1 : 0);
    return this.#low[slot] === tag && this.#high[slot] === high ? Math.max(-1, this.#page[slot] as number) : -1;
  }

  /** As `pageAt`, for the page behind the one that holds an address. */
  nextPageAt(low: number, high: number): number {
    const [nextLow, nextHigh] = this.#nextPage(low, high);
    return this.pageAt(nextLow, nextHigh);
  }

  /** @returns a byte of device memory or RAM at a distance from an address whose pages `pageAt` has found */
  byteAt(low: number, high: number, distance: number): number {
    const isNext = (low & 0xfff) + distance > 0xfff;
    const [pageLow, pageHigh] = isNext ? this.#nextPage(low, high) : [low & ~0xfff, high];
    const offset = ((low & 0xfff) + distance) & 0xfff;
    const page = this.pageAt(pageLow, pageHigh);
    if (page >= 0) return this.#memory.read8(page * 0x1000 + offset);
    if (page === FETCH_FAULT || !this.#access.walkFor(pageLow, pageHigh, ACCESS_FETCH)) return 0xff;
    return this.#memory.read8(this.#access.walker.physical + offset);
  }

  /** @returns the instruction at the state's RIP, if RAM or ROM there holds one; nothing else happens */
  peek(): Instruction | undefined {
    const state = this.#state;
    const codeSize = CODE_SIZES[state.field(MODE) & MODE_CODE_MASK] as CodeSize;
    const base = codeSize === 64 ? 0 : state.field(CODE_BASE);
    const low = (state.field(RIP) + base) | 0;
    const high = codeSize === 64 ? state.field(RIP + 4) | 0 : 0;
    const offset = low & 0xfff;
    const inFirst = Math.min(MAX_INSTRUCTION_LENGTH, 0x1000 - offset);
    let bytes = this.#peekPage(low, high, offset, inFirst);
    if (bytes.length > 0 && inFirst < MAX_INSTRUCTION_LENGTH) {
      const [nextLow, nextHigh] = this.#nextPage(low, high);
      bytes = Uint8Array.of(...bytes, ...this.#peekPage(nextLow, nextHigh, 0, MAX_INSTRUCTION_LENGTH - inFirst));
    }
    const found = decode(bytes, 0, bytes.length, codeSize);
    return found.kind === 'instruction' ? found : undefined;
  }

  #peekPage(low: number, high: number, offset: number, length: number): Uint8Array {
    const user = this.#state.cpl === 3 ? ACCESS_USER : 0;
    const { walker } = this.#access;
    if (walker.walk(low, high, ACCESS_FETCH | ACCESS_PROBE | user) !== WALK_OK) return new Uint8Array();
    const page = this.#memory.codePageOf(walker.physical);
    if (page < 0) return new Uint8Array();
    const host = this.#memory.hostOfPage(page) + offset;
    return this.#memory.bytes.slice(host, host + length);
  }

  #nextPage(low: number, high: number): [low: number, high: number] {
    const nextLow = ((low & ~0xfff) + 0x1000) | 0;
    const is64 = (this.#state.field(MODE) & MODE_CODE_MASK) === MODE_CODE_64;
    return [nextLow, nextLow === 0 && is64 ? high + 1 : high];
  }
}
