/** Everything the firmware consumes from the machine around it. Types only; the machine implements them. */

/** The segment registers whose bases the firmware asks for. */
export type FirmwareSegment = 'cs' | 'ds' | 'es' | 'ss';

/**
 * The processor as a trapped service sees it, while the stub's OUT executes. General registers are unsigned 32-bit numbers;
 * a write takes effect for the instruction after the OUT.
 */
export interface FirmwareCpu {
  eax: number;
  ecx: number;
  edx: number;
  ebx: number;
  esp: number;
  ebp: number;
  esi: number;
  edi: number;
  /** Selectors, 16 bits. */
  readonly cs: number;
  readonly ss: number;
  readonly ds: number;
  /** Writing loads ES as a real-mode MOV does: the base becomes 16 times the value, the limit stays what it was. */
  es: number;
  /** @returns the base in the segment's hidden part; in plain real mode that is 16 times the selector */
  segmentBase(segment: FirmwareSegment): number;
}

/**
 * Physical memory below 4 GiB, through the machine's memory map: RAM, ROM and the video adapter's window alike, with the A20
 * gate applied. Nothing here throws: reads of nothing return ones, writes to nothing are ignored, and `readBytes` past the
 * end of the address space continues at 0.
 */
export interface FirmwareMemory {
  read8(physical: number): number;
  read16(physical: number): number;
  read32(physical: number): number;
  write8(physical: number, value: number): void;
  write16(physical: number, value: number): void;
  write32(physical: number, value: number): void;
  /** @returns `count` bytes that the caller may keep */
  readBytes(physical: number, count: number): Uint8Array;
  writeBytes(physical: number, bytes: Uint8Array): void;
}

/** The machine's I/O ports, by port number. The firmware programs the other parts through them as any firmware does. */
export interface FirmwarePorts {
  readPort(port: number, width: 8 | 16 | 32): number;
  writePort(port: number, width: 8 | 16 | 32, value: number): void;
}

/** Cylinders, heads and sectors per track, all counted from 1. */
export interface DiskGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** Where a drive is on an ATA channel. */
export interface AtaPlace {
  /** First port of the command block. */
  readonly ioBase: number;
  /** Port of the control block. */
  readonly controlBase: number;
  readonly irq: number;
  readonly isSlave: boolean;
  /** The controller's function on PCI, and which of its channels; absent for one that is not there. */
  readonly pci?: { readonly bus: number; readonly device: number; readonly function: number; readonly channel: number };
}

/** A block device for INT 13h. */
export interface FirmwareDisk {
  /** 512 for floppies and hard disks, 2048 for CD-ROMs. */
  readonly sectorSizeBytes: number;
  readonly sectorCount: number;
  /**
   * @param lba first sector; `lba + count` never exceeds `sectorCount`
   * @returns `count * sectorSizeBytes` bytes; fewer report a read error to the guest
   */
  read(lba: number, count: number): Uint8Array;
  /** @returns false when the medium did not take the bytes. Absent: write-protected. */
  write?(lba: number, bytes: Uint8Array): boolean;
  /** Makes what was written last. @returns false when that failed. Absent: it lasts at once. */
  flush?(): boolean;
  /** What AH=08h and cylinder-head-sector requests use; without it, the customary one for the size. */
  readonly geometry?: DiskGeometry;
  /** Of a floppy drive with a change line: whether its medium has been changed since this was asked before. */
  takeChange?(): boolean;
  /** Where the same drive sits on an ATA channel, for what AH=48h tells drivers. */
  readonly ata?: AtaPlace;
}

/** Programs the display adapter. Inject one to use a card that is not a plain VGA. */
export interface VideoFirmware {
  /**
   * Sets up registers, palette and (in text modes) the font for a standard mode. The firmware itself keeps the BIOS data
   * area and clears video memory.
   *
   * @param mode 00h to 13h, without the "keep memory" bit
   * @param textLines scan lines of colour text modes
   * @returns false when the adapter does not have the mode: nothing was changed
   */
  setMode(mode: number, textLines: 200 | 350 | 400): boolean;
}

/** Character generators, one byte a row, most significant bit leftmost, 256 characters. */
export interface VideoFonts {
  /** 8 by 8: 2048 bytes. */
  readonly rows8?: Uint8Array;
  /** 8 by 14: 3584 bytes. */
  readonly rows14?: Uint8Array;
  /** 8 by 16: 4096 bytes. */
  readonly rows16?: Uint8Array;
}

/** What the firmware tells the embedder. Each unsupported function and each unexpected vector is reported once. */
export type BiosEvent =
  /** A guest called a function that does not exist here; it got the customary error. */
  | { readonly kind: 'unsupported-function'; readonly vector: number; readonly ax: number }
  /** An exception (or a stray INT) reached a vector that nobody took over. `cs:ip` is the return address. */
  | { readonly kind: 'unexpected-interrupt'; readonly vector: number; readonly cs: number; readonly ip: number }
  /** A boot sector was loaded and is about to run. */
  | { readonly kind: 'boot'; readonly drive: number }
  /** No drive in the boot order could be booted; the guest sees the same on the screen and waits for a key. */
  | { readonly kind: 'not-bootable'; readonly reasons: readonly string[] };

/** `stored`: INT 09h put a key into the buffer. `wanted`: a guest asked INT 16h for a key, and there was none. */
export type KeyBufferEvent = 'stored' | 'wanted';
