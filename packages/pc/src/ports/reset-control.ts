/**
 * The reset control register of PC chipsets, 0xcf9: a write that sets bit 2 from 0 to 1 resets the processor (bit 1: the
 * whole machine).
 *
 * **Not emulated**: the difference between a soft and a hard reset; both reset the machine.
 *
 * @source Intel 82371SB (PIIX3) datasheet, "Reset Control Register (I/O CF9h)"
 */
import type { AccessWidth, Component, PortDevice } from '@longmode/device';

const RESET_CPU = 0x04;

export interface ResetControlState {
  readonly value: number;
}

/** See the file header. */
export class ResetControl implements Component<ResetControlState>, PortDevice {
  readonly name = 'reset-control';
  readonly #systemReset: () => void;
  #value = 0;

  constructor(dependencies: { systemReset: () => void }) {
    this.#systemReset = dependencies.systemReset;
  }

  reset(): void {
    this.#value = 0;
  }
  snapshot(): ResetControlState {
    return { value: this.#value };
  }
  restore(state: ResetControlState): void {
    this.#value = state.value;
  }
  readPort(_offset: number, _width: AccessWidth): number {
    return this.#value;
  }
  writePort(_offset: number, _width: AccessWidth, value: number): void {
    const rises = (value & RESET_CPU) !== 0 && (this.#value & RESET_CPU) === 0;
    this.#value = value & 0xff & ~RESET_CPU;
    if (rises) this.#systemReset();
  }
}
