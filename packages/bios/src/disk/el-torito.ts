/**
 * The boot catalogue of a CD-ROM: where its boot image is and what it wants to be.
 *
 * **Not emulated**: other than the default entry of the catalogue; selection criteria.
 *
 * @source "El Torito" Bootable CD-ROM Format Specification 1.0; ECMA-119 "Boot Record"
 */
import type { FirmwareDisk } from '../host.ts';

/** El Torito media types: how the image shows up in INT 13h. */
export const EL_TORITO_NO_EMULATION = 0;
export const EL_TORITO_HARD_DISK = 4;

/** The default entry of a boot catalogue. */
export interface ElToritoEntry {
  /** 0 no emulation, 1 to 3 a floppy of 1.2, 1.44 or 2.88 MB, 4 a hard disk. */
  readonly mediaType: number;
  /** Real-mode segment to which the image's start is loaded. */
  readonly loadSegment: number;
  /** 512-byte sectors to load there. */
  readonly loadSectors: number;
  /** First 2048-byte sector of the image. */
  readonly imageLba: number;
}

const BOOT_RECORD_LBA = 17;
const SECTOR_SIZE = 2048;
const DEFAULT_LOAD_SEGMENT = 0x07c0;
const EMULATED_FLOPPY_SECTORS: readonly number[] = [0, 2400, 2880, 5760];

/**
 * Reads the boot record and the catalogue.
 *
 * @param disk a disk of 2048-byte sectors
 * @returns the default entry, or why the disc cannot be booted
 */
export function readBootCatalogue(disk: FirmwareDisk): ElToritoEntry | string {
  if (readSector(disk, BOOT_RECORD_LBA) === undefined) return 'no boot record';
  const lba = catalogueLba(disk);
  if (lba === undefined) return 'no El Torito boot record';
  const catalogue = readSector(disk, lba);
  if (catalogue === undefined || !isValid(catalogue)) return 'no valid boot catalogue';
  const entry = catalogue.subarray(32, 64);
  const mediaType = (entry[1] ?? 0) & 0x0f;
  if (entry[0] !== 0x88) return 'the default boot entry is not bootable';
  if (mediaType > EL_TORITO_HARD_DISK) return `boot media type ${mediaType} is unknown`;
  return {
    mediaType,
    loadSegment: word(entry, 2) === 0 ? DEFAULT_LOAD_SEGMENT : word(entry, 2),
    loadSectors: Math.max(1, word(entry, 6)),
    imageLba: dword(entry, 8),
  };
}

/** @returns the first sector of the boot catalogue, or undefined without an El Torito boot record */
export function catalogueLba(disk: FirmwareDisk): number | undefined {
  const record = readSector(disk, BOOT_RECORD_LBA);
  if (record === undefined) return undefined;
  const text = String.fromCharCode(...record.subarray(0, 39));
  if (!text.startsWith('\0CD001\x01EL TORITO SPECIFICATION')) return undefined;
  return dword(record, 0x47);
}

/** @returns the size in 512-byte sectors of the disk that an image stands for */
export function emulatedSectorCount(disk: FirmwareDisk, entry: ElToritoEntry): number {
  const floppy = EMULATED_FLOPPY_SECTORS[entry.mediaType];
  if (floppy !== undefined) return floppy;
  // A hard disk image ends where its first partition ends.
  const mbr = readSector(disk, entry.imageLba);
  const rest = Math.max(0, (disk.sectorCount - entry.imageLba) * 4);
  if (mbr === undefined) return rest;
  const end = dword(mbr, 0x1be + 8) + dword(mbr, 0x1be + 12);
  return end === 0 ? rest : Math.min(rest, end);
}

/** The validation entry: header 1, key bytes 55h AAh, and sixteen words that add up to 0. */
function isValid(catalogue: Uint8Array): boolean {
  let sum = 0;
  for (let offset = 0; offset < 32; offset += 2) sum += word(catalogue, offset);
  return catalogue[0] === 1 && catalogue[30] === 0x55 && catalogue[31] === 0xaa && (sum & 0xffff) === 0;
}

function readSector(disk: FirmwareDisk, lba: number): Uint8Array | undefined {
  if (lba >= disk.sectorCount) return undefined;
  const bytes = disk.read(lba, 1);
  return bytes.length >= SECTOR_SIZE ? bytes : undefined;
}

function word(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
}

function dword(bytes: Uint8Array, offset: number): number {
  return word(bytes, offset) + word(bytes, offset + 2) * 0x10000;
}
