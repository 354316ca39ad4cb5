/** A PCI bus for tests: functions with a few registers, of which some bits can be written. */

/** Initial value and writable bits of a register, by its offset. */
export type FakeFunction = Readonly<Record<number, readonly [value: number, writable: number]>>;

export class FakePci {
  readonly #functions: Readonly<Record<number, FakeFunction>>;
  readonly #values = new Map<number, number>();
  #address = 0;

  /** @param functions by device * 8 + function */
  constructor(functions: Readonly<Record<number, FakeFunction>>) {
    this.#functions = functions;
  }

  /** A doubleword of a configuration space. */
  register(place: number, offset: number): number {
    const present = this.#functions[place];
    return present === undefined ? 0xffff_ffff : (this.#values.get(place * 256 + offset) ?? present[offset]?.[0] ?? 0);
  }

  write(port: number, width: number, value: number): void {
    if (port === 0xcf8 && width === 32) {
      this.#address = value;
      return;
    }
    const shift = 8 * (port & 3);
    const mask = ((this.#functions[this.#place]?.[this.#offset]?.[1] ?? 0) & ((2 ** width - 1) * 2 ** shift)) >>> 0;
    const old = this.register(this.#place, this.#offset);
    this.#values.set(this.#place * 256 + this.#offset, ((old & ~mask) | ((value << shift) & mask)) >>> 0);
  }

  read(port: number, width: number): number {
    if (port === 0xcf8) return this.#address;
    return (this.register(this.#place, this.#offset) >>> (8 * (port & 3))) % 2 ** width;
  }

  get #place(): number {
    return (this.#address >>> 8) & 0xffff;
  }
  get #offset(): number {
    return this.#address & 0xfc;
  }
}
