/**
 * The page registers of a PC's DMA channels: 16 latches of 8 bits, ports 80h to 8Fh. Seven hold the upper address bits of
 * channels, one is for memory refresh, the rest only remember; port 80h is where firmware shows its progress (POST codes).
 *
 * **Not emulated**: nothing.
 *
 * @source IBM Personal Computer AT Technical Reference, "DMA Page Registers"
 */
import type { AccessWidth, Component, PortDevice } from '@longmode/device';
import type { DmaBus } from './dma-8237a.ts';
import { Dma8237aError } from './dma-error.ts';

export interface DmaPageState {
  /** 16 bytes, by offset. */
  readonly latches: Uint8Array;
}

/** Physical memory, a byte at a time. */
export interface DmaMemory {
  read8(physical: number): number;
  write8(physical: number, value: number): void;
}

const LATCH_COUNT = 16;
/** The latch of each channel, by offset; channel 4 cascades and has the one of the refresh logic. */
const LATCH_OF_CHANNEL = [0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa] as const;

/** See the file header. */
export class DmaPageRegisters implements Component<DmaPageState>, PortDevice {
  readonly name: string;
  #latches = new Uint8Array(LATCH_COUNT);

  constructor(dependencies: { name?: string } = {}) {
    this.name = dependencies.name ?? 'dma-pages';
  }

  reset(): void {
    this.#latches.fill(0);
  }
  snapshot(): DmaPageState {
    return { latches: this.#latches.slice() };
  }
  /** @throws {Dma8237aError} `bad-state` unless there are 16 bytes */
  restore(state: DmaPageState): void {
    const latches = state?.latches;
    if (!(latches instanceof Uint8Array) || latches.length !== LATCH_COUNT) {
      throw new Dma8237aError('bad-state', `${this.name}: expected ${LATCH_COUNT} latches`);
    }
    this.#latches = latches.slice();
  }

  readPort(offset: number, width: AccessWidth): number {
    const value = this.#latches[offset & 0x0f] as number;
    return width === 8 ? value : (value | (width === 16 ? 0xff00 : 0xffffff00)) >>> 0;
  }
  writePort(offset: number, _width: AccessWidth, value: number): void {
    this.#latches[offset & 0x0f] = value;
  }

  /** The memory of channels 0 to 3: bytes, in the 64 KiB that the channel's page register names. */
  byteBus(memory: DmaMemory): DmaBus {
    const at = (channel: number, address: number): number => this.#page(channel) * 0x10000 + address;
    return {
      read: (channel, address) => memory.read8(at(channel, address)),
      write: (channel, address, value) => memory.write8(at(channel, address), value & 0xff),
    };
  }

  /** The memory of channels 4 to 7 (0 to 3 of their chip): words, in 128 KiB; the page register's bit 0 has no meaning. */
  wordBus(memory: DmaMemory): DmaBus {
    const at = (channel: number, address: number): number => (this.#page(channel + 4) & 0xfe) * 0x10000 + address * 2;
    return {
      read: (channel, address) => {
        const low = at(channel, address);
        return memory.read8(low) | (memory.read8(low + 1) << 8);
      },
      write: (channel, address, value) => {
        const low = at(channel, address);
        memory.write8(low, value & 0xff);
        memory.write8(low + 1, (value >> 8) & 0xff);
      },
    };
  }

  #page(channel: number): number {
    return this.#latches[LATCH_OF_CHANNEL[channel] ?? 0] as number;
  }
}
