/**
 * Paging-structure entries: their flags, and the bits that must be zero in each of them.
 *
 * An entry is one 32-bit word (32-bit paging) or two (low and high). Its level is the number of tables from it down to
 * the page: 1 PTE, 2 PDE, 3 PDPTE, 4 PML4E, 5 PML5E.
 */
import { EFER_NXE, PAGING_PAE, type PagingMode, type PagingRegisters } from './paging-mode.ts';

/** P, bit 0: present. Where it is 0, all other bits are ignored. */
export const PTE_P: number = 1 << 0;
/** R/W, bit 1: writable. */
export const PTE_RW: number = 1 << 1;
/** U/S, bit 2: user-mode accesses allowed. */
export const PTE_US: number = 1 << 2;
/** PWT, bit 3: page-level write-through. */
export const PTE_PWT: number = 1 << 3;
/** PCD, bit 4: page-level cache disable. */
export const PTE_PCD: number = 1 << 4;
/** A, bit 5: accessed. */
export const PTE_A: number = 1 << 5;
/** D, bit 6: dirty; only in an entry that maps a page. */
export const PTE_D: number = 1 << 6;
/** PS, bit 7: the entry maps a page rather than referencing a table (levels 2 and 3; PAT in a PTE). */
export const PTE_PS: number = 1 << 7;
/** G, bit 8: global; only in an entry that maps a page, and only when CR4.PGE = 1. */
export const PTE_G: number = 1 << 8;
/** XD, bit 63: execute-disable, as a bit of the high word. Negative, as int32 arithmetic gives it. */
export const PTE_XD_HIGH: number = 1 << 31;
/** Position in the high word of the protection key, bits 62:59 of the entry. */
export const PTE_KEY_HIGH_BIT = 27;

/** The reserved low bits of an entry that maps a 2 MiB page: 20:13. */
export const PDE_2M_RESERVED = 0x001f_e000;
/** The reserved low bits of an entry that maps a 1 GiB page: 29:13. */
export const PDPTE_1G_RESERVED = 0x3fff_e000;

/** The manual's name of an entry at each level; index 0 is unused. */
export const ENTRY_NAMES: readonly string[] = ['', 'PTE', 'PDE', 'PDPTE', 'PML4E', 'PML5E'];

/**
 * The bits of the high word that must be zero in every 64-bit entry in memory: those at and above MAXPHYADDR (up to 51;
 * up to 62 with PAE paging), and XD unless IA32_EFER.NXE = 1.
 *
 * @source SDM Vol. 3A "PAE Paging" and "4-Level Paging and 5-Level Paging"
 */
export function reservedHighMask(mode: PagingMode, registers: PagingRegisters): number {
  let mask = 0x000f_ffff & (-1 << (registers.maxPhyAddr - 32));
  if ((registers.efer & EFER_NXE) === 0) mask |= PTE_XD_HIGH;
  return mode === PAGING_PAE ? mask | 0x7ff0_0000 : mask;
}

/**
 * The bits of the low word that must be zero in a 64-bit entry: PS where no page can be mapped, and the address bits
 * below the size of a large page.
 *
 * @param level 1 to 5
 * @param low the entry's low word, whose PS flag decides
 * @source SDM Vol. 3A "PAE Paging" and "4-Level Paging and 5-Level Paging"
 */
export function reservedLowMask(level: number, low: number, page1GSupported: boolean): number {
  if (level === 1 || (low & PTE_PS) === 0) return 0;
  if (level === 2) return PDE_2M_RESERVED;
  return level === 3 && page1GSupported ? PDPTE_1G_RESERVED : PTE_PS;
}

/**
 * The bits that must be zero in a PDE that maps a 4 MiB page: those of 21:13 that do not hold address bits 32 and up.
 * PSE-36 reaches 40-bit physical addresses, whatever MAXPHYADDR is beyond that.
 *
 * @source SDM Vol. 3A "32-Bit Paging", format of a PDE that maps a 4-MByte page
 */
export function reservedMaskOf4MPage(registers: PagingRegisters): number {
  const addressBits = registers.pse36Supported ? Math.min(40, registers.maxPhyAddr) : 32;
  return 0x003f_e000 & (-1 << (addressBits - 19));
}
