/** The word that the data port takes next: an initialization word, or the mask (OCW1). */
export type Pic8259aExpects = 'icw2' | 'icw3' | 'icw4' | 'ocw1';

/** Everything that one 8259A remembers. Bit n of a mask belongs to input IRn. */
export interface Pic8259aState {
  /** Levels of the inputs. */
  lines: number;
  /** Edges that were seen and not yet acknowledged; a bit falls with its input. */
  latched: number;
  /** In-service register. */
  isr: number;
  /** Interrupt mask register. */
  imr: number;
  /** Inputs that are level triggered by the edge/level control register, outside the chip. */
  elcr: number;
  /** ICW1 as written; bit 3 makes all inputs level triggered. */
  icw1: number;
  /** ICW2: the vector of IR0; the low three bits count for nothing. */
  icw2: number;
  /** ICW3: the inputs with a slave on a master, the identity on a slave. */
  icw3: number;
  /** ICW4 as written, 0 if ICW1 said that there is none. */
  icw4: number;
  /** The input of lowest priority; the next one up has the highest. */
  lowest: number;
  /** Whether automatic end of interrupt rotates priorities. */
  rotatesOnAutoEoi: boolean;
  /** Special mask mode. */
  isSpecialMask: boolean;
  /** Whether the command port reads the in-service register instead of the requests. */
  readsIsr: boolean;
  /** Whether the next read is a poll. */
  isPolled: boolean;
  /** Whether an initialization sequence was ever begun; before that the chip requests nothing. */
  isInitialized: boolean;
  expects: Pic8259aExpects;
}

/** The state after power-on. The chip's own is undefined; this one requests nothing before it is initialized. */
export const POWER_ON: Readonly<Pic8259aState> = Object.freeze({
  lines: 0,
  latched: 0,
  isr: 0,
  imr: 0,
  elcr: 0,
  icw1: 0,
  icw2: 0,
  icw3: 0,
  icw4: 0,
  lowest: 7,
  rotatesOnAutoEoi: false,
  isSpecialMask: false,
  readsIsr: false,
  isPolled: false,
  isInitialized: false,
  expects: 'ocw1',
});

/** Misuse while wiring, or a state that cannot be restored. */
export class Pic8259aError extends Error {
  override readonly name = 'Pic8259aError';
  readonly code: 'bad-input' | 'bad-state';

  constructor(code: 'bad-input' | 'bad-state', detail: string) {
    super(detail);
    this.code = code;
  }
}

/**
 * @returns a copy of `state` with the known fields only
 * @throws {Pic8259aError} `bad-state` when a field is missing, of the wrong type or out of range
 */
export function checkedState(state: unknown): Pic8259aState {
  if (typeof state !== 'object' || state === null) throw new Pic8259aError('bad-state', 'expected a record');
  const record = state as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const [field, initial] of Object.entries(POWER_ON)) {
    const value = record[field];
    if (!isAllowed(field, value, initial)) {
      throw new Pic8259aError(
        'bad-state',
        `${field}: found ${typeof value === 'object' ? 'an object' : String(value)}`,
      );
    }
    copy[field] = value;
  }
  return copy as unknown as Pic8259aState;
}

function isAllowed(field: string, value: unknown, initial: unknown): boolean {
  if (field === 'expects') return value === 'icw2' || value === 'icw3' || value === 'icw4' || value === 'ocw1';
  if (typeof initial === 'boolean') return typeof value === 'boolean';
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= (field === 'lowest' ? 7 : 0xff);
}
