import { ElfError } from '@longmode/elf';
import { buildElf, buildSample } from '@longmode/elf/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planDirect64 } from './direct64.ts';
import { BootError } from './error.ts';
import { planMultiboot1 } from './multiboot1.ts';
import { planMultiboot2 } from './multiboot2.ts';
import { type LoadPlan, sizeOf } from './plan.ts';
import { recognise } from './recognise.ts';

const RUNS = process.env.LONGMODE_FULL === '1' ? 100_000 : 3_000;
const RAM = 0x1000000;

function header(flags: number, fields: readonly number[] = []): Uint8Array {
  const words = Uint32Array.from([0x1badb002, flags, -(0x1badb002 + flags), ...fields].map((word) => word >>> 0));
  return new Uint8Array(words.buffer);
}

function header2(...tags: readonly (readonly number[])[]): Uint8Array {
  const words = [...tags, [0, 8]].flatMap((tag) => (tag.length % 2 === 0 ? tag : [...tag, 0]));
  const size = 16 + 4 * words.length;
  return new Uint8Array(Uint32Array.from([0xe85250d6, 0, size, -(0xe85250d6 + size), ...words]).buffer);
}

const code = {
  type: 1,
  flags: 5,
  virtualAddress: 0x200000,
  data: header(
    7,
    Array.from({ length: 9 }, () => 0),
  ),
  alignment: 0x1000,
};
const data = { type: 1, flags: 6, virtualAddress: 0x201000, data: [1, 2, 3], memorySize: 0x5000, alignment: 0x1000 };
const sections = [
  { name: '.text', type: 1, flags: 6, address: 0x200000, offset: 0x1000, size: 48 },
  { name: '.symtab', type: 2, data: new Uint8Array(96), entrySize: 24, link: 3 },
  { name: '.strtab', type: 3, data: [0] },
  { name: '.debug_str', type: 1, data: new TextEncoder().encode('\0recursive_page_table_addr\0') },
];
const bare = { ...code, data: [0xf4] };
const TAGS = [
  [1, 20, 1, 6, 9],
  [0x10005, 20, 1024, 768, 32],
  [4, 12, 3],
  [6, 8],
] as const;
const RELOCATABLE = [10, 24, 0x200000, 0x1000000, 0x1000, 2];
const ADDRESSES = [2, 24, 0x100000, 0x100000, 0, 0x104000];
const images = [
  buildElf({ width: 32, entry: 0x200020, segments: [code, data], sections }),
  buildElf({ width: 64, entry: 0x200020, segments: [code, data], sections }),
  buildElf({ width: 64, entry: 0x200000, segments: [bare, data, { type: 7, memorySize: 8 }], sections }),
  // The sample becomes a position-independent executable of the machine by its type.
  (() => {
    const bytes = buildSample({ width: 64, isLittleEndian: true });
    bytes[16] = 3;
    return bytes;
  })(),
  Uint8Array.from([...header(0x10003, [0x100000, 0x100000, 0, 0x104000, 0x100020]), ...new Uint8Array(100)]),
  Uint8Array.from([...new Uint8Array(510), 0x55, 0xaa]),
  buildElf({ width: 32, entry: 0x200020, segments: [{ ...code, data: header2(...TAGS) }, data], sections }),
  buildElf({
    width: 64,
    entry: 0x200020,
    segments: [{ ...code, data: header2(...TAGS, RELOCATABLE) }, data],
    sections,
  }),
  buildElf({
    width: 64,
    segments: [{ ...code, data: header2([3, 12, 0x200020], [...RELOCATABLE.slice(0, 5), 0]) }, data],
  }),
  Uint8Array.from([...header2(ADDRESSES, [3, 12, 0x100050]), ...new Uint8Array(100)]),
  Uint8Array.from([...header2([2, 24, 0x100000, 0xffffffff, 0, 0], [3, 12, 0x100050], RELOCATABLE), 0, 0, 0, 0]),
];
const interesting = fc.constantFrom(
  0n,
  1n,
  0xfffn,
  0x1000n,
  0xffffffffn,
  (1n << 47n) - 1n,
  1n << 47n,
  1n << 63n,
  (1n << 64n) - 1n,
);
const mutation = fc.record({
  at: fc.oneof(fc.nat(300), fc.nat(0x3000), fc.integer({ min: -500, max: -1 })),
  size: fc.constantFrom(1, 2, 4, 8),
  value: fc.oneof(interesting, fc.bigInt(0n, 0xffn), fc.bigInt(0n, BigInt(2 * RAM)), fc.bigInt(0n, (1n << 64n) - 1n)),
});
const mutatedImage = fc
  .record({
    image: fc.nat(images.length - 1),
    mutations: fc.array(mutation, { minLength: 1, maxLength: 6 }),
    length: fc.option(fc.nat(0x3000), { freq: 12 }),
  })
  .map(({ image, mutations, length }) => {
    const bytes = (images[image] as Uint8Array).slice();
    for (const { at, size, value } of mutations) {
      const start = ((at % bytes.length) + bytes.length) % bytes.length;
      for (let index = 0; index < size && start + index < bytes.length; index++) {
        bytes[start + index] = Number((value >> BigInt(8 * index)) & 0xffn);
      }
    }
    return length === null ? bytes : bytes.subarray(0, length);
  });

/** Makes a plan; a declared error is an answer, everything else a defect. */
function attempt(make: () => LoadPlan): boolean {
  let plan: LoadPlan;
  try {
    plan = make();
  } catch (error) {
    if (!(error instanceof BootError) && !(error instanceof ElfError)) throw error;
    expect(error.message).toMatch(/^[\P{C}]+$/u);
    return false;
  }
  let end = 0;
  for (const write of plan.writes) {
    if (write.physicalAddress < end) throw new Error('steps overlap or are out of order');
    end = write.physicalAddress + sizeOf(write);
  }
  expect(end).toBeLessThanOrEqual(RAM);
  return true;
}

it(`gives a plan within memory or a declared error for ${RUNS} mutated images`, { timeout: 900_000 }, () => {
  let plans = 0;
  fc.assert(
    fc.property(mutatedImage, fc.boolean(), (bytes, isSmall) => {
      const { description, obstacle } = recognise(bytes);
      expect(`${description}${obstacle}`).toMatch(/^[\P{C}]+$/u);
      const options = { ramSizeBytes: RAM, commandLine: 'kernel', modules: [{ bytes: new Uint8Array(10) }] };
      const stack = { kernelStackSizePages: isSmall ? 4 : 512 };
      if (attempt(() => planMultiboot1(bytes, options))) plans++;
      if (attempt(() => planMultiboot2(bytes, options))) plans++;
      if (attempt(() => planDirect64(bytes, { ...options, ...stack }))) plans++;
    }),
    { numRuns: RUNS },
  );
  // Mutations that are all refused at the door would test nothing behind it.
  expect(plans).toBeGreaterThan(RUNS / 8);
});
