import { MangledReader, NotMangled } from './mangled-reader.ts';

const BASIC_TYPES: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/**
 * Demangles a name of Rust's v0 scheme. Crate disambiguators and the types of constants are left out.
 *
 * @param mangled as in the symbol table
 * @returns the path, or null if the name is not of this scheme or would be absurdly long
 * @source Rust RFC 2603; rustc book, "v0 Symbol Format"
 */
export function demangleV0(mangled: string): string | null {
  // What a linker or optimiser appends begins with a point or a dollar.
  const body = /^_{0,2}R([A-Z][0-9A-Za-z_]*)(?:[.$].*)?$/.exec(mangled)?.[1];
  if (body === undefined) return null;
  try {
    return new Demangler(body).symbol();
  } catch (error) {
    if (error instanceof NotMangled) return null;
    throw error;
  }
}

class Demangler extends MangledReader {
  #lifetimes = 0;

  symbol(): string {
    this.#path(true);
    // The crate that instantiated it says nothing to a reader.
    if (!this.isAtEnd) this.silently(() => this.#path(false));
    if (!this.isAtEnd) throw new NotMangled();
    return this.output;
  }

  #path(isValue: boolean): void {
    this.nested(() => {
      const tag = this.next();
      switch (tag) {
        case 'C':
          this.print(this.identifier().name);
          return;
        case 'N':
          this.#namespace(isValue);
          return;
        case 'M':
        case 'X':
        case 'Y':
          if (tag !== 'Y') {
            this.optionalBase62('s');
            this.silently(() => this.#path(false));
          }
          this.print('<');
          this.#type();
          if (tag !== 'M') {
            this.print(' as ');
            this.#path(false);
          }
          this.print('>');
          return;
        case 'I':
          this.#path(isValue);
          this.print(isValue ? '::<' : '<');
          this.#list(() => this.#genericArgument());
          this.print('>');
          return;
        case 'B':
          this.backReference(() => this.#path(isValue));
          return;
        default:
          throw new NotMangled();
      }
    });
  }

  #namespace(isValue: boolean): void {
    const space = this.next();
    if (!/[A-Za-z]/.test(space)) throw new NotMangled();
    this.#path(isValue);
    const { name, disambiguator } = this.identifier();
    if (space >= 'a') {
      if (name !== '') this.print(`::${name}`);
      return;
    }
    const kind = { C: 'closure', S: 'shim' }[space] ?? space;
    this.print(`::{${kind}${name === '' ? '' : `:${name}`}#${disambiguator}}`);
  }

  /** Things up to an `E`, with commas between them. */
  #list(item: () => void, separator = ', '): number {
    let count = 0;
    for (; !this.eat('E'); count++) {
      if (count > 0) this.print(separator);
      item();
    }
    return count;
  }

  #genericArgument(): void {
    if (this.eat('L')) this.#lifetime(this.base62());
    else if (this.eat('K')) this.#constant(false);
    else this.#type();
  }

  #lifetime(index: number): void {
    if (index === 0) {
      this.print("'_");
      return;
    }
    // Counted from the innermost binder; named from the outermost.
    const depth = this.#lifetimes - index;
    if (depth < 0 && !this.isSilent) throw new NotMangled();
    this.print(depth < 26 ? `'${String.fromCharCode(0x61 + Math.max(0, depth))}` : `'_${depth}`);
  }

  /** The lifetimes that a function pointer or a trait object binds. */
  #binder(action: () => void): void {
    const count = this.optionalBase62('G');
    if (count > 1000) throw new NotMangled();
    const before = this.#lifetimes;
    if (count > 0) {
      this.print('for<');
      for (let index = 0; index < count; index++) {
        if (index > 0) this.print(', ');
        this.#lifetimes++;
        this.#lifetime(1);
      }
      this.print('> ');
    }
    action();
    this.#lifetimes = before;
  }

  #type(): void {
    this.nested(() => {
      const tag = this.next();
      const basic = BASIC_TYPES[tag];
      if (basic !== undefined) {
        this.print(basic);
        return;
      }
      switch (tag) {
        case 'A':
        case 'S':
          this.print('[');
          this.#type();
          if (tag === 'A') {
            this.print('; ');
            this.#constant(true);
          }
          this.print(']');
          return;
        case 'T': {
          this.print('(');
          const count = this.#list(() => this.#type());
          this.print(count === 1 ? ',)' : ')');
          return;
        }
        case 'R':
        case 'Q':
          this.print('&');
          this.#referenceLifetime();
          if (tag === 'Q') this.print('mut ');
          this.#type();
          return;
        case 'P':
        case 'O':
          this.print(tag === 'P' ? '*const ' : '*mut ');
          this.#type();
          return;
        case 'F':
          this.#binder(() => this.#function());
          return;
        case 'D':
          this.print('dyn ');
          this.#binder(() => this.#list(() => this.#dynTrait(), ' + '));
          this.#traitLifetime();
          return;
        case 'B':
          this.backReference(() => this.#type());
          return;
        default:
          this.putBack();
          this.#path(false);
      }
    });
  }

  #referenceLifetime(): void {
    if (!this.eat('L')) return;
    const index = this.base62();
    if (index === 0) return;
    this.#lifetime(index);
    this.print(' ');
  }

  #traitLifetime(): void {
    if (!this.eat('L')) throw new NotMangled();
    const index = this.base62();
    if (index === 0) return;
    this.print(' + ');
    this.#lifetime(index);
  }

  #function(): void {
    if (this.eat('U')) this.print('unsafe ');
    if (this.eat('K')) {
      const abi = this.eat('C') ? 'C' : this.identifier().name.replaceAll('_', '-');
      this.print(`extern "${abi}" `);
    }
    this.print('fn(');
    this.#list(() => this.#type());
    this.print(')');
    if (this.eat('u')) return; // returns the unit
    this.print(' -> ');
    this.#type();
  }

  /** A trait, whose associated types appear among its generic arguments. */
  #dynTrait(): void {
    let isOpen = this.#openPath();
    while (this.eat('p')) {
      this.print(isOpen ? ', ' : '<');
      isOpen = true;
      this.print(`${this.identifier().name} = `);
      this.#type();
    }
    if (isOpen) this.print('>');
  }

  /** Prints a path; if it ends with generic arguments, without the bracket that closes them. */
  #openPath(): boolean {
    let isOpen = false;
    if (this.eat('B')) {
      this.backReference(() => {
        isOpen = this.#openPath();
      });
    } else if (this.eat('I')) {
      this.#path(false);
      this.print('<');
      this.#list(() => this.#genericArgument());
      isOpen = true;
    } else {
      this.#path(false);
    }
    return isOpen;
  }

  #constant(isInType: boolean): void {
    this.nested(() => {
      const tag = this.next();
      const basic = BASIC_TYPES[tag];
      if (tag === 'B') {
        this.backReference(() => this.#constant(isInType));
      } else if (tag === 'p') {
        this.print('_');
      } else if (tag === 'b' || tag === 'c') {
        this.#scalar(tag);
      } else if (basic !== undefined && /^[iu]/.test(basic)) {
        this.#integer(/^i/.test(basic));
      } else {
        this.#compound(tag, isInType);
      }
    });
  }

  #integer(isSigned: boolean): void {
    if (isSigned && this.eat('n')) this.print('-');
    const digits = this.hexDigits();
    if (digits.length > 32) throw new NotMangled();
    // Like the compiler's own demangler: what does not fit 64 bits stays hexadecimal.
    this.print(digits.length > 16 ? `0x${digits}` : BigInt(`0x${digits || '0'}`).toString());
  }

  #scalar(tag: 'b' | 'c'): void {
    const value = Number.parseInt(this.hexDigits() || '0', 16);
    if (tag === 'b') {
      if (value > 1) throw new NotMangled();
      this.print(value === 1 ? 'true' : 'false');
      return;
    }
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw new NotMangled();
    this.print(`'${quoted(String.fromCodePoint(value), "'")}'`);
  }

  /** Constants that are references, strings, arrays, tuples and values of user types stand in braces in a type. */
  #compound(tag: string, isInType: boolean): void {
    const isBraced = !isInType;
    const braced = (action: () => void): void => {
      if (isBraced) this.print('{');
      action();
      if (isBraced) this.print('}');
    };
    switch (tag) {
      case 'e':
        braced(() => {
          this.print('*');
          this.#string();
        });
        return;
      case 'R':
      case 'Q':
        if (tag === 'R' && this.eat('e')) {
          this.#string();
          return;
        }
        braced(() => {
          this.print(tag === 'R' ? '&' : '&mut ');
          this.#constant(true);
        });
        return;
      case 'A':
        braced(() => {
          this.print('[');
          this.#list(() => this.#constant(true));
          this.print(']');
        });
        return;
      case 'T':
        braced(() => {
          this.print('(');
          const count = this.#list(() => this.#constant(true));
          this.print(count === 1 ? ',)' : ')');
        });
        return;
      case 'V':
        braced(() => this.#variant());
        return;
      default:
        throw new NotMangled();
    }
  }

  #variant(): void {
    this.#path(true);
    switch (this.next()) {
      case 'U':
        return;
      case 'T':
        this.print('(');
        this.#list(() => this.#constant(true));
        this.print(')');
        return;
      case 'S':
        this.print(' { ');
        this.#list(() => {
          this.print(`${this.identifier().name}: `);
          this.#constant(true);
        });
        this.print(' }');
        return;
      default:
        throw new NotMangled();
    }
  }

  #string(): void {
    const digits = this.hexDigits();
    if (digits.length % 2 !== 0) throw new NotMangled();
    const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
      Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
    );
    this.print(`"${quoted(new TextDecoder().decode(bytes), '"')}"`);
  }
}

/** Escapes what a terminal should not get raw, and the quotation mark. */
function quoted(text: string, mark: string): string {
  return text.replace(/[\\'"\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    if (character === '\\' || character === mark) return `\\${character}`;
    if (character === "'" || character === '"') return character;
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' }[character];
    return named ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
