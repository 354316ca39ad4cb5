import { Random } from '../engine/fuzz/random.test.fixture.ts';
import { SIMD_RECORD_SIZE_BYTES } from './simd-batch.test.fixture.ts';
import type { SimdForm } from './simd-forms.test.fixture.ts';

/** Numbers of single precision at the edges of what operations do with them. */
// biome-ignore format: a list
const SINGLES: readonly number[] = [
  0, 0x8000_0000, 1, 0x8000_0001, 0x007f_ffff, 0x0080_0000, 0x8080_0000, 0x0080_0001, 0x3f80_0000, 0xbf80_0000, 0x3f80_0001,
  0x3f7f_ffff, 0x7f7f_ffff, 0xff7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0xffc0_1234, 0x7f80_0001, 0xffa0_0000,
  0x4b00_0000, 0x4b7f_ffff, 0x4f00_0000, 0xcf00_0000, 0x4eff_ffff, 0x5f00_0000, 0xdf00_0000, 0x3f00_0000, 0x4020_0000,
  0x2000_0000, 0x2080_0000, 0x1fff_ffff, 0x5f7f_ffff,
];
/** The same of double precision. */
// biome-ignore format: a list
const DOUBLES: readonly bigint[] = [
  0n, 1n << 63n, 1n, (1n << 63n) | 1n, 0xf_ffff_ffff_ffffn, 0x10_0000_0000_0000n, 0x8010_0000_0000_0000n,
  0x10_0000_0000_0001n, 0x3ff0_0000_0000_0000n, 0xbff0_0000_0000_0000n, 0x3ff0_0000_0000_0001n, 0x3fef_ffff_ffff_ffffn,
  0x7fef_ffff_ffff_ffffn, 0xffef_ffff_ffff_ffffn, 0x7ff0_0000_0000_0000n, 0xfff0_0000_0000_0000n, 0x7ff8_0000_0000_0000n,
  0xfff8_0000_0000_1234n, 0x7ff0_0000_0000_0001n, 0xfff4_0000_0000_0000n, 0x4330_0000_0000_0000n, 0x41df_ffff_ffc0_0000n,
  0x41e0_0000_0000_0000n, 0xc1e0_0000_0000_0000n, 0xc1e0_0000_0020_0000n, 0x43e0_0000_0000_0000n, 0xc3e0_0000_0000_0000n,
  0x3fe0_0000_0000_0000n, 0x4004_0000_0000_0000n, 0x3690_0000_0000_0000n, 0x3800_0000_0000_0000n, 0x380f_ffff_f000_0000n,
  0x47ef_ffff_e000_0000n, 0x47ef_ffff_f000_0000n, 0x47f0_0000_0000_0000n, 0x1ff0_0000_0000_0000n, 0x2000_0000_0000_0001n,
];
/** Biased exponents whose sums or differences come near the ends of the range, or that make integers. */
const SINGLE_EXPONENTS: readonly number[] = [0, 1, 2, 25, 62, 63, 64, 65, 150, 190, 253, 254, 255];
const DOUBLE_EXPONENTS: readonly number[] = [
  ...[0, 1, 2, 53, 510, 511, 512, 513, 874, 896, 1150, 1151, 2045, 2046, 2047],
];

const quadword = (random: Random): bigint => (BigInt(random.next()) << 32n) | BigInt(random.next());

function single(random: Random): number {
  const sort = random.below(8);
  if (sort < 2) return random.pick(SINGLES);
  if (sort === 2) return random.next();
  const exponent = sort < 6 ? random.between(110, 145) : random.pick(SINGLE_EXPONENTS);
  const fraction = random.pick([random.next(), random.next() & 0x7f_0000, 0, 1, 0x7f_ffff]) & 0x7f_ffff;
  return (((random.next() & 1) << 31) | (exponent << 23) | fraction) >>> 0;
}
function double(random: Random): bigint {
  const sort = random.below(8);
  if (sort < 2) return random.pick(DOUBLES);
  if (sort === 2) return quadword(random);
  const exponent = sort < 6 ? random.between(1000, 1079) : random.pick(DOUBLE_EXPONENTS);
  const all = (1n << 52n) - 1n;
  const some = quadword(random);
  const fraction = random.pick([some, some & (all << 40n), 0n, 1n, all, some & (all << 28n)]) & all;
  return (BigInt(random.next() & 1) << 63n) | (BigInt(exponent) << 52n) | fraction;
}

/** Writes a vector of one sort of elements, mostly of the sort that the instruction's name tells. */
function writeVector(view: DataView, at: number, random: Random, name: string): void {
  const sort = random.below(10);
  if (/^\S*(PD|SD)(\d\S*)? /.test(name) && sort < 9) {
    for (let i = 0; i < 2; i++) view.setBigUint64(at + 8 * i, double(random), true);
  } else if (/^\S*(PS|SS)(\d\S*)? /.test(name) && sort < 9) {
    for (let i = 0; i < 4; i++) view.setUint32(at + 4 * i, single(random), true);
  } else if (sort < 4) {
    for (let i = 0; i < 4; i++) view.setUint32(at + 4 * i, random.next(), true);
  } else if (sort < 7) {
    const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff];
    for (let i = 0; i < 8; i++) view.setUint16(at + 2 * i, random.pick([...edges, random.next() & 0xffff]), true);
  } else if (sort < 9) {
    const edges = [0, 1, 15, 16, 0x7f, 0x80, 0xff, 0x61];
    for (let i = 0; i < 16; i++) view.setUint8(at + i, random.pick([...edges, random.next() & 0xff]));
  } else {
    view.setBigUint64(at, BigInt(random.below(80)), true);
    view.setBigUint64(at + 8, quadword(random), true);
  }
}

/** Every rounding mode, DAZ and FTZ, masks and sticky flags; what software mostly has, most often. */
function mxcsr(random: Random): number {
  const flags = random.below(3) === 0 ? random.below(64) : random.pick([0, 0x20, 0x20]);
  const masks = random.below(8) === 0 ? random.below(64) : 0x3f;
  const rounding = random.chance(50) ? 0 : random.below(4);
  const zeros = random.chance(25) ? random.pick([0x40, 0x8000, 0x8040]) : 0;
  return flags | (masks << 7) | (rounding << 13) | zeros;
}

/** A seed that belongs to a form and a number. */
function seedOf(form: SimdForm, seed: number): number {
  let hash = Math.imul(seed, 0x9e37_79b1);
  for (const letter of form.code) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193);
  return hash >>> 0;
}

/** Records of input for a form, the same for the same seed. */
export function simdRecords(form: SimdForm, seed: number, count: number): Uint8Array {
  const random = new Random(seedOf(form, seed));
  const bytes = new Uint8Array(count * SIMD_RECORD_SIZE_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += SIMD_RECORD_SIZE_BYTES) {
    view.setUint32(at, mxcsr(random), true);
    for (const field of [16, 32, 48, 96]) writeVector(view, at + field, random, form.name);
    if (random.below(16) === 0) bytes.copyWithin(at + 48, at + 32, at + 48);
    for (const field of [64, 72]) {
      const small = BigInt(random.between(-20, 20));
      const value = random.pick([small, quadword(random), double(random), BigInt(single(random))]);
      view.setBigUint64(at + field, BigInt.asUintN(64, value), true);
    }
    for (const field of [80, 88]) view.setBigUint64(at + field, BigInt(random.below(3)), true);
  }
  return bytes;
}
