/**
 * The POST diagnostic port of a PC, 0x80: firmware writes progress codes, kernels write to it to pass a microsecond. It is
 * a latch of the DMA page registers and reads back what was written.
 *
 * **Not emulated**: the DMA page registers beside it.
 */
import type { AccessWidth, Component, PortDevice } from '@longmode/device';

export interface PostCodeState {
  readonly code: number;
}

/** See the file header. */
export class PostCode implements Component<PostCodeState>, PortDevice {
  readonly name = 'post-code';
  #code = 0;

  reset(): void {
    this.#code = 0;
  }
  snapshot(): PostCodeState {
    return { code: this.#code };
  }
  restore(state: PostCodeState): void {
    this.#code = state.code;
  }
  readPort(_offset: number, _width: AccessWidth): number {
    return this.#code;
  }
  writePort(_offset: number, _width: AccessWidth, value: number): void {
    this.#code = value & 0xff;
  }
}
