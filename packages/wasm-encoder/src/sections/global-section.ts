import type { ByteWriter } from '../byte-writer.ts';
import { VALTYPE_BYTE } from '../types.ts';

/** A global with a constant initial value. */
export type GlobalDefinition =
  | { readonly type: 'i32'; readonly mutable: boolean; readonly value: number }
  | { readonly type: 'i64'; readonly mutable: boolean; readonly value: number | bigint };

/** Section 6: globals. */
export class GlobalSection {
  static readonly id = 6;
  readonly #globals: GlobalDefinition[] = [];

  get count(): number {
    return this.#globals.length;
  }

  add(definition: GlobalDefinition): number {
    return this.#globals.push(definition) - 1;
  }

  write(out: ByteWriter): void {
    for (const global of this.#globals) {
      out.byte(VALTYPE_BYTE[global.type]).byte(global.mutable ? 1 : 0);
      if (global.type === 'i32') out.byte(0x41).s32(global.value);
      else out.byte(0x42).s64(global.value);
      out.byte(0x0b);
    }
  }
}
