import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelsFolder } from './manifest.mjs';

const expected = JSON.parse(readFileSync(join(kernelsFolder, 'bench/expected.json'), 'utf8')) as Record<string, string>;

/** Two 32-bit halves as the guests print them. */
const hex = (high: number, low: number): string =>
  [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');

/** The high half of a sum of 64-bit numbers in halves, whose low half came out as `low`. */
const addHigh = (high: number, otherHigh: number, low: number, otherLow: number): number =>
  (high + otherHigh + (low >>> 0 < otherLow >>> 0 ? 1 : 0)) | 0;

// The workloads once more, in another language and on 32-bit halves.
const workloads: Readonly<Record<string, () => string>> = {
  xorshift64() {
    const seed = 88172645463325252n;
    let high = Number(seed >> 32n) | 0;
    let low = Number(seed & 0xffffffffn) | 0;
    let odd = 0;
    for (let i = 0; i < 24_000_000; i++) {
      high ^= (high << 13) | (low >>> 19);
      low ^= low << 13;
      low ^= (low >>> 7) | (high << 25);
      high ^= high >>> 7;
      high ^= (high << 17) | (low >>> 15);
      low ^= low << 17;
      odd += low & 1;
    }
    const sum = (low + odd) | 0;
    return hex(addHigh(high, 0, sum, odd), sum);
  },
  sieve() {
    const composite = new Uint8Array(1 << 20);
    let primes = 0n;
    for (let n = 2; n < composite.length; n++) {
      if (composite[n] !== 0) continue;
      primes += BigInt(n);
      for (let multiple = 2 * n; multiple < composite.length; multiple += n) composite[multiple] = 1;
    }
    return (primes * 10n).toString(16).padStart(16, '0');
  },
  fibonacci() {
    let [previous, current] = [0n, 1n];
    for (let i = 1; i < 32; i++) [previous, current] = [current, previous + current];
    return current.toString(16).padStart(16, '0');
  },
  checksum() {
    const words = (1 << 20) / 8;
    const highs = new Int32Array(words);
    const lows = new Int32Array(words);
    let high = 0;
    let low = 0;
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < words; i++) {
        const mixed = (lows[i] ?? 0) ^ round;
        low = (low + mixed) | 0;
        high = addHigh(high, highs[i] ?? 0, low, mixed);
        highs[i] = high;
        lows[i] = low;
      }
    }
    return hex(high, low);
  },
};

describe('the expected result', () => {
  it('is there for every workload', () => {
    expect(Object.keys(expected)).toEqual(Object.keys(workloads));
  });

  it.each(Object.entries(workloads))('of %s is what another implementation finds', (name, compute) => {
    expect(compute()).toBe(expected[name]);
  });
});
