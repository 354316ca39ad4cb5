import type { Clock, Component, InterruptLine } from '@longmode/device';
import { checkName, isRecord, MachineError } from './machine-error.ts';

/** A part with numbered inputs, such as an interrupt controller. */
export interface NumberedInputs {
  /** @param input number of the input, counted from 0 */
  setInput(input: number, level: boolean): void;
}

/** A line that leads nowhere. */
export const DISCONNECTED: InterruptLine = Object.freeze({ set(): void {} });

/** @returns a line into one input of `target` */
export function inputLine(target: NumberedInputs, input: number): InterruptLine {
  return { set: (level) => target.setInput(input, level) };
}

/** @returns one line that drives all of `lines`, in the order given */
export function fanOut(...lines: readonly InterruptLine[]): InterruptLine {
  return {
    set(level) {
      for (const line of lines) line.set(level);
    },
  };
}

/** Which inputs of an {@link OrWire} are high, sorted by name. */
export interface OrWireState {
  high: string[];
}

/**
 * A wire that is high while any of its inputs is: several parts share one interrupt line. A part of the machine like any
 * other, because it remembers its inputs.
 */
export class OrWire implements Component<OrWireState> {
  readonly name: string;
  readonly #output: InterruptLine;
  readonly #inputs = new Set<string>();
  readonly #high = new Set<string>();

  constructor(dependencies: { name: string; output: InterruptLine }) {
    this.name = dependencies.name;
    this.#output = dependencies.output;
  }

  /** Whether the wire is high. */
  get level(): boolean {
    return this.#high.size > 0;
  }

  /**
   * Makes an input, low at first.
   *
   * @param name unique in this wire
   * @throws {MachineError} `bad-name`
   */
  input(name: string): InterruptLine {
    checkName(name);
    if (this.#inputs.has(name)) throw new MachineError('bad-name', name, `${this.name} already has that input`);
    this.#inputs.add(name);
    return {
      set: (level) => {
        const before = this.level;
        if (level) this.#high.add(name);
        else this.#high.delete(name);
        if (this.level !== before) this.#output.set(this.level);
      },
    };
  }

  /** All inputs low. Like every reset it leaves the output alone: what the wire leads to is reset with it. */
  reset(): void {
    this.#high.clear();
  }

  snapshot(): OrWireState {
    return { high: [...this.#high].sort() };
  }

  /** @throws {MachineError} `bad-snapshot` for an input that this wire does not have */
  restore(state: OrWireState): void {
    if (!isRecord(state) || !Array.isArray(state.high)) {
      throw new MachineError('bad-snapshot', this.name, 'expected {high}');
    }
    for (const input of state.high) {
      if (!this.#inputs.has(input)) throw new MachineError('bad-snapshot', this.name, `no input ${String(input)}`);
    }
    this.#high.clear();
    for (const input of state.high) this.#high.add(input);
  }
}

/** One change of a line. */
export interface LineEdge {
  /** Virtual time in ticks, 0 without a clock. */
  readonly tick: number;
  readonly level: boolean;
}

/** The end of a line that writes down what happens, for tests. Low at first; a level that is already there is no edge. */
export class LineRecorder implements InterruptLine {
  level = false;
  readonly edges: LineEdge[] = [];
  readonly #clock: Clock | undefined;

  constructor(dependencies: { clock?: Clock } = {}) {
    this.#clock = dependencies.clock;
  }

  set(level: boolean): void {
    if (level === this.level) return;
    this.level = level;
    this.edges.push({ tick: this.#clock?.now ?? 0, level });
  }
}
