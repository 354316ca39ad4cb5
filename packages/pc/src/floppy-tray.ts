import type { DiskGeometry, FirmwareDisk } from '@longmode/bios';

/** A floppy drive as the firmware sees it: whatever disk is in it now, and whether that has been changed. */
export class FloppyTray implements FirmwareDisk {
  readonly sectorSizeBytes = 512;
  #disk: FirmwareDisk | null;
  #isChanged = false;

  /** @param disk what is in it when the machine is turned on; `null` or a disk without sectors for nothing */
  constructor(disk: FirmwareDisk | null) {
    this.#disk = disk === null || disk.sectorCount === 0 ? null : disk;
  }

  /** What is in the drive. */
  get disk(): FirmwareDisk | null {
    return this.#disk;
  }

  get sectorCount(): number {
    return this.#disk?.sectorCount ?? 0;
  }
  get write(): ((lba: number, bytes: Uint8Array) => boolean) | undefined {
    const disk = this.#disk;
    return disk?.write === undefined ? undefined : (lba, bytes) => disk.write?.(lba, bytes) ?? false;
  }
  get geometry(): DiskGeometry | undefined {
    return this.#disk?.geometry;
  }

  read(lba: number, count: number): Uint8Array {
    return this.#disk?.read(lba, count) ?? new Uint8Array();
  }

  change(disk: FirmwareDisk | null): void {
    this.#disk = disk;
    this.#isChanged = true;
  }

  takeChange(): boolean {
    const isChanged = this.#isChanged;
    this.#isChanged = false;
    return isChanged;
  }
}
