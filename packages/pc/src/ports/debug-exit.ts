/**
 * The debug-exit device: a write ends the run with a code. By custom at port 0xf4, 4 ports wide, like QEMU's
 * `isa-debug-exit`; a value V becomes the exit code `(V << 1) | 1`, so that guest codes are odd.
 *
 * **Not emulated**: nothing; reads give zero.
 */
import type { AccessWidth, PortDevice } from '@longmode/device';

/** See the file header. */
export class DebugExit implements PortDevice {
  readonly #onExit: (value: number) => void;

  /** @param dependencies `onExit` takes the value as written */
  constructor(dependencies: { onExit(value: number): void }) {
    this.#onExit = dependencies.onExit;
  }

  readPort(_offset: number, _width: AccessWidth): number {
    return 0;
  }

  writePort(_offset: number, _width: AccessWidth, value: number): void {
    this.#onExit(value);
  }
}

/** Exit code of a process for a value that a guest wrote: `(value << 1) | 1`, of which a process keeps 8 bits. */
export function debugExitCode(value: number): number {
  return ((value << 1) | 1) & 0xff;
}
