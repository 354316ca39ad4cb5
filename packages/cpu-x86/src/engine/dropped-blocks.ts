import type { Block } from './code-pages.ts';
import type { GuestMemory } from './guest-memory.ts';
import { RECORD_HANDLER, RECORD_SIZE_BYTES } from './interpreter/record.ts';

/** A block that was dropped, and what it was made from. */
interface DroppedBlock {
  readonly block: Block;
  /** Its code, from `first` to `last`. */
  readonly bytes: Uint8Array;
  /** The handlers of its records. */
  readonly handlers: Uint16Array;
}

/** Offsets and decode keys have fewer bits. */
const KEY_SPAN = 2 ** 24;
/** As many as a program may keep overwriting by turns. */
const DROPPED_MAX = 256;

/**
 * Blocks that were dropped because something was written to them. Boot loaders patch the number into an `int` instruction
 * for every call of the firmware, mostly the same one: if the bytes are those from before when the code runs again, the
 * records are right again, and nothing has to be decoded.
 */
export class DroppedBlocks {
  readonly #memory: GuestMemory;
  readonly #view: DataView;
  readonly #dropped = new Map<number, DroppedBlock>();

  constructor(memory: GuestMemory) {
    this.#memory = memory;
    this.#view = new DataView(memory.wasm.buffer);
  }

  /** Remembers a block before its bytes and its records change. Not those that are used once, or reach into another page. */
  keep(block: Block): void {
    if (block.key < 0 || block.secondPage >= 0 || block.last > 0xfff) return;
    const id = block.page * KEY_SPAN + block.key;
    // The newest go last.
    this.#dropped.delete(id);
    const oldest = this.#dropped.size >= DROPPED_MAX ? this.#dropped.keys().next().value : undefined;
    if (oldest !== undefined) this.#dropped.delete(oldest);
    const handlers = Uint16Array.from({ length: block.recordCount }, (_, index) =>
      this.#view.getUint16(block.records + index * RECORD_SIZE_BYTES + RECORD_HANDLER, true),
    );
    this.#dropped.set(id, { block, bytes: this.#codeOf(block).slice(), handlers });
  }

  /**
   * Makes a dropped block's records what they were.
   *
   * @returns the block; undefined if there is none, or its code is another now
   */
  revive(page: number, key: number): Block | undefined {
    const id = page * KEY_SPAN + key;
    const dropped = this.#dropped.get(id);
    if (dropped === undefined) return undefined;
    const { block, bytes, handlers } = dropped;
    const now = this.#codeOf(block);
    for (let index = 0; index < bytes.length; index++) if (bytes[index] !== now[index]) return undefined;
    this.#dropped.delete(id);
    for (const [index, handler] of handlers.entries()) {
      this.#view.setUint16(block.records + index * RECORD_SIZE_BYTES + RECORD_HANDLER, handler, true);
    }
    return block;
  }

  /** Forgets all of them: their records are used for others. */
  clear(): void {
    this.#dropped.clear();
  }

  #codeOf({ page, first, last }: Block): Uint8Array {
    const host = this.#memory.hostOfPage(page);
    return this.#memory.bytes.subarray(host + first, host + last + 1);
  }
}
