/** Keeps the end of what came out of a serial port, in bounded memory. */
export class SerialLog {
  readonly #limitBytes: number;
  #bytes: Uint8Array = new Uint8Array(4096);
  #size = 0;
  #dropped = 0;

  /** @param limitBytes bytes kept at least when more have come; 1 MiB unless told */
  constructor(limitBytes: number = 2 ** 20) {
    this.#limitBytes = Math.max(1, limitBytes);
  }

  /** Bytes that came before those that are kept. */
  get droppedBytes(): number {
    return this.#dropped;
  }

  /** Bytes that have come in all. */
  get totalBytes(): number {
    return this.#dropped + this.#size;
  }

  /** The bytes that are kept. */
  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  /** The bytes that are kept, as UTF-8. */
  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** The last bytes, as UTF-8. @param sizeBytes how many at most */
  tail(sizeBytes: number): string {
    return new TextDecoder().decode(this.#bytes.slice(Math.max(0, this.#size - sizeBytes), this.#size));
  }

  /** Takes what the port sent. */
  add(byte: number): void {
    if (this.#size === this.#bytes.length) this.#makeRoom();
    this.#bytes[this.#size++] = byte;
  }

  /** Grows up to twice the limit, then drops the older half. */
  #makeRoom(): void {
    if (this.#size >= 2 * this.#limitBytes) {
      const first = this.#size - this.#limitBytes;
      this.#bytes.copyWithin(0, first, this.#size);
      this.#dropped += first;
      this.#size -= first;
      return;
    }
    const grown = new Uint8Array(Math.min(2 * this.#bytes.length, Math.max(2 * this.#limitBytes, this.#size + 1)));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
