/** An interrupt that the processor took from the interrupt controllers. */
export interface TakenInterrupt {
  readonly vector: number;
  /** Instructions that had retired. */
  readonly instructionCount: number;
  /** Virtual time in nanoseconds. */
  readonly tick: number;
}

/** Vectors below are exceptions'. */
const FIRST_FREE_VECTOR = 32;

/**
 * The last interrupt of each vector that the processor took since the last reset. For explanations: it is no part of the
 * machine's state.
 */
export class InterruptHistory {
  readonly #last = new Map<number, TakenInterrupt>();
  #misdirected: TakenInterrupt | undefined;
  #hasProtected = false;

  /** @param isProtected whether the processor was in protected or long mode */
  note(taken: TakenInterrupt, isProtected: boolean): void {
    this.#last.set(taken.vector, taken);
    if (!isProtected) return;
    this.#hasProtected = true;
    if (taken.vector < FIRST_FREE_VECTOR) this.#misdirected ??= taken;
  }

  /** The last one of a vector; undefined if it never came. */
  lastOf(vector: number): TakenInterrupt | undefined {
    return this.#last.get(vector);
  }
  /** The first one that came by the vector of an exception, beyond real mode. */
  get misdirected(): TakenInterrupt | undefined {
    return this.#misdirected;
  }
  /** Whether one came beyond real mode, where firmware takes them. */
  get hasProtected(): boolean {
    return this.#hasProtected;
  }

  clear(): void {
    this.#last.clear();
    this.#misdirected = undefined;
    this.#hasProtected = false;
  }
}
