/**
 * The configuration bytes that firmware keeps in the CMOS RAM of a PC.
 *
 * @source IBM PC AT Technical Reference, "Real-Time Clock/CMOS RAM Information"
 */
import { RtcError } from './rtc-error.ts';

/** Bytes of the part, time and registers included. */
export const CMOS_SIZE = 128;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

export const CMOS_DIAGNOSTIC_STATUS = 0x0e;
/** What firmware does after a reset, instead of a whole self-test. */
export const CMOS_SHUTDOWN_STATUS = 0x0f;
export const CMOS_FLOPPY_TYPES = 0x10;
export const CMOS_DISK_TYPES = 0x12;
export const CMOS_EQUIPMENT = 0x14;
export const CMOS_BASE_MEMORY = 0x15;
export const CMOS_EXTENDED_MEMORY = 0x17;
export const CMOS_CHECKSUM = 0x2e;
export const CMOS_ACTUAL_EXTENDED_MEMORY = 0x30;
export const CMOS_MEMORY_ABOVE_16_MIB = 0x34;
export const CMOS_MEMORY_ABOVE_4_GIB = 0x5b;

const EQUIPMENT_COPROCESSOR = 0x02;
const EQUIPMENT_FLOPPY = 0x01;
/** Type of both fixed disks, 15: its parameters are elsewhere. */
const DISK_TYPE_EXTENDED = 0x0f;

/** What else {@link cmosForMemory} shall say. */
export interface CmosOptions {
  /** How much of the memory lies below 4 GiB, in bytes; the first 3 GiB when left out. */
  lowRamSizeBytes?: number;
  /** Types of floppy drives A and B, 0 for none: 1 360 K, 2 1.2 M, 3 720 K, 4 1.44 M, 5 2.88 M. */
  floppyTypes?: readonly [number, number];
  /** How many fixed disks there are, 0 to 2. */
  diskCount?: 0 | 1 | 2;
}

function put(cmos: Uint8Array, index: number, size: number, value: number): void {
  for (let i = 0; i < size; i++) cmos[index + i] = Math.floor(value / 2 ** (8 * i)) & 0xff;
}

/** Stores the sum of bytes 10h to 2Dh at 2Eh (high byte) and 2Fh (low byte), where firmware checks it. */
export function updateCmosChecksum(cmos: Uint8Array): void {
  const sum = cmos.subarray(CMOS_FLOPPY_TYPES, CMOS_CHECKSUM).reduce((total, byte) => total + byte, 0);
  cmos[CMOS_CHECKSUM] = (sum >> 8) & 0xff;
  cmos[CMOS_CHECKSUM + 1] = sum & 0xff;
}

/**
 * CMOS contents of a PC with so much memory: base memory up to 640 KiB, extended memory in KiB (at most 65,535), memory
 * above 16 MiB and above 4 GiB in units of 64 KiB, an EGA or VGA, a coprocessor, drives, and the checksum.
 *
 * @param ramSizeBytes all of the memory, below 2^52
 * @returns 128 bytes; those of the clock are zero
 * @throws {RtcError} `bad-size`
 */
export function cmosForMemory(ramSizeBytes: number, options: CmosOptions = {}): Uint8Array {
  const { lowRamSizeBytes = Math.min(ramSizeBytes, 3 * GIB), floppyTypes = [0, 0], diskCount = 0 } = options;
  for (const size of [ramSizeBytes, lowRamSizeBytes]) {
    if (!Number.isSafeInteger(size) || size < 0) throw new RtcError('bad-size', `no memory size in bytes: ${size}`);
  }
  if (lowRamSizeBytes > Math.min(ramSizeBytes, 4 * GIB)) {
    throw new RtcError('bad-size', `of ${ramSizeBytes} bytes, ${lowRamSizeBytes} cannot lie below 4 GiB`);
  }
  const [floppyA, floppyB] = floppyTypes;
  const floppyCount = (floppyA === 0 ? 0 : 1) + (floppyB === 0 ? 0 : 1);
  const cmos = new Uint8Array(CMOS_SIZE);
  const extendedKib = Math.min(0xffff, Math.max(0, Math.floor((lowRamSizeBytes - MIB) / KIB)));
  const above16Mib = Math.min(0xffff, Math.max(0, Math.floor((lowRamSizeBytes - 16 * MIB) / (64 * KIB))));
  cmos[CMOS_FLOPPY_TYPES] = ((floppyA & 0x0f) << 4) | (floppyB & 0x0f);
  cmos[CMOS_DISK_TYPES] = (diskCount > 0 ? DISK_TYPE_EXTENDED << 4 : 0) | (diskCount > 1 ? DISK_TYPE_EXTENDED : 0);
  cmos[CMOS_EQUIPMENT] = EQUIPMENT_COPROCESSOR | (floppyCount > 0 ? EQUIPMENT_FLOPPY | ((floppyCount - 1) << 6) : 0);
  put(cmos, CMOS_BASE_MEMORY, 2, Math.min(640, Math.floor(lowRamSizeBytes / KIB)));
  put(cmos, CMOS_EXTENDED_MEMORY, 2, extendedKib);
  put(cmos, CMOS_ACTUAL_EXTENDED_MEMORY, 2, extendedKib);
  put(cmos, CMOS_MEMORY_ABOVE_16_MIB, 2, above16Mib);
  put(cmos, CMOS_MEMORY_ABOVE_4_GIB, 3, Math.floor((ramSizeBytes - lowRamSizeBytes) / (64 * KIB)));
  updateCmosChecksum(cmos);
  return cmos;
}
