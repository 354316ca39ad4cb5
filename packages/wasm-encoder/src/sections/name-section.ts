import { ByteWriter } from '../byte-writer.ts';

/**
 * Custom section `name`: function names for debuggers, profilers and disassemblers.
 *
 * @source WebAssembly Core Specification 2.0, "Appendix: Custom Sections, Name Section"
 */
export class NameSection {
  readonly #functions = new Map<number, string>();

  get count(): number {
    return this.#functions.size;
  }

  nameFunction(index: number, name: string): void {
    this.#functions.set(index, name);
  }

  /** Writes the section's content, the custom section's own name included. */
  write(out: ByteWriter): void {
    const map = new ByteWriter(256).u32(this.#functions.size);
    for (const [index, name] of [...this.#functions].sort((a, b) => a[0] - b[0])) map.u32(index).name(name);
    out.name('name').byte(1).u32(map.length).append(map.view());
  }
}
