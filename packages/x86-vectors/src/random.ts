/**
 * The pseudo-random numbers that starting states are made of: `mulberry32`, chosen because it is four lines in any language.
 */
export class Random {
  #state: number;

  /** @param seed 32 bits */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** The next 32 bits, unsigned. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer from 0 to `count - 1`: the high half of the product of `count` and the next 32 bits. */
  below(count: number): number {
    return Math.floor((this.next() * count) / 0x1_0000_0000);
  }
}

/** The seed of one case of a file. */
export function seedOfCase(fileSeed: number, caseNumber: number): number {
  return (fileSeed + Math.imul(caseNumber, 0x9e3779b9)) | 0;
}
