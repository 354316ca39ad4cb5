import { ElfError } from './error.ts';
import type { ElfReader } from './reader.ts';

/** Reads fields one after another, and none past an end. */
export class ByteCursor {
  readonly #reader: ElfReader;
  readonly #what: string;
  readonly end: number;
  at: number;

  /**
   * @param reader the whole file
   * @param what subject of the messages
   * @param start file offset, bytes
   * @param end file offset after the last byte, at most the file's size
   */
  constructor(reader: ElfReader, what: string, start: number, end: number) {
    this.#reader = reader;
    this.#what = what;
    this.at = start;
    this.end = end;
  }

  /** Moves on, and returns where the bytes began. */
  skip(size: number): number {
    const start = this.at;
    if (size > this.end - start) throw this.error(`${size} bytes`, `${this.end - start} before the end`);
    this.at += size;
    return start;
  }

  u8(): number {
    return this.#reader.u8(this.skip(1));
  }

  u16(): number {
    return this.#reader.u16(this.skip(2));
  }

  u32(): number {
    return this.#reader.u32(this.skip(4));
  }

  /** An integer of 1, 2, 4 or 8 bytes. */
  unsigned(size: number): bigint {
    if (size === 8) return this.#reader.u64(this.skip(8));
    if (size === 4) return BigInt(this.u32());
    if (size === 2) return BigInt(this.u16());
    if (size === 1) return BigInt(this.u8());
    throw this.error('an integer of 1, 2, 4 or 8 bytes', `one of ${size}`);
  }

  /** Unsigned LEB128, modulo 2^64. */
  uleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  /** Signed LEB128, modulo 2^64. */
  sleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(Math.min(64, Number(shift) + 7), value);
    }
  }

  /** Bytes up to a zero, which is passed over. */
  text(): string {
    const bytes = this.#reader.bytes.subarray(this.at, this.end);
    const size = bytes.indexOf(0);
    if (size < 0) throw this.error('a string that ends', 'none');
    this.at += size + 1;
    return new TextDecoder().decode(bytes.slice(0, size));
  }

  /** An error at the place of the next field. */
  error(expected: string, found: string): ElfError {
    return new ElfError({ code: 'bad-line-table', offset: this.at, what: this.#what, expected, found });
  }
}
