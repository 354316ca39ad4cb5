/**
 * An MC146818 real-time clock with 128 bytes of battery-backed CMOS RAM, as PCs have it.
 *
 * Ports, as offsets: 0 index (70h; bit 7 masks the NMI), write-only; 1 data (71h). Indices 00h to 09h time and alarm,
 * 0Ah to 0Dh registers A to D, the rest RAM, with the century at 32h.
 *
 * Time is virtual time since {@link Rtc146818Dependencies.initialTime}: there is no wall clock. The registers are
 * brought up to date when somebody looks, and alarms of the clock are only set while an enabled interrupt is ahead.
 *
 * **Not emulated**: daylight saving (its bit is kept); the square wave output; time bases other than 32,768 Hz, with
 * which the clock stands still; time bytes being undefined in the middle of an update (they are the old ones to its
 * end). Leap years are those of the calendar, by the century byte; the original part takes every fourth year.
 *
 * @source Motorola MC146818 data sheet; IBM PC AT Technical Reference, "Real-Time Clock/CMOS RAM Information"
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import { checkTime, type RtcTime } from './calendar.ts';
import { CMOS_SIZE } from './cmos.ts';
import { RtcError } from './rtc-error.ts';
import { checkRtcState, copyRtcState, initialRtcState, type RtcState } from './rtc-state.ts';
import { advanceTime, readTime, setTime } from './time-registers.ts';

/** Offset of the index port. */
export const RTC_INDEX = 0;
/** Offset of the data port. */
export const RTC_DATA = 1;

const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;

const A_UPDATE_IN_PROGRESS = 0x80;
const A_DIVIDER = 0x70;
const A_DIVIDER_RUN = 0x20;
const A_RATE = 0x0f;

const B_SET = 0x80;
const B_PERIODIC_INTERRUPT = 0x40;
const B_ALARM_INTERRUPT = 0x20;
const B_UPDATE_INTERRUPT = 0x10;
/** What the reset pin clears in register B: the three interrupt enables and the square wave's. */
const B_ENABLES = 0x78;

const C_INTERRUPT = 0x80;
const C_PERIODIC = 0x40;
const C_ALARM = 0x20;
const C_UPDATE_ENDED = 0x10;

const D_VALID_RAM = 0x80;

const SECOND_TICKS = 1_000_000_000;
const OSCILLATOR_HZ = 32_768;
/** From Update In Progress rising to the end of the update: 244 µs notice, 1,984 µs update. */
const UPDATE_TICKS = 2_228_000;

/** The moment at which virtual time begins unless the embedder says otherwise: 1 January 2000, 00:00:00, a Saturday. */
export const DEFAULT_INITIAL_TIME: Readonly<RtcTime> = { year: 2000, month: 1, day: 1, hour: 0, minute: 0, second: 0 };

/** What an {@link Rtc146818} is wired to. */
export interface Rtc146818Dependencies {
  clock: Clock;
  /** High while an enabled interrupt waits for register C to be read: IRQ 8. */
  irq: InterruptLine;
  /** The time at the tick of construction; {@link DEFAULT_INITIAL_TIME} when left out. */
  initialTime?: Readonly<RtcTime>;
  /**
   * What the battery has kept: 128 bytes, as of `cmosForMemory`. Those of time, registers A to D and century are not
   * used.
   */
  cmos?: Uint8Array;
  /** Unique in the machine; `rtc-146818` when left out. */
  name?: string;
}

/** The clock and its RAM. A reset is that of the part's reset pin: time and RAM go on, interrupts are off. */
export class Rtc146818 implements Component<RtcState>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #irq: InterruptLine;
  readonly #update: Alarm;
  readonly #periodic: Alarm;
  #state: RtcState;

  /** @throws {RtcError} `bad-time` for an initial time that does not exist, `bad-cmos` unless CMOS has 128 bytes */
  constructor(dependencies: Rtc146818Dependencies) {
    const { clock, irq, initialTime = DEFAULT_INITIAL_TIME, cmos = new Uint8Array(CMOS_SIZE) } = dependencies;
    checkTime(initialTime);
    if (cmos.length !== CMOS_SIZE) throw new RtcError('bad-cmos', `CMOS has ${cmos.length} bytes, not ${CMOS_SIZE}`);
    this.name = dependencies.name ?? 'rtc-146818';
    this.#clock = clock;
    this.#irq = irq;
    this.#update = clock.alarm(`${this.name}.update`, () => this.#onAlarm());
    this.#periodic = clock.alarm(`${this.name}.periodic`, () => this.#onAlarm());
    this.#state = initialRtcState(cmos, clock.now);
    setTime(this.#state.memory, this.#state.mode, initialTime);
  }

  reset(): void {
    this.#synchronize();
    const state = this.#state;
    state.index = 0;
    state.isNmiMasked = false;
    state.enables = 0;
    state.flags = 0;
    this.#update.cancel();
    this.#periodic.cancel();
  }

  snapshot(): RtcState {
    this.#synchronize();
    return copyRtcState(this.#state);
  }

  /** @throws {RtcError} `bad-state` when the state is not one that the clock can be in; nothing is taken then */
  restore(state: RtcState): void {
    checkRtcState(state);
    this.#state = copyRtcState(state);
  }

  /** Whether bit 7 of the index port keeps NMIs from the processor. */
  get isNmiMasked(): boolean {
    return this.#state.isNmiMasked;
  }

  /** The time that the registers show. */
  get time(): RtcTime {
    this.#synchronize();
    return readTime(this.#state.memory, this.#state.mode);
  }

  readPort(offset: number, width: AccessWidth): number {
    const value = offset === RTC_DATA ? this.#readRegister(this.#state.index) : 0xff;
    return width === 8 ? value : (value | (width === 16 ? 0xff00 : 0xffffff00)) >>> 0;
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    if (offset === RTC_INDEX) {
      this.#state.index = value & 0x7f;
      this.#state.isNmiMasked = (value & 0x80) !== 0;
    } else if (offset === RTC_DATA) {
      this.#writeRegister(this.#state.index, value & 0xff);
    }
  }

  #readRegister(index: number): number {
    this.#synchronize();
    const state = this.#state;
    switch (index) {
      case REGISTER_A:
        return state.registerA | (this.#isUpdateInProgress() ? A_UPDATE_IN_PROGRESS : 0);
      case REGISTER_B:
        return state.mode | state.enables;
      case REGISTER_C: {
        const value = state.flags | (this.#isInterrupting() ? C_INTERRUPT : 0);
        state.flags = 0;
        this.#settle();
        return value;
      }
      case REGISTER_D:
        return D_VALID_RAM;
      default:
        return state.memory[index] as number;
    }
  }

  #writeRegister(index: number, value: number): void {
    this.#synchronize();
    const state = this.#state;
    switch (index) {
      case REGISTER_A: {
        const wasRunning = this.#isRunning();
        state.registerA = value & ~A_UPDATE_IN_PROGRESS;
        // The first update comes half a second after the divider chain is let go.
        if (!wasRunning && this.#isRunning()) state.nextUpdateTick = this.#clock.now + SECOND_TICKS / 2;
        break;
      }
      case REGISTER_B:
        state.mode = value & ~B_ENABLES;
        state.enables = value & B_ENABLES & ((value & B_SET) !== 0 ? ~B_UPDATE_INTERRUPT : 0xff);
        break;
      case REGISTER_C:
      case REGISTER_D:
        return; // read-only
      default:
        state.memory[index] = value;
    }
    this.#settle();
  }

  #isRunning(): boolean {
    return (this.#state.registerA & A_DIVIDER) === A_DIVIDER_RUN;
  }

  #isUpdating(): boolean {
    return this.#isRunning() && (this.#state.mode & B_SET) === 0;
  }

  #isUpdateInProgress(): boolean {
    return this.#isUpdating() && this.#state.nextUpdateTick - this.#clock.now <= UPDATE_TICKS;
  }

  #isInterrupting(): boolean {
    return (this.#state.flags & this.#state.enables & (C_PERIODIC | C_ALARM | C_UPDATE_ENDED)) !== 0;
  }

  /** Brings time and flags up to now. Doing so more often changes nothing. */
  #synchronize(): void {
    const state = this.#state;
    const now = this.#clock.now;
    // Only a state restored without its clock is further ahead than the running second.
    state.nextUpdateTick = Math.min(state.nextUpdateTick, now + SECOND_TICKS);
    if (this.#isRunning()) {
      if (this.#periodCount(now) > this.#periodCount(state.synchronizedTick)) state.flags |= C_PERIODIC;
      if (now >= state.nextUpdateTick) {
        const seconds = Math.floor((now - state.nextUpdateTick) / SECOND_TICKS) + 1;
        state.nextUpdateTick += seconds * SECOND_TICKS;
        if ((state.mode & B_SET) === 0) {
          if (advanceTime(state.memory, state.mode, seconds)) state.flags |= C_ALARM;
          state.flags |= C_UPDATE_ENDED;
        }
      }
    }
    state.synchronizedTick = now;
  }

  /** Cycles of the 32,768 Hz oscillator in one period of the selected rate; 0 for none. */
  #periodCycles(): number {
    const rate = this.#state.registerA & A_RATE;
    if (rate === 0) return 0;
    return 1 << (rate < 3 ? rate + 6 : rate - 1);
  }

  /** How many periods have ended by a tick, counted from the last update; before it, none or fewer. */
  #periodCount(tick: number): number {
    const period = this.#periodCycles();
    if (period === 0) return 0;
    const elapsed = tick - (this.#state.nextUpdateTick - SECOND_TICKS);
    return Math.floor(Math.floor((elapsed * OSCILLATOR_HZ) / SECOND_TICKS) / period);
  }

  /** The tick at which the next period ends. */
  #nextPeriodTick(): number {
    const count = this.#periodCount(this.#clock.now) + 1;
    const cycles = count * this.#periodCycles();
    return this.#state.nextUpdateTick - SECOND_TICKS + Math.ceil((cycles * SECOND_TICKS) / OSCILLATOR_HZ);
  }

  #onAlarm(): void {
    this.#synchronize();
    this.#settle();
  }

  /** Drives the line and sets the alarms for what may raise it next. */
  #settle(): void {
    const { enables, flags, nextUpdateTick } = this.#state;
    this.#irq.set(this.#isInterrupting());
    const awaited = enables & ~flags;
    if (this.#isUpdating() && (awaited & (B_UPDATE_INTERRUPT | B_ALARM_INTERRUPT)) !== 0) {
      this.#update.scheduleAt(nextUpdateTick);
    } else {
      this.#update.cancel();
    }
    if (this.#isRunning() && (awaited & B_PERIODIC_INTERRUPT) !== 0 && this.#periodCycles() !== 0) {
      this.#periodic.scheduleAt(this.#nextPeriodTick());
    } else {
      this.#periodic.cancel();
    }
  }
}
