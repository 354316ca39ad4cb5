import { FCR_ENABLE, FCR_KEPT, FIFO_SIZE, LSR_ERRORS } from './registers.ts';

/** A break in the input queue: no byte has this value. */
export const BREAK = 0x100;

/** Everything that a 16550A remembers, and what its line still holds for it. */
export interface Uart16550State {
  ier: number;
  /** FCR without its reset bits; 0 while the FIFOs are off. */
  fcr: number;
  lcr: number;
  mcr: number;
  scratch: number;
  divisor: number;
  /** The error bits of LSR that were not read yet. */
  lineErrors: number;
  /** The low half of MSR. */
  modemDeltas: number;
  /** The levels at the modem inputs, at their places in MSR. */
  modemInputs: number;
  /** Received characters, the oldest first: at most 16, or one with the FIFOs off. */
  received: number[];
  /** The error bits of LSR that came with each of them. */
  receivedErrors: number[];
  /** Whether received characters have been waiting for four character times. */
  isTimedOut: boolean;
  /** Whether the transmitter has become empty and nobody was told. */
  isThrePending: boolean;
  /** Characters that wait for the transmitter. */
  transmitting: number[];
  /** The character in the transmitter's shift register, or `null`. */
  shifting: number | null;
  /** What the other end has sent and the receiver has not taken yet; 256 is a break. */
  input: number[];
}

/** What the part itself remembers: everything but the queue in front of it. */
export type UartRegisters = Omit<Uart16550State, 'input'>;

/** The divisor after power-on, which the data sheet leaves open: 115,200 baud. */
const POWER_ON_DIVISOR = 1;

/** @param modemInputs the levels at the modem inputs, at their places in MSR; @returns the state after a master reset */
export function powerOnRegisters(modemInputs: number): UartRegisters {
  return {
    ier: 0,
    fcr: 0,
    lcr: 0,
    mcr: 0,
    scratch: 0,
    divisor: POWER_ON_DIVISOR,
    lineErrors: 0,
    modemDeltas: 0,
    modemInputs,
    received: [],
    receivedErrors: [],
    isTimedOut: false,
    isThrePending: false,
    transmitting: [],
    shifting: null,
  };
}

/** Misuse while wiring, or a state that cannot be restored. */
export class Uart16550Error extends Error {
  override readonly name = 'Uart16550Error';
  readonly code: 'bad-option' | 'bad-state';

  constructor(code: 'bad-option' | 'bad-state', detail: string) {
    super(detail);
    this.code = code;
  }
}

/** The largest value of every field that is a number. */
const LIMITS = {
  ier: 0x0f,
  fcr: FCR_KEPT,
  lcr: 0xff,
  mcr: 0x1f,
  scratch: 0xff,
  divisor: 0xffff,
  lineErrors: LSR_ERRORS,
  modemDeltas: 0x0f,
  modemInputs: 0xf0,
} as const;

/**
 * @param maxInput the most that the input queue may hold
 * @returns a copy of `state` with the known fields only
 * @throws {Uart16550Error} `bad-state` when a field is missing, of the wrong type or out of range
 */
export function checkedState(state: unknown, maxInput: number): Uart16550State {
  if (typeof state !== 'object' || state === null) refuse('$', 'expected a record');
  const from = state as Record<string, unknown>;
  const numbers = Object.fromEntries(
    Object.entries(LIMITS).map(([field, limit]) => {
      const value = from[field];
      if (!isWithin(value, limit) || (limit & value) !== value) refuse(field, `expected bits of ${limit}`);
      return [field, value];
    }),
  ) as Record<keyof typeof LIMITS, number>;
  if (numbers.fcr !== 0 && (numbers.fcr & FCR_ENABLE) === 0) refuse('fcr', 'expected 0 while the FIFOs are off');
  const fifoSize = numbers.fcr === 0 ? 1 : FIFO_SIZE;
  const received = list(from, 'received', 0xff, fifoSize);
  const receivedErrors = list(from, 'receivedErrors', LSR_ERRORS, fifoSize);
  if (received.length !== receivedErrors.length) refuse('receivedErrors', 'expected as many as there are characters');
  const shifting = from.shifting;
  if (shifting !== null && !isWithin(shifting, 0xff)) refuse('shifting', 'expected a byte or null');
  return {
    ...numbers,
    received,
    receivedErrors,
    isTimedOut: flag(from, 'isTimedOut'),
    isThrePending: flag(from, 'isThrePending'),
    transmitting: list(from, 'transmitting', 0xff, fifoSize),
    shifting,
    input: list(from, 'input', BREAK, maxInput),
  };
}

function isWithin(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit;
}

function list(from: Record<string, unknown>, field: string, limit: number, size: number): number[] {
  const value: unknown = from[field];
  if (!Array.isArray(value) || value.length > size) refuse(field, `expected at most ${size} numbers`);
  const items: unknown[] = [...value];
  if (!items.every((item) => isWithin(item, limit))) refuse(field, `expected numbers up to ${limit}`);
  return items as number[];
}

function flag(from: Record<string, unknown>, field: string): boolean {
  const value = from[field];
  if (typeof value !== 'boolean') refuse(field, 'expected a boolean');
  return value;
}

function refuse(field: string, detail: string): never {
  throw new Uart16550Error('bad-state', `${field}: ${detail}`);
}
