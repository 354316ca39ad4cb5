/**
 * The debug console of emulators: what is written is text for whoever looks after the guest. SeaBIOS logs to port 402h if it
 * reads E9h there.
 *
 * **Not emulated**: nothing.
 */
import type { AccessWidth, PortDevice } from '@longmode/device';

const READBACK = 0xe9;

/** See the file header. */
export class DebugConsole implements PortDevice {
  readonly #onByte: (byte: number) => void;

  constructor(dependencies: { onByte(byte: number): void }) {
    this.#onByte = dependencies.onByte;
  }

  readPort(_offset: number, _width: AccessWidth): number {
    return READBACK;
  }
  writePort(_offset: number, _width: AccessWidth, value: number): void {
    this.#onByte(value & 0xff);
  }
}
