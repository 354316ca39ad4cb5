import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MEMORY_ACPI_NVS,
  MEMORY_ACPI_RECLAIMABLE,
  MEMORY_RESERVED,
  MEMORY_USABLE,
  memoryMapE820,
  usableBytesFrom,
} from './memory-map.ts';

const MIB = 0x10_0000;

describe('the address map', () => {
  it('lists 128 MiB as a boot loader expects it', () => {
    expect(memoryMapE820(128 * MIB)).toEqual([
      { base: 0, length: 0x9fc00, type: MEMORY_USABLE },
      { base: 0x9fc00, length: 0x400, type: MEMORY_RESERVED },
      { base: 0xf0000, length: 0x10000, type: MEMORY_RESERVED },
      { base: MIB, length: 127 * MIB, type: MEMORY_USABLE },
    ]);
  });

  it('keeps ACPI tables at the end of the memory below 4 GiB', () => {
    const reservation = { reclaimableBytes: 0x3000, nvsBytes: 0x1000 };
    expect(memoryMapE820(2 * MIB, reservation).slice(3)).toEqual([
      { base: MIB, length: MIB - 0x4000, type: MEMORY_USABLE },
      { base: 2 * MIB - 0x4000, length: 0x3000, type: MEMORY_ACPI_RECLAIMABLE },
      { base: 2 * MIB - 0x1000, length: 0x1000, type: MEMORY_ACPI_NVS },
    ]);
    expect(memoryMapE820(0xe000_0000 + MIB, reservation).at(-2)).toMatchObject({ base: 0xe000_0000 - 0x1000 });
  });

  it('has no extended memory in a machine of 1 MiB', () => {
    expect(memoryMapE820(MIB).map((range) => range.base)).toEqual([0, 0x9fc00, 0xf0000]);
  });

  it('continues above 4 GiB what would reach into the devices', () => {
    expect(memoryMapE820(0xe000_0000 + 5 * MIB).slice(3)).toEqual([
      { base: MIB, length: 0xe000_0000 - MIB, type: MEMORY_USABLE },
      { base: 0x1_0000_0000, length: 5 * MIB, type: MEMORY_USABLE },
    ]);
  });

  it('is ascending, disjoint, and ends with the RAM', () => {
    fc.assert(
      fc.property(fc.integer({ min: MIB, max: 2 ** 34 }), (size) => {
        const map = memoryMapE820(size);
        let end = 0;
        for (const range of map) {
          expect(range.base).toBeGreaterThanOrEqual(end);
          expect(range.length).toBeGreaterThan(0);
          end = range.base + range.length;
        }
        expect(end).toBe(size <= 0xe000_0000 ? Math.max(size, MIB) : size + 0x2000_0000);
      }),
    );
  });
});

describe('usable memory from an address', () => {
  it.each([
    [0, 0x9fc00],
    [0x9fc00, 0],
    [MIB, 3 * MIB],
    [2 * MIB, 2 * MIB],
    [5 * MIB, 0],
  ])('from %i on', (start, expected) => {
    expect(usableBytesFrom(memoryMapE820(4 * MIB), start)).toBe(expected);
  });

  it('joins adjacent ranges in any order', () => {
    const map = [
      { base: 2 * MIB, length: MIB, type: 1 },
      { base: MIB, length: MIB, type: 1 },
      { base: 3 * MIB, length: MIB, type: 2 },
    ];
    expect(usableBytesFrom(map, MIB)).toBe(2 * MIB);
  });
});
