import { type BaseOptions, putBaseState } from './base-state.ts';
import type { MemoryPiece, VectorCase, VectorGroup, VectorHeader, VectorRow } from './case.ts';
import { CODE_SIZE_BYTES, SLOT_COUNT, SLOT_PAGE, SLOT_SIZE_BYTES } from './environment.ts';
import { seedOfCase } from './random.ts';
import { FIELDS, STATE, STATE_SIZE_BYTES } from './state.ts';
import {
  FSW_FIELD,
  HEAD_AT_END,
  HEAD_CHANGES,
  HEAD_EXCEPTION,
  HEAD_PATCHES,
  RFLAGS_FIELD,
  RIP_FIELD,
  STREAM,
  STREAM_COUNT,
  storedSizes,
  streamOfField,
  UNDEFINED_CR2,
  UNDEFINED_MEMORY,
  UNDEFINED_UPPER_HALF,
} from './streams.ts';

/** Bytes that grow. */
class ByteStream {
  #bytes = new Uint8Array(1 << 16);
  length = 0;

  push(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = value;
  }
  pushNumber(value: number, sizeBytes: number): void {
    for (let i = 0; i < sizeBytes; i++) this.push(Math.floor(value / 2 ** (8 * i)) & 0xff);
  }
  pushBytes(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + needed));
    bytes.set(this.bytes);
    this.#bytes = bytes;
  }
}

/** Puts cases together to a file. */
export class VectorWriter {
  readonly #header: Omit<VectorHeader, 'groups' | 'format'>;
  readonly #sizes: readonly number[];
  readonly #groups: VectorGroup[] = [];
  readonly #streams = Array.from({ length: STREAM_COUNT }, () => new ByteStream());
  readonly #base = new Uint8Array(STATE_SIZE_BYTES);
  #count = 0;
  #options: BaseOptions | undefined;

  constructor(header: Omit<VectorHeader, 'groups' | 'format'>) {
    this.#header = header;
    this.#sizes = storedSizes(header.codeSize);
  }

  /** Cases so far: the number of the next one. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds the cases of one row. Case n has its code in slot n modulo 64, or against the end of the code pages.
   *
   * @param cases in order, with the starting states that their numbers give, but for what they change
   */
  addGroup(row: VectorRow, vectors: VectorGroup['vectors'], cases: Iterable<Omit<VectorCase, 'number'>>): void {
    const starts = this.#streams.map((stream) => stream.length);
    this.#options = { codeSize: this.#header.codeSize, vectors };
    let count = 0;
    for (const item of cases) {
      this.#add(item, count++);
      this.#count++;
    }
    const lengths = this.#streams.map((stream, i) => stream.length - (starts[i] as number));
    this.#groups.push({ row, vectors, count, lengths });
  }

  /** The file, not compressed. */
  finish(): Uint8Array {
    const header: VectorHeader = { format: 1, ...this.#header, groups: this.#groups };
    const line = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
    const size = this.#streams.reduce((sum, stream) => sum + stream.length, line.length);
    const file = new Uint8Array(size);
    file.set(line);
    let at = line.length;
    for (const stream of this.#streams) {
      file.set(stream.bytes, at);
      at += stream.length;
    }
    return file;
  }

  #stream(number: number): ByteStream {
    return this.#streams[number] as ByteStream;
  }

  #add(item: Omit<VectorCase, 'number'>, indexInGroup: number): void {
    const { code, place, before, after, patches, changes, exception } = item;
    const isInSlot = place === SLOT_PAGE + (indexInGroup % SLOT_COUNT) * SLOT_SIZE_BYTES;
    const head = this.#stream(STREAM.HEAD);
    head.push(
      code.length |
        (isInSlot ? 0 : HEAD_AT_END) |
        (exception ? HEAD_EXCEPTION : 0) |
        (patches.length > 0 ? HEAD_PATCHES : 0) |
        (changes.length > 0 ? HEAD_CHANGES : 0),
    );
    if (!isInSlot) head.push(CODE_SIZE_BYTES - place);
    this.#stream(STREAM.CODE).pushBytes(code);
    const base = this.#base;
    putBaseState(
      new Uint32Array(base.buffer),
      seedOfCase(this.#header.seed, this.#count),
      this.#options as BaseOptions,
    );
    this.#putDifferences(base, before, 0, true);
    const expected = before.slice();
    const view = new DataView(expected.buffer);
    if (!exception) view.setUint32(STATE.RIP, view.getUint32(STATE.RIP, true) + code.length, true);
    this.#putDifferences(expected, after, 1, false);
    this.#putUndefined(item.undefinedParts);
    if (patches.length > 0) this.#putPieces(patches, STREAM.BYTES_BEFORE);
    if (changes.length > 0) this.#putPieces(changes, STREAM.BYTES_AFTER);
    if (exception) {
      const stream = this.#stream(STREAM.EXCEPTIONS);
      stream.push(exception.vector);
      stream.pushNumber(exception.errorCode, 4);
      if (exception.vector === 14) stream.pushNumber(Number(exception.cr2 & 0xffff_ffffn), 4);
      if (exception.vector === 14) stream.pushNumber(Number(exception.cr2 >> 32n), 4);
    }
  }

  #putDifferences(from: Uint8Array, to: Uint8Array, isAfter: 0 | 1, skipsRip: boolean): void {
    const ids = this.#stream(STREAM.IDS);
    const found: number[] = [];
    FIELDS.forEach(({ offset, sizeBytes }, id) => {
      if (skipsRip && id === RIP_FIELD) return;
      for (let i = offset; i < offset + sizeBytes; i++) {
        if (from[i] === to[i]) continue;
        found.push(id);
        return;
      }
    });
    ids.push(found.length);
    for (const id of found) {
      ids.push(id);
      const { offset } = FIELDS[id] as (typeof FIELDS)[number];
      const stream = this.#stream((streamOfField[id] as number) + isAfter);
      stream.pushBytes(to.subarray(offset, offset + (this.#sizes[id] as number)));
    }
  }

  #putUndefined({ flags, fsw, fields, upperHalves, cr2, memory }: VectorCase['undefinedParts']): void {
    const ids = this.#stream(STREAM.IDS);
    ids.push((flags ? 1 : 0) + (fsw ? 1 : 0) + (cr2 ? 1 : 0) + fields.length + upperHalves.length + memory.length);
    if (flags) {
      ids.push(RFLAGS_FIELD);
      ids.pushNumber(flags, 2);
    }
    if (fsw) {
      ids.push(FSW_FIELD);
      ids.pushNumber(fsw, 2);
    }
    if (cr2) ids.push(UNDEFINED_CR2);
    for (const id of fields) ids.push(id);
    for (const id of upperHalves) ids.push(UNDEFINED_UPPER_HALF | id);
    for (const { offset, sizeBytes } of memory) {
      ids.push(UNDEFINED_MEMORY);
      ids.pushNumber(offset, 2);
      ids.pushNumber(sizeBytes, 2);
    }
  }

  #putPieces(pieces: readonly MemoryPiece[], bytes: number): void {
    const stream = this.#stream(STREAM.PIECES);
    stream.push(pieces.length);
    for (const piece of pieces) {
      stream.pushNumber(piece.offset, 2);
      stream.pushNumber(piece.bytes.length, 2);
      this.#stream(bytes).pushBytes(piece.bytes);
    }
  }
}
