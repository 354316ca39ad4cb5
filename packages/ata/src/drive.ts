/**
 * What all drives have in common: the task file, status and interrupt, and the protocols by which data moves. Everything
 * takes virtual time: a command's effect comes with an alarm, during which the drive is busy.
 *
 * @source ATA/ATAPI-6 (INCITS 361), clause 9 "Protocol"
 */
import type { AccessWidth, Alarm, Clock } from '@longmode/device';
import { checkedDriveState, copyDriveState, type DriveState, powerOnState, type TaskFileBytes } from './drive-state.ts';
import {
  ATA_DEVICE,
  ATA_ERROR_FEATURES,
  ATA_LBA_HIGH,
  ATA_LBA_LOW,
  ATA_LBA_MID,
  ATA_SECTOR_COUNT,
  COMMAND_DEVICE_RESET,
  COMMAND_EXECUTE_DEVICE_DIAGNOSTIC,
  DEVICE_DEV,
  DIAGNOSTIC_PASSED,
  ERROR_ABRT,
  STATUS_BSY,
  STATUS_DRQ,
  STATUS_ERR,
  STATUS_READY,
} from './registers.ts';

/** From a command to its effect, in ticks: two microseconds. */
const COMMAND_TICKS = 2000;
/** For each sector of 512 bytes that comes from or goes to the medium. */
const SECTOR_TICKS = 500;
const RESET_TICKS = 20_000;

/** What a drive tells its channel. */
export interface DriveSignals {
  /** The drive's interrupt has come or gone. */
  interruptChanged(): void;
  /** The drive asserts DMARQ: data can move. */
  dmaRequested(drive: Drive): void;
}

/** What drives are made with. */
export interface DriveDependencies {
  readonly clock: Clock;
  /** Of the drive's alarm. */
  readonly name: string;
  readonly signals: DriveSignals;
  /** 0 or 1. */
  readonly number: number;
}

const REGISTER_FIELDS: Readonly<Record<number, keyof TaskFileBytes>> = {
  [ATA_ERROR_FEATURES]: 'features',
  [ATA_SECTOR_COUNT]: 'count',
  [ATA_LBA_LOW]: 'lbaLow',
  [ATA_LBA_MID]: 'lbaMid',
  [ATA_LBA_HIGH]: 'lbaHigh',
};

/** See the file header. */
export abstract class Drive {
  readonly number: number;
  protected state: DriveState = powerOnState();
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #signals: DriveSignals;

  constructor({ clock, name, signals, number }: DriveDependencies) {
    this.#clock = clock;
    this.#alarm = clock.alarm(name, () => this.#onAlarm());
    this.#signals = signals;
    this.number = number;
  }

  /** What LBA mid and high hold after a reset: what kind of device this is. */
  protected abstract readonly signature: readonly [mid: number, high: number];
  /** The status after a reset. */
  protected abstract readonly statusAtRest: number;
  /** Does what the command register asks for. */
  protected abstract execute(command: number): void;
  /** Whether nothing follows the block that the host takes: the drive is at rest at once, and tells nobody. */
  protected abstract readonly isLastBlock: boolean;
  /** The host has moved a block: goes on with the command. */
  protected abstract next(): void;
  /** The host has written a command packet. */
  protected executePacket(_packet: Uint8Array): void {
    this.fail(ERROR_ABRT);
  }

  // Power, snapshots.

  reset(): void {
    this.#alarm.cancel();
    this.state = powerOnState();
    this.putSignature();
  }
  snapshot(): DriveState {
    return copyDriveState(this.state);
  }
  /** @throws {AtaError} `bad-state` */
  check(state: unknown, path: string): DriveState {
    return checkedDriveState(state, path);
  }
  /** @param state what {@link check} returned */
  restore(state: DriveState): void {
    this.state = state;
  }

  // The host's side.

  get status(): number {
    return this.state.status;
  }
  /** Whether the drive is at a command: its registers take nothing then. */
  get isBusy(): boolean {
    return (this.state.status & (STATUS_BSY | STATUS_DRQ)) !== 0;
  }
  get isInterruptPending(): boolean {
    return this.state.isInterruptPending;
  }

  readRegister(register: number, isHighOrder: boolean): number {
    const { current, previous, device, error } = this.state;
    if (register === ATA_ERROR_FEATURES) return error;
    if (register === ATA_DEVICE) return device | 0xa0;
    const field = REGISTER_FIELDS[register];
    return field === undefined ? this.readStatus() : (isHighOrder ? previous : current)[field];
  }

  /** Reading the status register acknowledges the interrupt. */
  readStatus(): number {
    this.setInterrupt(false);
    return this.state.status;
  }

  writeRegister(register: number, value: number): void {
    const { state } = this;
    if (register === ATA_DEVICE) {
      state.device = value;
      return;
    }
    const field = REGISTER_FIELDS[register];
    if (field === undefined) return;
    state.previous[field] = state.current[field];
    state.current[field] = value;
  }

  /** A drive that is at something takes DEVICE RESET only, if it is one that has that. */
  writeCommand(command: number): void {
    const { state } = this;
    this.setInterrupt(false);
    if (this.isBusy && command !== COMMAND_DEVICE_RESET) return;
    state.command = command;
    this.#dropData();
    this.#wait('command', COMMAND_TICKS);
  }

  /** @returns the next 16 or 32 bits of a block, ones without one */
  readData(width: AccessWidth): number {
    const { state } = this;
    if (state.phase !== 'data-in' || width === 8) return 2 ** width - 1;
    let value = 0;
    const size = Math.min(width / 8, state.block);
    for (let i = 0; i < size; i++) value += (state.buffer[state.position + i] as number) * 2 ** (8 * i);
    this.#advance(size);
    return value;
  }

  writeData(width: AccessWidth, value: number): void {
    const { state } = this;
    if ((state.phase !== 'data-out' && state.phase !== 'packet-out') || width === 8) return;
    const size = Math.min(width / 8, state.block);
    for (let i = 0; i < size; i++) state.buffer[state.position + i] = (value >>> (8 * i)) & 0xff;
    this.#advance(size);
  }

  /** Clears the bit that selects device 1. */
  deselect(): void {
    this.state.device &= ~DEVICE_DEV;
  }

  /** SRST: held busy while it is set; the drive's own test, and its signature, when it is cleared. */
  softReset(isAsserted: boolean): void {
    if (!isAsserted) {
      if (this.state.phase === 'held') this.#wait('diagnose', RESET_TICKS);
      return;
    }
    this.#alarm.cancel();
    this.setInterrupt(false);
    this.#dropData();
    this.state.command = 0;
    this.state.phase = 'held';
    this.state.status = STATUS_BSY;
  }

  /** EXECUTE DEVICE DIAGNOSTIC, which all drives of a channel do at once. */
  diagnose(): void {
    this.setInterrupt(false);
    this.state.command = COMMAND_EXECUTE_DEVICE_DIAGNOSTIC;
    this.#dropData();
    this.#wait('diagnose', RESET_TICKS);
  }

  // The bus master's side.

  /** Which way bytes want to go by bus master, if they do. */
  get dmaDirection(): 'in' | 'out' | null {
    const { phase } = this.state;
    return phase === 'dma-in' ? 'in' : phase === 'dma-out' ? 'out' : null;
  }
  /** The bytes to move: to be read, or to be written into. */
  get dmaBytes(): Uint8Array {
    const { buffer, position, block } = this.state;
    return buffer.subarray(position, position + block);
  }
  /** So many of them have been moved. */
  dmaMoved(count: number): void {
    this.#advance(count);
  }
  /** The bus master has been started: it moves its first bytes a little later. */
  dmaStarted(): void {
    const { phase } = this.state;
    if (phase === 'dma-in') this.#wait('transfer-in', SECTOR_TICKS, this.state.status);
    else if (phase === 'dma-out') this.#wait('transfer-out', SECTOR_TICKS, this.state.status);
  }

  // For the kinds of drives.

  protected setInterrupt(isPending: boolean): void {
    if (this.state.isInterruptPending === isPending) return;
    this.state.isInterruptPending = isPending;
    this.#signals.interruptChanged();
  }

  protected putSignature(): void {
    const { state } = this;
    const [lbaMid, lbaHigh] = this.signature;
    state.current = { features: 0, count: 1, lbaLow: 1, lbaMid, lbaHigh };
    state.previous = { features: 0, count: 0, lbaLow: 0, lbaMid: 0, lbaHigh: 0 };
    state.device &= DEVICE_DEV;
    state.error = DIAGNOSTIC_PASSED;
    state.status = this.statusAtRest;
  }

  /** Ends the command well. */
  protected succeed(): void {
    this.end(STATUS_READY, 0);
  }
  /** Ends the command with bits of the error register. */
  protected fail(error: number, status: number = STATUS_READY | STATUS_ERR): void {
    this.end(status, error);
  }
  /** Ends the command. */
  protected end(status: number, error: number, interrupts = true): void {
    const { state } = this;
    this.#dropData();
    state.phase = 'idle';
    state.status = status;
    state.error = error;
    if (interrupts) this.setInterrupt(true);
  }

  /** Offers bytes of the buffer to the host, by the data register. */
  protected offer(bytes: Uint8Array, block: number = bytes.length): void {
    this.#openBlock('data-in', bytes, block);
    this.setInterrupt(true);
  }
  /** Asks the host for bytes, by the data register. @param interrupts whether the host is told so */
  protected ask(size: number, interrupts: boolean, phase: 'data-out' | 'packet-out' = 'data-out'): void {
    this.#openBlock(phase, new Uint8Array(size), size);
    if (interrupts) this.setInterrupt(true);
  }
  /** Offers bytes to the bus master, or asks it to fill them. */
  protected requestDma(direction: 'in' | 'out', bytes: Uint8Array): void {
    this.#openBlock(direction === 'in' ? 'dma-in' : 'dma-out', bytes, bytes.length);
    this.#signals.dmaRequested(this);
  }

  /** The bytes of the block that has been moved. */
  protected get moved(): Uint8Array {
    return this.state.buffer.subarray(0, this.state.position);
  }

  #openBlock(phase: DriveState['phase'], bytes: Uint8Array, block: number): void {
    const { state } = this;
    state.buffer = bytes;
    state.position = 0;
    state.block = block;
    state.phase = phase;
    state.status = STATUS_READY | STATUS_DRQ;
    state.error = 0;
  }

  #advance(count: number): void {
    const { state } = this;
    state.position += count;
    state.block -= count;
    if (state.block > 0) return;
    if (state.phase === 'data-in' && this.isLastBlock) this.end(STATUS_READY, 0, false);
    else if (state.phase === 'packet-out') this.#wait('packet', COMMAND_TICKS);
    else this.#wait('next', SECTOR_TICKS * Math.max(1, Math.ceil(state.position / 512)));
  }

  #dropData(): void {
    Object.assign(this.state, { buffer: new Uint8Array(0), position: 0, block: 0 });
  }

  #wait(phase: DriveState['phase'], ticks: number, status = STATUS_BSY | STATUS_READY): void {
    this.state.phase = phase;
    this.state.status = status;
    this.#alarm.scheduleAt(this.#clock.now + ticks);
  }

  #onAlarm(): void {
    const { state } = this;
    switch (state.phase) {
      case 'command':
        this.execute(state.command);
        return;
      case 'packet':
        this.executePacket(this.moved);
        return;
      case 'next':
        this.next();
        return;
      case 'transfer-in':
      case 'transfer-out':
        state.phase = state.phase === 'transfer-in' ? 'dma-in' : 'dma-out';
        this.#signals.dmaRequested(this);
        return;
      case 'diagnose':
        state.phase = 'idle';
        this.putSignature();
        // Of a diagnostic, unlike of a reset, the end is told, by device 0.
        if (state.command === COMMAND_EXECUTE_DEVICE_DIAGNOSTIC && this.number === 0) this.setInterrupt(true);
        return;
      default: // Waits for the host: the alarm is not ours to have.
    }
  }
}
