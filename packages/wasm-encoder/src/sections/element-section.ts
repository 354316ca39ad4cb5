import type { ByteWriter } from '../byte-writer.ts';

/** Section 9: active element segments, which fill table 0 at instantiation. */
export class ElementSection {
  static readonly id = 9;
  readonly #segments: { offset: number; functionIndexes: readonly number[] }[] = [];

  get count(): number {
    return this.#segments.length;
  }

  /** @param offset first element of the table to fill */
  add(offset: number, functionIndexes: readonly number[]): void {
    this.#segments.push({ offset, functionIndexes });
  }

  write(out: ByteWriter): void {
    for (const segment of this.#segments) {
      out.byte(0x00).byte(0x41).s32(segment.offset).byte(0x0b).u32(segment.functionIndexes.length);
      for (const index of segment.functionIndexes) out.u32(index);
    }
  }
}
