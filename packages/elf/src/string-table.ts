import { ElfError } from './error.ts';

const decoder = new TextDecoder();

/**
 * The names of one string table. A name that is asked for twice is read once, and all names together may be no more
 * than a few times as long as the table, so that tails shared by design are cheap and tails shared by malice are not.
 */
export class StringTable {
  readonly #bytes: Uint8Array;
  readonly #offset: number;
  readonly #what: string;
  readonly #names: Map<number, string> = new Map();
  #budget: number;

  /**
   * @param what subject of the messages
   * @param bytes the table's bytes
   * @param offset the table's place in the file
   */
  constructor(what: string, bytes: Uint8Array, offset: number) {
    this.#what = what;
    this.#bytes = bytes;
    this.#offset = offset;
    this.#budget = 8 * bytes.length + 0x10000;
  }

  /**
   * Reads a name.
   *
   * @param start offset in the table, bytes
   * @param at file offset of the field that names it
   * @returns the name, decoded as UTF-8
   * @throws ElfError `bad-string` if it starts outside the table or does not end in it, `too-large`
   */
  name(start: number, at: number): string {
    // Offset 0 is the empty name, also in a table of no bytes.
    if (start === 0 && this.#bytes.length === 0) return '';
    const known = this.#names.get(start);
    if (known !== undefined) return known;
    const end = start < this.#bytes.length ? this.#bytes.indexOf(0, start) : -1;
    if (end < 0) {
      throw new ElfError({
        code: 'bad-string',
        offset: at,
        what: `name in ${this.#what}`,
        expected: `a string that ends within the table of 0x${this.#bytes.length.toString(16)} bytes`,
        found: `offset 0x${start.toString(16)}`,
      });
    }
    this.#budget -= end - start;
    if (this.#budget < 0) {
      throw new ElfError({
        code: 'too-large',
        offset: this.#offset,
        what: this.#what,
        expected: 'names that together are at most eight times as long as the table',
        found: 'more',
      });
    }
    const name = decode(this.#bytes.subarray(start, end));
    this.#names.set(start, name);
    return name;
  }
}

function decode(bytes: Uint8Array): string {
  // TextDecoder refuses views of shared memory, and a call costs more than a short name is worth.
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return decoder.decode(bytes.slice());
    text += String.fromCharCode(byte);
  }
  return text;
}
