import type { ByteWriter } from '../byte-writer.ts';
import type { CodeBuilder } from '../code-builder.ts';

/** Section 10: the bodies, in the order of the function section. */
export class CodeSection {
  static readonly id = 10;
  readonly #bodies: CodeBuilder[] = [];

  get count(): number {
    return this.#bodies.length;
  }

  set(position: number, body: CodeBuilder): void {
    this.#bodies[position] = body;
  }

  write(out: ByteWriter): void {
    for (const body of this.#bodies) body.writeTo(out);
  }
}
