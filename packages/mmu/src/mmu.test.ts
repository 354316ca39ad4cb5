import { describe, expect, it } from 'vitest';
import { ACCESS_FETCH, ACCESS_IMPLICIT, ACCESS_USER, ACCESS_WRITE } from './access.ts';
import { formatExplanation } from './explain.ts';
import { MemoryImage } from './memory.ts';
import { Mmu } from './mmu.ts';
import {
  CR4_PKE,
  CR4_SMAP,
  CR4_SMEP,
  createPagingRegisters,
  PAGING_4_LEVEL,
  PAGING_32_BIT,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
} from './paging-mode.ts';
import { type PageOptions, PageTableBuilder } from './testing/page-table-builder.ts';

const LINEAR = 0x40_3000n;

function build(
  mode: PagingMode,
  options: PageOptions = {},
): { mmu: Mmu; tables: PageTableBuilder; registers: PagingRegisters; bytes: Uint8Array } {
  const bytes = new Uint8Array(0x1_0000);
  const memory = new MemoryImage({ bytes });
  const tables = new PageTableBuilder({ memory, mode, tables: { start: 0x1000, end: 0x1_0000 } });
  tables.map(LINEAR, 0x8000, undefined, options);
  const registers = tables.registers();
  return { mmu: new Mmu({ memory, registers }), tables, registers, bytes };
}

describe('Mmu.translate', () => {
  it('returns a translation as a value', () => {
    expect(build(PAGING_4_LEVEL, { user: true, global: true }).mmu.translate(LINEAR + 0x123n)).toEqual({
      kind: 'translation',
      linear: LINEAR + 0x123n,
      physical: 0x8123,
      pageSizeBytes: 0x1000,
      rights: 0b111111,
      user: true,
      writable: true,
      executable: true,
      global: true,
      dirty: false,
    });
  });

  it('leaves no trace unless it is given an access', () => {
    const { mmu, tables } = build(PAGING_4_LEVEL);
    mmu.translate(LINEAR);
    expect(tables.readEntry(LINEAR, 1) & 0x60n).toBe(0n);
    mmu.translate(LINEAR, ACCESS_WRITE);
    expect(tables.readEntry(LINEAR, 1) & 0x60n).toBe(0x60n);
  });

  it('returns a page fault as a value', () => {
    const { mmu } = build(PAGING_4_LEVEL);
    expect(mmu.translate(LINEAR, ACCESS_USER)).toEqual({ kind: 'page-fault', linear: LINEAR, errorCode: 5 });
  });

  it('tells an address that is not canonical from a page fault', () => {
    const { mmu } = build(PAGING_4_LEVEL);
    const linear = 0x8000_0000_0000n;
    expect(mmu.translate(linear)).toEqual({ kind: 'non-canonical', linear });
    expect(mmu.translate(-1n).kind).toBe('page-fault');
  });

  it('cuts linear addresses to 32 bits outside IA-32e mode', () => {
    const { mmu } = build(PAGING_32_BIT);
    expect(mmu.translate(0xffff_ffff_0000_0000n + LINEAR)).toMatchObject({ linear: LINEAR, physical: 0x8000 });
  });

  it('follows registers that change', () => {
    const { mmu, registers } = build(PAGING_PAE);
    registers.cr0 = 1;
    expect(mmu.translate(LINEAR)).toMatchObject({ kind: 'translation', physical: Number(LINEAR) });
  });
});

describe('Mmu.explain', () => {
  it('tells every entry of a walk', () => {
    const { mmu, bytes } = build(PAGING_4_LEVEL, { user: true, executable: false });
    const before = bytes.slice();
    const text = formatExplanation(mmu.explain(LINEAR + 0xabcn, ACCESS_USER | ACCESS_WRITE));
    expect(text.split('\n')).toEqual([
      'user-mode write at 0x0000_0000_0040_3abc, 4-level paging',
      '  CR3 0x0000_0000_0000_1000',
      '  PML4E[0]    at 0x0000_1000: 0x0000_0000_0000_2007 P R/W U/S -> table 0x0000_2000',
      '  PDPTE[0]    at 0x0000_2000: 0x0000_0000_0000_3007 P R/W U/S -> table 0x0000_3000',
      '  PDE[2]      at 0x0000_3010: 0x0000_0000_0000_4007 P R/W U/S -> table 0x0000_4000',
      '  PTE[3]      at 0x0000_4018: 0x8000_0000_0000_8007 P R/W U/S XD -> 4 KiB page 0x0000_8000',
      '  -> physical 0x0000_8abc, 4 KiB page: user-mode write permitted',
    ]);
    expect(bytes).toEqual(before);
  });

  it('shows the PDPTE register of PAE paging', () => {
    const { mmu, registers } = build(PAGING_PAE);
    registers.pdptes[6] = 0x1e6;
    expect(formatExplanation(mmu.explain(0xc000_0000n)).split('\n')).toEqual([
      'supervisor-mode read at 0xc000_0000, PAE paging',
      '  CR3 0x0000_1000',
      '  PDPTE[3]    in its register: 0x0000_0000_0000_01e6 not present',
      '  -> #PF, error code 0x0: the PDPTE is not present',
    ]);
    expect(mmu.explain(LINEAR).entries.map((entry) => [entry.name, entry.index, entry.entryAddress])).toEqual([
      ['PDPTE', 0, null],
      ['PDE', 2, 0x2010],
      ['PTE', 3, 0x3018],
    ]);
  });

  it('explains that there is no paging, and what is not canonical', () => {
    const mmu = new Mmu({ memory: new MemoryImage({ bytes: new Uint8Array(0) }), registers: createPagingRegisters() });
    expect(formatExplanation(mmu.explain(0x1234n))).toBe(
      'supervisor-mode read at 0x0000_1234, no paging\n' +
        '  -> physical 0x0000_1234, 4 KiB page: paging is off: linear addresses are physical addresses',
    );
    expect(formatExplanation(build(PAGING_4_LEVEL).mmu.explain(0xdead_beef_dead_beefn))).toContain(
      '-> not canonical: bits 63:47 are not all equal',
    );
  });

  it('decodes a large page and its flags', () => {
    const { mmu, tables } = build(PAGING_4_LEVEL);
    tables.map(0x4000_0000n, 0x20_0000, undefined, {
      pageSizeBytes: 0x20_0000,
      global: true,
      dirty: true,
      accessed: true,
      protectionKey: 9,
      writeThrough: true,
      cacheDisable: true,
    });
    expect(mmu.explain(0x4000_0000n).entries[2]).toMatchObject({
      level: 2,
      name: 'PDE',
      value: 0x4800_0000_0020_01fbn,
      mapsPageOfBytes: 0x20_0000,
      address: 0x20_0000,
      protectionKey: 9,
      global: true,
      dirty: true,
      flagNames: ['P', 'R/W', 'PWT', 'PCD', 'A', 'D', 'PS', 'G'],
    });
  });

  type Case = [
    reason: string,
    options: PageOptions,
    access: number,
    change: (tables: PageTableBuilder, registers: PagingRegisters) => void,
  ];
  it.each<Case>([
    ['the PDE is not present', {}, 0, (tables) => tables.changeEntry(LINEAR, 2, { clear: 1n })],
    [
      'the PDPTE sets reserved bits: 0x0002_0000_0000_0000',
      {},
      0,
      (tables) => tables.changeEntry(LINEAR, 3, { set: 1n << 49n }),
    ],
    [
      'user-mode read to a supervisor-mode address: U/S is 0 in the PML4E and PTE',
      {},
      ACCESS_USER,
      (tables) => tables.changeEntry(LINEAR, 4, { clear: 4n }),
    ],
    [
      'user-mode write to a read-only page: R/W is 0 in the PTE',
      { user: true, writable: false },
      ACCESS_USER | ACCESS_WRITE,
      () => {},
    ],
    [
      'supervisor-mode write to a read-only page: R/W is 0 in the PTE and CR0.WP = 1',
      { writable: false },
      ACCESS_WRITE,
      () => {},
    ],
    [
      'supervisor-mode instruction fetch from an execute-disabled page: XD is 1 in the PTE',
      { executable: false },
      ACCESS_FETCH,
      () => {},
    ],
    [
      'supervisor-mode instruction fetch from a user-mode address: CR4.SMEP = 1',
      { user: true },
      ACCESS_FETCH,
      (_tables, registers) => {
        registers.cr4 |= CR4_SMEP;
      },
    ],
    [
      'supervisor-mode read to a user-mode address: CR4.SMAP = 1 and EFLAGS.AC = 0',
      { user: true },
      0,
      (_tables, registers) => {
        registers.cr4 |= CR4_SMAP;
      },
    ],
    [
      'implicit supervisor-mode write to a user-mode address: CR4.SMAP = 1 and the access is implicit',
      { user: true },
      ACCESS_IMPLICIT | ACCESS_WRITE,
      (_tables, registers) => {
        registers.cr4 |= CR4_SMAP;
      },
    ],
    [
      'user-mode read against protection key 2: PKRU forbids it',
      { user: true, protectionKey: 2 },
      ACCESS_USER,
      (_tables, registers) => {
        registers.cr4 |= CR4_PKE;
        registers.pkru = 0x10;
      },
    ],
  ])('says: %s', (reason, options, access, change) => {
    const { mmu, tables, registers } = build(PAGING_4_LEVEL, options);
    change(tables, registers);
    expect(mmu.explain(LINEAR, access).reason).toBe(reason);
  });
});
