import {
  APIC_BASE_BSP,
  APIC_BASE_EN,
  APIC_BASE_EXTD,
  COMMAND_MASK,
  LVT_MASKED,
  LVT_REMOTE_IRR,
  LVT_WRITABLE,
  SPURIOUS_MASK,
} from './registers.ts';
import { type ApicTimerState, TIMER_POWER_ON } from './timer.ts';
import { emptySet } from './vector-set.ts';

/** Everything that a local APIC remembers. */
export interface LocalApicState {
  /** IA32_APIC_BASE. */
  apicBase: number;
  /** Levels of LINT0 (bit 0) and LINT1 (bit 1). */
  lines: number;
  /** A message has asked for the external interrupt controller's vector. */
  isExternalRequested: boolean;
  taskPriority: number;
  /** As the xAPIC has it, bits 31:24; an x2APIC derives its own from the ID. */
  logicalDestination: number;
  destinationFormat: number;
  spuriousVector: number;
  /** What the error status register shows, and what has come since it was last written. */
  errorStatus: number;
  pendingErrors: number;
  /** Whether the next error makes an interrupt. */
  isErrorArmed: boolean;
  command: number;
  commandHigh: number;
  /** Timer, thermal sensor, performance counters, LINT0, LINT1, error. */
  lvt: number[];
  /** In-service, trigger-mode and interrupt-request register: eight words each. */
  isr: number[];
  tmr: number[];
  irr: number[];
  timer: ApicTimerState;
}

/** A snapshot that cannot be, or a local APIC that cannot be made. */
export class LocalApicError extends Error {
  override readonly name = 'LocalApicError';
  readonly code: 'bad-state' | 'bad-option';

  constructor(code: 'bad-state' | 'bad-option', detail: string) {
    super(detail);
    this.code = code;
  }
}

/** The registers after power-on, on a processor that starts alone. @param apicBase IA32_APIC_BASE */
export function powerOn(apicBase: number): LocalApicState {
  return {
    apicBase,
    lines: 0,
    isExternalRequested: false,
    taskPriority: 0,
    logicalDestination: 0,
    destinationFormat: 0xffff_ffff,
    spuriousVector: 0xff,
    errorStatus: 0,
    pendingErrors: 0,
    isErrorArmed: true,
    command: 0,
    commandHigh: 0,
    lvt: LVT_WRITABLE.map(() => LVT_MASKED),
    isr: emptySet(),
    tmr: emptySet(),
    irr: emptySet(),
    timer: { ...TIMER_POWER_ON },
  };
}

export const copyOf = (state: LocalApicState): LocalApicState => ({
  ...state,
  lvt: [...state.lvt],
  isr: [...state.isr],
  tmr: [...state.tmr],
  irr: [...state.irr],
  timer: { ...state.timer },
});

const WORD = 0xffff_ffff;
/** The largest value of each number. */
const LIMITS: Readonly<Record<string, number>> = {
  apicBase: 2 ** 52 - 1,
  lines: 3,
  taskPriority: 0xff,
  logicalDestination: WORD,
  destinationFormat: WORD,
  spuriousVector: SPURIOUS_MASK,
  errorStatus: 0xff,
  pendingErrors: 0xff,
  command: COMMAND_MASK,
  commandHigh: WORD,
};
const TIMER_LIMITS: Readonly<Record<string, number>> = {
  divideConfiguration: 0x0b,
  initialCount: WORD,
  count: WORD,
  sinceTick: Number.MAX_SAFE_INTEGER,
  deadlineLow: WORD,
  deadlineHigh: WORD,
  deadlineTick: Number.MAX_SAFE_INTEGER,
};

/**
 * @returns a copy of `state` with the known fields only
 * @throws {LocalApicError} `bad-state`
 */
export function checkedState(state: unknown): LocalApicState {
  const record = recordOf(state, 'the state');
  const isGood =
    hasNumbers(record, LIMITS) &&
    typeof record.isExternalRequested === 'boolean' &&
    typeof record.isErrorArmed === 'boolean' &&
    isApicBase(record.apicBase as number) &&
    isWords(record.lvt, LVT_WRITABLE.length) &&
    record.lvt.every((entry, index) => (entry & ~((LVT_WRITABLE[index] as number) | LVT_REMOTE_IRR)) === 0) &&
    isWords(record.isr, 8) &&
    isWords(record.tmr, 8) &&
    isWords(record.irr, 8);
  if (!isGood) throw new LocalApicError('bad-state', 'a field is missing or out of range');
  const timer = recordOf(record.timer, 'timer');
  const { count, initialCount } = timer as unknown as ApicTimerState;
  if (!hasNumbers(timer, TIMER_LIMITS) || count > initialCount) {
    throw new LocalApicError('bad-state', 'timer: a field is missing or out of range');
  }
  return copyOf({ ...pick(record, powerOn(0)), timer: pick(timer, TIMER_POWER_ON) });
}

const isApicBase = (value: number): boolean => {
  const modes = value & (APIC_BASE_EN | APIC_BASE_EXTD);
  return (value & 0xfff & ~(APIC_BASE_BSP | modes)) === 0 && modes !== APIC_BASE_EXTD;
};

function pick<T extends object>(record: Record<string, unknown>, like: T): T {
  return Object.fromEntries(Object.keys(like).map((field) => [field, record[field]])) as T;
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new LocalApicError('bad-state', `${what}: expected a record`);
  return value as Record<string, unknown>;
}

function hasNumbers(record: Record<string, unknown>, limits: Readonly<Record<string, number>>): boolean {
  return Object.entries(limits).every(([field, limit]) => isWithin(record[field], limit));
}

function isWithin(value: unknown, limit: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit;
}

function isWords(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every((word) => isWithin(word, WORD));
}
