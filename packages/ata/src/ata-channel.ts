/**
 * The part: a channel with up to two drives, and its half of a bus master controller.
 *
 * Ports: offsets 0 to 7 are the command block (1F0h of the first channel), of which 0 takes accesses of 16 and 32 bits; 8
 * is the control block (3F6h); 16 to 23 the bus master registers (behind base address 4 of the PCI function).
 *
 * **Not emulated**: the drive address register (3F7h, which a floppy controller shares); queued and overlapped commands;
 * what the drives leave out (`hard-disk.ts`, `cd-rom.ts`).
 *
 * @source ATA/ATAPI-6 (INCITS 361); "Programming Interface for Bus Master IDE Controller" 1.0
 */
import type { AccessWidth, Clock, Component, InterruptLine, PortDevice } from '@longmode/device';
import { BusMaster, type BusMasterState, checkedBusMasterState } from './bus-master.ts';
import { CdRom } from './cd-rom.ts';
import type { Drive, DriveSignals } from './drive.ts';
import { type DriveState, isInteger, recordOf, refuse } from './drive-state.ts';
import { HardDisk } from './hard-disk.ts';
import type { AtaDriveOptions, DmaMemory } from './medium.ts';
import {
  ATA_BUS_MASTER,
  ATA_CONTROL,
  ATA_DATA,
  ATA_DEVICE,
  ATA_STATUS_COMMAND,
  COMMAND_EXECUTE_DEVICE_DIAGNOSTIC,
  CONTROL_HOB,
  CONTROL_NIEN,
  CONTROL_SRST,
  DEVICE_DEV,
} from './registers.ts';

const BUS_MASTER_COUNT = 8;
const CONTROL_BITS = CONTROL_HOB | CONTROL_SRST | CONTROL_NIEN;

/** What a channel remembers: plain data. */
export interface AtaChannelState {
  /** Which drive is selected: 0 or 1. */
  readonly selected: number;
  /** Device Control. */
  readonly control: number;
  readonly busMaster: BusMasterState;
  /** `null` where there is no drive. */
  readonly drives: readonly (DriveState | null)[];
}

/** What a channel needs. */
export interface AtaChannelDependencies {
  readonly clock: Clock;
  /** INTRQ. */
  readonly interrupt: InterruptLine;
  /** Device 0 and device 1; `null` or left out for none. */
  readonly drives: readonly (AtaDriveOptions | null)[];
  /** For bus master transfers; without it they never begin. */
  readonly memory?: DmaMemory;
  /** `ata` unless told. */
  readonly name?: string;
}

/** Memory of a controller that is no bus master. */
const NO_MEMORY: DmaMemory = {
  read: (_physical, sizeBytes) => new Uint8Array(sizeBytes).fill(0xff),
  write() {},
  isEnabled: () => false,
};

/** See the file header. */
export class AtaChannel implements Component<AtaChannelState>, PortDevice {
  readonly name: string;
  readonly #interrupt: InterruptLine;
  readonly #drives: readonly (Drive | undefined)[];
  readonly #busMaster: BusMaster;
  #selected = 0;
  #control = 0;
  /** The level of INTRQ. */
  #isRequesting = false;

  /** @throws {AtaError} `bad-configuration` for a medium that does not fit its kind of drive */
  constructor(dependencies: AtaChannelDependencies) {
    const { clock, interrupt, memory = NO_MEMORY, name = 'ata' } = dependencies;
    this.name = name;
    this.#interrupt = interrupt;
    this.#busMaster = new BusMaster(memory);
    const signals: DriveSignals = {
      interruptChanged: () => this.#driveInterrupt(),
      dmaRequested: (drive) => this.#transfer(drive),
    };
    this.#drives = [0, 1].map((number) => {
      const options = dependencies.drives[number] ?? null;
      if (options === null) return undefined;
      const common = { clock, signals, number, name: `${name}.drive${number}` };
      return options.kind === 'disk' ? new HardDisk(common, options) : new CdRom(common, options);
    });
  }

  reset(): void {
    this.#selected = 0;
    this.#control = 0;
    this.#busMaster.reset();
    for (const drive of this.#drives) drive?.reset();
    this.#isRequesting = false;
  }

  snapshot(): AtaChannelState {
    return {
      selected: this.#selected,
      control: this.#control,
      busMaster: this.#busMaster.snapshot(),
      drives: this.#drives.map((drive) => drive?.snapshot() ?? null),
    };
  }

  /** @throws {AtaError} `bad-state`, with nothing changed, for a state that is damaged or of other drives */
  restore(state: AtaChannelState): void {
    const { selected, control, busMaster, drives } = recordOf(state, this.name);
    if (!isInteger(selected, 0, 1)) refuse(`${this.name}.selected`);
    if (!isInteger(control, 0, 0xff) || (control & ~CONTROL_BITS) !== 0) refuse(`${this.name}.control`);
    if (!Array.isArray(drives) || drives.length !== this.#drives.length) refuse(`${this.name}.drives`);
    const checked = this.#drives.map((drive, number) => {
      const path = `${this.name}.drives[${number}]`;
      if (drive !== undefined) return drive.check(drives[number], path);
      return drives[number] === null ? null : refuse(path);
    });
    this.#busMaster.restore(checkedBusMasterState(busMaster, `${this.name}.busMaster`));
    this.#selected = selected;
    this.#control = control;
    this.#drives.forEach((drive, number) => {
      const found = checked[number];
      if (found) drive?.restore(found);
    });
    this.#isRequesting = this.#wantsInterrupt;
  }

  readPort(offset: number, width: AccessWidth): number {
    if (offset === ATA_DATA) return this.#drive?.readData(width) ?? 2 ** width - 1;
    let value = 0;
    for (let i = 0; i < width / 8; i++) value += this.#readByte(offset + i) * 2 ** (8 * i);
    return value;
  }

  writePort(offset: number, width: AccessWidth, value: number): void {
    if (offset === ATA_DATA) this.#drive?.writeData(width, value);
    else for (let i = 0; i < width / 8; i++) this.#writeByte(offset + i, (value >>> (8 * i)) & 0xff);
  }

  /** The selected drive, if it is there. */
  get #drive(): Drive | undefined {
    return this.#drives[this.#selected];
  }

  #readByte(offset: number): number {
    if (offset >= ATA_BUS_MASTER && offset < ATA_BUS_MASTER + BUS_MASTER_COUNT) {
      return this.#busMaster.readByte(offset - ATA_BUS_MASTER);
    }
    if (offset === ATA_CONTROL) return this.#drive?.status ?? 0;
    if (offset < ATA_DATA || offset > ATA_STATUS_COMMAND) return 0xff;
    // Device 0 answers for a device 1 that is not there, with a status of zero.
    if (this.#drive === undefined && offset === ATA_STATUS_COMMAND) return 0;
    const drive = this.#drive ?? (this.#selected === 1 ? this.#drives[0] : undefined);
    return drive?.readRegister(offset, (this.#control & CONTROL_HOB) !== 0) ?? 0;
  }

  #writeByte(offset: number, value: number): void {
    if (offset >= ATA_BUS_MASTER && offset < ATA_BUS_MASTER + BUS_MASTER_COUNT) {
      const isStarted = this.#busMaster.writeByte(offset - ATA_BUS_MASTER, value);
      if (isStarted) for (const drive of this.#drives) drive?.dmaStarted();
    } else if (offset === ATA_CONTROL) this.#writeControl(value);
    else if (offset > ATA_DATA && offset <= ATA_STATUS_COMMAND) this.#writeRegister(offset, value);
  }

  #writeRegister(offset: number, value: number): void {
    this.#control &= ~CONTROL_HOB;
    if (offset !== ATA_STATUS_COMMAND) {
      // Both drives take what is written; a selected one that is at something takes nothing.
      if (this.#drive?.isBusy === true) return;
      for (const drive of this.#drives) drive?.writeRegister(offset, value);
      if (offset !== ATA_DEVICE) return;
      this.#selected = (value & DEVICE_DEV) === 0 ? 0 : 1;
      this.#driveInterrupt();
    } else if (value === COMMAND_EXECUTE_DEVICE_DIAGNOSTIC) this.#diagnose();
    else this.#drive?.writeCommand(value);
  }

  /** All drives test themselves at once, and device 0 is selected afterwards. */
  #diagnose(): void {
    if (this.#drive?.isBusy === true) return;
    this.#select0();
    for (const drive of this.#drives) drive?.diagnose();
  }

  #writeControl(value: number): void {
    const wasReset = (this.#control & CONTROL_SRST) !== 0;
    const isReset = (value & CONTROL_SRST) !== 0;
    this.#control = value & CONTROL_BITS;
    if (isReset !== wasReset) {
      if (isReset) this.#select0();
      for (const drive of this.#drives) drive?.softReset(isReset);
    }
    this.#driveInterrupt();
  }

  #select0(): void {
    this.#selected = 0;
    for (const drive of this.#drives) drive?.deselect();
  }

  /** Lets the bus master move what a drive has or wants, and tells the drive how much that was. */
  #transfer(drive: Drive): void {
    const direction = drive.dmaDirection;
    if (direction === null) return;
    const count = this.#busMaster.transfer(direction, drive.dmaBytes);
    if (count > 0) drive.dmaMoved(count);
  }

  get #wantsInterrupt(): boolean {
    return this.#drive?.isInterruptPending === true && (this.#control & CONTROL_NIEN) === 0;
  }

  #driveInterrupt(): void {
    const level = this.#wantsInterrupt;
    if (level === this.#isRequesting) return;
    this.#isRequesting = level;
    if (level) this.#busMaster.interruptRose();
    this.#interrupt.set(level);
  }
}
