/**
 * Builds page tables in physical memory, for tests and for whoever prepares a machine in a paging mode.
 */
import { TWO_TO_32 } from '../address.ts';
import {
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_KEY_HIGH_BIT,
  PTE_P,
  PTE_PCD,
  PTE_PS,
  PTE_PWT,
  PTE_RW,
  PTE_US,
  PTE_XD_HIGH,
} from '../entry.ts';
import type { PhysicalMemory } from '../memory.ts';
import { MmuError } from '../mmu-error.ts';
import {
  CR0_PG,
  CR0_WP,
  CR4_LA57,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  createPagingRegisters,
  EFER_LMA,
  EFER_NXE,
  PAGING_4_LEVEL,
  PAGING_5_LEVEL,
  PAGING_32_BIT,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
} from '../paging-mode.ts';
import { loadPdptes } from '../pdpte.ts';

/** How a page is mapped. What is left out is false, but `writable` and `executable`, which are true. */
export interface PageOptions {
  /** 4 KiB unless told; 4 MiB with 32-bit paging, 2 MiB with the others, 1 GiB with 4-level and 5-level paging. */
  pageSizeBytes?: 0x1000 | 0x20_0000 | 0x40_0000 | 0x4000_0000;
  writable?: boolean;
  user?: boolean;
  /** False sets XD, which needs IA32_EFER.NXE; 32-bit paging has none. */
  executable?: boolean;
  global?: boolean;
  accessed?: boolean;
  dirty?: boolean;
  writeThrough?: boolean;
  cacheDisable?: boolean;
  /** 0 to 15; 4-level and 5-level paging only. */
  protectionKey?: number;
}

/**
 * Builds one hierarchy of paging structures. Entries that reference tables permit everything; what a page permits is
 * decided in its last entry, until `changeEntry` says otherwise.
 */
export class PageTableBuilder {
  /** Physical address of the first structure: what goes into CR3. */
  readonly root: number;
  readonly #memory: PhysicalMemory;
  readonly #mode: PagingMode;
  readonly #end: number;
  #next: number;

  /**
   * @param parts `tables` is the physical memory that the tables may take, from a 4 KiB boundary; below 4 GiB for CR3
   * outside IA-32e mode. The first table is made at once.
   * @throws MmuError `table-space` if there is no room, `mapping` for a mode without tables
   */
  constructor(parts: { memory: PhysicalMemory; mode: PagingMode; tables: { start: number; end: number } }) {
    if (parts.mode < PAGING_32_BIT) throw new MmuError('mapping', 'no paging needs no tables');
    this.#memory = parts.memory;
    this.#mode = parts.mode;
    this.#next = Math.ceil(parts.tables.start / 0x1000) * 0x1000;
    this.#end = parts.tables.end;
    this.root = this.#allocateTable();
  }

  /** Physical address of the first byte after the tables made so far. */
  get end(): number {
    return this.#next;
  }

  /**
   * Maps a range of linear addresses to a range of physical addresses, making the tables that are missing.
   *
   * @param linear first linear address
   * @param physical first physical address
   * @param lengthBytes length of both, one page unless told; all three are multiples of the page size
   * @throws MmuError `mapping` if a number is out of line or a larger page is in the way, `table-space` if memory for
   * tables ends
   */
  map(linear: bigint | number, physical: number, lengthBytes?: number, options: PageOptions = {}): void {
    const size = options.pageSizeBytes ?? 0x1000;
    const level = this.#levelOf(size);
    const length = lengthBytes ?? size;
    if (Number(BigInt(linear) % BigInt(size)) !== 0 || physical % size !== 0 || length % size !== 0) {
      throw new MmuError('mapping', `addresses and length must be multiples of the page size, ${size} bytes`);
    }
    for (let offset = 0; offset < length; offset += size) {
      const address = this.#entryAddress(BigInt(linear) + BigInt(offset), level, true) as number;
      this.#writeEntry(address, ...this.#leaf(physical + offset, level, options));
    }
  }

  /**
   * Physical address of the entry that a walk for a linear address uses at a level.
   *
   * @param level 1 PTE, 2 PDE, 3 PDPTE, 4 PML4E, 5 PML5E
   * @returns null if a higher entry is not present or maps a page
   */
  entryAddress(linear: bigint | number, level: number): number | null {
    return this.#entryAddress(BigInt(linear), level, false);
  }

  /**
   * The entry that a walk for a linear address uses at a level.
   *
   * @throws MmuError `mapping` if there is none
   */
  readEntry(linear: bigint | number, level: number): bigint {
    const address = this.#existingEntry(linear, level);
    const low = BigInt(this.#memory.read32(address) >>> 0);
    if (this.#mode === PAGING_32_BIT) return low;
    return (BigInt(this.#memory.read32(address + 4) >>> 0) << 32n) | low;
  }

  /**
   * Changes bits of the entry that a walk for a linear address uses at a level.
   *
   * @param change bits to set, bits to clear
   * @throws MmuError `mapping` if there is no such entry
   */
  changeEntry(linear: bigint | number, level: number, change: { set?: bigint; clear?: bigint }): void {
    const entry = (this.readEntry(linear, level) & ~(change.clear ?? 0n)) | (change.set ?? 0n);
    const address = this.#existingEntry(linear, level);
    this.#writeEntry(address, Number(entry & 0xffff_ffffn), Number((entry >> 32n) & 0xffff_ffffn));
  }

  /**
   * Registers under which these tables are in use: the mode's control bits with CR0.WP, CR4.PSE, CR4.PGE and (but for
   * 32-bit paging) IA32_EFER.NXE on, CR3, and with PAE paging the PDPTE registers as the table holds them now.
   *
   * @throws MmuError `mapping` if a PDPTE has a reserved bit set
   */
  registers(overrides: Partial<PagingRegisters> = {}): PagingRegisters {
    const isLong = this.#mode >= PAGING_4_LEVEL;
    const registers = createPagingRegisters({
      cr0: CR0_PG | CR0_WP | 1,
      cr3Low: this.root | 0,
      cr3High: Math.floor(this.root / TWO_TO_32),
      cr4:
        CR4_PSE |
        CR4_PGE |
        (this.#mode === PAGING_32_BIT ? 0 : CR4_PAE) |
        (this.#mode === PAGING_5_LEVEL ? CR4_LA57 : 0),
      efer: (isLong ? EFER_LMA | 0x100 : 0) | (this.#mode === PAGING_32_BIT ? 0 : EFER_NXE),
      ...overrides,
    });
    if (
      this.#mode === PAGING_PAE &&
      !loadPdptes(this.#memory, registers.cr3Low, registers.maxPhyAddr, registers.pdptes)
    ) {
      throw new MmuError('mapping', 'a PDPTE sets a reserved bit');
    }
    return registers;
  }

  #levelOf(size: number): number {
    if (size === 0x1000) return 1;
    if (size === (this.#mode === PAGING_32_BIT ? 0x40_0000 : 0x20_0000)) return 2;
    if (size === 0x4000_0000 && this.#mode >= PAGING_4_LEVEL) return 3;
    throw new MmuError('mapping', `this paging mode has no pages of ${size} bytes`);
  }

  #leaf(physical: number, level: number, options: PageOptions): [low: number, high: number] {
    const low =
      PTE_P |
      (options.writable === false ? 0 : PTE_RW) |
      (options.user ? PTE_US : 0) |
      (options.writeThrough ? PTE_PWT : 0) |
      (options.cacheDisable ? PTE_PCD : 0) |
      (options.accessed ? PTE_A : 0) |
      (options.dirty ? PTE_D : 0) |
      (options.global ? PTE_G : 0) |
      (level > 1 ? PTE_PS : 0);
    const frameHigh = Math.floor(physical / TWO_TO_32);
    if (this.#mode === PAGING_32_BIT) {
      if (frameHigh > (level === 2 ? 0xff : 0)) throw new MmuError('mapping', 'the physical address is too high');
      return [(physical | low | (frameHigh << 13)) >>> 0, 0];
    }
    const key = (options.protectionKey ?? 0) << PTE_KEY_HIGH_BIT;
    return [(physical | low) >>> 0, (frameHigh | key | (options.executable === false ? PTE_XD_HIGH : 0)) >>> 0];
  }

  #existingEntry(linear: bigint | number, level: number): number {
    const address = this.entryAddress(linear, level);
    if (address === null) throw new MmuError('mapping', `there is no entry of level ${level} for this address`);
    return address;
  }

  /** Walks from the root to the entry of `level`, making missing tables if asked to. */
  #entryAddress(linear: bigint, level: number, isMaking: boolean): number | null {
    const entrySize = this.#mode === PAGING_32_BIT ? 4 : 8;
    const indexBits = this.#mode === PAGING_32_BIT ? 10n : 9n;
    const top = TOP_LEVEL[this.#mode] as number;
    let table = this.root;
    for (let current = top; ; current -= 1) {
      const shift = 12n + indexBits * BigInt(current - 1);
      const bits = this.#mode === PAGING_PAE && current === 3 ? 2n : indexBits;
      const address = table + Number((linear >> shift) & ((1n << bits) - 1n)) * entrySize;
      if (current === level) return address;
      let low = this.#memory.read32(address);
      if ((low & PTE_P) === 0) {
        if (!isMaking) return null;
        const made = this.#allocateTable();
        const rights = this.#mode === PAGING_PAE && current === 3 ? PTE_P : PTE_P | PTE_RW | PTE_US;
        this.#writeEntry(address, (made | rights) >>> 0, Math.floor(made / TWO_TO_32));
        low = made | rights;
      } else if ((low & PTE_PS) !== 0) {
        if (!isMaking) return null;
        throw new MmuError('mapping', 'a larger page is in the way');
      }
      const high = entrySize === 8 ? this.#memory.read32(address + 4) & 0x000f_ffff : 0;
      table = high * TWO_TO_32 + ((low & ~0xfff) >>> 0);
    }
  }

  #writeEntry(address: number, low: number, high: number): void {
    this.#memory.write32(address, low | 0);
    if (this.#mode !== PAGING_32_BIT) this.#memory.write32(address + 4, high | 0);
  }

  #allocateTable(): number {
    const table = this.#next;
    if (table + 0x1000 > this.#end) {
      throw new MmuError('table-space', `no memory for another page table below ${this.#end}`);
    }
    for (let offset = 0; offset < 0x1000; offset += 4) this.#memory.write32(table + offset, 0);
    this.#next = table + 0x1000;
    return table;
  }
}

/** Level of the entries in the first structure, by paging mode. */
const TOP_LEVEL: readonly number[] = [0, 2, 3, 4, 5];
