import type { HandedOver, InformationBlock } from './multiboot-handover.ts';

/** Information flag: `mem_lower` and `mem_upper`. */
const MULTIBOOT1_INFO_MEMORY = 0x1;
/** Information flag: the boot device. */
const MULTIBOOT1_INFO_BOOT_DEVICE = 0x2;
/** Information flag: the command line. */
const MULTIBOOT1_INFO_COMMAND_LINE = 0x4;
/** Information flag: the modules. */
const MULTIBOOT1_INFO_MODULES = 0x8;
/** Information flag: the section headers of an ELF kernel. */
const MULTIBOOT1_INFO_ELF_SECTIONS = 0x20;
/** Information flag: the memory map. */
const MULTIBOOT1_INFO_MEMORY_MAP = 0x40;
/** Information flag: the name of the boot loader. */
const MULTIBOOT1_INFO_LOADER_NAME = 0x200;
/** Information flag: the frame buffer. */
const MULTIBOOT1_INFO_FRAMEBUFFER = 0x1000;

/** Size in bytes of the information structure with its frame buffer fields. */
const MULTIBOOT1_INFO_SIZE = 116;
const MODULE_SIZE = 16;
const MEMORY_MAP_ENTRY_SIZE = 24;
const FRAMEBUFFER_TYPE_TEXT = 2;

/** What the information structure tells the kernel. */
export interface Multiboot1Information extends HandedOver {
  /** As the BIOS numbers it, in the highest byte; null if the machine was not booted from one. */
  readonly bootDevice: number | null;
  /** Whether to describe the 80 by 25 text screen. */
  readonly hasTextScreen: boolean;
}

/**
 * Lays out the information structure with all that it points to in one block of memory.
 *
 * @param information what to tell
 * @returns the block, which can be built once its address is known
 * @source Multiboot Specification 0.6.96, "Boot information format"
 */
export function layOutMultiboot1Information(information: Multiboot1Information): InformationBlock {
  let size = 0;
  const place = (bytes: number, alignment = 8): number => {
    const offset = Math.ceil(size / alignment) * alignment;
    size = offset + bytes;
    return offset;
  };
  place(MULTIBOOT1_INFO_SIZE);
  const extraOffset = place(information.extra.length);
  const mapOffset = place(information.memoryMap.length * MEMORY_MAP_ENTRY_SIZE);
  const modulesOffset = place(information.modules.length * MODULE_SIZE);
  const sectionsOffset = place(information.sections?.headers.length ?? 0);
  const encoder = new TextEncoder();
  const strings: { offset: number; bytes: Uint8Array }[] = [];
  const placeString = (text: string): number => {
    const bytes = encoder.encode(`${text}\0`);
    const offset = place(bytes.length, 1);
    strings.push({ offset, bytes });
    return offset;
  };
  const commandLineOffset = placeString(information.commandLine);
  const loaderNameOffset = placeString(information.loaderName);
  const moduleTextOffsets = information.modules.map((module) => placeString(module.text));

  const build = (address: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    const word = (offset: number, value: number): void => view.setUint32(offset, value, true);
    let flags =
      MULTIBOOT1_INFO_MEMORY |
      MULTIBOOT1_INFO_COMMAND_LINE |
      MULTIBOOT1_INFO_MODULES |
      MULTIBOOT1_INFO_MEMORY_MAP |
      MULTIBOOT1_INFO_LOADER_NAME;
    word(4, information.memoryLowerKib);
    word(8, information.memoryUpperKib);
    if (information.bootDevice !== null) {
      flags |= MULTIBOOT1_INFO_BOOT_DEVICE;
      word(12, information.bootDevice);
    }
    word(16, address + commandLineOffset);
    word(20, information.modules.length);
    word(24, address + modulesOffset);
    if (information.sections !== null) {
      flags |= MULTIBOOT1_INFO_ELF_SECTIONS;
      word(28, information.sections.count);
      word(32, information.sections.entrySize);
      word(36, address + sectionsOffset);
      word(40, information.sections.nameIndex);
      bytes.set(information.sections.headers, sectionsOffset);
    }
    word(44, information.memoryMap.length * MEMORY_MAP_ENTRY_SIZE);
    word(48, address + mapOffset);
    word(64, address + loaderNameOffset);
    if (information.hasTextScreen) {
      flags |= MULTIBOOT1_INFO_FRAMEBUFFER;
      view.setBigUint64(88, 0xb8000n, true);
      word(96, 160); // bytes per row
      word(100, 80);
      word(104, 25);
      view.setUint8(108, 16); // bits per cell
      view.setUint8(109, FRAMEBUFFER_TYPE_TEXT);
    }
    word(0, flags);
    bytes.set(information.extra, extraOffset);
    information.memoryMap.forEach((region, index) => {
      const offset = mapOffset + index * MEMORY_MAP_ENTRY_SIZE;
      // The size field does not count itself.
      word(offset, MEMORY_MAP_ENTRY_SIZE - 4);
      view.setBigUint64(offset + 4, BigInt(region.base), true);
      view.setBigUint64(offset + 12, BigInt(region.length), true);
      word(offset + 20, region.type);
    });
    information.modules.forEach((module, index) => {
      const offset = modulesOffset + index * MODULE_SIZE;
      word(offset, module.start);
      word(offset + 4, module.end);
      word(offset + 8, address + (moduleTextOffsets[index] ?? 0));
    });
    for (const { offset, bytes: text } of strings) bytes.set(text, offset);
    return bytes;
  };
  return { size, extraOffset, build };
}
