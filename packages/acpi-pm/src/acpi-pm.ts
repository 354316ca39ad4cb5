/**
 * ACPI's fixed hardware: the PM1a event and control registers and the power management timer, as in the PIIX4.
 *
 * Offsets: 0 PM1 status (16 bits; ones clear), 2 PM1 enable (16 bits), 4 PM1 control (16 bits), 8 timer (32 bits, of which 24
 * count). Narrower and wider accesses reach parts of them.
 *
 * The timer runs at 3.579545 MHz from tick 0 of the clock on and sets TMR_STS whenever its top bit changes. SCI_EN reads 1:
 * there is no mode without ACPI.
 *
 * **Not emulated**: the power and the sleep button, wake-up, bus master status, the global lock (GBL_STS; GBL_RLS is ignored),
 * sleeping states other than the one that turns the machine off; general-purpose events.
 *
 * @source ACPI Specification 6.5, "PM1 Event Grouping", "PM1 Control Grouping", "Power Management Timer"
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';

/** How many ports the registers take. */
export const ACPI_PM_PORT_COUNT = 12;

const STATUS = 0;
const ENABLE = 2;
const CONTROL = 4;
const TIMER = 8;
const TMR_STS = 1 << 0;
const ENABLE_MASK = 0x0521; // timer, global lock, power button, RTC
const SCI_EN = 1 << 0;
const CONTROL_MASK = 0x1c02; // SLP_TYP, BM_RLD
const SLP_EN = 1 << 13;
const SLP_TYP_SHIFT = 10;
const SLP_TYP_MASK = 7;

const SECOND_TICKS = 1_000_000_000;
const TIMER_HZ = 3_579_545;
const TIMER_MASK = 0xff_ffff;
const HALF_TIMER = 0x80_0000;

/** The state; plain data. */
export interface AcpiPmState {
  /** PM1 enable. */
  enable: number;
  /** PM1 control, without SCI_EN and SLP_EN. */
  control: number;
  /** How often the timer's top bit had changed when TMR_STS was cleared. */
  acknowledgedChanges: number;
}

/** The one error of this package: a snapshot that cannot be. */
export class AcpiPmError extends Error {
  readonly code = 'bad-state';
}

/** What an {@link AcpiPm} is wired to. */
export interface AcpiPmDependencies {
  clock: Clock;
  /** The SCI, active high: IRQ 9 of a PC. */
  sci: InterruptLine;
  /** Called for SLP_EN with the sleep type that means off. */
  powerOff: () => void;
  /** SLP_TYP that turns the machine off: 0 when left out. */
  softOffType?: number;
  /** Unique in the machine; `acpi-pm` when left out. */
  name?: string;
}

/** See the file header. */
export class AcpiPm implements Component<AcpiPmState>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #sci: InterruptLine;
  readonly #powerOff: () => void;
  readonly #softOffType: number;
  readonly #timer: Alarm;
  #state: AcpiPmState;

  constructor(dependencies: AcpiPmDependencies) {
    this.name = dependencies.name ?? 'acpi-pm';
    this.#clock = dependencies.clock;
    this.#sci = dependencies.sci;
    this.#powerOff = dependencies.powerOff;
    this.#softOffType = dependencies.softOffType ?? 0;
    this.#timer = dependencies.clock.alarm(`${this.name}.timer`, () => this.#settle());
    this.#state = this.#resetState();
  }

  reset(): void {
    this.#state = this.#resetState();
    this.#timer.cancel();
  }
  snapshot(): AcpiPmState {
    const { enable, control, acknowledgedChanges } = this.#state;
    return { enable, control, acknowledgedChanges };
  }
  /** @throws {AcpiPmError} nothing is taken then */
  restore(state: AcpiPmState): void {
    const isGood =
      typeof state === 'object' &&
      state !== null &&
      isWithin(state.enable, ENABLE_MASK) &&
      isWithin(state.control, CONTROL_MASK) &&
      isWithin(state.acknowledgedChanges, Number.MAX_SAFE_INTEGER);
    if (!isGood) throw new AcpiPmError(`${this.name}: a field is missing or out of range`);
    const { enable, control, acknowledgedChanges } = state;
    this.#state = { enable, control, acknowledgedChanges };
  }

  readPort(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let at = 0; at < width / 8; at++) value += this.#readByte(offset + at) * 2 ** (8 * at);
    return value;
  }

  writePort(offset: number, width: AccessWidth, value: number): void {
    for (let at = 0; at < width / 8; at++) this.#writeByte(offset + at, (value >>> (8 * at)) & 0xff);
    this.#settle();
  }

  #resetState(): AcpiPmState {
    return { enable: 0, control: 0, acknowledgedChanges: this.#changes(this.#clock.now) };
  }

  #readByte(offset: number): number {
    const register = offset < TIMER ? offset & ~1 : TIMER;
    return (this.#register(register) >>> (8 * (offset - register))) & 0xff;
  }

  #register(register: number): number {
    switch (register) {
      case STATUS:
        return this.#status;
      case ENABLE:
        return this.#state.enable;
      case CONTROL:
        return this.#state.control | SCI_EN;
      case TIMER:
        return timerAt(this.#clock.now) & TIMER_MASK;
      default:
        return 0;
    }
  }

  #writeByte(offset: number, byte: number): void {
    const state = this.#state;
    const shift = 8 * (offset & 1);
    const bits = byte << shift;
    const kept = shift === 0 ? 0xff00 : 0x00ff;
    switch (offset & ~1) {
      case STATUS:
        if ((bits & TMR_STS) !== 0) state.acknowledgedChanges = this.#changes(this.#clock.now);
        break;
      case ENABLE:
        state.enable = ((state.enable & kept) | bits) & ENABLE_MASK;
        break;
      case CONTROL:
        state.control = ((state.control & kept) | bits) & CONTROL_MASK;
        if ((bits & SLP_EN) !== 0 && ((bits >> SLP_TYP_SHIFT) & SLP_TYP_MASK) === this.#softOffType) this.#powerOff();
        break;
    }
  }

  get #status(): number {
    return this.#changes(this.#clock.now) > this.#state.acknowledgedChanges ? TMR_STS : 0;
  }

  /** How often the timer's top bit has changed by a tick. */
  #changes(tick: number): number {
    return Math.floor(timerAt(tick) / HALF_TIMER);
  }

  /** Drives the SCI, and waits for the next change of the timer's top bit if that may raise it. */
  #settle(): void {
    const isRaised = (this.#status & this.#state.enable) !== 0;
    this.#sci.set(isRaised);
    if (isRaised || (this.#state.enable & TMR_STS) === 0) this.#timer.cancel();
    else this.#timer.scheduleAt(tickOfTimer((this.#changes(this.#clock.now) + 1) * HALF_TIMER));
  }
}

/** What the timer has counted by a tick, with all its bits. Whole seconds apart, so that every product is exact. */
function timerAt(tick: number): number {
  const seconds = Math.floor(tick / SECOND_TICKS);
  return seconds * TIMER_HZ + Math.floor(((tick - seconds * SECOND_TICKS) * TIMER_HZ) / SECOND_TICKS);
}

/** The first tick at which the timer has counted so far. */
function tickOfTimer(count: number): number {
  const seconds = Math.floor(count / TIMER_HZ);
  return seconds * SECOND_TICKS + Math.ceil(((count - seconds * TIMER_HZ) * SECOND_TICKS) / TIMER_HZ);
}

function isWithin(value: unknown, limit: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit;
}
