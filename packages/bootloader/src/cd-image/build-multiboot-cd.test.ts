import { buildElf, type ImageSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { BootError } from '../error.ts';
import { buildMultibootCd, type MultibootCdOptions } from './build-multiboot-cd.ts';
import { CD_SECTOR } from './iso9660.ts';

const HEADER = [...new Uint8Array(Uint32Array.of(0x1badb002, 0, -0x1badb002).buffer)];

function kernel(spec: Partial<ImageSpec> = {}, address = 0x100000): Uint8Array {
  const data = Uint8Array.from([...HEADER, 0xf4]);
  const code = { type: 1, flags: 5, virtualAddress: address, data, memorySize: 100_000 };
  return buildElf({ width: 32, machine: 3, entry: address + 12, segments: [code], ...spec });
}

/** The steps of the load list: address, size, and the bytes on the CD (null: zeros). */
function steps(image: Uint8Array<ArrayBuffer>): [number, number, Uint8Array | null][] {
  const view = new DataView(image.buffer);
  const boot = view.getUint32(view.getUint32(17 * CD_SECTOR + 71, true) * CD_SECTOR + 40, true) * CD_SECTOR;
  const list = view.getUint32(boot + 8, true) * CD_SECTOR;
  return Array.from({ length: view.getUint32(boot + 16, true) }, (_, index) => {
    const word = (field: number): number => view.getUint32(list + 16 * index + 4 * field, true);
    const start = word(2) * CD_SECTOR + word(3);
    return [word(0), word(1), word(2) === 0 ? null : image.slice(start, start + word(1))];
  });
}

describe('a CD with a Multiboot kernel', () => {
  it('says where the parts of kernel and modules go, and where on it they are', () => {
    const elf = kernel();
    const bytes = Uint8Array.of(5, 6, 7);
    const list = steps(buildMultibootCd(elf, { commandLine: 'kernel a=1', modules: [{ bytes, text: 'five' }] }));
    expect(list[0]?.[0]).toBe(0x10000);
    expect(new TextDecoder('latin1').decode(list[0]?.[2] ?? new Uint8Array())).toContain(
      'kernel a=1\0longmode\0five\0',
    );
    expect(list.slice(1)).toEqual([
      [0x100000, 13, Uint8Array.from([...HEADER, 0xf4])],
      [0x10000d, 100_000 - 13, null],
      [0x119000, 3, bytes],
    ]);
  });

  it('finds the parts of files that share a buffer', () => {
    const elf = kernel();
    const pool = new Uint8Array(elf.length + 3);
    pool.set(elf);
    pool.set([5, 6, 7], elf.length);
    const modules = [{ bytes: pool.subarray(elf.length) }];
    expect(steps(buildMultibootCd(pool.subarray(0, elf.length), { modules }))).toEqual(
      steps(buildMultibootCd(elf, { modules: [{ bytes: Uint8Array.of(5, 6, 7) }] })),
    );
  });

  it('is the same every time', () => {
    expect(Buffer.compare(buildMultibootCd(kernel()), buildMultibootCd(kernel()))).toBe(0);
  });

  it('wants no more memory than the kernel does', () => {
    const data = Uint8Array.from(HEADER);
    const code = { type: 1, flags: 5, virtualAddress: 0x100000, data, memorySize: 200 * 2 ** 20 };
    expect(steps(buildMultibootCd(kernel({ segments: [code], entry: 0x100000 }))).at(-1)?.[1]).toBe(200 * 2 ** 20 - 12);
  });
});

describe('no CD is made of', () => {
  const codeOf = (bytes: Uint8Array, options: MultibootCdOptions = {}): string => {
    try {
      buildMultibootCd(bytes, options);
    } catch (error) {
      if (error instanceof BootError) return error.code;
      throw error;
    }
    return 'none';
  };
  const bare = buildElf({
    entry: 0x201000,
    segments: [{ type: 1, flags: 5, virtualAddress: 0x201000, data: new Uint8Array(9), alignment: 0x1000 }],
  });

  it.each([
    ['an empty file', new Uint8Array(), 'unknown-image'],
    ['a CD', buildMultibootCd(kernel()), 'unknown-image'],
    ['a kernel of the bootloader crate', bare, 'unsupported'],
    ['a kernel whose entry point is nowhere', kernel({ entry: 0 }), 'bad-entry'],
    ['a kernel in the memory of the boot image', kernel({}, 0x8000), 'reserved-memory'],
    ['a kernel beyond all memory', kernel({}, 0xf000_0000), 'outside-memory'],
  ])('%s', (_what, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('more modules than the boot image can place', () => {
    const modules = Array.from({ length: 1100 }, () => ({ bytes: Uint8Array.of(1) }));
    expect(codeOf(kernel(), { modules: modules.slice(0, 1000) })).toBe('none');
    expect(codeOf(kernel(), { modules })).toBe('no-room');
  });
});
