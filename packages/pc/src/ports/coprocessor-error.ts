/**
 * The latch between the processor's FERR# and IRQ 13, cleared by a write to port 0xF0 (and 0xF1), as a PC has had it since
 * the AT. It serves programs that leave CR0.NE clear; with CR0.NE set the processor raises #MF by itself.
 *
 * **Not emulated**: IGNNE#. A handler that clears the latch and goes back without clearing the exception is called again.
 *
 * @source SDM Vol. 1 Appendix D "Guidelines for Writing SIMD/x87 FPU Exception Handlers", "MS-DOS Compatibility Sub-mode"
 */
import type { AccessWidth, Component, InterruptLine, PortDevice } from '@longmode/device';

export interface CoprocessorErrorState {
  readonly isLatched: boolean;
}

/** See the file header. */
export class CoprocessorError implements Component<CoprocessorErrorState>, PortDevice {
  readonly name = 'coprocessor-error';
  readonly #irq: InterruptLine;
  #isLatched = false;

  constructor(dependencies: { irq: InterruptLine }) {
    this.#irq = dependencies.irq;
  }

  /** The processor waits with an exception to report. */
  signal(): void {
    this.#isLatched = true;
    this.#irq.set(true);
  }

  reset(): void {
    this.#isLatched = false;
    this.#irq.set(false);
  }
  snapshot(): CoprocessorErrorState {
    return { isLatched: this.#isLatched };
  }
  restore(state: CoprocessorErrorState): void {
    this.#isLatched = state.isLatched;
  }
  readPort(_offset: number, width: AccessWidth): number {
    return width === 32 ? 0xffffffff : (1 << width) - 1;
  }
  writePort(): void {
    this.#isLatched = false;
    this.#irq.set(false);
  }
}
