/**
 * IDENTIFY DEVICE and IDENTIFY PACKET DEVICE: 256 words about a drive.
 *
 * @source ATA/ATAPI-6 (INCITS 361), "IDENTIFY DEVICE", "IDENTIFY PACKET DEVICE"
 */
import type { DriveState } from './drive-state.ts';
import type { AtaDriveOptions } from './medium.ts';

const SIZE = 512;
/** ATA-4 to ATA/ATAPI-6. */
const MAJOR_VERSION = 0x0070;
/** LBA, DMA, IORDY. */
const CAPABILITIES = 0x0b00;
const MULTIWORD_DMA_MODES = 0x07;
const ULTRA_DMA_MODES = 0x3f;
const LBA28_SECTORS = 0x0fff_ffff;

/** Writes words, and texts with the bytes of each word exchanged. */
class Words {
  readonly bytes = new Uint8Array(SIZE);

  set(index: number, ...values: readonly number[]): void {
    values.forEach((value, i) => {
      this.bytes[2 * (index + i)] = value & 0xff;
      this.bytes[2 * (index + i) + 1] = (value >> 8) & 0xff;
    });
  }

  /** @param words how many, the lowest first */
  setNumber(index: number, words: number, value: number): void {
    for (let i = 0; i < words; i++) this.set(index + i, Math.trunc(value / 0x1_0000 ** i) % 0x1_0000);
  }

  setText(index: number, words: number, text: string): void {
    const padded = text
      .replace(/[^ -~]/g, '?')
      .slice(0, 2 * words)
      .padEnd(2 * words);
    for (let i = 0; i < words; i++) this.set(index + i, (padded.charCodeAt(2 * i) << 8) | padded.charCodeAt(2 * i + 1));
  }

  /** Word 255: a signature, and what makes the sum of all bytes zero. */
  seal(): Uint8Array {
    this.bytes[510] = 0xa5;
    this.bytes[511] = -this.bytes.subarray(0, 511).reduce((sum, byte) => sum + byte, 0) & 0xff;
    return this.bytes;
  }
}

function setNames(words: Words, { serial = '', firmwareRevision = '1.0', model }: AtaDriveOptions, kind: string): void {
  words.setText(10, 10, serial.padStart(20));
  words.setText(23, 4, firmwareRevision);
  words.setText(27, 20, model ?? kind);
}

/** Modes that the drive has, and the one that SET FEATURES chose. */
function setModes(words: Words, mode: number): void {
  const chosen = 0x100 << (mode & 0x07);
  words.set(63, MULTIWORD_DMA_MODES | (mode >> 3 === 4 ? chosen : 0));
  words.set(64, 0x0003, 120, 120, 120, 120);
  words.set(88, ULTRA_DMA_MODES | (mode >> 3 === 8 ? chosen : 0));
}

/** What a disk says. @returns 512 bytes */
export function identifyDisk(options: AtaDriveOptions, state: DriveState): Uint8Array {
  const { sectorCount } = options.medium;
  const { heads, sectorsPerTrack } = state;
  // A disk of less than a cylinder has one all the same: firmware divides by it.
  const cylinders = Math.min(Math.max(Math.trunc(sectorCount / (heads * sectorsPerTrack)), 1), 0xffff);
  const words = new Words();
  words.set(0, 0x0040); // a fixed disk
  words.set(1, Math.min(Math.max(Math.trunc(sectorCount / (16 * 63)), 1), 16383));
  words.set(3, 16);
  words.set(6, 63);
  setNames(words, options, 'longmode disk');
  words.set(47, 0x8010); // sectors per block of READ MULTIPLE, at most
  words.set(48, 0x0001); // 32-bit access to the data register
  words.set(49, CAPABILITIES, 0x4000, 0x0200, 0x0200);
  words.set(53, 0x0007); // words 54-58, 64-70 and 88 are valid
  words.set(54, cylinders, heads, sectorsPerTrack);
  words.setNumber(57, 2, Math.min(cylinders * heads * sectorsPerTrack, 0xffff_ffff));
  words.set(59, state.multiple === 0 ? 0 : 0x0100 | state.multiple);
  words.setNumber(60, 2, Math.min(sectorCount, LBA28_SECTORS));
  setModes(words, state.transferMode);
  words.set(80, MAJOR_VERSION);
  // NOP, READ and WRITE BUFFER, look-ahead, write cache, power management; 48 bits and FLUSH CACHE.
  words.set(82, 0x7068, 0x7400, 0x4000);
  words.set(85, 0x7008 | (state.isLookAheadOn ? 0x40 : 0) | (state.isWriteCacheOn ? 0x20 : 0), 0x3400, 0x4000);
  words.set(93, 0x6001); // 80-conductor cable; device 0 by jumper
  words.setNumber(100, 4, sectorCount);
  return words.seal();
}

/** What a CD-ROM drive says. @returns 512 bytes */
export function identifyCdRom(options: AtaDriveOptions, state: DriveState): Uint8Array {
  const words = new Words();
  words.set(0, 0x85c0); // packet device, CD-ROM, removable, packets of 12 bytes within 50 microseconds
  setNames(words, options, 'longmode CD-ROM');
  words.set(48, 0x0001);
  words.set(49, CAPABILITIES, 0x4000, 0x0200, 0x0200);
  words.set(53, 0x0006);
  setModes(words, state.transferMode);
  words.set(80, MAJOR_VERSION);
  // NOP, DEVICE RESET, the packet feature set.
  words.set(82, 0x4210, 0x4000, 0x4000, 0x4210, 0x0000, 0x4000);
  words.set(93, 0x6001);
  return words.seal();
}
