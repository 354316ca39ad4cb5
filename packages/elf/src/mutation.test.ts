import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readDynamic } from './dynamic.ts';
import { parseElf, sectionBytes, segmentBytes } from './elf.ts';
import { ElfError } from './error.ts';
import { readNotes, readNotesIn } from './note.ts';
import { relativeRelocations } from './relative.ts';
import { readRelocations, readRelr } from './relocation.ts';
import { readBestSymbols, readDynamicSymbols, readSymbols } from './symbol.ts';
import { createSymbolTable } from './symbol-table.ts';
import { buildSample, LAYOUTS } from './testing/sample.ts';

const RUNS = process.env.LONGMODE_FULL === '1' ? 100_000 : 5_000;

const samples = LAYOUTS.map((layout) => buildSample(layout));
const interesting = fc.constantFrom(
  0n,
  1n,
  2n,
  0x7fffffffn,
  0xffffffffn,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
);
const mutation = fc.record({
  // Headers are small and matter most; half of the mutations fall into the first 400 bytes or the last 700.
  at: fc.oneof(fc.nat(399), fc.nat(0xffff), fc.integer({ min: -700, max: -1 })),
  size: fc.constantFrom(1, 2, 4, 8),
  value: fc.oneof(interesting, fc.bigInt(0n, 0xffn), fc.bigInt(0n, (1n << 64n) - 1n)),
});
const mutatedImage = fc
  .record({
    sample: fc.nat(3),
    mutations: fc.array(mutation, { minLength: 1, maxLength: 8 }),
    length: fc.option(fc.nat(3000), { freq: 10 }),
  })
  .map(({ sample, mutations, length }) => {
    const bytes = (samples[sample] as Uint8Array).slice();
    for (const { at, size, value } of mutations) {
      const start = (((at % bytes.length) + bytes.length) % bytes.length) >>> 0;
      for (let index = 0; index < size && start + index < bytes.length; index++) {
        bytes[start + index] = Number((value >> BigInt(8 * index)) & 0xffn);
      }
    }
    return length === null ? bytes : bytes.subarray(0, length);
  });

/** Calls a reader; an ElfError is an answer, everything else a defect. */
function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    expect(error.message).toMatch(/^[\P{C}]+$/u);
    expect(Number.isSafeInteger(error.offset)).toBe(true);
    return null;
  }
}

it(`gives only ElfErrors for ${RUNS} mutated images`, { timeout: 600_000 }, () => {
  let parsed = 0;
  fc.assert(
    fc.property(mutatedImage, (bytes) => {
      const elf = attempt(() => parseElf(bytes));
      if (elf === null) return;
      parsed++;
      for (const segment of elf.segments) {
        attempt(() => segmentBytes(elf, segment));
        attempt(() => readNotesIn(elf, segment));
      }
      for (const section of elf.sections) {
        attempt(() => sectionBytes(elf, section));
        attempt(() => readNotesIn(elf, section));
        attempt(() => readSymbols(elf, section));
        attempt(() => readRelocations(elf, section));
        attempt(() => [...readRelr(elf, section)]);
      }
      attempt(() => readNotes(elf));
      attempt(() => readDynamic(elf));
      attempt(() => readBestSymbols(elf));
      attempt(() => readDynamicSymbols(elf));
      attempt(() => [...relativeRelocations(elf)]);
      attempt(() => createSymbolTable(elf).lookup(0x10001n));
    }),
    { numRuns: RUNS },
  );
  // Mutations that are all refused at the door would test nothing behind it.
  expect(parsed).toBeGreaterThan(RUNS / 4);
});

it('gives only ElfErrors for bytes that are no image at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const withMagic = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...bytes]);
      attempt(() => parseElf(bytes));
      attempt(() => parseElf(withMagic));
    }),
    { numRuns: 1000 },
  );
});
