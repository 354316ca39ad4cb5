/** The front with a live screen: the guest's screen in the terminal, the user's keys at the guest's keyboard. */
import type { KeyEvent, Pc, SerialLog } from '@longmode/pc';
import type { Front, FrontControl } from './front.ts';
import { hostTimeMs } from './host-time.ts';
import { inUnits, Rate } from './rate.ts';
import type { SerialSink } from './serial-port.ts';
import type { ColorDepth } from './terminal/colors.ts';
import { Display } from './terminal/display.ts';
import type { ImageProtocol } from './terminal/images.ts';
import { KeyDecoder, type TerminalInput } from './terminal/keys.ts';
import { aspectOf, graphicsRows, screenText } from './terminal/picture.ts';
import { plainLines } from './terminal/plain-text.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What a live front is made of. */
export interface LiveFrontDependencies {
  readonly terminal: Terminal;
  readonly depth: ColorDepth;
  /** How the terminal takes pictures; null for half blocks. */
  readonly images: ImageProtocol | null;
  /** For the status line. */
  readonly name: string;
  readonly serial: SerialLog;
  /** Whether what COM1 sends is shown below the screen. */
  readonly showsSerial: boolean;
  /** Takes it instead. */
  readonly sink: SerialSink | null;
}

/** Time in which a second Ctrl+C leaves. */
const INTERRUPT_WINDOW_MS = 2000;
/** Time after which an Escape is the key and not the beginning of a sequence. */
const ESCAPE_WAIT_MS = 40;
/** The longest that one keystroke takes in the keyboard's buffer. */
const KEYSTROKE_BYTES_MAX = 9;
/** Lines of COM1 that are printed after the run at most. */
const SERIAL_LINES_MAX = 200;

export class LiveFront implements Front {
  readonly isMidLine = false;
  readonly #d: LiveFrontDependencies;
  readonly #decoder = new KeyDecoder();
  readonly #rate = new Rate();
  readonly #keys: KeyEvent[] = [];
  #pc: Pc | undefined;
  #control: FrontControl | undefined;
  #display: Display | undefined;
  #isBooted = false;
  #lastInterrupt = Number.NEGATIVE_INFINITY;
  #escapeTimer: NodeJS.Timeout | undefined;

  constructor(dependencies: LiveFrontDependencies) {
    this.#d = dependencies;
  }

  takeByte(byte: number): void {
    this.#d.sink?.add(byte);
  }

  start(pc: Pc, control: FrontControl): void {
    const { terminal, depth, images, serial, showsSerial } = this.#d;
    this.#pc = pc;
    this.#control = control;
    this.#display = new Display({
      terminal,
      pc,
      depth,
      images,
      serial: showsSerial ? serial : null,
      status: () => this.#status(pc, control),
    });
    terminal.take({
      usesInput: true,
      usesScreen: true,
      onInput: (bytes) => this.#take(bytes),
      onResize: () => {
        this.#display?.invalidate();
        this.#display?.paint(hostTimeMs());
      },
    });
    this.#display.paint(hostTimeMs());
  }

  onBoot(): void {
    this.#isBooted = true;
  }

  onSlice(): void | Promise<void> {
    const pc = this.#pc;
    if (pc === undefined) return;
    // The self test resets the keyboard.
    while (this.#isBooted && this.#keys.length > 0 && pc.keyboard.freeKeystrokeBytes >= KEYSTROKE_BYTES_MAX) {
      const { key, isPressed } = this.#keys.shift() as KeyEvent;
      if (isPressed) pc.keyboard.press(key);
      else pc.keyboard.release(key);
    }
    this.#display?.update(hostTimeMs());
    return this.#d.sink?.flush();
  }

  hasInput(): boolean {
    return this.#d.terminal.hasKeys;
  }

  /** Leaves the live screen, and prints its last picture where it stays. */
  finish(): void | Promise<void> {
    clearTimeout(this.#escapeTimer);
    const { terminal, depth, serial, showsSerial, sink } = this.#d;
    this.#display?.paint(hostTimeMs());
    this.#display?.close();
    terminal.restore();
    const { columns, rows } = terminal;
    const vga = this.#pc?.vga;
    const screen = vga?.textScreen();
    if (screen !== undefined) terminal.write(screenText(screen, columns, depth));
    if (vga !== undefined && screen?.rows === 0 && depth >= 8) {
      const frame = vga.renderFrame();
      const lines = graphicsRows(frame, columns, rows - 1, depth, aspectOf(frame, vga.isExtended));
      terminal.write(`${lines.join('\n')}\n`);
    }
    if (showsSerial && serial.totalBytes > 0) {
      const lines = plainLines(serial.text, columns);
      const left = lines.length - SERIAL_LINES_MAX;
      const title = left > 0 ? `COM1, without its first ${left} lines:` : 'COM1:';
      terminal.write(
        `${depth === 1 ? title : `\x1b[2m${title}\x1b[0m`}\n${lines.slice(-SERIAL_LINES_MAX).join('\n')}\n`,
      );
    }
    const flushed = sink?.flush();
    sink?.close();
    return flushed;
  }

  #status(pc: Pc, control: FrontControl): string {
    const now = hostTimeMs();
    const speed = inUnits(this.#rate.update(control.instructions(), now));
    const isAsked = now - this.#lastInterrupt < INTERRUPT_WINDOW_MS;
    const leave = isAsked ? 'Ctrl+C again leaves' : 'leave: Ctrl+] or Ctrl+C twice';
    const seconds = (pc.virtualTimeNs / 1e9).toFixed(1);
    return ` longmode  ${leave} │ ${this.#d.name} │ ${seconds} s │ ${speed} instructions/s`;
  }

  #take(bytes: string): void {
    clearTimeout(this.#escapeTimer);
    this.#handle(this.#decoder.push(bytes));
    if (!this.#decoder.isPending) return;
    this.#escapeTimer = setTimeout(() => this.#handle(this.#decoder.flush()), ESCAPE_WAIT_MS);
  }

  #handle(inputs: readonly TerminalInput[]): void {
    for (const input of inputs) {
      if (input.kind === 'leave') {
        this.#control?.leave('leave');
        continue;
      }
      this.#keys.push(...input.events);
      if (input.kind !== 'interrupt') continue;
      const now = hostTimeMs();
      if (now - this.#lastInterrupt < INTERRUPT_WINDOW_MS) this.#control?.leave('interrupt');
      this.#lastInterrupt = now;
    }
  }
}
