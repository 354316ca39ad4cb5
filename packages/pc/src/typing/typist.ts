/**
 * The hands at the keyboard: types a script, each keystroke when the guest is ready for it.
 *
 * A part of the machine like others: it looks at the guest at instants of virtual time, and its state is in the
 * snapshot, so that a script makes the same run every time. A reset of the machine does not stop it.
 */
import type { KeyBufferEvent } from '@longmode/bios';
import type { Alarm, Clock, Component } from '@longmode/device';
import type { Kbc8042, KeyEvent } from '@longmode/kbc-8042';
import { type GuestEars, isListening, isReady, unknownReadiness } from './readiness.ts';
import { checkStep, describeStep, keystrokeOf, TYPING_STEPS_MAX, TypingError, type TypingStep } from './step.ts';
import {
  checkTypistState,
  copyStep,
  copyTypistState,
  HEARD_SIZE_MAX,
  resetTypistState,
  type TypistState,
} from './typist-state.ts';

/** Time between two events of keys, and between two looks at a guest that is not ready. */
const KEY_TICKS = 100_000;
/** Time between two looks at the screen. */
const TEXT_TICKS = 1_000_000;

/** What a {@link Typist} is wired to. */
export interface TypistDependencies {
  readonly clock: Clock;
  readonly keyboard: Kbc8042;
  readonly guest: GuestEars;
  /** Rows of the screen as text. */
  readonly screen: () => readonly string[];
  readonly instructionCount: () => number;
  readonly nanosecondsPerInstruction: number;
  /** Whether the guest waits, and nothing but input would make it go on. */
  readonly waitsForInput: () => boolean;
  /** Ends the run. */
  readonly quit: () => void;
}

/** Types scripts at the keyboard of a PC. */
export class Typist implements Component<TypistState> {
  readonly name = 'typist';
  readonly #d: TypistDependencies;
  readonly #look: Alarm;
  #state: TypistState = resetTypistState();

  constructor(dependencies: TypistDependencies) {
    this.#d = dependencies;
    this.#look = dependencies.clock.alarm('typist.look', () => this.#act());
  }

  /** What has not been typed or waited for yet, the step in progress included. */
  get remaining(): readonly TypingStep[] {
    return this.#state.steps;
  }

  /** The step in progress, in the words of `parseKeys`; undefined when all is done. */
  get current(): string | undefined {
    const step = this.#state.steps[0];
    return step === undefined ? undefined : describeStep(step);
  }

  /** Whether a step `quit` has ended the run. */
  get hasQuit(): boolean {
    return this.#state.hasQuit;
  }

  /**
   * Types more, after what is still to be typed.
   *
   * @throws {TypingError} for steps that cannot be typed, or too many; then none of them is taken
   */
  type(steps: readonly TypingStep[]): void {
    if (this.#state.steps.length + steps.length > TYPING_STEPS_MAX) {
      throw new TypingError('too-long', `a script of more than ${TYPING_STEPS_MAX} steps`);
    }
    for (const step of steps) checkStep(step);
    for (const step of steps) this.#state.steps.push(copyStep(step));
    this.#state.hasQuit = false;
    this.resume();
  }

  /** Forgets what has not been typed; keys that are down go up. */
  cancel(): void {
    for (const { key, isPressed } of this.#state.events) if (!isPressed) this.#d.keyboard.release(key);
    this.#state = resetTypistState();
    this.#look.cancel();
  }

  /** Looks at the guest again: the typist stops looking for a text while the guest waits for input from outside. */
  resume(): void {
    if (this.#state.steps.length > 0 && this.#look.deadline === null) this.#lookAt(this.#d.clock.now);
  }

  /** Takes a byte that left COM1. */
  hear(byte: number): void {
    const state = this.#state;
    if (state.steps.length === 0) return;
    state.heard += String.fromCharCode(byte);
    if (state.heard.length >= 2 * HEARD_SIZE_MAX) state.heard = state.heard.slice(-HEARD_SIZE_MAX);
  }

  /** Takes what the firmware did with a key. */
  noteKeyBuffer(what: KeyBufferEvent): void {
    const { readiness } = this.#state;
    readiness.isStored = what === 'stored';
    readiness.isAsked = what === 'wanted';
  }

  /** A new boot: what is known of the guest is forgotten, the script is not. */
  reset(): void {
    this.#state.readiness = unknownReadiness();
  }

  snapshot(): TypistState {
    return copyTypistState(this.#state);
  }

  /** @throws {TypingError} when the state is none that a typist can be in; nothing is taken then */
  restore(state: TypistState): void {
    checkTypistState(state);
    this.#state = copyTypistState(state);
  }

  #lookAt(tick: number): void {
    this.#look.scheduleAt(Math.max(tick, this.#d.clock.now + 1));
  }

  #act(): void {
    const next = this.#state.events.length > 0 ? this.#continueKeystroke() : this.#advance();
    if (next !== null) this.#lookAt(next);
  }

  /** Goes on with the script as far as it goes now. @returns when to look again, in ticks, or null for not by itself */
  #advance(): number | null {
    const { now } = this.#d.clock;
    for (let step = this.#state.steps[0]; step !== undefined; step = this.#state.steps[0]) {
      if (step.kind === 'keys' || step.kind === 'text') {
        if (this.#isKeyboardFree()) this.#beginKeystroke(step);
        return now + KEY_TICKS;
      }
      if (step.kind === 'wait') {
        if (!this.#hasAppeared(step.text)) return this.#d.waitsForInput() ? null : now + TEXT_TICKS;
        this.#state.isTimed = false;
      } else if (step.kind === 'quit') {
        this.#state.hasQuit = true;
        this.#d.quit();
      } else {
        const until = this.#instantOf(step);
        if (until > now) return until;
        this.#state.isTimed = true;
      }
      this.#finishStep();
      if (step.kind === 'quit') break;
    }
    return null;
  }

  /** @returns the tick at which a step in time is over, or the earliest at which that can be said */
  #instantOf(step: TypingStep & { kind: 'at-tick' | 'at-instruction' | 'pause' }): number {
    const { now } = this.#d.clock;
    if (step.kind === 'at-tick') return step.tick;
    if (step.kind === 'at-instruction') {
      const left = Math.max(0, step.count - this.#d.instructionCount());
      const ticks = Math.ceil(left * this.#d.nanosecondsPerInstruction);
      // While the guest halts, time passes without instructions.
      return now + (ticks > 0 && this.#d.guest.isHalted() ? Math.max(ticks, KEY_TICKS) : ticks);
    }
    this.#state.pauseEnd ??= now + step.ticks;
    return this.#state.pauseEnd;
  }

  #finishStep(): void {
    this.#state.steps.shift();
    this.#state.textOffset = 0;
    this.#state.pauseEnd = null;
  }

  #isKeyboardFree(): boolean {
    const { keyboard, guest, clock } = this.#d;
    if (keyboard.hasOutput) return false;
    return this.#state.isTimed || isReady(this.#state.readiness, guest, keyboard.vainReads, clock.now);
  }

  #beginKeystroke(step: TypingStep & { kind: 'keys' | 'text' }): void {
    const state = this.#state;
    const keys = step.kind === 'keys' ? step.keys : step.text.charAt(state.textOffset);
    state.events = keystrokeOf(keys);
    state.releaseAt = null;
    state.readiness.isAsked = false;
    this.#sendEvent();
  }

  /** @returns when to look again, in ticks */
  #continueKeystroke(): number {
    const { keyboard, clock } = this.#d;
    const { events, releaseAt } = this.#state;
    if (!keyboard.hasOutput) {
      if (events[0]?.isPressed === false && releaseAt !== null && clock.now < releaseAt) return releaseAt;
      this.#sendEvent();
    }
    return clock.now + KEY_TICKS;
  }

  #sendEvent(): void {
    const state = this.#state;
    const step = state.steps[0] as TypingStep;
    const { key, isPressed } = state.events.shift() as KeyEvent;
    if (isPressed) this.#d.keyboard.press(key);
    else this.#d.keyboard.release(key);
    if (isPressed) {
      const holdTicks = step.kind === 'keys' ? (step.holdTicks ?? KEY_TICKS) : KEY_TICKS;
      state.releaseAt = this.#d.clock.now + holdTicks;
    }
    if (state.events.length > 0) return;
    state.releaseAt = null;
    state.readiness.isProven ||= !state.readiness.isStored && isListening(this.#d.guest);
    if (step.kind === 'text') {
      state.textOffset += step.text.startsWith('\r\n', state.textOffset) ? 2 : 1;
      if (state.textOffset < step.text.length) return;
    }
    this.#finishStep();
  }

  /** Whether a text is on the screen or has come from COM1; what came up to its end is forgotten then. */
  #hasAppeared(text: string): boolean {
    const bytes = String.fromCharCode(...new TextEncoder().encode(text));
    const at = this.#state.heard.indexOf(bytes);
    if (at >= 0) this.#state.heard = this.#state.heard.slice(at + bytes.length);
    return at >= 0 || this.#d.screen().some((row) => row.includes(text));
  }
}
