import type { CodeSize } from './base-state.ts';
import { FIELDS } from './state.ts';

/**
 * The streams of a file. Values of one kind stand together, which lets a general compressor halve them; a group's part of each
 * is as long as its header says.
 */
export const STREAM = {
  HEAD: 0,
  CODE: 1,
  IDS: 2,
  /** Values of up to 4 bytes, by before and after. */
  SMALL_BEFORE: 3,
  SMALL_AFTER: 4,
  /** General registers, RIP, bases, x87 pointers. */
  WIDE_BEFORE: 5,
  WIDE_AFTER: 6,
  /** x87, MMX and XMM registers. */
  VECTOR_BEFORE: 7,
  VECTOR_AFTER: 8,
  /** Offsets and sizes of pieces of memory. */
  PIECES: 9,
  BYTES_BEFORE: 10,
  BYTES_AFTER: 11,
  EXCEPTIONS: 12,
} as const;
export const STREAM_COUNT = 13;

/** Bits of a case's first byte in `HEAD`, above the length of its code. */
export const HEAD_LENGTH = 0x0f;
/** A second byte follows: how many bytes before the end of the code pages the instruction begins. */
export const HEAD_AT_END = 0x10;
export const HEAD_EXCEPTION = 0x20;
export const HEAD_PATCHES = 0x40;
export const HEAD_CHANGES = 0x80;

/** Numbers in lists of undefined parts beyond those of `FIELDS`. */
export const UNDEFINED_MEMORY = 0xfe;
/** CR2. */
export const UNDEFINED_CR2 = 0xfd;
/** Added to a register's number where only its upper half is undefined. */
export const UNDEFINED_UPPER_HALF = 0x80;

const FIELD_NUMBERS: ReadonlyMap<string, number> = new Map(FIELDS.map(({ name }, i) => [name, i]));
/** A field's number by its name. */
export const fieldNumber = (name: string): number => FIELD_NUMBERS.get(name) as number;
export const RIP_FIELD: number = fieldNumber('rip');
export const RFLAGS_FIELD: number = fieldNumber('rflags');
export const FSW_FIELD: number = fieldNumber('fsw');

/** Which stream holds the values of a field before an instruction: the next one holds those after it. */
export const streamOfField: readonly number[] = FIELDS.map(({ name, sizeBytes }) => {
  if (/^(st|xmm)/.test(name)) return STREAM.VECTOR_BEFORE;
  return sizeBytes === 8 ? STREAM.WIDE_BEFORE : STREAM.SMALL_BEFORE;
});

/** Bytes that a field takes in a file: 8-byte ones have 4 outside 64-bit code. */
export function storedSizes(codeSize: CodeSize): readonly number[] {
  return FIELDS.map(({ sizeBytes }) => (sizeBytes === 8 && codeSize !== 64 ? 4 : sizeBytes));
}
