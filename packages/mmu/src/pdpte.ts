/**
 * Loading the four PDPTE registers of PAE paging.
 */
import { PTE_P } from './entry.ts';
import type { PhysicalMemory } from './memory.ts';

const PDPTE_RESERVED_LOW = 0x0000_01e6; // bits 8:5 and 2:1

/**
 * The bits that must be zero in a present PDPTE of PAE paging: 2:1, 8:5 and those from MAXPHYADDR up.
 *
 * @source SDM Vol. 3A "PDPTE Registers", format of a PAE page-directory-pointer-table entry
 */
export function pdpteReservedBits(maxPhyAddr: number): bigint {
  return (BigInt((-1 << (maxPhyAddr - 32)) >>> 0) << 32n) | BigInt(PDPTE_RESERVED_LOW);
}

/**
 * Loads the PDPTE registers from the page-directory-pointer table, as MOV to CR3 does under PAE paging, a task switch
 * that changes CR3, and MOV to CR0 or CR4 when PAE paging results and CR0.CD, CR0.NW, CR0.PG, CR4.PAE, CR4.PGE,
 * CR4.PSE or CR4.SMEP changes. Sets no accessed flag.
 *
 * @param cr3Low the CR3 value being loaded; bits 31:5 are the address of the table
 * @param maxPhyAddr MAXPHYADDR in bits, 32 to 52
 * @param pdptes receives four entries of two words, low then high; left alone on failure
 * @returns false if a present entry has a reserved bit set: the instruction then causes #GP(0) and loads nothing
 * @source SDM Vol. 3A "PDPTE Registers"
 */
export function loadPdptes(memory: PhysicalMemory, cr3Low: number, maxPhyAddr: number, pdptes: Uint32Array): boolean {
  const table = (cr3Low & ~31) >>> 0;
  const words = new Uint32Array(8);
  for (let index = 0; index < 8; index += 1) words[index] = memory.read32(table + 4 * index);
  const reservedHigh = -1 << (maxPhyAddr - 32);
  for (let index = 0; index < 8; index += 2) {
    const low = words[index] as number;
    const high = words[index + 1] as number;
    if ((low & PTE_P) !== 0 && ((low & PDPTE_RESERVED_LOW) !== 0 || (high & reservedHigh) !== 0)) return false;
  }
  pdptes.set(words);
  return true;
}
