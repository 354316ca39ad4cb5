import { badOption } from './memory-map.ts';
import type { HandedOver, InformationBlock } from './multiboot-handover.ts';

/** The BIOS's drive that the kernel came from. */
export interface Multiboot2BootDevice {
  /** As the BIOS numbers it: 0x80 for the first hard disk. */
  readonly drive: number;
  /** From 0; none if left out. */
  readonly partition?: number | undefined;
  /** From 0; none if left out. */
  readonly subPartition?: number | undefined;
}

/** What the information tells the kernel. */
export interface Multiboot2Information extends HandedOver {
  readonly bootDevice: Multiboot2BootDevice | null;
  /** Whether to describe the 80 by 25 text screen. */
  readonly hasTextScreen: boolean;
  /** The ACPI root pointer of the machine, if it has one. */
  readonly rsdp: Uint8Array | null;
  /** Where an image that may be moved begins; null for others. */
  readonly loadBase: number | null;
}

const TAG_END = 0;
const TAG_COMMAND_LINE = 1;
const TAG_LOADER_NAME = 2;
const TAG_MODULE = 3;
const TAG_BASIC_MEMORY = 4;
const TAG_BOOT_DEVICE = 5;
const TAG_MEMORY_MAP = 6;
const TAG_FRAMEBUFFER = 8;
const TAG_ELF_SECTIONS = 9;
const TAG_ACPI_OLD = 14;
const TAG_ACPI_NEW = 15;
const TAG_LOAD_BASE = 21;

const MEMORY_MAP_ENTRY_SIZE = 24;
const FRAMEBUFFER_TYPE_TEXT = 2;
const NO_PARTITION = 0xffffffff;
const RSDP_OLD_SIZE = 20;
const RSDP_NEW_SIZE = 36;
const RSDP_REVISION = 15;

/**
 * Lays out the information: a size, and tags at multiples of 8.
 *
 * @param information what to tell
 * @returns the block; it is the same for any address
 * @throws BootError `bad-option` for a root pointer of no known size
 * @source Multiboot2 Specification 2.0, "Boot information"
 */
export function layOutMultiboot2Information(information: Multiboot2Information): InformationBlock {
  const { commandLine, loaderName, modules, memoryMap, sections, bootDevice, rsdp, loadBase } = information;
  const tags: Uint8Array[] = [];
  const add = (type: number, ...parts: (Uint8Array | number)[]): void => void tags.push(tagBytes(type, parts));
  // The order is GRUB's.
  if (loadBase !== null) add(TAG_LOAD_BASE, loadBase);
  add(TAG_COMMAND_LINE, textBytes(commandLine));
  add(TAG_LOADER_NAME, textBytes(loaderName));
  for (const module of modules) add(TAG_MODULE, module.start, module.end, textBytes(module.text));
  const entries = memoryMap.flatMap(({ base, length, type }) => [...wide(base), ...wide(length), type, 0]);
  add(TAG_MEMORY_MAP, MEMORY_MAP_ENTRY_SIZE, 0, ...entries);
  if (sections !== null) {
    // The specification's table has 16-bit fields here. Its multiboot2.h, GRUB and therefore kernels have words.
    add(TAG_ELF_SECTIONS, sections.count, sections.entrySize, sections.nameIndex, sections.headers);
  }
  add(TAG_BASIC_MEMORY, information.memoryLowerKib, information.memoryUpperKib);
  if (bootDevice !== null) {
    const { drive, partition = NO_PARTITION, subPartition = NO_PARTITION } = bootDevice;
    add(TAG_BOOT_DEVICE, drive, partition, subPartition);
  }
  if (information.hasTextScreen) {
    const bitsAndType = 16 | (FRAMEBUFFER_TYPE_TEXT << 8);
    add(TAG_FRAMEBUFFER, ...wide(0xb8000), 160, 80, 25, bitsAndType);
  }
  if (rsdp !== null) add(rootPointerType(rsdp), rsdp);
  add(TAG_END);

  const offsets: number[] = [];
  let size = 8;
  for (const tag of tags) {
    offsets.push(size);
    size += Math.ceil(tag.length / 8) * 8;
  }
  const bytes = new Uint8Array(size + information.extra.length);
  new DataView(bytes.buffer).setUint32(0, size, true);
  for (const [index, tag] of tags.entries()) bytes.set(tag, offsets[index]);
  bytes.set(information.extra, size);
  return { size: bytes.length, extraOffset: size, build: () => bytes };
}

/** A tag of words (32 bits) and bytes, with its type and size before them. */
function tagBytes(type: number, parts: readonly (Uint8Array | number)[]): Uint8Array {
  const size = parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 4 : part.length), 8);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, size, true);
  let at = 8;
  for (const part of parts) {
    if (typeof part === 'number') {
      view.setUint32(at, part, true);
      at += 4;
    } else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** A number of 64 bits as two words. */
function wide(value: number): [number, number] {
  return [value % 2 ** 32, Math.floor(value / 2 ** 32)];
}

function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** @source ACPI Specification "Root System Description Pointer (RSDP)" */
function rootPointerType(rsdp: Uint8Array): number {
  if (rsdp.length === RSDP_OLD_SIZE) return TAG_ACPI_OLD;
  if (rsdp.length >= RSDP_NEW_SIZE && (rsdp[RSDP_REVISION] ?? 0) >= 2) return TAG_ACPI_NEW;
  const expected = `${RSDP_OLD_SIZE} bytes, or at least ${RSDP_NEW_SIZE} with a revision of 2 or later`;
  throw badOption('rsdp', expected, `${rsdp.length} bytes`);
}
