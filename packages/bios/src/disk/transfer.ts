/** Moving sectors between a disk and guest memory. */
import type { FirmwareDisk, FirmwareMemory } from '../host.ts';
import {
  DISK_DMA_BOUNDARY,
  DISK_OK,
  DISK_READ_ERROR,
  DISK_SECTOR_NOT_FOUND,
  DISK_WRITE_FAULT,
  DISK_WRITE_PROTECTED,
} from './status.ts';

/** What is done with the sectors. */
export type TransferKind = 'read' | 'write' | 'verify';

/** How a transfer ended. */
export interface TransferResult {
  /** A `DISK_…` status code. */
  readonly status: number;
  /** Sectors that were transferred before it ended. */
  readonly count: number;
}

/** Sectors handled at a time, so that host memory stays bounded whatever the count is. */
const CHUNK_SECTORS = 128;
const ADDRESS_SPACE_END = 0x1_0000_0000;

/**
 * Transfers consecutive sectors to or from consecutive physical addresses. There is no wrap at the end of a segment, and no
 * limit at 64 KiB boundaries: the sectors do not go through a DMA controller.
 *
 * @param buffer physical address of the first byte, below 2^53
 * @returns {@link DISK_SECTOR_NOT_FOUND} when the disk ends first: what exists has been transferred
 */
export function transferSectors(
  memory: FirmwareMemory,
  disk: FirmwareDisk,
  kind: TransferKind,
  lba: number,
  count: number,
  buffer: number,
): TransferResult {
  if (kind === 'write' && disk.write === undefined) return { status: DISK_WRITE_PROTECTED, count: 0 };
  const available = Math.max(0, Math.min(count, disk.sectorCount - lba));
  if (kind !== 'verify' && buffer + available * disk.sectorSizeBytes > ADDRESS_SPACE_END) {
    return { status: DISK_DMA_BOUNDARY, count: 0 };
  }
  let done = 0;
  while (done < available) {
    const chunk = Math.min(CHUNK_SECTORS, available - done);
    const size = chunk * disk.sectorSizeBytes;
    const address = buffer + done * disk.sectorSizeBytes;
    if (kind === 'read') {
      const bytes = disk.read(lba + done, chunk);
      const whole = Math.min(chunk, Math.trunc(bytes.length / disk.sectorSizeBytes));
      memory.writeBytes(address, bytes.subarray(0, whole * disk.sectorSizeBytes));
      done += whole;
      if (whole < chunk) return { status: DISK_READ_ERROR, count: done };
    } else {
      if (kind === 'write' && disk.write?.(lba + done, memory.readBytes(address, size)) !== true) {
        return { status: DISK_WRITE_FAULT, count: done };
      }
      done += chunk;
    }
  }
  return { status: available < count ? DISK_SECTOR_NOT_FOUND : DISK_OK, count: done };
}
