/**
 * The adapter's memory: bytes for frame buffers, words for the planes. A word holds one byte of each plane at one offset,
 * plane 0 in bits 7–0; the planes of a plain VGA are the first 65,536 words.
 */
import { PLANE_SIZE } from './registers.ts';
import { VgaError } from './state-error.ts';

/** Part of a saved video memory. */
export interface VideoMemoryRun {
  /** Bytes from the start of the memory, a multiple of 4096. */
  readonly offset: number;
  /** Whole pages of 4096 bytes. */
  readonly bytes: Uint8Array;
}

const PAGE_SIZE_BYTES = 4096;
const PAGE_WORDS = PAGE_SIZE_BYTES / 4;
/** Bytes of the four planes of a plain VGA. */
const PLANES_SIZE_BYTES = 4 * PLANE_SIZE;
const SIZE_UNIT_BYTES = 0x10000;

/** Video memory of a fixed size. Whoever owns the buffer may write to it too. */
export class VideoMemory {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;

  /** @throws VgaError `bad-memory` unless there are 256 KiB at least, a multiple of 64 KiB, at a multiple of 4 */
  constructor(bytes: Uint8Array) {
    if (bytes.length < PLANES_SIZE_BYTES || bytes.length % SIZE_UNIT_BYTES !== 0 || bytes.byteOffset % 4 !== 0) {
      throw new VgaError('memory', 'at least 256 KiB, a multiple of 64 KiB', 'bad-memory');
    }
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  /** Clears the planes of a plain VGA, or everything. */
  clear(isAll: boolean): void {
    this.bytes.fill(0, 0, isAll ? this.bytes.length : PLANES_SIZE_BYTES);
  }

  /** @returns copies of the pages that are not zero, neighbours in one run, ascending */
  save(): VideoMemoryRun[] {
    const runs: VideoMemoryRun[] = [];
    const pageCount = this.bytes.length / PAGE_SIZE_BYTES;
    for (let page = 0; page < pageCount; page++) {
      if (this.#isZero(page)) continue;
      const first = page;
      while (page < pageCount && !this.#isZero(page)) page++;
      const bytes = new Uint8Array(this.bytes.subarray(first * PAGE_SIZE_BYTES, page * PAGE_SIZE_BYTES));
      runs.push({ offset: first * PAGE_SIZE_BYTES, bytes });
    }
    return runs;
  }

  /** Takes what {@link check} has accepted. */
  load(runs: readonly VideoMemoryRun[]): void {
    let end = 0;
    for (const { offset, bytes } of runs) {
      this.#clearRange(end, offset);
      this.bytes.set(bytes, offset);
      end = offset + bytes.length;
    }
    this.#clearRange(end, this.bytes.length);
  }

  /** @throws VgaError unless `runs` could have come from {@link save} of a memory of this size */
  check(runs: unknown): asserts runs is readonly VideoMemoryRun[] {
    if (!Array.isArray(runs)) throw new VgaError('videoMemory', 'an array');
    let end = 0;
    for (const run of runs as Partial<VideoMemoryRun>[]) {
      const isRun = typeof run === 'object' && run !== null && run.bytes instanceof Uint8Array;
      const offset = isRun ? run.offset : undefined;
      const length = run?.bytes?.length ?? 0;
      const isWhole = Number.isInteger(offset) && (offset as number) % PAGE_SIZE_BYTES === 0;
      if (!isWhole || length % PAGE_SIZE_BYTES !== 0) throw new VgaError('videoMemory', 'runs of whole pages');
      if ((offset as number) < end || (offset as number) + length > this.bytes.length) {
        throw new VgaError('videoMemory', 'runs inside the memory, in ascending order');
      }
      end = (offset as number) + length;
    }
  }

  #isZero(page: number): boolean {
    const end = (page + 1) * PAGE_WORDS;
    for (let at = end - PAGE_WORDS; at < end; at++) if (this.words[at] !== 0) return false;
    return true;
  }

  /** Clears whole pages, leaving alone those that are clear, which a host may not even have backed with memory yet. */
  #clearRange(start: number, end: number): void {
    for (let at = start; at < end; at += PAGE_SIZE_BYTES) {
      if (!this.#isZero(at / PAGE_SIZE_BYTES)) this.bytes.fill(0, at, at + PAGE_SIZE_BYTES);
    }
  }
}
