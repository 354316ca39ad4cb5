import { Dma8237aError } from './dma-error.ts';

/** One channel's registers. */
export interface DmaChannelState {
  /** 16 bits each; a count of N stands for N + 1 transfers. */
  baseAddress: number;
  baseCount: number;
  address: number;
  count: number;
  /** The mode register: bits 7 and 6 the mode, 5 decrement, 4 autoinitialize, 3 and 2 the direction. */
  mode: number;
}

/** The whole state of one controller; plain data. Sets of channels are 4 bits, bit N for channel N. */
export interface Dma8237aState {
  channels: DmaChannelState[];
  command: number;
  /** A set bit holds its channel back. */
  masks: number;
  /** Software requests. */
  requests: number;
  /** Levels of the DREQ inputs. */
  lines: number;
  /** Channels that have reached terminal count since the status was read. */
  terminalCounts: number;
  /** The channel that is served last, for rotating priority. */
  lowestPriority: number;
  /** The first/last flip-flop: the next byte of an address or a count is the high one. */
  isHighByte: boolean;
}

/** A reset masks every channel; addresses and counts are undefined in hardware and 0 here. */
export function resetState(): Dma8237aState {
  const channel = { baseAddress: 0, baseCount: 0, address: 0, count: 0, mode: 0 };
  return {
    channels: [{ ...channel }, { ...channel }, { ...channel }, { ...channel }],
    command: 0,
    masks: 0x0f,
    requests: 0,
    lines: 0,
    terminalCounts: 0,
    lowestPriority: 3,
    isHighByte: false,
  };
}

/** A copy that shares nothing with the original and has nothing but the known fields. */
export function copyState(from: Dma8237aState): Dma8237aState {
  return {
    channels: from.channels.map(({ baseAddress, baseCount, address, count, mode }) => {
      return { baseAddress, baseCount, address, count, mode };
    }),
    command: from.command,
    masks: from.masks,
    requests: from.requests,
    lines: from.lines,
    terminalCounts: from.terminalCounts,
    lowestPriority: from.lowestPriority,
    isHighByte: from.isHighByte,
  };
}

/** @throws {Dma8237aError} `bad-state` naming the first field that is missing or out of range */
export function checkState(state: Dma8237aState): void {
  requireField('', typeof state === 'object' && state !== null);
  for (const field of ['masks', 'requests', 'lines', 'terminalCounts'] as const) {
    requireField(field, isWithin(state[field], 0x0f));
  }
  requireField('command', isWithin(state.command, 0xff));
  requireField('lowestPriority', isWithin(state.lowestPriority, 3));
  requireField('isHighByte', typeof state.isHighByte === 'boolean');
  requireField('channels', Array.isArray(state.channels) && state.channels.length === 4);
  for (const channel of state.channels) {
    requireField('channels', typeof channel === 'object' && channel !== null);
    for (const field of ['baseAddress', 'baseCount', 'address', 'count'] as const) {
      requireField(field, isWithin(channel[field], 0xffff));
    }
    requireField('mode', isWithin(channel.mode, 0xfc) && (channel.mode & 3) === 0);
  }
}

function isWithin(value: unknown, limit: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= limit;
}

function requireField(field: string, isValid: boolean): void {
  if (!isValid) throw new Dma8237aError('bad-state', `DMA state: field '${field}' is missing or out of range`);
}
