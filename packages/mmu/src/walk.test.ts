import { describe, expect, it } from 'vitest';
import { ACCESS_AC, ACCESS_FETCH, ACCESS_IMPLICIT, ACCESS_PROBE, ACCESS_USER, ACCESS_WRITE } from './access.ts';
import { MemoryImage, type PhysicalMemory } from './memory.ts';
import {
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PGE,
  CR4_PKE,
  CR4_PKS,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  createPagingRegisters,
  EFER_LMA,
  EFER_NXE,
  PAGING_4_LEVEL,
  PAGING_5_LEVEL,
  PAGING_32_BIT,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
} from './paging-mode.ts';
import { type PageOptions, PageTableBuilder } from './testing/page-table-builder.ts';
import { PageWalker, WALK_OK, WALK_PAGE_FAULT } from './walk.ts';

const READ = 0;
const WRITE = ACCESS_WRITE;
const FETCH = ACCESS_FETCH;
const USER = ACCESS_USER;

/** Physical memory anywhere below 2^52, word by word; counts writes. */
class SparseMemory implements PhysicalMemory {
  readonly words = new Map<number, number>();
  writes = 0;
  read32(address: number): number {
    return this.words.get(address) ?? 0;
  }
  write32(address: number, value: number): void {
    this.writes += 1;
    this.words.set(address, value | 0);
  }
}

interface Bench {
  memory: SparseMemory;
  tables: PageTableBuilder;
  registers: PagingRegisters;
  /** The error code of the #PF, or `ok`. */
  walk: (access: number) => number | 'ok';
  walker: PageWalker;
}

const LINEAR = 0x0040_0000;
const PHYSICAL = 0x1040_0000;

/** One page at LINEAR. */
function benchOf(mode: PagingMode, page: PageOptions = {}, registers: Partial<PagingRegisters> = {}): Bench {
  const memory = new SparseMemory();
  const tables = new PageTableBuilder({ memory, mode, tables: { start: 0x1000, end: 0x10_0000 } });
  const isHuge = page.pageSizeBytes === 0x4000_0000;
  tables.map(isHuge ? 0 : LINEAR, isHuge ? 0 : PHYSICAL, undefined, page);
  const actual = tables.registers(registers);
  const walker = new PageWalker({ memory, registers: actual });
  memory.writes = 0;
  return {
    memory,
    tables,
    registers: actual,
    walker,
    walk: (access) => (walker.walk(LINEAR, 0, access) === WALK_OK ? 'ok' : walker.errorCode),
  };
}

const MODES: [string, PagingMode, levels: number][] = [
  ['32-bit paging', PAGING_32_BIT, 2],
  ['PAE paging', PAGING_PAE, 2],
  ['4-level paging', PAGING_4_LEVEL, 4],
  ['5-level paging', PAGING_5_LEVEL, 5],
];

describe('translation', () => {
  it('is the identity without paging, for every access', () => {
    const memory = new MemoryImage({ bytes: new Uint8Array(0) });
    const walker = new PageWalker({ memory, registers: createPagingRegisters() });
    expect(walker.walk(-1, 0, USER | WRITE)).toBe(WALK_OK);
    const { physical, pageShift, writable, executable, user, global, dirty } = walker;
    expect({ physical, pageShift, writable, executable, user, global, dirty }).toEqual({
      physical: 0xffff_ffff,
      pageShift: 12,
      writable: true,
      executable: true,
      user: true,
      global: false,
      dirty: true,
    });
  });

  it.each<[string, PagingMode, number, PageOptions['pageSizeBytes'], bigint, number]>([
    ['4 KiB, 32-bit', PAGING_32_BIT, 0xffff_f000, 0x1000, 0xffff_fabcn, 0xffff_fabc],
    ['4 MiB, 32-bit', PAGING_32_BIT, 0x0040_0000, 0x40_0000, 0xffff_ffffn, 0x7f_ffff],
    ['4 MiB at the top of 40 bits', PAGING_32_BIT, 0xff_ffc0_0000, 0x40_0000, 0x0012_3456n, 0xff_ffd2_3456],
    ['4 KiB, PAE', PAGING_PAE, 0xff_ffff_f000, 0x1000, 0xc000_0123n, 0xff_ffff_f123],
    ['2 MiB, PAE', PAGING_PAE, 0x12_3460_0000, 0x20_0000, 0x8001_2345n, 0x12_3461_2345],
    ['4 KiB, 4-level', PAGING_4_LEVEL, 0xff_ffff_f000, 0x1000, 0xffff_ffff_ffff_fffen, 0xff_ffff_fffe],
    ['2 MiB, 4-level', PAGING_4_LEVEL, 0x20_0000, 0x20_0000, 0xffff_8000_001f_ffffn, 0x3f_ffff],
    ['1 GiB, 4-level', PAGING_4_LEVEL, 0xff_c000_0000, 0x4000_0000, 0x7fff_ffff_ffffn, 0xff_ffff_ffff],
    ['4 KiB, 5-level', PAGING_5_LEVEL, 0x1000, 0x1000, 0xff12_3456_789a_bcden, 0x1cde],
    ['2 MiB, 5-level', PAGING_5_LEVEL, 0x40_0000, 0x20_0000, 0x00ff_ffff_ffff_ffffn, 0x5f_ffff],
    ['1 GiB, 5-level', PAGING_5_LEVEL, 0, 0x4000_0000, 0xff80_0000_0000_0000n, 0],
  ])('reaches a page of %s', (_name, mode, physical, pageSizeBytes, linear, expected) => {
    const memory = new SparseMemory();
    const tables = new PageTableBuilder({ memory, mode, tables: { start: 0x1000, end: 0x10_0000 } });
    const size = BigInt(pageSizeBytes as number);
    tables.map((linear / size) * size, physical, undefined, { pageSizeBytes });
    const walker = new PageWalker({ memory, registers: tables.registers() });
    const [low, high] = [Number(linear & 0xffff_ffffn), Number(linear >> 32n)];
    expect(walker.walk(low, high, READ)).toBe(WALK_OK);
    expect([walker.physical, 2 ** walker.pageShift]).toEqual([expected, pageSizeBytes]);
    expect(walker.walk(low | 0, high | 0, READ)).toBe(WALK_OK);
    expect(walker.physical).toBe(expected);
  });

  it('follows tables anywhere below 2^52', () => {
    const memory = new SparseMemory();
    const start = 2 ** 52 - 0x1_0000;
    const tables = new PageTableBuilder({ memory, mode: PAGING_4_LEVEL, tables: { start, end: 2 ** 52 } });
    tables.map(LINEAR, 2 ** 52 - 0x1000);
    const walker = new PageWalker({ memory, registers: tables.registers({ maxPhyAddr: 52 }) });
    expect(walker.walk(LINEAR + 0xfff, 0, WRITE)).toBe(WALK_OK);
    expect(walker.physical).toBe(2 ** 52 - 1);
    expect(tables.readEntry(LINEAR, 1) & 0x60n).toBe(0x60n);
    expect(tables.readEntry(LINEAR, 4) & 0x60n).toBe(0x20n);
  });

  it('ignores the flags and the PCID in CR3', () => {
    const bench = benchOf(PAGING_4_LEVEL);
    bench.registers.cr3Low |= 0xfff;
    expect(bench.walk(READ)).toBe('ok');
  });

  it('ignores the linear address above bit 31 outside IA-32e mode', () => {
    for (const mode of [PAGING_32_BIT, PAGING_PAE] as const) {
      expect(benchOf(mode).walker.walk(LINEAR, -1, READ)).toBe(WALK_OK);
    }
  });

  it('takes a PDE with PS for a reference to a table while CR4.PSE = 0', () => {
    const bench = benchOf(PAGING_32_BIT);
    bench.tables.changeEntry(LINEAR, 2, { set: 0x80n });
    bench.registers.cr4 &= ~CR4_PSE;
    expect(bench.walk(READ)).toBe('ok');
    expect(bench.walker.pageShift).toBe(12);
  });

  it('uses the PDPTE registers and never the table in memory with PAE paging', () => {
    const bench = benchOf(PAGING_PAE);
    bench.registers.cr3Low = 0x7fff_f000;
    expect(bench.walk(READ)).toBe('ok');
    bench.registers.pdptes[0] = 0;
    expect(bench.walk(USER | WRITE)).toBe(0b110);
  });
});

describe('entries that are not present', () => {
  for (const [name, mode, levels] of MODES) {
    it(`fault with P = 0 at every level of ${name}, whatever else they hold`, () => {
      for (let level = 1; level <= levels; level += 1) {
        const bench = benchOf(mode, { user: true });
        bench.tables.changeEntry(LINEAR, level, { set: 0xffff_ffff_ffff_fffen, clear: 1n });
        expect([level, bench.walk(USER | WRITE)]).toEqual([level, 0b110]);
      }
    });
  }
});

describe('reserved bits', () => {
  const RSVD = 0b1001;
  const M = 40;
  type Case = [name: string, mode: PagingMode, page: PageOptions, level: number, bit: number, verdict: number | 'ok'];
  const LARGE: PageOptions = { pageSizeBytes: 0x20_0000 };
  const HUGE: PageOptions = { pageSizeBytes: 0x4000_0000 };
  const PSE: PageOptions = { pageSizeBytes: 0x40_0000 };
  const cases: Case[] = [
    ['bit MAXPHYADDR of a PTE', PAGING_4_LEVEL, {}, 1, M, RSVD],
    ['bit 51 of a PTE', PAGING_4_LEVEL, {}, 1, 51, RSVD],
    ['bit MAXPHYADDR of a PDE', PAGING_4_LEVEL, {}, 2, M, RSVD],
    ['bit MAXPHYADDR of a PDPTE', PAGING_4_LEVEL, {}, 3, M, RSVD],
    ['bit MAXPHYADDR of a PML4E', PAGING_4_LEVEL, {}, 4, M, RSVD],
    ['bit MAXPHYADDR of a PML5E', PAGING_5_LEVEL, {}, 5, M, RSVD],
    ['bit 52 of a PTE, 4-level', PAGING_4_LEVEL, {}, 1, 52, 'ok'],
    ['bit 62 of a PML4E, 4-level', PAGING_4_LEVEL, {}, 4, 62, 'ok'],
    ['bit 52 of a PTE, PAE', PAGING_PAE, {}, 1, 52, RSVD],
    ['bit 62 of a PDE, PAE', PAGING_PAE, {}, 2, 62, RSVD],
    ['bit MAXPHYADDR of a PDE, PAE', PAGING_PAE, {}, 2, M, RSVD],
    ['bit 8 of a PML4E', PAGING_4_LEVEL, {}, 4, 8, 'ok'],
    ['PS of a PML4E', PAGING_4_LEVEL, {}, 4, 7, RSVD],
    ['PS of a PML4E, 5-level', PAGING_5_LEVEL, {}, 4, 7, RSVD],
    ['PS of a PML5E', PAGING_5_LEVEL, {}, 5, 7, RSVD],
    ['bit 12 (PAT) of a 2 MiB PDE', PAGING_4_LEVEL, LARGE, 2, 12, 'ok'],
    ['bit 13 of a 2 MiB PDE', PAGING_4_LEVEL, LARGE, 2, 13, RSVD],
    ['bit 20 of a 2 MiB PDE', PAGING_4_LEVEL, LARGE, 2, 20, RSVD],
    ['bit 21 of a 2 MiB PDE', PAGING_4_LEVEL, LARGE, 2, 21, 'ok'],
    ['bit 12 (PAT) of a 2 MiB PDE, PAE', PAGING_PAE, LARGE, 2, 12, 'ok'],
    ['bit 13 of a 2 MiB PDE, PAE', PAGING_PAE, LARGE, 2, 13, RSVD],
    ['bit 20 of a 2 MiB PDE, PAE', PAGING_PAE, LARGE, 2, 20, RSVD],
    ['bit 12 (PAT) of a 1 GiB PDPTE', PAGING_4_LEVEL, HUGE, 3, 12, 'ok'],
    ['bit 13 of a 1 GiB PDPTE', PAGING_4_LEVEL, HUGE, 3, 13, RSVD],
    ['bit 29 of a 1 GiB PDPTE', PAGING_4_LEVEL, HUGE, 3, 29, RSVD],
    ['bit 30 of a 1 GiB PDPTE', PAGING_4_LEVEL, HUGE, 3, 30, 'ok'],
    ['bit 12 (PAT) of a 4 MiB PDE', PAGING_32_BIT, PSE, 2, 12, 'ok'],
    ['bit 13 of a 4 MiB PDE', PAGING_32_BIT, PSE, 2, 13, 'ok'],
    ['bit 20 of a 4 MiB PDE', PAGING_32_BIT, PSE, 2, 20, 'ok'],
    ['bit 21 of a 4 MiB PDE', PAGING_32_BIT, PSE, 2, 21, RSVD],
    ['PAT of a PTE', PAGING_4_LEVEL, {}, 1, 7, 'ok'],
  ];
  it.each(cases)('%s', (_name, mode, page, level, bit, verdict) => {
    const bench = benchOf(mode, page, { maxPhyAddr: M });
    expect(bench.walk(READ)).toBe('ok');
    bench.tables.changeEntry(LINEAR, level, { set: 1n << BigInt(bit) });
    expect(bench.walk(READ)).toBe(verdict);
  });

  it('end where MAXPHYADDR is 52', () => {
    const bench = benchOf(PAGING_4_LEVEL, {}, { maxPhyAddr: 52 });
    bench.tables.changeEntry(LINEAR, 1, { set: 1n << 51n });
    expect(bench.walk(READ)).toBe('ok');
    expect(bench.walker.physical).toBe(2 ** 51 + PHYSICAL);
  });

  it('start at bit 32 where MAXPHYADDR is 32', () => {
    const bench = benchOf(PAGING_4_LEVEL, {}, { maxPhyAddr: 32 });
    expect(bench.walk(READ)).toBe('ok');
    bench.tables.changeEntry(LINEAR, 1, { set: 1n << 32n });
    expect(bench.walk(READ)).toBe(RSVD);
  });

  it.each<[pse36: boolean, maxPhyAddr: number, lowest: number]>([
    [false, 40, 13],
    [true, 32, 13],
    [true, 36, 17],
    [true, 40, 21],
    [true, 52, 21],
  ])('of a 4 MiB page with PSE-36 %s and MAXPHYADDR %i are bits 21 to %i', (pse36Supported, maxPhyAddr, lowest) => {
    for (let bit = 13; bit <= 21; bit += 1) {
      const bench = benchOf(PAGING_32_BIT, PSE, { pse36Supported, maxPhyAddr });
      bench.tables.changeEntry(LINEAR, 2, { set: 1n << BigInt(bit) });
      expect([bit, bench.walk(READ)]).toEqual([bit, bit >= lowest ? RSVD : 'ok']);
    }
  });

  it('include PS in a PDPTE without 1 GiB pages', () => {
    const bench = benchOf(PAGING_4_LEVEL, HUGE, { page1GSupported: false });
    expect(bench.walk(USER | FETCH)).toBe(0b11101);
  });

  it('include XD at every level while IA32_EFER.NXE = 0', () => {
    for (const [, mode, levels] of MODES.slice(1)) {
      for (let level = 1; level <= levels; level += 1) {
        const bench = benchOf(mode);
        bench.registers.efer &= ~EFER_NXE;
        bench.tables.changeEntry(LINEAR, level, { set: 1n << 63n });
        expect([mode, level, bench.walk(READ)]).toEqual([mode, level, RSVD]);
      }
    }
  });

  it('come before access rights, and a missing entry above comes before them', () => {
    const bench = benchOf(PAGING_4_LEVEL, { writable: false }, { maxPhyAddr: M });
    bench.tables.changeEntry(LINEAR, 1, { set: 1n << 45n });
    expect(bench.walk(USER | WRITE)).toBe(0b1111);
    bench.tables.changeEntry(LINEAR, 2, { clear: 1n });
    expect(bench.walk(USER | WRITE)).toBe(0b0110);
  });

  it('are what a read outside memory finds', () => {
    const memory = new MemoryImage({ bytes: new Uint8Array(0) });
    const registers = createPagingRegisters({ cr0: CR0_PG, cr4: CR4_PAE, efer: EFER_LMA | EFER_NXE });
    const walker = new PageWalker({ memory, registers });
    expect(walker.walk(0, 0, READ)).toBe(WALK_PAGE_FAULT);
    expect(walker.errorCode).toBe(RSVD);
  });
});

describe('access rights', () => {
  const kinds = { READ, WRITE, FETCH, 'user READ': USER, 'user WRITE': USER | WRITE, 'user FETCH': USER | FETCH };
  type Rights = [page: string, options: PageOptions, cr0: number, cr4: number, allowed: string];
  const none = { writable: false, executable: false };
  const table: Rights[] = [
    ['supervisor, R/W', {}, CR0_WP, 0, 'READ WRITE FETCH'],
    ['supervisor, read-only', { writable: false }, CR0_WP, 0, 'READ FETCH'],
    ['supervisor, read-only, WP = 0', { writable: false }, 0, 0, 'READ WRITE FETCH'],
    ['supervisor, XD', { executable: false }, CR0_WP, 0, 'READ WRITE'],
    ['supervisor, SMEP and SMAP', {}, CR0_WP, CR4_SMEP | CR4_SMAP, 'READ WRITE FETCH'],
    ['user, R/W', { user: true }, CR0_WP, 0, 'READ WRITE FETCH user READ user WRITE user FETCH'],
    ['user, read-only', { user: true, writable: false }, CR0_WP, 0, 'READ FETCH user READ user FETCH'],
    ['user, read-only, WP = 0', { user: true, writable: false }, 0, 0, 'READ WRITE FETCH user READ user FETCH'],
    ['user, XD', { user: true, executable: false }, CR0_WP, 0, 'READ WRITE user READ user WRITE'],
    ['user, SMEP', { user: true }, CR0_WP, CR4_SMEP, 'READ WRITE user READ user WRITE user FETCH'],
    ['user, SMAP', { user: true }, CR0_WP, CR4_SMAP, 'FETCH user READ user WRITE user FETCH'],
    ['user, SMAP, WP = 0', { user: true }, 0, CR4_SMAP, 'FETCH user READ user WRITE user FETCH'],
    ['user, SMEP and SMAP', { user: true, ...none }, CR0_WP, CR4_SMEP | CR4_SMAP, 'user READ'],
  ];
  it.each(table)('of a page %s', (_name, page, cr0, cr4, allowed) => {
    for (const [, mode] of MODES.slice(1)) {
      const bench = benchOf(mode, page);
      bench.registers.cr0 = CR0_PG | cr0;
      bench.registers.cr4 |= cr4;
      const actual = Object.entries(kinds).filter(([, access]) => bench.walk(access) === 'ok');
      expect(actual.map(([kind]) => kind).join(' ')).toBe(allowed);
    }
  });

  for (const [name, mode, levels] of MODES) {
    it(`are the conjunction of R/W and of U/S at every level of ${name}`, () => {
      for (let level = 1; level <= levels; level += 1) {
        const bench = benchOf(mode, { user: true });
        bench.tables.changeEntry(LINEAR, level, { clear: 2n });
        expect(bench.walk(USER | WRITE)).toBe(0b111);
        expect(bench.walk(WRITE)).toBe(0b011);
        expect(bench.walk(USER)).toBe('ok');
        bench.tables.changeEntry(LINEAR, level, { set: 2n, clear: 4n });
        expect(bench.walk(USER)).toBe(0b101);
        expect(bench.walk(WRITE)).toBe('ok');
      }
    });
  }

  it('let XD at any level forbid fetches', () => {
    for (const [, mode, levels] of MODES.slice(1)) {
      for (let level = 1; level <= levels; level += 1) {
        const bench = benchOf(mode);
        bench.tables.changeEntry(LINEAR, level, { set: 1n << 63n });
        expect(bench.walk(FETCH)).toBe(0b10001);
        expect(bench.walk(WRITE)).toBe('ok');
      }
    }
  });

  it.each<[string, number, number | 'ok']>([
    ['an explicit read with AC = 0', READ, 1],
    ['an explicit read with AC = 1', ACCESS_AC, 'ok'],
    ['an explicit write with AC = 1', WRITE | ACCESS_AC, 'ok'],
    ['an implicit read with AC = 1', ACCESS_IMPLICIT | ACCESS_AC, 1],
    ['an implicit read with AC = 1 and CPL = 3', ACCESS_IMPLICIT | USER | ACCESS_AC, 1],
    ['a user-mode read with AC = 0', USER, 'ok'],
  ])('under SMAP: %s of a user-mode address', (_name, access, verdict) => {
    expect(benchOf(PAGING_4_LEVEL, { user: true }, { cr4: CR4_PAE | CR4_SMAP }).walk(access)).toBe(verdict);
  });

  it('make an implicit access a supervisor-mode access while CPL = 3', () => {
    const bench = benchOf(PAGING_4_LEVEL);
    expect(bench.walk(USER)).toBe(0b101);
    expect(bench.walk(USER | ACCESS_IMPLICIT)).toBe('ok');
  });

  it('let SMEP forbid fetches with 32-bit paging, and report I/D', () => {
    const bench = benchOf(PAGING_32_BIT, { user: true }, { cr4: CR4_SMEP });
    expect(bench.walk(FETCH)).toBe(0b10001);
    expect(bench.walk(USER | FETCH)).toBe('ok');
  });

  it('leave marks for who caches the translation', () => {
    const bench = benchOf(PAGING_4_LEVEL, { user: true, global: true, writable: false });
    bench.registers.cr4 |= CR4_SMAP;
    expect(bench.walk(USER)).toBe('ok');
    const { user, global, dirty, writable, executable, smapGuarded } = bench.walker;
    expect({ user, global, dirty, writable, executable, smapGuarded }).toEqual({
      user: true,
      global: true,
      dirty: false,
      writable: false,
      executable: true,
      smapGuarded: true,
    });
    bench.registers.cr4 &= ~CR4_PGE;
    expect(bench.walk(USER)).toBe('ok');
    expect(bench.walker.global).toBe(false);
  });
});

describe('protection keys', () => {
  const KEY = 5;
  const AD = 1 << (2 * KEY);
  const WD = 2 << (2 * KEY);
  type Case = [name: string, page: PageOptions, cr4: number, key: number, cr0: number, verdicts: (number | 'ok')[]];
  // Verdicts of: read, write, user read, user write, user fetch.
  it.each<Case>([
    ['AD', { user: true }, CR4_PKE, AD, CR0_WP, [33, 35, 37, 39, 'ok']],
    ['WD', { user: true }, CR4_PKE, WD, CR0_WP, ['ok', 35, 'ok', 39, 'ok']],
    ['WD with WP = 0', { user: true }, CR4_PKE, WD, 0, ['ok', 'ok', 'ok', 39, 'ok']],
    ['AD without CR4.PKE', { user: true }, 0, AD, CR0_WP, ['ok', 'ok', 'ok', 'ok', 'ok']],
    ['AD of PKRU at a supervisor-mode address', {}, CR4_PKE, AD, CR0_WP, ['ok', 'ok', 5, 7, 21]],
    ['AD of IA32_PKRS', {}, CR4_PKS, AD, CR0_WP, [33, 35, 37, 39, 21]],
    ['WD of IA32_PKRS', {}, CR4_PKS, WD, CR0_WP, ['ok', 35, 5, 39, 21]],
    ['WD of IA32_PKRS with WP = 0', {}, CR4_PKS, WD, 0, ['ok', 'ok', 5, 7, 21]],
    ['AD of IA32_PKRS at a user-mode address', { user: true }, CR4_PKS, AD, CR0_WP, ['ok', 'ok', 'ok', 'ok', 'ok']],
  ])('%s', (_name, page, cr4, key, cr0, verdicts) => {
    const bench = benchOf(PAGING_4_LEVEL, { ...page, protectionKey: KEY });
    bench.registers.cr0 = CR0_PG | cr0;
    bench.registers.cr4 |= cr4;
    bench.registers.pkru = key;
    bench.registers.pkrs = key;
    expect([READ, WRITE, USER, USER | WRITE, USER | FETCH].map(bench.walk)).toEqual(verdicts);
  });

  it('do not exist outside IA-32e mode', () => {
    const bench = benchOf(PAGING_PAE, { user: true }, { pkru: 3 });
    bench.registers.cr4 |= CR4_PKE;
    expect(bench.walk(USER | WRITE)).toBe('ok');
  });
});

describe('the I/D flag of the error code', () => {
  it.each<[PagingMode, efer: number, cr4: number, expected: number]>([
    [PAGING_32_BIT, 0, 0, 0],
    [PAGING_32_BIT, EFER_NXE, 0, 0],
    [PAGING_32_BIT, 0, CR4_SMEP, 16],
    [PAGING_PAE, 0, CR4_PAE, 0],
    [PAGING_PAE, EFER_NXE, CR4_PAE, 16],
    [PAGING_PAE, 0, CR4_PAE | CR4_SMEP, 16],
    [PAGING_4_LEVEL, EFER_LMA, CR4_PAE, 0],
    [PAGING_4_LEVEL, EFER_LMA | EFER_NXE, CR4_PAE, 16],
  ])('mode %i, EFER %i, CR4 %i: %i', (mode, efer, cr4, expected) => {
    const bench = benchOf(mode, {}, { efer, cr4 });
    bench.tables.changeEntry(LINEAR, 1, { clear: 1n });
    expect(bench.walk(FETCH)).toBe(expected);
    expect(bench.walk(READ)).toBe(0);
  });
});

describe('accessed and dirty flags', () => {
  const A = 0x20n;
  const AD = 0x60n;
  for (const [name, mode, levels] of MODES) {
    const flags = (bench: Bench): bigint[] =>
      Array.from({ length: levels }, (_, index) => bench.tables.readEntry(LINEAR, levels - index) & AD);
    const upper = Array.from({ length: levels - 1 }, () => A);

    it(`are accessed in every entry after a read, with ${name}`, () => {
      const bench = benchOf(mode);
      expect(bench.walk(READ)).toBe('ok');
      expect(flags(bench)).toEqual([...upper, A]);
      expect(bench.walker.dirty).toBe(false);
    });

    it(`are told as they were before, with ${name}`, () => {
      const bench = benchOf(mode);
      expect(bench.walk(READ)).toBe('ok');
      expect(bench.walker.accessed).toBe(false);
      expect(bench.walk(READ)).toBe('ok');
      expect(bench.walker.accessed).toBe(true);
      bench.tables.changeEntry(LINEAR, 2, { clear: A });
      expect(bench.walk(READ)).toBe('ok');
      expect(bench.walker.accessed).toBe(false);
    });

    it(`are dirty too in the last entry after a write, with ${name}`, () => {
      const bench = benchOf(mode);
      expect(bench.walk(WRITE)).toBe('ok');
      expect(flags(bench)).toEqual([...upper, AD]);
      expect(bench.walker.dirty).toBe(true);
      bench.memory.writes = 0;
      expect(bench.walk(WRITE)).toBe('ok');
      expect(bench.walk(READ)).toBe('ok');
      expect(bench.walker.dirty).toBe(true);
      expect(bench.memory.writes).toBe(0);
    });

    it(`stay as they are in the last entry when access rights forbid the access, with ${name}`, () => {
      const bench = benchOf(mode, { user: true, writable: false });
      expect(bench.walk(USER | WRITE)).toBe(0b111);
      expect(flags(bench)).toEqual([...upper, 0n]);
    });

    it(`are accessed above an entry that is not present, with ${name}`, () => {
      const bench = benchOf(mode);
      bench.tables.changeEntry(LINEAR, 1, { clear: 1n });
      expect(bench.walk(WRITE)).toBe(0b010);
      expect(flags(bench)).toEqual([...upper, 0n]);
    });

    it(`stay as they are everywhere after a probe, with ${name}`, () => {
      const bench = benchOf(mode);
      expect(bench.walk(WRITE | ACCESS_PROBE)).toBe('ok');
      expect(bench.memory.writes).toBe(0);
    });
  }

  it('never appear in the PDPTEs of PAE paging', () => {
    const bench = benchOf(PAGING_PAE);
    expect(bench.walk(WRITE)).toBe('ok');
    expect(bench.tables.readEntry(LINEAR, 3) & AD).toBe(0n);
    expect((bench.registers.pdptes[0] as number) & 0x60).toBe(0);
  });

  it('are set in an entry that serves at two levels of one walk', () => {
    const memory = new SparseMemory();
    memory.write32(0x1000 + 8 * 511, 0x1003);
    const registers = createPagingRegisters({ cr0: CR0_PG, cr4: CR4_PAE, efer: EFER_LMA, cr3Low: 0x1000 });
    const walker = new PageWalker({ memory, registers });
    expect(walker.walk(-1, -1, WRITE)).toBe(WALK_OK);
    expect(walker.physical).toBe(0x1fff);
    expect(memory.read32(0x1000 + 8 * 511)).toBe(0x1063);
  });
});
