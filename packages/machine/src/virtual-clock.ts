import type { Alarm, Clock } from '@longmode/device';
import { checkName, isRecord, MachineError } from './machine-error.ts';

/** Pending time as plain data. */
export interface VirtualClockState {
  /** Virtual time in ticks. */
  now: number;
  /** The deadline of every pending alarm, in ticks, by name. */
  deadlines: Record<string, number>;
}

/** So many alarms may fire without time moving on; one more is a part that schedules itself for ever. */
const MAX_FIRINGS_PER_TICK = 10_000;

/**
 * Deterministic time: it moves only by {@link advanceTo}. Alarms are named when they are made, so that pending time is
 * data and never a closure. Alarms that fall on one tick fire in name order, whatever the order of their making.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #isAdvancing = false;
  readonly #alarms = new Map<string, ClockAlarm>();
  /** The alarm that fires next; `undefined` when it must be looked for again, `null` when nothing is pending. */
  #next: ClockAlarm | null | undefined = null;

  /** Virtual time in ticks. */
  get now(): number {
    return this.#now;
  }

  /** The earliest pending deadline in ticks, or `null`. It can lie in the past: such an alarm fires at the next advance. */
  get nextDeadline(): number | null {
    const next = this.#earliest();
    return next === null ? null : next.deadline;
  }

  /** Whether an alarm is pending whose name passes a test. */
  isPending(test: (name: string) => boolean): boolean {
    for (const alarm of this.#alarms.values()) if (alarm.deadline !== null && test(alarm.name)) return true;
    return false;
  }

  /**
   * Makes an alarm, with nothing pending.
   *
   * @param name unique in this clock
   * @throws {MachineError} `bad-name` for a name that is taken, empty or not usable as a key
   */
  alarm(name: string, onFire: () => void): Alarm {
    checkName(name);
    if (this.#alarms.has(name))
      throw new MachineError('bad-name', name, 'this clock already has an alarm of that name');
    const alarm = new ClockAlarm(name, onFire, () => {
      this.#next = undefined;
    });
    this.#alarms.set(name, alarm);
    return alarm;
  }

  /**
   * Moves time forward and fires every alarm that falls due on the way, each at its own tick. An alarm scheduled by a
   * firing alarm takes part if it falls due at or before `tick`, its own tick included.
   *
   * @param tick the new time: an integer, not before `now`, below 2^53
   * @throws {MachineError} `bad-advance` for a tick that is no such integer or from inside an alarm; `stalled-clock`
   * when alarms keep firing on one tick. An error thrown by an alarm's handler leaves time at that alarm's tick.
   */
  advanceTo(tick: number): void {
    if (!Number.isSafeInteger(tick) || tick < this.#now) {
      throw new MachineError('bad-advance', 'clock', `expected an integer tick from ${this.#now} up, found ${tick}`);
    }
    const first = this.#earliest();
    if (first === null || first.pending > tick) {
      if (this.#isAdvancing) this.#refuseNesting();
      this.#now = tick;
      return;
    }
    if (this.#isAdvancing) this.#refuseNesting();
    this.#isAdvancing = true;
    try {
      this.#fireUpTo(tick);
    } finally {
      this.#isAdvancing = false;
    }
    this.#now = tick;
  }

  /** @returns time and the pending deadlines, sorted by name */
  snapshot(): VirtualClockState {
    const deadlines: Record<string, number> = {};
    for (const name of [...this.#alarms.keys()].sort()) {
      const deadline = this.#alarms.get(name)?.deadline ?? null;
      if (deadline !== null) deadlines[name] = deadline;
    }
    return { now: this.#now, deadlines };
  }

  /**
   * Takes time and deadlines; alarms that the state does not name are cancelled. Time may go back here and only here.
   *
   * @throws {MachineError} `bad-snapshot` (see {@link checkState}) with nothing changed; `bad-advance` from inside an alarm
   */
  restore(state: VirtualClockState): void {
    this.checkState(state);
    if (this.#isAdvancing) this.#refuseNesting();
    this.#now = state.now;
    for (const [name, alarm] of this.#alarms) {
      alarm.setDeadline(Object.hasOwn(state.deadlines, name) ? (state.deadlines[name] ?? null) : null);
    }
    this.#next = undefined;
  }

  /**
   * Throws unless `state` could be restored here: integers below 2^53, and no alarm that this clock does not have.
   *
   * @throws {MachineError} `bad-snapshot`
   */
  checkState(state: unknown): asserts state is VirtualClockState {
    if (!isRecord(state) || !isRecord(state.deadlines)) {
      throw new MachineError('bad-snapshot', 'clock', 'expected {now, deadlines}');
    }
    if (!isTick(state.now)) {
      throw new MachineError('bad-snapshot', 'clock.now', `expected a tick, found ${String(state.now)}`);
    }
    for (const [name, deadline] of Object.entries(state.deadlines)) {
      const subject = `clock.deadlines.${name}`;
      if (!this.#alarms.has(name)) throw new MachineError('bad-snapshot', subject, 'no such alarm in this machine');
      if (!isTick(deadline)) {
        throw new MachineError('bad-snapshot', subject, `expected a tick, found ${String(deadline)}`);
      }
    }
  }

  #fireUpTo(tick: number): void {
    let firings = 0;
    for (;;) {
      const alarm = this.#earliest();
      if (alarm === null || alarm.pending > tick) return;
      if (alarm.pending > this.#now) {
        this.#now = alarm.pending;
        firings = 0;
      }
      if (++firings > MAX_FIRINGS_PER_TICK) {
        throw new MachineError('stalled-clock', alarm.name, `more than ${MAX_FIRINGS_PER_TICK} alarms on one tick`);
      }
      alarm.cancel();
      alarm.onFire();
    }
  }

  #earliest(): ClockAlarm | null {
    if (this.#next !== undefined) return this.#next;
    let next: ClockAlarm | null = null;
    for (const alarm of this.#alarms.values()) {
      if (alarm.deadline === null) continue;
      if (next === null || alarm.pending < next.pending || (alarm.pending === next.pending && alarm.name < next.name)) {
        next = alarm;
      }
    }
    this.#next = next;
    return next;
  }

  #refuseNesting(): never {
    throw new MachineError('bad-advance', 'clock', 'time is already advancing: an alarm cannot move or restore it');
  }
}

function isTick(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

class ClockAlarm implements Alarm {
  readonly name: string;
  readonly onFire: () => void;
  /** The deadline, or infinity: one number, so that the clock compares without testing for `null`. */
  pending: number = Number.POSITIVE_INFINITY;
  readonly #onChange: () => void;

  constructor(name: string, onFire: () => void, onChange: () => void) {
    this.name = name;
    this.onFire = onFire;
    this.#onChange = onChange;
  }

  get deadline(): number | null {
    return this.pending === Number.POSITIVE_INFINITY ? null : this.pending;
  }

  /** A tick at or beyond 2^53 is after the end of time: nothing stays pending. */
  scheduleAt(tick: number): void {
    if (!Number.isInteger(tick)) {
      throw new MachineError('bad-number', this.name, `expected an integer tick, found ${tick}`);
    }
    this.pending = tick > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : Math.max(tick, 0);
    this.#onChange();
  }

  cancel(): void {
    this.pending = Number.POSITIVE_INFINITY;
    this.#onChange();
  }

  setDeadline(deadline: number | null): void {
    this.pending = deadline ?? Number.POSITIVE_INFINITY;
  }
}
