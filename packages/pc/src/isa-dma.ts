import type { GuestMemory } from '@longmode/cpu-x86';
import { atEverySecondPort, Dma8237a, type DmaMemory, DmaPageRegisters, type DmaPeripheral } from '@longmode/dma-8237a';
import type { MemoryMap, PortBus, VirtualClock } from '@longmode/machine';

/** The DMA of a PC: channels 0 to 3 for bytes, 5 to 7 for words, channel 4 between them; with the page registers. */
export class IsaDma {
  readonly first: Dma8237a;
  readonly second: Dma8237a;
  readonly pages: DmaPageRegisters;

  /** @param dependencies `peripherals`: what is at channels 0 to 3 */
  constructor(dependencies: {
    readonly clock: VirtualClock;
    readonly memory: DmaMemory;
    readonly peripherals: Readonly<Record<number, DmaPeripheral>>;
  }) {
    const { clock, memory, peripherals } = dependencies;
    this.pages = new DmaPageRegisters();
    this.first = new Dma8237a({
      clock,
      name: 'dma-1',
      bus: this.pages.byteBus(memory),
      hold: { set: (level) => this.second.request(0).set(level) },
      peripherals,
    });
    this.second = new Dma8237a({
      clock,
      name: 'dma-2',
      bus: this.pages.wordBus(memory),
      peripherals: { 0: this.first },
    });
  }

  get parts(): readonly (Dma8237a | DmaPageRegisters)[] {
    return [this.first, this.second, this.pages];
  }

  /** The page registers are everything from 80h on: port 80h, where firmware shows its progress, is one of them. */
  claimPorts(ports: PortBus): void {
    ports.claim({ name: this.first.name, first: 0x00, count: 16, device: this.first });
    ports.claim({ name: this.pages.name, first: 0x80, count: 16, device: this.pages });
    ports.claim({ name: this.second.name, first: 0xc0, count: 32, device: atEverySecondPort(this.second) });
  }
}

/**
 * Memory as a part other than the processor sees it. Time is not brought up to date on the way: whoever moves bytes by
 * itself does so at its own moment.
 */
export function dmaMemory(memory: GuestMemory, devices: MemoryMap): DmaMemory {
  return {
    read8: (at) => (memory.pageOf(at) < 0 ? devices.read(at, 8) : memory.read8(at)),
    write8: (at, value) => {
      if (memory.pageOf(at) < 0) devices.write(at, 8, value);
      else memory.write8(at, value);
    },
  };
}
