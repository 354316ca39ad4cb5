// Reproducible random numbers, biased towards the edges of integer ranges.

const MASK64 = (1n << 64n) - 1n;

/** A generator of random numbers that depends on nothing but its seed (xorshift128+ on 64-bit integers). */
export class Random {
  #a;
  #b;

  constructor(seed) {
    this.#a = (BigInt(seed) * 0x9e3779b97f4a7c15n + 0x1234567n) & MASK64 || 1n;
    this.#b = (this.#a ^ 0xdeadbeefcafef00dn) & MASK64;
    for (let i = 0; i < 16; i++) this.bits64();
  }

  bits64() {
    let x = this.#a;
    const y = this.#b;
    this.#a = y;
    x = (x ^ (x << 23n)) & MASK64;
    this.#b = x ^ y ^ (x >> 17n) ^ (y >> 26n);
    return (this.#b + y) & MASK64;
  }

  /** An integer from 0 to count - 1. */
  below(count) {
    return Number(this.bits64() % BigInt(count));
  }
  /** An integer from `first` to `last`. */
  between(first, last) {
    return first + this.below(last - first + 1);
  }
  /** True once in `n` times. */
  oneIn(n) {
    return this.below(n) === 0;
  }
  pick(list) {
    return list[this.below(list.length)];
  }

  /** A 64-bit value whose low 8, 16, 32 or 64 bits are often at the edge of a range. */
  value() {
    switch (this.below(8)) {
      case 0:
        return this.pick(EDGES);
      case 1:
        return (this.pick(EDGES) + BigInt(this.between(-2, 2))) & MASK64;
      case 2:
        return 1n << BigInt(this.below(64));
      case 3:
        return MASK64 >> BigInt(this.below(64));
      case 4:
        return (MASK64 << BigInt(this.below(64))) & MASK64;
      case 5:
        return BigInt(this.below(256));
      case 6:
        // Edges of several widths in one register.
        return ((this.pick(EDGES) << 32n) | (this.pick(EDGES) & 0xffffffffn)) & MASK64;
      default:
        return this.bits64();
    }
  }
}

const EDGES = [8n, 16n, 32n, 64n].flatMap((width) => {
  const sign = 1n << (width - 1n);
  return [0n, 1n, sign - 1n, sign, 2n * sign - 1n, MASK64 ^ (sign - 1n)];
});
