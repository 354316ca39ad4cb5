import { describe, expect, it } from 'vitest';
import { MmuError } from './mmu-error.ts';
import {
  SoftwareTlb,
  TLB_ADDEND_OFFSET,
  TLB_ALL_TABLES,
  TLB_ENTRY_COUNT,
  TLB_ENTRY_SIZE_BYTES,
  TLB_FLAG_GLOBAL,
  TLB_FLAG_SMAP,
  TLB_FLAGS_OFFSET,
  TLB_SIZE_BYTES,
  TLB_SUPERVISOR_READ,
  TLB_SUPERVISOR_WRITE,
  TLB_TABLE_COUNT,
  TLB_TABLE_SIZE_BYTES,
  TLB_TAG_OFFSET,
  TLB_USER_READ,
  TLB_USER_WRITE,
  TLB_WRITE_TABLES,
} from './tlb.ts';

const OFFSET = 0x40;

/** A TLB and the probe that generated code makes, in `bigint`. */
function createTlb(): {
  tlb: SoftwareTlb;
  view: DataView;
  probe: (table: number, linear: bigint) => number | null;
} {
  const buffer = new ArrayBuffer(OFFSET + TLB_SIZE_BYTES + 64);
  new Uint8Array(buffer).fill(0xcc);
  const tlb = new SoftwareTlb({ buffer, byteOffset: OFFSET });
  const view = new DataView(buffer);
  const probe = (table: number, linear: bigint): number | null => {
    const index = Number((linear >> 12n) & BigInt(TLB_ENTRY_COUNT - 1));
    const entry = OFFSET + table * TLB_TABLE_SIZE_BYTES + index * TLB_ENTRY_SIZE_BYTES;
    const tag = view.getBigInt64(entry + TLB_TAG_OFFSET, true);
    if (tag !== BigInt.asIntN(64, linear & ~0xfffn)) return null;
    return (view.getInt32(entry + TLB_ADDEND_OFFSET, true) + Number(linear & 0xffff_ffffn)) >>> 0;
  };
  return { tlb, view, probe };
}

const low = (linear: bigint): number => Number(linear & 0xffff_ffffn);
const high = (linear: bigint): number => Number((linear >> 32n) & 0xffff_ffffn);

describe('finding', () => {
  it('gives the host address of what was entered, from that table alone', () => {
    const { tlb } = createTlb();
    tlb.fill(TLB_USER_READ, 0x8040_2000, 0xffff_8000, 0xf123_4000, 12);
    expect(tlb.find(TLB_USER_READ, 0x8040_2abc, 0xffff_8000, false)).toBe(0xf123_4abc);
    expect(tlb.find(TLB_SUPERVISOR_READ, 0x8040_2abc, 0xffff_8000, false)).toBe(-1);
    expect(tlb.find(TLB_USER_READ, 0x8040_2abc, 0, false)).toBe(-1);
    tlb.flushAll();
    expect(tlb.find(TLB_USER_READ, 0x8040_2abc, 0xffff_8000, false)).toBe(-1);
  });

  it('gives what SMAP guards to those alone that may use it', () => {
    const { tlb } = createTlb();
    tlb.fill(TLB_SUPERVISOR_READ, 0x1000, 0, 0x5000, 12 | TLB_FLAG_SMAP);
    expect(tlb.find(TLB_SUPERVISOR_READ, 0x1008, 0, false)).toBe(-1);
    expect(tlb.find(TLB_SUPERVISOR_READ, 0x1008, 0, true)).toBe(0x5008);
  });
});

describe('the format', () => {
  it('is four tables of 1024 entries of 16 bytes', () => {
    expect([TLB_TABLE_COUNT, TLB_TABLE_SIZE_BYTES, TLB_SIZE_BYTES]).toEqual([4, 16384, 65536]);
    expect([TLB_SUPERVISOR_READ, TLB_SUPERVISOR_WRITE, TLB_USER_READ, TLB_USER_WRITE]).toEqual([0, 1, 2, 3]);
  });

  it('holds tag, addend and flags where generated code looks', () => {
    const { tlb, view } = createTlb();
    tlb.fill(TLB_USER_WRITE, 0x8040_2abc, 0xffff_8000, 0x0123_4abc, 12 | TLB_FLAG_GLOBAL | 0x5_0000);
    const entry = OFFSET + 3 * 16384 + 2 * 16;
    expect(view.getBigUint64(entry + TLB_TAG_OFFSET, true)).toBe(0xffff_8000_8040_2000n);
    expect(view.getUint32(entry + TLB_ADDEND_OFFSET, true)).toBe((0x0123_4000 - 0x8040_2000) >>> 0);
    expect(view.getUint32(entry + TLB_FLAGS_OFFSET, true)).toBe(12 | TLB_FLAG_GLOBAL | 0x5_0000);
  });

  it('starts empty and leaves its surroundings alone', () => {
    const { view } = createTlb();
    for (let index = 0; index < TLB_SIZE_BYTES; index += 16) {
      expect(view.getBigInt64(OFFSET + index + TLB_TAG_OFFSET, true)).toBe(-1n);
    }
    expect(view.getUint8(OFFSET - 1)).toBe(0xcc);
    expect(view.getUint8(OFFSET + TLB_SIZE_BYTES)).toBe(0xcc);
  });

  it.each([
    ['not aligned', 8],
    ['negative', -16],
    ['past the end', 0x10_0000],
    ['not a number', Number.NaN],
  ])('is refused at an offset that is %s', (_name, byteOffset) => {
    expect(() => new SoftwareTlb({ buffer: new ArrayBuffer(0x2_0000), byteOffset })).toThrow(MmuError);
  });
});

describe('a fill', () => {
  it('hits every byte of its page, in its table only, and no address 4 MiB or 2^32 away', () => {
    const { tlb, probe } = createTlb();
    tlb.fill(TLB_SUPERVISOR_READ, 0x1234_5678, 0x12, 0xfedc_b678, 12);
    expect(probe(0, 0x12_1234_5000n)).toBe(0xfedc_b000);
    expect(probe(0, 0x12_1234_5fffn)).toBe(0xfedc_bfff);
    expect(probe(1, 0x12_1234_5000n)).toBe(null);
    expect(probe(0, 0x12_1274_5000n)).toBe(null);
    expect(probe(0, 0x13_1234_5000n)).toBe(null);
  });

  it('replaces what shares its index', () => {
    const { tlb, probe } = createTlb();
    tlb.fill(0, 0x0000_1000, 0, 0x5000, 12);
    tlb.fill(0, 0x0040_1000, 0, 0x6000, 12);
    expect([probe(0, 0x1000n), probe(0, 0x40_1000n), tlb.filledCount]).toEqual([null, 0x6000, 1]);
  });
});

describe('a visit to a table', () => {
  const entriesOf = (tlb: SoftwareTlb, table: number): string[] => {
    const found: string[] = [];
    tlb.forEachEntry(table, (...words) => found.push(words.map((word) => word.toString(16)).join(' ')));
    return found.sort();
  };

  it('finds each translation of that table with its host page and linear page', () => {
    const { tlb } = createTlb();
    tlb.fill(TLB_SUPERVISOR_WRITE, 0x8040_2abc, 0xffff_8000, 0xfedc_4123, 12);
    tlb.fill(TLB_SUPERVISOR_WRITE, 0x3000, 0, 0x9000, 21);
    tlb.fill(TLB_SUPERVISOR_READ, 0x4000, 0, 0xa000, 12);
    tlb.fill(TLB_USER_WRITE, 0x5000, 0, 0xb000, 12);
    expect(entriesOf(tlb, TLB_SUPERVISOR_WRITE)).toEqual(['9000 3000 0', 'fedc4000 80402000 ffff8000']);
    expect(entriesOf(tlb, TLB_USER_WRITE)).toEqual(['b000 5000 0']);
    expect(entriesOf(tlb, TLB_USER_READ)).toEqual([]);
  });

  it('passes over what was replaced and what was dropped', () => {
    const { tlb } = createTlb();
    tlb.fill(TLB_USER_WRITE, 0x1000, 0, 0x5000, 12);
    tlb.fill(TLB_USER_WRITE, 0x40_1000, 0, 0x6000, 12);
    tlb.fill(TLB_USER_WRITE, 0x2000, 0, 0x7000, 12);
    tlb.fill(TLB_USER_WRITE, 0x3000, 0, 0x8000, 12);
    tlb.invalidatePage(0x2000, 0);
    tlb.dropHostPage(0x8000, TLB_WRITE_TABLES);
    expect(entriesOf(tlb, TLB_USER_WRITE)).toEqual(['6000 401000 0']);
    tlb.flushAll();
    expect(entriesOf(tlb, TLB_USER_WRITE)).toEqual([]);
  });
});

describe('invalidation', () => {
  it('of a page drops it from all tables, global or not, and leaves its neighbours', () => {
    const { tlb, probe } = createTlb();
    for (let table = 0; table < 4; table += 1) {
      tlb.fill(table, 0x7000, -1, 0x7000, 12 | TLB_FLAG_GLOBAL);
      tlb.fill(table, 0x8000, -1, 0x8000, 12);
    }
    tlb.invalidatePage(0x7fff, 0xffff_ffff);
    for (let table = 0; table < 4; table += 1) {
      expect(probe(table, 0xffff_ffff_0000_7000n)).toBe(null);
      expect(probe(table, 0xffff_ffff_0000_8000n)).toBe(0x8000);
    }
  });

  it.each([
    ['2 MiB', 21],
    ['4 MiB', 22],
    ['1 GiB', 30],
  ])('of any address in a %s page drops all of its pieces and no piece of the next page', (_name, shift) => {
    const { tlb, probe } = createTlb();
    const size = 1n << BigInt(shift);
    const base = 0xffff_8000_0000_0000n + size;
    const pieces = [base, base + 0x1000n, base + size / 2n, base + size - 0x5000n];
    const next = base + size + 0x2000n;
    for (const piece of [...pieces, next]) tlb.fill(2, low(piece), high(piece), 0x10_0000, shift | TLB_FLAG_GLOBAL);
    tlb.invalidatePage(low(base + size - 1n), high(base));
    for (const piece of pieces) expect(probe(2, piece)).toBe(null);
    expect(probe(2, next)).toBe(0x10_0000);
  });

  it('of a page forgets no large page that stays after a flush of what is not global', () => {
    const { tlb, probe } = createTlb();
    tlb.fill(0, 0x0020_3000, 0, 0x9000, 21 | TLB_FLAG_GLOBAL);
    tlb.fill(0, 0x0040_4000, 0, 0x9000, 12);
    tlb.flushNonGlobal();
    expect([probe(0, 0x20_3000n), probe(0, 0x40_4000n), tlb.filledCount]).toEqual([0x9000, null, 1]);
    tlb.invalidatePage(0x0030_0000, 0);
    expect(probe(0, 0x20_3000n)).toBe(null);
  });

  it('of all empties what was filled and what was not', () => {
    const { tlb, probe, view } = createTlb();
    tlb.fill(1, 0x3000, 0, 0x3000, 12 | TLB_FLAG_GLOBAL);
    tlb.flushAll();
    expect([probe(1, 0x3000n), tlb.filledCount]).toEqual([null, 0]);
    view.setBigInt64(OFFSET + 16, 0x1000n, true); // written behind its back
    tlb.reset();
    expect(probe(0, 0x1000n)).toBe(null);
  });

  it('of SMAP entries drops those only', () => {
    const { tlb, probe } = createTlb();
    tlb.fill(0, 0x1000, 0, 0x1000, 12 | TLB_FLAG_SMAP);
    tlb.fill(0, 0x2000, 0, 0x2000, 12);
    tlb.dropSmapEntries();
    tlb.dropSmapEntries();
    expect([probe(0, 0x1000n), probe(0, 0x2000n)]).toEqual([null, 0x2000]);
  });

  it('of a host page drops its aliases from the tables asked for', () => {
    const { tlb, probe } = createTlb();
    for (let table = 0; table < 4; table += 1) {
      tlb.fill(table, 0x1000, 0, 0xabcd_e000, 12);
      tlb.fill(table, 0x8040_2000, 0xffff_8000, 0xabcd_e000, 12);
      tlb.fill(table, 0x3000, 0, 0xabcd_d000, 12);
    }
    tlb.dropHostPage(0xabcd_efff, TLB_WRITE_TABLES);
    const hits = (): (number | null)[][] =>
      [0, 1, 2, 3].map((table) => [0x1000n, 0xffff_8000_8040_2000n, 0x3000n].map((linear) => probe(table, linear)));
    const all = [0xabcd_e000, 0xabcd_e000, 0xabcd_d000];
    const other = [null, null, 0xabcd_d000];
    expect(hits()).toEqual([all, other, all, other]);
    tlb.dropHostPage(0xabcd_e000, TLB_ALL_TABLES);
    expect(hits()).toEqual([other, other, other, other]);
  });
});

describe('a TLB beside a list', () => {
  it('drops at least what was asked for and hits nothing else, over 60,000 random operations', () => {
    interface Model {
      table: number;
      linear: bigint;
      host: number;
      flags: number;
    }
    const { tlb, probe } = createTlb();
    let state = 99;
    const random = (limit: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % limit;
    };
    const entries = new Map<number, Model>();
    const keep = (isKept: (entry: Model) => boolean): void => {
      for (const [id, entry] of entries) if (!isKept(entry)) entries.delete(id);
    };
    const shiftOf = (flags: number): bigint => BigInt(flags & 31);
    const pageOf = (linear: bigint, flags: number): bigint => linear >> shiftOf(flags);
    // The size of the page that contains an address: neighbours in 2^22 have one, as paging structures give them.
    let most = 0;
    const sizes = [12, 12, 21, 22, 30];
    const randomLinear = (): bigint => {
      const base = [0n, 0x4000_0000n, 0xffff_8000_0000_0000n, 0x12_8000_0000n][random(4)] as bigint;
      return base + BigInt(random(6)) * 0x40_0000n + BigInt(random(1024)) * 0x1000n;
    };
    for (let step = 0; step < 60_000; step += 1) {
      const linear = randomLinear();
      const operation = random(100);
      if (operation < 85) {
        const shift = linear >= 0x12_8000_0000n && linear < 0x13_0000_0000n ? 30 : sizes[Number((linear >> 22n) & 3n)];
        const flags =
          (shift as number) | (random(3) === 0 ? TLB_FLAG_GLOBAL : 0) | (random(9) === 0 ? TLB_FLAG_SMAP : 0);
        const table = random(4);
        const host = random(64) * 0x1000 + 0xf000_0000;
        tlb.fill(table, low(linear) | random(0x1000), high(linear) | 0, host, flags);
        entries.set(table * 1024 + Number((linear >> 12n) & 1023n), { table, linear, host, flags });
      } else if (operation < 94) {
        tlb.invalidatePage(low(linear) | random(0x1000), high(linear));
        keep((entry) => pageOf(entry.linear, entry.flags) !== pageOf(linear, entry.flags));
      } else if (operation < 97) {
        const host = random(64) * 0x1000 + 0xf000_0000;
        const tables = random(16);
        tlb.dropHostPage(host, tables);
        keep((entry) => entry.host !== host || ((tables >> entry.table) & 1) === 0);
      } else if (operation < 98) {
        tlb.dropSmapEntries();
        keep((entry) => (entry.flags & TLB_FLAG_SMAP) === 0);
      } else if (random(4) === 0) {
        tlb.flushNonGlobal();
        keep((entry) => (entry.flags & TLB_FLAG_GLOBAL) !== 0);
      } else if (random(20) === 0) {
        tlb.flushAll();
        entries.clear();
      }
      most = Math.max(most, entries.size);
      const looked = randomLinear();
      const table = random(4);
      const entry = entries.get(table * 1024 + Number((looked >> 12n) & 1023n));
      expect(probe(table, looked)).toBe(entry?.linear === looked ? entry.host : null);
      if (entry !== undefined) expect(probe(table, entry.linear)).toBe(entry.host);
    }
    expect(most).toBeGreaterThan(500);
  });
});
