import { RECORD_HANDLER, RECORD_SIZE_BYTES } from './record.ts';
import { HANDLER_END, HANDLER_STALE } from './run-function.ts';

/** Makes execution stop in the middle of a block: handlers that others stand in for until `pass`. */
export class RecordStops {
  readonly #view: DataView;
  /** The last one last. */
  readonly #replaced: { readonly record: number; readonly handler: number }[] = [];

  constructor(view: DataView) {
    this.#view = view;
  }

  /** Makes execution look its RIP up behind a record. With too little budget for a block, it stops there. */
  stopAfter(record: number): void {
    const next = record + RECORD_SIZE_BYTES;
    if (this.#view.getUint16(next + RECORD_HANDLER, true) !== HANDLER_END) this.replaceHandler(next, HANDLER_STALE);
  }

  /** Lets another handler execute a record. */
  replaceHandler(record: number, handler: number): void {
    const before = this.#view.getUint16(record + RECORD_HANDLER, true);
    if (before === handler) return;
    this.#replaced.push({ record, handler: before });
    this.#view.setUint16(record + RECORD_HANDLER, handler, true);
  }

  /** All handlers are as they were. */
  pass(): void {
    for (let replaced = this.#replaced.pop(); replaced; replaced = this.#replaced.pop()) this.#putBack(replaced);
  }
  /** Those of records from `start` to before `end` are as they were. */
  passWithin(start: number, end: number): void {
    for (let i = this.#replaced.length - 1; i >= 0; i--) {
      const replaced = this.#replaced[i] as { readonly record: number; readonly handler: number };
      if (replaced.record < start || replaced.record >= end) continue;
      this.#putBack(replaced);
      this.#replaced.splice(i, 1);
    }
  }
  /** Forgets what was replaced: the records are gone. */
  clear(): void {
    this.#replaced.length = 0;
  }

  #putBack({ record, handler }: { readonly record: number; readonly handler: number }): void {
    this.#view.setUint16(record + RECORD_HANDLER, handler, true);
  }
}
