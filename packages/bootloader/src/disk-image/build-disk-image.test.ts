import { buildElf, type ImageSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { BootError } from '../error.ts';
import { buildDiskImage } from './build-disk-image.ts';

const KERNEL_OFFSET = 17 * 512;

function kernel(spec: Partial<ImageSpec> = {}, size = 100): Uint8Array {
  const code = { type: 1, flags: 5, virtualAddress: 0x201000, data: new Uint8Array(size), alignment: 0x1000 };
  return buildElf({ entry: 0x201000, segments: [code], ...spec });
}

describe('a disk image', () => {
  const elf = kernel();
  const image = buildDiskImage(elf);
  const view = new DataView(image.buffer);

  it('has a boot sector, the second stage, and the kernel as it is', () => {
    expect(view.getUint16(510, true)).toBe(0xaa55);
    expect(String.fromCharCode(...image.subarray(516, 520))).toBe('lmd2');
    expect(image.subarray(KERNEL_OFFSET, KERNEL_OFFSET + elf.length)).toEqual(elf);
    expect(image.subarray(KERNEL_OFFSET + elf.length).every((byte) => byte === 0)).toBe(true);
  });

  it('says where the kernel is, and what it was built for', () => {
    const parameters = (options: Parameters<typeof buildDiskImage>[1]): (number | bigint)[] => {
      const { buffer } = buildDiskImage(elf, options);
      const words = new BigUint64Array(buffer, 520, 5);
      return [...words, ...new Uint32Array(buffer, 560, 2)];
    };
    const size = BigInt(elf.length);
    expect(parameters({})).toEqual([17n, size, 0n, 0n, 0n, 512, 0x01]);
    expect(parameters({ mapPhysicalMemory: false })).toEqual([17n, size, 0n, 0n, 0n, 512, 0]);
    const all = {
      ...{ mapPhysicalMemory: true, recursivePageTable: true, sse: true, vga320x200: true, kernelStackSizePages: 7 },
      ...{ kernelStackAddress: 0x7000_0000_1000n, physicalMemoryOffset: 0xffff_8000_0000_0000n },
      bootInfoAddress: 0xffff_f000_0000_0000n,
    };
    const addresses = [all.kernelStackAddress, all.physicalMemoryOffset, all.bootInfoAddress];
    expect(parameters(all)).toEqual([17n, size, ...addresses, 7, 0x7f]);
  });

  it('has whole cylinders, in one active partition', () => {
    const large = buildDiskImage(kernel({}, 1_000_000));
    expect([image.length, large.length]).toEqual([516_096, 2 * 516_096]);
    expect([...large.subarray(446, 458)]).toEqual([0x80, 0, 2, 0, 0xda, 15, 63, 1, 1, 0, 0, 0]);
    expect(new DataView(large.buffer).getUint32(458, true)).toBe(large.length / 512 - 1);
  });

  it('is the same every time', () => {
    expect(Buffer.compare(buildDiskImage(elf), image)).toBe(0);
  });
});

describe('no disk is made of', () => {
  const codeOf = (bytes: Uint8Array, options: Parameters<typeof buildDiskImage>[1] = {}): string => {
    try {
      buildDiskImage(bytes, options);
    } catch (error) {
      if (error instanceof BootError) return error.code;
      throw error;
    }
    return 'none';
  };
  const multiboot = new Uint8Array(Uint32Array.of(0x1badb002, 0, -0x1badb002).buffer);

  it.each([
    ['an empty file', new Uint8Array(), 'unknown-image'],
    ['another disk', buildDiskImage(kernel()), 'unknown-image'],
    ['a kernel without segments', kernel({ segments: [] }), 'no-segments'],
    ['a kernel for another processor', kernel({ machine: 183 }), 'wrong-machine'],
    ['a kernel whose entry point is nowhere', kernel({ entry: 0 }), 'bad-entry'],
    [
      'a Multiboot kernel',
      kernel({ segments: [{ type: 1, flags: 5, virtualAddress: 0x201000, data: multiboot, alignment: 0x1000 }] }),
      'unsupported',
    ],
  ])('%s', (_what, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('a kernel with addresses that cannot be', () => {
    expect(codeOf(kernel(), { bootInfoAddress: 0x1234n })).toBe('bad-option');
    expect(codeOf(kernel(), { kernelStackAddress: 0x200000n })).toBe('collision');
  });
});
