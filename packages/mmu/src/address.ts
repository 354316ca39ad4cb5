/**
 * Linear addresses as pairs of 32-bit words and as `bigint`, canonical form, and how addresses are written for people.
 */

/** 2^32, the weight of the high word in a physical address. */
export const TWO_TO_32 = 0x1_0000_0000;

/**
 * Whether a 64-bit linear address is canonical: bits 63 down to `addressBits` - 1 are all equal.
 *
 * @param _low bits 31:0; they never decide, and are taken so that an address is passed as one pair everywhere
 * @param high bits 63:32, signed or unsigned
 * @param addressBits width of linear addresses: 48 with 4-level paging, 57 with 5-level paging (33 to 64 in general)
 * @source SDM Vol. 1 "Canonical Addressing"
 */
export function isCanonical(_low: number, high: number, addressBits: number): boolean {
  const sign = (high | 0) >> (addressBits - 33);
  return sign === 0 || sign === -1;
}

/**
 * The canonical address with the same low `addressBits` bits.
 *
 * @returns 64 bits, unsigned
 */
export function canonicalAddress(linear: bigint, addressBits: number): bigint {
  return BigInt.asUintN(64, BigInt.asIntN(addressBits, linear));
}

/** A quadword and its two words, to go from one to the other without arithmetic on bigints: all of it little-endian. */
const QUAD = new BigUint64Array(1);
const WORDS = new Uint32Array(QUAD.buffer);

/** Bits 31:0 of a 64-bit value, unsigned. */
export function lowWord(value: bigint): number {
  QUAD[0] = value;
  return WORDS[0] as number;
}

/** Bits 63:32 of a 64-bit value, unsigned. */
export function highWord(value: bigint): number {
  QUAD[0] = value;
  return WORDS[1] as number;
}

/** The unsigned 64-bit value of two words, each signed or unsigned. */
export function joinWords(low: number, high: number): bigint {
  WORDS[0] = low;
  WORDS[1] = high;
  return QUAD[0] as bigint;
}

/**
 * An address or a paging-structure entry as hexadecimal digits in groups of four, `0xffff_8000_0000_1000`.
 *
 * @param digits least number of digits
 */
export function formatHex(value: bigint | number, digits: number = 1): string {
  const text = value.toString(16).padStart(digits, '0');
  let grouped = text.slice(-4);
  for (let end = text.length - 4; end > 0; end -= 4) grouped = `${text.slice(Math.max(0, end - 4), end)}_${grouped}`;
  return `0x${grouped}`;
}

/** A size in the unit that divides it: `4 KiB`, `2 MiB`, `1 GiB`. */
export function formatSize(bytes: bigint | number): string {
  let value = BigInt(bytes);
  let unit = 0;
  while (unit < SIZE_UNITS.length - 1 && value !== 0n && (value & 0x3ffn) === 0n) {
    value >>= 10n;
    unit += 1;
  }
  return `${value} ${SIZE_UNITS[unit]}`;
}

const SIZE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
