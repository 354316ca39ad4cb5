import type { ByteWriter } from '../byte-writer.ts';
import { type FuncType, type ValType, writeResultType } from '../types.ts';

/** Section 1: the function types, each stored once. */
export class TypeSection {
  static readonly id = 1;
  readonly #types: FuncType[] = [];
  readonly #indexes = new Map<string, number>();

  get count(): number {
    return this.#types.length;
  }

  /** @returns the index of this type, adding it if it is new */
  indexOf(params: readonly ValType[], results: readonly ValType[]): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#indexes.set(key, this.#types.length);
    return this.#types.push({ params, results }) - 1;
  }

  write(out: ByteWriter): void {
    for (const type of this.#types) {
      out.byte(0x60);
      writeResultType(out, type.params);
      writeResultType(out, type.results);
    }
  }
}
