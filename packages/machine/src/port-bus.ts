import type { AccessWidth, PortDevice } from '@longmode/device';
import { checkName, MachineError } from './machine-error.ts';

/** A run of ports that one device answers. */
export interface PortClaim {
  /** For messages and listings; several claims may share it, such as the two ports of one controller. */
  readonly name: string;
  /** First port, 0 to 0xffff. */
  readonly first: number;
  /** How many ports, at least 1. */
  readonly count: number;
  readonly device: PortDevice;
  /** The offset that the device sees at the first port; 0 unless told. */
  readonly offset?: number;
  /** The widest access in bits that the device takes whole; 8 unless told. Wider accesses are split, low part first. */
  readonly width?: AccessWidth;
}

/** A run of ports that moves while the machine runs, such as those behind a base address register of PCI. */
export interface PortWindow extends Pick<PortClaim, 'name' | 'count' | 'device' | 'offset' | 'width'> {
  /** Asked at every access that no claim answers: the window's first port now, or `null` while it is closed. */
  first(): number | null;
}

/** An access to ports that no device answers. */
export interface UnclaimedPort {
  readonly port: number;
  readonly width: AccessWidth;
  /** What the guest wrote, or `null` for a read. */
  readonly value: number | null;
}

/** What the bus tells its embedder; never needed to run. */
export interface PortBusEvents {
  /** Called once for every port and direction, at the guest's first access. */
  onUnclaimed?(access: UnclaimedPort): void;
}

const PORT_COUNT = 0x10000;
const REPORTED_READ = 1;
const REPORTED_WRITE = 2;

/**
 * The I/O address space: 65,536 ports. An access goes whole to the device at its first port if that device is wide
 * enough; otherwise it is split in two halves at consecutive ports, low half first, down to bytes. Unclaimed ports read as
 * all ones and ignore writes. Ports wrap at 0xffff.
 */
export class PortBus {
  /** The same ports for whoever looks what there is, such as firmware on the host: what nobody answers is not told. */
  readonly untold: PortDevice = {
    readPort: (port, width) => this.#read(port, width, false),
    writePort: (port, width, value) => this.#write(port, width, value, false),
  };
  /** For every port 1 + the index into `#slots`; 0 is unclaimed. */
  readonly #owner = new Uint16Array(PORT_COUNT);
  readonly #slots: PortSlot[] = [];
  readonly #claims: PortClaim[] = [];
  readonly #windows: PortWindow[] = [];
  readonly #reported = new Uint8Array(PORT_COUNT);
  readonly #events: PortBusEvents;

  constructor(dependencies: { events?: PortBusEvents } = {}) {
    this.#events = dependencies.events ?? {};
  }

  /** Every claim, in the order in which they were made. */
  get claims(): readonly PortClaim[] {
    return this.#claims;
  }

  /**
   * Gives ports to a device.
   *
   * @throws {MachineError} `bad-number` for a range outside the ports, `overlap` for ports that are taken, `bad-name`
   */
  claim(claim: PortClaim): void {
    const { name, first, count, device, offset = 0, width = 8 } = claim;
    checkName(name);
    if (
      !(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count > 0 && first + count <= PORT_COUNT)
    ) {
      throw new MachineError(
        'bad-number',
        name,
        `expected ports within 0 to 0xffff, found ${first} and ${count} ports`,
      );
    }
    if (!Number.isSafeInteger(offset))
      throw new MachineError('bad-number', name, `expected an offset, found ${offset}`);
    if (width !== 8 && width !== 16 && width !== 32) {
      throw new MachineError('bad-number', name, `expected a width of 8, 16 or 32, found ${String(width)}`);
    }
    for (let port = first; port < first + count; port++) {
      const taken = this.#slots[(this.#owner[port] ?? 0) - 1];
      if (taken) throw new MachineError('overlap', name, `port 0x${port.toString(16)} belongs to ${taken.name}`);
    }
    this.#slots.push({ name, device, width, bias: offset - first });
    this.#owner.fill(this.#slots.length, first, first + count);
    this.#claims.push(claim);
  }

  /** Adds ports that move. Where a window lies over claimed ports, the claim answers; of two windows, the older one. */
  openWindow(window: PortWindow): void {
    checkName(window.name);
    this.#windows.push(window);
  }

  /** @returns the value that the guest reads, unsigned, at most `width` bits */
  read(port: number, width: AccessWidth): number {
    return this.#read(port, width, true);
  }

  /** @param value what the guest writes; only the low `width` bits count */
  write(port: number, width: AccessWidth, value: number): void {
    this.#write(port, width, value, true);
  }

  #read(port: number, width: AccessWidth, isTold: boolean): number {
    const slot = this.#slotAt(port);
    if (slot !== undefined && slot.width >= width) {
      const value = slot.device.readPort(port + slot.bias, width);
      return width === 32 ? value >>> 0 : value & (width === 8 ? 0xff : 0xffff);
    }
    if (slot === undefined && this.#isUnclaimed(port, width)) {
      if (isTold) this.#report(port, width, null);
      return width === 32 ? 0xffff_ffff : (1 << width) - 1;
    }
    const half = width === 32 ? 16 : 8;
    const low = this.#read(port, half, isTold);
    const high = this.#read((port + (half >> 3)) & 0xffff, half, isTold);
    return (low | (high << half)) >>> 0;
  }

  #write(port: number, width: AccessWidth, value: number, isTold: boolean): void {
    const slot = this.#slotAt(port);
    if (slot !== undefined && slot.width >= width) {
      const narrow = width === 32 ? value >>> 0 : value & (width === 8 ? 0xff : 0xffff);
      slot.device.writePort(port + slot.bias, width, narrow);
      return;
    }
    if (slot === undefined && this.#isUnclaimed(port, width)) {
      if (isTold) this.#report(port, width, width === 32 ? value >>> 0 : value & ((1 << width) - 1));
      return;
    }
    const half = width === 32 ? 16 : 8;
    this.#write(port, half, value, isTold);
    this.#write((port + (half >> 3)) & 0xffff, half, value >>> half, isTold);
  }

  #isUnclaimed(port: number, width: AccessWidth): boolean {
    for (let i = 0; i < width >> 3; i++) if (this.#slotAt((port + i) & 0xffff) !== undefined) return false;
    return true;
  }

  #slotAt(port: number): PortSlot | undefined {
    return this.#slots[(this.#owner[port] ?? 0) - 1] ?? this.#windowAt(port);
  }

  #windowAt(port: number): PortSlot | undefined {
    for (const { name, count, device, width = 8, offset = 0, first } of this.#windows) {
      const start = first();
      if (start !== null && port >= start && port < start + count) return { name, device, width, bias: offset - start };
    }
    return undefined;
  }

  #report(port: number, width: AccessWidth, value: number | null): void {
    const bit = value === null ? REPORTED_READ : REPORTED_WRITE;
    const reported = this.#reported[port] ?? 0;
    if ((reported & bit) !== 0) return;
    this.#reported[port] = reported | bit;
    this.#events.onUnclaimed?.({ port, width, value });
  }
}

interface PortSlot {
  readonly name: string;
  readonly device: PortDevice;
  readonly width: AccessWidth;
  /** Added to a port, gives the offset. */
  readonly bias: number;
}
