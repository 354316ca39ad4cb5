/**
 * System control port B of a PC/AT: the byte at port 61h that joins counter 2, the speaker and the refresh timer.
 *
 * Offset 0: bit 0 GATE of counter 2, bit 1 speaker data, bits 2 and 3 disable the parity and channel checks (read and write);
 * bit 4 changes with every memory refresh, bit 5 is OUT of counter 2 (read only).
 *
 * Not emulated: memory parity and channel check errors – bits 6 and 7 read 0. The refresh runs at its customary eighteen CLK
 * pulses (15.085 µs), whatever counter 1 is programmed to.
 *
 * @source IBM Personal Computer AT Technical Reference, "System Board"; Intel 82371AB data sheet, "NMISC – NMI Status and
 * Control Register"
 */
import type { AccessWidth, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import { cyclesAt } from './pit-cycles.ts';
import { Pit8254Error } from './pit-state.ts';

const GATE_2 = 0x01;
const SPEAKER_DATA = 0x02;
const WRITABLE = 0x0f;
const REFRESH_TOGGLE = 0x10;
const OUT_2 = 0x20;
const REFRESH_CYCLES = 18;

/** What port B is wired to. */
export interface SystemControlPortBDependencies {
  clock: Clock;
  /** Unique in the machine; `system-control-port-b` unless told. */
  name?: string;
  /** GATE of counter 2, which this port holds low after power-on. */
  gate2: InterruptLine;
  /** The present level of OUT of counter 2. */
  out2: () => boolean;
  /** Whether the guest lets OUT of counter 2 through to the speaker. */
  speakerData?: InterruptLine;
}

/** What port B remembers. */
export interface SystemControlPortBState {
  /** Bits 0 to 3 as written. */
  written: number;
}

/** Port 61h of a PC/AT. */
export class SystemControlPortB implements Component<SystemControlPortBState>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #gate2: InterruptLine;
  readonly #out2: () => boolean;
  readonly #speakerData: InterruptLine | undefined;
  #written = 0;

  constructor(dependencies: SystemControlPortBDependencies) {
    this.name = dependencies.name ?? 'system-control-port-b';
    this.#clock = dependencies.clock;
    this.#gate2 = dependencies.gate2;
    this.#out2 = dependencies.out2;
    this.#speakerData = dependencies.speakerData;
  }

  reset(): void {
    this.#written = 0;
  }

  snapshot(): SystemControlPortBState {
    return { written: this.#written };
  }

  /** @throws {Pit8254Error} `bad-state` */
  restore(state: SystemControlPortBState): void {
    const written: unknown = (state as SystemControlPortBState | null | undefined)?.written;
    if (!(typeof written === 'number' && Number.isInteger(written) && written >= 0 && written <= WRITABLE)) {
      throw new Pit8254Error('bad-state', 'written: expected 0 to 15');
    }
    this.#written = written;
  }

  readPort(offset: number, _width: AccessWidth): number {
    if (offset !== 0) return 0xff;
    const refresh = Math.floor(cyclesAt(this.#clock.now) / REFRESH_CYCLES) % 2;
    return this.#written | (refresh ? REFRESH_TOGGLE : 0) | (this.#out2() ? OUT_2 : 0);
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    if (offset !== 0) return;
    const changed = this.#written ^ value;
    this.#written = value & WRITABLE;
    if (changed & GATE_2) this.#gate2.set((value & GATE_2) !== 0);
    if (changed & SPEAKER_DATA) this.#speakerData?.set((value & SPEAKER_DATA) !== 0);
  }
}
