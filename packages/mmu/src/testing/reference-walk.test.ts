/**
 * An independent walker in the manner of the manual: whole entries as `bigint`, one table per paging mode, prose turned
 * into conditions one by one. It shares nothing with the package but the numbers of the `ACCESS_` bits and the registers.
 */
import { describe, expect, it } from 'vitest';
import { ACCESS_AC, ACCESS_FETCH, ACCESS_IMPLICIT, ACCESS_PROBE, ACCESS_USER, ACCESS_WRITE } from '../access.ts';
import { explainWalk } from '../explain.ts';
import { MemoryImage, type PhysicalMemory } from '../memory.ts';
import { createPagingRegisters, type PagingRegisters } from '../paging-mode.ts';
import { loadPdptes } from '../pdpte.ts';
import { PageWalker } from '../walk.ts';

interface Verdict {
  errorCode: number | null;
  physical?: number;
  pageSize?: number;
  isGlobal?: boolean;
  isDirty?: boolean;
  isUserAddress?: boolean;
  /** Entries that change, with their new low words. */
  changed: Map<number, number>;
  mode: string;
}

interface Format {
  name: string;
  /** Bits of the linear address, top level first. */
  fields: { entry: 'PML5E' | 'PML4E' | 'PDPTE' | 'PDE' | 'PTE'; from: number; width: number }[];
  entryBytes: 4 | 8;
}

const PTE9 = { entry: 'PTE', from: 12, width: 9 } as const;
const PDE9 = { entry: 'PDE', from: 21, width: 9 } as const;
const PDPTE9 = { entry: 'PDPTE', from: 30, width: 9 } as const;
const PML4E9 = { entry: 'PML4E', from: 39, width: 9 } as const;
const PML5E9 = { entry: 'PML5E', from: 48, width: 9 } as const;
const FORMATS: Record<string, Format> = {
  '32-bit': {
    name: '32-bit',
    fields: [
      { entry: 'PDE', from: 22, width: 10 },
      { entry: 'PTE', from: 12, width: 10 },
    ],
    entryBytes: 4,
  },
  PAE: { name: 'PAE', fields: [PDE9, PTE9], entryBytes: 8 },
  '4-level': { name: '4-level', fields: [PML4E9, PDPTE9, PDE9, PTE9], entryBytes: 8 },
  '5-level': { name: '5-level', fields: [PML5E9, PML4E9, PDPTE9, PDE9, PTE9], entryBytes: 8 },
};

const bit = (value: bigint | number, n: number): boolean => ((BigInt(value) >> BigInt(n)) & 1n) === 1n;
const field = (value: bigint, high: number, low: number): bigint =>
  (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
const u32 = (value: number): bigint => BigInt(value >>> 0);

function referenceWalk(memory: PhysicalMemory, r: PagingRegisters, linear: bigint, access: number): Verdict {
  const [cr0, cr4, efer] = [u32(r.cr0), u32(r.cr4), u32(r.efer)];
  const [wp, pg] = [bit(cr0, 16), bit(cr0, 31)];
  const [pse, pae, pge, la57] = [bit(cr4, 4), bit(cr4, 5), bit(cr4, 7), bit(cr4, 12)];
  const [smep, smap, pke, pks] = [bit(cr4, 20), bit(cr4, 21), bit(cr4, 22), bit(cr4, 24)];
  const [lma, nxe] = [bit(efer, 10), bit(efer, 11)];
  const isFetch = (access & ACCESS_FETCH) !== 0;
  const isWrite = (access & ACCESS_WRITE) !== 0;
  const isImplicit = (access & ACCESS_IMPLICIT) !== 0;
  const isUserMode = (access & ACCESS_USER) !== 0 && !isImplicit;
  const changed = new Map<number, number>();
  const m = r.maxPhyAddr;

  if (!pg) return { errorCode: null, physical: Number(linear & 0xffff_ffffn), pageSize: 4096, changed, mode: 'none' };
  const format = FORMATS[!pae ? '32-bit' : !lma ? 'PAE' : la57 ? '5-level' : '4-level'] as Format;
  const mode = format.name;

  const pageFault = (flags: { p: boolean; rsvd?: boolean; pk?: boolean }): Verdict => {
    let errorCode = 0;
    if (flags.p) errorCode += 1;
    if (isWrite) errorCode += 2;
    if (isUserMode) errorCode += 4;
    if (flags.rsvd) errorCode += 8;
    if (isFetch && (smep || (pae && nxe))) errorCode += 16;
    if (flags.pk) errorCode += 32;
    return { errorCode, changed, mode };
  };
  const read = (address: number): bigint => {
    const low = u32(changed.get(address) ?? memory.read32(address));
    return format.entryBytes === 4 ? low : (u32(memory.read32(address + 4)) << 32n) + low;
  };

  let table: bigint;
  if (mode === 'PAE') {
    const which = Number(field(linear, 31, 30));
    const pdpte = (u32(r.pdptes[2 * which + 1] as number) << 32n) + u32(r.pdptes[2 * which] as number);
    if (!bit(pdpte, 0)) return pageFault({ p: false });
    table = field(pdpte, 51, 12) << 12n;
  } else if (mode === '32-bit') {
    table = field(u32(r.cr3Low), 31, 12) << 12n;
  } else {
    table = field((u32(r.cr3High) << 32n) + u32(r.cr3Low), 51, 12) << 12n;
  }

  const used: bigint[] = [];
  for (const { entry: kind, from, width } of format.fields) {
    const address = Number(table + field(linear, from + width - 1, from) * BigInt(format.entryBytes));
    const entry = read(address);
    if (!bit(entry, 0)) return pageFault({ p: false });
    const ps = bit(entry, 7);
    const reserved = new Set<number>();
    const reserve = (high: number, low: number): void => {
      for (let n = low; n <= high; n += 1) reserved.add(n);
    };
    let isPage = kind === 'PTE';
    let addressBits: bigint;
    if (mode === '32-bit') {
      addressBits = field(entry, 31, from) << BigInt(from);
      if (kind === 'PDE' && pse && ps) {
        isPage = true;
        const width4M = r.pse36Supported ? Math.min(m, 40) : 32;
        reserve(21, 13);
        for (let n = 32; n < width4M; n += 1) reserved.delete(n - 32 + 13);
        addressBits = (field(entry, 31, 22) << 22n) + (field(entry, 20, 13) << 32n);
      } else {
        addressBits = field(entry, 31, 12) << 12n;
      }
    } else {
      if (m < 52) reserve(51, m);
      if (mode === 'PAE') reserve(62, 52);
      if (!nxe) reserve(63, 63);
      if (kind === 'PML4E' || kind === 'PML5E') reserve(7, 7);
      if (kind === 'PDPTE' && !r.page1GSupported) reserve(7, 7);
      if (kind === 'PDPTE' && ps) {
        isPage = true;
        reserve(29, 13);
      }
      if (kind === 'PDE' && ps) {
        isPage = true;
        reserve(20, 13);
      }
      addressBits = field(entry, 51, 12) << 12n;
    }
    for (const n of reserved) if (bit(entry, n)) return pageFault({ p: true, rsvd: true });
    used.push(entry);
    if (!isPage) {
      if (!bit(entry, 5) && (access & ACCESS_PROBE) === 0) changed.set(address, Number(field(entry, 31, 0) | 32n));
      table = addressBits;
      continue;
    }

    // A translation exists. Section "Determination of Access Rights", item by item.
    const isUserAddress = used.every((e) => bit(e, 2));
    const isWritable = used.every((e) => bit(e, 1));
    const isExecuteDisabled = pae && nxe && used.some((e) => bit(e, 63));
    const key = Number(field(entry, 62, 59));
    const keyed = lma && ((isUserAddress && pke) || (!isUserAddress && pks));
    const keyRegister = isUserAddress ? r.pkru : r.pkrs;
    const accessDisable = keyed && bit(u32(keyRegister), 2 * key);
    const writeDisable = keyed && bit(u32(keyRegister), 2 * key + 1);
    const keyForbids =
      !isFetch && (accessDisable || (writeDisable && isWrite && (wp || (isUserMode && isUserAddress))));
    const smapLifted = !smap || ((access & ACCESS_AC) !== 0 && !isImplicit);
    let isAllowed: boolean;
    if (isUserMode) {
      if (!isUserAddress) isAllowed = false;
      else if (isFetch) isAllowed = !isExecuteDisabled;
      else if (isWrite) isAllowed = isWritable && !keyForbids;
      else isAllowed = !keyForbids;
    } else if (isFetch) {
      isAllowed = !isExecuteDisabled && !(isUserAddress && smep);
    } else if (isUserAddress) {
      isAllowed = smapLifted && !keyForbids && (!isWrite || !wp || isWritable);
    } else {
      isAllowed = !keyForbids && (!isWrite || !wp || isWritable);
    }
    if (!isAllowed) return pageFault({ p: true, pk: keyForbids });

    let low = field(entry, 31, 0);
    if ((access & ACCESS_PROBE) === 0) {
      low |= 32n;
      if (isWrite) low |= 64n;
      if (low !== field(entry, 31, 0)) changed.set(address, Number(low));
    }
    const offset = field(linear, from - 1, 0);
    return {
      errorCode: null,
      physical: Number(((addressBits >> BigInt(from)) << BigInt(from)) + offset),
      pageSize: 2 ** from,
      isGlobal: pge && bit(entry, 8),
      isDirty: bit(low, 6),
      isUserAddress,
      changed,
      mode,
    };
  }
  throw new Error('unreachable');
}

/** Counts the writes of a walk; the rest is a memory image. */
class LoggingMemory implements PhysicalMemory {
  readonly image: MemoryImage;
  readonly log = new Map<number, number>();
  constructor(image: MemoryImage) {
    this.image = image;
  }
  read32(address: number): number {
    return this.image.read32(address);
  }
  write32(address: number, value: number): void {
    this.log.set(address, value >>> 0);
    this.image.write32(address, value);
  }
}

/** xorshift32: the same numbers in every run. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const TABLES = 16;
const MEMORY_BYTES = TABLES * 4096;

/** A word that is mostly a useful entry: it references one of the tables, or maps a large page, and errs now and then. */
function randomLow(random: (limit: number) => number): number {
  let word = random(0x1000) | 7;
  if (random(12) === 0) word &= ~(1 << random(3));
  if (random(4) !== 0) return (word & ~0x80) | (random(TABLES + (random(8) === 0 ? 8 : 0)) << 12);
  word |= 0x80;
  word |= random(0x1000) << 20;
  if (random(2) === 0) word &= 0xc000_1fff;
  else word &= 0xffe0_1fff;
  if (random(6) === 0) word |= 1 << (13 + random(17));
  return word;
}

function randomHigh(random: (limit: number) => number): number {
  let word = random(8) === 0 ? random(16) << 27 : 0;
  if (random(10) === 0) word |= 1 << 31;
  if (random(24) === 0) word |= 1 << random(20);
  if (random(24) === 0) word |= 1 << (20 + random(11));
  return word;
}

function fillTables(image: MemoryImage, entryBytes: number, random: (limit: number) => number): void {
  for (let address = 0; address < MEMORY_BYTES; address += entryBytes) {
    image.write32(address, randomLow(random));
    if (entryBytes === 8) image.write32(address + 4, randomHigh(random));
  }
}

function randomRegisters(entryBytes: number, image: MemoryImage, random: (limit: number) => number): PagingRegisters {
  const flag = (odds: number, n: number): number => (random(odds) === 0 ? 0 : 1 << n);
  const rare = (odds: number, n: number): number => (random(odds) === 0 ? 1 << n : 0);
  const hasPae = entryBytes === 8 ? random(100) !== 0 : random(100) === 0;
  const registers = createPagingRegisters({
    cr0: flag(200, 31) | flag(2, 16) | 1,
    cr3Low: (random(TABLES) << 12) | random(32),
    cr3High: rare(100, random(20)),
    cr4:
      flag(5, 4) |
      (hasPae ? 1 << 5 : 0) |
      flag(2, 7) |
      flag(2, 12) |
      rare(3, 20) |
      rare(3, 21) |
      rare(3, 22) |
      rare(3, 24),
    // IA-32e mode is never active without CR4.PAE.
    efer: (hasPae ? flag(3, 10) : 0) | flag(5, 11),
    pkru: random(0x1_0000_0000) & (random(3) === 0 ? -1 : random(0x1_0000_0000)),
    pkrs: random(0x1_0000_0000) & (random(3) === 0 ? -1 : random(0x1_0000_0000)),
    maxPhyAddr: [32, 36, 39, 40, 46, 51, 52][random(7)] as number,
    page1GSupported: random(3) !== 0,
    pse36Supported: random(3) !== 0,
  });
  for (let index = 0; index < 4; index += 1) {
    registers.pdptes[2 * index] = (random(TABLES) << 12) | (random(10) === 0 ? 0 : 1);
  }
  if (random(4) === 0) loadPdptes(image, registers.cr3Low, registers.maxPhyAddr, registers.pdptes);
  return registers;
}

/** The rights by trying one access of each kind; SMAP is lifted for what the walk itself was made for. */
function rightsByReference(memory: PhysicalMemory, r: PagingRegisters, linear: bigint, access: number): number {
  const isLifted = (access & (ACCESS_AC | ACCESS_USER | ACCESS_IMPLICIT)) === ACCESS_AC;
  let rights = 0;
  [0, ACCESS_WRITE, ACCESS_USER, ACCESS_USER | ACCESS_WRITE, ACCESS_FETCH, ACCESS_USER | ACCESS_FETCH].forEach(
    (tried, n) => {
      const verdict = referenceWalk(memory, r, linear, tried | ACCESS_PROBE | (isLifted ? ACCESS_AC : 0));
      if (verdict.errorCode === null) rights |= 1 << n;
    },
  );
  return rights;
}

const ACCESS_KINDS = [0, ACCESS_WRITE, ACCESS_FETCH];
const WALKS_PER_TABLES = 1000;

/** Compares walks over `rounds` sets of tables; returns how often each outcome came up. */
function compareWalks(seed: number, rounds: number): Map<string, number> {
  const outcomes = new Map<string, number>();
  const random = createRandom(seed);
  const image = new MemoryImage({ bytes: new Uint8Array(MEMORY_BYTES) });
  const memory = new LoggingMemory(image);
  for (let round = 0; round < rounds; round += 1) {
    const entryBytes = round % 4 === 0 ? 4 : 8;
    fillTables(image, entryBytes, random);
    for (let count = 0; count < WALKS_PER_TABLES; count += 1) {
      const registers = randomRegisters(entryBytes, image, random);
      const walker = new PageWalker({ memory, registers });
      const low = random(0x1_0000_0000);
      const high = random(0x1_0000_0000);
      const access =
        (ACCESS_KINDS[random(3)] as number) |
        (random(2) * ACCESS_USER) |
        (random(6) === 0 ? ACCESS_IMPLICIT : 0) |
        (random(2) * ACCESS_AC) |
        (random(8) === 0 ? ACCESS_PROBE : 0);
      const expected = referenceWalk(image, registers, (BigInt(high) << 32n) + BigInt(low), access);
      const before = count % 16 === 0 ? new MemoryImage({ bytes: image.bytes.slice() }) : image;
      memory.log.clear();
      const isFault = walker.walk(low | 0, high | 0, access) !== 0;
      const actual = isFault
        ? { errorCode: walker.errorCode }
        : { errorCode: null, physical: walker.physical, pageSize: 2 ** walker.pageShift };
      const agrees =
        actual.errorCode === expected.errorCode &&
        actual.physical === expected.physical &&
        actual.pageSize === expected.pageSize &&
        memory.log.size === expected.changed.size &&
        [...expected.changed].every(([address, value]) => memory.log.get(address) === value) &&
        (isFault ||
          expected.mode === 'none' ||
          (walker.global === expected.isGlobal &&
            walker.dirty === expected.isDirty &&
            walker.user === expected.isUserAddress));
      if (!agrees) {
        const where = { seed, round, count, low, high, access, registers };
        expect({ ...actual, log: new Map(memory.log), where }).toEqual({ ...expected, where });
        throw new Error('global, dirty or user differ');
      }
      if (!isFault && count % 8 === 0) {
        const rights = rightsByReference(image, registers, (BigInt(high) << 32n) + BigInt(low), access);
        expect([walker.rights, registers]).toEqual([rights, registers]);
        const asUser = (access & (ACCESS_USER | ACCESS_IMPLICIT)) === ACCESS_USER;
        expect(walker.writable).toBe((rights & (asUser ? 8 : 2)) !== 0);
        expect(walker.executable).toBe((rights & (asUser ? 32 : 16)) !== 0);
      }
      if (count % 16 === 0) {
        const { outcome, entries } = explainWalk(
          { memory: before, registers },
          (BigInt(high) << 32n) + BigInt(low),
          access,
        );
        if (outcome.kind !== 'non-canonical') {
          expect(outcome).toMatchObject(isFault ? { errorCode: walker.errorCode } : { physical: walker.physical });
          const hasReserved = entries.some((entry) => entry.reservedBits !== 0n);
          expect(hasReserved).toBe(isFault && (walker.errorCode & 8) !== 0);
          expect(entries.every((entry) => entry.present)).toBe(!isFault || (walker.errorCode & 1) !== 0);
        }
      }
      const kind = expected.errorCode === null ? `ok ${expected.pageSize}` : `#PF ${expected.errorCode & 0x29}`;
      const outcome = `${expected.mode} ${kind}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  return outcomes;
}

describe('PageWalker beside a walker in the manner of the manual', () => {
  it('agrees on 240,000 random walks in every paging mode, with flags, error codes and results', () => {
    const outcomes = compareWalks(0x1234_5678, 240);
    const expected = [
      'none ok 4096',
      ...['4096', '4194304'].map((size) => `32-bit ok ${size}`),
      ...['4096', '2097152'].map((size) => `PAE ok ${size}`),
      ...['4096', '2097152', '1073741824'].flatMap((size) => [`4-level ok ${size}`, `5-level ok ${size}`]),
      ...['32-bit', 'PAE', '4-level', '5-level'].flatMap((mode) => [`${mode} #PF 0`, `${mode} #PF 1`, `${mode} #PF 9`]),
      '4-level #PF 33',
      '5-level #PF 33',
    ];
    for (const outcome of expected) expect([outcome, (outcomes.get(outcome) ?? 0) >= 100]).toEqual([outcome, true]);
    expect(new Set(outcomes.keys())).toEqual(new Set(expected));
  }, 120_000);
});
