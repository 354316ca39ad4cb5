import { isKeyName, type KeyEvent } from '@longmode/kbc-8042';
import { type GuestReadiness, unknownReadiness } from './readiness.ts';
import { checkStep, TYPING_STEPS_MAX, TypingError, type TypingStep } from './step.ts';

/** Bytes of COM1 that are searched for a text at most. */
export const HEARD_SIZE_MAX = 65_536;
/** Events of one keystroke at most. */
const EVENTS_MAX = 64;

/** State of a typist; plain data. */
export interface TypistState {
  /** What is still to be done, the step in progress first. */
  steps: TypingStep[];
  /** Characters of the text in progress that have been typed. */
  textOffset: number;
  /** Events of the keystroke in progress that have not happened. */
  events: KeyEvent[];
  /** When its keys may go up, in ticks; `null` while they go down. */
  releaseAt: number | null;
  /** When the pause in progress ends, in ticks. */
  pauseEnd: number | null;
  /** Keystrokes do not wait for the guest. */
  isTimed: boolean;
  readiness: GuestReadiness;
  /** What COM1 has sent since the last wait, a character each byte. */
  heard: string;
  hasQuit: boolean;
}

/** Nothing to type. */
export function resetTypistState(): TypistState {
  return {
    steps: [],
    textOffset: 0,
    events: [],
    releaseAt: null,
    pauseEnd: null,
    isTimed: false,
    readiness: unknownReadiness(),
    heard: '',
    hasQuit: false,
  };
}

/** A copy that shares nothing with the original. */
export function copyTypistState(from: TypistState): TypistState {
  const { textOffset, releaseAt, pauseEnd, isTimed, heard, hasQuit } = from;
  const { isAsked, isStored, isProven, openSince } = from.readiness;
  return {
    steps: from.steps.map(copyStep),
    textOffset,
    events: from.events.map(({ key, isPressed }) => ({ key, isPressed })),
    releaseAt,
    pauseEnd,
    isTimed,
    readiness: { isAsked, isStored, isProven, openSince },
    heard,
    hasQuit,
  };
}

/** A copy of a step. */
export function copyStep(step: TypingStep): TypingStep {
  return step.kind === 'keys' ? { ...step, keys: [...step.keys] } : { ...step };
}

/** @throws {TypingError} `bad-state` naming the first field that is missing or out of range */
export function checkTypistState(state: TypistState): void {
  const demand = (field: string, isGood: boolean): void => {
    if (!isGood) throw new TypingError('bad-state', `typist state: field '${field}' is missing or out of range`);
  };
  const isTick = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
  demand('', typeof state === 'object' && state !== null);
  demand('steps', Array.isArray(state.steps) && state.steps.length <= TYPING_STEPS_MAX);
  for (const step of state.steps) checkStep(step);
  const first = state.steps[0];
  const textLength = first?.kind === 'text' ? first.text.length : 1;
  demand('textOffset', isTick(state.textOffset) && state.textOffset < textLength);
  demand('events', Array.isArray(state.events) && state.events.length <= EVENTS_MAX && state.events.every(isEvent));
  demand('events', state.events.length === 0 || first?.kind === 'keys' || first?.kind === 'text');
  for (const field of ['releaseAt', 'pauseEnd'] as const) demand(field, state[field] === null || isTick(state[field]));
  demand('isTimed', isBoolean(state.isTimed));
  demand('heard', typeof state.heard === 'string' && state.heard.length <= 2 * HEARD_SIZE_MAX);
  demand('hasQuit', isBoolean(state.hasQuit));
  const known = state.readiness;
  demand('readiness', typeof known === 'object' && known !== null);
  for (const field of ['isAsked', 'isStored', 'isProven'] as const) demand(field, isBoolean(known[field]));
  demand('openSince', known.openSince === null || isTick(known.openSince));
}

function isEvent(event: unknown): boolean {
  const { key, isPressed } = (event ?? {}) as Partial<KeyEvent>;
  return typeof key === 'string' && isKeyName(key) && typeof isPressed === 'boolean';
}
