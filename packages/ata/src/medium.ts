/** What a channel consumes: media, and memory for bus master transfers. */

/** The medium in a drive: consecutive sectors. The same object may serve other readers, such as firmware. */
export interface AtaMedium {
  /** 512 for disks, 2048 for CD-ROMs. */
  readonly sectorSizeBytes: number;
  readonly sectorCount: number;
  /**
   * @param lba first sector; `lba + count` never exceeds `sectorCount`
   * @returns `count * sectorSizeBytes` bytes, which the caller does not change; fewer mean a read error
   */
  read(lba: number, count: number): Uint8Array;
  /** @returns false when the medium did not take all of the bytes. Absent: write-protected. */
  write?(lba: number, bytes: Uint8Array): boolean;
  /** Makes what was written last. @returns false when that failed */
  flush?(): boolean;
}

/** Physical memory as a bus master sees it. Nothing here throws, whatever the address below 2^32. */
export interface DmaMemory {
  /** @returns `sizeBytes` bytes that the caller may keep; ones where nothing is */
  read(physical: number, sizeBytes: number): Uint8Array;
  write(physical: number, bytes: Uint8Array): void;
  /** Whether transfers may begin: the bus master bit of PCI's command register. Always, unless told. */
  isEnabled?(): boolean;
}

/** A drive on a channel. */
export interface AtaDriveOptions {
  readonly kind: 'disk' | 'cd-rom';
  readonly medium: AtaMedium;
  /** At most 40 characters. */
  readonly model?: string;
  /** At most 20 characters. */
  readonly serial?: string;
  /** At most 8 characters. */
  readonly firmwareRevision?: string;
}
