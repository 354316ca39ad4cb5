import type { ByteWriter } from '../byte-writer.ts';
import { type Limits, VALTYPE_BYTE, type ValType, writeLimits } from '../types.ts';

/** What an import brings in. */
export type ImportDescription =
  | { readonly kind: 'func'; readonly typeIndex: number }
  | { readonly kind: 'table'; readonly limits: Limits }
  | { readonly kind: 'memory'; readonly limits: Limits }
  | { readonly kind: 'global'; readonly type: ValType; readonly mutable: boolean };

/** Section 2: imports. Imported functions, tables, memories and globals come first in their index spaces. */
export class ImportSection {
  static readonly id = 2;
  readonly #imports: { module: string; name: string; description: ImportDescription }[] = [];

  get count(): number {
    return this.#imports.length;
  }

  /** @returns how many imports of the same kind came before: the import's index in its index space */
  add(module: string, name: string, description: ImportDescription): number {
    const index = this.#imports.filter((entry) => entry.description.kind === description.kind).length;
    this.#imports.push({ module, name, description });
    return index;
  }

  countOf(kind: ImportDescription['kind']): number {
    return this.#imports.filter((entry) => entry.description.kind === kind).length;
  }

  write(out: ByteWriter): void {
    for (const { module, name, description } of this.#imports) {
      out.name(module).name(name);
      switch (description.kind) {
        case 'func':
          out.byte(0x00).u32(description.typeIndex);
          break;
        case 'table':
          out.byte(0x01).byte(VALTYPE_BYTE.funcref);
          writeLimits(out, description.limits);
          break;
        case 'memory':
          out.byte(0x02);
          writeLimits(out, description.limits);
          break;
        case 'global':
          out
            .byte(0x03)
            .byte(VALTYPE_BYTE[description.type])
            .byte(description.mutable ? 1 : 0);
          break;
      }
    }
  }
}
