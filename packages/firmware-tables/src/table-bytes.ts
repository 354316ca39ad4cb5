/** Bytes of a structure under construction, little-endian, each field where it belongs. */
export class TableBytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(offset: number, value: number): this {
    this.#view.setUint8(offset, value);
    return this;
  }
  u16(offset: number, value: number): this {
    this.#view.setUint16(offset, value, true);
    return this;
  }
  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }
  /** @param value below 2^53 */
  u64(offset: number, value: number): this {
    return this.u32(offset, value % 2 ** 32).u32(offset + 4, Math.floor(value / 2 ** 32));
  }
  ascii(offset: number, text: string): this {
    for (let at = 0; at < text.length; at++) this.u8(offset + at, text.charCodeAt(at));
    return this;
  }
  put(offset: number, bytes: Iterable<number>): this {
    this.bytes.set([...bytes], offset);
    return this;
  }
  /** Makes the first `size` bytes sum up to 0 modulo 256, by the byte at `offset`. */
  checksum(offset: number, size: number = this.bytes.length): this {
    this.u8(offset, 0);
    return this.u8(offset, -this.bytes.subarray(0, size).reduce((sum, byte) => sum + byte, 0) & 0xff);
  }
}
