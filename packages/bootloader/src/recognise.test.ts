import { buildElf } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { recognise } from './recognise.ts';

function bytesOf(size: number, parts: Readonly<Record<number, readonly number[] | string>>): Uint8Array {
  const bytes = new Uint8Array(size).fill(0x90);
  for (const [offset, part] of Object.entries(parts)) {
    bytes.set(typeof part === 'string' ? new TextEncoder().encode(part) : part, Number(offset));
  }
  return bytes;
}

function words(...values: readonly number[]): number[] {
  return [...new Uint8Array(Uint32Array.from(values.map((value) => value >>> 0)).buffer)];
}

const MULTIBOOT1 = words(0x1badb002, 3, -(0x1badb002 + 3));
const MULTIBOOT1_FLAT = words(0x1badb002, 0x10003, -(0x1badb002 + 0x10003), 1, 1, 0, 0, 1);
const MULTIBOOT2 = words(0xe85250d6, 0, 16, -(0xe85250d6 + 16));
const code = (data: readonly number[]): { type: number; flags: number; data: readonly number[] } => {
  return { type: 1, flags: 5, data };
};

const both = { ...code([...MULTIBOOT2, ...MULTIBOOT1]), virtualAddress: 0x100000, alignment: 8 };
const damaged = { ...both, data: [...MULTIBOOT2, ...words(0x1badb002, 3, 0)] };

describe('an image is recognised', () => {
  it.each([
    ['ELF32 with a Multiboot 1 header', buildElf({ width: 32, segments: [code(MULTIBOOT1)] }), 'multiboot1'],
    ['ELF64 with a Multiboot 1 header', buildElf({ segments: [code(MULTIBOOT1)] }), 'multiboot1'],
    ['ELF64 without one', buildElf({ segments: [code([0xf4])] }), 'direct64'],
    ['ELF64, position-independent', buildElf({ type: 3, segments: [code([0xf4])] }), 'direct64'],
    [
      'ELF64 with 55 aa at 510',
      bytesOf(1024, { 0: [...buildElf({ segments: [code([0xf4])] })], 510: [0x55, 0xaa] }),
      'direct64',
    ],
    ['a flat file with address fields', bytesOf(100, { 4: MULTIBOOT1_FLAT }), 'multiboot1'],
    ['a boot sector', bytesOf(512, { 510: [0x55, 0xaa] }), 'disk'],
    [
      'a disk with a Multiboot header, like GRUB’s',
      bytesOf(2048, { 510: [0x55, 0xaa], 1024: MULTIBOOT1_FLAT }),
      'disk',
    ],
    ['a hybrid CD', bytesOf(0x9000, { 510: [0x55, 0xaa], 32769: 'CD001' }), 'disk'],
    ['a CD', bytesOf(0x9000, { 32769: 'CD001' }), 'cdrom'],
    ['a Linux kernel', bytesOf(1024, { 0: 'MZ', 510: [0x55, 0xaa], 514: 'HdrS' }), 'linux'],
    [
      'ELF64 with a Multiboot 2 header',
      buildElf({ segments: [{ ...code(MULTIBOOT2), virtualAddress: 0x100000, alignment: 8 }] }),
      'multiboot2',
    ],
    [
      'ELF32 with a Multiboot 2 header far into the file',
      buildElf({ width: 32, segments: [code([...new Uint8Array(0x4000 - 0x54), ...MULTIBOOT2])] }),
      'multiboot2',
    ],
    ['ELF32 with both headers', buildElf({ width: 32, segments: [both] }), 'multiboot1'],
    ['ELF64 with a Multiboot 2 header and a damaged one', buildElf({ segments: [damaged] }), 'multiboot2'],
    ['a flat file with both headers', bytesOf(100, { 0: MULTIBOOT1_FLAT, 32: MULTIBOOT2 }), 'multiboot1'],
    [
      'a flat file with both, the first without addresses',
      bytesOf(100, { 0: MULTIBOOT1, 16: MULTIBOOT2 }),
      'multiboot2',
    ],
    ['a flat file with a Multiboot 2 header', bytesOf(100, { 8: MULTIBOOT2 }), 'multiboot2'],
    ['a flat file with a Multiboot 1 header without addresses', bytesOf(100, { 8: MULTIBOOT1 }), 'unknown'],
  ])('as %s', (_what, bytes, kind) => {
    const answer = recognise(bytes);
    expect(answer.kind).toBe(kind);
    expect(answer.obstacle === null).toBe(['multiboot1', 'multiboot2', 'direct64', 'disk'].includes(kind));
  });

  it.each([
    ['an empty file', new Uint8Array(), /empty/],
    ['a gzip file', bytesOf(600, { 0: [0x1f, 0x8b] }), /gzip.*unpack/],
    ['a zip file', bytesOf(600, { 0: 'PK\u0003\u0004' }), /zip.*unpack/],
    ['a tar archive', bytesOf(600, { 257: 'ustar' }), /tar.*unpack/],
    ['a UEFI program', bytesOf(1024, { 0: 'MZ', 510: [0x55, 0xaa] }), /PE.*UEFI/],
    ['a Mach-O program', bytesOf(600, { 0: [0xcf, 0xfa, 0xed, 0xfe] }), /Mach-O.*ELF/],
    ['a QCOW image', bytesOf(600, { 0: 'QFI\u00fb'.slice(0, 3), 3: [0xfb] }), /QCOW.*qemu-img/],
    ['a static library', bytesOf(600, { 0: '!<arch>\n' }), /static library.*link/],
    ['a text file', new TextEncoder().encode('fn main() {}\n'), /text/],
    ['zeros', new Uint8Array(2048), /zero bytes/],
    ['a short file', new Uint8Array(100).fill(0x90), /100 bytes.*512/],
    ['anything else', new Uint8Array(4096).fill(0x90), /no known kind.*55 aa/],
    ['a damaged ELF image', buildElf({ segments: [code([1])] }).subarray(0, 80), /damaged.*program header table/],
    ['an ELF image for ARM', buildElf({ width: 32, machine: 40 }), /ELF32.*ARM.*x86_64/],
    ['an ELF image for AArch64', buildElf({ machine: 183 }), /AArch64/],
    ['a big-endian ELF image', buildElf({ machine: 62, isLittleEndian: false }), /big-endian/],
    ['an object file', buildElf({ type: 1 }), /object file.*link/],
    [
      'a program of an operating system',
      buildElf({ type: 3, segments: [{ type: 3, data: [0x2f, 0] }] }),
      /dynamically.*freestanding/,
    ],
    [
      'ELF32 without a Multiboot header',
      buildElf({ width: 32, segments: [code([0xf4])] }),
      /Multiboot header.*linker script/,
    ],
  ])('as %s, with a reason why it does not boot', (_what, bytes, words) => {
    const { kind, description, obstacle } = recognise(bytes);
    expect(kind).toBe('unknown');
    expect(`${description}: ${obstacle}`).toMatch(words);
    expect(`${description}${obstacle}`).not.toContain('\n');
  });
});
