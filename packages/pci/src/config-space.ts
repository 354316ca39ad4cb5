/**
 * The configuration space of one function: 256 bytes, of which each bit is fixed, or the guest's, or cleared by writing
 * a one.
 *
 * @source PCI Local Bus Specification 2.1, chapter 6 "Configuration Space"
 */
import type { AccessWidth } from '@longmode/device';
import { PciError } from './pci-error.ts';

/** Size of a configuration space in bytes. */
export const CONFIG_SIZE_BYTES = 256;

/** Offsets in the header that every function has. */
export const CONFIG_VENDOR_ID = 0x00;
export const CONFIG_DEVICE_ID = 0x02;
export const CONFIG_COMMAND = 0x04;
export const CONFIG_STATUS = 0x06;
export const CONFIG_REVISION = 0x08;
/** Three bytes: programming interface, subclass, base class. */
export const CONFIG_CLASS = 0x09;
export const CONFIG_HEADER_TYPE = 0x0e;
/** Six doublewords. */
export const CONFIG_BASE_ADDRESSES = 0x10;
export const CONFIG_INTERRUPT_LINE = 0x3c;
export const CONFIG_INTERRUPT_PIN = 0x3d;

/** The function answers at its I/O base addresses. */
export const COMMAND_IO = 0x0001;
/** The function answers at its memory base addresses. */
export const COMMAND_MEMORY = 0x0002;
export const COMMAND_BUS_MASTER = 0x0004;

/** Bit of a base address of memory. */
const BASE_PREFETCHABLE = 0x08;

/** Header type: the device has more functions than number 0. */
export const HEADER_MULTIFUNCTION = 0x80;

/** A base address register. */
export interface BaseAddress {
  readonly space: 'io' | 'memory';
  /** A power of two: from 4 for ports, from 16 for memory. */
  readonly sizeBytes: number;
  /** Whether reading the memory has no side effects; not so unless told. */
  readonly isPrefetchable?: boolean;
  /** Of ports: whether the base keeps its upper 16 bits, which mean nothing on a PC; not so unless told. */
  readonly keepsUpperHalf?: boolean;
}

/** One register: up to four bytes. */
export interface ConfigField {
  readonly offset: number;
  readonly sizeBytes: 1 | 2 | 4;
  /** After a reset. */
  readonly value: number;
  /** Bits that the guest may write; none unless told. */
  readonly writable?: number;
  /** Bits that the guest clears by writing a one. */
  readonly clearable?: number;
}

/** What a function is: its header, and the registers behind it. */
export interface ConfigLayout {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly revision: number;
  /** Base class, subclass and programming interface: 0x010180. */
  readonly classCode: number;
  /** 0 unless told. */
  readonly headerType?: number;
  /** After a reset, and the bits of it that the guest may write. */
  readonly command: number;
  readonly commandWritable: number;
  readonly status: number;
  readonly statusClearable?: number;
  /** By register number, 0 to 5. */
  readonly baseAddresses?: Readonly<Record<number, BaseAddress>>;
  /** 1 to 4 for INTA# to INTD#: the interrupt line register can then be written; 0 unless told. */
  readonly interruptPin?: number;
  readonly fields?: readonly ConfigField[];
}

/** See the file header. */
export class ConfigSpace {
  readonly #reset = new Uint8Array(CONFIG_SIZE_BYTES);
  readonly #writable = new Uint8Array(CONFIG_SIZE_BYTES);
  readonly #clearable = new Uint8Array(CONFIG_SIZE_BYTES);
  readonly #bytes = new Uint8Array(CONFIG_SIZE_BYTES);

  /** @throws {PciError} `bad-function` for a register outside the space or a base address of a wrong size */
  constructor(layout: ConfigLayout) {
    const { classCode, baseAddresses = {}, interruptPin = 0 } = layout;
    const fields: ConfigField[] = [
      { offset: CONFIG_VENDOR_ID, sizeBytes: 2, value: layout.vendorId },
      { offset: CONFIG_DEVICE_ID, sizeBytes: 2, value: layout.deviceId },
      { offset: CONFIG_COMMAND, sizeBytes: 2, value: layout.command, writable: layout.commandWritable },
      { offset: CONFIG_STATUS, sizeBytes: 2, value: layout.status, clearable: layout.statusClearable ?? 0 },
      { offset: CONFIG_REVISION, sizeBytes: 4, value: classCode * 0x100 + layout.revision },
      { offset: CONFIG_HEADER_TYPE, sizeBytes: 1, value: layout.headerType ?? 0 },
      { offset: CONFIG_INTERRUPT_LINE, sizeBytes: 1, value: 0, writable: interruptPin === 0 ? 0 : 0xff },
      { offset: CONFIG_INTERRUPT_PIN, sizeBytes: 1, value: interruptPin },
      ...Object.entries(baseAddresses).map(([index, base]) => baseAddressField(Number(index), base)),
      ...(layout.fields ?? []),
    ];
    for (const field of fields) this.#place(field);
    this.reset();
  }

  reset(): void {
    this.#bytes.set(this.#reset);
  }

  /** @param offset the first byte; what lies behind the end reads as ones */
  read(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let i = 0; i < width / 8; i++) value += (this.#bytes[offset + i] ?? 0xff) * 2 ** (8 * i);
    return value;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    for (let at = offset; at < Math.min(offset + width / 8, CONFIG_SIZE_BYTES); at++) {
      const written = (value >>> (8 * (at - offset))) & 0xff;
      const writable = this.#writable[at] as number;
      const cleared = written & (this.#clearable[at] as number);
      this.#bytes[at] = ((this.#bytes[at] as number) & ~writable & ~cleared) | (written & writable);
    }
  }

  /** @returns the first port behind a base address register, or `null` while the guest has not set and enabled it */
  ioBase(index: number): number | null {
    return this.#base(index, COMMAND_IO, 1, 0xfffc);
  }

  /** @returns the physical address behind a base address register, or `null` while it is not set and enabled */
  memoryBase(index: number): number | null {
    return this.#base(index, COMMAND_MEMORY, 0, 0xffff_fff0);
  }

  /** Whether the guest lets the function read and write memory by itself. */
  get isBusMaster(): boolean {
    return (this.read(CONFIG_COMMAND, 16) & COMMAND_BUS_MASTER) !== 0;
  }

  /** A copy of all bytes. */
  snapshot(): Uint8Array {
    return this.#bytes.slice();
  }

  /** Whether a snapshot is one of such a function: fixed bits as they are here. */
  accepts(bytes: unknown): bytes is Uint8Array {
    if (!(bytes instanceof Uint8Array) || bytes.length !== CONFIG_SIZE_BYTES) return false;
    return bytes.every((byte, at) => {
      const free = (this.#writable[at] as number) | (this.#clearable[at] as number);
      return ((byte ^ (this.#reset[at] as number)) & ~free) === 0;
    });
  }

  /** Takes bytes that it {@link accepts}. */
  restore(bytes: Uint8Array): void {
    this.#bytes.set(bytes);
  }

  #base(index: number, enable: number, spaceBit: number, mask: number): number | null {
    const register = this.read(CONFIG_BASE_ADDRESSES + 4 * index, 32);
    const isEnabled = (this.read(CONFIG_COMMAND, 16) & enable) !== 0;
    const base = (register & mask) >>> 0;
    return isEnabled && (register & 1) === spaceBit && base !== 0 ? base : null;
  }

  #place({ offset, sizeBytes, value, writable = 0, clearable = 0 }: ConfigField): void {
    if (!Number.isInteger(offset) || offset < 0 || offset + sizeBytes > CONFIG_SIZE_BYTES) {
      throw new PciError('bad-function', `a register of ${sizeBytes} bytes at ${offset} is outside of 256 bytes`);
    }
    for (let i = 0; i < sizeBytes; i++) {
      this.#reset[offset + i] = value >>> (8 * i);
      this.#writable[offset + i] = writable >>> (8 * i);
      this.#clearable[offset + i] = clearable >>> (8 * i);
    }
  }
}

/** The low bits of a base address are fixed, which is how the guest learns its size: it writes ones and reads back. */
function baseAddressField(index: number, base: BaseAddress): ConfigField {
  const { space, sizeBytes, isPrefetchable = false, keepsUpperHalf = false } = base;
  const isPowerOfTwo = Number.isInteger(Math.log2(sizeBytes)) && sizeBytes <= 2 ** 31;
  if (!(index >= 0 && index < 6) || !isPowerOfTwo || sizeBytes < (space === 'io' ? 4 : 16)) {
    throw new PciError('bad-function', `base address ${index}: ${sizeBytes} bytes of ${space} space cannot be`);
  }
  return {
    offset: CONFIG_BASE_ADDRESSES + 4 * index,
    sizeBytes: 4,
    value: space === 'io' ? 1 : isPrefetchable ? BASE_PREFETCHABLE : 0,
    writable: (space === 'io' && !keepsUpperHalf ? 0x1_0000 : 0x1_0000_0000) - sizeBytes,
  };
}
