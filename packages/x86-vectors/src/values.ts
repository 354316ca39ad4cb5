import type { Random } from './random.ts';

const MASK64 = 0xffff_ffff_ffff_ffffn;

/** Edges of the ranges of 8, 16, 32 and 64-bit integers. */
const EDGES: readonly bigint[] = [8n, 16n, 32n, 64n].flatMap((width) => {
  const sign = 1n << (width - 1n);
  return [0n, 1n, sign - 1n, sign, 2n * sign - 1n, MASK64 ^ (sign - 1n)];
});
const EDGE_COUNT = 24;

/** Pairs of words, low one first. */
function pairs(values: readonly bigint[]): Uint32Array {
  const words = new Uint32Array(2 * values.length);
  values.forEach((value, i) => {
    words[2 * i] = Number(value & 0xffff_ffffn);
    words[2 * i + 1] = Number((value >> 32n) & 0xffff_ffffn);
  });
  return words;
}

const SHIFTS = Array.from({ length: 64 }, (_, n) => BigInt(n));
/** The tables of 64-bit integers: edges; their neighbours; one bit; ones from below; ones from above. */
const INTEGER_TABLES: readonly Uint32Array[] = [
  pairs(EDGES),
  pairs(EDGES.flatMap((edge) => [-2n, -1n, 0n, 1n, 2n].map((d) => (edge + d) & MASK64))),
  pairs(SHIFTS.map((n) => 1n << n)),
  pairs(SHIFTS.map((n) => MASK64 >> n)),
  pairs(SHIFTS.map((n) => (MASK64 << n) & MASK64)),
];

/** Writes a 64-bit integer, one of many edges, as two words. */
export function putInteger(into: Uint32Array, at: number, random: Random): void {
  const kind = random.below(8);
  const table = INTEGER_TABLES[kind];
  if (table !== undefined) {
    const n = random.below(table.length / 2);
    into[at] = table[2 * n] as number;
    into[at + 1] = table[2 * n + 1] as number;
    return;
  }
  if (kind === 5) {
    into[at] = random.below(256);
    into[at + 1] = 0;
    return;
  }
  if (kind === 6) {
    // Edges of narrower integers in both halves.
    const edges = INTEGER_TABLES[0] as Uint32Array;
    into[at] = edges[2 * random.below(EDGE_COUNT)] as number;
    into[at + 1] = edges[2 * random.below(EDGE_COUNT)] as number;
    return;
  }
  into[at] = random.next();
  into[at + 1] = random.next();
}

/** Single-precision edges without sign: zeros, denormals, normals, one and its neighbours, limits of integers, infinity, NaNs. */
// biome-ignore format: a table
const SINGLES: readonly number[] = [
  0, 1, 2, 0x007fffff, 0x00400000, 0x00800000, 0x00800001, 0x00ffffff,
  0x3f800000, 0x3f7fffff, 0x3f800001, 0x3f000000, 0x3fc00000, 0x40000000, 0x40200000, 0x40490fdb,
  0x4b000000, 0x4b7fffff, 0x4f000000, 0x4effffff, 0x4f7fffff, 0x5f000000, 0x5effffff, 0x5f7fffff,
  0x7f7fffff, 0x7f7ffffe, 0x7f000000, 0x7f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fa00000,
];

/** Double-precision edges without sign, high word and low word, as `SINGLES`. */
// biome-ignore format: a table
const DOUBLES: readonly (readonly [number, number])[] = [
  [0, 0], [0, 1], [0, 2], [0x000fffff, 0xffffffff], [0x00080000, 0], [0x00100000, 0], [0x00100000, 1], [0x001fffff, 0xffffffff],
  [0x3ff00000, 0], [0x3fefffff, 0xffffffff], [0x3ff00000, 1], [0x3fe00000, 0], [0x3ff80000, 0], [0x40000000, 0], [0x40040000, 0], [0x400921fb, 0x54442d18],
  [0x43300000, 0], [0x432fffff, 0xffffffff], [0x41e00000, 0], [0x41dfffff, 0xffc00000], [0x41efffff, 0xffe00000], [0x43e00000, 0], [0x43dfffff, 0xffffffff], [0x43efffff, 0xffffffff],
  [0x7fefffff, 0xffffffff], [0x47efffff, 0xe0000000], [0x36a00000, 0], [0x7ff00000, 0], [0x7ff00000, 0], [0x7ff80000, 0], [0x7ff00000, 1], [0x7ff40000, 0],
];
const FLOAT_COUNT = 32;

/** Writes a single-precision number: an edge of either sign; of an exponent near 0; a small integer; any bits. */
export function putSingle(into: Uint32Array, at: number, random: Random): void {
  const kind = random.below(4);
  const bits = random.next();
  if (kind === 0) into[at] = (SINGLES[random.below(FLOAT_COUNT)] as number) | (bits & 0x80000000);
  else if (kind === 1) into[at] = (bits & 0x807fffff) | ((97 + random.below(60)) << 23);
  else if (kind === 2) into[at] = (bits & 0x80780000) | ((125 + random.below(10)) << 23);
  else into[at] = bits;
}

/** Writes a double-precision number, in the kinds of `putSingle`. */
export function putDouble(into: Uint32Array, at: number, random: Random): void {
  const kind = random.below(4);
  const high = random.next();
  const low = random.next();
  into[at] = low;
  if (kind === 0) {
    const [edgeHigh, edgeLow] = DOUBLES[random.below(FLOAT_COUNT)] as readonly [number, number];
    into[at] = edgeLow;
    into[at + 1] = edgeHigh | (high & 0x80000000);
  } else if (kind === 1) into[at + 1] = (high & 0x800fffff) | ((963 + random.below(120)) << 20);
  else if (kind === 2) {
    into[at] = 0;
    into[at + 1] = (high & 0x800f0000) | ((1020 + random.below(50)) << 20);
  } else into[at + 1] = high;
}

/** Double-extended edges without sign: exponent, high word and low word of the significand. */
// biome-ignore format: a table
const EXTENDEDS: readonly (readonly [number, number, number])[] = [
  [0, 0, 0], [0, 0, 1], [0, 0x7fffffff, 0xffffffff], [0, 0x80000000, 0], [0, 0x80000000, 1], [1, 0x80000000, 0], [1, 0x80000000, 1], [1, 0xffffffff, 0xffffffff],
  [0x3fff, 0x80000000, 0], [0x3ffe, 0xffffffff, 0xffffffff], [0x3fff, 0x80000000, 1], [0x3ffe, 0x80000000, 0], [0x3fff, 0xc0000000, 0], [0x4000, 0x80000000, 0], [0x4000, 0xa0000000, 0], [0x4000, 0xc90fdaa2, 0x2168c235],
  [0x403d, 0xffffffff, 0xffffffff], [0x403e, 0x80000000, 0], [0x401e, 0x80000000, 0], [0x400e, 0x80000000, 0], [0x43fe, 0xffffffff, 0xfffff800], [0x407e, 0xffffff00, 0], [0x3c01, 0x80000000, 0], [0x3f81, 0x80000000, 0],
  [0x7ffe, 0xffffffff, 0xffffffff], [0x7fff, 0x80000000, 0], [0x7fff, 0x80000000, 0], [0x7fff, 0xc0000000, 0], [0x7fff, 0x80000000, 1], [0x7fff, 0xa0000000, 0], [0x7fff, 0, 0], [0x3fff, 0x40000000, 0],
];

/** Writes a double-extended number in four words, the last 48 bits zero: edges, exponents near 0, small integers, any bits. */
export function putExtended(into: Uint32Array, at: number, random: Random): void {
  const kind = random.below(4);
  const sign = (random.next() >>> 16) & 0x8000;
  const high = random.next();
  const low = random.next();
  into[at] = low;
  into[at + 1] = high | 0x80000000;
  into[at + 3] = 0;
  if (kind === 0) {
    const [exponent, edgeHigh, edgeLow] = EXTENDEDS[random.below(FLOAT_COUNT)] as readonly [number, number, number];
    into[at] = edgeLow;
    into[at + 1] = edgeHigh;
    into[at + 2] = exponent | sign;
  } else if (kind === 1) into[at + 2] = (0x3fff - 70 + random.below(140)) | sign;
  else if (kind === 2) {
    into[at] = 0;
    into[at + 1] = (high & 0xff000000) | 0x80000000;
    into[at + 2] = (0x3ffc + random.below(12)) | sign;
  } else {
    // Any exponent; one in eight without the integer bit.
    into[at + 2] = random.below(0x8000) | sign;
    if (random.below(8) === 0) into[at + 1] = high & 0x7fffffff;
  }
}

/** Bytes that are edges for packed integers. */
const BYTES: readonly number[] = [0, 1, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x40];

/** Which numbers a row's vectors hold. */
export type Lanes = 'integer' | 'single' | 'double';

/** Writes 16 bytes that suit an instruction for such lanes; one in four suits another. */
export function putVector(into: Uint32Array, at: number, lanes: Lanes, random: Random): void {
  const other = random.below(16);
  const kind = other >= 4 ? lanes : other === 0 ? 'single' : other === 1 ? 'double' : 'integer';
  if (kind === 'single') for (let i = 0; i < 4; i++) putSingle(into, at + i, random);
  else if (kind === 'double') for (let i = 0; i < 4; i += 2) putDouble(into, at + i, random);
  else if (random.below(2) === 0) for (let i = 0; i < 4; i += 2) putInteger(into, at + i, random);
  else {
    for (let i = 0; i < 4; i++) {
      let word = random.next();
      for (let byte = 0; byte < 4; byte++) {
        const choice = random.below(16);
        const edge = BYTES[choice];
        if (edge !== undefined) word = (word & ~(0xff << (8 * byte))) | (edge << (8 * byte));
      }
      into[at + i] = word;
    }
  }
}
