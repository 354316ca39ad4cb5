/** The system address map, as INT 15h AX=E820h and the Multiboot protocols report it. */

/** Kinds of a range, numbered as in the ACPI specification's address range types. */
export const MEMORY_USABLE = 1;
/** See {@link MEMORY_USABLE}. */
export const MEMORY_RESERVED = 2;
/** See {@link MEMORY_USABLE}: a guest may use it when it has read the ACPI tables there. */
export const MEMORY_ACPI_RECLAIMABLE = 3;
/** See {@link MEMORY_USABLE}: ACPI's own, for good. */
export const MEMORY_ACPI_NVS = 4;

/** One range: `base` and `length` in bytes, both below 2^53. */
export interface MemoryRange {
  readonly base: number;
  readonly length: number;
  /** {@link MEMORY_USABLE} or another of ACPI's types. */
  readonly type: number;
}

/** Physical address of the extended BIOS data area: the last KiB of conventional memory. */
export const EBDA_BASE = 0x9fc00;
/** Size of the extended BIOS data area in bytes. */
export const EBDA_SIZE_BYTES = 0x400;
/** RAM that would reach beyond this address continues at 4 GiB, because devices live below 4 GiB. */
export const LOW_RAM_END = 0xe000_0000;

/** What firmware keeps at the end of the RAM below 4 GiB, the reclaimable part first. */
export interface FirmwareReservation {
  readonly reclaimableBytes: number;
  readonly nvsBytes: number;
}

const VIDEO_BASE = 0xa0000;
const ROM_BASE = 0xf0000;
const ONE_MIB = 0x10_0000;
const FOUR_GIB = 0x1_0000_0000;

/**
 * The address map of a machine with RAM from address 0 upwards (with the usual hole from A0000 to FFFFF).
 *
 * Nothing above the RAM is listed: kernels that map "all physical memory" map up to the highest range, reserved or not.
 *
 * @param ramSizeBytes size of the RAM including the part that the video window and the ROM hide; at least 1 MiB
 * @param reservation for ACPI tables; nothing unless given. It must fit into the RAM from 1 MiB on.
 * @returns disjoint ranges in ascending order: usable up to the EBDA, the EBDA, the ROM, usable from 1 MiB to the
 * top, with the reservation before the end or before 4 GiB
 * @source ACPI Specification "System Address Map Interfaces", INT 15h E820h
 */
export function memoryMapE820(
  ramSizeBytes: number,
  reservation: FirmwareReservation = { reclaimableBytes: 0, nvsBytes: 0 },
): readonly MemoryRange[] {
  const map: MemoryRange[] = [
    { base: 0, length: EBDA_BASE, type: MEMORY_USABLE },
    { base: EBDA_BASE, length: VIDEO_BASE - EBDA_BASE, type: MEMORY_RESERVED },
    { base: ROM_BASE, length: ONE_MIB - ROM_BASE, type: MEMORY_RESERVED },
  ];
  const lowEnd = Math.min(ramSizeBytes, LOW_RAM_END);
  const { reclaimableBytes, nvsBytes } = reservation;
  const nvs = lowEnd - nvsBytes;
  const reclaimable = nvs - reclaimableBytes;
  if (reclaimable > ONE_MIB) map.push({ base: ONE_MIB, length: reclaimable - ONE_MIB, type: MEMORY_USABLE });
  if (reclaimableBytes > 0) map.push({ base: reclaimable, length: reclaimableBytes, type: MEMORY_ACPI_RECLAIMABLE });
  if (nvsBytes > 0) map.push({ base: nvs, length: nvsBytes, type: MEMORY_ACPI_NVS });
  if (ramSizeBytes > lowEnd) map.push({ base: FOUR_GIB, length: ramSizeBytes - lowEnd, type: MEMORY_USABLE });
  return map;
}

/** @returns bytes of usable memory that follow on from `start` without a gap; 0 when `start` itself is not usable */
export function usableBytesFrom(map: readonly MemoryRange[], start: number): number {
  let end = start;
  for (let grew = true; grew; ) {
    grew = false;
    for (const range of map) {
      if (range.type === MEMORY_USABLE && range.base <= end && range.base + range.length > end) {
        end = range.base + range.length;
        grew = true;
      }
    }
  }
  return end - start;
}
