/**
 * The part: an ATA disk of 512-byte sectors, by cylinders, heads and sectors, LBA28 and LBA48; PIO, READ and WRITE
 * MULTIPLE, bus master DMA.
 *
 * **Not emulated**: SMART, security, the host protected area, queued commands, power management beyond its answers,
 * advanced power and acoustic management, formatting, and the media status of removable disks. Transfer modes are noted,
 * and make no difference.
 *
 * @source ATA/ATAPI-6 (INCITS 361), clause 8 "Command descriptions"; ATA-1 (X3.221) for cylinder, head and sector
 */
import { AtaError } from './ata-error.ts';
import { Drive, type DriveDependencies } from './drive.ts';
import { identifyDisk } from './identify.ts';
import type { AtaDriveOptions, AtaMedium } from './medium.ts';
import {
  COMMAND_IDENTIFY_DEVICE,
  COMMAND_SET_FEATURES,
  DEVICE_HEAD,
  DEVICE_LBA,
  ERROR_ABRT,
  ERROR_IDNF,
  ERROR_UNC,
  ERROR_WP,
  STATUS_DF,
  STATUS_ERR,
  STATUS_READY,
} from './registers.ts';

const SECTOR_SIZE = 512;
/** SET MULTIPLE MODE takes powers of two up to this. */
export const MULTIPLE_MAX = 16;
/** Sectors that one step of a bus master transfer moves at most. */
const DMA_CHUNK_SECTORS = 128;

/** How a command moves sectors. */
interface Transfer {
  readonly kind: 'read' | 'write' | 'verify';
  readonly by: 'sector' | 'multiple' | 'dma';
  readonly isExtended?: boolean;
}

// biome-ignore format: a table
const TRANSFERS: ReadonlyMap<number, Transfer> = new Map<number, Transfer>([
  [0x20, { kind: 'read', by: 'sector' }],                       // READ SECTOR(S)
  [0x21, { kind: 'read', by: 'sector' }],
  [0x24, { kind: 'read', by: 'sector', isExtended: true }],     // READ SECTOR(S) EXT
  [0x25, { kind: 'read', by: 'dma', isExtended: true }],        // READ DMA EXT
  [0x29, { kind: 'read', by: 'multiple', isExtended: true }],   // READ MULTIPLE EXT
  [0x30, { kind: 'write', by: 'sector' }],                      // WRITE SECTOR(S)
  [0x31, { kind: 'write', by: 'sector' }],
  [0x34, { kind: 'write', by: 'sector', isExtended: true }],    // WRITE SECTOR(S) EXT
  [0x35, { kind: 'write', by: 'dma', isExtended: true }],       // WRITE DMA EXT
  [0x39, { kind: 'write', by: 'multiple', isExtended: true }],  // WRITE MULTIPLE EXT
  [0x40, { kind: 'verify', by: 'sector' }],                     // READ VERIFY SECTOR(S)
  [0x41, { kind: 'verify', by: 'sector' }],
  [0x42, { kind: 'verify', by: 'sector', isExtended: true }],   // READ VERIFY SECTOR(S) EXT
  [0xc4, { kind: 'read', by: 'multiple' }],                     // READ MULTIPLE
  [0xc5, { kind: 'write', by: 'multiple' }],                    // WRITE MULTIPLE
  [0xc8, { kind: 'read', by: 'dma' }],                          // READ DMA
  [0xc9, { kind: 'read', by: 'dma' }],
  [0xca, { kind: 'write', by: 'dma' }],                         // WRITE DMA
  [0xcb, { kind: 'write', by: 'dma' }],
]);

/** See the file header. */
export class HardDisk extends Drive {
  protected readonly signature = [0x00, 0x00] as const;
  protected readonly statusAtRest: number = STATUS_READY;
  readonly #medium: AtaMedium;
  readonly #options: AtaDriveOptions;

  /** @throws {AtaError} `bad-configuration` for a medium whose sectors are not of 512 bytes */
  constructor(dependencies: DriveDependencies, options: AtaDriveOptions) {
    super(dependencies);
    if (options.medium.sectorSizeBytes !== SECTOR_SIZE) {
      throw new AtaError('bad-configuration', `a disk has sectors of 512 bytes, not ${options.medium.sectorSizeBytes}`);
    }
    this.#options = options;
    this.#medium = options.medium;
    this.reset();
  }

  protected execute(command: number): void {
    const { state } = this;
    const transfer = TRANSFERS.get(command);
    if (transfer !== undefined) {
      this.#begin(transfer);
      return;
    }
    switch (command) {
      case 0x27: // READ NATIVE MAX ADDRESS EXT
        this.#putAddress(this.#medium.sectorCount - 1, true);
        this.succeed();
        return;
      case 0x91: // INITIALIZE DEVICE PARAMETERS
        state.heads = (state.device & DEVICE_HEAD) + 1;
        state.sectorsPerTrack = state.current.count;
        if (state.current.count === 0) {
          state.sectorsPerTrack = 1;
          this.fail(ERROR_ABRT);
        } else this.succeed();
        return;
      case 0xc6: // SET MULTIPLE MODE
        this.#setMultiple(state.current.count);
        return;
      case 0xe0: // STANDBY IMMEDIATE
      case 0xe2: // STANDBY
      case 0xe6: // SLEEP
        state.isStandby = true;
        this.#flush();
        return;
      case 0xe1: // IDLE IMMEDIATE
      case 0xe3: // IDLE
        state.isStandby = false;
        this.succeed();
        return;
      case 0xe5: // CHECK POWER MODE
        state.current.count = state.isStandby ? 0x00 : 0xff;
        this.succeed();
        return;
      case 0xe4: // READ BUFFER
        state.remaining = 0;
        this.offer(state.scratch.slice());
        return;
      case 0xe8: // WRITE BUFFER
        this.ask(SECTOR_SIZE, false);
        return;
      case 0xe7: // FLUSH CACHE
      case 0xea: // FLUSH CACHE EXT
        this.#flush();
        return;
      case COMMAND_IDENTIFY_DEVICE:
        state.remaining = 0;
        this.offer(identifyDisk(this.#options, state));
        return;
      case COMMAND_SET_FEATURES:
        this.#setFeatures();
        return;
      case 0xf8: // READ NATIVE MAX ADDRESS
        this.#putAddress(Math.min(this.#medium.sectorCount, 2 ** 28) - 1, false);
        this.succeed();
        return;
      default:
        if (command >> 4 === 0x1)
          this.succeed(); // RECALIBRATE
        else if (command >> 4 === 0x7) this.#seek();
        else this.fail(ERROR_ABRT);
    }
  }

  protected get isLastBlock(): boolean {
    return this.state.remaining === 0;
  }

  protected next(): void {
    const { state } = this;
    const transfer = TRANSFERS.get(state.command);
    if (state.command === 0xe8) {
      state.scratch = this.moved.slice(0, SECTOR_SIZE);
      if (state.scratch.length < SECTOR_SIZE) state.scratch = new Uint8Array(SECTOR_SIZE);
      this.succeed();
    } else if (transfer?.kind === 'write') this.#store(transfer);
    else if (transfer?.kind === 'read' && state.remaining > 0) this.#load(transfer);
    else this.succeed(); // the last chunk by bus master
  }

  /** Checks the address and begins to move sectors. */
  #begin(transfer: Transfer): void {
    const { state } = this;
    const isMultiple = transfer.by === 'multiple';
    if (isMultiple && state.multiple === 0) {
      this.fail(ERROR_ABRT);
      return;
    }
    if (transfer.kind === 'write' && this.#medium.write === undefined) {
      this.fail(ERROR_WP | ERROR_ABRT);
      return;
    }
    const lba = this.#address(transfer.isExtended === true);
    state.remaining = this.#count(transfer.isExtended === true);
    state.isStandby = false;
    if (lba === null) {
      this.fail(ERROR_IDNF);
      return;
    }
    if (lba + state.remaining > this.#medium.sectorCount) {
      this.#failAt(Math.max(lba, this.#medium.sectorCount), ERROR_IDNF, transfer);
      return;
    }
    state.lba = lba;
    if (transfer.kind === 'read') this.#load(transfer);
    else if (transfer.kind === 'write') this.#askBlock(transfer, false);
    else this.#verify(transfer);
  }

  /** The sectors that the next block is made of. */
  #blockSectors({ by }: Transfer): number {
    const { remaining, multiple } = this.state;
    return Math.min(remaining, by === 'dma' ? DMA_CHUNK_SECTORS : by === 'multiple' ? Math.max(1, multiple) : 1);
  }

  #load(transfer: Transfer): void {
    const { state } = this;
    const count = this.#blockSectors(transfer);
    const bytes = this.#read(state.lba, count);
    if (bytes.length < count * SECTOR_SIZE) {
      this.#failAt(state.lba + Math.trunc(bytes.length / SECTOR_SIZE), ERROR_UNC, transfer);
      return;
    }
    state.lba += count;
    state.remaining -= count;
    this.#putProgress(transfer);
    if (transfer.by === 'dma') this.requestDma('in', bytes);
    else this.offer(bytes);
  }

  #askBlock(transfer: Transfer, interrupts: boolean): void {
    const size = this.#blockSectors(transfer) * SECTOR_SIZE;
    if (transfer.by === 'dma') this.requestDma('out', new Uint8Array(size));
    else this.ask(size, interrupts);
  }

  #store(transfer: Transfer): void {
    const { state } = this;
    const bytes = this.moved.slice();
    const count = bytes.length / SECTOR_SIZE;
    const isInside = Number.isInteger(count) && state.lba + count <= this.#medium.sectorCount;
    if (!isInside || this.#medium.write?.(state.lba, bytes) !== true) {
      this.#failAt(state.lba, ERROR_ABRT, transfer, STATUS_READY | STATUS_DF | STATUS_ERR);
      return;
    }
    state.lba += count;
    state.remaining = Math.max(0, state.remaining - count);
    this.#putProgress(transfer);
    if (state.remaining > 0) this.#askBlock(transfer, true);
    else this.succeed();
  }

  /** Reads without a transfer, some sectors at a time. */
  #verify(transfer: Transfer): void {
    const { state } = this;
    while (state.remaining > 0) {
      const count = Math.min(state.remaining, DMA_CHUNK_SECTORS);
      const bytes = this.#read(state.lba, count);
      const good = Math.trunc(bytes.length / SECTOR_SIZE);
      if (good < count) {
        this.#failAt(state.lba + good, ERROR_UNC, transfer);
        return;
      }
      state.lba += count;
      state.remaining -= count;
    }
    this.#putProgress(transfer);
    this.succeed();
  }

  #read(lba: number, count: number): Uint8Array {
    if (lba + count > this.#medium.sectorCount) return new Uint8Array(0);
    return this.#medium.read(lba, count).slice(0, count * SECTOR_SIZE);
  }

  #flush(): void {
    if (this.#medium.flush?.() === false) this.fail(ERROR_ABRT, STATUS_READY | STATUS_DF | STATUS_ERR);
    else this.succeed();
  }

  #seek(): void {
    const lba = this.#address(false);
    if (lba === null || lba >= this.#medium.sectorCount) this.fail(ERROR_IDNF);
    else this.succeed();
  }

  #setMultiple(count: number): void {
    const isPossible = count <= MULTIPLE_MAX && (count & (count - 1)) === 0;
    this.state.multiple = isPossible ? count : 0;
    if (isPossible) this.succeed();
    else this.fail(ERROR_ABRT);
  }

  #setFeatures(): void {
    const { state } = this;
    switch (state.current.features) {
      case 0x02:
      case 0x82:
        state.isWriteCacheOn = state.current.features === 0x02;
        break;
      case 0xaa:
      case 0x55:
        state.isLookAheadOn = state.current.features === 0xaa;
        break;
      case 0x66: // keep, and
      case 0xcc: // revert to, the settings of power-on at a soft reset
        break;
      case 0x03:
        if (!isTransferMode(state.current.count)) {
          this.fail(ERROR_ABRT);
          return;
        }
        state.transferMode = state.current.count;
        break;
      default:
        this.fail(ERROR_ABRT);
        return;
    }
    this.succeed();
  }

  /** @returns the sector that the registers name, or `null` for a cylinder, head or sector that the translation lacks */
  #address(isExtended: boolean): number | null {
    const { current, previous, device, heads, sectorsPerTrack } = this.state;
    const low = current.lbaLow + current.lbaMid * 0x100 + current.lbaHigh * 0x10000;
    if (isExtended) {
      return low + (previous.lbaLow + previous.lbaMid * 0x100 + previous.lbaHigh * 0x10000) * 0x100_0000;
    }
    const head = device & DEVICE_HEAD;
    if ((device & DEVICE_LBA) !== 0) return low + head * 0x100_0000;
    const cylinder = current.lbaMid + current.lbaHigh * 0x100;
    const sector = current.lbaLow;
    if (sector === 0 || sector > sectorsPerTrack || head >= heads) return null;
    return (cylinder * heads + head) * sectorsPerTrack + sector - 1;
  }

  #count(isExtended: boolean): number {
    const { current, previous } = this.state;
    return isExtended ? previous.count * 0x100 + current.count || 0x10000 : current.count || 0x100;
  }

  /** Writes an address into the registers: by the translation where the command came so. */
  #putAddress(lba: number, isExtended: boolean): void {
    const { state } = this;
    const { heads, sectorsPerTrack } = state;
    const byte = (value: number, index: number): number => Math.trunc(value / 2 ** (8 * index)) & 0xff;
    if (!isExtended && (state.device & DEVICE_LBA) === 0) {
      const track = Math.trunc(lba / sectorsPerTrack);
      const cylinder = Math.trunc(track / heads);
      const sector = (lba % sectorsPerTrack) + 1;
      Object.assign(state.current, { lbaLow: sector, lbaMid: byte(cylinder, 0), lbaHigh: byte(cylinder, 1) });
      state.device = (state.device & ~DEVICE_HEAD) | (track % heads);
      return;
    }
    Object.assign(state.current, { lbaLow: byte(lba, 0), lbaMid: byte(lba, 1), lbaHigh: byte(lba, 2) });
    if (isExtended)
      Object.assign(state.previous, { lbaLow: byte(lba, 3), lbaMid: byte(lba, 4), lbaHigh: byte(lba, 5) });
    else state.device = (state.device & ~DEVICE_HEAD) | (byte(lba, 3) & DEVICE_HEAD);
  }

  /** The registers name the last sector that was moved, and how many are left. */
  #putProgress({ isExtended = false }: Transfer): void {
    const { state } = this;
    this.#putAddress(state.lba - 1, isExtended);
    state.current.count = state.remaining & 0xff;
    if (isExtended) state.previous.count = (state.remaining >> 8) & 0xff;
  }

  /** Ends the command at the sector that is to blame. */
  #failAt(lba: number, error: number, { isExtended = false }: Transfer, status?: number): void {
    this.#putAddress(lba, isExtended);
    this.fail(error, status);
  }
}

/** PIO default and flow control modes, multiword DMA 0 to 2, Ultra DMA 0 to 5. */
export function isTransferMode(mode: number): boolean {
  return (
    mode <= 0x01 || (mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x45)
  );
}
