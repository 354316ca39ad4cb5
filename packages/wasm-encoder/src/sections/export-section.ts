import type { ByteWriter } from '../byte-writer.ts';

const KIND_BYTE = { func: 0x00, table: 0x01, memory: 0x02, global: 0x03 } as const;

/** What an export makes visible. */
export type ExportKind = keyof typeof KIND_BYTE;

/** Section 7: exports. */
export class ExportSection {
  static readonly id = 7;
  readonly #exports: { name: string; kind: ExportKind; index: number }[] = [];

  get count(): number {
    return this.#exports.length;
  }

  add(name: string, kind: ExportKind, index: number): void {
    this.#exports.push({ name, kind, index });
  }

  write(out: ByteWriter): void {
    for (const entry of this.#exports) out.name(entry.name).byte(KIND_BYTE[entry.kind]).u32(entry.index);
  }
}
