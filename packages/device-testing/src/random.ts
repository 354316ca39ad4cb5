/** A small seeded generator (xorshift32 after a mixing of the seed): the same seed gives the same numbers everywhere. */
export class Random {
  #state: number;

  /** @param seed any 32-bit integer */
  constructor(seed: number) {
    const mixed = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) ^ 0x9e37_79b9;
    this.#state = mixed === 0 ? 1 : mixed;
  }

  /** @returns the next number, unsigned, 32 bits */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** @returns an integer from 0 to `count` - 1; `count` from 1 to 2^32 */
  below(count: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * count);
  }

  /** @returns one of `values`, which must not be empty */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}
