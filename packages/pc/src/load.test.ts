import { readFileSync } from 'node:fs';
import { BootError } from '@longmode/bootloader';
import { ElfError } from '@longmode/elf';
import { buildElf } from '@longmode/elf/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describePlace } from './code-places.ts';
import { type ImageSource, sourceOfBytes } from './disk.ts';
import { KERNEL_SIZE_MAX_BYTES, type LoadOptions, loadImage, planImage, restartImage } from './load.ts';

const MIB = 2 ** 20;

function readImage(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../../kernels/images/${name}`, import.meta.url)));
}

function sectors(count: number, fields: Readonly<Record<number, readonly number[]>> = {}): Uint8Array {
  const bytes = new Uint8Array(count * 512);
  for (const [offset, values] of Object.entries(fields)) bytes.set(values, Number(offset));
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

/** A file system's description of a floppy of 1.44 MB. */
const FLOPPY_FIELDS = { 19: [0x40, 0x0b], 21: [0xf0] };

describe('an image gets to run', () => {
  it.each([
    ['a bare ELF64 kernel', readImage('hello.elf'), {}, 'direct64', null],
    ['a Multiboot 1 kernel', readImage('hello-mb1-elf32.elf'), {}, 'multiboot1', null],
    ['a flat Multiboot 1 kernel', readImage('hello-mb1-address.bin'), {}, 'multiboot1', null],
    ['a disk', readImage('hello-bios.img'), {}, 'firmware', 'hard-disk'],
    ['a boot sector', readImage('hello-bootsector.img'), {}, 'firmware', 'hard-disk'],
    [
      'a boot sector that is called a floppy',
      readImage('hello-bootsector.img'),
      { as: 'floppy' },
      'firmware',
      'floppy',
    ],
    ['a disk of a floppy’s size', sectors(2880), {}, 'firmware', 'hard-disk'],
    ['a floppy with a file system', sectors(2880, FLOPPY_FIELDS), {}, 'firmware', 'floppy'],
    ['such a floppy that is called a disk', sectors(2880, FLOPPY_FIELDS), { as: 'hard-disk' }, 'firmware', 'hard-disk'],
    [
      'a CD',
      new Uint8Array(0x9000).fill(1).map((_, at) => 'CD001'.charCodeAt(at - 0x8001) || 1),
      {},
      'firmware',
      'cd-rom',
    ],
  ] as const)('%s', (_what, bytes, options, method, bootDrive) => {
    const plan = planImage(bytes, options);
    expect([plan.method, plan.bootDrive]).toEqual([method, bootDrive]);
  });

  it('with the drives that come along after its own', () => {
    const other = sectors(3);
    const { disks, bootOrder } = planImage(sectors(2), {
      disks: { hardDisks: planImage(other).config.disks?.hardDisks ?? [] },
    }).config;
    expect(disks?.hardDisks?.map((disk) => disk.sectorCount)).toEqual([2, 3]);
    expect(bootOrder).toEqual([0x80]);
  });

  it('from a source of which only the sectors in use are read', () => {
    const bytes = readImage('hello-bootsector.img');
    let most = 0;
    const source: ImageSource = {
      sizeBytes: 2 ** 42,
      read: (offset, sizeBytes) => {
        most = Math.max(most, offset + sizeBytes);
        const part = new Uint8Array(sizeBytes);
        part.set(bytes.subarray(offset, offset + sizeBytes));
        return part;
      },
    };
    const { pc } = loadImage(source);
    expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(most).toBeLessThanOrEqual(65536);
  });

  it('again after a reset, from the beginning', () => {
    const { pc, plan } = loadImage(readImage('hello.elf'), { ramSizeBytes: 16 * MIB });
    const first = pc.run({ instructions: 1_000_000 });
    const { instructionCount } = pc.cpu;
    restartImage(pc, plan);
    expect(pc.cpu.instructionCount).toBe(0);
    expect(pc.run({ instructions: 1_000_000 })).toEqual(first);
    expect(pc.cpu.instructionCount).toBe(instructionCount);
  });
});

describe('an image is refused', () => {
  const code = { type: 1, flags: 5, data: [0xf4] };
  const elf = (segment: object, rest: object = {}): Uint8Array => {
    return buildElf({ entry: 0x200000, segments: [{ ...code, virtualAddress: 0x200000, ...segment }], ...rest });
  };
  const multiboot = (...fields: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(512).fill(0x90);
    bytes.set(new Uint8Array(Uint32Array.from(fields.map((field) => field >>> 0)).buffer));
    return bytes;
  };
  const MAGIC = 0x1badb002;

  it.each<[string, Uint8Array, LoadOptions, RegExp]>([
    ['empty', new Uint8Array(), {}, /an empty file; check the path/],
    [
      'garbage',
      Uint8Array.from({ length: 5000 }, (_, at) => (at * 167 + (at >> 5)) & 0xff),
      {},
      /no known kind.*55 aa/,
    ],
    ['a text', new TextEncoder().encode('#!/bin/sh\n'), {}, /a text file/],
    ['cut off', readImage('hello.elf').subarray(0, 300), {}, /expected.*found.*file offset/],
    ['for another machine', elf({}, { machine: 183 }), {}, /AArch64.*build the kernel for x86_64/],
    ['beyond memory', elf({ virtualAddress: 2 ** 40, physicalAddress: 2 ** 40, memorySize: 2 ** 33 }), {}, /memory/],
    ['wrapping around', elf({ virtualAddress: 2n ** 64n - 4096n, memorySize: 8192 }), {}, /;/],
    [
      'overlapping',
      buildElf({ segments: [code, code].map((part) => ({ ...part, virtualAddress: 0x200000 })) }),
      {},
      /overlap|segment/,
    ],
    ['longer in the file than in memory', elf({ data: new Uint8Array(100), memorySize: 10 }), {}, /segment/],
    ['with a .bss of 2^63 bytes', elf({ memorySize: 2n ** 63n }), {}, /memory|segment/],
    [
      'asking for an unknown feature',
      multiboot(MAGIC, 0x1_0040, -(MAGIC + 0x1_0040), 0x100000, 0x100000, 0, 0, 0x100000),
      {},
      /flag|require/,
    ],
    [
      'with its data’s end behind its .bss',
      multiboot(MAGIC, 0x10000, -(MAGIC + 0x10000), 0x100000, 0x100000, 0x100100, 0x100080, 0x100000),
      {},
      /bss/,
    ],
    ['a disk without a signature', new Uint8Array(1024).fill(1), { as: 'hard-disk' }, /ends with 55 aa, found 01 01/],
    ['a disk that is too short', new Uint8Array(100), { as: 'floppy' }, /found nothing/],
    ['a disk that is no kernel', readImage('hello-bios.img'), { as: 'kernel' }, /a disk image/],
    ['with a command line for a disk', readImage('hello-bios.img'), { commandLine: 'x' }, /the command line/],
    [
      'with modules for a bare kernel',
      readImage('hello.elf'),
      { modules: [{ bytes: new Uint8Array(1) }] },
      /the modules/,
    ],
    ['for too little memory', readImage('hello.elf'), { ramSizeBytes: 4096 }, /the memory size.*found 4096/],
    ['for an odd amount of memory', readImage('hello.elf'), { ramSizeBytes: MIB + 1 }, /a multiple of 4096/],
  ])('%s, with one line that says why', (_what, bytes, options, message) => {
    let thrown: unknown;
    try {
      planImage(bytes, options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown instanceof BootError || thrown instanceof ElfError).toBe(true);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).not.toContain('\n');
  });

  it('without being read when it is far too large for a kernel', () => {
    const head = sourceOfBytes(readImage('hello.elf'));
    let read = 0;
    const source: ImageSource = {
      sizeBytes: KERNEL_SIZE_MAX_BYTES + 1,
      read: (offset, sizeBytes) => {
        read += sizeBytes;
        const bytes = new Uint8Array(sizeBytes);
        bytes.set(head.read(offset, sizeBytes));
        return bytes;
      },
    };
    expect(() => planImage(source)).toThrow(/at most 536870912 bytes/);
    expect(read).toBeLessThanOrEqual(65536);
  });
});

describe('a damaged image', () => {
  const images = ['hello.elf', 'fault-panic.elf', 'hello-mb1-elf32.elf', 'hello-mb1-address.bin', 'hello-bios.img'];

  it.each(images)('made of %s is planned, or refused with a declared error, and its places never throw', (name) => {
    const original = readImage(name);
    const damage = fc.record({
      at: fc.oneof(fc.nat(255), fc.nat(original.length - 1)),
      bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.constant(new Uint8Array(8).fill(0xff))),
    });
    const arbitrary = fc.record({ damages: fc.array(damage, { maxLength: 6 }), size: fc.nat(2 * original.length) });
    const check = ({ damages, size }: { damages: { at: number; bytes: Uint8Array }[]; size: number }): void => {
      const bytes = original.slice(0, Math.max(size, 600));
      for (const { at, bytes: wrong } of damages)
        bytes.set(wrong.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
      try {
        const { places, loadPlan } = planImage(bytes, { ramSizeBytes: 16 * MIB });
        places.lookup(loadPlan?.entry.rip ?? 0x200000n);
      } catch (error) {
        expect(error instanceof BootError || error instanceof ElfError, String(error)).toBe(true);
      }
    };
    fc.assert(fc.property(arbitrary, check), { numRuns: 150 });
  });
});

describe('the places of a kernel', () => {
  const entryOf = (name: string): bigint => {
    const plan = planImage(readImage(name));
    return plan.loadPlan?.entry.rip ?? 0n;
  };

  it('are known from its file', () => {
    const { places } = planImage(readImage('hello.elf'));
    expect(places.lookup(entryOf('hello.elf'))?.symbol).toBe('_start');
    expect(places.lookup(0x1234n)).toBeNull();
  });

  it('are known from the file on a disk', () => {
    const { places } = planImage(readImage('hello-bios.img'));
    const place = places.lookup(entryOf('hello.elf'));
    expect(place === null || place.symbol !== null).toBe(true);
    const disk = new Uint8Array(3 * MIB);
    disk.set([0x55, 0xaa], 510);
    disk.set(readImage('fault-panic.elf'), 2 * MIB - 512);
    expect(planImage(disk).places.lookup(entryOf('fault-panic.elf'))?.symbol).toBe('_start');
  });

  it('are none without symbols, or where the tables are damaged', () => {
    expect(planImage(readImage('hello-bootsector.img')).places.lookup(0x7c00n)).toBeNull();
    const damaged = readImage('hello.elf');
    const view = new DataView(damaged.buffer);
    const table = Number(view.getBigUint64(0x28, true));
    for (let at = table; at + 64 <= damaged.length; at += 64) {
      if (view.getUint32(at + 4, true) === 2) view.setBigUint64(at + 0x18, 2n ** 40n, true); // the symbol table is elsewhere
    }
    expect(planImage(damaged).places.lookup(entryOf('hello.elf'))?.symbol ?? null).toBeNull();
  });

  it('are said in words', () => {
    const place = { symbol: 'kernel::main', offset: 5, file: 'src/main.rs', line: 12 };
    expect(describePlace(place)).toBe('kernel::main+0x5 (src/main.rs:12)');
    expect(describePlace({ ...place, offset: 0, file: null, line: null })).toBe('kernel::main');
    expect(describePlace({ ...place, symbol: null })).toBe('src/main.rs:12');
  });
});
