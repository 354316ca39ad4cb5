/**
 * Physical memory as the walker consumes it, and one provider: a memory image.
 */

/**
 * What the walker needs of physical memory. Addresses are physical, below 2^52, and multiples of four.
 * A 64-bit entry is read as two words, the low one first.
 */
export interface PhysicalMemory {
  /**
   * @param address physical address
   * @returns the word, signed or unsigned; a read of nothing gives all ones
   */
  read32(address: number): number;
  /**
   * @param address physical address; a write to nothing is ignored
   * @param value signed or unsigned
   */
  write32(address: number, value: number): void;
}

/**
 * Physical memory in a byte array, such as a dump: reads outside it give all ones, writes outside it are ignored.
 * The bytes are used in place.
 */
export class MemoryImage implements PhysicalMemory {
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly #view: DataView;
  readonly #last: number;

  /** @param image the bytes, and the physical address of the first of them (0 unless told) */
  constructor(image: { bytes: Uint8Array; base?: number }) {
    this.bytes = image.bytes;
    this.base = image.base ?? 0;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.#last = this.bytes.byteLength - 4;
  }

  read32(address: number): number {
    const offset = address - this.base;
    return offset >= 0 && offset <= this.#last ? this.#view.getInt32(offset, true) : -1;
  }

  write32(address: number, value: number): void {
    const offset = address - this.base;
    if (offset >= 0 && offset <= this.#last) this.#view.setInt32(offset, value, true);
  }
}
