import { type Elf, findSection, sectionBytes } from '@longmode/elf';
import { BootError } from '../error.ts';

/** Where something is to be mapped: at an address, or null for wherever there is room. */
export type MappingAddress = bigint | null;

/** What a kernel for the bootloader crate 0.11 asks of its loader. */
export interface KernelConfig {
  /** Of the crate `bootloader_api`; the boot information has the layout of this version. */
  readonly version: {
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
    readonly isPreRelease: boolean;
  };
  /** Bytes, without the guard page. */
  readonly kernelStackSize: bigint;
  readonly kernelStack: MappingAddress;
  /** Of a position-independent kernel. */
  readonly kernelBase: MappingAddress;
  readonly bootInfo: MappingAddress;
  readonly framebuffer: MappingAddress;
  readonly ramdisk: MappingAddress;
  /** Undefined if physical memory is not to be mapped. */
  readonly physicalMemory: MappingAddress | undefined;
  /** Undefined if the level-4 table is not to map itself. */
  readonly pageTableRecursive: MappingAddress | undefined;
  /** Limits of the addresses that the loader chooses, null if there is none. */
  readonly dynamicRangeStart: bigint | null;
  readonly dynamicRangeEnd: bigint | null;
}

/** The section that a kernel for the bootloader crate 0.11 has. */
export const CONFIG_SECTION = '.bootloader-config';

const UUID: readonly number[] = [
  ...[0x74, 0x3c, 0xa9, 0x61, 0x09, 0x36, 0x46, 0xa0],
  ...[0xbb, 0x55, 0x5c, 0x15, 0x89, 0x15, 0x25, 0x3d],
];
/** Bytes of the configuration as versions came to have more of it. */
const SIZE_0_11_0 = 115;
const SIZE_WITH_RAMDISK = 124;
const SIZE_WITH_KERNEL_BASE = 133;

/**
 * Whether an ELF file is a kernel for the bootloader crate 0.11.
 *
 * @param elf the file
 * @returns true if it has that crate's configuration, or something in its place
 */
export function hasConfig(elf: Elf): boolean {
  return findSection(elf, CONFIG_SECTION) !== null;
}

/**
 * Reads the configuration that the macro `entry_point!` leaves in a kernel.
 *
 * @param elf the kernel
 * @returns what it asks for
 * @throws BootError `bad-header`, `unsupported`
 * @throws ElfError if the file lacks the section's bytes
 * @source bootloader_api 0.11.0 to 0.11.17, `BootloaderConfig::serialize`
 */
export function readConfig(elf: Elf): KernelConfig {
  const section = findSection(elf, CONFIG_SECTION);
  if (section === null) throw configError('bad-header', null, 'a section of that name', 'none');
  const bytes = sectionBytes(elf, section);
  const offset = Number(section.offset);
  const sizes = [SIZE_0_11_0, SIZE_WITH_RAMDISK, SIZE_WITH_KERNEL_BASE];
  if (!sizes.includes(bytes.length)) {
    throw configError('unsupported', offset, `${sizes.join(', ')} bytes`, `${bytes.length}`);
  }
  if (UUID.some((byte, index) => bytes[index] !== byte)) {
    throw configError('bad-header', offset, 'the identifier of bootloader_api 0.11', 'something else');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = UUID.length;
  const version = {
    major: view.getUint16(at, true),
    minor: view.getUint16(at + 2, true),
    patch: view.getUint16(at + 4, true),
    isPreRelease: view.getUint8(at + 6) !== 0,
  };
  if (version.major !== 0 || version.minor !== 11) {
    const found = `${version.major}.${version.minor}.${version.patch}`;
    throw configError('unsupported', offset + at, 'version 0.11 of bootloader_api', found);
  }
  at += 7;
  const flag = (): boolean => {
    const value = view.getUint8(at++);
    if (value <= 1) return value === 1;
    throw configError('bad-header', offset + at - 1, 'a flag of 0 or 1', String(value));
  };
  const number = (): bigint => {
    at += 8;
    return view.getBigUint64(at - 8, true);
  };
  const optional = (): bigint | null => {
    const isThere = flag();
    const value = number();
    return isThere ? value : null;
  };
  const optionalMapping = (): MappingAddress | undefined => {
    const isThere = flag();
    const mapping = optional();
    return isThere ? mapping : undefined;
  };
  const kernelStackSize = number();
  const kernelStack = optional();
  const kernelBase = bytes.length >= SIZE_WITH_KERNEL_BASE ? optional() : null;
  const bootInfo = optional();
  const framebuffer = optional();
  const physicalMemory = optionalMapping();
  const pageTableRecursive = optionalMapping();
  flag(); // Whether addresses are to be random, which they never are here.
  const dynamicRangeStart = optional();
  const dynamicRangeEnd = optional();
  const ramdisk = bytes.length >= SIZE_WITH_RAMDISK ? optional() : null;
  // The least resolution of the framebuffer follows, which loaders on a BIOS leave aside.
  return {
    ...{ version, kernelStackSize, kernelStack, kernelBase, bootInfo, framebuffer, ramdisk },
    ...{ physicalMemory, pageTableRecursive, dynamicRangeStart, dynamicRangeEnd },
  };
}

function configError(
  code: 'bad-header' | 'unsupported',
  offset: number | null,
  expected: string,
  found: string,
): BootError {
  return new BootError({
    code,
    offset,
    what: `the section ${CONFIG_SECTION}`,
    expected,
    found,
    cure: 'build the kernel with the macro entry_point! of the crate bootloader_api 0.11',
  });
}
