/**
 * Bytes to a DEFLATE stream in a zlib wrapper: one block with the fixed codes, matches found through the last place where the
 * same three bytes were. Not the smallest that can be had, but small for pictures, and made in one pass.
 *
 * @source RFC 1951 "DEFLATE Compressed Data Format Specification"; RFC 1950 "ZLIB Compressed Data Format Specification"
 */

const MIN_MATCH = 3;
const MAX_MATCH = 258;
const WINDOW_SIZE = 0x8000;
const HASH_BITS = 15;
const END_OF_BLOCK = 256;

/** First length of each length code from 257 on, and how many more bits follow it. RFC 1951, 3.2.5 */
// biome-ignore format: a table
const LENGTH_BASES = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
// biome-ignore format: a table
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/** The code of each length from 3 to 258, less 257. Made when first needed, as the codes below: few programs write pictures. */
let lengthCodes: Uint8Array | undefined;
const makeLengthCodes = (): Uint8Array =>
  Uint8Array.from({ length: MAX_MATCH + 1 }, (_, length) =>
    Math.max(
      0,
      LENGTH_BASES.findLastIndex((base) => base <= length),
    ),
  );

/** A growing stream of bits, lowest first. */
class BitWriter {
  #bytes = new Uint8Array(0x10000);
  #size = 0;
  #pending = 0;
  #count = 0;

  /** @param width 0 to 16 */
  bits(value: number, width: number): void {
    this.#pending |= value << this.#count;
    this.#count += width;
    while (this.#count >= 8) {
      this.byte(this.#pending & 0xff);
      this.#pending >>>= 8;
      this.#count -= 8;
    }
  }

  /** Fills up the last byte. */
  flush(): void {
    if (this.#count > 0) this.byte(this.#pending & 0xff);
    this.#pending = this.#count = 0;
  }

  /** Only where whole bytes have been written. */
  byte(value: number): void {
    if (this.#size === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#size++] = value;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#size);
  }
}

/** The lowest `width` bits in reverse: Huffman codes go out highest bit first. */
function reversed(code: number, width: number): number {
  let result = 0;
  for (let bit = 0; bit < width; bit++) result |= ((code >> bit) & 1) << (width - 1 - bit);
  return result;
}

/** Code and width of each literal and length, RFC 1951, 3.2.6. */
let fixedCodes: readonly (readonly [code: number, width: number])[] | undefined;
const makeFixedCodes = (): NonNullable<typeof fixedCodes> =>
  Array.from({ length: 288 }, (_, symbol) => {
    if (symbol < 144) return [reversed(0x30 + symbol, 8), 8];
    if (symbol < 256) return [reversed(0x190 + symbol - 144, 9), 9];
    if (symbol < 280) return [reversed(symbol - 256, 7), 7];
    return [reversed(0xc0 + symbol - 280, 8), 8];
  });

function writeSymbol(out: BitWriter, symbol: number): void {
  fixedCodes ??= makeFixedCodes();
  const [code, width] = fixedCodes[symbol] as readonly [number, number];
  out.bits(code, width);
}

function writeMatch(out: BitWriter, length: number, distance: number): void {
  lengthCodes ??= makeLengthCodes();
  const code = lengthCodes[length] as number;
  writeSymbol(out, 257 + code);
  out.bits(length - (LENGTH_BASES[code] as number), LENGTH_BITS[code] as number);
  // Distances come in pairs of codes that share a number of further bits.
  const beyond = distance - 1;
  const extra = beyond < 4 ? 0 : 30 - Math.clz32(beyond);
  const distanceCode = beyond < 4 ? beyond : 2 * extra + (beyond >> extra);
  out.bits(reversed(distanceCode, 5), 5);
  out.bits(beyond & ((1 << extra) - 1), extra);
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(at + 3800, bytes.length); // sums stay below 2^32
    for (; at < end; at++) {
      a += bytes[at] as number;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 0x10000 + a;
}

/** @returns a zlib stream of the bytes */
export function deflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new BitWriter();
  out.byte(0x78); // window of 32 KiB
  out.byte(0x01);
  out.bits(0b011, 3); // the last block, fixed codes
  const last = new Int32Array(1 << HASH_BITS).fill(-1);
  for (let at = 0; at < bytes.length; ) {
    let length = 0;
    let from = -1;
    if (at + MIN_MATCH <= bytes.length) {
      const three = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
      const hash = Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
      from = last[hash] as number;
      last[hash] = at;
      if (from >= 0 && at - from <= WINDOW_SIZE) {
        const most = Math.min(MAX_MATCH, bytes.length - at);
        while (length < most && bytes[from + length] === bytes[at + length]) length++;
      }
    }
    if (length >= MIN_MATCH) {
      writeMatch(out, length, at - from);
      at += length;
    } else writeSymbol(out, bytes[at++] as number);
  }
  writeSymbol(out, END_OF_BLOCK);
  out.flush();
  const sum = adler32(bytes);
  for (const shift of [24, 16, 8, 0]) out.byte((sum >>> shift) & 0xff);
  return out.bytes;
}
