import { ByteWriter, buildElf, type ImageSpec, type SegmentSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { mappedPages, walk } from '../test/page-walk.ts';
import { TestMemory } from '../test/test-memory.ts';
import { type Direct64Options, planDirect64 } from './direct64.ts';
import { BootError } from './error.ts';
import type { LoadPlan } from './plan.ts';

const RAM = 0x1000000;
const CODE = Array.from({ length: 100 }, (_, index) => index + 1);

function kernel(segments: readonly SegmentSpec[] = [], spec: Partial<ImageSpec> = {}): Uint8Array {
  const code = { type: 1, flags: 5, virtualAddress: 0x201120, data: CODE, alignment: 0x1000 };
  return buildElf({ entry: 0x201120, segments: [code, ...segments], ...spec });
}

interface Booted {
  readonly plan: LoadPlan;
  readonly memory: TestMemory;
  at(linear: bigint): ReturnType<typeof walk>;
  /** Bytes at linear addresses, page by page. */
  read(linear: bigint, size: number): number[];
}

function boot(bytes: Uint8Array, options: Partial<Direct64Options> = {}): Booted {
  const plan = planDirect64(bytes, { ramSizeBytes: RAM, ...options });
  const memory = new TestMemory(plan, options.ramSizeBytes ?? RAM);
  const at = (linear: bigint): ReturnType<typeof walk> => walk(memory, plan.entry.cr3, linear);
  const read = (linear: bigint, size: number): number[] =>
    Array.from({ length: size }, (_, index) => memory.bytes[at(linear + BigInt(index))?.physical ?? -1] ?? -1);
  return { plan, memory, at, read };
}

function errorOf(bytes: Uint8Array, options: Partial<Direct64Options> = {}): BootError {
  try {
    planDirect64(bytes, { ramSizeBytes: RAM, ...options });
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('expected a BootError');
}

interface Region {
  readonly start: number;
  readonly end: number;
  readonly type: number;
}

/** The memory map in the boot information, read through the page tables. */
function regionsOf({ plan, memory, at }: Booted): Region[] {
  const base = at(plan.bootInformationAddress)?.physical ?? -1;
  return Array.from({ length: Number(memory.u64(base + 0x600)) }, (_, index) => ({
    start: Number(memory.u64(base + 24 * index)),
    end: Number(memory.u64(base + 24 * index + 8)),
    type: memory.u32(base + 24 * index + 16),
  }));
}

describe('a bare ELF64 kernel starts', () => {
  const booted = boot(kernel());
  const { plan, memory, at } = booted;

  it('in 64-bit mode with paging, write protection and no-execute', () => {
    expect(plan.entry).toMatchObject({
      mode: 'long64',
      rip: 0x201120n,
      rflags: 2n,
      cr0: 0x80010011n,
      cr3: 0x1000n,
      cr4: 0x20n,
      efer: 0xd00n,
      idtr: { base: 0n, limit: 0 },
    });
  });

  it('with RDI at the boot information and RSP 8 below the top of the stack', () => {
    expect(plan.entry.registers.rdi).toBe(0x10000000000n);
    expect(plan.entry.registers.rsp).toBe(0x10000201ff8n);
    expect(at(0x10000201ff8n)).toMatchObject({ isWritable: true });
    expect(booted.read(0x10000201ff8n, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('with CS 8, null SS, flat DS and ES, and a descriptor table that is mapped', () => {
    const { segments, gdtr } = plan.entry;
    expect(segments.cs).toMatchObject({ selector: 8, base: 0n, attributes: 0xa09b });
    expect(segments.ss.selector).toBe(0);
    expect([segments.ds.selector, segments.es.selector]).toEqual([0x10, 0x10]);
    const table = at(gdtr.base)?.physical ?? -1;
    expect(memory.u64(table + 8)).toBe(0x00af9b000000ffffn);
    expect(memory.u64(table + 16)).toBe(0x00cf93000000ffffn);
  });

  it('with SSE enabled only if asked', () => {
    expect(boot(kernel(), { sse: true }).plan.entry).toMatchObject({ cr0: 0x80010013n, cr4: 0x620n });
  });

  it('in video mode 13h only if asked', () => {
    expect(boot(kernel(), { vga320x200: true }).plan.videoMode).toEqual({ biosMode: 0x13 });
    expect(plan.videoMode).toBeUndefined();
  });

  it('with the loader area and video memory mapped to themselves, and address 0 not mapped', () => {
    for (const address of [0x1000n, 0x5fffn, 0xa0000n, 0xb8000n, 0xbffffn]) {
      expect(at(address)).toMatchObject({ physical: Number(address), isWritable: true, pageSize: 0x1000 });
    }
    for (const address of [0n, 0xfffn, 0x6000n, 0x9ffffn, 0xc0000n, 0x400000n]) expect(at(address)).toBeNull();
  });

  it('with 512 pages of stack above a guard page', () => {
    expect(at(0x10000001fffn)).toBeNull();
    expect(at(0x10000001000n)).toBeNull();
    expect(at(0x10000002000n)).toMatchObject({ isWritable: true });
    expect(at(0x10000201fffn)).toMatchObject({ isWritable: true });
    expect(at(0x10000202000n)).toBeNull();
  });

  it('with nothing mapped twice but what is mapped on purpose', () => {
    const seen = new Set<number>();
    for (const [address, page] of mappedPages(memory, plan.entry.cr3)) {
      if (page.pageSize > 0x1000) continue;
      expect(seen.has(page.physical), `0x${address.toString(16)}`).toBe(false);
      seen.add(page.physical);
    }
    // 5 pages of loader, 32 of video memory, 1 of code, 512 of stack, 1 of boot information.
    expect(seen.size).toBe(5 + 32 + 1 + 512 + 1);
  });
});

describe('segments of a kernel are mapped', () => {
  it('to the frames of the file from physical 4 MiB up', () => {
    const bytes = kernel();
    const { at, read } = boot(bytes);
    const offset = bytes.findIndex((_, index) => CODE.every((byte, at) => bytes[index + at] === byte));
    expect(at(0x201120n)).toMatchObject({ physical: 0x400000 + offset, isWritable: false, isExecutable: true });
    expect(read(0x201120n, 100)).toEqual(CODE);
  });

  it.each([
    [4, false, false],
    [5, false, true],
    [6, true, false],
    [7, true, true],
  ])('with flags %i as writable %s, executable %s', (flags, isWritable, isExecutable) => {
    const { at } = boot(
      kernel([{ type: 1, flags, virtualAddress: 0x300000, data: [1], memorySize: 0x2000, alignment: 0x1000 }]),
    );
    for (const address of [0x300000n, 0x301000n]) expect(at(address)).toMatchObject({ isWritable, isExecutable });
  });

  it('with zeros after their bytes, to the end of the last page', () => {
    const { at, read } = boot(
      kernel([{ type: 1, flags: 6, virtualAddress: 0x300ff0, data: [1, 2, 3], memorySize: 0x2010, alignment: 0x1000 }]),
    );
    expect(read(0x300ff0n, 0x10)).toEqual([1, 2, 3, ...Array.from({ length: 13 }, () => 0)]);
    expect(new Set(read(0x301000n, 0x2000))).toEqual(new Set([0]));
    expect(at(0x303000n)).toBeNull();
  });

  it('with zeros only, if the file has nothing of them', () => {
    const { at, read } = boot(kernel([{ type: 1, flags: 6, virtualAddress: 0x300010, memorySize: 0x1ff0 }]));
    expect(new Set(read(0x300000n, 0x2000))).toEqual(new Set([0]));
    expect(at(0x302000n)).toBeNull();
  });

  it('when they share a page, with the permissions of both', () => {
    const segments = [
      { type: 1, flags: 5, virtualAddress: 0x201000, data: CODE },
      { type: 1, flags: 6, virtualAddress: 0x201200, data: [9, 8, 7], memorySize: 0x3000 },
      { type: 1, flags: 4, virtualAddress: 0x204210, data: [6, 5], memorySize: 2 },
    ];
    const { at, read } = boot(buildElf({ entry: 0x201000, segments }));
    expect(at(0x201000n)).toMatchObject({ isWritable: true, isExecutable: true });
    expect(read(0x201000n, 100)).toEqual(CODE);
    expect(read(0x201200n, 4)).toEqual([9, 8, 7, 0]);
    expect(at(0x202000n)).toMatchObject({ isWritable: true, isExecutable: false });
    expect(read(0x204200n, 0x14)).toEqual([...Array.from({ length: 16 }, () => 0), 6, 5, 0, 0]);
    expect(at(0x204000n)).toMatchObject({ isWritable: true, isExecutable: false });
  });

  it('when offset and address differ within the page', () => {
    const data = Array.from({ length: 0x2800 }, (_, index) => index % 251);
    const bytes = buildElf({ entry: 0x201801, segments: [{ type: 1, flags: 5, virtualAddress: 0x201801, data }] });
    expect(boot(bytes).read(0x201801n, data.length)).toEqual(data);
  });

  it('across all levels: at the top of the address space too', () => {
    const high = 0xffffffff80000000n;
    const segments = [
      { type: 1, flags: 5, virtualAddress: high, data: CODE, alignment: 0x1000 },
      { type: 1, flags: 6, virtualAddress: 0xfffffffffffff000n, data: [1], memorySize: 0x1000, alignment: 0x1000 },
    ];
    const { plan, read } = boot(buildElf({ entry: high + 4n, segments }));
    expect(plan.entry.rip).toBe(high + 4n);
    expect(read(high, 100)).toEqual(CODE);
    expect(read(0xfffffffffffff000n, 2)).toEqual([1, 0]);
    expect(plan.entry.registers.rdi).toBe(0x10000000000n);
  });

  it('so that the boot information avoids the kernel', () => {
    const segments = [1n, 2n, 3n].map((slot) => ({
      type: 1,
      flags: 4,
      virtualAddress: slot << 39n,
      data: [1],
      alignment: 0x1000,
    }));
    const { plan } = boot(kernel(segments));
    expect(plan.entry.registers.rdi).toBe(5n << 39n);
  });
});

describe('the map of physical memory', () => {
  it('has all of it in large pages, to the end of what is reported', () => {
    const memoryMap = [
      { base: 0, length: 0x9fc00, type: 1 },
      { base: 0x100000, length: RAM - 0x100000, type: 1 },
      { base: 0xfffc0000, length: 0x40000, type: 2 },
    ];
    const booted = boot(kernel(), { memoryMap });
    for (const physical of [0n, 0x201120n, BigInt(RAM - 1), 0xffffffffn]) {
      const page = booted.at(0x18000000000n + physical);
      expect(page).toMatchObject({ physical: Number(physical), isWritable: true, pageSize: 0x200000 });
    }
    expect(booted.at(0x18000000000n + 0x100000000n)).toBeNull();
    const base = booted.at(0x10000000000n)?.physical ?? -1;
    expect(booted.memory.u64(base + 0x608)).toBe(0x18000000000n);
  });

  it('is absent without the feature, and so is its field', () => {
    const tls = { type: 7, flags: 4, virtualAddress: 0x201130, memorySize: 0x20, fileSize: 0x10, offset: 0 };
    const booted = boot(kernel([tls]), { mapPhysicalMemory: false });
    expect(booted.at(0x18000000000n)).toBeNull();
    const base = booted.at(0x10000000000n)?.physical ?? -1;
    expect([0x608, 0x610, 0x618].map((offset) => booted.memory.u64(base + offset))).toEqual([0x201130n, 0x10n, 0x20n]);
  });

  it('can be placed', () => {
    const booted = boot(kernel(), { physicalMemoryOffset: 0xffff800000000000n });
    expect(booted.at(0xffff800000001234n)).toMatchObject({ physical: 0x1234 });
    const base = booted.at(0x10000000000n)?.physical ?? -1;
    expect(booted.memory.u64(base + 0x608)).toBe(0xffff800000000000n);
  });
});

describe('the recursive page table', () => {
  it('shows every table at its address, and comes before the offset in the boot information', () => {
    const booted = boot(kernel(), { recursivePageTable: true, mapPhysicalMemory: true });
    const base = booted.at(0x10000000000n)?.physical ?? -1;
    const address = booted.memory.u64(base + 0x608);
    expect(address).toBe(0x8040201000n);
    expect(booted.at(address)).toMatchObject({ physical: 0x1000 });
    expect(booted.memory.u64(base + 0x610)).toBe(0x18000000000n);
  });

  it('is not there by default', () => {
    expect(boot(kernel()).at(0x8040201000n)).toBeNull();
  });

  const debug = (names: string): Uint8Array =>
    kernel([], { sections: [{ name: '.debug_str', type: 1, data: new TextEncoder().encode(names) }] });

  it.each([
    ['neither field', '\0memory_map\0', 0x18000000000n, 0n],
    ['the offset', '\0memory_map\0physical_memory_offset\0', 0x18000000000n, 0n],
    ['the recursive address', '\0recursive_page_table_addr\0memory_map\0', 0x8040201000n, 0n],
    ['both', '\0physical_memory_offset\0recursive_page_table_addr\0', 0x8040201000n, 0x18000000000n],
  ])('is there if the debug information names its field: with %s', (_what, names, first, second) => {
    const booted = boot(debug(names));
    const base = booted.at(booted.plan.bootInformationAddress)?.physical ?? -1;
    expect([booted.memory.u64(base + 0x608), booted.memory.u64(base + 0x610)]).toEqual([first, second]);
  });
});

describe('the boot information', () => {
  it('has a map of all memory in ascending order without overlaps, and all used frames in it', () => {
    const booted = boot(kernel([{ type: 1, flags: 6, virtualAddress: 0x300000, memorySize: 0x200000 }]));
    const regions = regionsOf(booted);
    for (let index = 1; index < regions.length; index++) {
      expect(regions[index]?.start).toBeGreaterThanOrEqual(regions[index - 1]?.end ?? 0);
    }
    const typeOf = (physical: number): number | undefined =>
      regions.find(({ start, end }) => physical >= start * 0x1000 && physical < end * 0x1000)?.type;
    expect([0, 0x1000, 0x4fff, 0x5000, 0x400000, 0x9f000, RAM - 1].map(typeOf)).toEqual([10, 8, 8, 9, 6, 2, 0]);
    expect(typeOf(RAM)).toBeUndefined();
    expect(typeOf(booted.at(0x301000n)?.physical ?? -1)).toBe(6);
    expect(typeOf(booted.at(0x10000100000n)?.physical ?? -1)).toBe(7);
    expect(typeOf(booted.at(0x10000000000n)?.physical ?? -1)).toBe(12);
    // Whatever the plan writes, no frame of it is called usable.
    for (const write of booted.plan.writes) expect(typeOf(write.physicalAddress)).not.toBe(0);
  });

  it('has exactly the bytes of the crate’s structure', () => {
    const booted = boot(kernel(), { ramSizeBytes: 0x800000 });
    const base = booted.at(0x10000000000n)?.physical ?? -1;
    const regions = regionsOf(booted);
    const expected = new ByteWriter(true);
    for (let index = 0; index < 64; index++) {
      const { start, end, type } = regions[index] ?? { start: 0, end: 0, type: 11 };
      expected.integer(start, 8).integer(end, 8).integer(type, 4).integer(0, 4);
    }
    expected.integer(regions.length, 8).integer(0x18000000000n, 8).padTo(0x1000);
    expect(booted.memory.bytes.slice(base, base + 0x1000)).toEqual(expected.bytes());
  });

  it('has the types of the firmware’s regions', () => {
    const memoryMap = [
      { base: 0, length: 0xa0000, type: 1 },
      { base: 0x100000, length: 0xe00000, type: 1 },
      ...[2, 3, 4, 5, 77].map((type, index) => ({ base: 0xf00000 + index * 0x10000, length: 0xf000, type })),
    ];
    const regions = regionsOf(boot(kernel(), { memoryMap }));
    expect(regions.filter(({ start }) => start >= 0xf00).map(({ type }) => type)).toEqual([2, 3, 4, 5, 2]);
  });

  it('is refused if it had more than 64 regions', () => {
    const holes = Array.from({ length: 70 }, (_, index) => ({
      base: 0x800000 + index * 0x2000,
      length: 0x1000,
      type: 2,
    }));
    const memoryMap = [{ base: 0, length: RAM, type: 1 }, ...holes];
    expect(errorOf(kernel(), { memoryMap }).code).toBe('no-room');
  });
});

describe('configured addresses', () => {
  it('place stack and boot information', () => {
    const options = {
      kernelStackAddress: 0xffffff8000000000n,
      kernelStackSizePages: 16,
      bootInfoAddress: 0xffffffff80000000n,
    };
    const { plan, at } = boot(kernel(), options);
    expect(plan.entry.registers.rdi).toBe(0xffffffff80000000n);
    expect(plan.entry.registers.rsp).toBe(0xffffff8000010ff8n);
    expect(at(0xffffff8000000fffn)).toBeNull();
    expect(at(0xffffff8000001000n)).not.toBeNull();
    expect(at(0xffffff8000011000n)).toBeNull();
  });

  it.each([
    ['not aligned', { bootInfoAddress: 0x8000000001n }],
    ['not canonical', { kernelStackAddress: 0x800000000000n }],
    ['negative', { bootInfoAddress: -0x1000n }],
    ['above 64 bits', { bootInfoAddress: 1n << 64n }],
    ['not aligned to large pages', { physicalMemoryOffset: 0x8000001000n }],
    ['without room above', { physicalMemoryOffset: 0xffffffffffe00000n }],
    ['across the middle of the address space', { kernelStackAddress: 0x7ffffffff000n }],
    ['with no stack', { kernelStackSizePages: 0 }],
    ['with half a page of stack', { kernelStackSizePages: 0.5 }],
    ['with more stack than memory', { kernelStackSizePages: 1e9 }],
  ])('that are %s are refused', (_what, options) => {
    expect(errorOf(kernel(), options).code).toBe('bad-option');
  });

  it('that collide are refused', () => {
    expect(errorOf(kernel(), { bootInfoAddress: 0x201000n })).toMatchObject({ code: 'collision' });
    expect(errorOf(kernel(), { kernelStackAddress: 0x200000n, kernelStackSizePages: 4 }).code).toBe('collision');
    expect(errorOf(kernel(), { physicalMemoryOffset: 0x200000n }).code).toBe('collision');
    const both = { kernelStackAddress: 0x8000000000n, bootInfoAddress: 0x8000000000n };
    expect(errorOf(kernel(), both).message).toMatch(/guard page/);
  });
});

describe('a static position-independent kernel', () => {
  const word = (value: bigint | number): ByteWriter => new ByteWriter(true).integer(value, 8);
  const dynamic = (entries: readonly (readonly [number, number])[]): number[] =>
    entries.flatMap(([tag, value]) => [...word(tag).integer(value, 8).bytes()]);
  const relocation = (offset: number, type: number, addend: number): number[] => [
    ...word(offset).integer(type, 8).integer(addend, 8).bytes(),
  ];
  const build = (relocations: readonly number[], base = 0x1000): Uint8Array => {
    const tables = dynamic([
      [7, base + 0x100],
      [8, relocations.length],
      [9, 24],
      [0, 0],
    ]);
    const data = new ByteWriter(true)
      .raw(tables)
      .padTo(0x100)
      .raw(relocations)
      .padTo(0xffc)
      .raw(Array.from({ length: 16 }, () => 1));
    const segments = [
      { type: 1, flags: 7, virtualAddress: base, data: data.bytes(), memorySize: 0x2000, alignment: 0x1000 },
      { type: 2, flags: 6, virtualAddress: base, offset: 0x1000, fileSize: tables.length, memorySize: tables.length },
    ];
    return buildElf({ type: 3, entry: base, segments });
  };

  it('is moved to 2 MiB and relocated, in whole pages and in pages that were copied', () => {
    const bytes = build([...relocation(0x1080, 8, 0x1234), ...relocation(0x1ffc, 8, 0x5678)]);
    const { plan, read } = boot(bytes);
    expect([plan.loadBias, plan.entry.rip]).toEqual([0x200000n, 0x201000n]);
    expect(read(0x201080n, 8)).toEqual([0x34, 0x12, 0x20, 0, 0, 0, 0, 0]);
    // This one lies across the page of the file and the page with zeros behind.
    expect(read(0x201ffcn, 8)).toEqual([0x78, 0x56, 0x20, 0, 0, 0, 0, 0]);
    expect(read(0x202004n, 2)).toEqual([1, 1]);
  });

  it('does not change the file', () => {
    const bytes = build(relocation(0x1080, 8, 0x1234));
    const before = bytes.slice();
    boot(bytes);
    expect(bytes).toEqual(before);
  });

  it('stays where it is linked if that is at 2 MiB or above', () => {
    expect(boot(build(relocation(0x401080, 8, 1), 0x401000)).plan).toMatchObject({ loadBias: 0n });
  });

  it.each([
    ['before the kernel', 0x100],
    ['in its zeros', 0x2800],
    ['across the end of its bytes', 0x2008],
    ['at the end of the address space', -4],
  ])('is refused with a relocation %s', (_what, offset) => {
    expect(errorOf(build(relocation(offset, 8, 0)))).toMatchObject({ code: 'bad-segment' });
  });

  it('is refused if it needs a program interpreter', () => {
    const error = errorOf(kernel([{ type: 3, data: [...new TextEncoder().encode('/lib/ld.so\0')] }], { type: 3 }));
    expect(error).toMatchObject({ code: 'unsupported' });
  });
});

describe('a bare kernel is refused', () => {
  const segment = (change: Partial<SegmentSpec>): Uint8Array => kernel([{ type: 1, flags: 6, data: [1], ...change }]);

  it.each([
    ['for i386', kernel([], { width: 32 }), 'wrong-machine'],
    ['for AArch64', kernel([], { machine: 183 }), 'wrong-machine'],
    ['of class ELF32 for x86-64', kernel([], { width: 32, machine: 62 }), 'wrong-machine'],
    ['that is an object file', kernel([], { type: 1 }), 'not-executable'],
    ['without segments', buildElf({ entry: 1 }), 'no-segments'],
    ['with more in the file than in memory', segment({ virtualAddress: 0x300000, memorySize: 0 }), 'bad-segment'],
    ['with a .bss of 2^63 bytes', segment({ virtualAddress: 0x300000, memorySize: 1n << 63n }), 'outside-memory'],
    [
      'with a .bss of half the memory, twice',
      kernel([0x10000000, 0x20000000].map((virtualAddress) => ({ type: 1, virtualAddress, memorySize: 0x900000 }))),
      'outside-memory',
    ],
    [
      'with a .bss that leaves no room for the stack',
      segment({ virtualAddress: 0x300000, memorySize: 0xf00000 }),
      'no-room',
    ],
    ['at an address that is not canonical', segment({ virtualAddress: 1n << 50n }), 'bad-segment'],
    [
      'across the middle of the address space',
      segment({ virtualAddress: 0x7ffffffff000n, memorySize: 0x2000 }),
      'bad-segment',
    ],
    ['that wraps', segment({ virtualAddress: 0xfffffffffffff000n, memorySize: 0x2000 }), 'bad-segment'],
    ['with segments that overlap', segment({ virtualAddress: 0x201130 }), 'overlap'],
    ['over the loader', segment({ virtualAddress: 0x5000 }), 'collision'],
    ['over video memory', segment({ virtualAddress: 0xb8000 }), 'collision'],
    ['whose entry is nowhere', kernel([], { entry: 0x900000 }), 'bad-entry'],
    [
      'whose entry is not executable',
      kernel([{ type: 1, flags: 6, virtualAddress: 0x300000, data: [1] }], { entry: 0x300000 }),
      'bad-entry',
    ],
  ] as const)('%s', (_what, bytes, code) => {
    const error = errorOf(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[^\n]+: expected [^\n]+, found [^\n]+; [^\n]+$/);
  });

  it('by a machine with too little memory for its file', () => {
    expect(errorOf(kernel(), { ramSizeBytes: 0x400000 })).toMatchObject({ code: 'outside-memory' });
    expect(errorOf(kernel(), { ramSizeBytes: 0x4000 })).toMatchObject({ code: 'outside-memory' });
  });

  it('with thousands of segments far apart, before its tables fill the host', () => {
    const segments = Array.from({ length: 5000 }, (_, index) => ({
      type: 1,
      virtualAddress: (BigInt(index % 128) << 39n) + (BigInt(index + 1) << 30n),
      memorySize: 1,
    }));
    expect(errorOf(kernel(segments), { ramSizeBytes: 2 ** 32 }).code).toBe('no-room');
  });
});
