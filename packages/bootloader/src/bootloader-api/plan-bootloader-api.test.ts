import { buildElf, type ImageSpec, type SegmentSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { mappedPages, walk } from '../../test/page-walk.ts';
import { TestMemory } from '../../test/test-memory.ts';
import { BootError } from '../error.ts';
import type { LoadPlan } from '../plan.ts';
import { recognise } from '../recognise.ts';
import { type BootloaderApiOptions, planBootloaderApi } from './plan-bootloader-api.ts';

const RAM = 0x2000000;
const UUID = [0x74, 0x3c, 0xa9, 0x61, 0x09, 0x36, 0x46, 0xa0, 0xbb, 0x55, 0x5c, 0x15, 0x89, 0x15, 0x25, 0x3d];
const ET_DYN = 3;

interface Config {
  readonly patch?: number;
  readonly stackSize?: number;
  readonly stack?: bigint;
  readonly kernelBase?: bigint;
  readonly bootInfo?: bigint;
  readonly framebuffer?: bigint;
  readonly physical?: bigint | 'dynamic';
  readonly recursive?: bigint | 'dynamic';
  readonly rangeStart?: bigint;
  readonly rangeEnd?: bigint;
  readonly ramdisk?: bigint;
}

const word = (value: bigint | number): number[] => [...new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)];
const optional = (value: bigint | undefined): number[] => [value === undefined ? 0 : 1, ...word(value ?? 0n)];

/** What `BootloaderConfig::serialize` gives, in the version that the patch number names. */
function serialized(config: Config = {}): number[] {
  const patch = config.patch ?? 17;
  const wanted = (value: bigint | 'dynamic' | undefined): number[] =>
    value === undefined ? [0, ...optional(undefined)] : [1, ...optional(value === 'dynamic' ? undefined : value)];
  return [
    ...[...UUID, 0, 0, 11, 0, patch, 0, 0],
    ...word(config.stackSize ?? 0x14000),
    ...optional(config.stack),
    ...(patch >= 11 ? optional(config.kernelBase) : []),
    ...optional(config.bootInfo),
    ...optional(config.framebuffer),
    ...wanted(config.physical),
    ...wanted(config.recursive),
    0,
    ...optional(config.rangeStart),
    ...optional(config.rangeEnd),
    ...(patch >= 1 ? optional(config.ramdisk) : []),
    ...optional(undefined),
    ...optional(undefined),
  ];
}

function kernel(
  config: readonly number[],
  segments: readonly SegmentSpec[] = [],
  spec: Partial<ImageSpec> = {},
): Uint8Array {
  const base = spec.type === ET_DYN ? 0x120 : 0x201120;
  return buildElf({
    entry: base,
    segments: [{ type: 1, flags: 5, virtualAddress: base, data: [0xf4], alignment: 0x1000 }, ...segments],
    sections: [{ name: '.bootloader-config', type: 1, data: config }],
    ...spec,
  });
}

interface Booted {
  readonly plan: LoadPlan;
  readonly memory: TestMemory;
  at(linear: bigint): ReturnType<typeof walk>;
  /** A word of the boot information. */
  info(offset: number): bigint;
}

function boot(bytes: Uint8Array, options: Partial<BootloaderApiOptions> = {}): Booted {
  const plan = planBootloaderApi(bytes, { ramSizeBytes: RAM, ...options });
  const memory = new TestMemory(plan, options.ramSizeBytes ?? RAM);
  const at = (linear: bigint): ReturnType<typeof walk> => walk(memory, plan.entry.cr3, linear);
  const info = (offset: number): bigint => memory.u64(at(plan.bootInformationAddress + BigInt(offset))?.physical ?? -1);
  return { plan, memory, at, info };
}

function errorOf(bytes: Uint8Array, options: Partial<BootloaderApiOptions> = {}): BootError {
  try {
    planBootloaderApi(bytes, { ramSizeBytes: RAM, ...options });
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('expected a BootError');
}

const framebuffer = {
  ...{ physicalAddress: 0xe0000000, width: 640, height: 480, stride: 656 },
  ...{ bytesPerPixel: 4, pixelFormat: 'rgb' as const },
};

describe('a kernel for the bootloader crate 0.11', () => {
  it('is recognised by its section', () => {
    expect(recognise(kernel(serialized())).kind).toBe('bootloader-api');
    expect(recognise(kernel([], [], { sections: [] })).kind).toBe('direct64');
    expect(recognise(kernel(serialized()).slice(0, -64)).kind).not.toBe('bootloader-api');
  });

  it('starts in 64-bit mode with RDI at the boot information, and a stack that a call has left', () => {
    const { plan, at } = boot(kernel(serialized()));
    expect(plan.entry).toMatchObject({ mode: 'long64', rip: 0x201120n, rflags: 2n, cr0: 0x80010011n, efer: 0xd00n });
    expect(plan.entry.registers).toMatchObject({ rdi: plan.bootInformationAddress, rsp: 0x8000014ff8n, rbp: 0n });
    expect([plan.entry.segments.cs.selector, plan.entry.segments.ss.selector]).toEqual([8, 0x10]);
    expect(at(0x8000000fffn)).toBeNull();
    expect(at(0x8000001000n)).toMatchObject({ isWritable: true, isExecutable: false });
    expect(at(0x8000015000n)).toBeNull();
    expect(at(plan.entry.gdtr.base)).toMatchObject({ physical: Number(plan.entry.gdtr.base), isWritable: false });
  });

  it('has every page but that of the descriptor table mapped once', () => {
    const bss = { type: 1, flags: 6, virtualAddress: 0x300800, data: [1, 2, 3], memorySize: 0x5000, alignment: 0x1000 };
    const { plan, memory } = boot(kernel(serialized(), [bss]));
    const physical = [...mappedPages(memory, plan.entry.cr3)].map(([, page]) => page.physical);
    expect(new Set(physical).size).toBe(physical.length);
  });

  it('gets addresses in the order in which that loader takes them', () => {
    const all = { physical: 'dynamic', recursive: 'dynamic' } as const;
    const movable = kernel(serialized(all), [], { type: ET_DYN });
    const { plan, info } = boot(movable, { framebuffer, ramdisk: Uint8Array.of(1, 2, 3), rsdpAddress: 0xf5a00 });
    expect(plan.loadBias).toBe(0x8000000000n - 0x120n);
    expect(plan.entry.rip).toBe(0x8000000000n);
    expect(info(208)).toBe(0x10000001000n); // stack
    expect(info(32)).toBe(0x18000000000n); // framebuffer
    expect(info(168)).toBe(0x20000000000n); // RAM disk
    expect(info(96)).toBe(0x28000000000n); // physical memory
    expect(info(104) >> 32n).toBe(6n); // recursive index
    expect(plan.bootInformationAddress).toBe(0x38000000000n);
    expect(info(120)).toBe(0xf5a00n);
    expect([info(176), info(184), info(192), info(216)]).toEqual([3n, 0x1000000n, BigInt(movable.length), 0x14000n]);
  });

  it('is told of the frame buffer, which the machine is to show', () => {
    const { plan, info, at } = boot(kernel(serialized()), { framebuffer });
    const size = 656n * 480n * 4n;
    expect([info(40), info(48), info(56), info(72), info(80)]).toEqual([size, 640n, 480n, 4n, 656n]);
    expect(Number(info(64) & 0xffffffffn)).toBe(0);
    expect(plan.videoMode).toEqual({ width: 640, height: 480, bitsPerPixel: 32 });
    expect(at(info(32) + size - 1n)).toMatchObject({ physical: 0xe0000000 + Number(size) - 1, isExecutable: false });
  });

  it('has nothing where there is nothing', () => {
    const { info, plan } = boot(kernel(serialized()));
    const tags = [24, 88, 104, 112, 128, 160].map((offset) => Number(info(offset) & 0xffffffffn));
    expect(tags).toEqual([1, 1, 1, 1, 1, 1]);
    expect(plan.videoMode).toBeUndefined();
  });

  it('finds what it fixed where it fixed it, in the lower part of a page too', () => {
    const config = {
      ...{ stack: 0xffff_f000_0001_0000n, stackSize: 0x1234, bootInfo: 0xffff_e000_0000_0ff8n },
      ...{ framebuffer: 0xffff_d000_0000_0000n, ramdisk: 0xffff_c800_0000_0000n },
      ...{ physical: 0xffff_8000_0000_0000n, recursive: 0xffff_a000_0000_0000n },
    };
    const { plan, info, at, memory } = boot(kernel(serialized(config)), { framebuffer, ramdisk: Uint8Array.of(7) });
    expect(plan.bootInformationAddress).toBe(config.bootInfo);
    expect(plan.entry.registers.rsp).toBe(0xffff_f000_0001_2228n);
    expect([info(32), info(96), info(168)]).toEqual([config.framebuffer, config.physical, config.ramdisk]);
    expect(memory.bytes[at(config.ramdisk)?.physical ?? -1]).toBe(7);
    expect(at(config.physical + 0xffff_ffffn)).toMatchObject({
      physical: 0xffff_ffff,
      pageSize: 0x200000,
      isExecutable: false,
    });
    expect(at(0xffff_a000_0000_0000n + 320n * 0x4020_1000n)).toMatchObject({ physical: Number(plan.entry.cr3) });
  });

  it('keeps to the range for addresses of the loader’s choice', () => {
    const range = { rangeStart: 0xffff_8000_0000_0000n, rangeEnd: 0xffff_80ff_ffff_ffffn };
    const { plan } = boot(kernel(serialized(range)));
    expect(plan.entry.registers.rsp >> 39n).toBe(0xffff_8000_0000_0000n >> 39n);
    expect(plan.bootInformationAddress).toBe(0xffff_8080_0000_0000n);
    expect(errorOf(kernel(serialized({ ...range, physical: 'dynamic' }))).code).toBe('no-room');
  });

  it('is linked at a base of its own if it says so, and its constants are read-only after relocation', () => {
    const config = serialized({ kernelBase: 0xffff_ffff_8000_0000n });
    const data = { type: 1, flags: 6, virtualAddress: 0x1000, data: new Uint8Array(0x2000), alignment: 0x1000 };
    const relro = { type: 0x6474e552, flags: 4, virtualAddress: 0x1000, memorySize: 0x1000 };
    const { plan, at } = boot(kernel(config, [data, relro], { type: ET_DYN }));
    expect(plan.entry.rip).toBe(0xffff_ffff_8000_0120n);
    expect(at(0xffff_ffff_8000_1000n)).toMatchObject({ isWritable: false, isExecutable: false });
    expect(at(0xffff_ffff_8000_2000n)).toMatchObject({ isWritable: true });
  });

  it('is told of memory as the firmware reports it, split where the loader has put something', () => {
    const { memory, at, info } = boot(kernel(serialized()));
    const start = at(info(8))?.physical ?? -1;
    const regions = Array.from({ length: Number(info(16)) }, (_, index) => {
      const region = start + 24 * index;
      return [memory.u64(region), memory.u64(region + 8), memory.u32(region + 16), memory.u32(region + 20)];
    });
    expect(regions.slice(0, 5)).toEqual([
      [0n, 0x9fc00n, 0, 0],
      [0x9fc00n, 0xa0000n, 3, 2],
      [0xf0000n, 0x100000n, 3, 2],
      [0x100000n, 0x1000000n, 0, 0],
      [0x1000000n, 0x1001000n, 1, 0],
    ]);
    expect(regions.at(-1)?.slice(1)).toEqual([BigInt(RAM), 0, 0]);
  });
});

describe('the layout of the boot information follows the version:', () => {
  // Offset of the first region behind the structure, and what lies in the fields that versions added.
  it.each([
    [0, 160],
    [2, 192],
    [4, 192],
    [5, 216],
    [10, 216],
    [11, 216],
    [13, 216],
    [14, 232],
    [17, 232],
  ])('0.11.%i has %i bytes', (patch, size) => {
    const { info, plan } = boot(kernel(serialized({ patch })));
    expect(info(0) & 0xffffffffffffn).toBe((BigInt(patch) << 32n) | 0x0b0000n);
    expect(info(8)).toBe(plan.bootInformationAddress + BigInt(size));
    if (patch >= 5) expect(info(184)).toBe(0x1000000n);
  });
});

describe('a configuration is refused', () => {
  const good = serialized();
  const changed = (offset: number, value: number): number[] => good.with(offset, value);
  it.each([
    ['of another identifier', changed(0, 0), 'bad-header'],
    ['of another version', changed(18, 10), 'unsupported'],
    ['of an unknown size', [...good, 0], 'unsupported'],
    ['with a flag that is neither', changed(31, 2), 'bad-header'],
    ['without a stack', serialized({ stackSize: 0 }), 'bad-header'],
    ['with a stack beyond memory', serialized({ stackSize: RAM + 1 }), 'bad-header'],
    ['with an address that is not canonical', serialized({ bootInfo: 0x8000_0000_0000n }), 'bad-header'],
    ['with a stack that is not aligned', serialized({ stack: 0x7000_0000_0008n }), 'bad-header'],
    ['with a stack where the kernel is', serialized({ stack: 0x20_0000n }), 'collision'],
    ['with a base for a kernel that cannot move', serialized({ kernelBase: 0x7000_0000_0000n }), 'bad-header'],
    ['with a range that is not canonical', serialized({ rangeStart: 1n << 60n }), 'bad-header'],
  ])('%s', (_what, config, code) => {
    expect(errorOf(kernel(config)).code).toBe(code);
  });

  it('whatever the bytes are, by a BootError alone', () => {
    let seed = 1;
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * limit);
    };
    for (let round = 0; round < 500; round++) {
      const config = serialized({ physical: 'dynamic', stack: 0x7000_0000_0000n });
      for (let change = 0; change < 3; change++) config[16 + random(config.length - 16)] = random(256);
      try {
        planBootloaderApi(kernel(config), { ramSizeBytes: RAM, framebuffer, ramdisk: Uint8Array.of(1) });
      } catch (error) {
        expect(error).toBeInstanceOf(BootError);
      }
    }
  });
});
