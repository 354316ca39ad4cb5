import type { ByteWriter } from '../byte-writer.ts';

/** Section 3: the type of each function that the module defines. */
export class FunctionSection {
  static readonly id = 3;
  readonly #typeIndexes: number[] = [];

  get count(): number {
    return this.#typeIndexes.length;
  }

  /** @returns the function's position among those defined (imports not counted) */
  add(typeIndex: number): number {
    return this.#typeIndexes.push(typeIndex) - 1;
  }

  write(out: ByteWriter): void {
    for (const index of this.#typeIndexes) out.u32(index);
  }
}
