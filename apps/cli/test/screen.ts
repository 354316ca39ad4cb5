import { setTimeout as wait } from 'node:timers/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { COMMAND } from './command.ts';

/** A colour of a cell: RRGGBBh, or null for the terminal's own. */
export interface ShownCell {
  readonly text: string;
  readonly foreground: number | null;
  readonly background: number | null;
}

/** `longmode` in a terminal, as a user sees it. */
export class ScreenUser {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #pty: IPty;
  readonly #exit: Promise<{ exitCode: number; signal?: number }>;
  /** Everything that was sent to the terminal. */
  sent = '';

  constructor(args: readonly string[], options: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {}) {
    const { columns = 90, rows = 34 } = options;
    // Nothing of the environment of the tests themselves: what says that they run unattended would take the colours away.
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      ...options.env,
    };
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#pty = spawn(process.execPath, [COMMAND, ...args], {
      cols: columns,
      rows,
      name: env.TERM ?? '',
      env,
    });
    this.#pty.onData((data) => {
      this.sent += data;
      this.#terminal.write(data);
    });
    this.#exit = new Promise((resolve) => this.#pty.onExit(resolve));
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The lines on the screen, without trailing spaces. */
  get lines(): string[] {
    return this.#linesFrom(this.#terminal.buffer.active.viewportY, this.#terminal.rows);
  }
  /** The lines on the screen and those that have left it upwards. */
  get history(): string[] {
    return this.#linesFrom(0, this.#terminal.buffer.active.length);
  }
  #linesFrom(first: number, count: number): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: count }, (_, row) => {
      const line = active.getLine(first + row);
      return line?.translateToString(true).trimEnd() ?? '';
    });
  }

  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }
  get cursor(): { row: number; column: number } {
    const { cursorY, cursorX } = this.#terminal.buffer.active;
    return { row: cursorY, column: cursorX };
  }
  get isWrapping(): boolean {
    return this.#terminal.modes.wraparoundMode;
  }
  /** Whether the last thing said about the cursor was to show it. */
  get isCursorShown(): boolean {
    return this.sent.lastIndexOf('\x1b[?25h') >= this.sent.lastIndexOf('\x1b[?25l');
  }

  cell(row: number, column: number): ShownCell {
    const { active } = this.#terminal.buffer;
    const cell = active.getLine(active.viewportY + row)?.getCell(column);
    return {
      text: cell?.getChars() ?? '',
      foreground: cell?.isFgRGB() ? cell.getFgColor() : null,
      background: cell?.isBgRGB() ? cell.getBgColor() : null,
    };
  }

  /** Waits until something is so. @throws Error with the screen if it takes too long */
  async until(isSo: (user: this) => boolean, what: string, limitMs = 30_000): Promise<void> {
    const end = performance.now() + limitMs;
    while (!isSo(this)) {
      if (performance.now() > end) throw new Error(`never ${what}; the screen:\n${this.lines.join('\n')}`);
      await wait(20);
    }
  }

  /** Waits for the end. */
  async ended(): Promise<{ exitCode: number; signal?: number }> {
    const result = await this.#exit;
    // What was sent last may come behind the news of the end.
    for (let length = -1; length !== this.sent.length; ) {
      length = this.sent.length;
      await wait(50);
    }
    await new Promise<void>((resolve) => this.#terminal.write('', resolve));
    return result;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }
}
