/**
 * SMBIOS: the entry point and the structures that inventories of a machine ask for.
 *
 * @source DMTF DSP0134, System Management BIOS Reference Specification 2.8, "Table convention", "Structure definitions"
 */

import type { PlacedBytes } from './acpi.ts';
import { TableBytes } from './table-bytes.ts';

/** What the structures describe. */
export interface SmbiosMachine {
  readonly ramSizeBytes: number;
  /** Ranges of the RAM in physical addresses, ascending. */
  readonly ramRanges: readonly { readonly base: number; readonly length: number }[];
  /** Segment and size of the firmware's ROM. */
  readonly romSegment: number;
  readonly romSizeBytes: number;
  readonly processorName: string;
  readonly processorVendor: string;
  /** CPUID leaf 1: EAX and EDX. */
  readonly processorSignature: number;
  readonly processorFeatures: number;
}

/** PCI, CD boot, selectable boot, EDD; 360 KB, 1.2 MB, 720 KB and 2.88 MB floppies; INT 09h, 14h and 10h services. */
const BIOS_CHARACTERISTICS = [7, 15, 16, 19, 22, 23, 24, 25, 27, 28, 30].reduce((bits, bit) => bits | (1 << bit), 0);
const ENTRY_POINT_SIZE = 31;
const KIB = 1024;
const MIB = 2 ** 20;
const UNKNOWN = 0x02;
const OTHER = 0x01;
const NO_ERROR_HANDLE = 0xfffe;
const NOT_PROVIDED = 0xffff;
const IN_DEVICE_CAPACITY_BYTES = 0x7fff * MIB;

const HANDLE = {
  bios: 0x0000,
  system: 0x0100,
  chassis: 0x0300,
  processor: 0x0400,
  array: 0x1000,
  device: 0x1100,
} as const;
const HANDLE_RANGES = 0x1300;
const HANDLE_BOOT = 0x2000;
const HANDLE_END = 0x7f00;

/**
 * Makes the entry point and, behind it, the structures.
 *
 * @param address on a paragraph within F0000h to FFFFFh, with room for about 600 bytes
 */
export function smbiosTables(machine: SmbiosMachine, address: number): PlacedBytes {
  const structures = [
    bios(machine),
    system(),
    chassis(),
    processor(machine),
    memoryArray(machine),
    memoryDevice(machine),
    ...machine.ramRanges.map((range, index) => mappedRange(range, index)),
    structure(32, HANDLE_BOOT, 11, () => {}), // no error detected
    structure(127, HANDLE_END, 4, () => {}),
  ];
  const table = structures.flatMap((bytes) => [...bytes]);
  const tableAt = address + Math.ceil(ENTRY_POINT_SIZE / 16) * 16;
  const out = new TableBytes(tableAt - address + table.length);
  out
    .ascii(0x00, '_SM_')
    .u8(0x05, ENTRY_POINT_SIZE)
    .u8(0x06, 2)
    .u8(0x07, 8)
    .u16(0x08, Math.max(...structures.map((bytes) => bytes.length)))
    .ascii(0x10, '_DMI_')
    .u16(0x16, table.length)
    .u32(0x18, tableAt)
    .u16(0x1c, structures.length)
    .u8(0x1e, 0x28);
  const intermediate = out.bytes.subarray(0x10, ENTRY_POINT_SIZE).reduce((sum, byte) => sum + byte, 0);
  out.u8(0x15, -intermediate & 0xff).checksum(0x04, ENTRY_POINT_SIZE);
  return { address, bytes: out.put(tableAt - address, table).bytes };
}

/** A formatted area with its header, and the strings that it names by number, from 1 on. */
function structure(
  type: number,
  handle: number,
  length: number,
  fill: (area: TableBytes) => void,
  strings: readonly string[] = [],
): Uint8Array {
  const area = new TableBytes(length);
  area.u8(0, type).u8(1, length).u16(2, handle);
  fill(area);
  const texts = strings.length === 0 ? '\0' : strings.map((text) => `${text}\0`).join('');
  return new TableBytes(length + texts.length + 1).put(0, area.bytes).ascii(length, texts).bytes;
}

function bios({ romSegment, romSizeBytes }: SmbiosMachine): Uint8Array {
  const strings = ['longmode', '1', '01/01/2026'];
  const fill = (area: TableBytes): void => {
    area
      .put(4, [1, 2])
      .u16(6, romSegment)
      .u8(8, 3)
      .u8(9, Math.max(0, Math.ceil(romSizeBytes / (64 * KIB)) - 1))
      .u32(10, BIOS_CHARACTERISTICS)
      .u8(18, 0x01) // ACPI
      .u8(19, 0x10) // a virtual machine
      .put(20, [1, 0, 0xff, 0xff]);
  };
  return structure(0, HANDLE.bios, 24, fill, strings);
}

function system(): Uint8Array {
  // No UUID, no serial number; turned on by the power switch.
  return structure(1, HANDLE.system, 27, (area) => area.put(4, [1, 2, 3, 0]).u8(24, 0x06), ['longmode', 'PC', '1']);
}

function chassis(): Uint8Array {
  const fill = (area: TableBytes): void => {
    area.put(4, [1, OTHER, 0, 0, 0]).put(9, [0x03, 0x03, 0x03, UNKNOWN]);
  };
  return structure(3, HANDLE.chassis, 21, fill, ['longmode']);
}

function processor(machine: SmbiosMachine): Uint8Array {
  const strings = ['CPU 0', machine.processorVendor, machine.processorName];
  const fill = (area: TableBytes): void => {
    area
      .put(4, [1, 0x03, OTHER, 2]) // a central processor of another family
      .u32(8, machine.processorSignature)
      .u32(12, machine.processorFeatures)
      .u8(16, 3)
      .u8(24, 0x41) // populated and enabled
      .u8(25, OTHER)
      .u16(26, NOT_PROVIDED)
      .u16(28, NOT_PROVIDED)
      .u16(30, NOT_PROVIDED)
      .put(35, [1, 1, 1])
      .u16(38, 0x0004) // 64-bit capable
      .u16(40, OTHER);
  };
  return structure(4, HANDLE.processor, 42, fill, strings);
}

function memoryArray({ ramSizeBytes }: SmbiosMachine): Uint8Array {
  const fill = (area: TableBytes): void => {
    area
      .put(4, [0x03, 0x03, 0x03]) // on the system board; system memory; no error correction
      .u32(7, ramSizeBytes / KIB)
      .u16(11, NO_ERROR_HANDLE)
      .u16(13, 1);
  };
  return structure(16, HANDLE.array, 23, fill);
}

function memoryDevice({ ramSizeBytes }: SmbiosMachine): Uint8Array {
  // In MiB, or with bit 15 in KiB.
  const isWhole = ramSizeBytes % MIB === 0;
  const size = isWhole
    ? Math.min(ramSizeBytes, IN_DEVICE_CAPACITY_BYTES) / MIB
    : 0x8000 | Math.min(ramSizeBytes / KIB, 0x7fff);
  const fill = (area: TableBytes): void => {
    area
      .u16(4, HANDLE.array)
      .u16(6, NO_ERROR_HANDLE)
      .u16(8, NOT_PROVIDED)
      .u16(10, NOT_PROVIDED)
      .u16(12, size)
      .u8(14, OTHER)
      .put(16, [1, 0, 0x07]) // locator; RAM
      .u16(19, 1 << 1);
  };
  return structure(17, HANDLE.device, 40, fill, ['RAM 0']);
}

function mappedRange(range: { readonly base: number; readonly length: number }, index: number): Uint8Array {
  const fill = (area: TableBytes): void => {
    area
      .u32(4, range.base / KIB)
      .u32(8, (range.base + range.length) / KIB - 1)
      .u16(12, HANDLE.array)
      .u8(14, 1);
  };
  return structure(19, HANDLE_RANGES + index, 31, fill);
}
