/**
 * One channel's half of a bus master IDE controller: moves a drive's data to and from memory by a table of regions.
 *
 * @source "Programming Interface for Bus Master IDE Controller" 1.0; Intel 82371SB (PIIX3) datasheet, "Bus Master IDE
 * Command Register", "Bus Master IDE Status Register", "Descriptor Table Pointer Register"
 */
import { isInteger, recordOf, refuse } from './drive-state.ts';
import type { DmaMemory } from './medium.ts';

/** Offsets. */
export const BUS_MASTER_COMMAND = 0;
export const BUS_MASTER_STATUS = 2;
/** Four bytes: physical address of the region descriptors. */
export const BUS_MASTER_TABLE = 4;

export const BUS_MASTER_START = 0x01;
/** Direction: from the drive to memory. */
export const BUS_MASTER_TO_MEMORY = 0x08;

/** The table is not at its end, or the drive not at its own. */
export const BUS_MASTER_ACTIVE = 0x01;
export const BUS_MASTER_ERROR = 0x02;
/** The drive's interrupt line has risen. */
export const BUS_MASTER_INTERRUPT = 0x04;
/** What software notes about the drives. */
const STATUS_NOTES = 0x60;

const DESCRIPTOR_SIZE = 8;
const END_OF_TABLE = 0x8000_0000;

/** Plain data. */
export interface BusMasterState {
  command: number;
  status: number;
  /** The register. */
  table: number;
  /** Where the next descriptor is. */
  nextDescriptor: number;
  /** The region that is being filled or emptied: where, and how many bytes are left of it. */
  address: number;
  left: number;
  isLastRegion: boolean;
}

const RESET_STATE: BusMasterState = {
  command: 0,
  status: 0,
  table: 0,
  nextDescriptor: 0,
  address: 0,
  left: 0,
  isLastRegion: false,
};

/** See the file header. */
export class BusMaster {
  #state: BusMasterState = { ...RESET_STATE };
  readonly #memory: DmaMemory;

  constructor(memory: DmaMemory) {
    this.#memory = memory;
  }

  reset(): void {
    this.#state = { ...RESET_STATE };
  }
  snapshot(): BusMasterState {
    return { ...this.#state };
  }
  restore(state: BusMasterState): void {
    this.#state = { ...state };
  }

  readByte(offset: number): number {
    const { command, status, table } = this.#state;
    if (offset === BUS_MASTER_COMMAND) return command;
    if (offset === BUS_MASTER_STATUS) return status;
    if (offset >= BUS_MASTER_TABLE && offset < BUS_MASTER_TABLE + 4) {
      return (table >>> (8 * (offset - BUS_MASTER_TABLE))) & 0xff;
    }
    return 0;
  }

  /** @returns whether transfers were started with this */
  writeByte(offset: number, value: number): boolean {
    const state = this.#state;
    if (offset === BUS_MASTER_COMMAND) return this.#command(value);
    if (offset === BUS_MASTER_STATUS) {
      const cleared = value & (BUS_MASTER_ERROR | BUS_MASTER_INTERRUPT);
      state.status = (state.status & ~cleared & ~STATUS_NOTES) | (value & STATUS_NOTES);
    } else if (offset >= BUS_MASTER_TABLE && offset < BUS_MASTER_TABLE + 4) {
      const shift = 8 * (offset - BUS_MASTER_TABLE);
      state.table = ((state.table & ~(0xff << shift)) | (value << shift)) & ~3;
      state.table >>>= 0;
    }
    return false;
  }

  /** The drive's interrupt line has risen. */
  interruptRose(): void {
    this.#state.status |= BUS_MASTER_INTERRUPT;
  }

  /**
   * Moves bytes between a drive and memory as far as the table goes.
   *
   * @param direction of the drive: `in` comes from it
   * @param bytes to be read, or to be written into
   * @returns how many were moved; 0 while it is stopped or set up for the other direction
   */
  transfer(direction: 'in' | 'out', bytes: Uint8Array): number {
    const state = this.#state;
    const isToMemory = (state.command & BUS_MASTER_TO_MEMORY) !== 0;
    if ((state.status & BUS_MASTER_ACTIVE) === 0 || isToMemory !== (direction === 'in')) return 0;
    if (this.#memory.isEnabled?.() === false) return 0;
    let done = 0;
    while (done < bytes.length) {
      if (state.left === 0) this.#loadDescriptor();
      const count = Math.min(state.left, bytes.length - done);
      if (direction === 'in') this.#memory.write(state.address, bytes.subarray(done, done + count));
      else bytes.set(this.#memory.read(state.address, count).subarray(0, count), done);
      done += count;
      state.address = (state.address + count) >>> 0;
      state.left -= count;
      if (state.left === 0 && state.isLastRegion) {
        state.status &= ~BUS_MASTER_ACTIVE;
        break;
      }
    }
    return done;
  }

  /** Starting begins at the head of the table; stopping forgets where it was. */
  #command(value: number): boolean {
    const state = this.#state;
    const wasStarted = (state.command & BUS_MASTER_START) !== 0;
    const isStarted = (value & BUS_MASTER_START) !== 0;
    state.command = value & (BUS_MASTER_START | BUS_MASTER_TO_MEMORY);
    if (!isStarted) state.status &= ~BUS_MASTER_ACTIVE;
    if (!isStarted || wasStarted) return false;
    state.status |= BUS_MASTER_ACTIVE;
    Object.assign(state, { nextDescriptor: state.table, left: 0, isLastRegion: false });
    return true;
  }

  /** Address, and size in bytes: even, 0 is 64 KiB. */
  #loadDescriptor(): void {
    const state = this.#state;
    const descriptor = this.#memory.read(state.nextDescriptor, DESCRIPTOR_SIZE);
    const doubleword = (at: number): number =>
      ((descriptor[at] ?? 0xff) |
        ((descriptor[at + 1] ?? 0xff) << 8) |
        ((descriptor[at + 2] ?? 0xff) << 16) |
        ((descriptor[at + 3] ?? 0xff) << 24)) >>>
      0;
    state.address = (doubleword(0) & ~1) >>> 0;
    state.left = doubleword(4) & 0xfffe || 0x10000;
    state.isLastRegion = doubleword(4) >= END_OF_TABLE;
    state.nextDescriptor = (state.nextDescriptor + DESCRIPTOR_SIZE) >>> 0;
  }
}

/** @throws {AtaError} `bad-state` */
export function checkedBusMasterState(state: unknown, path: string): BusMasterState {
  const fields = recordOf(state, path);
  const number = (field: keyof BusMasterState, high: number): number => {
    const value = fields[field];
    return isInteger(value, 0, high) ? value : refuse(`${path}.${field}`);
  };
  if (typeof fields.isLastRegion !== 'boolean') return refuse(`${path}.isLastRegion`);
  return {
    command: number('command', 0x0f),
    status: number('status', 0x7f),
    table: number('table', 0xffff_ffff),
    nextDescriptor: number('nextDescriptor', 0xffff_ffff),
    address: number('address', 0xffff_ffff),
    left: number('left', 0x10000),
    isLastRegion: fields.isLastRegion,
  };
}
