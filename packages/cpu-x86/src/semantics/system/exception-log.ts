import type { ProcessorMode } from './processor-mode.ts';

/**
 * What an event is, which decides about privilege checks, error codes and the saved image.
 * `software` is INT n, `software-exception` INT3 and INTO, `int1` INT1; `exception` is everything the processor detects.
 *
 * @source SDM Vol. 3A "Sources of Interrupts", "Sources of Exceptions"
 */
export type EventKind = 'external' | 'nmi' | 'exception' | 'software' | 'software-exception' | 'int1';

/** The event that was being delivered when an exception occurred, and at what the processor was. */
export interface InterruptedDelivery {
  readonly vector: number;
  readonly kind: EventKind;
  /** The step of delivery that failed: `reading the IDT`, `pushing the return frame`. */
  readonly step: string;
}

/**
 * What became of an event. `merged`: it occurred while another exception was delivered, and became a double fault or a
 * shutdown. `failed`: another exception occurred while it was delivered.
 */
export type EventFate = 'delivered' | 'failed' | 'merged';

/** One event of the log. Plain data. */
export interface ExceptionEntry {
  /** Running number since the log was made. */
  readonly sequence: number;
  /** Entries with one number followed from one another, the first being the cause of all. */
  readonly chain: number;
  readonly vector: number;
  readonly kind: EventKind;
  /** `NO_ERROR_CODE` where there is none. */
  readonly errorCode: number;
  /** The state that the event found. */
  readonly rip: bigint;
  readonly selector: number;
  readonly rsp: bigint;
  readonly cpl: number;
  readonly mode: ProcessorMode;
  /** CR2, for #PF. */
  readonly cr2?: bigint;
  /** Instructions retired since reset, where somebody counts. */
  readonly instructionCount?: number;
  /** Present when the exception occurred in the delivery of another event. */
  readonly during?: InterruptedDelivery;
  /** Why the exception was raised, where the operation that raised it said so. */
  readonly reason?: string;
  readonly fate: EventFate;
  /** Set in the last entry of a chain that ended in a shutdown (triple fault). */
  readonly isShutdown?: true;
}

/** An entry that is still being written. */
export type ExceptionDraft = { -readonly [Field in keyof ExceptionEntry]: ExceptionEntry[Field] };

/** What is known of an exception that has been raised and not yet recorded. */
export interface Explanation {
  readonly reason?: string;
  readonly during?: InterruptedDelivery;
}

/** Nothing is known. */
export const UNEXPLAINED: Explanation = {};

/** Entries that are kept for good: the beginning tells most of a run that went wrong. */
const FIRST_ENTRIES_MAX = 16;

/**
 * The first and the last exceptions and how each followed from the one before. External interrupts and INT n are recorded only when
 * their delivery fails. Bounded; not part of the processor's state.
 */
export class ExceptionLog {
  /** Entries that are kept for good, and the newest of the others: a ring, with its oldest at `#oldest`. */
  readonly #first: ExceptionEntry[] = [];
  readonly #last: ExceptionEntry[] = [];
  readonly #firstMax: number;
  readonly #lastMax: number;
  #oldest = 0;
  #sequence = 0;
  #chain = 0;
  #cause: { readonly vector: number; readonly errorCode: number; readonly reason: string } | undefined;
  #interrupted: InterruptedDelivery | undefined;

  /** @param capacity entries kept, 64 unless told */
  constructor(capacity = 64) {
    const size = Math.max(8, capacity);
    this.#firstMax = Math.min(FIRST_ENTRIES_MAX, size >> 2);
    this.#lastMax = size - this.#firstMax;
  }

  /** The entries kept, oldest first; after the first few there may be a gap, as the running numbers show. */
  get entries(): readonly ExceptionEntry[] {
    return [...this.#first, ...this.#last.slice(this.#oldest), ...this.#last.slice(0, this.#oldest)];
  }

  /** Exceptions recorded since the log was made. */
  get total(): number {
    return this.#sequence;
  }

  /** The entries of the newest chain, in the order of events. */
  get lastChain(): readonly ExceptionEntry[] {
    const { entries } = this;
    return entries.filter((entry) => entry.chain === entries.at(-1)?.chain);
  }

  /** Forgets everything, as at power-on. */
  clear(): void {
    this.#first.length = 0;
    this.#last.length = 0;
    this.#oldest = 0;
    this.#cause = undefined;
    this.#interrupted = undefined;
  }

  /**
   * Says why an exception is being raised. The text is attached to that exception's entry when it is recorded, and
   * forgotten when another exception is recorded first.
   */
  explain(vector: number, errorCode: number, reason: string): void {
    this.#cause = { vector, errorCode, reason };
  }

  /** Says why an exception is being raised, if the operation that raised it has not said so itself. */
  explainIfUntold(vector: number, errorCode: number, find: () => string | undefined): void {
    if (this.#cause?.vector === vector && this.#cause.errorCode === errorCode) return;
    const reason = find();
    if (reason !== undefined) this.explain(vector, errorCode, reason);
  }

  /** Says that the next exception is raised by the failed delivery of a software interrupt. */
  interrupted(delivery: InterruptedDelivery): void {
    this.#interrupted = delivery;
  }

  /** Takes what is known of an exception that has been raised, and forgets it. */
  takeExplanation(vector: number, errorCode: number): Explanation {
    const cause = this.#cause;
    const during = this.#interrupted;
    if (cause === undefined && during === undefined) return UNEXPLAINED;
    this.#cause = undefined;
    this.#interrupted = undefined;
    return {
      ...(cause?.vector === vector && cause.errorCode === errorCode ? { reason: cause.reason } : {}),
      ...(during === undefined ? {} : { during }),
    };
  }

  /** Begins a chain of events. */
  beginChain(): void {
    this.#chain += 1;
  }

  /** Appends an entry to the current chain, which numbers it. The log keeps it as it is. */
  record(entry: ExceptionDraft): void {
    this.#sequence += 1;
    entry.sequence = this.#sequence;
    entry.chain = this.#chain;
    if (this.#first.length < this.#firstMax) this.#first.push(entry);
    else if (this.#last.length < this.#lastMax) this.#last.push(entry);
    else {
      this.#last[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % this.#lastMax;
    }
  }
}
