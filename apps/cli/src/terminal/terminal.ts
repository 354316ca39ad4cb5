/** The user's terminal: raw input, the alternate screen, and the promise to leave it as it was found. */
import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import type { ColorDepth } from './colors.ts';

/** Alternate screen, no wrapping, cursor hidden. */
const ENTER = '\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[0m\x1b[2J\x1b[H';
/** The cursor's shape and visibility, wrapping, colours and the main screen again. */
const LEAVE = '\x1b[?2026l\x1b[0m\x1b[0 q\x1b[?25h\x1b[?7h\x1b[?1049l';

/** What a terminal is used for. */
export interface TerminalOptions {
  /** Read keys, if the input is a terminal. */
  readonly usesInput: boolean;
  /** Show the alternate screen. */
  readonly usesScreen: boolean;
  readonly onInput: (bytes: string) => void;
  readonly onResize?: () => void;
}

/** One terminal, taken for the time of a run. */
export class Terminal {
  readonly #input: ReadStream;
  readonly #output: WriteStream & { readonly fd: number };
  #options: TerminalOptions | undefined;
  #isRaw = false;
  readonly #onData = (data: Buffer): void => this.#options?.onInput(data.toString('latin1'));
  readonly #onResize = (): void => this.#options?.onResize?.();
  readonly #onContinue = (): void => {
    // The shell has changed the modes meanwhile.
    const options = this.#options;
    if (options === undefined) return;
    if (this.#isRaw) {
      this.#input.setRawMode(false);
      this.#input.setRawMode(true);
    }
    if (options.usesScreen) this.write(ENTER);
    options.onResize?.();
  };
  readonly #onExit = (): void => this.restore();

  constructor(streams: { input: ReadStream; output: WriteStream & { readonly fd: number } }) {
    this.#input = streams.input;
    this.#output = streams.output;
  }

  get columns(): number {
    return this.#output.columns > 0 ? this.#output.columns : 80;
  }
  get rows(): number {
    return this.#output.rows > 0 ? this.#output.rows : 24;
  }
  /** Whether keys can be read. */
  get hasKeys(): boolean {
    return this.#isRaw;
  }

  /** Takes the terminal; {@link restore} gives it back, at the latest when the process exits. */
  take(options: TerminalOptions): void {
    this.#options = options;
    process.on('exit', this.#onExit);
    process.on('SIGCONT', this.#onContinue);
    if (options.usesInput && this.#input.isTTY) {
      this.#input.setRawMode(true);
      this.#isRaw = true;
      this.#input.on('data', this.#onData);
      this.#input.resume();
    }
    if (options.usesScreen) {
      this.#output.on('resize', this.#onResize);
      this.write(ENTER);
    }
  }

  /** @returns false while the terminal is slower than what it is sent: better skip a picture then */
  write(text: string): boolean {
    return this.#output.write(text);
  }

  /** Whether everything that was written has left. */
  get isDrained(): boolean {
    return this.#output.writableLength === 0;
  }

  /** Gives the terminal back as it was. Synchronous, because a process that exits waits for nothing; does nothing twice. */
  restore(): void {
    const options = this.#options;
    if (options === undefined) return;
    this.#options = undefined;
    process.off('exit', this.#onExit);
    process.off('SIGCONT', this.#onContinue);
    this.#output.off('resize', this.#onResize);
    this.#input.off('data', this.#onData);
    if (options.usesScreen) {
      try {
        writeSync(this.#output.fd, LEAVE);
      } catch {
        // The terminal is gone.
      }
    }
    if (this.#isRaw) {
      this.#isRaw = false;
      try {
        this.#input.setRawMode(false);
      } catch {
        // The terminal is gone.
      }
    }
    this.#input.pause();
    this.#input.unref();
  }
}

/** How many colours to use on an output. @param environment `NO_COLOR` and `TERM` count, and what Node looks at */
export function colorDepthOf(output: Partial<WriteStream>, environment: NodeJS.ProcessEnv): ColorDepth {
  if ((environment.NO_COLOR ?? '') !== '' || output.isTTY !== true || environment.TERM === 'dumb') return 1;
  return (output.getColorDepth?.(environment) ?? 1) as ColorDepth;
}
