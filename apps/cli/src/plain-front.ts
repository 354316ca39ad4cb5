/** The front without a screen: COM1 on standard output or in a file, standard input at COM1 where asked for. */
import type { Pc } from '@longmode/pc';
import type { Front, FrontControl } from './front.ts';
import { hostTimeMs } from './host-time.ts';
import { inUnits, Rate } from './rate.ts';
import { SerialInput, type SerialSink } from './serial-port.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What a plain front is made of. */
export interface PlainFrontDependencies {
  readonly sink: SerialSink | null;
  /** Standard input goes to COM1: a terminal key by key, anything else as it comes. Null: it is left alone. */
  readonly input: { readonly terminal: Terminal } | { readonly stream: NodeJS.ReadStream } | null;
  /** Whether COM1's text goes where messages go, too. */
  readonly isBesideMessages: boolean;
  /** Where to show progress, null for nowhere; and whether COM1's text appears at the same place. */
  readonly progress: { readonly write: (text: string) => void; readonly isShared: boolean } | null;
}

const LEAVE = '\x1d';
const INTERRUPT = '\x03';
const INTERRUPT_WINDOW_MS = 2000;
/** Runs shorter than this show no progress. */
const PROGRESS_AFTER_MS = 1000;
const PROGRESS_INTERVAL_MS = 250;
const LINE_FEED = 10;

export class PlainFront implements Front {
  readonly #d: PlainFrontDependencies;
  readonly #input = new SerialInput();
  readonly #rate = new Rate();
  #pc: Pc | undefined;
  #control: FrontControl | undefined;
  #isInputOpen = false;
  #lastByte = LINE_FEED;
  #lastInterrupt = Number.NEGATIVE_INFINITY;
  #started = 0;
  #progressAt = 0;
  #hasProgress = false;
  #hasBytes = false;

  constructor(dependencies: PlainFrontDependencies) {
    this.#d = dependencies;
  }

  takeByte(byte: number): void {
    this.#lastByte = byte;
    this.#hasBytes = true;
    this.#d.sink?.add(byte);
  }

  start(pc: Pc, control: FrontControl): void {
    this.#pc = pc;
    this.#control = control;
    this.#started = hostTimeMs();
    const { input } = this.#d;
    if (input === null) return;
    this.#isInputOpen = true;
    if ('terminal' in input) {
      input.terminal.take({ usesInput: true, usesScreen: false, onInput: (bytes) => this.#takeKeys(bytes) });
      return;
    }
    input.stream.on('data', (data: Buffer) => this.#input.add(data.toString('latin1')));
    input.stream.on('end', () => {
      this.#isInputOpen = false;
    });
    input.stream.on('error', () => {
      this.#isInputOpen = false;
    });
  }

  onBoot(): void {}

  onSlice(): void | Promise<void> {
    if (this.#pc !== undefined) this.#input.pump(this.#pc);
    if (this.#hasBytes && this.#d.progress?.isShared === true) this.#clearProgress();
    this.#hasBytes = false;
    const flushed = this.#d.sink?.flush();
    this.#showProgress();
    return flushed;
  }

  hasInput(): boolean {
    return this.#isInputOpen || !this.#input.isEmpty || (this.#pc?.com1.pendingInputCount ?? 0) > 0;
  }

  finish(): void | Promise<void> {
    this.#clearProgress();
    const { input, sink } = this.#d;
    if (input !== null && 'terminal' in input) input.terminal.restore();
    else input?.stream.destroy();
    const flushed = sink?.flush();
    sink?.close();
    return flushed;
  }

  get isMidLine(): boolean {
    return this.#d.isBesideMessages && this.#lastByte !== LINE_FEED;
  }

  #takeKeys(bytes: string): void {
    const now = hostTimeMs();
    const isSecond = bytes === INTERRUPT && now - this.#lastInterrupt < INTERRUPT_WINDOW_MS;
    if (bytes.includes(LEAVE)) this.#control?.leave('leave');
    else if (isSecond) this.#control?.leave('interrupt');
    else this.#input.add(bytes);
    if (bytes === INTERRUPT) this.#lastInterrupt = now;
  }

  #showProgress(): void {
    const { progress } = this.#d;
    const now = hostTimeMs();
    if (progress === null || now - this.#started < PROGRESS_AFTER_MS || now - this.#progressAt < PROGRESS_INTERVAL_MS) {
      return;
    }
    // Never in the middle of a line that the guest writes.
    if (progress.isShared && this.#lastByte !== LINE_FEED) return;
    this.#progressAt = now;
    this.#hasProgress = true;
    const count = this.#control?.instructions() ?? 0;
    const seconds = ((this.#pc?.virtualTimeNs ?? 0) / 1e9).toFixed(1);
    const speed = inUnits(this.#rate.update(count, now));
    progress.write(`\r\x1b[Klongmode: ${inUnits(count)} instructions, ${speed} a second, virtual time ${seconds} s`);
  }

  #clearProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    this.#d.progress?.write('\r\x1b[K');
  }
}
