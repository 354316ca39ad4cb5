/**
 * The whole contract between the parts of a machine. Types only: everything here is erased at build time.
 * Nothing is added without a decision record.
 */

/** Width of one port or memory access, in bits. */
export type AccessWidth = 8 | 16 | 32;

/**
 * A part with state. `S` is plain data by field name (numbers, strings, booleans, `Uint8Array`, `null`, arrays and records of
 * those), so that it survives `structuredClone`. A component is usable directly after construction, in its reset state.
 */
export interface Component<S> {
  /** Unique within one machine; used for alarm names and snapshot keys. */
  readonly name: string;
  /** Puts the part into its power-on state and cancels its alarms. Does not touch its dependencies otherwise. */
  reset(): void;
  /** @returns a copy of the whole state; later changes of the part do not show in it */
  snapshot(): S;
  /** Takes the state only: dependencies came through the constructor. Pending alarms belong to the clock's snapshot. */
  restore(state: S): void;
}

/** A part behind I/O ports. It sees offsets from its own base, never port numbers. */
export interface PortDevice {
  /** @param offset register offset; @returns the value, zero-extended to `width` bits; open bus reads all ones */
  readPort(offset: number, width: AccessWidth): number;
  /** @param value unsigned, at most `width` bits */
  writePort(offset: number, width: AccessWidth, value: number): void;
}

/** A part behind memory addresses. It sees byte offsets from its own base. */
export interface MemoryDevice {
  readMemory(offset: number, width: AccessWidth): number;
  writeMemory(offset: number, width: AccessWidth, value: number): void;
}

/** A wire out of a part. Setting the level that it already has is allowed and does nothing. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** One pending moment of one part. Scheduling again moves it; it fires once. */
export interface Alarm {
  /** Absolute virtual time in ticks, or `null` when none is pending. */
  readonly deadline: number | null;
  /** @param tick absolute virtual time in ticks (an integer); a time already past fires at the next advance of the clock */
  scheduleAt(tick: number): void;
  cancel(): void;
}

/** Virtual time. Pending time is data: `{name: deadline}`; alarms that fall on one tick fire in name order. */
export interface Clock {
  /** Virtual time in ticks: an integer that never decreases and stays below 2^53. One tick is one nanosecond. */
  readonly now: number;
  /** @param name unique in the clock, `component.purpose` by custom */
  alarm(name: string, onFire: () => void): Alarm;
}
