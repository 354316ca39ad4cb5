/**
 * The part: an ATAPI CD-ROM drive with 2048-byte sectors: PACKET by PIO and by bus master DMA.
 *
 * **Not emulated**: audio, raw sectors and subchannels (READ CD gives user data only), DVD structures, MODE SELECT, other
 * media after power-on: the tray opens and closes with the same disc.
 *
 * @source ATA/ATAPI-6 (INCITS 361), "PACKET command protocol"; SFF-8020i; MMC-3 (INCITS 360)
 */
import { AtaError } from './ata-error.ts';
import { Drive, type DriveDependencies } from './drive.ts';
import { isTransferMode } from './hard-disk.ts';
import { identifyCdRom } from './identify.ts';
import type { AtaDriveOptions, AtaMedium } from './medium.ts';
import {
  configurationData,
  discInformation,
  doublewordAt,
  eventData,
  inquiryData,
  modeData,
  PACKET,
  SENSE_INVALID_FIELD,
  SENSE_INVALID_OPERATION,
  SENSE_MEDIUM_CHANGED,
  SENSE_NO_MEDIUM,
  SENSE_NO_SAVED_PAGES,
  SENSE_NONE,
  SENSE_OUT_OF_RANGE,
  SENSE_READ_ERROR,
  SENSE_REMOVAL_PREVENTED,
  type Sense,
  senseData,
  tocData,
  u32,
  wordAt,
} from './packet.ts';
import {
  COMMAND_DEVICE_RESET,
  COMMAND_IDENTIFY_DEVICE,
  COMMAND_IDENTIFY_PACKET_DEVICE,
  COMMAND_PACKET,
  COMMAND_SET_FEATURES,
  ERROR_ABRT,
  REASON_CD,
  REASON_IO,
  STATUS_ERR,
  STATUS_READY,
} from './registers.ts';

const SECTOR_SIZE = 2048;
const PACKET_SIZE = 12;
/** The sense key with which the error register also says that the command was aborted. */
const ILLEGAL_REQUEST = 0x05;
const FEATURE_DMA = 0x01;
const FEATURE_OVERLAP = 0x02;
/** Sectors in the buffer at most: as much as the largest byte count needs, and a chunk of a bus master transfer. */
const CHUNK_SECTORS = 32;
/** Commands that are told neither of a new medium nor of a missing one. */
const UNCONDITIONAL: readonly number[] = [
  PACKET.inquiry,
  PACKET.requestSense,
  PACKET.getConfiguration,
  PACKET.getEventStatus,
  PACKET.modeSense10,
  PACKET.startStopUnit,
  PACKET.preventAllowRemoval,
  PACKET.mechanismStatus,
];

/** See the file header. */
export class CdRom extends Drive {
  protected readonly signature = [0x14, 0xeb] as const;
  /** Not ready before the first command, by which drivers that look for disks are kept away. */
  protected readonly statusAtRest: number = 0;
  readonly #medium: AtaMedium;
  readonly #options: AtaDriveOptions;

  /** @throws {AtaError} `bad-configuration` for a medium whose sectors are not of 2048 bytes */
  constructor(dependencies: DriveDependencies, options: AtaDriveOptions) {
    super(dependencies);
    if (options.medium.sectorSizeBytes !== SECTOR_SIZE) {
      throw new AtaError(
        'bad-configuration',
        `a CD-ROM has sectors of 2048 bytes, not ${options.medium.sectorSizeBytes}`,
      );
    }
    this.#options = options;
    this.#medium = options.medium;
    this.reset();
  }

  protected execute(command: number): void {
    const { state } = this;
    switch (command) {
      case COMMAND_DEVICE_RESET:
        state.phase = 'idle';
        this.putSignature();
        return;
      case COMMAND_PACKET:
        if ((state.current.features & FEATURE_OVERLAP) !== 0) {
          this.fail(ERROR_ABRT);
          return;
        }
        state.current.count = REASON_CD;
        this.ask(PACKET_SIZE, false, 'packet-out');
        return;
      case COMMAND_IDENTIFY_PACKET_DEVICE:
        this.offer(identifyCdRom(this.#options, state));
        return;
      case COMMAND_SET_FEATURES:
        if (state.current.features !== 0x03 || !isTransferMode(state.current.count)) this.fail(ERROR_ABRT);
        else {
          state.transferMode = state.current.count;
          this.succeed();
        }
        return;
      case 0xe0: // STANDBY IMMEDIATE
      case 0xe1: // IDLE IMMEDIATE
        this.succeed();
        return;
      case 0xe5: // CHECK POWER MODE
        state.current.count = 0xff;
        this.succeed();
        return;
      case 0x20: // READ SECTOR(S) and IDENTIFY DEVICE: aborted, with the signature in the registers
      case COMMAND_IDENTIFY_DEVICE: {
        const { device } = state;
        this.putSignature();
        state.device = device;
        this.fail(ERROR_ABRT);
        return;
      }
      default:
        this.fail(ERROR_ABRT);
    }
  }

  protected override executePacket(packet: Uint8Array): void {
    const { state } = this;
    const operation = packet[0] as number;
    if (!UNCONDITIONAL.includes(operation)) {
      if (state.isMediumChanged) {
        state.isMediumChanged = false;
        this.#check(SENSE_MEDIUM_CHANGED);
        return;
      }
      if (state.isTrayOpen && (Object.values(PACKET) as readonly number[]).includes(operation)) {
        this.#check(SENSE_NO_MEDIUM);
        return;
      }
    }
    switch (operation) {
      case PACKET.testUnitReady:
        this.#finish();
        return;
      case PACKET.requestSense: {
        const sense = senseData(state.sense);
        state.sense = [...SENSE_NONE];
        this.#answer(sense, packet[4] as number);
        return;
      }
      case PACKET.inquiry:
        this.#inquire(packet);
        return;
      case PACKET.startStopUnit:
        this.#startStop(packet[4] as number);
        return;
      case PACKET.preventAllowRemoval:
        state.isTrayLocked = ((packet[4] as number) & 1) !== 0;
        this.#finish();
        return;
      case PACKET.readCapacity:
        this.#answer([...u32(this.#medium.sectorCount - 1), ...u32(SECTOR_SIZE)], 8);
        return;
      case PACKET.read10:
        this.#beginRead(doublewordAt(packet, 2), wordAt(packet, 7));
        return;
      case PACKET.read12:
        this.#beginRead(doublewordAt(packet, 2), doublewordAt(packet, 6));
        return;
      case PACKET.readCd:
        this.#readCd(packet);
        return;
      case PACKET.seek:
        if (doublewordAt(packet, 2) < this.#medium.sectorCount) this.#finish();
        else this.#check(SENSE_OUT_OF_RANGE);
        return;
      case PACKET.readToc: {
        // Old drives have the format in the last byte.
        const format = (packet[2] as number) & 0x0f || (packet[9] as number) >> 6;
        const isTime = ((packet[1] as number) & 0x02) !== 0;
        this.#answerIfAny(tocData(format, isTime, packet[6] as number, this.#medium.sectorCount), wordAt(packet, 7));
        return;
      }
      case PACKET.getConfiguration: {
        const sectorCount = state.isTrayOpen ? null : this.#medium.sectorCount;
        this.#answer(configurationData((packet[1] as number) & 3, wordAt(packet, 2), sectorCount), wordAt(packet, 7));
        return;
      }
      case PACKET.getEventStatus:
        if (((packet[1] as number) & 1) === 0)
          this.#check(SENSE_INVALID_FIELD); // asynchronous
        else {
          this.#answer(eventData(packet[4] as number, state.isTrayOpen, state.isMediumChanged), wordAt(packet, 7));
        }
        return;
      case PACKET.readDiscInformation:
        if (((packet[1] as number) & 7) !== 0) this.#check(SENSE_INVALID_FIELD);
        else this.#answer(discInformation(), wordAt(packet, 7));
        return;
      case PACKET.modeSense10:
        if ((packet[2] as number) >> 6 === 3) this.#check(SENSE_NO_SAVED_PAGES);
        else this.#answerIfAny(modeData((packet[2] as number) & 0x3f, state), wordAt(packet, 7));
        return;
      case PACKET.mechanismStatus:
        this.#answer([0, state.isTrayOpen ? 0x10 : 0, 0, 0, 0, 0, 0, 0], wordAt(packet, 8));
        return;
      default:
        this.#check(SENSE_INVALID_OPERATION);
    }
  }

  protected get isLastBlock(): boolean {
    return this.state.command !== COMMAND_PACKET;
  }

  protected next(): void {
    const { state } = this;
    const left = state.buffer.length - state.position;
    if (left + state.remaining === 0) this.#finish();
    else this.#deliver();
  }

  #inquire(packet: Uint8Array): void {
    if (((packet[1] as number) & 1) !== 0 || packet[2] !== 0) {
      this.#check(SENSE_INVALID_FIELD); // vital product data
      return;
    }
    const { model = 'longmode CD-ROM', firmwareRevision = '1.0' } = this.#options;
    this.#answer(inquiryData(model, firmwareRevision), packet[4] as number);
  }

  /** START STOP UNIT: bit 0 start, bit 1 load or eject. */
  #startStop(action: number): void {
    const { state } = this;
    if ((action & 2) !== 0) {
      const opens = (action & 1) === 0;
      if (opens && state.isTrayLocked) {
        this.#check(SENSE_REMOVAL_PREVENTED);
        return;
      }
      if (!opens && state.isTrayOpen) state.isMediumChanged = true;
      state.isTrayOpen = opens;
    }
    this.#finish();
  }

  /** READ CD: user data of any kind of sector. */
  #readCd(packet: Uint8Array): void {
    const count = (packet[6] as number) * 0x10000 + wordAt(packet, 7);
    const selection = (packet[9] as number) & 0xf8;
    if (selection === 0x10) this.#beginRead(doublewordAt(packet, 2), count);
    else if (selection === 0x00) this.#finish();
    else this.#check(SENSE_INVALID_FIELD);
  }

  #beginRead(lba: number, count: number): void {
    const { state } = this;
    if (lba + count > this.#medium.sectorCount) {
      this.#check(SENSE_OUT_OF_RANGE);
      return;
    }
    state.lba = lba;
    state.remaining = count;
    state.buffer = new Uint8Array(0);
    state.position = 0;
    if (count === 0) this.#finish();
    else this.#deliver();
  }

  #answerIfAny(data: number[] | undefined, limit: number): void {
    if (data === undefined) this.#check(SENSE_INVALID_FIELD);
    else this.#answer(data, limit);
  }

  /** Data that is not sectors, cut to the allocation length of the packet. */
  #answer(data: readonly number[], limit: number): void {
    const { state } = this;
    state.remaining = 0;
    state.buffer = Uint8Array.from(data.slice(0, limit));
    state.position = 0;
    if (state.buffer.length === 0) this.#finish();
    else this.#deliver();
  }

  /** Hands over as much as the host takes at once, of the buffer and of the medium. */
  #deliver(): void {
    const { state } = this;
    const isDma = (state.current.features & FEATURE_DMA) !== 0;
    const limit = isDma ? CHUNK_SECTORS * SECTOR_SIZE : byteLimit(state.current);
    let buffer = state.buffer.slice(state.position);
    if (buffer.length < limit && state.remaining > 0) {
      const count = Math.min(state.remaining, Math.ceil((limit - buffer.length) / SECTOR_SIZE));
      const isInside = state.lba + count <= this.#medium.sectorCount;
      const bytes = isInside ? this.#medium.read(state.lba, count) : new Uint8Array(0);
      if (bytes.length < count * SECTOR_SIZE) {
        this.#check(SENSE_READ_ERROR);
        return;
      }
      const joined = new Uint8Array(buffer.length + count * SECTOR_SIZE);
      joined.set(buffer);
      joined.set(bytes.subarray(0, count * SECTOR_SIZE), buffer.length);
      buffer = joined;
      state.lba += count;
      state.remaining -= count;
    }
    if (isDma) {
      this.requestDma('in', buffer);
      return;
    }
    const block = Math.min(buffer.length, limit);
    state.current.count = REASON_IO;
    state.current.lbaMid = block & 0xff;
    state.current.lbaHigh = block >> 8;
    this.offer(buffer, block);
  }

  #finish(): void {
    const { state } = this;
    state.sense = [...SENSE_NONE];
    state.current.count = REASON_CD | REASON_IO;
    this.succeed();
  }

  /** Ends with CHECK CONDITION: the error register has the sense key, REQUEST SENSE tells the rest. */
  #check(sense: Sense): void {
    const { state } = this;
    state.sense = [...sense];
    state.current.count = REASON_CD | REASON_IO;
    this.end(STATUS_READY | STATUS_ERR, (sense[0] << 4) | (sense[0] === ILLEGAL_REQUEST ? ERROR_ABRT : 0));
  }
}

/** The byte count registers: the most bytes per block; even, unless a single block is enough. */
function byteLimit({ lbaMid, lbaHigh }: { lbaMid: number; lbaHigh: number }): number {
  const limit = lbaMid | (lbaHigh << 8);
  return limit === 0 || limit === 0xffff ? 0xfffe : Math.max(2, limit & 0xfffe);
}
