import type { Component, InterruptLine, MemoryDevice, PortDevice } from '@longmode/device';
import { VirtualClock } from '@longmode/machine';
import { ConformanceError } from './conformance-error.ts';
import { notPlain } from './plain-data.ts';
import type { Random } from './random.ts';

/** A device that can be checked: a component, and whichever of the two access interfaces it has. */
export type Device = Component<unknown> & Partial<PortDevice> & Partial<MemoryDevice>;

/** What surrounds one device under test. Everything that leaves the device ends in one log. */
export interface DeviceWorld {
  readonly clock: VirtualClock;
  /** @returns a line whose changes are logged under `name`, with their time */
  line(name: string): InterruptLine;
  /** Logs any other output of the device, such as a byte that it transmitted, with its time. */
  log(entry: string): void;
}

/** What the suite must know of a device. */
export interface DeviceDescription<D extends Device> {
  /** Makes a fresh device that takes everything it depends on from `world`. */
  make(world: DeviceWorld): D;
  /** Number of ports, if the device has any. */
  ports?: number;
  /** Size of its memory region in bytes, if it has one. */
  memory?: number;
  /** Inputs that come neither by port nor by memory, by name: a key pressed, a byte received, a gate raised. */
  actions?: Record<string, (device: D, random: Random) => void>;
  /** Port writes that random bytes would seldom hit, such as an unlock or initialization sequence. Each is made in order. */
  sequences?: readonly (readonly { offset: number; value: number }[])[];
  /** Fields at the top of the state that a battery keeps over a reset. */
  survivesReset?: readonly string[];
  /** The longest single step of time in ticks; ten milliseconds unless told. */
  maxAdvanceTicks?: number;
  /** How many random traces; 25 unless told. */
  runs?: number;
  /** How many operations in each; 80 unless told. */
  steps?: number;
  /** Where the random numbers begin; 1 unless told. */
  seed?: number;
}

/** A {@link DeviceWorld} with its device in it. */
export class World<D extends Device> implements DeviceWorld {
  readonly clock: VirtualClock = new VirtualClock();
  readonly device: D;
  readonly entries: string[] = [];
  #levels = new Map<string, boolean>();

  /** @param tick the time at which the device is made */
  constructor(description: DeviceDescription<D>, tick = 0) {
    this.clock.advanceTo(tick);
    this.device = description.make(this);
  }

  line(name: string): InterruptLine {
    return {
      set: (level) => {
        if ((this.#levels.get(name) ?? false) === level) return;
        this.#levels.set(name, level);
        this.log(`${name} ${level ? 'rises' : 'falls'}`);
      },
    };
  }

  log(entry: string): void {
    this.entries.push(`${this.clock.now}: ${entry}`);
  }

  /**
   * @returns everything that a snapshot of a machine with this one device would hold, cloned as if through a file
   * @throws {ConformanceError} when the device's snapshot is not plain data
   */
  save(): SavedWorld {
    const device = this.device.snapshot();
    const problem = notPlain(device);
    if (problem !== null) throw new ConformanceError('a snapshot is plain data', problem);
    return structuredClone({
      device,
      clock: this.clock.snapshot(),
      levels: Object.fromEntries(this.#levels),
    });
  }

  /** Takes what {@link save} returned. The levels are those of the wires: the far ends are restored as well. */
  load(saved: SavedWorld): void {
    const copy = structuredClone(saved);
    this.#levels = new Map(Object.entries(copy.levels));
    this.clock.restore(copy.clock);
    this.device.restore(copy.device);
    this.clock.restore(copy.clock);
  }

  /** Lets the far ends of all lines forget their levels, as they do when the whole machine is reset. */
  resetLines(): void {
    this.#levels.clear();
  }
}

/** A world as plain data. */
export interface SavedWorld {
  device: unknown;
  clock: ReturnType<VirtualClock['snapshot']>;
  levels: Record<string, boolean>;
}

/** Part of every JavaScript host, but of no ECMAScript library that the compiler knows. */
declare function structuredClone<T>(value: T): T;
