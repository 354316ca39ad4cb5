/**
 * One counter of an 8254 with its registers: what is written to and read from its port.
 *
 * @source Intel 82C54 data sheet, "Write Operations", "Read Operations", "Read-Back Command"
 */
import { beginCount, type CounterState, countLimit, type PitMode, setCount, setMode } from './counter.ts';

/** Which bytes of a count pass through the port: 1 low, 2 high, 3 low and then high. */
export type PitAccess = 1 | 2 | 3;

/** Everything that one counter remembers. */
export interface ChannelState {
  counter: CounterState;
  access: PitAccess;
  /** The low byte of a count whose high byte is still to come. */
  writtenLow: number | null;
  /** Whether the next read of a pair is the high byte. */
  readsHigh: boolean;
  /** A latched count as it will be read, 16 bits. */
  latchedCount: number | null;
  /** A latched status byte; it is read before the count. */
  latchedStatus: number | null;
}

const STATUS_OUTPUT = 0x80;
const STATUS_NULL_COUNT = 0x40;

/** @param at the CLK pulse of now; @param gate level of GATE; @returns the state after power-on, with no mode programmed */
export function powerOnChannel(at: number, gate: boolean): ChannelState {
  return {
    counter: {
      at,
      mode: 0,
      isBcd: false,
      reload: null,
      count: 0,
      loaded: 0,
      isCounting: false,
      isLoadPending: false,
      isArmed: false,
      isHalfWritten: false,
      isNull: true,
      gate,
      out: false,
    },
    access: 3,
    writtenLow: null,
    readsHigh: false,
    latchedCount: null,
    latchedStatus: null,
  };
}

/** A control word that is neither a counter latch nor a read-back command. */
export function writeControl(channel: ChannelState, word: number): void {
  const mode = (word >> 1) & 7;
  channel.access = ((word >> 4) & 3) as PitAccess;
  channel.writtenLow = null;
  channel.readsHigh = false;
  channel.latchedCount = null;
  channel.latchedStatus = null;
  setMode(channel.counter, (mode > 5 ? mode - 4 : mode) as PitMode, (word & 1) !== 0);
}

/** One byte of a count. */
export function writeCount(channel: ChannelState, byte: number): void {
  if (channel.access === 3 && channel.writtenLow === null) {
    channel.writtenLow = byte;
    beginCount(channel.counter);
    return;
  }
  const low = channel.access === 1 ? byte : (channel.writtenLow ?? 0);
  const high = channel.access === 1 ? 0 : byte;
  channel.writtenLow = null;
  setCount(channel.counter, decode(low | (high << 8), channel.counter));
}

/** The status if it is latched, otherwise one byte of the latched or the present count. */
export function readCount(channel: ChannelState): number {
  const status = channel.latchedStatus;
  if (status !== null) {
    channel.latchedStatus = null;
    return status;
  }
  const value = channel.latchedCount ?? encode(channel.counter);
  const isHigh = channel.access === 2 || channel.readsHigh;
  channel.readsHigh = channel.access === 3 && !channel.readsHigh;
  if (!channel.readsHigh) channel.latchedCount = null;
  return isHigh ? value >> 8 : value & 0xff;
}

/** Holds the present count for the next reads; while one is held, another latch is ignored. */
export function latchCount(channel: ChannelState): void {
  channel.latchedCount ??= encode(channel.counter);
}

/** Holds the present status for the next read; while one is held, another latch is ignored. */
export function latchStatus(channel: ChannelState): void {
  const { counter, access } = channel;
  channel.latchedStatus ??=
    (counter.out ? STATUS_OUTPUT : 0) |
    (counter.isNull ? STATUS_NULL_COUNT : 0) |
    (access << 4) |
    (counter.mode << 1) |
    (counter.isBcd ? 1 : 0);
}

/** A written count as a number; 0 is the largest. Nibbles above 9 in a decimal count carry, so that none is out of range. */
function decode(written: number, counter: CounterState): number {
  const limit = countLimit(counter);
  if (!counter.isBcd) return written || limit;
  let value = 0;
  for (let shift = 12; shift >= 0; shift -= 4) value = value * 10 + ((written >> shift) & 0xf);
  return value % limit || limit;
}

function encode(counter: CounterState): number {
  const value = counter.count % countLimit(counter);
  if (!counter.isBcd) return value;
  let digits = 0;
  for (let rest = value, shift = 0; shift < 16; shift += 4, rest = Math.floor(rest / 10))
    digits |= (rest % 10) << shift;
  return digits;
}
