/** COM1's other end: standard output or a file takes what the guest sends, standard input is what the guest receives. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { Pc } from '@longmode/pc';
import { CliError, EXIT_UNWRITABLE } from './exit-code.ts';

/** Takes the bytes of a serial port. */
export interface SerialSink {
  add(byte: number): void;
  /** Hands on what was added. @returns once there is room for more */
  flush(): void | Promise<void>;
  close(): void;
}

const BUFFER_SIZE_BYTES = 4096;

/** Collects bytes and hands them on in pieces. */
class BufferedSink implements SerialSink {
  readonly #hand: (bytes: Uint8Array) => void | Promise<void>;
  readonly close: () => void;
  #bytes = new Uint8Array(BUFFER_SIZE_BYTES);
  #size = 0;

  constructor(hand: (bytes: Uint8Array) => void | Promise<void>, close: () => void) {
    this.#hand = hand;
    this.close = close;
  }

  add(byte: number): void {
    if (this.#size === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#size);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#size++] = byte;
  }

  flush(): void | Promise<void> {
    if (this.#size === 0) return;
    const bytes = this.#bytes.slice(0, this.#size);
    this.#size = 0;
    return this.#hand(bytes);
  }
}

/** A sink that writes to a stream and waits while that is full. */
export function streamSink(stream: NodeJS.WriteStream): SerialSink {
  const hand = (bytes: Uint8Array): void | Promise<void> => {
    if (stream.write(bytes) || stream.destroyed) return;
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off('drain', done);
        stream.off('error', done);
        resolve();
      };
      stream.on('drain', done);
      stream.on('error', done);
    });
  };
  return new BufferedSink(hand, () => {});
}

/** A sink that writes to a new file. @throws CliError with exit code 74 */
export function fileSink(path: string): SerialSink {
  const file = openForWriting(path);
  const hand = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  return new BufferedSink(hand, () => closeSync(file));
}

/** Whether two descriptors are of one terminal, pipe or file. */
export function areOnePlace(one: number, other: number): boolean {
  try {
    const [a, b] = [fstatSync(one), fstatSync(other)];
    return a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev;
  } catch {
    return false;
  }
}

/** Opens a file for writing, anew. @throws CliError with exit code 74 */
export function openForWriting(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT_UNWRITABLE, `${path}: cannot be written: ${code === '' ? message : code}`);
  }
}

/** What waits to be received by the guest. */
export class SerialInput {
  #waiting: number[] = [];

  /** @param bytes one character each (Latin-1) */
  add(bytes: string): void {
    for (let index = 0; index < bytes.length; index++) this.#waiting.push(bytes.charCodeAt(index));
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Hands over as much as the port takes. */
  pump(pc: Pc): void {
    let count = 0;
    while (count < this.#waiting.length && pc.com1.receive(this.#waiting[count] as number)) count++;
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }
}
