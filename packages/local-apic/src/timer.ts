import type { Alarm, Clock } from '@longmode/device';

/** What the timer remembers. */
export interface ApicTimerState {
  /** Bits 3, 1 and 0. */
  divideConfiguration: number;
  initialCount: number;
  /** The current count at `sinceTick`; 0 when the timer stands. */
  count: number;
  sinceTick: number;
  /** IA32_TSC_DEADLINE as written, in two words; 0 when disarmed. */
  deadlineLow: number;
  deadlineHigh: number;
  /** When that is, in ticks of the clock; beyond all time for what no clock reaches. */
  deadlineTick: number;
}

export type TimerMode = 'one-shot' | 'periodic' | 'tsc-deadline';

export const TIMER_POWER_ON: Readonly<ApicTimerState> = Object.freeze({
  divideConfiguration: 0,
  initialCount: 0,
  count: 0,
  sinceTick: 0,
  deadlineLow: 0,
  deadlineHigh: 0,
  deadlineTick: 0,
});

const DIVIDE_MASK = 0x0b;
const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * The timer of a local APIC. It counts one for each tick of the clock, divided by what the divide configuration register
 * says. Nothing ticks: the count is worked out when somebody looks, and there is an alarm only while an expiry would matter.
 *
 * @source SDM Vol. 3A "APIC Timer"
 */
export class ApicTimer {
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #onExpire: () => void;
  readonly #timeStampCounter: (() => bigint) | undefined;
  #s: ApicTimerState = { ...TIMER_POWER_ON };
  #mode: TimerMode = 'one-shot';
  /** Whether an expiry would be noticed. */
  #isWatched = false;

  constructor(dependencies: {
    clock: Clock;
    alarmName: string;
    onExpire: () => void;
    timeStampCounter: (() => bigint) | undefined;
  }) {
    this.#clock = dependencies.clock;
    this.#onExpire = dependencies.onExpire;
    this.#timeStampCounter = dependencies.timeStampCounter;
    this.#alarm = dependencies.clock.alarm(dependencies.alarmName, () => {
      this.#onExpire();
      this.#settle();
    });
  }

  reset(): void {
    this.#s = { ...TIMER_POWER_ON };
    this.#mode = 'one-shot';
    this.#isWatched = false;
    this.#alarm.cancel();
  }
  snapshot(): ApicTimerState {
    return { ...this.#s };
  }
  /** Takes a state that has been checked; the mode and the watch are the owner's. The alarm is the clock's. */
  restore(state: ApicTimerState, mode: TimerMode, isWatched: boolean): void {
    this.#s = { ...state };
    this.#mode = mode;
    this.#isWatched = isWatched;
  }

  /** Whoever owns the timer says whether an expiry would be noticed: not while its interrupt is masked, or already requested. */
  watch(isWatched: boolean): void {
    if (isWatched === this.#isWatched) return;
    this.#isWatched = isWatched;
    this.#settle();
  }

  /** A timer that changes to or from TSC-deadline mode is disarmed; one that becomes periodic or one-shot counts on. */
  set mode(mode: TimerMode) {
    if (mode === this.#mode) return;
    const s = this.#s;
    this.#rebase();
    if (mode === 'tsc-deadline' || this.#mode === 'tsc-deadline') {
      s.count = 0;
      this.#disarm();
    }
    this.#mode = mode;
    this.#settle();
  }

  get divideConfiguration(): number {
    return this.#s.divideConfiguration;
  }
  set divideConfiguration(value: number) {
    this.#rebase();
    this.#s.divideConfiguration = value & DIVIDE_MASK;
    this.#settle();
  }

  get initialCount(): number {
    return this.#s.initialCount;
  }
  /** Starts the timer, or stops it with 0. In TSC-deadline mode nothing happens. */
  set initialCount(value: number) {
    if (this.#mode === 'tsc-deadline') return;
    const s = this.#s;
    s.initialCount = value;
    s.count = value;
    s.sinceTick = this.#clock.now;
    this.#settle();
  }

  get currentCount(): number {
    const { count, sinceTick, initialCount } = this.#s;
    const elapsed = Math.max(0, Math.floor((this.#clock.now - sinceTick) / this.#divisor));
    if (elapsed < count) return count - elapsed;
    if (count === 0 || this.#mode !== 'periodic') return 0;
    return initialCount - ((elapsed - count) % initialCount);
  }

  /** IA32_TSC_DEADLINE: 0 when the timer is not armed. */
  get deadline(): bigint {
    const { deadlineLow, deadlineHigh, deadlineTick } = this.#s;
    if (this.#clock.now >= deadlineTick) return 0n;
    return (BigInt(deadlineHigh) << 32n) | BigInt(deadlineLow);
  }
  set deadline(value: bigint) {
    if (this.#mode !== 'tsc-deadline' || this.#timeStampCounter === undefined) return;
    const s = this.#s;
    this.#disarm();
    if (value !== 0n) {
      const left = value - this.#timeStampCounter();
      if (left <= 0n) {
        if (this.#isWatched) this.#onExpire();
      } else {
        s.deadlineLow = Number(value & 0xffff_ffffn);
        s.deadlineHigh = Number(value >> 32n);
        s.deadlineTick = left < BigInt(NEVER - this.#clock.now) ? this.#clock.now + Number(left) : NEVER;
      }
    }
    this.#settle();
  }

  /** The time-stamp counter was written: the deadline stays what it is, so the time until then changes. */
  timeStampCounterChanged(): void {
    const { deadline } = this;
    if (deadline !== 0n) this.deadline = deadline;
  }

  #disarm(): void {
    const s = this.#s;
    s.deadlineLow = 0;
    s.deadlineHigh = 0;
    s.deadlineTick = 0;
  }

  get #divisor(): number {
    const { divideConfiguration } = this.#s;
    const code = ((divideConfiguration >> 1) & 4) | (divideConfiguration & 3);
    return code === 7 ? 1 : 2 << code;
  }

  /** Makes what has been counted the beginning, so that mode and divisor may change. */
  #rebase(): void {
    const s = this.#s;
    const count = this.currentCount;
    const divisor = this.#divisor;
    s.sinceTick += Math.floor((this.#clock.now - s.sinceTick) / divisor) * divisor;
    s.count = count;
  }

  /** The next tick after now at which the timer expires, or undefined. */
  #nextExpiry(): number | undefined {
    const { count, sinceTick, initialCount, deadlineTick } = this.#s;
    const { now } = this.#clock;
    if (this.#mode === 'tsc-deadline') return deadlineTick > now ? deadlineTick : undefined;
    if (count === 0) return undefined;
    const first = sinceTick + count * this.#divisor;
    if (now < first) return first;
    if (this.#mode === 'one-shot') return undefined;
    const period = initialCount * this.#divisor;
    return first + (Math.floor((now - first) / period) + 1) * period;
  }

  #settle(): void {
    const expiry = this.#isWatched ? this.#nextExpiry() : undefined;
    if (expiry === undefined) this.#alarm.cancel();
    else if (expiry !== this.#alarm.deadline) this.#alarm.scheduleAt(expiry);
  }
}
