/** The drives by their BIOS numbers, with an El Torito image standing in for one of them where a CD asks for it. */
import { BiosError } from '../bios-error.ts';
import type { EmulatedDrive } from '../firmware.ts';
import type { DiskGeometry, FirmwareDisk } from '../host.ts';
import { ROM_TABLE } from '../rom/image.ts';
import { ATA_TABLE_SIZE, ataDriveTable } from './ata-drive.ts';
import { floppyDriveType, floppyGeometry, hardDiskGeometry, partitionedGeometry } from './geometry.ts';

/** First drive number of hard disks and of CD-ROMs. */
export const FIRST_HARD_DISK = 0x80;
export const FIRST_CD_DRIVE = 0xe0;
const MAX_FLOPPIES = 2;
const MAX_HARD_DISKS = 24;
const MAX_CDS = 8;

/** A drive as INT 13h sees it. */
export interface Drive {
  readonly number: number;
  readonly kind: 'floppy' | 'hard-disk' | 'cd-rom';
  readonly disk: FirmwareDisk;
  readonly geometry: DiskGeometry;
  /** Of a floppy: the type that AH=08h reports; otherwise 0. */
  readonly driveType: number;
  /** Of a drive on an ATA channel: where in the ROM its parameter table extension is. */
  readonly tableOffset?: number;
}

/** The disks that the embedder attaches, in the order of their drive numbers. */
export interface AttachedDisks {
  /** From drive 00h on; at most two. 512-byte sectors. */
  readonly floppies?: readonly FirmwareDisk[];
  /** From drive 80h on; at most 24. 512-byte sectors. */
  readonly hardDisks?: readonly FirmwareDisk[];
  /** From drive E0h on; at most eight. 2048-byte sectors. */
  readonly cdRoms?: readonly FirmwareDisk[];
}

/** All drives. The emulated one, if any, is passed in because it is state. */
export class DriveSet {
  readonly #drives = new Map<number, Drive>();
  readonly #emulation: () => EmulatedDrive | null;
  readonly #ataTables: Uint8Array[] = [];

  /** @param emulation looked up at every request */
  constructor(disks: AttachedDisks, emulation: () => EmulatedDrive | null) {
    this.#emulation = emulation;
    this.#attach('floppies', 'floppy', disks.floppies, 0, MAX_FLOPPIES, 512);
    this.#attach('hardDisks', 'hard-disk', disks.hardDisks, FIRST_HARD_DISK, MAX_HARD_DISKS, 512);
    this.#attach('cdRoms', 'cd-rom', disks.cdRoms, FIRST_CD_DRIVE, MAX_CDS, 2048);
  }

  /** @returns the drive with that number, or undefined; an emulated drive pushes the real ones of its kind up by one */
  get(number: number): Drive | undefined {
    const emulation = this.#emulation();
    if (emulation === null) return this.#drives.get(number);
    if (number === emulation.drive) return this.#emulated(emulation);
    const isPushedUp = (number & 0x80) === (emulation.drive & 0x80) && number < FIRST_CD_DRIVE;
    return this.#drives.get(isPushedUp && number > emulation.drive ? number - 1 : number);
  }

  /** @returns how many consecutive floppy drives there are, the emulated one included */
  get floppyCount(): number {
    return this.#count(0);
  }

  /** @returns how many consecutive hard disks there are, the emulated one included */
  get hardDiskCount(): number {
    return this.#count(FIRST_HARD_DISK);
  }

  /** @returns the real hard disks' geometries, for the fixed disk tables */
  get hardDiskGeometries(): readonly DiskGeometry[] {
    return [...this.#drives.values()].filter((drive) => drive.kind === 'hard-disk').map((drive) => drive.geometry);
  }

  /** @returns the parameter table extensions of the drives on ATA channels, for the ROM */
  get ataTables(): readonly Uint8Array[] {
    return this.#ataTables;
  }

  /** @returns every real drive's number, hard disks first, then floppies, then CD-ROMs: the default boot order */
  get numbers(): readonly number[] {
    const rank = (number: number): number => (number >= FIRST_CD_DRIVE ? 2 : number >= FIRST_HARD_DISK ? 0 : 1);
    return [...this.#drives.keys()].sort((a, b) => rank(a) - rank(b) || a - b);
  }

  #count(first: number): number {
    let count = 0;
    while (count < MAX_HARD_DISKS && this.get(first + count) !== undefined) count++;
    return count;
  }

  #attach(
    option: string,
    kind: Drive['kind'],
    disks: readonly FirmwareDisk[] | undefined,
    first: number,
    limit: number,
    sectorSizeBytes: number,
  ): void {
    if (disks === undefined) return;
    if (disks.length > limit) {
      throw new BiosError('bad-configuration', `${option}: at most ${limit} drives, not ${disks.length}`);
    }
    disks.forEach((disk, index) => {
      if (disk.sectorSizeBytes !== sectorSizeBytes) {
        throw new BiosError(
          'bad-configuration',
          `${option}[${index}]: sectors of ${sectorSizeBytes} bytes, not ${disk.sectorSizeBytes}`,
        );
      }
      const number = first + index;
      this.#drives.set(number, kind === 'floppy' ? floppyDrive(number, disk) : this.#fixedDrive(number, kind, disk));
    });
  }

  #fixedDrive(number: number, kind: Drive['kind'], disk: FirmwareDisk): Drive {
    const drive = { number, kind, disk, geometry: hardDiskGeometry(disk), driveType: 0 };
    if (disk.ata === undefined) return drive;
    const tableOffset = ROM_TABLE.ataDrives + ATA_TABLE_SIZE * this.#ataTables.length;
    this.#ataTables.push(ataDriveTable(disk.ata, kind === 'cd-rom', drive.geometry));
    return { ...drive, tableOffset };
  }

  #emulated(emulation: EmulatedDrive): Drive | undefined {
    const cd = this.#drives.get(emulation.cdDrive)?.disk;
    if (cd === undefined) return undefined;
    const disk: FirmwareDisk = {
      sectorSizeBytes: 512,
      sectorCount: emulation.sectorCount,
      read: (lba, count) => readWithin(cd, emulation.imageLba, lba, count),
    };
    const isFloppy = emulation.drive < FIRST_HARD_DISK;
    return {
      number: emulation.drive,
      kind: isFloppy ? 'floppy' : 'hard-disk',
      disk,
      geometry: isFloppy ? floppyGeometry(disk) : (partitionedGeometry(disk) ?? hardDiskGeometry(disk)),
      driveType: isFloppy ? floppyDriveType(disk) : 0,
    };
  }
}

/** The medium can be changed, and the geometry with it; the type of the drive is that of the first one. */
function floppyDrive(number: number, disk: FirmwareDisk): Drive {
  return {
    number,
    kind: 'floppy',
    disk,
    get geometry() {
      return floppyGeometry(disk);
    },
    driveType: floppyDriveType(disk),
  };
}

/** Reads 512-byte sectors out of 2048-byte ones. */
function readWithin(cd: FirmwareDisk, imageLba: number, lba: number, count: number): Uint8Array {
  const first = Math.trunc(lba / 4);
  const end = Math.min(Math.ceil((lba + count) / 4), cd.sectorCount - imageLba);
  if (end <= first) return new Uint8Array(0);
  const skip = (lba % 4) * 512;
  return cd.read(imageLba + first, end - first).subarray(skip, skip + count * 512);
}
