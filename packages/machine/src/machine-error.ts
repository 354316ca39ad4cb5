/** Why a {@link MachineError} was thrown. */
export type MachineErrorCode =
  /** A name that is already taken, empty, or not usable as a key. */
  | 'bad-name'
  /** A number that is no integer or out of range. */
  | 'bad-number'
  /** A claim that shares a port or an address with an earlier claim. */
  | 'overlap'
  /** The clock was asked to go back, or to advance from inside an alarm. */
  | 'bad-advance'
  /** Alarms keep firing without time moving on: a part schedules itself for ever on one tick. */
  | 'stalled-clock'
  /** A snapshot that is not of this machine, of another version, or damaged. */
  | 'bad-snapshot';

/** The one error of this package: misuse while wiring, or a snapshot that cannot be taken. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly code: MachineErrorCode;
  /** What the error is about: a component, an alarm, or a path into a snapshot such as `clock.deadlines.rtc`. */
  readonly subject: string;

  /**
   * @param code the kind of error
   * @param subject a name, or a path into a snapshot
   * @param detail what was expected and what was found
   */
  constructor(code: MachineErrorCode, subject: string, detail: string, options?: { cause?: unknown }) {
    super(`${subject}: ${detail}`, options);
    this.code = code;
    this.subject = subject;
  }
}

/** Throws unless `name` can be a key of a record: a non-empty string that is no property of `Object.prototype`. */
export function checkName(name: string): void {
  if (typeof name !== 'string' || name === '' || name in Object.prototype) {
    throw new MachineError('bad-name', String(name), 'expected a non-empty name that is no property of every object');
  }
}

/** @returns whether `value` is a record: an object that is neither `null` nor an array */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
