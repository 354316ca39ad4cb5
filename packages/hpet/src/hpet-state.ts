/** How many comparators there are. */
export const TIMER_COUNT = 3;

/** What can be written of a timer's configuration: trigger, enable, type, value set, 32-bit mode, route. */
export const TIMER_WRITABLE = 0x3f4e;
/** What can be written of the general configuration: enable, legacy replacement. */
export const GENERAL_WRITABLE = 0x3;

/** A 64-bit value in two words. */
export interface Wide {
  low: number;
  high: number;
}

/** One comparator. */
export interface HpetTimerState {
  /** The bits of its configuration that can be written. */
  configuration: number;
  comparator: Wide;
  /** What is added to the comparator at each match in periodic mode. */
  period: Wide;
  /** The main counter when the comparator was last looked at: matches up to it are dealt with. */
  checked: Wide;
  /** Whether its interrupt is raised by an edge, until the next one. */
  isRaised: boolean;
  /** The low word of the accumulator was just set, and the high one may follow. */
  isHalfSet: boolean;
}

/** Everything that the block remembers. */
export interface HpetState {
  /** The general configuration. */
  configuration: number;
  /** The general interrupt status: a bit for each timer. */
  status: number;
  /** The main counter at `sinceTick`, from which it counts while enabled. */
  counter: Wide;
  sinceTick: number;
  /** Levels of the lines from the 8254 and the real-time clock. */
  pit: boolean;
  rtc: boolean;
  timers: HpetTimerState[];
}

/** A snapshot that cannot be, or a route that no I/O APIC has. */
export class HpetError extends Error {
  override readonly name = 'HpetError';
  readonly code: 'bad-state' | 'bad-route';

  constructor(code: 'bad-state' | 'bad-route', detail: string) {
    super(detail);
    this.code = code;
  }
}

export const WIDE_MASK = 0xffff_ffff_ffff_ffffn;

export const wide = (value: bigint): Wide => ({
  low: Number(value & 0xffff_ffffn),
  high: Number((value & WIDE_MASK) >> 32n),
});

export const integerOf = ({ low, high }: Wide): bigint => (BigInt(high) << 32n) | BigInt(low);

/** The counter stands at 0; comparators at all ones. */
export const powerOn = (): HpetState => ({
  configuration: 0,
  status: 0,
  counter: wide(0n),
  sinceTick: 0,
  pit: false,
  rtc: false,
  timers: Array.from({ length: TIMER_COUNT }, () => ({
    configuration: 0,
    comparator: wide(WIDE_MASK),
    period: wide(0n),
    checked: wide(0n),
    isRaised: false,
    isHalfSet: false,
  })),
});

const copyOfWide = ({ low, high }: Wide): Wide => ({ low, high });

/** @returns a copy with the known fields only */
export const copyOf = (state: HpetState): HpetState => ({
  configuration: state.configuration,
  status: state.status,
  counter: copyOfWide(state.counter),
  sinceTick: state.sinceTick,
  pit: state.pit,
  rtc: state.rtc,
  timers: state.timers.map((timer) => ({
    configuration: timer.configuration,
    comparator: copyOfWide(timer.comparator),
    period: copyOfWide(timer.period),
    checked: copyOfWide(timer.checked),
    isRaised: timer.isRaised,
    isHalfSet: timer.isHalfSet,
  })),
});

/**
 * @returns a copy of `state`
 * @throws {HpetError} `bad-state`
 */
export function checkedState(state: unknown): HpetState {
  const s = state as HpetState;
  const isGood =
    isRecord(state) &&
    isWithin(s.configuration, GENERAL_WRITABLE) &&
    isWithin(s.status, 2 ** TIMER_COUNT - 1) &&
    isWide(s.counter) &&
    isWithin(s.sinceTick, Number.MAX_SAFE_INTEGER) &&
    typeof s.pit === 'boolean' &&
    typeof s.rtc === 'boolean' &&
    Array.isArray(s.timers) &&
    s.timers.length === TIMER_COUNT &&
    s.timers.every(isTimer);
  if (!isGood) throw new HpetError('bad-state', 'a field is missing or out of range');
  return copyOf(s);
}

function isTimer(timer: unknown): boolean {
  const t = timer as HpetTimerState;
  return (
    isRecord(timer) &&
    isWithin(t.configuration, TIMER_WRITABLE) &&
    (t.configuration & ~TIMER_WRITABLE) === 0 &&
    isWide(t.comparator) &&
    isWide(t.period) &&
    isWide(t.checked) &&
    typeof t.isRaised === 'boolean' &&
    typeof t.isHalfSet === 'boolean'
  );
}

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null;

function isWide(value: unknown): boolean {
  return isRecord(value) && isWithin((value as Wide).low, 0xffff_ffff) && isWithin((value as Wide).high, 0xffff_ffff);
}

function isWithin(value: unknown, limit: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit;
}
