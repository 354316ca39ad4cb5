import { buildElf, type ImageSpec, type SegmentSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { TestMemory } from '../test/test-memory.ts';
import { BootError } from './error.ts';
import { planMultiboot1 } from './multiboot1.ts';
import { type Multiboot2Options, planMultiboot2 } from './multiboot2.ts';
import type { LoadPlan } from './plan.ts';

const RAM = 0x800000;
const START = 0x100000;

/** Header bytes: each tag is given as type and flags, size, and the words of its contents. An end tag is added. */
function headerBytes(...tags: readonly (readonly number[])[]): Uint8Array {
  const words = [...tags, [0, 8]].flatMap((tag) => (tag.length % 2 === 0 ? tag : [...tag, 0]));
  const size = 16 + 4 * words.length;
  const all = [0xe85250d6, 0, size, -(0xe85250d6 + size), ...words];
  return new Uint8Array(Uint32Array.from(all.map((word) => word >>> 0)).buffer);
}

function kernel(
  tags: readonly (readonly number[])[] = [],
  change: Partial<SegmentSpec> = {},
  spec: Partial<ImageSpec> = {},
): Uint8Array {
  const data = [...headerBytes(...tags), 0xfa, 0xf4];
  const segment = { type: 1, flags: 5, virtualAddress: START, data, alignment: 8, ...change };
  return buildElf({ width: 32, entry: START + 24, segments: [segment], ...spec });
}

interface Tag {
  readonly type: number;
  readonly size: number;
  /** Address of the tag. */
  readonly at: number;
}

interface Booted {
  readonly plan: LoadPlan;
  readonly memory: TestMemory;
  readonly info: number;
  readonly tags: readonly Tag[];
  /** The only tag of a type. */
  tag(type: number): Tag;
}

/** Boots, and reads the tags with the specification's loop. */
function boot(bytes: Uint8Array, options: Partial<Multiboot2Options> = {}): Booted {
  const plan = planMultiboot2(bytes, { ramSizeBytes: RAM, ...options });
  const memory = new TestMemory(plan, options.ramSizeBytes ?? RAM);
  const info = Number(plan.entry.registers.rbx);
  const tags: Tag[] = [];
  for (let at = info + 8; ; ) {
    const [type, size] = [memory.u32(at), memory.u32(at + 4)];
    tags.push({ type, size, at });
    at += Math.ceil(size / 8) * 8;
    if (type === 0) {
      expect(at).toBe(info + memory.u32(info));
      break;
    }
    expect(at).toBeLessThan(info + memory.u32(info));
  }
  const tag = (type: number): Tag => {
    const found = tags.filter((candidate) => candidate.type === type);
    expect(found).toHaveLength(1);
    return found[0] as Tag;
  };
  return { plan, memory, info, tags, tag };
}

function errorOf(bytes: Uint8Array, options: Partial<Multiboot2Options> = {}): BootError {
  try {
    planMultiboot2(bytes, { ramSizeBytes: RAM, ...options });
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('expected a BootError');
}

describe('a Multiboot 2 kernel starts', () => {
  it('with the magic in EAX and the information in EBX, at a multiple of 8', () => {
    const { plan } = boot(kernel());
    expect(plan.protocol).toBe('multiboot2');
    expect(plan.entry.registers.rax).toBe(0x36d76289n);
    expect(plan.entry.registers.rbx).toBe(plan.bootInformationAddress);
    expect(plan.bootInformationAddress % 8n).toBe(0n);
    expect(plan.entry.rip).toBe(0x100018n);
  });

  it('otherwise as a Multiboot 1 kernel', () => {
    const words = Uint32Array.from([0x1badb002, 0, -0x1badb002]);
    const data = [...headerBytes(), ...new Uint8Array(words.buffer)];
    const both = kernel([], { data });
    const { plan, memory } = boot(both);
    const first = planMultiboot1(both, { ramSizeBytes: RAM });
    const { rax: _rax, ...registers } = plan.entry.registers;
    expect({ ...first.entry, registers: undefined, gdtr: undefined }).toEqual({
      ...plan.entry,
      registers: undefined,
      gdtr: undefined,
    });
    expect(first.entry.registers).toMatchObject(registers);
    expect(plan.entry.gdtr.limit).toBe(first.entry.gdtr.limit);
    expect(memory.u64(Number(plan.entry.gdtr.base) + plan.entry.segments.cs.selector)).toBe(0x00cf9b000000ffffn);
    expect(memory.u64(Number(plan.entry.gdtr.base) + plan.entry.segments.ds.selector)).toBe(0x00cf93000000ffffn);
  });
});

describe('a Multiboot 2 kernel in ELF is placed', () => {
  it.each([32, 64] as const)('by physical addresses, ELF%i, and starts at the physical entry', (width) => {
    const high = width === 32 ? 0xc0100000n : 0xffffffff80100000n;
    const segment = { virtualAddress: high, physicalAddress: 0x200000, memorySize: 0x3000 };
    const { plan, memory } = boot(kernel([], segment, { width, entry: high + 24n }));
    expect(plan.entry.rip).toBe(0x200018n);
    expect(memory.u32(0x200000)).toBe(0xe85250d6);
    expect([memory.bytes[0x202fff], memory.bytes[0x203000]]).toEqual([0, 0xcc]);
    expect(plan.loadBias).toBe(0n);
  });

  it('and starts where the entry address tag says', () => {
    expect(boot(kernel([[3, 12, 0x100028]])).plan.entry.rip).toBe(0x100028n);
    const error = errorOf(kernel([[3, 12, 0xc0100028]]));
    expect(error).toMatchObject({ code: 'bad-entry', offset: 0x58 + 16 + 8 });
    expect(error.message).toMatch(/entry_addr.*0xc0100028/);
  });
});

describe('the Multiboot 2 information', () => {
  it('has the command line, the loader, memory, the map, the screen and the end, and no more', () => {
    const { memory, info, tags, tag } = boot(kernel(), { commandLine: 'kernel größe=1' });
    expect(tags.map(({ type }) => type)).toEqual([1, 2, 6, 4, 8, 0]);
    expect(memory.u32(info + 4)).toBe(0);
    expect(tag(1).size).toBe(8 + 17);
    expect(memory.text(tag(1).at + 8)).toBe('kernel größe=1');
    expect(memory.text(tag(2).at + 8)).toBe('longmode');
    expect([tag(4).size, memory.u32(tag(4).at + 8), memory.u32(tag(4).at + 12)]).toEqual([16, 639, 7168]);
    expect(tag(0).size).toBe(8);
  });

  it('has the memory map as it was given, beyond RAM too', () => {
    const memoryMap = [
      { base: 0, length: 0x9fc00, type: 1 },
      { base: 0x100000, length: RAM - 0x100000, type: 1 },
      { base: 0xfffc0000, length: 0x40000, type: 2 },
      { base: 0x100000000, length: 0x123456789, type: 1 },
    ];
    const { memory, tag } = boot(kernel(), { memoryMap });
    const { at, size } = tag(6);
    expect([size, memory.u32(at + 8), memory.u32(at + 12)]).toEqual([16 + 4 * 24, 24, 0]);
    const found = memoryMap.map((_region, index) => {
      const entry = at + 16 + 24 * index;
      expect(memory.u32(entry + 20)).toBe(0);
      return {
        base: Number(memory.u64(entry)),
        length: Number(memory.u64(entry + 8)),
        type: memory.u32(entry + 16),
      };
    });
    expect(found).toEqual(memoryMap);
  });

  it('has a tag for each module, in order, at page boundaries behind the kernel', () => {
    const modules = [
      { bytes: Uint8Array.of(1, 2, 3), text: 'one a b' },
      { bytes: new Uint8Array(0) },
      { bytes: new Uint8Array(5000).fill(7), text: 'three' },
    ];
    const { memory, tags } = boot(kernel([[6, 8]], { memorySize: 0x1801 }), { modules });
    const found = tags
      .filter(({ type }) => type === 3)
      .map(({ at, size }) => [memory.u32(at + 8), memory.u32(at + 12), memory.text(at + 16), size]);
    expect(found).toEqual([
      [0x102000, 0x102003, 'one a b', 24],
      [0x103000, 0x103000, '', 17],
      [0x104000, 0x105388, 'three', 22],
    ]);
    expect([...memory.bytes.subarray(0x102000, 0x102003)]).toEqual([1, 2, 3]);
    expect(memory.bytes[0x105387]).toBe(7);
  });

  it('describes the text screen, also to a kernel that would like graphics', () => {
    for (const tags of [[], [[0x10005, 20, 1024, 768, 32]], [[4, 12, 3]]]) {
      const { memory, tag } = boot(kernel(tags));
      const { at, size } = tag(8);
      expect(size).toBe(32);
      expect(memory.u64(at + 8)).toBe(0xb8000n);
      expect([16, 20, 24].map((offset) => memory.u32(at + offset))).toEqual([160, 80, 25]);
      expect([...memory.bytes.subarray(at + 28, at + 32)]).toEqual([16, 2, 0, 0]);
    }
  });

  it('does not describe it to a kernel that says it has no use for it', () => {
    expect(boot(kernel([[4, 12, 0]])).tags.some(({ type }) => type === 8)).toBe(false);
  });

  it('has a boot device only if there is one', () => {
    const { memory, tag } = boot(kernel(), { bootDevice: { drive: 0x80, partition: 1 } });
    const { at, size } = tag(5);
    expect([size, ...[8, 12, 16].map((offset) => memory.u32(at + offset))]).toEqual([20, 0x80, 1, 0xffffffff]);
  });

  it.each([
    [20, 0, 14],
    [36, 2, 15],
  ])('has a root pointer of %i bytes and revision %i in tag %i', (length, revision, type) => {
    const rsdp = new Uint8Array(length).fill(0x55);
    rsdp[15] = revision;
    const { memory, tag } = boot(kernel(), { rsdp });
    const { at, size } = tag(type);
    expect(size).toBe(8 + length);
    expect([...memory.bytes.subarray(at + 8, at + size)]).toEqual([...rsdp]);
  });

  it('refuses a root pointer of another size', () => {
    expect(errorOf(kernel(), { rsdp: new Uint8Array(24) }).code).toBe('bad-option');
  });

  it.each([
    [32, 12, 40],
    [64, 16, 64],
  ] as const)('has the section headers, and symbols where the headers say, ELF%i', (width, addressField, entrySize) => {
    const symbols = new Uint8Array(48).fill(9);
    const sections = [
      { name: '.text', type: 1, flags: 6, address: START, offset: 0x80, size: 16 },
      { name: '.symtab', type: 2, data: symbols, entrySize: 16, link: 3, alignment: 4 },
      { name: '.strtab', type: 3, data: [0, 0x61, 0] },
      { name: '.bss', type: 8, flags: 3, size: 1 << 30 },
    ];
    const { memory, tag } = boot(kernel([], {}, { width, sections }));
    const { at, size } = tag(9);
    expect(size).toBe(20 + 6 * entrySize);
    expect([8, 12, 16].map((offset) => memory.u32(at + offset))).toEqual([6, entrySize, 5]);
    const address = (index: number): number => memory.u32(at + 20 + entrySize * index + addressField);
    expect(address(1)).toBe(START);
    expect([...memory.bytes.subarray(address(2), address(2) + 48)]).toEqual([...symbols]);
    expect(memory.text(address(3) + 1)).toBe('a');
    expect(memory.text(address(5) + 1)).toBe('.text');
    expect(address(4)).toBe(0);
  });

  it('lies outside the kernel, wherever that is', () => {
    for (const [start, size] of [
      [0x1000, 0x9e000],
      [0x10000, 0x1000],
      [0x10000, 0x1004],
      [0x100000, RAM - 0x100000 - 0x4000],
    ] as const) {
      const { info } = boot(kernel([], { virtualAddress: start, memorySize: size }, { entry: start + 24 }));
      expect(info < start || info >= start + size).toBe(true);
      expect(info % 8).toBe(0);
    }
  });
});

describe('a Multiboot 2 kernel with an address tag is placed', () => {
  const flat = (addresses: readonly number[], entry: number, before = 0, more: readonly number[] = []): Uint8Array => {
    const header = headerBytes([2, 24, ...addresses], [3, 12, entry], ...(more.length === 0 ? [] : [more]));
    return Uint8Array.from([...new Uint8Array(before).fill(0x90), ...header, ...new Uint8Array(64).fill(0x91)]);
  };

  it('from load_addr to load_end_addr, zeroed up to bss_end_addr', () => {
    const { plan, memory } = boot(flat([0x100010, 0x100000, 0x100060, 0x101000], 0x100058, 16));
    expect(plan.entry.rip).toBe(0x100058n);
    expect(memory.u32(0x100010)).toBe(0xe85250d6);
    expect([0x100000, 0x10005f, 0x100060, 0x100fff, 0x101000].map((at) => memory.bytes[at])).toEqual([
      0x90, 0x91, 0, 0, 0xcc,
    ]);
  });

  it('from the start of the file to its end, if so asked', () => {
    const { plan, memory } = boot(flat([0x100018, 0xffffffff, 0, 0], 0x100060, 24));
    expect(plan.entry.rip).toBe(0x100060n);
    expect(memory.u32(0x100018)).toBe(0xe85250d6);
    expect([memory.bytes[0x100000], memory.bytes[0x100018 + 64 + 64 - 1], memory.bytes[0x100018 + 64 + 64]]).toEqual([
      0x90, 0x91, 0xcc,
    ]);
  });

  it('by it also if it is ELF, since the specification wants it', () => {
    const { plan, memory } = boot(
      kernel([
        [2, 24, 0x300000, 0x300000, 0, 0],
        [3, 12, 0x300040],
      ]),
    );
    expect(plan.entry.rip).toBe(0x300040n);
    expect(memory.u32(0x300000)).toBe(0xe85250d6);
    expect(memory.bytes[START]).toBe(0xcc);
  });

  it.each([
    ['load_addr above header_addr', [0x100000, 0x100004, 0, 0], 0x100040, 28, /load_addr/],
    ['load_addr before the start of the file', [0x100000, 0xfff00, 0, 0], 0x100040, 28, /load_addr/],
    ['load_end_addr below load_addr', [0x100000, 0x100000, 0xff000, 0], 0x100040, 32, /load_end_addr/],
    ['load_end_addr past the file', [0x100000, 0x100000, 0x200000, 0], 0x100040, 32, /load_end_addr/],
    ['bss_end_addr below the end', [0x100000, 0x100000, 0x100060, 0x100020], 0x100040, 36, /bss_end_addr/],
    ['an entry before it', [0x100000, 0x100000, 0, 0], 0xfffff, 48, /entry_addr/],
    ['an entry after it', [0x100000, 0x100000, 0, 0], 0x100080, 48, /entry_addr/],
  ])('not with %s', (_what, addresses, entry, offset, message) => {
    const error = errorOf(flat(addresses, entry));
    expect(error).toMatchObject({ code: 'bad-header', offset });
    expect(error.message).toMatch(message);
  });

  it('not below address 0', () => {
    expect(errorOf(flat([8, 0xffffffff, 0, 0], 8, 16))).toMatchObject({ code: 'bad-header', offset: 16 + 24 });
  });

  it('not without an entry address, nor any file without an address tag', () => {
    const noEntry = Uint8Array.from([...headerBytes([2, 24, 0x100000, 0x100000, 0, 0]), 0xf4]);
    expect(errorOf(noEntry)).toMatchObject({ code: 'bad-header', offset: 16 });
    expect(errorOf(noEntry).message).toMatch(/entry address tag/);
    expect(errorOf(Uint8Array.from([...headerBytes(), 0xf4])).message).toMatch(/address tag.*no ELF/);
  });

  it('elsewhere if it is relocatable', () => {
    const { plan, memory, tag } = boot(
      flat([0x100010, 0x100000, 0, 0x104000], 0x100070, 16, [10, 24, 0x400000, 0x500000, 0x1000, 1]),
    );
    expect(plan.entry.rip).toBe(0x400070n);
    expect(memory.u32(0x400010)).toBe(0xe85250d6);
    expect(memory.u32(tag(21).at + 8)).toBe(0x400000);
  });
});

describe('a relocatable Multiboot 2 kernel is moved as a whole', () => {
  const segments = (tag: readonly number[]): SegmentSpec[] => [
    { type: 1, flags: 6, virtualAddress: 0x203000, data: [1, 2, 3], memorySize: 0x1000 },
    { type: 1, flags: 5, virtualAddress: 0x200000, data: [...headerBytes(tag), 0xf4], alignment: 8 },
  ];
  const move = (tag: readonly number[], options: Partial<Multiboot2Options> = {}, width: 32 | 64 = 32): Booted =>
    boot(buildElf({ width, entry: 0x200020, segments: segments([10, 24, ...tag]) }), options);

  it.each([
    ['nowhere without a preference, if it may stay', [0x100000, 0x800000, 0x1000, 0], 0x200000],
    ['nowhere, if it may end at max_addr', [0x200000, 0x204000, 1, 0], 0x200000],
    ['to the lowest place, if it may not stay for min_addr', [0x200001, 0x800000, 0x1000, 0], 0x201000],
    ['to the lowest place, if it may not stay for max_addr', [0x100000, 0x203fff, 0x1000, 0], 0x100000],
    ['to the lowest place, if it may not stay for its alignment', [0x100000, 0x800000, 0x400000, 0], 0x400000],
    ['to the lowest place', [0x123456, 0x800000, 0x1000, 1], 0x124000],
    ['to the lowest place that is not the BIOS’s data', [0, 0x800000, 0x10, 1], 0x1000],
    ['to the highest place in memory', [0x100000, 0xffffffff, 0x1000, 2], 0x7fc000],
    ['to the highest place below max_addr', [0x100000, 0x612345, 0x1000, 2], 0x60e000],
    ['to the highest place that is aligned', [0x100000, 0xffffffff, 0x200000, 2], 0x600000],
    ['to the highest place below the stack', [0x1000, 0x80000, 0x1000, 2], 0x7a000],
  ])('%s', (_what, tag, base) => {
    const { plan, memory, tag: find } = move(tag);
    expect(plan.loadBias).toBe(BigInt(base - 0x200000));
    expect(plan.entry.rip).toBe(BigInt(base + 0x20));
    expect(memory.u32(base)).toBe(0xe85250d6);
    expect([...memory.bytes.subarray(base + 0x3000, base + 0x3004)]).toEqual([1, 2, 3, 0]);
    expect([find(21).size, memory.u32(find(21).at + 8)]).toEqual([12, base]);
  });

  it('around what is reserved', () => {
    const memoryMap = [
      { base: 0x100000, length: RAM - 0x100000, type: 1 },
      { base: 0x7fd000, length: 0x1000, type: 2 },
    ];
    expect(move([0x100000, RAM, 0x1000, 2], { memoryMap }).plan.loadBias).toBe(0x7f9000n - 0x200000n);
  });

  it('from where there is no memory at all', () => {
    const bytes = buildElf({
      width: 64,
      entry: 0xfff00000,
      segments: [
        {
          type: 1,
          flags: 5,
          virtualAddress: 0xfff00000,
          data: headerBytes([10, 24, 0x100000, 0x800000, 0x1000, 1]),
          alignment: 8,
        },
      ],
    });
    expect(boot(bytes).plan.entry.rip).toBe(0x100000n);
  });

  it('with the entry of its entry address tag', () => {
    const data = headerBytes([3, 12, 0x200028], [10, 24, 0x400000, 0x800000, 0x1000, 1]);
    const segment = { type: 1, flags: 5, virtualAddress: 0x200000, data, alignment: 8 };
    expect(boot(buildElf({ width: 32, segments: [segment] })).plan.entry.rip).toBe(0x400028n);
  });

  it('with modules behind it', () => {
    const modules = [{ bytes: Uint8Array.of(1) }];
    const { memory, tag } = move([0x400000, 0x800000, 0x1000, 1], { modules }, 64);
    expect(memory.u32(tag(3).at + 8)).toBe(0x404000);
  });

  it.each([
    ['a range that is too small', [0x100000, 0x103fff, 1, 0]],
    ['a range beyond memory', [0x800000, 0xffffffff, 1, 2]],
    ['an alignment beyond memory', [0x100000, 0xffffffff, 0x80000000, 1]],
  ])('or refused for %s', (_what, tag) => {
    const bytes = buildElf({ width: 32, entry: 0x200020, segments: segments([10, 24, ...tag]) });
    const error = errorOf(bytes);
    expect(error).toMatchObject({ code: 'no-room', offset: 0x78 + 16 });
    expect(error.message).toMatch(/0x4000 bytes.*relocatable header tag/);
  });
});

describe('a Multiboot 2 kernel is refused', () => {
  it.each([
    ['for ARM', kernel([], {}, { machine: 40 }), 'wrong-machine'],
    ['that is an object file', kernel([], {}, { type: 1 }), 'not-executable'],
    ['without loadable segments', kernel([], { type: 4 }), 'no-segments'],
    ['with a .bss of 2^32-1 bytes', kernel([], { memorySize: 0xffffffff }), 'outside-memory'],
    ['at 4 GiB', kernel([], { virtualAddress: 1n << 32n }, { width: 64, entry: 1n << 32n }), 'outside-memory'],
    ['over video memory', kernel([], { virtualAddress: 0xb8000 }, { entry: 0xb8000 }), 'reserved-memory'],
    ['whose entry is nowhere', kernel([], {}, { entry: 0x500000 }), 'bad-entry'],
    ['without a header', buildElf({ width: 32, segments: [{ type: 1, data: [0xf4] }] }), 'bad-header'],
  ])('%s', (_what, bytes, code) => {
    const error = errorOf(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[^\n]+: expected [^\n]+, found [^\n]+; [^\n]+$/);
  });

  it('whose modules or information do not fit', () => {
    expect(errorOf(kernel(), { modules: [{ bytes: new Uint8Array(RAM) }] }).code).toBe('no-room');
    const memoryMap = [{ base: 0x100000, length: 0x1000, type: 1 }];
    expect(errorOf(kernel([], { memorySize: 0x1000 }), { memoryMap }).code).toBe('no-room');
  });
});
