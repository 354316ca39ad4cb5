import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../memory.ts';
import { MmuError } from '../mmu-error.ts';
import { PAGING_4_LEVEL, PAGING_32_BIT, PAGING_NONE, PAGING_PAE, type PagingMode } from '../paging-mode.ts';
import { PageTableBuilder } from './page-table-builder.ts';

function build(mode: PagingMode, end = 0x1_0000): PageTableBuilder {
  const memory = new MemoryImage({ bytes: new Uint8Array(0x1_0000).fill(0xff) });
  return new PageTableBuilder({ memory, mode, tables: { start: 0x0800, end } });
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof MmuError) return error.code;
  }
  return 'nothing thrown';
};

describe('PageTableBuilder', () => {
  it('starts at a page boundary and clears what it takes', () => {
    const tables = build(PAGING_4_LEVEL);
    expect([tables.root, tables.end]).toEqual([0x1000, 0x2000]);
    expect(tables.entryAddress(0, 3)).toBe(null);
    expect(tables.readEntry(0, 4)).toBe(0n);
  });

  it('makes one table for each level and shares them', () => {
    const tables = build(PAGING_4_LEVEL);
    tables.map(0, 0x5000, 0x20_0000);
    expect(tables.end).toBe(0x5000);
    tables.map(0x20_0000, 0x5000);
    expect(tables.end).toBe(0x6000);
    expect(tables.readEntry(0x1f_f000, 1)).toBe(0x20_4003n);
  });

  it('writes each option where the manual has it', () => {
    const tables = build(PAGING_4_LEVEL);
    tables.map(0, 0x12_3456_7000, undefined, {
      user: true,
      writable: false,
      executable: false,
      global: true,
      accessed: true,
      dirty: true,
      writeThrough: true,
      cacheDisable: true,
      protectionKey: 15,
    });
    expect(tables.readEntry(0, 1)).toBe(0xf800_0012_3456_717dn);
  });

  it('puts high address bits of a 4 MiB page into bits 20:13', () => {
    const tables = build(PAGING_32_BIT);
    tables.map(0, 0xff_ffc0_0000, undefined, { pageSizeBytes: 0x40_0000 });
    expect(tables.readEntry(0, 2)).toBe(0xffdf_e083n);
  });

  it('loads the PDPTE registers of PAE paging', () => {
    const tables = build(PAGING_PAE);
    tables.map(0xc000_0000, 0x5000);
    expect([...tables.registers().pdptes]).toEqual([0, 0, 0, 0, 0, 0, 0x2001, 0]);
    tables.changeEntry(0xc000_0000, 3, { set: 2n });
    expect(codeOf(() => tables.registers())).toBe('mapping');
  });

  it.each<[string, PagingMode, (tables: PageTableBuilder) => void]>([
    ['a linear address between pages', PAGING_4_LEVEL, (tables) => tables.map(0x800, 0)],
    ['a physical address between pages', PAGING_4_LEVEL, (tables) => tables.map(0, 0x800)],
    ['a length between pages', PAGING_4_LEVEL, (tables) => tables.map(0, 0, 0x1800)],
    ['a 4 MiB page with 64-bit entries', PAGING_4_LEVEL, (t) => t.map(0, 0, undefined, { pageSizeBytes: 0x40_0000 })],
    ['a 2 MiB page with 32-bit paging', PAGING_32_BIT, (t) => t.map(0, 0, undefined, { pageSizeBytes: 0x20_0000 })],
    ['a 1 GiB page with PAE paging', PAGING_PAE, (t) => t.map(0, 0, undefined, { pageSizeBytes: 0x4000_0000 })],
    ['a 4 KiB page above 4 GiB with 32-bit paging', PAGING_32_BIT, (tables) => tables.map(0, 2 ** 32)],
    [
      'a page inside a larger one',
      PAGING_4_LEVEL,
      (tables) => {
        tables.map(0, 0, undefined, { pageSizeBytes: 0x20_0000 });
        tables.map(0x1000, 0);
      },
    ],
    ['an entry that does not exist', PAGING_4_LEVEL, (tables) => tables.changeEntry(0, 1, {})],
  ])('refuses %s', (_name, mode, action) => {
    expect(codeOf(() => action(build(mode)))).toBe('mapping');
  });

  it('refuses to make tables for no paging, and ends where its memory ends', () => {
    expect(codeOf(() => build(PAGING_NONE))).toBe('mapping');
    expect(codeOf(() => build(PAGING_4_LEVEL, 0x3000).map(0, 0))).toBe('table-space');
  });
});
