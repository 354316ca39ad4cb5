import type { AccessWidth, MemoryDevice } from '@longmode/device';
import { checkName, MachineError } from './machine-error.ts';

/** A range of physical addresses that one device answers. */
export interface MemoryRegion {
  /** For messages and listings; several regions may share it. */
  readonly name: string;
  /** First physical address, below 2^52. */
  readonly first: number;
  readonly sizeBytes: number;
  readonly device: MemoryDevice;
  /** The byte offset that the device sees at the first address; 0 unless told. */
  readonly offset?: number;
  /** The widest access in bits that the device takes whole; 32 unless told. Wider accesses are split, low part first. */
  readonly width?: AccessWidth;
}

/** An access to an address that no device answers. */
export interface UnclaimedMemory {
  readonly address: number;
  readonly width: AccessWidth;
  /** What the guest wrote, or `null` for a read. */
  readonly value: number | null;
}

/** What the map tells its embedder; never needed to run. */
export interface MemoryMapEvents {
  /** Called at the first access to each 4 KiB page, for the first 1,024 such pages. */
  onUnclaimed?(access: UnclaimedMemory): void;
}

const ADDRESS_LIMIT = 2 ** 52;
const MAX_REPORTED_PAGES = 1024;

/**
 * Devices by physical address. RAM is not in here: it belongs to the CPU's memory, and only what is no RAM comes this way.
 * A device sees naturally aligned accesses that lie wholly in its region; anything else is split in halves, low half first,
 * down to bytes. A 64-bit access is two 32-bit ones, which is the CPU's business. Unclaimed addresses read as all ones and
 * ignore writes.
 */
export class MemoryMap {
  /** Sorted by first address. */
  readonly #regions: Region[] = [];
  readonly #reportedPages = new Set<number>();
  readonly #events: MemoryMapEvents;
  /** Where the last access went: a guest that fills a screen asks for one region a million times. */
  #last: Region | undefined;

  constructor(dependencies: { events?: MemoryMapEvents } = {}) {
    this.#events = dependencies.events ?? {};
  }

  /** Every region, by rising address. */
  get regions(): readonly MemoryRegion[] {
    return this.#regions.map((region) => region.claim);
  }

  /**
   * Gives addresses to a device.
   *
   * @throws {MachineError} `bad-number` for a range outside 2^52 bytes, `overlap` for addresses that are taken, `bad-name`
   */
  claim(claim: MemoryRegion): void {
    const { name, first, sizeBytes, device, offset = 0, width = 32 } = claim;
    checkName(name);
    const end = first + sizeBytes;
    if (
      !(Number.isInteger(first) && Number.isInteger(sizeBytes) && first >= 0 && sizeBytes > 0 && end <= ADDRESS_LIMIT)
    ) {
      throw new MachineError(
        'bad-number',
        name,
        `expected addresses below 2^52, found ${first} and ${sizeBytes} bytes`,
      );
    }
    if (!Number.isSafeInteger(offset))
      throw new MachineError('bad-number', name, `expected an offset, found ${offset}`);
    if (width !== 8 && width !== 16 && width !== 32) {
      throw new MachineError('bad-number', name, `expected a width of 8, 16 or 32, found ${String(width)}`);
    }
    for (const other of this.#regions) {
      if (first < other.end && other.first < end) {
        throw new MachineError(
          'overlap',
          name,
          `address 0x${Math.max(first, other.first).toString(16)} belongs to ${other.name}`,
        );
      }
    }
    this.#regions.push({ claim, name, device, first, end, width, bias: offset - first });
    this.#regions.sort((a, b) => a.first - b.first);
  }

  /** @returns the region that holds the byte at `address`, or `undefined` */
  regionAt(address: number): MemoryRegion | undefined {
    return this.#find(address)?.claim;
  }

  /** @returns the value that the guest reads, unsigned, at most `width` bits */
  read(address: number, width: AccessWidth): number {
    const region = this.#find(address);
    const sizeBytes = width >> 3;
    const isAligned = address % sizeBytes === 0;
    if (region !== undefined && isAligned && region.width >= width && address + sizeBytes <= region.end) {
      const value = region.device.readMemory(address + region.bias, width);
      return width === 32 ? value >>> 0 : value & (width === 8 ? 0xff : 0xffff);
    }
    if (region === undefined) this.#report(address, width, null);
    if (width === 8) return 0xff;
    const half = width === 32 ? 16 : 8;
    const low = this.read(address, half);
    const high = this.read(address + (half >> 3), half);
    return (low | (high << half)) >>> 0;
  }

  /** @param value what the guest writes; only the low `width` bits count */
  write(address: number, width: AccessWidth, value: number): void {
    const region = this.#find(address);
    const sizeBytes = width >> 3;
    const isAligned = address % sizeBytes === 0;
    const narrow = width === 32 ? value >>> 0 : value & (width === 8 ? 0xff : 0xffff);
    if (region !== undefined && isAligned && region.width >= width && address + sizeBytes <= region.end) {
      region.device.writeMemory(address + region.bias, width, narrow);
      return;
    }
    if (region === undefined) this.#report(address, width, narrow);
    if (width === 8) return;
    const half = width === 32 ? 16 : 8;
    this.write(address, half, value);
    this.write(address + (half >> 3), half, value >>> half);
  }

  #find(address: number): Region | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.first && address < last.end) return last;
    let low = 0;
    let high = this.#regions.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const region = this.#regions[middle];
      if (region === undefined) return undefined;
      if (address < region.first) high = middle - 1;
      else if (address >= region.end) low = middle + 1;
      else {
        this.#last = region;
        return region;
      }
    }
    return undefined;
  }

  #report(address: number, width: AccessWidth, value: number | null): void {
    const page = Math.floor(address / 0x1000);
    if (this.#reportedPages.size >= MAX_REPORTED_PAGES || this.#reportedPages.has(page)) return;
    this.#reportedPages.add(page);
    this.#events.onUnclaimed?.({ address, width, value });
  }
}

interface Region {
  readonly claim: MemoryRegion;
  readonly name: string;
  readonly device: MemoryDevice;
  readonly first: number;
  /** First address after the region. */
  readonly end: number;
  readonly width: AccessWidth;
  /** Added to an address, gives the offset. */
  readonly bias: number;
}
