/**
 * Intel 8237A programmable DMA controller: four channels.
 *
 * Offsets 0 to 7: address and count of each channel, low byte first. 8: command (write), status (read). 9: request. Ah: one
 * mask bit. Bh: mode. Ch: clear the first/last flip-flop. Dh: master clear (write), temporary register (read). Eh: clear all
 * masks. Fh: all masks (reads back, as in PC chipsets).
 *
 * Transfers happen at once when a request is accepted; peripherals pace them with their requests. A request that lasts
 * beyond a terminal count is served again after the time that its transfers would have taken.
 *
 * **Not emulated**: memory-to-memory transfers (PCs cannot use them); compressed timing, write timing and the polarity of
 * DREQ and DACK in the command register (kept, without effect); EOP as an input.
 *
 * @source Intel 8237A data sheet (order number 231466); Intel 82371SB (PIIX3) data sheet, "DMA Registers"
 */
import type { AccessWidth, Alarm, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import { Dma8237aError } from './dma-error.ts';
import { checkState, copyState, type Dma8237aState, type DmaChannelState, resetState } from './dma-state.ts';

const REGISTER_COMMAND = 0x08;
const REGISTER_REQUEST = 0x09;
const REGISTER_MASK_BIT = 0x0a;
const REGISTER_MODE = 0x0b;
const REGISTER_CLEAR_FLIP_FLOP = 0x0c;
const REGISTER_MASTER_CLEAR = 0x0d;
const REGISTER_CLEAR_MASKS = 0x0e;
const REGISTER_MASKS = 0x0f;

const COMMAND_DISABLE = 0x04;
const COMMAND_ROTATE = 0x10;
const MODE_AUTOINITIALIZE = 0x10;
const MODE_DECREMENT = 0x20;
const TRANSFER_WRITE = 1; // to memory
const TRANSFER_READ = 2; // from memory
const MODE_DEMAND = 0;
const MODE_BLOCK = 2;
const MODE_CASCADE = 3;

/** So many transfers, and the one that is under way, before other things get their turn. */
const BURST_TRANSFERS = 1024;
/** Four cycles at 4 MHz, rounded. */
const TRANSFER_TICKS = 1000;

/** What is at a channel's request and acknowledge lines. Values are bytes; words on the second controller of a PC. */
export interface DmaPeripheral {
  /** Gives what goes to memory. In a verify transfer it goes nowhere. */
  readDma?(isTerminalCount: boolean): number;
  /** Takes what comes from memory. */
  writeDma?(value: number, isTerminalCount: boolean): void;
  /** For a channel in cascade mode: the bus belongs to the controller behind it until this returns. */
  grant?(): void;
}

/** The memory side: one transfer's worth at a 16-bit address, whose upper bits come from elsewhere. */
export interface DmaBus {
  read(channel: number, address: number): number;
  write(channel: number, address: number, value: number): void;
}

/** What one 8237A is wired to. */
export interface Dma8237aDependencies {
  clock: Clock;
  bus: DmaBus;
  /** By channel; a channel without one reads ones and ignores writes. */
  peripherals?: Readonly<Record<number, DmaPeripheral>>;
  /** HRQ, to the channel of another controller that cascades this one; the bus is free at any time unless given. */
  hold?: InterruptLine;
  /** Unique in the machine; `dma-8237a` when left out. */
  name?: string;
}

/** See the file header. */
export class Dma8237a implements Component<Dma8237aState>, PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #bus: DmaBus;
  readonly #peripherals: Readonly<Record<number, DmaPeripheral>>;
  readonly #hold: InterruptLine | undefined;
  readonly #resume: Alarm;
  #state: Dma8237aState = resetState();
  #isTransferring = false;

  constructor(dependencies: Dma8237aDependencies) {
    this.name = dependencies.name ?? 'dma-8237a';
    this.#clock = dependencies.clock;
    this.#bus = dependencies.bus;
    this.#peripherals = dependencies.peripherals ?? {};
    this.#hold = dependencies.hold;
    this.#resume = dependencies.clock.alarm(`${this.name}.resume`, () => this.#serve());
  }

  reset(): void {
    this.#state = resetState();
    this.#resume.cancel();
  }
  snapshot(): Dma8237aState {
    return copyState(this.#state);
  }
  /** @throws {Dma8237aError} `bad-state`; nothing is taken then */
  restore(state: Dma8237aState): void {
    checkState(state);
    this.#state = copyState(state);
  }

  /**
   * @param channel 0 to 3
   * @returns the DREQ line into that channel
   * @throws {Dma8237aError} `bad-channel`
   */
  request(channel: number): InterruptLine {
    if (!(Number.isInteger(channel) && channel >= 0 && channel <= 3)) {
      throw new Dma8237aError('bad-channel', `${this.name}: expected a channel from 0 to 3, found ${channel}`);
    }
    const bit = 1 << channel;
    return {
      set: (level) => {
        const lines = level ? this.#state.lines | bit : this.#state.lines & ~bit;
        if (lines === this.#state.lines) return;
        this.#state.lines = lines;
        this.#serve();
      },
    };
  }

  /** HLDA for a controller that has a `hold` line: it has the bus until this returns. */
  grant(): void {
    if (this.#isTransferring) return;
    this.#transfer();
    this.#hold?.set(this.#resume.deadline === null && this.#nextChannel() !== null);
  }

  readPort(offset: number, width: AccessWidth): number {
    const value = this.#readRegister(offset & 0x0f);
    return width === 8 ? value : (value | (width === 16 ? 0xff00 : 0xffffff00)) >>> 0;
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    this.#writeRegister(offset & 0x0f, value & 0xff);
    this.#serve();
  }

  #readRegister(register: number): number {
    const state = this.#state;
    if (register < REGISTER_COMMAND) {
      const { address, count } = this.#channel(register >> 1);
      const value = (register & 1) === 0 ? address : count;
      state.isHighByte = !state.isHighByte;
      return state.isHighByte ? value & 0xff : value >> 8;
    }
    switch (register) {
      case REGISTER_COMMAND: {
        const value = ((state.lines | state.requests) << 4) | state.terminalCounts;
        state.terminalCounts = 0;
        return value;
      }
      case REGISTER_MASTER_CLEAR:
        return 0; // the temporary register, which only memory-to-memory transfers use
      case REGISTER_MASKS:
        return state.masks;
      default:
        return 0xff;
    }
  }

  #writeRegister(register: number, value: number): void {
    const state = this.#state;
    const bit = 1 << (value & 3);
    const isSet = (value & 4) !== 0;
    switch (register) {
      case REGISTER_COMMAND:
        state.command = value;
        break;
      case REGISTER_REQUEST:
        state.requests = isSet ? state.requests | bit : state.requests & ~bit;
        break;
      case REGISTER_MASK_BIT:
        state.masks = isSet ? state.masks | bit : state.masks & ~bit;
        break;
      case REGISTER_MODE:
        this.#channel(value & 3).mode = value & 0xfc;
        break;
      case REGISTER_CLEAR_FLIP_FLOP:
        state.isHighByte = false;
        break;
      case REGISTER_MASTER_CLEAR: {
        const { channels, lines } = state;
        this.#state = { ...resetState(), channels, lines };
        break;
      }
      case REGISTER_CLEAR_MASKS:
        state.masks = 0;
        break;
      case REGISTER_MASKS:
        state.masks = value & 0x0f;
        break;
      default:
        this.#writeHalf(register, value);
    }
  }

  /** Half of an address or a count: base and current register alike. */
  #writeHalf(register: number, value: number): void {
    const channel = this.#channel(register >> 1);
    const [base, current] =
      (register & 1) === 0 ? (['baseAddress', 'address'] as const) : (['baseCount', 'count'] as const);
    const { isHighByte } = this.#state;
    channel[base] = isHighByte ? (channel[base] & 0xff) | (value << 8) : (channel[base] & 0xff00) | value;
    channel[current] = isHighByte ? (channel[current] & 0xff) | (value << 8) : (channel[current] & 0xff00) | value;
    this.#state.isHighByte = !isHighByte;
  }

  #channel(index: number): DmaChannelState {
    return this.#state.channels[index] as DmaChannelState;
  }

  /** The channel to serve next, by priority; null for none. Software requests are not masked. */
  #nextChannel(): number | null {
    const { command, lines, masks, requests, lowestPriority } = this.#state;
    if ((command & COMMAND_DISABLE) !== 0) return null;
    const ready = (lines & ~masks) | requests;
    if (ready === 0) return null;
    const first = (command & COMMAND_ROTATE) === 0 ? 0 : lowestPriority + 1;
    for (let rank = 0; rank < 4; rank++) {
      const channel = (first + rank) & 3;
      if ((ready & (1 << channel)) !== 0) return channel;
    }
    return null;
  }

  /** Asks for the bus if there is something to do; without somebody to ask, it is there. */
  #serve(): void {
    if (this.#isTransferring || this.#resume.deadline !== null) return;
    if (this.#hold === undefined) this.#transfer();
    else this.#hold.set(this.#nextChannel() !== null);
  }

  #transfer(): void {
    this.#isTransferring = true;
    let done = 0;
    for (let channel = this.#nextChannel(); channel !== null && done < BURST_TRANSFERS; ) {
      done += this.#serveChannel(channel);
      channel = this.#nextChannel();
    }
    this.#isTransferring = false;
    if (this.#nextChannel() !== null) this.#resume.scheduleAt(this.#clock.now + done * TRANSFER_TICKS);
  }

  /** One service, as long as the channel's mode says. @returns how many transfers it was */
  #serveChannel(channel: number): number {
    const state = this.#state;
    const bit = 1 << channel;
    state.lowestPriority = channel;
    const mode = this.#channel(channel).mode >> 6;
    if (mode === MODE_CASCADE) {
      this.#peripherals[channel]?.grant?.();
      state.requests &= ~bit;
      return 1;
    }
    let done = 1;
    while (!this.#transferOne(channel)) {
      const goesOn = mode === MODE_BLOCK || (mode === MODE_DEMAND && ((state.lines | state.requests) & bit) !== 0);
      if (!goesOn) break;
      done++;
    }
    return done;
  }

  /** @returns whether that was the terminal count */
  #transferOne(index: number): boolean {
    const channel = this.#channel(index);
    const { address } = channel;
    const isTerminalCount = channel.count === 0;
    const peripheral = this.#peripherals[index];
    channel.address = (address + ((channel.mode & MODE_DECREMENT) === 0 ? 1 : -1)) & 0xffff;
    channel.count = (channel.count - 1) & 0xffff;
    if (isTerminalCount) this.#endChannel(index);
    switch ((channel.mode >> 2) & 3) {
      case TRANSFER_WRITE:
        this.#bus.write(index, address, peripheral?.readDma?.(isTerminalCount) ?? 0xffff);
        break;
      case TRANSFER_READ:
        peripheral?.writeDma?.(this.#bus.read(index, address), isTerminalCount);
        break;
      default:
        peripheral?.readDma?.(isTerminalCount); // verify: acknowledged, but nothing is on the bus
    }
    return isTerminalCount;
  }

  #endChannel(index: number): void {
    const state = this.#state;
    const channel = this.#channel(index);
    state.terminalCounts |= 1 << index;
    state.requests &= ~(1 << index);
    if ((channel.mode & MODE_AUTOINITIALIZE) === 0) {
      state.masks |= 1 << index;
    } else {
      channel.address = channel.baseAddress;
      channel.count = channel.baseCount;
    }
  }
}
