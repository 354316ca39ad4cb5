import { buildElf, type ImageSpec, type SegmentSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { TestMemory } from '../test/test-memory.ts';
import { BootError } from './error.ts';
import { type Multiboot1Options, planMultiboot1 } from './multiboot1.ts';
import type { LoadPlan } from './plan.ts';

const RAM = 0x800000;

function headerBytes(flags: number, fields: readonly number[] = []): Uint8Array {
  const words = Uint32Array.from([0x1badb002, flags, -(0x1badb002 + flags), ...fields].map((word) => word >>> 0));
  return new Uint8Array(words.buffer);
}

const CODE = [...headerBytes(3), 0xfa, 0xf4];

function kernel(change: Partial<SegmentSpec> = {}, spec: Partial<ImageSpec> = {}): Uint8Array {
  const segment = { type: 1, flags: 5, virtualAddress: 0x100000, data: CODE, alignment: 4, ...change };
  return buildElf({ width: 32, entry: 0x10000c, segments: [segment], ...spec });
}

function boot(
  bytes: Uint8Array,
  options: Partial<Multiboot1Options> = {},
): { plan: LoadPlan; memory: TestMemory; info: number } {
  const plan = planMultiboot1(bytes, { ramSizeBytes: RAM, ...options });
  const memory = new TestMemory(plan, options.ramSizeBytes ?? RAM);
  return { plan, memory, info: Number(plan.entry.registers.rbx) };
}

function errorOf(bytes: Uint8Array, options: Partial<Multiboot1Options> = {}): BootError {
  try {
    planMultiboot1(bytes, { ramSizeBytes: RAM, ...options });
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('expected a BootError');
}

describe('a Multiboot 1 kernel starts', () => {
  const { plan, memory } = boot(kernel());

  it('in protected mode with flat segments, without paging, interrupts or a descriptor table for them', () => {
    const { entry } = plan;
    expect(entry.mode).toBe('protected32');
    expect([entry.cr0 & 1n, entry.cr0 >> 31n]).toEqual([1n, 0n]);
    expect(entry.rflags & 0x20200n).toBe(0n);
    expect(entry.idtr.limit).toBe(0);
    const { cs, ...data } = entry.segments;
    expect(cs).toMatchObject({ base: 0n, limit: 0xffffffff, attributes: 0xc09b });
    for (const segment of Object.values(data))
      expect(segment).toMatchObject({ base: 0n, limit: 0xffffffff, attributes: 0xc093 });
  });

  it('with the magic in EAX and the information in EBX', () => {
    expect(plan.entry.registers.rax).toBe(0x2badb002n);
    expect(plan.entry.registers.rbx).toBe(plan.bootInformationAddress);
    expect(plan.entry.rip).toBe(0x10000cn);
  });

  it('with a descriptor table that holds what the segment registers hold', () => {
    const base = Number(plan.entry.gdtr.base);
    expect(plan.entry.gdtr.limit).toBe(23);
    expect(memory.u64(base)).toBe(0n);
    expect(memory.u64(base + plan.entry.segments.cs.selector)).toBe(0x00cf9b000000ffffn);
    expect(memory.u64(base + plan.entry.segments.ds.selector)).toBe(0x00cf93000000ffffn);
  });
});

describe('a Multiboot 1 kernel in ELF is placed', () => {
  it('with its bytes and zeros after them', () => {
    const { memory } = boot(kernel({ memorySize: 0x3000 }));
    expect([...memory.bytes.subarray(0x100000, 0x100000 + CODE.length)]).toEqual(CODE);
    expect(memory.bytes.subarray(0x100000 + CODE.length, 0x103000).every((byte) => byte === 0)).toBe(true);
    expect(memory.bytes[0x103000]).toBe(0xcc);
  });

  it.each([32, 64] as const)('by physical addresses, ELF%i, and starts at the physical entry', (width) => {
    const high = width === 32 ? 0xc0100000n : 0xffffffff80100000n;
    const bytes = kernel({ virtualAddress: high, physicalAddress: 0x200000 }, { width, entry: high + 12n });
    const { plan, memory } = boot(bytes);
    expect(plan.entry.rip).toBe(0x20000cn);
    expect(memory.u32(0x200000)).toBe(0x1badb002);
  });

  it('and starts at an entry that is a physical address already', () => {
    const { plan } = boot(kernel({ virtualAddress: 0xc0100000, physicalAddress: 0x200000 }, { entry: 0x20000c }));
    expect(plan.entry.rip).toBe(0x20000cn);
  });

  it('below 1 MiB if it is linked there', () => {
    const { memory, info } = boot(kernel({ virtualAddress: 0x8000, memorySize: 0x60000 }, { entry: 0x800c }));
    expect(memory.u32(0x8000)).toBe(0x1badb002);
    expect(info).toBeGreaterThanOrEqual(0x68000);
  });

  it('without segments that take no memory', () => {
    const empty = { type: 1, virtualAddress: 0xffffff00, memorySize: 0 };
    const note = { type: 4, data: [1, 2, 3, 4] };
    const code = { type: 1, flags: 5, virtualAddress: 0x100000, data: CODE };
    expect(() => boot(kernel({}, { segments: [empty, note, code] }))).not.toThrow();
  });
});

describe('the Multiboot 1 information', () => {
  it('tells memory sizes, the command line, no modules, the memory map and the loader', () => {
    const { memory, info } = boot(kernel(), { commandLine: 'kernel größe=1' });
    expect(info % 4).toBe(0);
    expect(memory.u32(info)).toBe(0b10_0100_1101);
    expect([memory.u32(info + 4), memory.u32(info + 8)]).toEqual([639, 7168]);
    expect(memory.text(memory.u32(info + 16))).toBe('kernel größe=1');
    expect(memory.u32(info + 20)).toBe(0);
    expect(memory.text(memory.u32(info + 64))).toBe('longmode');
  });

  it('has the memory map as it was given, beyond RAM too', () => {
    const memoryMap = [
      { base: 0, length: 0x9fc00, type: 1 },
      { base: 0x100000, length: RAM - 0x100000, type: 1 },
      { base: 0xfffc0000, length: 0x40000, type: 2 },
      { base: 0x100000000, length: 0x100000000, type: 1 },
    ];
    const { memory, info } = boot(kernel(), { memoryMap });
    const start = memory.u32(info + 48);
    const end = start + memory.u32(info + 44);
    const found = [];
    // The specification's loop: the size field does not count itself.
    for (let at = start; at < end; at += memory.u32(at) + 4) {
      found.push({ base: Number(memory.u64(at + 4)), length: Number(memory.u64(at + 12)), type: memory.u32(at + 20) });
    }
    expect(found).toEqual(memoryMap);
  });

  it('counts memory above 1 MiB up to the first hole', () => {
    const memoryMap = [
      { base: 0, length: 0x80000, type: 1 },
      { base: 0x100000, length: RAM - 0x100000, type: 1 },
      { base: 0x300000, length: 0x1000, type: 2 },
    ];
    const { memory, info } = boot(kernel(), { memoryMap });
    expect([memory.u32(info + 4), memory.u32(info + 8)]).toEqual([512, 2048]);
  });

  it('has modules at page boundaries, with their strings', () => {
    const modules = [
      { bytes: Uint8Array.of(1, 2, 3), text: 'one a b' },
      { bytes: new Uint8Array(0) },
      { bytes: new Uint8Array(5000).fill(7), text: 'three' },
    ];
    const { memory, info } = boot(kernel({ memorySize: 0x1801 }), { modules });
    expect(memory.u32(info + 20)).toBe(3);
    const list = memory.u32(info + 24);
    const found = [0, 1, 2].map((index) => {
      const at = list + 16 * index;
      expect(memory.u32(at + 12)).toBe(0);
      return [memory.u32(at), memory.u32(at + 4), memory.text(memory.u32(at + 8))];
    });
    expect(found).toEqual([
      [0x102000, 0x102003, 'one a b'],
      [0x103000, 0x103000, ''],
      [0x104000, 0x105388, 'three'],
    ]);
    expect([...memory.bytes.subarray(0x102000, 0x102003)]).toEqual([1, 2, 3]);
    expect(memory.bytes[0x105387]).toBe(7);
  });

  it('has a boot device only if there is one', () => {
    const { memory, info } = boot(kernel(), { bootDevice: 0x80ffffff });
    expect(memory.u32(info) & 2).toBe(2);
    expect(memory.u32(info + 12)).toBe(0x80ffffff);
  });

  it('describes the text screen to a kernel that wants a text mode', () => {
    const code = [...headerBytes(7, [0, 0, 0, 0, 0, 1, 80, 25, 0]), 0xf4];
    const { memory, info } = boot(kernel({ data: code }));
    expect(memory.u32(info) & 0x1000).toBe(0x1000);
    expect(memory.u64(info + 88)).toBe(0xb8000n);
    expect([96, 100, 104].map((offset) => memory.u32(info + offset))).toEqual([160, 80, 25]);
    expect([...memory.bytes.subarray(info + 108, info + 110)]).toEqual([16, 2]);
    expect(memory.u32(info) & 0x800).toBe(0);
  });

  it('describes no screen to a kernel that wants a graphics mode: none was set', () => {
    const code = [...headerBytes(7, [0, 0, 0, 0, 0, 0, 1024, 768, 32]), 0xf4];
    const { memory, info } = boot(kernel({ data: code }));
    expect(memory.u32(info) & 0x1800).toBe(0);
  });

  it('has the section headers, and symbols where the headers say', () => {
    const symbols = new Uint8Array(32).fill(9);
    const sections = [
      { name: '.text', type: 1, flags: 6, address: 0x100000, offset: 0x54, size: CODE.length },
      { name: '.symtab', type: 2, data: symbols, entrySize: 16, link: 3, alignment: 4 },
      { name: '.strtab', type: 3, data: [0, 0x61, 0] },
      { name: '.bss', type: 8, flags: 3, size: 1 << 30 },
    ];
    const { memory, info } = boot(kernel({}, { sections }));
    expect(memory.u32(info) & 0x30).toBe(0x20);
    const [count, size, headers, names] = [28, 32, 36, 40].map((offset) => memory.u32(info + offset)) as [
      number,
      number,
      number,
      number,
    ];
    expect([count, size, names]).toEqual([6, 40, 5]);
    const address = (index: number): number => memory.u32(headers + size * index + 12);
    expect(address(1)).toBe(0x100000);
    expect([...memory.bytes.subarray(address(2), address(2) + 32)]).toEqual([...symbols]);
    expect(memory.text(address(3) + 1)).toBe('a');
    expect(memory.text(address(5) + 1)).toBe('.text');
    expect(address(4)).toBe(0);
  });

  it("has them from a Buffer, too, whose slice() copies nothing, and leaves the caller's bytes alone", () => {
    const bytes = kernel({}, { sections: [{ name: '.symtab', type: 2, data: new Uint8Array(32), entrySize: 16 }] });
    const buffer = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    const plain = planMultiboot1(bytes, { ramSizeBytes: RAM });
    expect(planMultiboot1(buffer, { ramSizeBytes: RAM }).writes).toEqual(plain.writes);
    expect(Buffer.compare(buffer, bytes)).toBe(0);
  });

  it('has no sections if they do not fit into memory', () => {
    const sections = [{ name: '.debug', type: 1, data: new Uint8Array(0x100000) }];
    const { memory, info } = boot(kernel({}, { sections }), { ramSizeBytes: 0x180000 });
    expect(memory.u32(info) & 0x30).toBe(0);
  });

  it('lies outside the kernel and its modules, wherever the kernel is', () => {
    for (const [start, size] of [
      [0x1000, 0x9e000],
      [0x10000, 0x1000],
      [0x100000, RAM - 0x100000 - 0x4000],
    ] as const) {
      const { info } = boot(kernel({ virtualAddress: start, memorySize: size }, { entry: start + 12 }));
      expect(info < start || info >= start + size).toBe(true);
    }
  });
});

describe('a Multiboot 1 kernel with address fields is placed', () => {
  const flat = (addresses: readonly number[], before = 0, size = 64): Uint8Array => {
    const bytes = new Uint8Array(before + size).fill(0x90);
    bytes.set(headerBytes(0x10003, addresses), before);
    return bytes;
  };

  it('from load_addr to load_end_addr, zeroed up to bss_end_addr', () => {
    const { plan, memory } = boot(flat([0x100010, 0x100000, 0x100032, 0x101000, 0x100020], 16));
    expect(plan.entry.rip).toBe(0x100020n);
    expect(memory.u32(0x100010)).toBe(0x1badb002);
    expect([memory.bytes[0x100000], memory.bytes[0x100031], memory.bytes[0x100032], memory.bytes[0x100fff]]).toEqual([
      0x90, 0x90, 0, 0,
    ]);
    expect(memory.bytes[0x101000]).toBe(0xcc);
  });

  it('to the end of the file if load_end_addr is 0, without zeros if bss_end_addr is 0', () => {
    const { memory } = boot(flat([0x100000, 0x100000, 0, 0, 0x100020]));
    expect([memory.bytes[0x10003f], memory.bytes[0x100040]]).toEqual([0x90, 0xcc]);
  });

  it('by these also if it is ELF, since the specification wants it', () => {
    const code = [...headerBytes(0x10003, [0x300000, 0x300000, 0, 0, 0x300004]), 0xf4];
    const { plan, memory } = boot(kernel({ data: code }));
    expect(plan.entry.rip).toBe(0x300004n);
    expect(memory.u32(0x300000)).toBe(0x1badb002);
    expect(memory.bytes[0x100000]).toBe(0xcc);
  });

  it.each([
    ['load_addr above header_addr', [0x100000, 0x100004, 0, 0, 0x100010], 16, /load_addr/],
    ['load_addr before the start of the file', [0x100000, 0xfff00, 0, 0, 0x100010], 16, /load_addr/],
    ['load_end_addr below load_addr', [0x100000, 0x100000, 0xff000, 0, 0x100010], 20, /load_end_addr/],
    ['load_end_addr past the file', [0x100000, 0x100000, 0x200000, 0, 0x100010], 20, /load_end_addr/],
    ['load_end_addr above bss_end_addr', [0x100000, 0x100000, 0x100040, 0x100020, 0x100010], 24, /bss_end_addr/],
    ['an entry before it', [0x100000, 0x100000, 0, 0, 0xfffff], 28, /entry_addr/],
    ['an entry after it', [0x100000, 0x100000, 0, 0, 0x100040], 28, /entry_addr/],
  ])('not with %s', (_what, addresses, offset, message) => {
    const error = errorOf(flat(addresses));
    expect(error).toMatchObject({ code: 'bad-header', offset });
    expect(error.message).toMatch(message);
  });

  it('not past memory, nor over what is reserved', () => {
    expect(errorOf(flat([0x100000, 0x100000, 0, 0xffffffff, 0x100010])).code).toBe('outside-memory');
    expect(errorOf(flat([0xf0000, 0xf0000, 0, 0, 0xf0010])).code).toBe('reserved-memory');
  });
});

describe('a Multiboot 1 kernel is refused', () => {
  it.each([
    ['for ARM', kernel({}, { machine: 40 }), 'wrong-machine'],
    ['for AArch64', kernel({}, { width: 64, machine: 183 }), 'wrong-machine'],
    ['that is big-endian', kernel({}, { isLittleEndian: false, machine: 8 }), 'wrong-machine'],
    ['of class ELF64 for i386', kernel({}, { width: 64, machine: 3 }), 'wrong-machine'],
    ['that is an object file', kernel({}, { type: 1 }), 'not-executable'],
    ['that is a core dump', kernel({}, { type: 4 }), 'not-executable'],
    ['without loadable segments', kernel({ type: 4 }), 'no-segments'],
    ['with more in the file than in memory', kernel({ memorySize: 4 }), 'bad-segment'],
    ['with a .bss of 2^63 bytes', kernel({ memorySize: 1n << 63n }, { width: 64 }), 'outside-memory'],
    ['with a .bss of 2^32-1 bytes', kernel({ memorySize: 0xffffffff }), 'outside-memory'],
    ['beyond memory', kernel({ virtualAddress: 0x7ff000, memorySize: 0x2000 }, { entry: 0x7ff000 }), 'outside-memory'],
    ['at 4 GiB', kernel({ virtualAddress: 1n << 32n }, { width: 64, entry: 1n << 32n }), 'outside-memory'],
    ['whose physical addresses wrap', kernel({ physicalAddress: 0xfffffff0, memorySize: 0x100 }), 'bad-segment'],
    [
      'whose virtual addresses wrap',
      kernel({ virtualAddress: 0xfffffff0, physicalAddress: 0x100000, memorySize: 0x100 }),
      'bad-segment',
    ],
    ['over video memory', kernel({ virtualAddress: 0xb8000 }, { entry: 0xb8000 }), 'reserved-memory'],
    ['across the hole below 1 MiB', kernel({ virtualAddress: 0x90000, memorySize: 0x80000 }), 'reserved-memory'],
    ['whose entry is nowhere', kernel({}, { entry: 0x500000 }), 'bad-entry'],
  ])('%s', (_what, bytes, code) => {
    const error = errorOf(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[^\n]+: expected [^\n]+, found [^\n]+; [^\n]+$/);
    expect(error.message).toContain(error.cure);
  });

  it('whose segments overlap, naming both', () => {
    const segments = [
      { type: 1, virtualAddress: 0x100000, data: CODE, memorySize: 0x2000 },
      { type: 1, virtualAddress: 0x101fff, data: [1] },
    ];
    const error = errorOf(kernel({}, { segments }));
    expect(error).toMatchObject({ code: 'overlap', offset: 52 + 32 });
    expect(error.message).toMatch(/segment 1.*segment 0/);
  });

  it('whose modules or information do not fit', () => {
    const modules = [{ bytes: new Uint8Array(RAM) }];
    expect(errorOf(kernel(), { modules }).code).toBe('no-room');
    const memoryMap = [{ base: 0x100000, length: 0x1000, type: 1 }];
    expect(errorOf(kernel({ memorySize: 0x1000 }), { memoryMap }).code).toBe('no-room');
  });

  it('without address fields if it is not ELF', () => {
    const bytes = new Uint8Array(100);
    bytes.set(headerBytes(3));
    expect(errorOf(bytes).message).toMatch(/flag 16/);
  });
});
