// @ts-check
// Prints how fast this machine computes now. Neighbours on a shared machine slow a process down without showing in its
// processor time, so that figures of different days, or of one busy hour, are worth comparing only beside these two.
import process from 'node:process';

/** Multiplication and addition, one after the other: 3 + 1 cycles on x86-64 processors of the last fifteen years. */
const CHAIN_CYCLES = 4;
const WIDE_OPERATIONS = 14;

/** Every step waits for the one before. @param {number} count */
function chain(count) {
  let x = 1;
  for (let i = 0; i < count; i++) x = (Math.imul(x, 0x5851f42d) + 1) | 0;
  return x;
}

/** Additions and exclusive ors of which many can be done at once. @param {number} count */
function wide(count) {
  let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6];
  for (let i = 0; i < count; i++) {
    a = (a + i) | 0;
    b = (b ^ i) | 0;
    c = (c + 7) | 0;
    d = (d ^ 9) | 0;
    e = (e + i) | 0;
    f = (f ^ i) | 0;
    a = (a ^ 5) | 0;
    b = (b + 3) | 0;
    c = (c ^ i) | 0;
    d = (d + i) | 0;
    e = (e ^ 11) | 0;
    f = (f + 13) | 0;
  }
  return a + b + c + d + e + f;
}

const COUNT = 10_000_000;

/** @param {(count: number) => number} work @returns {number} turns of the loop in a nanosecond */
function rate(work) {
  sink += work(1000) + work(COUNT);
  const rates = Array.from({ length: 5 }, () => {
    const start = process.cpuUsage().user;
    sink += work(COUNT);
    return COUNT / (process.cpuUsage().user - start) / 1000;
  });
  return rates.sort((a, b) => a - b)[2] ?? 0;
}

let sink = 0;
const gigahertz = rate(chain) * CHAIN_CYCLES;
const operationsPerCycle = (rate(wide) * WIDE_OPERATIONS) / gigahertz;
console.log(JSON.stringify({ gigahertz, operationsPerCycle, sink }));
