import type { ByteWriter } from '../byte-writer.ts';
import { type Limits, writeLimits } from '../types.ts';

/** Section 5: memories. */
export class MemorySection {
  static readonly id = 5;
  readonly #memories: Limits[] = [];

  get count(): number {
    return this.#memories.length;
  }

  add(limits: Limits): number {
    return this.#memories.push(limits) - 1;
  }

  write(out: ByteWriter): void {
    for (const limits of this.#memories) writeLimits(out, limits);
  }
}
