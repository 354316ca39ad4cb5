import { CS } from '../decode/instruction.ts';
import type { CpuState } from '../state/cpu-state.ts';
import { JUMP_TAG, JUMP_TAG_USER, MODE } from '../state/layout.ts';
import { MODE_BITS, MODE_CODE_64, MODE_CODE_MASK } from '../state/mode.ts';
import { segmentHighField } from '../state/segment-register.ts';
import { JUMP_CACHE, JUMP_CACHE_ENTRY_COUNT, JUMP_CACHE_ENTRY_SIZE_BYTES } from './memory-plan.ts';

const CODE_HIGH = segmentHighField(CS);

/**
 * Records by linear address, for generated code to find without asking. An entry counts under the tag of its generation,
 * privilege and mode, so that all are forgotten at once by beginning a new generation.
 */
export class JumpCache {
  readonly #state: CpuState;
  readonly #words: Uint32Array;
  #generation = 1;
  /** By decode key: the limit of CS under which the jumps of this generation were found. */
  readonly #limits: Uint32Array = new Uint32Array(1 << MODE_BITS);

  /** @param words the memory that generated code works on */
  constructor(state: CpuState, words: Uint32Array) {
    this.#state = state;
    this.#words = words;
  }

  /** Enters a record for a linear address, under the tag of now. */
  remember(low: number, high: number, record: number): void {
    const slot = (low ^ ((low >>> 12) | (high << 20))) & (JUMP_CACHE_ENTRY_COUNT - 1);
    const at = (JUMP_CACHE + slot * JUMP_CACHE_ENTRY_SIZE_BYTES) >> 2;
    const words = this.#words;
    words[at] = low;
    words[at + 1] = high;
    words[at + 2] = this.#state.field(JUMP_TAG);
    words[at + 3] = record;
  }

  /** Nothing that was entered counts any more. */
  forget(): void {
    this.#beginGeneration();
    this.updateTag();
  }

  /** The mode or the privilege has changed. */
  updateTag(): void {
    const user = this.#state.cpl === 3 ? JUMP_TAG_USER : 0;
    const mode = this.#state.field(MODE);
    const limit = this.#state.field(CODE_HIGH);
    // What was found under a higher limit may lie beyond the new one.
    if (limit < (this.#limits[mode] as number) && (mode & MODE_CODE_MASK) !== MODE_CODE_64) this.#beginGeneration();
    this.#limits[mode] = limit;
    this.#state.setField(JUMP_TAG, (this.#generation << 8) | user | mode);
  }

  #beginGeneration(): void {
    this.#limits.fill(0);
    this.#generation = (this.#generation + 1) & 0xffffff;
    if (this.#generation !== 0) return;
    const start = JUMP_CACHE >> 2;
    this.#words.fill(0, start, start + (JUMP_CACHE_ENTRY_COUNT * JUMP_CACHE_ENTRY_SIZE_BYTES) / 4);
    this.#generation = 1;
  }
}
