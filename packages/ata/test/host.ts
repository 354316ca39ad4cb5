/** A host for tests: a channel with its clock, line and memory, and what a driver does with it. */
import { VirtualClock } from '@longmode/machine';
import { AtaChannel, type AtaDriveOptions, type AtaMedium } from '../src/index.ts';

/** A medium in memory. Byte 0 to 3 of every sector are its number, the rest follows from it. */
export class NumberedMedium implements AtaMedium {
  readonly sectorSizeBytes: number;
  readonly sectorCount: number;
  readonly written = new Map<number, Uint8Array>();
  /** Sectors from this one on cannot be read. */
  badFrom = Number.POSITIVE_INFINITY;
  isFull = false;
  flushes = 0;
  write?: (lba: number, bytes: Uint8Array) => boolean;

  constructor(sectorCount: number, options: { sectorSizeBytes?: number; isReadOnly?: boolean } = {}) {
    this.sectorCount = sectorCount;
    this.sectorSizeBytes = options.sectorSizeBytes ?? 512;
    if (options.isReadOnly !== true) this.write = (lba, bytes) => this.#write(lba, bytes);
  }

  /** What a sector holds before anything is written. */
  sector(lba: number): Uint8Array {
    const bytes = new Uint8Array(this.sectorSizeBytes);
    new DataView(bytes.buffer).setUint32(0, lba % 2 ** 32, true);
    for (let i = 4; i < bytes.length; i++) bytes[i] = (lba * 7 + i * 13) & 0xff;
    return bytes;
  }

  read(lba: number, count: number): Uint8Array {
    const good = Math.max(0, Math.min(count, this.badFrom - lba));
    const out = new Uint8Array(good * this.sectorSizeBytes);
    for (let i = 0; i < good; i++) out.set(this.written.get(lba + i) ?? this.sector(lba + i), i * this.sectorSizeBytes);
    return out;
  }

  flush(): boolean {
    this.flushes++;
    return !this.isFull;
  }

  #write(lba: number, bytes: Uint8Array): boolean {
    if (this.isFull) return false;
    for (let at = 0; at < bytes.length; at += 512) this.written.set(lba + at / 512, bytes.slice(at, at + 512));
    return true;
  }
}

export class Host {
  readonly clock = new VirtualClock();
  readonly memory = new Uint8Array(0x40_0000);
  readonly channel: AtaChannel;
  isBusMasterEnabled = true;
  irq = false;
  irqs = 0;

  constructor(drives: readonly (AtaDriveOptions | null)[]) {
    this.channel = new AtaChannel({
      clock: this.clock,
      drives,
      interrupt: {
        set: (level) => {
          this.irq = level;
          if (level) this.irqs++;
        },
      },
      memory: {
        read: (physical, size) => this.memory.slice(physical, physical + size),
        write: (physical, bytes) =>
          this.memory.set(bytes.subarray(0, Math.max(0, this.memory.length - physical)), physical),
        isEnabled: () => this.isBusMasterEnabled,
      },
    });
  }

  in8(offset: number): number {
    return this.channel.readPort(offset, 8);
  }
  out8(offset: number, ...values: number[]): void {
    for (const value of values) this.channel.writePort(offset, 8, value);
  }

  /** Lets time pass until the drive is not busy. @returns the alternate status */
  ready(): number {
    for (let i = 0; i < 10_000 && (this.in8(8) & 0x80) !== 0; i++) this.wait(1000);
    return this.in8(8);
  }
  wait(ticks: number): void {
    this.clock.advanceTo(this.clock.now + ticks);
  }

  /** A command with registers in LBA28: features, count, address, device. @returns the status afterwards */
  command(
    command: number,
    registers: { features?: number; count?: number; lba?: number; device?: number } = {},
  ): number {
    const { features = 0, count = 0, lba = 0, device = 0xe0 } = registers;
    this.out8(6, device | (Math.trunc(lba / 2 ** 24) & 0x0f));
    this.out8(1, features);
    this.out8(2, count);
    for (let i = 0; i < 3; i++) this.out8(3 + i, Math.trunc(lba / 2 ** (8 * i)) & 0xff);
    this.out8(7, command);
    return this.ready();
  }

  /** A command with registers in LBA48. @returns the status afterwards */
  command48(command: number, { count, lba, device = 0x40 }: { count: number; lba: number; device?: number }): number {
    const byte = (value: number, index: number): number => Math.trunc(value / 2 ** (8 * index)) & 0xff;
    this.out8(6, device);
    this.out8(2, byte(count, 1), byte(count, 0));
    this.out8(3, byte(lba, 3), byte(lba, 0));
    this.out8(4, byte(lba, 4), byte(lba, 1));
    this.out8(5, byte(lba, 5), byte(lba, 2));
    this.out8(7, command);
    return this.ready();
  }

  /** Reads a block from the data register. */
  take(size: number, width: 16 | 32 = 16): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += width / 8) {
      const value = this.channel.readPort(0, width);
      for (let i = 0; i < Math.min(width / 8, size - at); i++) bytes[at + i] = (value >>> (8 * i)) & 0xff;
    }
    return bytes;
  }
  give(bytes: Uint8Array, width: 16 | 32 = 16): void {
    for (let at = 0; at < bytes.length; at += width / 8) {
      let value = 0;
      for (let i = 0; i < width / 8; i++) value += (bytes[at + i] ?? 0) * 2 ** (8 * i);
      this.channel.writePort(0, width, value);
    }
  }

  /** Sends a packet. @param limit the byte count @returns the status after it */
  packet(bytes: readonly number[], { limit = 0xfffe, isDma = false, device = 0xa0 } = {}): number {
    this.out8(6, device);
    this.out8(1, isDma ? 1 : 0);
    this.out8(4, limit & 0xff);
    this.out8(5, limit >> 8);
    this.out8(7, 0xa0);
    this.ready();
    this.give(Uint8Array.from([...bytes, ...new Array<number>(12 - bytes.length).fill(0)]));
    return this.ready();
  }
  /** Takes all that a packet command offers by the data register. */
  takeAll(): { bytes: Uint8Array; blocks: number[] } {
    const parts: number[] = [];
    const blocks: number[] = [];
    while ((this.ready() & 0x08) !== 0) {
      const size = this.in8(4) | (this.in8(5) << 8);
      blocks.push(size);
      parts.push(...this.take(size));
    }
    return { bytes: Uint8Array.from(parts), blocks };
  }

  /** Puts a table of regions at 1000h, points the bus master at it and starts it. */
  startDma(direction: 'in' | 'out', regions: readonly (readonly [address: number, size: number])[]): void {
    const view = new DataView(this.memory.buffer);
    regions.forEach(([address, size], index) => {
      view.setUint32(0x1000 + 8 * index, address, true);
      view.setUint32(0x1004 + 8 * index, (size & 0xffff) + (index === regions.length - 1 ? 0x8000_0000 : 0), true);
    });
    this.channel.writePort(16, 8, 0);
    this.channel.writePort(18, 8, 0x06);
    this.channel.writePort(20, 32, 0x1000);
    this.channel.writePort(16, 8, direction === 'in' ? 0x08 : 0x00);
    this.channel.writePort(16, 8, direction === 'in' ? 0x09 : 0x01);
  }
}
