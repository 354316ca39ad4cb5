import type { ByteWriter } from '../byte-writer.ts';

/** Section 11: active data segments, which fill memory 0 at instantiation. */
export class DataSection {
  static readonly id = 11;
  readonly #segments: { offset: number; bytes: Uint8Array }[] = [];

  get count(): number {
    return this.#segments.length;
  }

  add(offset: number, bytes: Uint8Array): void {
    this.#segments.push({ offset, bytes });
  }

  write(out: ByteWriter): void {
    for (const { offset, bytes } of this.#segments) {
      out.byte(0x00).byte(0x41).s32(offset).byte(0x0b).u32(bytes.length).append(bytes);
    }
  }
}
