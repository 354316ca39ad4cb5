import type { ByteWriter } from '../byte-writer.ts';
import { type Limits, VALTYPE_BYTE, writeLimits } from '../types.ts';

/** Section 4: tables of function references. */
export class TableSection {
  static readonly id = 4;
  readonly #tables: Limits[] = [];

  get count(): number {
    return this.#tables.length;
  }

  add(limits: Limits): number {
    return this.#tables.push(limits) - 1;
  }

  write(out: ByteWriter): void {
    for (const limits of this.#tables) {
      out.byte(VALTYPE_BYTE.funcref);
      writeLimits(out, limits);
    }
  }
}
