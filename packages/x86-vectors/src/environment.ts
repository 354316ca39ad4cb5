/**
 * What surrounds every case: linear addresses, pages and descriptors. A case is a user process at CPL 3 in IA-32e mode with
 * 4-level paging; nothing is mapped but what stands here.
 */

/** Three pages of INT3 (CC), readable and executable; the instruction is in the second or ends the third. */
export const CODE_PAGES = 0x1000_0000;
export const CODE_SIZE_BYTES = 0x3000;
/** Instructions are in slots of 64 bytes in the second code page: case n of a group in slot n modulo 64. */
export const SLOT_PAGE = 0x1000;
export const SLOT_SIZE_BYTES = 64;
export const SLOT_COUNT = 64;

/** Two pages to read and write, and one to read; their neighbours are not mapped. Not executable. */
export const DATA_PAGES = 0x2000_0000;
export const DATA_SIZE_BYTES = 0x3000;
export const DATA_WRITABLE_SIZE_BYTES = 0x2000;
/** The data pages once more, above 4 GiB. */
export const DATA_ALIAS = 0x5a5a_1234_5000n;

/** A descriptor of the local table. */
export interface LocalDescriptor {
  readonly base: number;
  /** In bytes; the last four hexadecimal digits are F..F where it is granular by pages. */
  readonly limit: number;
  /** Bits 40 to 55 of the descriptor, without the limit's: type, S, DPL, P in bits 0 to 7, AVL, L, D/B, G in bits 12 to 15. */
  readonly attributes: number;
}

const PRESENT = 0x80;
const USER = 0x70; // DPL 3, S
const G = 0x8000;
const DB = 0x4000;
const DATA = 0x3;
const READ_ONLY = 0x1;
const DOWN = 0x7;
const DOWN_READ_ONLY = 0x5;
const CODE = 0xb;
const EXECUTE_ONLY = 0x9;
const CONFORMING = 0xf;
const FLAT = 0xffff_ffff;

const describe = (type: number, base: number, limit: number, bits: 0 | typeof DB, rest = PRESENT): LocalDescriptor => ({
  base,
  limit,
  attributes: type | USER | rest | bits | (limit > 0xf_ffff ? G : 0),
});

/** The local descriptor table, from entry 1 on. Selectors with TI = 1 name these; entry 0 and those behind are absent. */
export const LOCAL_DESCRIPTORS: readonly LocalDescriptor[] = [
  describe(CODE, 0, FLAT, DB), // 1: 32-bit code
  describe(CODE, CODE_PAGES, 0x2fff, DB), // 2: to the end of the code pages
  describe(CODE, CODE_PAGES, 0x1fff, DB), // 3: ends before they do
  describe(CODE, CODE_PAGES, 0xffff, 0), // 4: 16-bit code
  describe(CODE, CODE_PAGES, 0x1fff, 0), // 5
  describe(EXECUTE_ONLY, CODE_PAGES, 0xffff, 0), // 6
  describe(EXECUTE_ONLY, 0, FLAT, DB), // 7
  describe(DATA, 0, FLAT, DB), // 8: flat
  describe(DATA, 0, FLAT, 0), // 9: with a 16-bit stack
  describe(DATA, DATA_PAGES, 0xffff, 0), // 10
  describe(DATA, DATA_PAGES, 0xffff, DB), // 11
  describe(DATA, DATA_PAGES - 0x800, 0x1800, 0), // 12: ends behind the first byte of the second page
  describe(READ_ONLY, DATA_PAGES, 0x2fff, 0), // 13
  describe(DOWN, DATA_PAGES + 0x3000 - 0x1_0000, 0xd7ff, 0), // 14: expands down to the middle of the first page
  describe(DOWN, DATA_PAGES, 0xfff, DB), // 15: from the second page up
  describe(DOWN_READ_ONLY, DATA_PAGES + 0x3000 - 0x1_0000, 0xcfff, 0), // 16
  describe(DATA, DATA_PAGES, 0xffff, DB, 0), // 17: not present
  describe(CODE, DATA_PAGES, 0x2fff, DB), // 18: readable code as data
  describe(EXECUTE_ONLY, DATA_PAGES, 0x2fff, DB), // 19
  describe(DATA, 0xf000_0000, FLAT, DB), // 20: addresses wrap at 4 GiB
  describe(DATA, DATA_PAGES, 0x1f0e, 0), // 21: ends inside the second page
  describe(CODE, CODE_PAGES, 0x2fff, DB, 0), // 22: not present
  describe(CONFORMING, CODE_PAGES, 0x2fff, DB, 0), // 23: conforming, not present
  describe(DATA, DATA_PAGES - 0x7000, 0x8fff, 0), // 24: ends with the writable pages
  describe(DATA, 0, DATA_PAGES + 0x1fff, DB), // 25: the same, granular by pages
];

/** The selector of entry `index` of the local table, with RPL 3. */
export const localSelector = (index: number): number => (index << 3) | 7;

/** Selectors of the global table that cases use: 64-bit code, 32-bit code, flat data, all of DPL 3. */
export const USER_CODE_64 = 0x33;
export const USER_CODE_32 = 0x23;
export const USER_DATA = 0x2b;
/**
 * The global table, from entry 1 on: 32-bit code, 64-bit code and data of DPL 0, then 32-bit code, data and 64-bit code of
 * DPL 3. All are flat. Behind them are system descriptors, which no case names.
 */
export const GLOBAL_DESCRIPTORS: readonly LocalDescriptor[] = [
  { base: 0, limit: FLAT, attributes: 0xc09b },
  { base: 0, limit: FLAT, attributes: 0xa09b },
  { base: 0, limit: FLAT, attributes: 0xc093 },
  { base: 0, limit: FLAT, attributes: 0xc0fb },
  { base: 0, limit: FLAT, attributes: 0xc0f3 },
  { base: 0, limit: FLAT, attributes: 0xa0fb },
];

/** Gates of the interrupt table that CPL 3 may call by INT n: breakpoint, overflow. The others raise #GP. */
export const USER_GATES: readonly number[] = [3, 4];
