import {
  type Elf,
  ElfError,
  EM_386,
  EM_X86_64,
  ET_DYN,
  ET_EXEC,
  machineName,
  PT_INTERP,
  parseElf,
} from '@longmode/elf';
import { hasConfig } from './bootloader-api/config.ts';
import { findMultiboot1Header } from './multiboot1-header.ts';
import { findMultiboot2Header } from './multiboot2-header.ts';

/**
 * What an image is:
 *
 * - `multiboot1`: a kernel with a Multiboot 1 header, for `planMultiboot1`; it may have a Multiboot 2 header, too
 * - `multiboot2`: a kernel with a Multiboot 2 header only, for `planMultiboot2`
 * - `direct64`: an x86-64 ELF executable without a boot protocol header, for `planDirect64`
 * - `bootloader-api`: an x86-64 ELF executable with the configuration of the bootloader crate 0.11, for
 *   `planBootloaderApi`
 * - `disk`: begins with a boot sector, for a machine with a BIOS
 * - `cdrom`: an ISO 9660 image without a boot sector for disks
 * - `linux`: a kernel of a boot protocol that this package does not have
 * - `unknown`: none of them
 */
export type ImageKind =
  | 'multiboot1'
  | 'direct64'
  | 'bootloader-api'
  | 'disk'
  | 'cdrom'
  | 'multiboot2'
  | 'linux'
  | 'unknown';

/** The answer to what an image is. */
export interface Recognition {
  readonly kind: ImageKind;
  /** What it is, as a phrase of one line: "an ELF64 image for x86-64 with a Multiboot 1 header". */
  readonly description: string;
  /** Why nothing here loads it and what to do about it, as a phrase of one line; null for kinds that can be loaded. */
  readonly obstacle: string | null;
}

/**
 * Says what an image is, by its contents only.
 *
 * @param bytes the file, or at least its first 64 KiB (then the description may be less exact)
 * @returns kind, description and obstacle; never throws
 */
export function recognise(bytes: Uint8Array): Recognition {
  if (bytes.length === 0) return unknown('an empty file', 'check the path, and whether the build wrote it');
  if (startsWith(bytes, [0x7f, 0x45, 0x4c, 0x46])) return recogniseElf(bytes);
  const isBootable = bytes.length >= 512 && bytes[510] === 0x55 && bytes[511] === 0xaa;
  if (isBootable && hasText(bytes, 0x202, 'HdrS')) {
    const obstacle = 'the Linux boot protocol is not supported yet; boot it from a disk image with a boot loader';
    return { kind: 'linux', description: 'a Linux kernel (bzImage)', obstacle };
  }
  if (isBootable && !startsWith(bytes, [0x4d, 0x5a])) return disk(bytes);
  if (findMultiboot1Header(bytes)?.addresses) {
    const description = 'a flat image with a Multiboot 1 header and address fields';
    return { kind: 'multiboot1', description, obstacle: null };
  }
  if (findMultiboot2Header(bytes) !== null) return multiboot2('a flat image');
  if (hasText(bytes, 0x8001, 'CD001')) {
    const obstacle = 'it has no boot sector for disks; attach it as a CD, or make a hybrid image';
    return { kind: 'cdrom', description: 'an ISO 9660 CD image', obstacle };
  }
  for (const { magic, offset = 0, description, cure } of FOREIGN) {
    if (startsWith(bytes.subarray(offset), magic)) return unknown(description, cure);
  }
  if (bytes.every((byte) => byte === 0)) return unknown(`${bytes.length} zero bytes`, 'the image was not written');
  if (isText(bytes)) return unknown('a text file', 'give the kernel or disk image, not its source');
  const signature = 'no ELF magic, no Multiboot header, and no 55 aa at offset 510';
  if (bytes.length < 512) {
    return unknown(`a file of ${bytes.length} bytes`, `a boot sector has 512, with 55 aa at the end (${signature})`);
  }
  return unknown('a file of no known kind', `it has ${signature}; a disk image needs a boot sector`);
}

function recogniseElf(bytes: Uint8Array): Recognition {
  let elf: Elf;
  try {
    elf = parseElf(bytes);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return unknown('a damaged ELF image', error.message);
  }
  const { type, machine } = elf.header;
  const { width, isLittleEndian } = elf.identification;
  const isX86 = isLittleEndian && (machine === EM_X86_64 || (machine === EM_386 && width === 32));
  const what = `an ELF${width} image for ${machineName(machine)}${isLittleEndian ? '' : ' (big-endian)'}`;
  if (!isX86) return unknown(what, 'this machine is an x86-64 PC; build the kernel for x86_64 or i386');
  if (type !== ET_EXEC && type !== ET_DYN) {
    const kind = type === 1 ? 'an object file' : type === 4 ? 'a core dump' : `of type ${type}`;
    return unknown(`${what}, ${kind}`, 'link it into an executable');
  }
  if (findMultiboot1Header(bytes) !== null) {
    return { kind: 'multiboot1', description: `${what} with a Multiboot 1 header`, obstacle: null };
  }
  if (findMultiboot2Header(bytes) !== null) return multiboot2(what);
  if (elf.segments.some((segment) => segment.type === PT_INTERP)) {
    return unknown(
      `${what}, dynamically linked`,
      'it is a program of an operating system; build a freestanding kernel',
    );
  }
  if (width === 64 && isForBootloaderApi(elf)) {
    return { kind: 'bootloader-api', description: `${what} for the bootloader crate 0.11`, obstacle: null };
  }
  if (width === 64) {
    return { kind: 'direct64', description: `${what} without a boot protocol header`, obstacle: null };
  }
  return unknown(
    `${what} without a Multiboot header in its first 8 KiB (version 1) or 32 KiB (2)`,
    'a 32-bit kernel needs one: place its section first in the linker script',
  );
}

function isForBootloaderApi(elf: Elf): boolean {
  try {
    return hasConfig(elf);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return false; // The section table is damaged, or not among the first bytes.
  }
}

function disk(bytes: Uint8Array): Recognition {
  const isCd = hasText(bytes, 0x8001, 'CD001');
  const hasPartitions = [446, 462, 478, 494].some((at) => bytes[at + 4] !== 0 && ((bytes[at] ?? 0) & 0x7f) === 0);
  const what = isCd ? 'a hybrid CD image with a boot sector' : 'a disk image with a boot sector';
  const description = hasPartitions && !isCd ? `${what}, perhaps partitioned` : what;
  return { kind: 'disk', description, obstacle: null };
}

function multiboot2(what: string): Recognition {
  return { kind: 'multiboot2', description: `${what} with a Multiboot 2 header`, obstacle: null };
}

interface ForeignFormat {
  readonly magic: readonly number[];
  readonly offset?: number;
  readonly description: string;
  readonly cure: string;
}

const UNPACK = 'unpack it first';
const CONVERT = 'convert it to a raw image first (qemu-img convert -O raw)';
const ELF_INSTEAD = 'build the kernel as ELF, for a target without an operating system';

const FOREIGN: readonly ForeignFormat[] = [
  { magic: [0x1f, 0x8b], description: 'a gzip file', cure: UNPACK },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], description: 'an xz file', cure: UNPACK },
  { magic: [0x42, 0x5a, 0x68], description: 'a bzip2 file', cure: UNPACK },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], description: 'a Zstandard file', cure: UNPACK },
  { magic: [0x04, 0x22, 0x4d, 0x18], description: 'an LZ4 file', cure: UNPACK },
  { magic: [0x50, 0x4b, 0x03, 0x04], description: 'a zip file', cure: UNPACK },
  { magic: [0x75, 0x73, 0x74, 0x61, 0x72], offset: 257, description: 'a tar archive', cure: UNPACK },
  { magic: [0x51, 0x46, 0x49, 0xfb], description: 'a QCOW disk image', cure: CONVERT },
  { magic: [0x4b, 0x44, 0x4d, 0x56], description: 'a VMDK disk image', cure: CONVERT },
  { magic: [0x7f, 0x10, 0xda, 0xbe], offset: 64, description: 'a VirtualBox disk image', cure: CONVERT },
  { magic: [0x76, 0x68, 0x64, 0x78], description: 'a VHDX disk image', cure: CONVERT },
  {
    magic: [0x4d, 0x5a],
    description: 'a PE image (Windows or UEFI program)',
    cure: `UEFI is not emulated; ${ELF_INSTEAD}`,
  },
  { magic: [0xcf, 0xfa, 0xed, 0xfe], description: 'a Mach-O image (macOS program)', cure: ELF_INSTEAD },
  { magic: [0xce, 0xfa, 0xed, 0xfe], description: 'a Mach-O image (macOS program)', cure: ELF_INSTEAD },
  { magic: [0xca, 0xfe, 0xba, 0xbe], description: 'a universal Mach-O image or a Java class', cure: ELF_INSTEAD },
  {
    magic: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e],
    description: 'a static library',
    cure: 'link it into an executable',
  },
  { magic: [0x42, 0x43, 0xc0, 0xde], description: 'LLVM bitcode', cure: 'compile and link it first' },
  { magic: [0x00, 0x61, 0x73, 0x6d], description: 'a WebAssembly module', cure: ELF_INSTEAD },
];

function unknown(description: string, obstacle: string): Recognition {
  return { kind: 'unknown', description, obstacle };
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  return startsWith(
    bytes.subarray(offset),
    Array.from(text, (character) => character.charCodeAt(0)),
  );
}

/** Printable, and mostly ASCII: letters beyond it come a few at a time. */
function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, 4096);
  const isPrintable = start.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
  return isPrintable && start.filter((byte) => byte >= 0x7f).length <= start.length / 4;
}
