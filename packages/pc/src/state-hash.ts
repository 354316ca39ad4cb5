import type { Cpu, GuestMemory } from '@longmode/cpu-x86';
import type { Pc } from './pc.ts';

const PAGE_SIZE_BYTES = 4096;

const rotate = (value: number, count: number): number => (value << count) | (value >>> (32 - count));

/** Spreads every bit of a word over all of it. */
function avalanche(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}

/**
 * A hash of 64 bits over words, strings and plain data, to compare runs with: two multiply-and-rotate lanes. The same
 * sequence of additions gives the same digest on every host. Not for keys that an adversary chooses.
 */
export class StateHash {
  #low = 0x2545f491;
  #high = 0x4f6cdd1d;

  /** Adds the low 32 bits of a number. */
  add(word: number): void {
    this.#low = Math.imul(rotate(this.#low ^ Math.imul(word, 0x9e3779b1), 13), 5) + 0x3c6ef372;
    this.#high = Math.imul(rotate(this.#high ^ Math.imul(word, 0x85ebca77), 17), 9) + 0x1b873593;
  }

  /** Adds words, without their number. */
  addWords(words: Uint32Array): void {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] as number;
      low = Math.imul(rotate(low ^ Math.imul(word, 0x9e3779b1), 13), 5) + 0x3c6ef372;
      high = Math.imul(rotate(high ^ Math.imul(word, 0x85ebca77), 17), 9) + 0x1b873593;
    }
    this.#low = low;
    this.#high = high;
  }

  /** Adds bytes and their number. */
  addBytes(bytes: Uint8Array): void {
    this.add(bytes.length);
    for (const byte of bytes) this.add(byte);
  }

  /** Adds plain data: numbers, strings, booleans, `null`, `Uint8Array`, arrays and records, whatever the order of keys. */
  addData(data: unknown): void {
    if (data instanceof Uint8Array) {
      this.add(1);
      this.addBytes(data);
    } else if (Array.isArray(data)) {
      this.add(2);
      this.add(data.length);
      for (const item of data) this.addData(item);
    } else if (typeof data === 'object' && data !== null) {
      const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
      this.add(3);
      this.add(entries.length);
      for (const [key, value] of entries) {
        this.addData(key);
        this.addData(value);
      }
    } else {
      const text = `${typeof data} ${String(data)}`;
      this.add(4);
      this.add(text.length);
      for (let i = 0; i < text.length; i++) this.add(text.charCodeAt(i));
    }
  }

  /** The hash of what was added so far: 16 hexadecimal digits. */
  get digest(): string {
    const low = avalanche(this.#low ^ rotate(this.#high, 16));
    const high = avalanche(this.#high + low);
    return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/**
 * Hashes the architectural state of a processor: registers, flags, segments, control and table registers, and the
 * number of retired instructions. How an engine keeps it, such as lazy flags, makes no difference.
 */
export function hashProcessor(cpu: Cpu): string {
  const hash = new StateHash();
  hash.addData(cpu.snapshot());
  return hash.digest;
}

/** Hashes the contents of RAM and ROM. A page of zeros costs little. */
export function hashMemory(memory: GuestMemory): string {
  const hash = new StateHash();
  const { buffer } = memory.wasm;
  for (let page = 0; page < memory.ramSizeBytes / PAGE_SIZE_BYTES; page++) {
    const words = new Uint32Array(buffer, memory.hostOfPage(page), PAGE_SIZE_BYTES / 4);
    if (!words.some((word) => word !== 0)) continue;
    hash.add(page);
    hash.addWords(words);
  }
  return hash.digest;
}

/** Hashes a whole machine: processor, memory, every part, and virtual time. */
export function hashMachine(pc: Pc): string {
  const hash = new StateHash();
  hash.addData([hashProcessor(pc.cpu), hashMemory(pc.cpu.memory), pc.machine.snapshot()]);
  return hash.digest;
}
