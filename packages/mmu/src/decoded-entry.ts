/**
 * One paging-structure entry read for people: its fields by name, where it lies, and which reserved bits it sets.
 */
import { highWord, lowWord } from './address.ts';
import {
  ENTRY_NAMES,
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_P,
  PTE_PCD,
  PTE_PS,
  PTE_PWT,
  PTE_RW,
  PTE_US,
  reservedHighMask,
  reservedLowMask,
  reservedMaskOf4MPage,
} from './entry.ts';
import {
  CR4_PGE,
  CR4_PSE,
  EFER_NXE,
  PAGING_32_BIT,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
  pagingModeOf,
} from './paging-mode.ts';
import { pdpteReservedBits } from './pdpte.ts';

/** A paging-structure entry, decoded under the registers it was used with. */
export interface DecodedEntry {
  /** 1 PTE, 2 PDE, 3 PDPTE, 4 PML4E, 5 PML5E. */
  readonly level: number;
  /** The manual's name of the entry. */
  readonly name: string;
  /** Physical address of the table, or null for a PDPTE register of PAE paging. */
  readonly tableAddress: number | null;
  /** Which entry of the table. */
  readonly index: number;
  /** Physical address of the entry, or null for a PDPTE register. */
  readonly entryAddress: number | null;
  /** 4 or 8. */
  readonly sizeBytes: number;
  readonly value: bigint;
  /** P. All that follows means something only where it is true. */
  readonly present: boolean;
  /** R/W; true in a PDPTE of PAE paging, which has no such flag. */
  readonly writable: boolean;
  /** U/S; true in a PDPTE of PAE paging, which has no such flag. */
  readonly user: boolean;
  readonly accessed: boolean;
  /** D; false in an entry that references a table. */
  readonly dirty: boolean;
  /** G with CR4.PGE = 1; false in an entry that references a table. */
  readonly global: boolean;
  /** XD with IA32_EFER.NXE = 1. */
  readonly executeDisable: boolean;
  /** Bits 62:59, which count where CR4.PKE or CR4.PKS is on. */
  readonly protectionKey: number;
  /** Size of the page that the entry maps, or null if it references a table. */
  readonly mapsPageOfBytes: number | null;
  /** Physical address of the page or table. */
  readonly address: number;
  /** The bits set that must be zero; 0n if the entry is in order. */
  readonly reservedBits: bigint;
  /** The flags that are set, by the manual's names. */
  readonly flagNames: readonly string[];
}

/** Size of an entry in a paging mode, in bytes. */
export function entrySizeBytesOf(mode: PagingMode): number {
  return mode === PAGING_32_BIT ? 4 : 8;
}

/** Levels of entries in a paging mode, the PDPTE registers of PAE paging included. */
export function levelsOf(mode: PagingMode): number {
  return LEVELS[mode] as number;
}

const LEVELS: readonly number[] = [0, 2, 3, 4, 5];

/**
 * Decodes one entry.
 *
 * @param value the entry, 32 or 64 bits
 * @param place its level, index and table, and the registers that decide what its bits mean
 */
export function decodeEntry(
  value: bigint,
  place: { level: number; index: number; tableAddress: number | null; registers: PagingRegisters },
): DecodedEntry {
  const { level, index, tableAddress, registers } = place;
  const mode = pagingModeOf(registers);
  const low = lowWord(value);
  const isPdpteRegister = mode === PAGING_PAE && level === 3;
  const sizeBytes = entrySizeBytesOf(mode);
  const present = (low & PTE_P) !== 0;
  const hasPageBit = (low & PTE_PS) !== 0 && !isPdpteRegister;
  const mapsLarge =
    hasPageBit &&
    (mode === PAGING_32_BIT ? level === 2 && (registers.cr4 & CR4_PSE) !== 0 : level === 2 || level === 3);
  const mapsPage = present && (level === 1 || mapsLarge);
  const shift = level === 1 ? 12 : mode === PAGING_32_BIT ? 22 : level === 2 ? 21 : 30;
  const accessed = (low & PTE_A) !== 0 && !isPdpteRegister;
  const executeDisable = value >> 63n === 1n && (registers.efer & EFER_NXE) !== 0;
  const flags: [boolean, string][] = [
    [present, 'P'],
    [(low & PTE_RW) !== 0, 'R/W'],
    [(low & PTE_US) !== 0, 'U/S'],
    [(low & PTE_PWT) !== 0, 'PWT'],
    [(low & PTE_PCD) !== 0, 'PCD'],
    [accessed, 'A'],
    [mapsPage && (low & PTE_D) !== 0, 'D'],
    [mapsLarge, 'PS'],
    [mapsPage && (low & PTE_G) !== 0, 'G'],
    [value >> 63n === 1n, 'XD'],
  ];
  return {
    level,
    name: ENTRY_NAMES[level] as string,
    tableAddress,
    index,
    entryAddress: tableAddress === null ? null : tableAddress + index * sizeBytes,
    sizeBytes,
    value,
    present,
    writable: isPdpteRegister || (low & PTE_RW) !== 0,
    user: isPdpteRegister || (low & PTE_US) !== 0,
    accessed,
    dirty: mapsPage && (low & PTE_D) !== 0,
    global: mapsPage && (low & PTE_G) !== 0 && (registers.cr4 & CR4_PGE) !== 0,
    executeDisable,
    protectionKey: Number((value >> 59n) & 15n),
    mapsPageOfBytes: mapsPage ? 2 ** shift : null,
    address: addressIn(value, mode, mapsLarge ? shift : 12),
    reservedBits: present ? reservedBitsIn(value, level, mode, registers, mapsLarge) : 0n,
    flagNames: flags.filter(([isSet]) => isSet).map(([, flag]) => flag),
  };
}

function addressIn(value: bigint, mode: PagingMode, shift: number): number {
  const bits = BigInt(shift);
  if (mode !== PAGING_32_BIT) return Number(((value & 0x000f_ffff_ffff_ffffn) >> bits) << bits);
  const highBits = shift === 22 ? ((value >> 13n) & 0xffn) << 32n : 0n;
  return Number(highBits | ((value >> bits) << bits));
}

function reservedBitsIn(
  value: bigint,
  level: number,
  mode: PagingMode,
  registers: PagingRegisters,
  mapsLarge: boolean,
): bigint {
  const low = lowWord(value);
  if (mode === PAGING_32_BIT) return mapsLarge ? value & BigInt(reservedMaskOf4MPage(registers)) : 0n;
  if (mode === PAGING_PAE && level === 3) return value & pdpteReservedBits(registers.maxPhyAddr);
  const highBits = (highWord(value) & reservedHighMask(mode, registers)) >>> 0;
  const lowBits = low & reservedLowMask(level, low, registers.page1GSupported);
  return (BigInt(highBits) << 32n) | BigInt(lowBits);
}
