import { decodePunycode } from './punycode.ts';

// A name may refer back to its own parts, so that a short one can stand for an astronomically long one.
const MAX_OUTPUT = 0x10000;
const MAX_STEPS = 0x10000;
const MAX_DEPTH = 200;

/** Thrown and caught by the demangler only: the name is not of this scheme, or too large. */
export class NotMangled extends Error {}

/** Reads the elements of a mangled name and collects what it stands for, within bounds. */
export class MangledReader {
  readonly #input: string;
  #at = 0;
  #output = '';
  #isSilent = false;
  #depth = 0;
  #steps = 0;

  constructor(input: string) {
    this.#input = input;
  }

  get output(): string {
    return this.#output;
  }
  get isAtEnd(): boolean {
    return this.#at >= this.#input.length;
  }
  /** Whether `print` does nothing. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Takes the next character. */
  next(): string {
    const character = this.#input[this.#at++];
    if (character === undefined) throw new NotMangled();
    return character;
  }

  /** Undoes the last `next`. */
  putBack(): void {
    this.#at--;
  }

  /** Takes a character if it is the next one. */
  eat(character: string): boolean {
    if (this.#input[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  print(text: string): void {
    if (this.#isSilent) return;
    this.#output += text;
    if (this.#output.length > MAX_OUTPUT) throw new NotMangled();
  }

  /** Reads what is not to be shown. */
  silently(action: () => void): void {
    const before = this.#isSilent;
    this.#isSilent = true;
    action();
    this.#isSilent = before;
  }

  /** Goes one level deeper, within bounds. */
  nested(action: () => void): void {
    if (++this.#depth > MAX_DEPTH || ++this.#steps > MAX_STEPS) throw new NotMangled();
    action();
    this.#depth--;
  }

  /** A number in base 62 that ends with an underscore; the empty one is 0. */
  base62(): number {
    if (this.eat('_')) return 0;
    let value = 0;
    for (let character = this.next(); character !== '_'; character = this.next()) {
      const digit = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.indexOf(character);
      // Hashes of crates have 64 bits and are not shown; nothing that is shown comes near the bound.
      value = Math.min(value * 62 + digit, Number.MAX_SAFE_INTEGER - 2);
    }
    return value + 1;
  }

  optionalBase62(tag: string): number {
    return this.eat(tag) ? this.base62() + 1 : 0;
  }

  identifier(): { name: string; disambiguator: number } {
    const disambiguator = this.optionalBase62('s');
    const isPunycode = this.eat('u');
    const digits = /^(?:0|[1-9][0-9]{0,5})/.exec(this.#input.slice(this.#at, this.#at + 6))?.[0];
    if (digits === undefined) throw new NotMangled();
    this.#at += digits.length;
    this.eat('_');
    const text = this.#input.slice(this.#at, this.#at + Number(digits));
    if (text.length < Number(digits)) throw new NotMangled();
    this.#at += text.length;
    const name = isPunycode ? decodePunycode(text) : text;
    if (name === null) throw new NotMangled();
    return { name, disambiguator };
  }

  /** Goes on at an earlier place, and comes back. */
  backReference(action: () => void): void {
    const start = this.#at - 1;
    const target = this.base62();
    if (target >= start) throw new NotMangled();
    if (this.#isSilent) return;
    const before = this.#at;
    this.#at = target;
    this.nested(action);
    this.#at = before;
  }

  /** Hexadecimal digits up to an underscore. */
  hexDigits(): string {
    const digits = /^[0-9a-f]*(?=_)/.exec(this.#input.slice(this.#at))?.[0];
    if (digits === undefined) throw new NotMangled();
    this.#at += digits.length + 1;
    return digits;
  }
}
