import type { ChannelState } from './channel.ts';
import { countLimit } from './counter.ts';
import { cyclesAt } from './pit-cycles.ts';

/** Everything that an 8254 remembers. */
export interface Pit8254State {
  /** Counters 0, 1 and 2. */
  channels: ChannelState[];
}

/** Misuse while wiring, or a state that cannot be restored. */
export class Pit8254Error extends Error {
  override readonly name = 'Pit8254Error';
  readonly code: 'bad-channel' | 'bad-state';

  constructor(code: 'bad-channel' | 'bad-state', detail: string) {
    super(detail);
    this.code = code;
  }
}

const MAX_CYCLE = cyclesAt(Number.MAX_SAFE_INTEGER);

/**
 * @returns a copy of `state` with the known fields only
 * @throws {Pit8254Error} `bad-state` when a field is missing, of the wrong type, out of range, or contradicts another
 */
export function checkedState(state: unknown): Pit8254State {
  const channels = fieldsOf(state, '$').channels;
  if (!Array.isArray(channels) || channels.length !== 3) refuse('$.channels', 'expected three counters');
  return { channels: (channels as unknown[]).map((channel, index) => checkedChannel(channel, `$.channels[${index}]`)) };
}

function checkedChannel(state: unknown, path: string): ChannelState {
  const fields = fieldsOf(state, path);
  const inner = fieldsOf(fields.counter, `${path}.counter`);
  const number = (from: Record<string, unknown>, name: string, low: number, high: number): number => {
    const value = from[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
      refuse(
        `${path}.${name}`,
        `expected ${low} to ${high}, found ${typeof value === 'number' ? value : typeof value}`,
      );
    }
    return value;
  };
  const optional = (from: Record<string, unknown>, name: string, low: number, high: number): number | null =>
    from[name] === null ? null : number(from, name, low, high);
  const flag = (from: Record<string, unknown>, name: string): boolean => {
    const value = from[name];
    if (typeof value !== 'boolean') refuse(`${path}.${name}`, `expected a boolean, found ${typeof value}`);
    return value;
  };
  const counter = {
    at: number(inner, 'at', 0, MAX_CYCLE),
    mode: number(inner, 'mode', 0, 5) as ChannelState['counter']['mode'],
    isBcd: flag(inner, 'isBcd'),
    reload: optional(inner, 'reload', 1, 0x1_0000),
    count: number(inner, 'count', 0, 0x1_0000),
    loaded: number(inner, 'loaded', 0, 0x1_0000),
    isCounting: flag(inner, 'isCounting'),
    isLoadPending: flag(inner, 'isLoadPending'),
    isArmed: flag(inner, 'isArmed'),
    isHalfWritten: flag(inner, 'isHalfWritten'),
    isNull: flag(inner, 'isNull'),
    gate: flag(inner, 'gate'),
    out: flag(inner, 'out'),
  };
  const { mode, reload, count, loaded, isCounting, isLoadPending, isArmed } = counter;
  const limit = countLimit(counter);
  const isSound =
    (reload === null ? !isCounting && !isLoadPending : reload <= limit) &&
    (!isCounting || (loaded >= 1 && loaded <= limit && count <= limit)) &&
    (!isArmed || mode === 2 || mode === 3 || count >= 1) &&
    (!isCounting || mode !== 2 || (count >= 1 && count <= loaded)) &&
    (!isCounting || mode !== 3 || (count % 2 === 0 && count <= loaded));
  if (!isSound) refuse(`${path}.counter`, 'the fields contradict each other');
  return {
    counter,
    access: number(fields, 'access', 1, 3) as ChannelState['access'],
    writtenLow: optional(fields, 'writtenLow', 0, 0xff),
    readsHigh: flag(fields, 'readsHigh'),
    latchedCount: optional(fields, 'latchedCount', 0, 0xffff),
    latchedStatus: optional(fields, 'latchedStatus', 0, 0xff),
  };
}

function fieldsOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) refuse(path, 'expected a record');
  return value as Record<string, unknown>;
}

function refuse(path: string, detail: string): never {
  throw new Pit8254Error('bad-state', `${path}: ${detail}`);
}
