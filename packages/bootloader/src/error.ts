/**
 * Why an image was not loaded:
 *
 * - `unknown-image`: no boot protocol fits it
 * - `wrong-machine`: it is for another processor
 * - `not-executable`: it is an object file, a core dump or the like
 * - `no-segments`: it has nothing to load
 * - `bad-segment`: a segment contradicts itself or wraps around the address space
 * - `outside-memory`: it needs memory that the machine does not have
 * - `reserved-memory`: it needs memory that the memory map does not call usable
 * - `overlap`: two of its parts want the same memory
 * - `collision`: it wants memory or addresses that the boot protocol itself uses
 * - `bad-header`: its boot protocol header contradicts itself
 * - `unsupported`: it requires a feature of the boot protocol that does not exist here
 * - `bad-entry`: its entry point lies in no segment
 * - `no-room`: the boot information, modules or page tables do not fit into what is left of memory
 * - `bad-option`: an option of the embedder is out of range
 */
export type BootErrorCode =
  | 'unknown-image'
  | 'wrong-machine'
  | 'not-executable'
  | 'no-segments'
  | 'bad-segment'
  | 'outside-memory'
  | 'reserved-memory'
  | 'overlap'
  | 'collision'
  | 'bad-header'
  | 'unsupported'
  | 'bad-entry'
  | 'no-room'
  | 'bad-option';

/** The facts of a {@link BootError}. */
export interface BootErrorFacts {
  readonly code: BootErrorCode;
  /** Byte offset in the file of the field at fault, null if it is in no file. */
  readonly offset: number | null;
  /** The thing at fault, as the subject of the message. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** What the user can do about it. */
  readonly cure: string;
}

/** The one error of this package. Its message is one printable line that ends with the cure. */
export class BootError extends Error {
  override readonly name: string = 'BootError';
  readonly code: BootErrorCode;
  /** Byte offset in the file of the field at fault, null if it is in no file. */
  readonly offset: number | null;
  readonly expected: string;
  readonly found: string;
  /** What the user can do about it. */
  readonly cure: string;

  constructor(facts: BootErrorFacts) {
    const { what, expected, found, cure } = facts;
    super(`${what}: expected ${expected}, found ${found}; ${cure}`.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?'));
    this.code = facts.code;
    this.offset = facts.offset;
    this.expected = expected;
    this.found = found;
    this.cure = cure;
  }
}

/**
 * Writes a number as the messages do.
 *
 * @param value an address or a size
 * @returns hexadecimal with `0x`
 */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/**
 * Writes a size of memory as a reader says it.
 *
 * @param bytes the size
 * @returns in MiB where that is whole, else in KiB or bytes
 */
export function memorySize(bytes: number): string {
  if (bytes % 0x100000 === 0) return `${bytes / 0x100000} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
