/**
 * Why an image was refused:
 *
 * - `not-elf`: it does not begin with the four magic bytes
 * - `truncated`: a structure reaches past the end of the file
 * - `unsupported`: the class, byte order or version is none that the specification defines
 * - `bad-entry-size`: a table's entry size does not fit its entries
 * - `tables-overlap`: two header tables claim the same bytes
 * - `bad-index`: a link, section or symbol index points to nothing
 * - `bad-string`: a name lies outside its string table or does not end
 * - `bad-note`, `bad-dynamic`, `bad-relocation`, `bad-line-table`: malformed contents
 * - `too-large`: names share so many bytes that reading them would cost far more than the file's size
 */
export type ElfErrorCode =
  | 'not-elf'
  | 'truncated'
  | 'unsupported'
  | 'bad-entry-size'
  | 'tables-overlap'
  | 'bad-index'
  | 'bad-string'
  | 'bad-note'
  | 'bad-dynamic'
  | 'bad-relocation'
  | 'bad-line-table'
  | 'too-large';

/** The facts of an {@link ElfError}. */
export interface ElfErrorFacts {
  readonly code: ElfErrorCode;
  /** Byte offset in the file of the field at fault. */
  readonly offset: number;
  /** The structure at fault, as the subject of the message. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** Names come from the file: a line feed would break the line, an escape sequence would drive the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

/** The one error of this package: the file is not the ELF image that it claims to be. Its message is one printable line. */
export class ElfError extends Error {
  override readonly name: string = 'ElfError';
  readonly code: ElfErrorCode;
  /** Byte offset in the file of the field at fault. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;

  constructor(facts: ElfErrorFacts) {
    const place = `at file offset 0x${facts.offset.toString(16)}`;
    super(printable(`${facts.what}: expected ${facts.expected}, found ${facts.found} (${place})`));
    this.code = facts.code;
    this.offset = facts.offset;
    this.expected = facts.expected;
    this.found = facts.found;
  }
}
