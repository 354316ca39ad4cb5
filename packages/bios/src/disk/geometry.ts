/** Cylinder-head-sector geometries of floppies and hard disks. */
import type { DiskGeometry, FirmwareDisk } from '../host.ts';

/** Floppy formats by their size in 512-byte sectors, with the drive type that INT 13h AH=08h and CMOS byte 10h name. */
const FLOPPY_FORMATS: ReadonlyMap<number, DiskGeometry & { readonly driveType: number }> = new Map([
  [320, { cylinders: 40, heads: 1, sectorsPerTrack: 8, driveType: 1 }],
  [360, { cylinders: 40, heads: 1, sectorsPerTrack: 9, driveType: 1 }],
  [640, { cylinders: 40, heads: 2, sectorsPerTrack: 8, driveType: 1 }],
  [720, { cylinders: 40, heads: 2, sectorsPerTrack: 9, driveType: 1 }],
  [1440, { cylinders: 80, heads: 2, sectorsPerTrack: 9, driveType: 3 }],
  [2400, { cylinders: 80, heads: 2, sectorsPerTrack: 15, driveType: 2 }],
  [2880, { cylinders: 80, heads: 2, sectorsPerTrack: 18, driveType: 4 }],
  [3360, { cylinders: 80, heads: 2, sectorsPerTrack: 21, driveType: 4 }],
  [5760, { cylinders: 80, heads: 2, sectorsPerTrack: 36, driveType: 5 }],
]);

/** What a 1.44 MB drive is taken for when the image has no size of a real format. */
const DEFAULT_FLOPPY: DiskGeometry = { cylinders: 80, heads: 2, sectorsPerTrack: 18 };
const DEFAULT_FLOPPY_TYPE = 4;

/** @returns the geometry of the standard format of that size, or that of a 1.44 MB floppy */
export function floppyGeometry(disk: FirmwareDisk): DiskGeometry {
  return disk.geometry ?? FLOPPY_FORMATS.get(disk.sectorCount) ?? DEFAULT_FLOPPY;
}

/** @returns 1 = 360K, 2 = 1.2M, 3 = 720K, 4 = 1.44M, 5 = 2.88M */
export function floppyDriveType(disk: FirmwareDisk): number {
  return FLOPPY_FORMATS.get(disk.sectorCount)?.driveType ?? DEFAULT_FLOPPY_TYPE;
}

const PARTITION_TABLE = 0x1be;

/**
 * The geometry of a disk image by the end of its first partition, which lies at the end of a cylinder.
 *
 * @returns undefined when the partition does not say
 * @source "El Torito" Bootable CD-ROM Format Specification 1.0, "Hard Disk Emulation"
 */
export function partitionedGeometry(disk: FirmwareDisk): DiskGeometry | undefined {
  const sector = disk.read(0, 1);
  const [head = 0, packed = 0, low = 0] = sector.subarray(PARTITION_TABLE + 5, PARTITION_TABLE + 8);
  const sectorsPerTrack = packed & 0x3f;
  if (sector[PARTITION_TABLE + 4] === 0 || sectorsPerTrack === 0 || head === 255) return undefined;
  return { cylinders: (low | ((packed & 0xc0) << 2)) + 1, heads: head + 1, sectorsPerTrack };
}

const MAX_CYLINDERS = 1024;
const SECTORS_PER_TRACK = 63;

/**
 * The geometry of a hard disk: its own, or the "LBA-assisted" translation, which is 63 sectors and the fewest of 16, 32, 64,
 * 128 or 255 heads with which at most 1024 cylinders cover the disk.
 *
 * @source Phoenix Enhanced Disk Drive Specification 3.0, annex on LBA-assisted translation
 */
export function hardDiskGeometry(disk: FirmwareDisk): DiskGeometry {
  if (disk.geometry !== undefined) return disk.geometry;
  let heads = 16;
  while (heads < 256 && disk.sectorCount > MAX_CYLINDERS * heads * SECTORS_PER_TRACK) heads *= 2;
  heads = Math.min(heads, 255);
  const cylinders = Math.trunc(disk.sectorCount / (heads * SECTORS_PER_TRACK));
  return { cylinders: Math.min(Math.max(cylinders, 1), MAX_CYLINDERS), heads, sectorsPerTrack: SECTORS_PER_TRACK };
}
