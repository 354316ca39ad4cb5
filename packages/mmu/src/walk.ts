/**
 * The page walker: the only code that translates linear addresses. It is the TLB's miss path, so it works on 32-bit
 * words and doubles, without `bigint` and without allocating.
 *
 * **Accessed and dirty flags.** The accessed flag of an entry that references a table is set as soon as the walk has
 * used it, even where a lower entry then faults. The flags of the entry that maps the page are set only if the access
 * is permitted (the manual leaves that one to the model): accessed always, dirty only by a write. A probe sets none.
 *
 * **Not emulated**: shadow stacks, HLAT, LAM, LASS, EPT, SGX; the memory types that PWT, PCD and PAT select.
 *
 * @source SDM Vol. 3A chapter "Paging"
 */
import { ACCESS_FETCH, ACCESS_PROBE, ACCESS_WRITE, isUserAccess } from './access.ts';
import { TWO_TO_32 } from './address.ts';
import {
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_P,
  PTE_PS,
  PTE_US,
  reservedHighMask,
  reservedLowMask,
  reservedMaskOf4MPage,
} from './entry.ts';
import type { PhysicalMemory } from './memory.ts';
import { accessErrorBits, PF_P, PF_PK, PF_RSVD } from './page-fault.ts';
import {
  CR0_PG,
  CR4_LA57,
  CR4_PAE,
  CR4_PGE,
  CR4_PKE,
  CR4_PKS,
  CR4_PSE,
  CR4_SMAP,
  EFER_LMA,
  PAGING_4_LEVEL,
  PAGING_PAE,
  type PagingRegisters,
} from './paging-mode.ts';
import {
  ALL_RIGHTS,
  isDeniedByKey,
  RIGHT_SUPERVISOR_FETCH,
  RIGHT_SUPERVISOR_WRITE,
  RIGHT_USER_FETCH,
  RIGHT_USER_WRITE,
  rightNeeded,
  rightsDeniedByKey,
  rightsOf,
} from './permissions.ts';

/** What `walk` returns when the translation exists and permits the access. */
export const WALK_OK = 0;
/** What `walk` returns when #PF is due; `errorCode` holds its error code. */
export const WALK_PAGE_FAULT = 1;

const ATTRIBUTE_GLOBAL = 1 << 0;
const ATTRIBUTE_DIRTY = 1 << 1;
const ATTRIBUTE_USER = 1 << 2;
const ATTRIBUTE_SMAP = 1 << 3;
const ATTRIBUTE_USER_ACCESS = 1 << 4;
const ATTRIBUTE_ACCESSED = 1 << 5;
const ADDRESS_MASK = 0xffff_f000 | 0;

/**
 * Translates linear addresses by walking the paging structures. Results are left in fields, which hold until the next
 * walk; after a page fault only `errorCode` means anything.
 */
export class PageWalker {
  /** Physical address of the byte at the linear address. */
  physical = 0;
  /** Logarithm of the page size: 12, 21, 22 or 30. Without paging, 12. */
  pageShift = 12;
  /** Error code of the #PF that is due, or 0. */
  errorCode = 0;
  /** What the translation permits under the current registers: a set of `RIGHT_` bits. */
  rights = 0;

  #attributes = 0;
  readonly #memory: PhysicalMemory;
  readonly #registers: PagingRegisters;

  constructor(parts: { memory: PhysicalMemory; registers: PagingRegisters }) {
    this.#memory = parts.memory;
    this.#registers = parts.registers;
  }

  /** Whether data at the address may be written with the privilege of this access, CR0.WP considered. */
  get writable(): boolean {
    const isUser = (this.#attributes & ATTRIBUTE_USER_ACCESS) !== 0;
    return (this.rights & (isUser ? RIGHT_USER_WRITE : RIGHT_SUPERVISOR_WRITE)) !== 0;
  }

  /** Whether instructions may be fetched from the address with the privilege of this access. */
  get executable(): boolean {
    const isUser = (this.#attributes & ATTRIBUTE_USER_ACCESS) !== 0;
    return (this.rights & (isUser ? RIGHT_USER_FETCH : RIGHT_SUPERVISOR_FETCH)) !== 0;
  }

  /** Whether it is a user-mode address: U/S is 1 in every entry. */
  get user(): boolean {
    return (this.#attributes & ATTRIBUTE_USER) !== 0;
  }

  /** Whether the page is global: its G flag is 1 and CR4.PGE = 1. */
  get global(): boolean {
    return (this.#attributes & ATTRIBUTE_GLOBAL) !== 0;
  }

  /** Whether the page's dirty flag is 1 after this walk: until then a cached translation must not permit writes. */
  get dirty(): boolean {
    return (this.#attributes & ATTRIBUTE_DIRTY) !== 0;
  }

  /** Whether the accessed flags of all entries were 1 before this walk: one like it has no effect on memory. */
  get accessed(): boolean {
    return (this.#attributes & ATTRIBUTE_ACCESSED) !== 0;
  }

  /**
   * Whether SMAP guards the page: the supervisor-mode data rights then hold only for explicit accesses and only while
   * EFLAGS.AC = 1, and a cached translation must be marked or dropped accordingly (`TLB_FLAG_SMAP`).
   */
  get smapGuarded(): boolean {
    return (this.#attributes & ATTRIBUTE_SMAP) !== 0;
  }

  /**
   * Translates one linear address for one access, setting accessed and dirty flags on the way.
   *
   * @param linearLow bits 31:0 of the linear address, signed or unsigned
   * @param linearHigh bits 63:32; ignored outside 4-level and 5-level paging, where the address must be canonical
   * @param access a set of `ACCESS_` bits
   * @returns `WALK_OK` or `WALK_PAGE_FAULT`; never throws
   * @source SDM Vol. 3A "Hierarchical Paging Structures: an Overview"; APM Vol. 2 "Long-Mode Page Translation"
   */
  walk(linearLow: number, linearHigh: number, access: number): number {
    const registers = this.#registers;
    if ((registers.cr0 & CR0_PG) === 0) {
      this.physical = linearLow >>> 0;
      this.pageShift = 12;
      this.errorCode = 0;
      this.rights = ALL_RIGHTS;
      const kind = isUserAccess(access) ? ATTRIBUTE_USER_ACCESS : 0;
      this.#attributes = ATTRIBUTE_ACCESSED | ATTRIBUTE_DIRTY | ATTRIBUTE_USER | kind;
      return WALK_OK;
    }
    if ((registers.cr4 & CR4_PAE) === 0) return this.#walk32(linearLow, access);
    if ((registers.efer & EFER_LMA) === 0) {
      // The PDPTE registers were checked when they were loaded; they hold no access rights and no accessed flag.
      const index = (linearLow >>> 30) * 2;
      const low = registers.pdptes[index] as number;
      const high = registers.pdptes[index + 1] as number;
      if ((low & PTE_P) === 0) return this.#fault(0, access);
      const tableHigh = high & 0x000f_ffff;
      return this.#walk64(
        linearLow,
        0,
        access,
        2,
        low & ADDRESS_MASK,
        tableHigh,
        reservedHighMask(PAGING_PAE, registers),
      );
    }
    const level = (registers.cr4 & CR4_LA57) === 0 ? 4 : 5;
    const tableLow = registers.cr3Low & ADDRESS_MASK;
    const tableHigh = registers.cr3High & 0x000f_ffff;
    const reservedHigh = reservedHighMask(PAGING_4_LEVEL, registers);
    return this.#walk64(linearLow, linearHigh, access, level, tableLow, tableHigh, reservedHigh);
  }

  /** Walks tables of 64-bit entries from `level` (1 to 5) down. Addresses stay two words: most are below 4 GiB. */
  #walk64(
    linearLow: number,
    linearHigh: number,
    access: number,
    level: number,
    tableLow: number,
    tableHigh: number,
    reservedHigh: number,
  ): number {
    let allLow = -1;
    let anyHigh = 0;
    for (;;) {
      const address = tableLow | (indexAt(level, linearLow, linearHigh) << 3);
      const low = this.#read(address, tableHigh);
      if ((low & PTE_P) === 0) return this.#fault(0, access);
      const high = this.#read(address | 4, tableHigh);
      allLow &= low;
      anyHigh |= high;
      if ((high & reservedHigh) !== 0) return this.#fault(PF_P | PF_RSVD, access);
      if (level === 1 || (low & PTE_PS) !== 0) {
        if ((low & reservedLowMask(level, low, this.#registers.page1GSupported)) !== 0) {
          return this.#fault(PF_P | PF_RSVD, access);
        }
        this.pageShift = 3 + 9 * level;
        return this.#finish(linearLow, access, high & 0x000f_ffff, address, tableHigh, low, high, allLow, anyHigh);
      }
      if ((low & PTE_A) === 0 && (access & ACCESS_PROBE) === 0) this.#write(address, tableHigh, low | PTE_A);
      tableLow = low & ADDRESS_MASK;
      tableHigh = high & 0x000f_ffff;
      level -= 1;
    }
  }

  /** Walks the page directory and page table of 32-bit paging. */
  #walk32(linearLow: number, access: number): number {
    const registers = this.#registers;
    const pdeAddress = (registers.cr3Low & ADDRESS_MASK) | ((linearLow >>> 22) << 2);
    const pde = this.#read(pdeAddress, 0);
    if ((pde & PTE_P) === 0) return this.#fault(0, access);
    if ((pde & PTE_PS) !== 0 && (registers.cr4 & CR4_PSE) !== 0) {
      if ((pde & reservedMaskOf4MPage(registers)) !== 0) return this.#fault(PF_P | PF_RSVD, access);
      // PDE bits 20:13 are address bits 39:32; those beyond the width were found to be zero.
      this.pageShift = 22;
      return this.#finish(linearLow, access, (pde >>> 13) & 0xff, pdeAddress, 0, pde, 0, pde, 0);
    }
    if ((pde & PTE_A) === 0 && (access & ACCESS_PROBE) === 0) this.#write(pdeAddress, 0, pde | PTE_A);
    const pteAddress = (pde & ADDRESS_MASK) | (((linearLow >>> 12) & 0x3ff) << 2);
    const pte = this.#read(pteAddress, 0);
    if ((pte & PTE_P) === 0) return this.#fault(0, access);
    this.pageShift = 12;
    return this.#finish(linearLow, access, 0, pteAddress, 0, pte, 0, pde & pte, 0);
  }

  /** Checks the access rights of a complete translation, sets the flags of its last entry and leaves the results. */
  #finish(
    linearLow: number,
    access: number,
    frameHigh: number,
    entryLow: number,
    entryHigh: number,
    low: number,
    high: number,
    allLow: number,
    anyHigh: number,
  ): number {
    const registers = this.#registers;
    const cr4 = registers.cr4;
    let rights = rightsOf(allLow, anyHigh, registers.cr0, cr4, access);
    let denied = 0;
    if ((cr4 & (CR4_PKE | CR4_PKS)) !== 0 && (registers.efer & EFER_LMA) !== 0) {
      denied = rightsDeniedByKey(allLow, high, registers);
      rights &= ~denied;
    }
    if ((rights & rightNeeded(access)) === 0) {
      return this.#fault(isDeniedByKey(denied, allLow, access) ? PF_P | PF_PK : PF_P, access);
    }
    let flags = low;
    if ((access & ACCESS_PROBE) === 0) {
      flags |= (access & (ACCESS_WRITE | ACCESS_FETCH)) === ACCESS_WRITE ? PTE_A | PTE_D : PTE_A;
      if (flags !== low) this.#write(entryLow, entryHigh, flags);
    }
    const pageMask = -1 << this.pageShift;
    this.physical = frameHigh * TWO_TO_32 + (((low & pageMask) | (linearLow & ~pageMask)) >>> 0);
    this.errorCode = 0;
    this.rights = rights;
    let attributes = (flags & PTE_D) !== 0 ? ATTRIBUTE_DIRTY : 0;
    if ((allLow & PTE_A) !== 0) attributes |= ATTRIBUTE_ACCESSED;
    if ((low & PTE_G) !== 0 && (cr4 & CR4_PGE) !== 0) attributes |= ATTRIBUTE_GLOBAL;
    if ((allLow & PTE_US) !== 0) {
      attributes |= (cr4 & CR4_SMAP) !== 0 ? ATTRIBUTE_USER | ATTRIBUTE_SMAP : ATTRIBUTE_USER;
    }
    this.#attributes = isUserAccess(access) ? attributes | ATTRIBUTE_USER_ACCESS : attributes;
    return WALK_OK;
  }

  /** Reads a word at a physical address of two words. The two calls keep the common one free of floating point. */
  #read(low: number, high: number): number {
    return high === 0 ? this.#memory.read32(low >>> 0) : this.#memory.read32(high * TWO_TO_32 + (low >>> 0));
  }

  #write(low: number, high: number, value: number): void {
    if (high === 0) this.#memory.write32(low >>> 0, value);
    else this.#memory.write32(high * TWO_TO_32 + (low >>> 0), value);
  }

  #fault(errorCode: number, access: number): number {
    this.errorCode = errorCode | accessErrorBits(access, this.#registers);
    return WALK_PAGE_FAULT;
  }
}

/** The nine bits of the linear address that select an entry in a table of 64-bit entries. */
function indexAt(level: number, linearLow: number, linearHigh: number): number {
  if (level === 1) return (linearLow >>> 12) & 0x1ff;
  if (level === 2) return (linearLow >>> 21) & 0x1ff;
  if (level === 3) return ((linearHigh << 2) | (linearLow >>> 30)) & 0x1ff;
  return (level === 4 ? linearHigh >>> 7 : linearHigh >>> 16) & 0x1ff;
}
