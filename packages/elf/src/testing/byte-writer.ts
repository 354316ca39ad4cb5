/** Collects fields of a fixed byte order. */
export class ByteWriter {
  readonly #isLittleEndian: boolean;
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
  }

  get length(): number {
    return this.#length;
  }

  /** Appends an integer of `size` bytes; its high bits are dropped. */
  integer(value: bigint | number, size: number): this {
    const at = this.#grow(size);
    let rest = BigInt.asUintN(8 * size, BigInt(value));
    for (let index = 0; index < size; index++) {
      this.#bytes[at + (this.#isLittleEndian ? index : size - 1 - index)] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return this;
  }

  /** Appends bytes as they are. */
  raw(bytes: Iterable<number>): this {
    const part = bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes);
    const at = this.#grow(part.length);
    this.#bytes.set(part, at);
    return this;
  }

  /** Appends zeros up to an offset. */
  padTo(offset: number): this {
    if (offset > this.#length) this.#grow(offset - this.#length);
    return this;
  }

  /** The bytes so far, copied. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}
