/**
 * The registers that decide how linear addresses are translated, and the paging mode that they select.
 */

/** CR0.WP, bit 16: supervisor-mode writes respect read-only pages. */
export const CR0_WP: number = 1 << 16;
/** CR0.PG, bit 31: paging. Negative, as int32 arithmetic gives it. */
export const CR0_PG: number = 1 << 31;
/** CR4.PSE, bit 4: 4 MiB pages with 32-bit paging. */
export const CR4_PSE: number = 1 << 4;
/** CR4.PAE, bit 5: 64-bit paging-structure entries. */
export const CR4_PAE: number = 1 << 5;
/** CR4.PGE, bit 7: global pages. */
export const CR4_PGE: number = 1 << 7;
/** CR4.LA57, bit 12: 57-bit linear addresses, 5-level paging. */
export const CR4_LA57: number = 1 << 12;
/** CR4.PCIDE, bit 17: process-context identifiers. It changes nothing in a walk; see `SoftwareTlb`. */
export const CR4_PCIDE: number = 1 << 17;
/** CR4.SMEP, bit 20: no supervisor-mode instruction fetch from user-mode addresses. */
export const CR4_SMEP: number = 1 << 20;
/** CR4.SMAP, bit 21: no supervisor-mode data access to user-mode addresses unless EFLAGS.AC = 1. */
export const CR4_SMAP: number = 1 << 21;
/** CR4.PKE, bit 22: protection keys for user-mode addresses (PKRU). */
export const CR4_PKE: number = 1 << 22;
/** CR4.PKS, bit 24: protection keys for supervisor-mode addresses (IA32_PKRS). */
export const CR4_PKS: number = 1 << 24;
/** IA32_EFER.LMA, bit 10: IA-32e mode is active. */
export const EFER_LMA: number = 1 << 10;
/** IA32_EFER.NXE, bit 11: execute-disable. */
export const EFER_NXE: number = 1 << 11;

/**
 * Everything outside memory that a walk depends on: a plain record that its owner changes in place. The walker reads it
 * afresh at every walk; who caches translations must drop them after a change.
 */
export interface PagingRegisters {
  /** CR0: PG and WP count. Signed or unsigned, as all of these. */
  cr0: number;
  /** CR3 bits 31:0. */
  cr3Low: number;
  /** CR3 bits 63:32; only 4-level and 5-level paging use them. The CPU has checked the bits that are reserved. */
  cr3High: number;
  /** CR4: PSE, PAE, PGE, LA57, SMEP, SMAP, PKE and PKS count. */
  cr4: number;
  /** IA32_EFER bits 31:0: LMA and NXE count. */
  efer: number;
  /** PKRU: two bits for each of sixteen keys of user-mode addresses, AD then WD. */
  pkru: number;
  /** IA32_PKRS bits 31:0, the same for supervisor-mode addresses. */
  pkrs: number;
  /** MAXPHYADDR, the width of physical addresses in bits: 32 to 52 (CPUID.80000008H:EAX[7:0]). */
  maxPhyAddr: number;
  /** Whether 1 GiB pages exist (CPUID.80000001H:EDX.Page1GB); where not, PS is reserved in a PDPTE. */
  page1GSupported: boolean;
  /** Whether 4 MiB pages reach above 4 GiB (CPUID.01H:EDX.PSE-36). */
  pse36Supported: boolean;
  /** The PDPTE registers of PAE paging: four entries of two words, low then high. `loadPdptes` fills them. */
  readonly pdptes: Uint32Array;
}

/**
 * Paging registers as after reset (no paging), of a processor with 1 GiB pages, PSE-36 and 40-bit physical addresses.
 *
 * @param overrides fields that differ
 */
export function createPagingRegisters(overrides: Partial<PagingRegisters> = {}): PagingRegisters {
  return {
    cr0: 0,
    cr3Low: 0,
    cr3High: 0,
    cr4: 0,
    efer: 0,
    pkru: 0,
    pkrs: 0,
    maxPhyAddr: 40,
    page1GSupported: true,
    pse36Supported: true,
    pdptes: new Uint32Array(8),
    ...overrides,
  };
}

/** Linear addresses are physical addresses (CR0.PG = 0). */
export const PAGING_NONE = 0;
/** 32-bit paging: two levels of 32-bit entries, 4 KiB and (CR4.PSE) 4 MiB pages. */
export const PAGING_32_BIT = 1;
/** PAE paging: four PDPTE registers and two levels of 64-bit entries, 4 KiB and 2 MiB pages. */
export const PAGING_PAE = 2;
/** 4-level paging of IA-32e mode: 48-bit linear addresses, 4 KiB, 2 MiB and 1 GiB pages. */
export const PAGING_4_LEVEL = 3;
/** 5-level paging of IA-32e mode: 57-bit linear addresses, 4 KiB, 2 MiB and 1 GiB pages. */
export const PAGING_5_LEVEL = 4;

/** One of the `PAGING_` constants. */
export type PagingMode =
  | typeof PAGING_NONE
  | typeof PAGING_32_BIT
  | typeof PAGING_PAE
  | typeof PAGING_4_LEVEL
  | typeof PAGING_5_LEVEL;

/** The manual's name of each paging mode, by its constant. */
export const PAGING_MODE_NAMES: readonly string[] = [
  'no paging',
  '32-bit paging',
  'PAE paging',
  '4-level paging',
  '5-level paging',
];

/**
 * The paging mode that the registers select.
 *
 * @source SDM Vol. 3A "Paging Modes and Control Bits"
 */
export function pagingModeOf(registers: PagingRegisters): PagingMode {
  if ((registers.cr0 & CR0_PG) === 0) return PAGING_NONE;
  if ((registers.cr4 & CR4_PAE) === 0) return PAGING_32_BIT;
  if ((registers.efer & EFER_LMA) === 0) return PAGING_PAE;
  return (registers.cr4 & CR4_LA57) === 0 ? PAGING_4_LEVEL : PAGING_5_LEVEL;
}

/** Width of linear addresses in a paging mode, in bits: 32, 48 or 57. */
export function linearAddressBitsOf(mode: PagingMode): number {
  if (mode === PAGING_5_LEVEL) return 57;
  return mode === PAGING_4_LEVEL ? 48 : 32;
}
