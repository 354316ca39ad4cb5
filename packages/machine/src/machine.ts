import type { Component } from '@longmode/device';
import { checkName, isRecord, MachineError } from './machine-error.ts';
import { VirtualClock, type VirtualClockState } from './virtual-clock.ts';

/** The version of {@link MachineState} that this package writes and takes. */
export const MACHINE_STATE_VERSION = 1;

/** A whole machine as plain data. */
export interface MachineState {
  format: 'longmode-machine';
  version: number;
  clock: VirtualClockState;
  /** The state of every component by its name. */
  components: Record<string, unknown>;
}

/** A set of components and their clock: reset together, saved together, restored together. */
export class Machine {
  readonly clock: VirtualClock;
  readonly #components = new Map<string, Component<unknown>>();

  /** @param dependencies the clock that the components were made with; a new one unless given */
  constructor(dependencies: { clock?: VirtualClock } = {}) {
    this.clock = dependencies.clock ?? new VirtualClock();
  }

  /** Every component, in the order in which they were added. */
  get components(): readonly Component<unknown>[] {
    return [...this.#components.values()];
  }

  /**
   * Adds a component.
   *
   * @returns the component, so that it can be made and added in one line
   * @throws {MachineError} `bad-name` for a name that is taken, empty or not usable as a key
   */
  add<C extends Component<unknown>>(component: C): C {
    checkName(component.name);
    if (this.#components.has(component.name)) {
      throw new MachineError('bad-name', component.name, 'this machine already has a component of that name');
    }
    this.#components.set(component.name, component);
    return component;
  }

  /** Resets every component, in the order in which they were added. Time goes on: it never decreases. */
  reset(): void {
    for (const component of this.#components.values()) component.reset();
  }

  /** @returns a copy of the whole state: plain data that survives `structuredClone` */
  snapshot(): MachineState {
    const components: Record<string, unknown> = {};
    for (const [name, component] of this.#components) components[name] = component.snapshot();
    return { format: 'longmode-machine', version: MACHINE_STATE_VERSION, clock: this.clock.snapshot(), components };
  }

  /**
   * Takes a snapshot of a machine with the same components. All or nothing: format, version, names and the clock's state
   * are checked before anything changes, and when a component refuses its part, what was restored is put back.
   *
   * @param state what {@link snapshot} returned, possibly through a file
   * @throws {MachineError} `bad-snapshot`, with the machine as it was; a component's own error is the `cause`
   */
  restore(state: unknown): void {
    const { clock, components } = this.#checkState(state);
    const before = this.snapshot();
    try {
      this.#take(clock, components);
    } catch (cause) {
      this.#take(before.clock, before.components);
      if (cause instanceof MachineError) throw cause;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new MachineError('bad-snapshot', 'components', `refused: ${detail}`, { cause });
    }
  }

  #checkState(state: unknown): { clock: VirtualClockState; components: Record<string, unknown> } {
    if (!isRecord(state) || state.format !== 'longmode-machine') {
      throw new MachineError('bad-snapshot', 'format', "expected 'longmode-machine'");
    }
    if (state.version !== MACHINE_STATE_VERSION) {
      const found = String(state.version);
      throw new MachineError('bad-snapshot', 'version', `expected ${MACHINE_STATE_VERSION}, found ${found}`);
    }
    const components = state.components;
    if (!isRecord(components)) throw new MachineError('bad-snapshot', 'components', 'expected a record');
    for (const name of this.#components.keys()) {
      if (!Object.hasOwn(components, name)) {
        throw new MachineError(
          'bad-snapshot',
          `components.${name}`,
          'expected the state of this component, found none',
        );
      }
    }
    for (const name of Object.keys(components)) {
      if (!this.#components.has(name)) {
        throw new MachineError('bad-snapshot', `components.${name}`, 'no such component in this machine');
      }
    }
    const clock = state.clock;
    this.clock.checkState(clock);
    return { clock, components };
  }

  #take(clock: VirtualClockState, components: Record<string, unknown>): void {
    // Once before the components, so that they see the restored time; once after, so that none has moved a deadline.
    this.clock.restore(clock);
    for (const [name, component] of this.#components) component.restore(components[name]);
    this.clock.restore(clock);
  }
}
