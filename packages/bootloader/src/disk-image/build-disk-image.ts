import { parseElf } from '@longmode/elf';
import { type Direct64Options, planDirect64 } from '../direct64.ts';
import { featuresOf } from '../direct64-features.ts';
import { BootError } from '../error.ts';
import { alignUp } from '../free-space.ts';
import { fromHex } from '../hex-text.ts';
import { recognise } from '../recognise.ts';
import { BOOT_SECTOR_HEX, SECOND_STAGE_HEX } from './boot-code.ts';

/** What the kernel on a disk was built for; the same as for booting it directly, less the machine's memory. */
export type DiskImageOptions = Omit<Direct64Options, 'ramSizeBytes' | 'memoryMap'>;

const SECTOR = 512;
const SECOND_STAGE_BLOCK = 1;
const SECOND_STAGE_SECTORS = 16;
const KERNEL_BLOCK: number = SECOND_STAGE_BLOCK + SECOND_STAGE_SECTORS;
const PARAMETERS_OFFSET = 8;
const KERNEL_STACK_PAGES = 512;
/** Machines agree on this geometry for small disks, and some want whole cylinders. */
const HEADS = 16;
const SECTORS_PER_TRACK = 63;
const CYLINDER: number = HEADS * SECTORS_PER_TRACK * SECTOR;
const PARTITION_TABLE = 0x1be;
const PARTITION_ACTIVE = 0x80;
/** Partition of data that no file system is in. */
const PARTITION_TYPE_DATA = 0xda;
/** The kernel is checked as for the largest machine; whether a real one has the memory is found there. */
const LARGEST_RAM_BYTES = 0xe000_0000;

const FLAG = {
  mapPhysicalMemory: 0x01,
  recursivePageTable: 0x02,
  sse: 0x04,
  vga320x200: 0x08,
  hasStackAddress: 0x10,
  hasPhysicalOffset: 0x20,
  hasBootInfoAddress: 0x40,
} as const;

/**
 * Builds a disk from which a PC's BIOS boots a kernel. The disk has a boot sector, a second stage, and the kernel's file
 * as it is. At run time the second stage opens the A20 gate, asks the BIOS for the memory map, reads the file, enters
 * long mode, checks the file again, maps its segments to their virtual addresses with their permissions, sets up a stack
 * with a guard page, and enters the kernel as {@link planDirect64} and the bootloader crate 0.9 do: RDI points to the
 * boot information of that crate. If it cannot, it says why on the screen and on COM1.
 *
 * @param kernel an ELF64 file for x86-64, static or static position-independent
 * @param options features and addresses that the kernel was built for
 * @returns the image, whole cylinders of 16 heads and 63 sectors; the same inputs give the same bytes
 * @throws BootError, ElfError for a kernel that would not boot
 * @source bootloader 0.9; EDD-3 "Fixed Disk Access Subset"; ACPI "System Address Map Interfaces"
 */
export function buildDiskImage(kernel: Uint8Array, options: DiskImageOptions = {}): Uint8Array {
  checkKind(kernel);
  planDirect64(kernel, { ...options, ramSizeBytes: LARGEST_RAM_BYTES });
  const image = new Uint8Array(alignUp(KERNEL_BLOCK * SECTOR + kernel.length, CYLINDER));
  image.set(fromHex(BOOT_SECTOR_HEX, SECTOR));
  image.set(fromHex(SECOND_STAGE_HEX, SECOND_STAGE_SECTORS * SECTOR), SECOND_STAGE_BLOCK * SECTOR);
  image.set(kernel, KERNEL_BLOCK * SECTOR);
  writePartition(image);
  writeParameters(image, kernel, options);
  return image;
}

/** What to do with a kernel for the bootloader crate 0.11. */
export const BOOTLOADER_API_CURE = "make its disk with that crate's BiosBoot, or boot it directly";

/** An ELF file may still be damaged; everything else is no kernel for this loader. */
function checkKind(kernel: Uint8Array): void {
  const { kind, description, obstacle } = recognise(kernel);
  const isMultiboot = kind === 'multiboot1' || kind === 'multiboot2';
  const isForAnother = isMultiboot || kind === 'bootloader-api';
  if (!isForAnother && kernel[0] === 0x7f) return;
  const cd = 'put it on a CD (longmode build --format multiboot-iso), or boot it directly';
  throw new BootError({
    code: isForAnother ? 'unsupported' : 'unknown-image',
    offset: null,
    what: 'the kernel',
    expected: 'an ELF64 file for the bootloader crate 0.9',
    found: description,
    cure: isMultiboot ? cd : isForAnother ? BOOTLOADER_API_CURE : (obstacle ?? 'boot it as it is'),
  });
}

/** One active partition behind the boot sector: some BIOSes boot from no disk without one. */
function writePartition(image: Uint8Array): void {
  const view = new DataView(image.buffer, PARTITION_TABLE, 16);
  const sectors = image.length / SECTOR;
  view.setUint8(0, PARTITION_ACTIVE);
  writeCylinderAddress(view, 1, SECOND_STAGE_BLOCK);
  view.setUint8(4, PARTITION_TYPE_DATA);
  writeCylinderAddress(view, 5, sectors - 1);
  view.setUint32(8, SECOND_STAGE_BLOCK, true);
  view.setUint32(12, sectors - SECOND_STAGE_BLOCK, true);
}

/** Head, then sector with the cylinder's bits 8 and 9, then the cylinder; the highest of all if it is beyond that. */
function writeCylinderAddress(view: DataView, offset: number, block: number): void {
  const track = Math.floor(block / SECTORS_PER_TRACK);
  const isReachable = track < 1024 * HEADS;
  const head = isReachable ? track % HEADS : 254;
  const cylinder = isReachable ? Math.floor(track / HEADS) : 1023;
  const sector = isReachable ? (block % SECTORS_PER_TRACK) + 1 : SECTORS_PER_TRACK;
  view.setUint8(offset, head);
  view.setUint8(offset + 1, sector | ((cylinder >> 8) << 6));
  view.setUint8(offset + 2, cylinder & 0xff);
}

function writeParameters(image: Uint8Array, kernel: Uint8Array, options: DiskImageOptions): void {
  const view = new DataView(image.buffer, SECOND_STAGE_BLOCK * SECTOR + PARAMETERS_OFFSET);
  const { kernelStackAddress, physicalMemoryOffset, bootInfoAddress } = options;
  const { mapPhysicalMemory, recursivePageTable } = featuresOf(parseElf(kernel), options);
  const flags: Readonly<Record<keyof typeof FLAG, boolean>> = {
    mapPhysicalMemory,
    recursivePageTable,
    sse: options.sse === true,
    vga320x200: options.vga320x200 === true,
    hasStackAddress: kernelStackAddress !== undefined,
    hasPhysicalOffset: physicalMemoryOffset !== undefined,
    hasBootInfoAddress: bootInfoAddress !== undefined,
  };
  const words = [
    BigInt(KERNEL_BLOCK),
    BigInt(kernel.length),
    kernelStackAddress ?? 0n,
    physicalMemoryOffset ?? 0n,
    bootInfoAddress ?? 0n,
  ];
  for (const [index, word] of words.entries()) view.setBigUint64(8 * index, word, true);
  view.setUint32(8 * words.length, options.kernelStackSizePages ?? KERNEL_STACK_PAGES, true);
  const names = Object.keys(FLAG) as (keyof typeof FLAG)[];
  const bits = names.reduce((sum, name) => sum | (flags[name] ? FLAG[name] : 0), 0);
  view.setUint32(8 * words.length + 4, bits, true);
}
