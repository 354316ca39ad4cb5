/**
 * The software TLB: a format that generated code probes inline, and the class that owns it.
 *
 * Four tables, one for each kind of data access, follow each other in memory: supervisor-mode read, supervisor-mode
 * write, user-mode read, user-mode write. Each has 1024 entries of 16 bytes, mapped directly:
 *
 * | bytes | field | contents |
 * |---|---|---|
 * | 0-7 | tag | i64: linear address of a 4 KiB page, low 12 bits zero; -1 in an empty entry |
 * | 8-11 | addend | i32: host address - bits 31:0 of the linear address, modulo 2^32 |
 * | 12-15 | flags | u32: `TLB_FLAG_` bits, and the size of the page in bits 4:0 |
 *
 * A probe takes the entry `(linear >>> 12) & 1023`, compares its tag with the linear address (low 12 bits cleared; for an
 * access of n bytes those of `linear + n - 1`, so that an access that crosses into the next page misses) and adds the
 * addend. Pages larger than 4 KiB are entered in pieces of 4 KiB. Host pages are aligned on 4 KiB too.
 *
 * **Invalidation.** The processor may always drop more than an instruction asks for, and this TLB holds translations of
 * one process context only:
 *
 * | instruction | call |
 * |---|---|
 * | INVLPG; INVPCID of type 0 for the current PCID | `invalidatePage` |
 * | MOV to CR3, with and without PCIDs and bit 63; INVPCID of types 1 and 3; task switch | `flushNonGlobal` |
 * | MOV to CR0 or CR4 that changes PG, WP, PSE, PAE, PGE, PCIDE, LA57, SMEP, SMAP, PKE or PKS; INVPCID of type 2; a change of EFER.NXE, PKRU or IA32_PKRS | `flushAll` |
 * | EFLAGS.AC becomes 0 with CR4.SMAP = 1 | `dropSmapEntries` |
 *
 * A context with PCIDs must flush at every MOV to CR3, even if bit 63 asks to keep: entries carry no PCID.
 *
 * @source SDM Vol. 3A "Operations that Invalidate TLBs and Paging-Structure Caches"
 */
import { MmuError } from './mmu-error.ts';

/** Entries of one table. */
export const TLB_ENTRY_COUNT = 1024;
/** Size of an entry in bytes. */
export const TLB_ENTRY_SIZE_BYTES = 16;
/** Size of one table in bytes. */
export const TLB_TABLE_SIZE_BYTES: number = TLB_ENTRY_COUNT * TLB_ENTRY_SIZE_BYTES;
/** Tables of a TLB. */
export const TLB_TABLE_COUNT = 4;
/** Size of all tables in bytes. */
export const TLB_SIZE_BYTES: number = TLB_TABLE_COUNT * TLB_TABLE_SIZE_BYTES;

/** Offset in an entry of its tag, an i64. */
export const TLB_TAG_OFFSET = 0;
/** Offset in an entry of its addend, an i32. */
export const TLB_ADDEND_OFFSET = 8;
/** Offset in an entry of its flags, a u32. */
export const TLB_FLAGS_OFFSET = 12;

/** Table of supervisor-mode data reads. Tables are numbered so that `1 << table` is the right that fills it. */
export const TLB_SUPERVISOR_READ = 0;
/** Table of supervisor-mode data writes. */
export const TLB_SUPERVISOR_WRITE = 1;
/** Table of user-mode data reads. */
export const TLB_USER_READ = 2;
/** Table of user-mode data writes. */
export const TLB_USER_WRITE = 3;

/** Both write tables, as a set of `1 << table`. */
export const TLB_WRITE_TABLES: number = (1 << TLB_SUPERVISOR_WRITE) | (1 << TLB_USER_WRITE);
/** All tables, as a set of `1 << table`. */
export const TLB_ALL_TABLES: number = (1 << TLB_TABLE_COUNT) - 1;

/** The size field of the flags, bits 4:0: logarithm of the page size (12, 21, 22 or 30; 0 means 12). */
export const TLB_FLAG_PAGE_SHIFT_MASK = 0x1f;
/** Bit 8: the page is global, `flushNonGlobal` keeps the entry. */
export const TLB_FLAG_GLOBAL: number = 1 << 8;
/** Bit 9: the entry holds only while EFLAGS.AC = 1 and not for implicit accesses; `dropSmapEntries` drops it. */
export const TLB_FLAG_SMAP: number = 1 << 9;
/** Bits 31:16 of the flags belong to the owner of the TLB; nothing here reads them. */
export const TLB_FLAG_OWNER_MASK: number = 0xffff_0000;

const ENTRY_TOTAL = TLB_TABLE_COUNT * TLB_ENTRY_COUNT;
const WORDS_PER_ENTRY = TLB_ENTRY_SIZE_BYTES / 4;
const PAGE_MASK = -1 << 12;
/** Slots of the filter of large pages. */
const FILTER_SIZE = 2048;
const LARGE_PAGE_SHIFTS: readonly number[] = [21, 22, 30];

/**
 * Fills and empties a TLB that lies in somebody's memory. Entries come in only through `fill`, so that emptying costs as
 * much as was filled. Generated code may turn an entry's tag to -1 by itself, nothing else.
 */
export class SoftwareTlb {
  readonly #words: Int32Array;
  /** The entries that may be in use, each once: `table * 1024 + index`. */
  readonly #filled: Uint16Array = new Uint16Array(ENTRY_TOTAL);
  readonly #isFilled: Uint8Array = new Uint8Array(ENTRY_TOTAL);
  #filledCount = 0;
  /** A Bloom filter of the large pages that were entered in pieces, so that INVLPG of a 4 KiB page stays cheap. */
  readonly #largeFilter: Uint8Array = new Uint8Array(FILTER_SIZE);
  #hasLarge = false;
  #hasSmap = false;

  /**
   * Takes a region of memory and empties it.
   *
   * @param place `TLB_SIZE_BYTES` bytes from `byteOffset`, which is a multiple of 16
   * @throws MmuError `tlb-placement` if the region is not aligned or does not fit
   */
  constructor(place: { buffer: ArrayBufferLike; byteOffset: number }) {
    const { buffer, byteOffset } = place;
    const isAligned = Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset % TLB_ENTRY_SIZE_BYTES === 0;
    if (!isAligned || byteOffset + TLB_SIZE_BYTES > buffer.byteLength) {
      throw new MmuError(
        'tlb-placement',
        `a TLB takes ${TLB_SIZE_BYTES} bytes at a multiple of ${TLB_ENTRY_SIZE_BYTES}; ` +
          `found offset ${byteOffset} in ${buffer.byteLength} bytes`,
      );
    }
    this.#words = new Int32Array(buffer, byteOffset, TLB_SIZE_BYTES / 4);
    this.reset();
  }

  /** Entries that may be in use: what the next flush costs. */
  get filledCount(): number {
    return this.#filledCount;
  }

  /** Empties every entry, whatever the memory held: needed once somebody else wrote there. */
  reset(): void {
    this.#words.fill(-1);
    this.#isFilled.fill(0);
    this.#forgetAll();
  }

  /**
   * Enters the translation of one page (or of one 4 KiB piece of a large page), replacing what its place held.
   *
   * @param table 0 to 3, one of `TLB_SUPERVISOR_READ` and so on
   * @param linearLow bits 31:0 of any linear address in the page
   * @param linearHigh bits 63:32 of it; 0 where linear addresses have 32 bits
   * @param hostAddress host address of any byte in the page's memory, below 2^32
   * @param flags `TLB_FLAG_` bits and the page's `pageShift` in bits 4:0
   */
  fill(table: number, linearLow: number, linearHigh: number, hostAddress: number, flags: number): void {
    const id = ((table & 3) << 10) | ((linearLow >>> 12) & 1023);
    const words = this.#words;
    const word = id * WORDS_PER_ENTRY;
    const pageLow = linearLow & PAGE_MASK;
    words[word] = pageLow;
    words[word + 1] = linearHigh;
    words[word + 2] = (hostAddress & PAGE_MASK) - pageLow;
    words[word + 3] = flags;
    if (this.#isFilled[id] === 0) {
      this.#isFilled[id] = 1;
      this.#filled[this.#filledCount] = id;
      this.#filledCount += 1;
    }
    this.#note(linearLow, linearHigh, flags);
  }

  /**
   * Calls `visit` for every translation that a table holds, in no particular order, with the host address of the page's
   * memory and the linear address of its first byte in two words. `visit` may not change the TLB.
   *
   * @param table 0 to 3, one of `TLB_SUPERVISOR_READ` and so on
   */
  forEachEntry(table: number, visit: (hostPage: number, linearLow: number, linearHigh: number) => void): void {
    const words = this.#words;
    for (let position = 0; position < this.#filledCount; position += 1) {
      const id = this.#filled[position] as number;
      if (id >>> 10 !== table) continue;
      const word = id * WORDS_PER_ENTRY;
      const low = words[word] as number;
      // An empty entry's low tag is -1, whose low bits no page has.
      if (low !== -1) visit((low + (words[word + 2] as number)) >>> 0, low >>> 0, (words[word + 1] as number) >>> 0);
    }
  }

  /**
   * Looks for a translation, as generated code does inline.
   *
   * @param withSmap whether entries marked `TLB_FLAG_SMAP` count: explicit accesses with EFLAGS.AC = 1 alone may use them
   * @returns the host address, unsigned, or -1 where the table has none
   */
  find(table: number, linearLow: number, linearHigh: number, withSmap: boolean): number {
    const words = this.#words;
    const word = (((table & 3) << 10) | ((linearLow >>> 12) & 1023)) * WORDS_PER_ENTRY;
    if (words[word] !== (linearLow & PAGE_MASK) || words[word + 1] !== (linearHigh | 0)) return -1;
    if (!withSmap && ((words[word + 3] as number) & TLB_FLAG_SMAP) !== 0) return -1;
    return ((words[word + 2] as number) + linearLow) >>> 0;
  }

  /** Drops everything. */
  flushAll(): void {
    const words = this.#words;
    const filled = this.#filled;
    for (let position = 0; position < this.#filledCount; position += 1) {
      const id = filled[position] as number;
      words[id * WORDS_PER_ENTRY] = -1;
      words[id * WORDS_PER_ENTRY + 1] = -1;
      this.#isFilled[id] = 0;
    }
    this.#forgetAll();
  }

  /** Drops everything but global pages. */
  flushNonGlobal(): void {
    this.#dropUnless(TLB_FLAG_GLOBAL, TLB_FLAG_GLOBAL);
  }

  /** Drops the entries marked `TLB_FLAG_SMAP`. Costs nothing if there are none. */
  dropSmapEntries(): void {
    if (this.#hasSmap) this.#dropUnless(TLB_FLAG_SMAP, 0);
  }

  /**
   * Drops every entry of the page that contains a linear address, from all tables: all 4 KiB pieces if the page was
   * entered as a large one. Global pages are dropped too.
   *
   * @param linearLow bits 31:0 of any address in the page
   * @param linearHigh bits 63:32 of it
   */
  invalidatePage(linearLow: number, linearHigh: number): void {
    const words = this.#words;
    const high = linearHigh | 0;
    const low = linearLow & PAGE_MASK;
    for (let id = (linearLow >>> 12) & 1023; id < ENTRY_TOTAL; id += TLB_ENTRY_COUNT) {
      const word = id * WORDS_PER_ENTRY;
      if (words[word] === low && words[word + 1] === high) {
        words[word] = -1;
        words[word + 1] = -1;
      }
    }
    if (!this.#hasLarge) return;
    for (const shift of LARGE_PAGE_SHIFTS) {
      if (this.#largeFilter[filterSlot(linearLow, linearHigh, shift)] !== 0) {
        this.#dropLargePage(low, high, shift);
      }
    }
  }

  /**
   * Drops every entry that leads to a host page, whatever its linear address: when the page begins to hold decoded code,
   * or ends to be plain memory.
   *
   * @param hostAddress host address of any byte in the page
   * @param tables set of `1 << table`: `TLB_WRITE_TABLES` or `TLB_ALL_TABLES`
   */
  dropHostPage(hostAddress: number, tables: number): void {
    const words = this.#words;
    const page = hostAddress & PAGE_MASK;
    for (let position = 0; position < this.#filledCount; position += 1) {
      const id = this.#filled[position] as number;
      if (((tables >>> (id >>> 10)) & 1) === 0) continue;
      const word = id * WORDS_PER_ENTRY;
      // An empty entry's low tag is -1, whose low bits no host page has.
      if ((((words[word] as number) + (words[word + 2] as number)) | 0) === page) {
        words[word] = -1;
        words[word + 1] = -1;
      }
    }
  }

  /** Drops the pieces of one large page. */
  #dropLargePage(low: number, high: number, shift: number): void {
    const words = this.#words;
    const mask = -1 << shift;
    for (let position = 0; position < this.#filledCount; position += 1) {
      const word = (this.#filled[position] as number) * WORDS_PER_ENTRY;
      if (
        ((words[word + 3] as number) & TLB_FLAG_PAGE_SHIFT_MASK) === shift &&
        (((words[word] as number) ^ low) & mask) === 0 &&
        words[word + 1] === high
      ) {
        words[word] = -1;
        words[word + 1] = -1;
      }
    }
  }

  /** Drops the entries whose masked flags differ from `kept`; the list, the filter and the marks keep what stays. */
  #dropUnless(mask: number, kept: number): void {
    const words = this.#words;
    const filled = this.#filled;
    const count = this.#filledCount;
    this.#forgetAll();
    for (let position = 0; position < count; position += 1) {
      const id = filled[position] as number;
      const word = id * WORDS_PER_ENTRY;
      const low = words[word] as number;
      const flags = words[word + 3] as number;
      if (low !== -1 && (flags & mask) === kept) {
        filled[this.#filledCount] = id;
        this.#filledCount += 1;
        this.#note(low, words[word + 1] as number, flags);
      } else {
        words[word] = -1;
        words[word + 1] = -1;
        this.#isFilled[id] = 0;
      }
    }
  }

  /** Remembers that there is an entry with these flags. */
  #note(linearLow: number, linearHigh: number, flags: number): void {
    const shift = flags & TLB_FLAG_PAGE_SHIFT_MASK;
    if (shift > 12) {
      this.#hasLarge = true;
      this.#largeFilter[filterSlot(linearLow, linearHigh, shift)] = 1;
    }
    if ((flags & TLB_FLAG_SMAP) !== 0) this.#hasSmap = true;
  }

  /** Forgets the list of entries and what is known of them. */
  #forgetAll(): void {
    this.#filledCount = 0;
    if (this.#hasLarge) this.#largeFilter.fill(0);
    this.#hasLarge = false;
    this.#hasSmap = false;
  }
}

/** The place in the filter of the large page that contains an address. */
function filterSlot(linearLow: number, linearHigh: number, shift: number): number {
  const page = (linearLow >>> shift) | (linearHigh << (32 - shift));
  return (Math.imul(page, 0x9e37_79b1) >>> 21) ^ shift;
}
