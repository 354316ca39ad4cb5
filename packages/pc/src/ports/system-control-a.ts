/**
 * System control port A, 0x92: bit 0 pulses the processor's reset line, bit 1 opens the A20 gate.
 *
 * **Not emulated**: the security lock, the watchdog bit and the disk activity lights keep their bits and do nothing.
 * The A20 gate of a PC is open when either this port or the keyboard controller opens it.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "System Control Port A"
 */
import type { AccessWidth, Component, InterruptLine, PortDevice } from '@longmode/device';

const FAST_RESET = 0x01;
const FAST_A20 = 0x02;

export interface SystemControlAState {
  readonly value: number;
}

/** See the file header. */
export class SystemControlA implements Component<SystemControlAState>, PortDevice {
  readonly name = 'system-control-a';
  readonly #a20: InterruptLine;
  readonly #systemReset: () => void;
  #value = 0;

  constructor(dependencies: { a20: InterruptLine; systemReset: () => void }) {
    this.#a20 = dependencies.a20;
    this.#systemReset = dependencies.systemReset;
  }

  reset(): void {
    this.#value = 0;
  }
  snapshot(): SystemControlAState {
    return { value: this.#value };
  }
  restore(state: SystemControlAState): void {
    this.#value = state.value;
  }
  readPort(_offset: number, _width: AccessWidth): number {
    return this.#value;
  }
  writePort(_offset: number, _width: AccessWidth, value: number): void {
    const rises = (value & FAST_RESET) !== 0 && (this.#value & FAST_RESET) === 0;
    this.#value = value & 0xff;
    this.#a20.set((value & FAST_A20) !== 0);
    if (rises) this.#systemReset();
  }
}
