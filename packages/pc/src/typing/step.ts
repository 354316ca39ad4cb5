/** What a script of keys consists of. */
import { isKeyName, KbcError, type KeyEvent, type KeyName, keysForText } from '@longmode/kbc-8042';

/**
 * One step of what is to be typed. Instants are virtual: ticks are nanoseconds since power-on, instructions are counted
 * from the last reset of the processor.
 */
export type TypingStep =
  /** Keys that go down in this order, are held together, and go up in reverse. */
  | { readonly kind: 'keys'; readonly keys: readonly KeyName[]; readonly holdTicks?: number }
  /** A text on a US keyboard, a keystroke for each character. */
  | { readonly kind: 'text'; readonly text: string }
  /** Goes on when the text is on the screen within one row, or has come from COM1 since the last wait. */
  | { readonly kind: 'wait'; readonly text: string }
  /** Goes on at an instant. Keys that follow do not wait until the guest is ready, up to the next `wait`. */
  | { readonly kind: 'at-tick'; readonly tick: number }
  | { readonly kind: 'at-instruction'; readonly count: number }
  /** The same, so much later than the step before. */
  | { readonly kind: 'pause'; readonly ticks: number }
  /** Ends the run, with the outcome `stopped`. */
  | { readonly kind: 'quit' };

/** What can be wrong with a script. */
export type TypingErrorCode = 'bad-step' | 'unknown-key' | 'no-key' | 'too-long' | 'bad-state';

/** A script that cannot be typed. */
export class TypingError extends Error {
  override readonly name = 'TypingError';

  readonly code: TypingErrorCode;
  /** Where in the script's text, if it came from one. */
  readonly offset: number | null;

  constructor(code: TypingErrorCode, message: string, offset: number | null = null) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/** Steps that a machine takes at most, with those that it has not done. */
export const TYPING_STEPS_MAX = 100_000;
/** Characters of a text to type, or of a script, at most. */
export const TYPING_TEXT_MAX = 1_000_000;
/** Characters of a text to wait for at most. */
const WAIT_TEXT_MAX = 1000;
const CHORD_KEYS_MAX = 16;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws {TypingError} unless `step` is one that can be typed */
export function checkStep(step: TypingStep): void {
  switch (step?.kind) {
    case 'keys':
      checkChord(step.keys, step.holdTicks);
      break;
    case 'text':
      checkLength(step, TYPING_TEXT_MAX);
      checkText(step.text);
      break;
    case 'wait':
      checkLength(step, WAIT_TEXT_MAX);
      break;
    case 'at-tick':
      demand(isCount(step.tick), 'tick is a number of nanoseconds');
      break;
    case 'at-instruction':
      demand(isCount(step.count), 'count is a number of instructions');
      break;
    case 'pause':
      demand(isCount(step.ticks), 'ticks is a number of nanoseconds');
      break;
    case 'quit':
      break;
    default:
      demand(false, 'a step of a typing script has a kind that there is');
  }
}

function demand(isGood: boolean, what: string): void {
  if (!isGood) throw new TypingError('bad-step', what);
}

function checkChord(keys: readonly KeyName[], holdTicks: unknown): void {
  const isChord = Array.isArray(keys) && keys.length >= 1 && keys.length <= CHORD_KEYS_MAX;
  demand(isChord, `1 to ${CHORD_KEYS_MAX} keys make a keystroke`);
  demand(holdTicks === undefined || isCount(holdTicks), 'holdTicks is a number of nanoseconds');
  for (const key of keys) {
    if (typeof key === 'string' && isKeyName(key)) continue;
    throw new TypingError('unknown-key', `there is no key named ${JSON.stringify(key)}`);
  }
}

function checkLength({ kind, text }: { readonly kind: string; readonly text: string }, max: number): void {
  demand(typeof text === 'string' && text !== '', `a step '${kind}' has a text`);
  if (text.length > max) throw new TypingError('too-long', `a step '${kind}' has a text of at most ${max} characters`);
}

function checkText(text: string): void {
  try {
    keysForText(text);
  } catch (error) {
    if (!(error instanceof KbcError)) throw error;
    throw new TypingError('no-key', error.message);
  }
}

/** @returns the events of keys that are held together, or of a character that {@link checkStep} has let through */
export function keystrokeOf(keys: readonly KeyName[] | string): KeyEvent[] {
  if (typeof keys === 'string') return keysForText(keys);
  return [
    ...keys.map((key) => ({ key, isPressed: true })),
    ...keys.toReversed().map((key) => ({ key, isPressed: false })),
  ];
}

/** @returns a step in the words of `parseKeys` */
export function describeStep(step: TypingStep): string {
  switch (step.kind) {
    case 'keys':
      return step.keys.join('-');
    case 'text':
      return `type:${JSON.stringify(step.text)}`;
    case 'wait':
      return `wait:${JSON.stringify(step.text)}`;
    case 'at-tick':
      return `@${step.tick / 1e9}s`;
    case 'at-instruction':
      return `@${step.count}`;
    case 'pause':
      return `+${step.ticks / 1e9}s`;
    default:
      return step.kind;
  }
}
