/**
 * Intel 8254 programmable interval timer, at a PC's 1,193,182 Hz.
 *
 * Offsets 0, 1, 2: counters 0, 1, 2 (read and write). Offset 3: control word (write only; reads as open bus).
 *
 * Not emulated: the undefined state after power-on – the counters stand still with OUT low until a control word is written;
 * counts that the data sheet forbids – a count of 1 in modes 2 and 3 leaves OUT high, and digits above 9 of a decimal count carry.
 *
 * @source Intel 82C54 data sheet (order number 231244)
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import {
  type ChannelState,
  latchCount,
  latchStatus,
  powerOnChannel,
  readCount,
  writeControl,
  writeCount,
} from './channel.ts';
import { advance, nextEdge, type PitMode, setGate } from './counter.ts';
import { cyclesAt, tickOfCycle } from './pit-cycles.ts';
import { checkedState, Pit8254Error, type Pit8254State } from './pit-state.ts';

const CHANNELS = [0, 1, 2] as const;
const READ_BACK = 3;
const READ_BACK_NO_COUNT = 0x20;
const READ_BACK_NO_STATUS = 0x10;
const OPEN_BUS = 0xff;

/** What an 8254 is wired to. */
export interface Pit8254Dependencies {
  clock: Clock;
  /** Unique in the machine; `pit-8254` unless told. */
  name?: string;
  /** OUT of counters 0, 1 and 2, if it leads anywhere. A counter whose OUT does not costs nothing until it is read. */
  outputs?: readonly (InterruptLine | undefined)[];
  /** GATE of counters 0, 1 and 2 after power-on; all high unless told. */
  gates?: readonly [boolean, boolean, boolean];
}

/** What a counter is doing, for a speaker or a debugger. */
export interface PitChannelView {
  readonly mode: PitMode;
  /** The count register, 1 to 65,536, or `null` when none was written since the control word. */
  readonly count: number | null;
  readonly gate: boolean;
  readonly out: boolean;
}

/** An 8254: three counters that are worked out when somebody looks, and at the edges of each OUT that leads somewhere. */
export class Pit8254 implements Component<Pit8254State>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #outputs: readonly (InterruptLine | undefined)[];
  readonly #gates: readonly boolean[];
  readonly #alarms: readonly (Alarm | undefined)[];
  #channels: ChannelState[] = [];
  /** The level that each connected OUT was driven to, so that a line is driven at its edges only. */
  #driven = [false, false, false];

  constructor(dependencies: Pit8254Dependencies) {
    const { clock, name = 'pit-8254', outputs = [], gates = [true, true, true] } = dependencies;
    this.name = name;
    this.#clock = clock;
    this.#outputs = outputs;
    this.#gates = gates;
    this.#alarms = CHANNELS.map((index) =>
      outputs[index] ? clock.alarm(`${name}.out${index}`, () => this.#settle(index)) : undefined,
    );
    this.reset();
  }

  reset(): void {
    const now = cyclesAt(this.#clock.now);
    this.#channels = CHANNELS.map((index) => powerOnChannel(now, this.#gates[index] ?? true));
    this.#driven = [false, false, false];
    for (const alarm of this.#alarms) alarm?.cancel();
  }

  snapshot(): Pit8254State {
    return { channels: this.#channels.map((channel) => ({ ...channel, counter: { ...channel.counter } })) };
  }

  /** @throws {Pit8254Error} `bad-state` */
  restore(state: Pit8254State): void {
    this.#channels = checkedState(state).channels;
    this.#driven = this.#channels.map(({ counter }) => counter.out);
  }

  /**
   * Sets the level of a counter's GATE.
   *
   * @param index 0 to 2
   * @throws {Pit8254Error} `bad-channel`
   */
  setGate(index: number, level: boolean): void {
    setGate(this.#now(index).counter, level);
    this.#settle(index);
  }

  /**
   * @param index 0 to 2
   * @returns the line into a counter's GATE
   * @throws {Pit8254Error} `bad-channel`
   */
  gate(index: number): InterruptLine {
    this.#channelAt(index);
    return { set: (level) => this.setGate(index, level) };
  }

  /**
   * @param index 0 to 2
   * @returns what the counter is doing now
   * @throws {Pit8254Error} `bad-channel`
   */
  channel(index: number): PitChannelView {
    // A copy, so that looking changes nothing, not even how far the state was worked out.
    const counter = { ...this.#channelAt(index).counter };
    advance(counter, cyclesAt(this.#clock.now));
    return { mode: counter.mode, count: counter.reload, gate: counter.gate, out: counter.out };
  }

  readPort(offset: number, _width: AccessWidth): number {
    return offset < 3 ? readCount(this.#now(offset)) : OPEN_BUS;
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    const byte = value & 0xff;
    if (offset === 3) this.#writeControl(byte);
    else if (offset < 3) {
      writeCount(this.#now(offset), byte);
      this.#settle(offset);
    }
  }

  #writeControl(word: number): void {
    const select = word >> 6;
    if (select === READ_BACK) {
      for (const index of CHANNELS) {
        if ((word & (2 << index)) === 0) continue;
        const channel = this.#now(index);
        if ((word & READ_BACK_NO_COUNT) === 0) latchCount(channel);
        if ((word & READ_BACK_NO_STATUS) === 0) latchStatus(channel);
      }
      return;
    }
    const channel = this.#now(select);
    if ((word & 0x30) === 0) {
      latchCount(channel);
      return;
    }
    writeControl(channel, word);
    this.#settle(select);
  }

  #channelAt(index: number): ChannelState {
    const channel = this.#channels[index];
    if (channel === undefined) throw new Pit8254Error('bad-channel', `expected a counter from 0 to 2, found ${index}`);
    return channel;
  }

  /** @returns a counter, worked out up to the present */
  #now(index: number): ChannelState {
    const channel = this.#channelAt(index);
    advance(channel.counter, cyclesAt(this.#clock.now));
    return channel;
  }

  /** Drives a connected OUT and sets the alarm for its next edge. */
  #settle(index: number): void {
    const alarm = this.#alarms[index];
    if (alarm === undefined) return;
    const { counter } = this.#now(index);
    if (this.#driven[index] !== counter.out) {
      this.#driven[index] = counter.out;
      this.#outputs[index]?.set(counter.out);
    }
    const edge = nextEdge(counter);
    if (edge === null) alarm.cancel();
    else alarm.scheduleAt(tickOfCycle(edge));
  }
}
