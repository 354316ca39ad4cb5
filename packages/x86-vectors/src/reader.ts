import { codeBaseOf, putBaseState } from './base-state.ts';
import type { MemoryPiece, VectorCase, VectorException, VectorGroup, VectorHeader } from './case.ts';
import { CODE_PAGES, CODE_SIZE_BYTES, DATA_SIZE_BYTES, SLOT_COUNT, SLOT_PAGE, SLOT_SIZE_BYTES } from './environment.ts';
import { VectorFileError } from './error.ts';
import { parseHeader } from './header.ts';
import { seedOfCase } from './random.ts';
import { FIELDS, STATE, STATE_SIZE_BYTES } from './state.ts';
import {
  FSW_FIELD,
  HEAD_AT_END,
  HEAD_CHANGES,
  HEAD_EXCEPTION,
  HEAD_LENGTH,
  HEAD_PATCHES,
  RFLAGS_FIELD,
  STREAM,
  STREAM_COUNT,
  storedSizes,
  streamOfField,
  UNDEFINED_CR2,
  UNDEFINED_MEMORY,
  UNDEFINED_UPPER_HALF,
} from './streams.ts';

const NONE: readonly MemoryPiece[] = [];
const NOTHING_UNDEFINED: VectorCase['undefinedParts'] = {
  flags: 0,
  fsw: 0,
  fields: [],
  upperHalves: [],
  cr2: false,
  memory: [],
};

/** A file of vectors: its header, and its cases group by group. */
export class VectorFile {
  readonly header: VectorHeader;
  readonly #bytes: Uint8Array;
  readonly #streamStarts: number[] = [];
  readonly #sizes: readonly number[];

  /**
   * @param bytes the file, decompressed; kept, not copied
   * @throws {VectorFileError} for what is no such file
   */
  constructor(bytes: Uint8Array) {
    const { header, length } = parseHeader(bytes);
    this.header = header;
    this.#bytes = bytes;
    this.#sizes = storedSizes(header.codeSize);
    let at = length;
    for (let stream = 0; stream < STREAM_COUNT; stream++) {
      this.#streamStarts.push(at);
      for (const group of header.groups) at += group.lengths[stream] as number;
    }
    if (at !== bytes.length) {
      throw new VectorFileError('truncated', `the header tells of ${at} bytes, there are ${bytes.length}`);
    }
  }

  /**
   * The cases of one group, in order.
   *
   * @param index of the group in the header
   * @returns cases whose states are overwritten when the next one is asked for
   * @throws {VectorFileError} for cases that contradict the format
   */
  *cases(index: number): Generator<VectorCase, void, undefined> {
    const group = this.header.groups[index];
    if (group === undefined) return;
    const cursors = this.#cursorsOf(index);
    let number = 0;
    for (let i = 0; i < index; i++) number += (this.header.groups[i] as VectorGroup).count;
    const before = new Uint8Array(STATE_SIZE_BYTES);
    const words = new Uint32Array(before.buffer);
    const after = new Uint8Array(STATE_SIZE_BYTES);
    const options = { codeSize: this.header.codeSize, vectors: group.vectors };
    for (let i = 0; i < group.count; i++, number++) {
      const head = cursors.byte(STREAM.HEAD);
      const fromEnd = (head & HEAD_AT_END) !== 0 ? cursors.byte(STREAM.HEAD) : 0;
      const place = fromEnd > 0 ? CODE_SIZE_BYTES - fromEnd : SLOT_PAGE + (i % SLOT_COUNT) * SLOT_SIZE_BYTES;
      const code = cursors.bytes(STREAM.CODE, head & HEAD_LENGTH);
      putBaseState(words, seedOfCase(this.header.seed, number), options);
      this.#readFields(cursors, before, 0);
      const rip =
        (CODE_PAGES +
          place -
          codeBaseOf((before[STATE.SELECTORS + 2] as number) | ((before[STATE.SELECTORS + 3] as number) << 8))) >>>
        0;
      words[STATE.RIP >> 2] = rip;
      after.set(before);
      const hasException = (head & HEAD_EXCEPTION) !== 0;
      if (!hasException) new DataView(after.buffer).setUint32(STATE.RIP, rip + code.length, true);
      this.#readFields(cursors, after, 1);
      const undefinedParts = readUndefined(cursors);
      const patches = (head & HEAD_PATCHES) !== 0 ? readPieces(cursors, STREAM.BYTES_BEFORE) : NONE;
      const changes = (head & HEAD_CHANGES) !== 0 ? readPieces(cursors, STREAM.BYTES_AFTER) : NONE;
      const exception = hasException ? readException(cursors) : undefined;
      yield { number, code, place, before, after, patches, changes, exception, undefinedParts };
    }
    cursors.finish();
  }

  #cursorsOf(index: number): Cursors {
    const starts: number[] = [];
    const ends: number[] = [];
    for (let stream = 0; stream < STREAM_COUNT; stream++) {
      let at = this.#streamStarts[stream] as number;
      for (let i = 0; i < index; i++) at += (this.header.groups[i] as VectorGroup).lengths[stream] as number;
      starts.push(at);
      ends.push(at + ((this.header.groups[index] as VectorGroup).lengths[stream] as number));
    }
    return new Cursors(this.#bytes, starts, ends);
  }

  #readFields(cursors: Cursors, state: Uint8Array, isAfter: 0 | 1): void {
    const count = cursors.byte(STREAM.IDS);
    for (let i = 0; i < count; i++) {
      const id = cursors.byte(STREAM.IDS);
      const field = FIELDS[id];
      if (field === undefined) throw new VectorFileError('bad-case', `there is no field ${id}`);
      state.set(cursors.bytes((streamOfField[id] as number) + isAfter, this.#sizes[id] as number), field.offset);
    }
  }
}

/** Places in the streams. */
class Cursors {
  readonly #bytes: Uint8Array;
  readonly #at: number[];
  readonly #ends: readonly number[];

  constructor(bytes: Uint8Array, starts: number[], ends: readonly number[]) {
    this.#bytes = bytes;
    this.#at = starts;
    this.#ends = ends;
  }

  bytes(stream: number, count: number): Uint8Array {
    const at = this.#at[stream] as number;
    if (at + count > (this.#ends[stream] as number)) {
      throw new VectorFileError('bad-case', `stream ${stream} of the group ends early`);
    }
    this.#at[stream] = at + count;
    return this.#bytes.subarray(at, at + count);
  }
  byte(stream: number): number {
    return this.bytes(stream, 1)[0] as number;
  }
  number(stream: number, sizeBytes: number): number {
    return this.bytes(stream, sizeBytes).reduceRight((sum, byte) => sum * 256 + byte, 0);
  }
  finish(): void {
    const stream = this.#at.findIndex((at, i) => at !== this.#ends[i]);
    if (stream >= 0) throw new VectorFileError('bad-case', `stream ${stream} of the group has bytes left`);
  }
}

function readPieces(cursors: Cursors, stream: number): MemoryPiece[] {
  return Array.from({ length: cursors.byte(STREAM.PIECES) }, () => {
    const offset = cursors.number(STREAM.PIECES, 2);
    const size = cursors.number(STREAM.PIECES, 2);
    if (offset + size > DATA_SIZE_BYTES)
      throw new VectorFileError('bad-case', 'a piece of memory is outside the pages');
    return { offset, bytes: cursors.bytes(stream, size) };
  });
}

function readUndefined(cursors: Cursors): VectorCase['undefinedParts'] {
  const count = cursors.byte(STREAM.IDS);
  if (count === 0) return NOTHING_UNDEFINED;
  let flags = 0;
  let fsw = 0;
  const fields: number[] = [];
  const upperHalves: number[] = [];
  let cr2 = false;
  const memory: { offset: number; sizeBytes: number }[] = [];
  for (let i = 0; i < count; i++) {
    const id = cursors.byte(STREAM.IDS);
    if (id === RFLAGS_FIELD) flags = cursors.number(STREAM.IDS, 2);
    else if (id === FSW_FIELD) fsw = cursors.number(STREAM.IDS, 2);
    else if (id === UNDEFINED_MEMORY) {
      const offset = cursors.number(STREAM.IDS, 2);
      memory.push({ offset, sizeBytes: cursors.number(STREAM.IDS, 2) });
    } else if (id === UNDEFINED_CR2) cr2 = true;
    else if (id >= UNDEFINED_UPPER_HALF) upperHalves.push(id & ~UNDEFINED_UPPER_HALF);
    else fields.push(id);
  }
  return { flags, fsw, fields, upperHalves, cr2, memory };
}

function readException(cursors: Cursors): VectorException {
  const vector = cursors.byte(STREAM.EXCEPTIONS);
  const errorCode = cursors.number(STREAM.EXCEPTIONS, 4);
  if (vector !== 14) return { vector, errorCode, cr2: 0n };
  const low = cursors.number(STREAM.EXCEPTIONS, 4);
  return { vector, errorCode, cr2: (BigInt(cursors.number(STREAM.EXCEPTIONS, 4)) << 32n) | BigInt(low) };
}
