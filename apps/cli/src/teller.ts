/** What longmode itself says, on standard error. */
import picocolors from 'picocolors';

/** How to say it. */
export interface TellerOptions {
  readonly isQuiet: boolean;
  readonly usesColor: boolean;
  /** Whether somebody sits at a terminal, to whom small talk is of use. */
  readonly isTerminal: boolean;
  readonly write: (text: string) => void;
}

/** Says things, or keeps them until the screen is free. */
export class Teller {
  readonly #options: TellerOptions;
  readonly #colors: ReturnType<typeof picocolors.createColors>;
  #held: string[] | undefined;
  #isMidLine = false;

  constructor(options: TellerOptions) {
    this.#options = options;
    this.#colors = picocolors.createColors(options.usesColor);
  }

  /** Keeps everything that is said until {@link release}. */
  hold(): void {
    this.#held ??= [];
  }
  /** Says what was kept, and from now on at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.#options.write(text);
  }

  /** The guest has left a line unfinished where this goes on: what is said next begins a new one. */
  breakLine(): void {
    this.#isMidLine = true;
  }

  /** Small talk: one line, for somebody at a terminal. */
  info(message: string): void {
    if (this.#options.isTerminal && !this.#options.isQuiet) this.#say(this.#colors.dim(`longmode: ${message}`));
  }
  /** Something to know. */
  note(message: string): void {
    if (!this.#options.isQuiet) this.#say(`longmode: ${this.#colors.yellow(message)}`);
  }
  /** What was asked for, as it is. */
  answer(lines: readonly string[]): void {
    this.#say(lines.join('\n'));
  }
  /** How the guest ended badly: the first line says what, the others how it came to that. */
  problem(lines: readonly string[]): void {
    const [first = '', ...rest] = lines;
    this.#say([`longmode: ${this.#colors.red(first)}`, ...rest.map((line) => `  ${line}`)].join('\n'));
  }

  #say(text: string): void {
    if (this.#isMidLine) this.#options.write('\n');
    this.#isMidLine = false;
    if (this.#held === undefined) this.#options.write(`${text}\n`);
    else if (this.#held.length < HELD_MAX) this.#held.push(`${text}\n`);
  }
}

const HELD_MAX = 1000;
