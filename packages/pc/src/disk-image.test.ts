import { buildDiskImage, type DiskImageOptions } from '@longmode/bootloader';
import { buildElf, type ImageSpec, type SegmentSpec } from '@longmode/elf/testing';
import { describe, expect, it } from 'vitest';
import { loadImage, type Pc } from './index.ts';

const RAM = 32 * 2 ** 20;
const KERNEL_BLOCK = 17;
const READ_EXECUTE = 5;
const READ_WRITE = 6;
/** cli; hlt: the machine stays as the kernel found it. */
const HALT = [0xfa, 0xf4];

function kernel(segments: readonly SegmentSpec[] = [], spec: Partial<ImageSpec> = {}): Uint8Array {
  const code = { type: 1, flags: READ_EXECUTE, virtualAddress: 0x201120, data: HALT, alignment: 0x1000 };
  return buildElf({ entry: 0x201120, segments: [code, ...segments], ...spec });
}

interface Ran {
  readonly pc: Pc;
  readonly serial: string;
}

function run(image: Uint8Array, direct64: DiskImageOptions = {}, ramSizeBytes = RAM): Ran {
  let serial = '';
  const onSerial = (byte: number): void => {
    serial += String.fromCharCode(byte);
  };
  const { pc } = loadImage(image, { ramSizeBytes, direct64 }, { events: { onSerial } });
  expect(pc.run({ instructions: 20_000_000 }).kind).toBe('halted');
  return { pc, serial };
}

interface Page {
  readonly linear: bigint;
  readonly physical: number;
  readonly size: number;
  readonly rights: string;
}

/** Every page that the page tables of a machine map. */
function pagesOf({ cpu }: Pc): Page[] {
  const { memory } = cpu;
  const pages: Page[] = [];
  const visit = (table: number, shift: number, base: bigint, isWritable: boolean, isExecutable: boolean): void => {
    for (let index = 0; index < 512; index++) {
      const low = memory.read32(table + 8 * index);
      const high = memory.read32(table + 8 * index + 4);
      if ((low & 1) === 0) continue;
      const linear = base | (BigInt(index) << BigInt(shift));
      const writable = isWritable && (low & 2) !== 0;
      const executable = isExecutable && high >>> 31 === 0;
      const physical = (high & 0xfffff) * 2 ** 32 + ((low & 0xfffff000) >>> 0);
      // A table that maps itself would go on for ever.
      if (shift === 12 || (low & 0x80) !== 0 || physical === 0x1000) {
        pages.push({ linear, physical, size: 2 ** shift, rights: `${writable ? 'w' : '-'}${executable ? 'x' : '-'}` });
      } else visit(physical, shift - 9, linear, writable, executable);
    }
  };
  visit(0x1000, 39, 0n, true, true);
  return pages;
}

const bootInfoOf = (pc: Pc): Page => {
  const address = BigInt.asUintN(48, pc.cpu.snapshot().state.gprs[7] ?? 0n);
  return pagesOf(pc).find(({ linear }) => linear === address) as Page;
};

/** What the boot information says of memory: bytes by type, and where the whole begins and ends. */
function regionsOf(pc: Pc): object {
  const { physical } = bootInfoOf(pc);
  const view = new DataView(pc.cpu.memory.read(physical, 4096).buffer);
  const count = Number(view.getBigUint64(0x600, true));
  const sizes: Record<number, number> = {};
  const ranges: [number, number][] = [];
  for (let offset = 0; offset < 24 * count; offset += 24) {
    const start = Number(view.getBigUint64(offset, true));
    const end = Number(view.getBigUint64(offset + 8, true));
    const type = view.getUint32(offset + 16, true);
    sizes[type] = (sizes[type] ?? 0) + end - start;
    const last = ranges.at(-1);
    if (last?.[1] === start) last[1] = end;
    else ranges.push([start, end]);
  }
  const rest = Array.from({ length: 8 }, (_, index) => view.getBigUint64(0x608 + 8 * index, true));
  const empty = view.getUint32(63 * 24 + 16, true);
  return { sizes, ranges, rest, empty };
}

/** All of the processor that a kernel finds; the instructions until then differ, and what counts them. */
function processorOf(pc: Pc): object {
  const { gprs, rip, rflags, cpl, segments, registers } = pc.cpu.snapshot().state;
  const { cr0, cr3, cr4, efer, gdtrBase, gdtrLimit, idtrBase, idtrLimit } = registers;
  // What is hidden behind a null selector nobody uses.
  const loaded = Object.entries(segments).map(([name, segment]) =>
    segment.selector === 0 ? name : { name, ...segment },
  );
  return {
    ...{ gprs, rip, rflags, cpl, loaded },
    ...{ cr0, cr3, cr4, efer, gdtrBase, gdtrLimit, idtrBase, idtrLimit },
  };
}

/** The bytes of the pages that hold the kernel, its stack and the descriptor table. */
function contentsOf(pc: Pc, pages: readonly Page[]): string[] {
  const bootInfo = bootInfoOf(pc).linear;
  return pages
    .filter(({ linear, size }) => size === 4096 && linear >= 0x100000n && linear !== bootInfo)
    .map(({ linear, physical }) => {
      const bytes = pc.cpu.memory.read(physical, 4096);
      return `${linear.toString(16)} ${Buffer.from(bytes)
        .toString('hex')
        .replace(/(00)+$/, '')}`;
    });
}

const data = Array.from({ length: 5000 }, (_, index) => (index * 7 + 1) & 0xff);
const relocations = [0x1000, 0x1008].flatMap((offset) => [
  ...new Uint8Array(BigUint64Array.of(BigInt(offset), 8n, BigInt(offset + 0x234)).buffer),
]);
const dynamic = [...new Uint8Array(BigUint64Array.of(7n, 0x3000n, 8n, BigInt(relocations.length), 0n, 0n).buffer)];
/** Addresses of words, then bits for the words after the last. */
const packedRelocations = [...new Uint8Array(BigUint64Array.of(0x1000n, 0b1011n).buffer)];
const packedDynamic = [...new Uint8Array(BigUint64Array.of(36n, 0x3000n, 35n, 16n, 0n, 0n).buffer)];

function movable(table: readonly number[], entries: readonly number[]): Uint8Array {
  const words = Array.from({ length: 64 }, (_, index) => index);
  return buildElf({
    type: 3,
    entry: 0x100,
    segments: [
      { type: 1, flags: READ_EXECUTE, virtualAddress: 0x100, data: HALT, alignment: 0x1000 },
      { type: 1, flags: READ_WRITE, virtualAddress: 0x1000, data: words, memorySize: 0x900, alignment: 0x1000 },
      { type: 1, flags: 4, virtualAddress: 0x3000, data: table, alignment: 0x1000 },
      { type: 1, flags: READ_WRITE, virtualAddress: 0x5000, data: entries, alignment: 0x1000 },
      { type: 2, flags: READ_WRITE, virtualAddress: 0x5000, data: entries, alignment: 0x1000 },
    ],
  });
}

const kernels: readonly (readonly [what: string, image: Uint8Array, options: DiskImageOptions])[] = [
  ['code alone', kernel(), {}],
  [
    'data with zeros behind it',
    kernel([{ type: 1, flags: READ_WRITE, virtualAddress: 0x300040, data, memorySize: 0x8123, alignment: 0x1000 }]),
    {},
  ],
  [
    'zeros alone, in the higher half',
    kernel([{ type: 1, flags: READ_WRITE, virtualAddress: 0xffffffff80000000n, memorySize: 0x3000 }]),
    {},
  ],
  [
    'a segment at the end of the address space',
    kernel([{ type: 1, flags: READ_WRITE, virtualAddress: 0xffffffffffffe000n, data, memorySize: 0x1fff }]),
    {},
  ],
  [
    'segments that share a page, and one that is not aligned in the file',
    kernel([
      { type: 1, flags: 4, virtualAddress: 0x201800, data: [1, 2, 3], alignment: 1 },
      { type: 1, flags: READ_WRITE, virtualAddress: 0x203f00, data, alignment: 1 },
    ]),
    {},
  ],
  [
    'thread-local storage',
    kernel([{ type: 7, flags: 4, virtualAddress: 0x201120, data: HALT, memorySize: 0x40 }]),
    { mapPhysicalMemory: false },
  ],
  ['a recursive page table', kernel(), { recursivePageTable: true, mapPhysicalMemory: false }],
  [
    'a map of physical memory and a recursive page table',
    kernel(),
    { recursivePageTable: true, mapPhysicalMemory: true },
  ],
  [
    'addresses of its own',
    kernel(),
    {
      kernelStackAddress: 0xffff_c000_0000_0000n,
      kernelStackSizePages: 3,
      physicalMemoryOffset: 0xffff_8000_0000_0000n,
      bootInfoAddress: 0xffff_d000_1234_5000n,
    },
  ],
  ['SSE', kernel(), { sse: true, kernelStackSizePages: 1 }],
  ['video mode 13h', kernel(), { vga320x200: true }],
  ['relocations', movable(relocations, dynamic), {}],
  ['packed relocations', movable(packedRelocations, packedDynamic), {}],
];

describe('a kernel finds the same from a disk as when it is booted directly:', () => {
  it.each(kernels)('%s', (_what, image, options) => {
    const { pc: direct } = run(image, options);
    const { pc: disk, serial } = run(buildDiskImage(image, options));
    expect(serial).toBe('');
    expect(processorOf(disk)).toEqual(processorOf(direct));
    const shape = ({ linear, size, rights }: Page): string => `${linear.toString(16)} ${size} ${rights}`;
    const pages = pagesOf(disk);
    expect(pages.map(shape)).toEqual(pagesOf(direct).map(shape));
    expect(contentsOf(disk, pages)).toEqual(contentsOf(direct, pagesOf(direct)));
    expect(regionsOf(disk)).toEqual(regionsOf(direct));
    const modeOf = ({ vga }: Pc): unknown => ({ ...vga.snapshot(), videoMemory: [] });
    expect(modeOf(disk)).toEqual(modeOf(direct));
  });
});

describe('a disk says why it does not boot:', () => {
  const write = (image: Uint8Array, offset: number, bytes: readonly number[]): Uint8Array => {
    const copy = image.slice();
    copy.set(bytes, KERNEL_BLOCK * 512 + offset);
    return copy;
  };
  const disk = buildDiskImage(kernel([{ type: 1, flags: READ_WRITE, virtualAddress: 0x300000, data }]));
  const SECOND_HEADER = 64 + 56;
  const damages: readonly (readonly [offset: number, bytes: readonly number[], message: string])[] = [
    [0, [0x7e], 'the kernel is not an ELF file'],
    [4, [1], 'the kernel is not an ELF64 file for x86-64'],
    [18, [183], 'the kernel is not an ELF64 file for x86-64'],
    [16, [1], "the kernel's ELF file is not an executable"],
    [
      32,
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      "the kernel's program headers are damaged, or not in the file",
    ],
    [56, [0xff, 0xff], "the kernel's program headers are damaged, or not in the file"],
    [56, [0], 'the kernel has no segment to load (PT_LOAD)'],
    [24, [0, 0, 0], "the kernel's entry point is in no executable segment"],
    [SECOND_HEADER + 8, [0, 0, 0, 1], "the kernel's file ends before its segment does, in segment 1"],
    [SECOND_HEADER + 40, [1, 0], 'the kernel has more bytes in the file than in memory, in segment 1'],
    [SECOND_HEADER + 22, [0, 0x80], "the kernel's addresses are not canonical, in segment 1"],
    [
      SECOND_HEADER + 16,
      [0, 0x10, 0, 0],
      "the kernel's addresses are those of the loader or of video memory, in segment 1",
    ],
    [
      SECOND_HEADER + 16,
      [0x00, 0x80, 0x0b, 0],
      "the kernel's addresses are those of the loader or of video memory, in segment 1",
    ],
    [SECOND_HEADER + 16, [0x00, 0x11, 0x20, 0], "the kernel's addresses are those of an earlier segment, in segment 1"],
    [SECOND_HEADER, [3], 'the kernel wants a program interpreter: link it statically'],
    [SECOND_HEADER + 40, [0, 0, 0, 0x10], 'there is not enough memory, in segment 1'],
    [SECOND_HEADER + 16, [0, 0, 0, 0, 0, 1, 0, 0], 'two things are to be mapped to one address'],
  ];
  it.each(damages)('at offset %i of the kernel %j: %s', (offset, bytes, message) => {
    // With the stack where the last one maps a segment to.
    const source = message.startsWith('two') ? conflicting : disk;
    const { pc, serial } = run(write(source, offset, bytes));
    expect(serial).toBe(`Boot failed: ${message}\r\n`);
    expect(pc.vga.toStrings()[0]?.trimEnd()).toBe(`Boot failed: ${message}`.slice(0, 80).trimEnd());
  });
  const conflicting = buildDiskImage(kernel([{ type: 1, flags: READ_WRITE, virtualAddress: 0x300000, data }]), {
    kernelStackAddress: 0x0000_0100_0000_0000n,
  });

  it('the second stage is damaged', () => {
    const image = disk.slice();
    image[512 + 4] = 0;
    const { serial, pc } = run(image);
    expect(serial).toBe('Boot failed: the second stage is damaged\r\n');
    expect(pc.vga.toStrings().join()).toContain('Boot failed: the second stage is damaged');
  });

  it('the disk ends before the kernel', () => {
    const image = buildDiskImage(
      kernel([{ type: 1, flags: 4, virtualAddress: 0x300000, data: new Uint8Array(600_000) }]),
    );
    expect(run(image.slice(0, 300 * 512)).serial).toBe('Boot failed: the drive cannot be read\r\n');
  });

  it('memory ends before the file', () => {
    const { serial } = run(disk, {}, 4 * 2 ** 20);
    expect(serial).toBe("Boot failed: there is too little memory for the kernel's file, which goes to 400000h\r\n");
  });
});
