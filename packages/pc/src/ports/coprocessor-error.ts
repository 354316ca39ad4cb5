/**
 * The two latches beside the processor that report x87 exceptions while CR0.NE is clear, as a PC has had them since the AT:
 * FERR# raises IRQ 13; a write to port 0xF0 (or 0xF1) clears that and, while FERR# is active, drives IGNNE#, so that the
 * handler may use the x87 FPU. When FERR# is inactive again, so is IGNNE#. With CR0.NE set the processor raises #MF by itself.
 *
 * **Not emulated**: the reset of a coprocessor of its own by port 0xF1.
 *
 * @source SDM Vol. 1 Appendix D "Guidelines for Writing SIMD/x87 FPU Exception Handlers", "MS-DOS Compatibility Sub-mode"
 */
import type { AccessWidth, Component, InterruptLine, PortDevice } from '@longmode/device';

export interface CoprocessorErrorState {
  /** IRQ 13. */
  readonly isLatched: boolean;
  /** IGNNE#. */
  readonly isIgnored: boolean;
}

const RESET_STATE: CoprocessorErrorState = { isLatched: false, isIgnored: false };

/** See the file header. */
export class CoprocessorError implements Component<CoprocessorErrorState>, PortDevice {
  readonly name = 'coprocessor-error';
  readonly #irq: InterruptLine;
  #state: CoprocessorErrorState = RESET_STATE;

  constructor(dependencies: { irq: InterruptLine }) {
    this.#irq = dependencies.irq;
  }

  /** IGNNE# is active. */
  get isIgnored(): boolean {
    return this.#state.isIgnored;
  }
  /** FERR# is active: the processor waits with an exception to report. */
  signal(): void {
    this.#state = { ...this.#state, isLatched: true };
    this.#irq.set(true);
  }
  /** FERR# is inactive. */
  release(): void {
    this.#state = { ...this.#state, isIgnored: false };
  }

  reset(): void {
    this.#state = RESET_STATE;
    this.#irq.set(false);
  }
  snapshot(): CoprocessorErrorState {
    return this.#state;
  }
  restore({ isLatched, isIgnored }: CoprocessorErrorState): void {
    this.#state = { isLatched, isIgnored };
  }
  readPort(_offset: number, width: AccessWidth): number {
    return width === 32 ? 0xffffffff : (1 << width) - 1;
  }
  writePort(): void {
    // Who waits for an interrupt has FERR# active; nobody else can have latched it.
    this.#state = { isLatched: false, isIgnored: this.#state.isLatched || this.#state.isIgnored };
    this.#irq.set(false);
  }
}
