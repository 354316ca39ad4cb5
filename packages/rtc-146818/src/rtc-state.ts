import { CMOS_SIZE } from './cmos.ts';
import { RtcError } from './rtc-error.ts';
import { B_24_HOUR } from './time-registers.ts';

/** The whole state; plain data. A battery keeps `memory`, `registerA`, `mode` and the two ticks over a reset. */
export interface RtcState {
  /** The register that the data port reaches. */
  index: number;
  isNmiMasked: boolean;
  /** 128 bytes: time and alarm as they were at `synchronizedTick`, and the RAM. Bytes 0Ah to 0Dh are not used. */
  memory: Uint8Array;
  /** Register A without Update In Progress. */
  registerA: number;
  /** Register B without the enables: SET, DM, 24/12, DSE. */
  mode: number;
  /** Register B's PIE, AIE, UIE and SQWE. */
  enables: number;
  /** Register C's PF, AF and UF. */
  flags: number;
  /** When the running second ends, in ticks. */
  nextUpdateTick: number;
  /** Up to when time and flags are accounted for, in ticks. */
  synchronizedTick: number;
}

/** Divider running on 32,768 Hz, 1,024 Hz periodic rate. */
const INITIAL_REGISTER_A = 0x26;
/** Registers A to D lie in front of these bytes of RAM, and are no part of it. */
const REGISTERS_START = 0x0a;
const REGISTERS_END = 0x0e;

/** The state of a part whose battery has kept the bytes of `cmos`: BCD, 24 hours, running since `now`. */
export function initialRtcState(cmos: Uint8Array, now: number): RtcState {
  const memory = cmos.slice();
  memory.fill(0, REGISTERS_START, REGISTERS_END);
  return {
    index: 0,
    isNmiMasked: false,
    memory,
    registerA: INITIAL_REGISTER_A,
    mode: B_24_HOUR,
    enables: 0,
    flags: 0,
    nextUpdateTick: now + 1_000_000_000,
    synchronizedTick: now,
  };
}

/** A copy that shares nothing with the original. */
export function copyRtcState(from: RtcState): RtcState {
  return {
    index: from.index,
    isNmiMasked: from.isNmiMasked,
    memory: from.memory.slice(),
    registerA: from.registerA,
    mode: from.mode,
    enables: from.enables,
    flags: from.flags,
    nextUpdateTick: from.nextUpdateTick,
    synchronizedTick: from.synchronizedTick,
  };
}

function requireField(field: string, isValid: boolean): void {
  if (!isValid) throw new RtcError('bad-state', `clock state: field '${field}' is missing or out of range`);
}

/** @throws {RtcError} `bad-state` naming the first field that is missing or out of range */
export function checkRtcState(state: RtcState): void {
  requireField('', typeof state === 'object' && state !== null);
  const masks = { index: 0x7f, registerA: 0x7f, mode: 0x87, enables: 0x78, flags: 0x70 } as const;
  for (const [field, mask] of Object.entries(masks) as [keyof typeof masks, number][]) {
    const value = state[field];
    requireField(field, Number.isInteger(value) && value >= 0 && value <= 0xff && (value & ~mask) === 0);
  }
  for (const field of ['nextUpdateTick', 'synchronizedTick'] as const) {
    requireField(field, Number.isSafeInteger(state[field]) && state[field] >= 0);
  }
  requireField('isNmiMasked', typeof state.isNmiMasked === 'boolean');
  requireField('memory', state.memory instanceof Uint8Array && state.memory.length === CMOS_SIZE);
}
