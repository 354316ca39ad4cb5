import { describe, expect, it } from 'vitest';
import { formatMapping, listMappings } from './mappings.ts';
import { MemoryImage } from './memory.ts';
import {
  createPagingRegisters,
  PAGING_4_LEVEL,
  PAGING_5_LEVEL,
  PAGING_32_BIT,
  PAGING_PAE,
  type PagingMode,
} from './paging-mode.ts';
import { PageTableBuilder } from './testing/page-table-builder.ts';

function build(mode: PagingMode): { memory: MemoryImage; tables: PageTableBuilder } {
  const memory = new MemoryImage({ bytes: new Uint8Array(0x10_0000) });
  return { memory, tables: new PageTableBuilder({ memory, mode, tables: { start: 0x1000, end: 0x10_0000 } }) };
}

const list = (memory: MemoryImage, tables: PageTableBuilder, options = {}): string[] =>
  [...listMappings({ memory, registers: tables.registers() }, options)].map(formatMapping);

describe('listMappings', () => {
  it('joins pages that continue each other and parts those that do not', () => {
    const { memory, tables } = build(PAGING_4_LEVEL);
    tables.map(0x40_0000, 0x8000, 0x3000, { user: true, writable: false });
    tables.map(0x40_3000, 0xb000, 0x1000, { user: true });
    tables.map(0x40_4000, 0xa000, 0x1000, { user: true });
    tables.map(0xffff_ffff_c000_0000n, 0, 0x4000_0000, {
      pageSizeBytes: 0x20_0000,
      global: true,
      executable: false,
    });
    expect(list(memory, tables)).toEqual([
      '0x0040_0000-0x0040_2fff -> 0x0000_8000 ur-x- 4 KiB pages',
      '0x0040_3000-0x0040_3fff -> 0x0000_b000 urwx- 4 KiB pages',
      '0x0040_4000-0x0040_4fff -> 0x0000_a000 urwx- 4 KiB pages',
      '0xffff_ffff_c000_0000-0xffff_ffff_ffff_ffff -> 0x0000_0000 -rw-g 2 MiB pages',
    ]);
  });

  it.each<[string, PagingMode, bigint, number]>([
    ['32-bit paging', PAGING_32_BIT, 0xffc0_0000n, 0x40_0000],
    ['PAE paging', PAGING_PAE, 0xffe0_0000n, 0x20_0000],
    ['5-level paging', PAGING_5_LEVEL, 0xff00_0000_0000_0000n, 0x4000_0000],
  ])('lists a large page of %s', (_name, mode, linear, size) => {
    const { memory, tables } = build(mode);
    tables.map(linear, 0, undefined, { pageSizeBytes: size as 0x20_0000 });
    const found = [...listMappings({ memory, registers: tables.registers() })];
    expect(found).toMatchObject([{ linear, physical: 0, lengthBytes: BigInt(size), pageSizeBytes: size }]);
  });

  it('does not join the lower half with the upper half', () => {
    const { memory, tables } = build(PAGING_4_LEVEL);
    tables.map(0x7fff_ffff_f000n, 0x8000);
    tables.map(0xffff_8000_0000_0000n, 0x9000);
    expect(list(memory, tables)).toHaveLength(2);
  });

  it('keeps to the range asked for', () => {
    const { memory, tables } = build(PAGING_4_LEVEL);
    tables.map(0, 0, 0x10_0000);
    expect(list(memory, tables, { from: 0x3000n, to: 0x4fffn })).toEqual([
      '0x0000_3000-0x0000_4fff -> 0x0000_3000 -rwx- 4 KiB pages',
    ]);
  });

  it('leaves out what reserved bits spoil', () => {
    const { memory, tables } = build(PAGING_4_LEVEL);
    tables.map(0, 0, 0x2000);
    tables.changeEntry(0, 1, { set: 1n << 51n });
    expect(list(memory, tables)).toEqual(['0x0000_1000-0x0000_1fff -> 0x0000_1000 -rwx- 4 KiB pages']);
  });

  it('ends within its limit on tables that contain themselves', () => {
    const memory = new MemoryImage({ bytes: new Uint8Array(0x2000) });
    for (let index = 0; index < 512; index += 1) memory.write32(0x1000 + 8 * index, 0x1003);
    const { tables } = build(PAGING_4_LEVEL);
    const registers = tables.registers();
    let pages = 0;
    for (const _ of listMappings({ memory, registers }, { entryLimit: 5000 })) pages += 1;
    expect(pages).toBe(5000 - 3 - 9);
  });

  it('lists four gigabytes without paging', () => {
    const memory = new MemoryImage({ bytes: new Uint8Array(0) });
    expect([...listMappings({ memory, registers: createPagingRegisters() })]).toMatchObject([
      { linear: 0n, physical: 0, lengthBytes: 0x1_0000_0000n },
    ]);
  });
});
