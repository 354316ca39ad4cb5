/**
 * High precision event timers of the IA-PC HPET Specification 1.0a: a main counter of 64 bits at 100 MHz, and three comparators,
 * each one-shot or periodic, of 64 or 32 bits, edge- or level-triggered.
 *
 * Memory: capabilities at 000H, general configuration at 010H, interrupt status at 020H, main counter at 0F0H; a timer's
 * configuration at 100H + 20H * n and its comparator 8 bytes behind. Registers are written by 32 or 64 bits.
 *
 * In legacy replacement mode timers 0 and 1 take the lines of the 8254 and the real-time clock, which pass through here.
 *
 * **Not emulated**: interrupts as messages on the front side bus. The comparator matches when the counter comes to its value: one
 * that is set to the count of the moment, or to one that has been, waits until the counter has gone round.
 *
 * @source IA-PC HPET Specification 1.0a
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, MemoryDevice } from '@longmode/device';
import {
  countsToMatch,
  isEnabled,
  isLevel,
  jumpTo,
  passTo,
  routeOf,
  writeComparator,
  writeConfiguration,
} from './comparator.ts';
import {
  checkedState,
  copyOf,
  GENERAL_WRITABLE,
  HpetError,
  type HpetState,
  type HpetTimerState,
  integerOf,
  powerOn,
  WIDE_MASK,
  wide,
} from './hpet-state.ts';

/** The memory that the registers take. */
export const HPET_SIZE_BYTES = 0x400;
/** The low word of the capabilities: revision 1, three timers, 64 bits, legacy replacement, vendor 8086H. */
export const HPET_CAPABILITIES = 0x8086_a201;

/** Of the clock's ticks, which are nanoseconds. */
const PERIOD_TICKS = 10;
const PERIOD_FEMTOSECONDS = 10_000_000;

const CAPABILITIES = 0x000;
const GENERAL_CONFIGURATION = 0x010;
const INTERRUPT_STATUS = 0x020;
const MAIN_COUNTER = 0x0f0;
const FIRST_TIMER = 0x100;
const TIMER_SIZE = 0x20;
const COMPARATOR = 0x08;
const ENABLE_CNF = 1 << 0;
const LEG_RT_CNF = 1 << 1;
const TIMER_CAPABILITIES = 0x30; // periodic, 64 bits
const LEGACY_TIMERS = 2;
const ROUTE_COUNT = 32;

/** What the timers are wired to. */
export interface HpetDependencies {
  /** One tick is a nanosecond. */
  clock: Clock;
  /** Where the interrupts of the 8254 and the real-time clock go, or those of timers 0 and 1 instead. */
  irq0: InterruptLine;
  irq8: InterruptLine;
  /** Inputs of the I/O APIC that a timer can be routed to, 0 to 31. */
  routes: Readonly<Record<number, InterruptLine>>;
  /** Unique in the machine; `hpet` unless told. */
  name?: string;
}

/** See the file header. */
export class Hpet implements Component<HpetState>, MemoryDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #outputs: ReadonlyMap<number | 'irq0' | 'irq8', InterruptLine>;
  readonly #routes: number;
  readonly #alarms: readonly Alarm[];
  #s: HpetState = powerOn();
  /** Outputs that are high: a function of the state, kept so that lines are driven at their edges only. */
  #high = new Set<number | 'irq0' | 'irq8'>();

  /** @throws {HpetError} `bad-route` for an input beyond 31 */
  constructor(dependencies: HpetDependencies) {
    const { clock, irq0, irq8, routes } = dependencies;
    this.name = dependencies.name ?? 'hpet';
    this.#clock = clock;
    const inputs = Object.entries(routes).map(([input, line]): [number, InterruptLine] => [Number(input), line]);
    for (const [input] of inputs) {
      if (!(Number.isInteger(input) && input >= 0 && input < ROUTE_COUNT)) {
        throw new HpetError('bad-route', `${this.name}: expected routes from 0 to ${ROUTE_COUNT - 1}, found ${input}`);
      }
    }
    this.#outputs = new Map<number | 'irq0' | 'irq8', InterruptLine>([['irq0', irq0], ['irq8', irq8], ...inputs]);
    this.#routes = inputs.reduce((mask, [input]) => (mask | (1 << input)) >>> 0, 0);
    this.#alarms = this.#s.timers.map((_, index) => clock.alarm(`${this.name}.timer-${index}`, () => this.#settle()));
  }

  reset(): void {
    this.#s = powerOn();
    this.#high.clear();
    for (const alarm of this.#alarms) alarm.cancel();
  }
  snapshot(): HpetState {
    return copyOf(this.#s);
  }
  /** @throws {HpetError} `bad-state` */
  restore(state: HpetState): void {
    this.#s = checkedState(state);
    this.#high = this.#levels();
  }

  /** The outputs of the 8254 and the real-time clock, which go on to `irq0` and `irq8` while nothing replaces them. */
  readonly pit: InterruptLine = { set: (level) => this.#setLegacy('pit', level) };
  readonly rtc: InterruptLine = { set: (level) => this.#setLegacy('rtc', level) };

  readMemory(offset: number, width: AccessWidth): number {
    const shift = (offset & 3) * 8;
    const value = this.#readRegister(offset & ~3) >>> shift;
    return width === 32 ? value : value & (2 ** width - 1);
  }

  /** Narrower writes than 32 bits do nothing. */
  writeMemory(offset: number, width: AccessWidth, value: number): void {
    if (width !== 32 || (offset & 3) !== 0) return;
    this.#settle();
    this.#writeRegister(offset, value >>> 0);
    this.#settle();
  }

  get #isCounting(): boolean {
    return (this.#s.configuration & ENABLE_CNF) !== 0;
  }

  /** How far the main counter has come since `sinceTick`. */
  get #elapsed(): number {
    return this.#isCounting ? Math.max(0, Math.floor((this.#clock.now - this.#s.sinceTick) / PERIOD_TICKS)) : 0;
  }
  get #counter(): bigint {
    return (integerOf(this.#s.counter) + BigInt(this.#elapsed)) & WIDE_MASK;
  }

  #readRegister(offset: number): number {
    const s = this.#s;
    switch (offset) {
      case CAPABILITIES:
        return HPET_CAPABILITIES;
      case CAPABILITIES + 4:
        return PERIOD_FEMTOSECONDS;
      case GENERAL_CONFIGURATION:
        return s.configuration;
      case INTERRUPT_STATUS:
        return s.status;
      case MAIN_COUNTER:
        return wide(this.#counter).low;
      case MAIN_COUNTER + 4:
        return wide(this.#counter).high;
    }
    const timer = s.timers[Math.floor((offset - FIRST_TIMER) / TIMER_SIZE)];
    if (timer === undefined) return 0;
    switch (offset % TIMER_SIZE) {
      case 0:
        return timer.configuration | TIMER_CAPABILITIES;
      case 4:
        return this.#routes;
      case COMPARATOR:
        this.#settle();
        return timer.comparator.low;
      case COMPARATOR + 4:
        this.#settle();
        return timer.comparator.high;
      default:
        return 0;
    }
  }

  #writeRegister(offset: number, value: number): void {
    const s = this.#s;
    switch (offset) {
      case GENERAL_CONFIGURATION:
        if (((value ^ s.configuration) & ENABLE_CNF) !== 0) this.#rebase(this.#counter);
        s.configuration = value & GENERAL_WRITABLE;
        return;
      case INTERRUPT_STATUS:
        s.status &= ~value;
        return;
      case MAIN_COUNTER:
        this.#rebase((this.#counter & ~0xffff_ffffn) | BigInt(value));
        return;
      case MAIN_COUNTER + 4:
        this.#rebase((this.#counter & 0xffff_ffffn) | (BigInt(value) << 32n));
        return;
    }
    const timer = s.timers[Math.floor((offset - FIRST_TIMER) / TIMER_SIZE)];
    if (timer === undefined) return;
    const register = offset % TIMER_SIZE;
    if (register === 0) writeConfiguration(timer, value, (input) => ((this.#routes >>> input) & 1) !== 0);
    if (register === COMPARATOR) writeComparator(timer, 'low', value);
    if (register === COMPARATOR + 4) writeComparator(timer, 'high', value);
  }

  /** The main counter goes on from a value. */
  #rebase(counter: bigint): void {
    this.#s.counter = wide(counter);
    this.#s.sinceTick = this.#clock.now;
    for (const timer of this.#s.timers) jumpTo(timer, counter);
  }

  #setLegacy(source: 'pit' | 'rtc', level: boolean): void {
    this.#s[source] = level;
    this.#drive();
  }

  /** Deals with the matches up to now, drives the lines, and waits for the next matches that somebody would notice. */
  #settle(): void {
    const s = this.#s;
    const counter = this.#counter;
    s.timers.forEach((timer, index) => {
      if (!passTo(timer, counter)) return;
      if (isLevel(timer)) s.status |= 1 << index;
      else if (isEnabled(timer) && this.#isCounting) this.#raiseEdge(timer);
    });
    this.#drive();
    s.timers.forEach((timer, index) => {
      this.#await(timer, index);
    });
  }

  /** The line stays high until the next edge: an 8259A wants to find it so. */
  #raiseEdge(timer: HpetTimerState): void {
    timer.isRaised = false;
    this.#drive();
    timer.isRaised = true;
  }

  #await(timer: HpetTimerState, index: number): void {
    const alarm = this.#alarms[index] as Alarm;
    const isNoticed = isLevel(timer) ? (this.#s.status & (1 << index)) === 0 : isEnabled(timer);
    if (!this.#isCounting || !isNoticed) {
      alarm.cancel();
      return;
    }
    const tick = this.#s.sinceTick + (this.#elapsed + Number(countsToMatch(timer))) * PERIOD_TICKS;
    if (tick > Number.MAX_SAFE_INTEGER) alarm.cancel();
    else if (tick !== alarm.deadline) alarm.scheduleAt(tick);
  }

  /** Outputs that are to be high. */
  #levels(): Set<number | 'irq0' | 'irq8'> {
    const { configuration, status, pit, rtc, timers } = this.#s;
    const high = new Set<number | 'irq0' | 'irq8'>();
    const isReplacing = (configuration & LEG_RT_CNF) !== 0;
    if (!isReplacing && pit) high.add('irq0');
    if (!isReplacing && rtc) high.add('irq8');
    if ((configuration & ENABLE_CNF) === 0) return high;
    timers.forEach((timer, index) => {
      if (!isEnabled(timer) || !(isLevel(timer) ? (status & (1 << index)) !== 0 : timer.isRaised)) return;
      high.add(isReplacing && index < LEGACY_TIMERS ? (index === 0 ? 'irq0' : 'irq8') : routeOf(timer));
    });
    return high;
  }

  #drive(): void {
    const before = this.#high;
    const after = this.#levels();
    this.#high = after;
    for (const output of before) if (!after.has(output)) this.#outputs.get(output)?.set(false);
    for (const output of after) if (!before.has(output)) this.#outputs.get(output)?.set(true);
  }
}
