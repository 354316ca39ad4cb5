import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootError } from './error.ts';
import { FreeSpace } from './free-space.ts';
import {
  defaultMemoryMap,
  joinRanges,
  memoryMapOf,
  type PhysicalRange,
  subtractRanges,
  usableRanges,
} from './memory-map.ts';

const range = fc
  .tuple(fc.nat(60), fc.nat(60))
  .map(([a, b]): PhysicalRange => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const ranges = fc.array(range, { maxLength: 12 });

function holds(list: readonly PhysicalRange[], at: number): boolean {
  return list.some(({ start, end }) => at >= start && at < end);
}

describe('ranges', () => {
  it('subtracted hold what the first have and the second have not, in order and joined', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const result = subtractRanges(a, b);
        for (let at = 0; at <= 60; at++) expect(holds(result, at)).toBe(holds(a, at) && !holds(b, at));
        for (let index = 1; index < result.length; index++) {
          expect(result[index]?.start).toBeGreaterThan(result[index - 1]?.end ?? 0);
        }
        expect(result.every(({ start, end }) => end > start)).toBe(true);
      }),
    );
  });

  it('joined hold what any of them has', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const result = joinRanges(list);
        for (let at = 0; at <= 60; at++) expect(holds(result, at)).toBe(holds(list, at));
      }),
    );
  });
});

describe('a memory map', () => {
  it('by default leaves out what a PC keeps below 1 MiB', () => {
    const map = defaultMemoryMap(0x8000000);
    expect(usableRanges(map, 0x8000000)).toEqual([
      { start: 0, end: 0x9fc00 },
      { start: 0x100000, end: 0x8000000 },
    ]);
    expect(map.every(({ base, length }) => base + length <= 0x8000000)).toBe(true);
  });

  it('of less than 1 MiB has base memory only', () => {
    expect(usableRanges(defaultMemoryMap(0x40000), 0x40000)).toEqual([{ start: 0, end: 0x40000 }]);
  });

  it('is usable only where no other region says otherwise, and only in RAM', () => {
    const map = [
      { base: 0, length: 0x10000, type: 1 },
      { base: 0x4000, length: 0x1000, type: 4 },
      { base: 0xc000, length: 0x10000, type: 2 },
    ];
    expect(usableRanges(map, 0x8000)).toEqual([
      { start: 0, end: 0x4000 },
      { start: 0x5000, end: 0x8000 },
    ]);
  });

  it.each([
    ['no RAM', { ramSizeBytes: 0 }],
    ['negative RAM', { ramSizeBytes: -1 }],
    ['half a byte of RAM', { ramSizeBytes: 0.5 }],
    ['RAM that is not a number', { ramSizeBytes: Number.NaN }],
    ['a negative base', { ramSizeBytes: 4096, memoryMap: [{ base: -1, length: 1, type: 1 }] }],
    ['an end that is not exact', { ramSizeBytes: 4096, memoryMap: [{ base: 2 ** 53 - 1, length: 9, type: 1 }] }],
    ['a type that is no word', { ramSizeBytes: 4096, memoryMap: [{ base: 0, length: 1, type: 2 ** 32 }] }],
    [
      'too many regions',
      { ramSizeBytes: 4096, memoryMap: Array.from({ length: 2000 }, () => ({ base: 0, length: 1, type: 1 })) },
    ],
  ])('with %s is refused', (_what, options) => {
    expect(() => memoryMapOf(options)).toThrow(BootError);
  });
});

describe('free space', () => {
  it('gives the lowest aligned range that fits, and never the same byte twice', () => {
    const space = new FreeSpace([{ start: 0x1100, end: 0x9000 }], [{ start: 0x3000, end: 0x4000 }]);
    expect(space.take(0x1000, 0x1000)).toBe(0x2000);
    expect(space.take(0x100, 0x100)).toBe(0x1100);
    expect(space.take(0x1000, 0x1000)).toBe(0x4000);
    expect(space.take(0x1000, 0x1000, 0x6800, 0x7800)).toBeNull();
    expect(space.take(0x800, 0x800, 0x6800, 0x7800)).toBe(0x6800);
    expect(space.take(0x10000, 1)).toBeNull();
  });

  it('gives frames from several ranges, whole ones only', () => {
    const space = new FreeSpace(
      [
        { start: 0x800, end: 0x2800 },
        { start: 0x5000, end: 0x9000 },
      ],
      [],
    );
    expect(space.takeFrames(3)).toEqual([
      { start: 0x1000, end: 0x2000 },
      { start: 0x5000, end: 0x7000 },
    ]);
    expect(space.takeFrames(3)).toBeNull();
    expect(space.takeFrames(2)).toEqual([{ start: 0x7000, end: 0x9000 }]);
    expect(space.take(0x800, 1)).toBe(0x800);
  });
});
