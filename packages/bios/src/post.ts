/**
 * The power-on sequence: PCI, interrupt vectors, data areas, interrupt controllers, timer, CMOS, keyboard, serial ports, display.
 *
 * Steps that wait for the keyboard controller give time to the machine: the stub halts until the next timer tick and POST goes
 * on where it was. A part that is not there ends its step.
 *
 * **Not emulated**: memory tests, option ROMs, a setup program, the printer ports.
 *
 * @source IBM PC AT Technical Reference, "System BIOS"; Intel 8259A, 8254 and 8042 data sheets
 */
import * as bda from './bda.ts';
import { updateDriveCounts } from './boot.ts';
import {
  initialiseInterruptControllers,
  RTC_B_24H,
  RTC_STATUS_A,
  RTC_STATUS_B,
  RTC_STATUS_C,
  RTC_STATUS_D,
  readCmos,
  setA20,
  writeCmos,
} from './chipset.ts';
import { initialiseFloppyController } from './disk/floppy.ts';
import type { Firmware } from './firmware.ts';
import { KEYBOARD_STEPS } from './keyboard/controller.ts';
import { SHIFT_3_ENHANCED } from './keyboard/shift-states.ts';
import { EBDA_BASE, EBDA_SIZE_BYTES, usableBytesFrom } from './memory-map.ts';
import { setUpPci } from './pci/setup.ts';
import {
  PORT_DMA1_CLEAR,
  PORT_DMA2_CLEAR,
  PORT_DMA2_MASK,
  PORT_DMA2_MODE,
  PORT_PIC1_DATA,
  PORT_PIC2_DATA,
  PORT_PIT_CHANNEL0,
  PORT_PIT_CHANNEL1,
  PORT_PIT_CHANNEL2,
  PORT_PIT_MODE,
  PORT_SERIAL_BASES,
} from './ports.ts';
import { initialVector, ROM_SEGMENT } from './rom/image.ts';
import { setTicksFromClock } from './system/clock.ts';
import { setVideoMode } from './video/mode-set.ts';

/** Interrupt masks at hand-over: timer, keyboard, cascade and floppy; clock, mouse, coprocessor and first ATA channel open. */
export const MASTER_MASK = 0xb8;
/** See {@link MASTER_MASK}. */
export const SLAVE_MASK = 0x8e;

/** Everything closed but the timer, which wakes the processor between steps. */
const MASTER_MASK_DURING_POST = 0xfe;
const ALL_MASKED = 0xff;
const KEY_BUFFER_START = 0x1e;
const KEY_BUFFER_END = 0x3e;
/** Coprocessor; 80 columns in colour. */
const EQUIPMENT_FIXED = 0x0022;
const TEXT_MODE = 0x03;
const DATA_AREA_BYTES = 0x100;
/** Mode byte for channel 4: cascade. */
const DMA_CASCADE = 0xc0;
/** Vectors 60h-66h are for users, 67h and 79h are 0 to show that there is no EMS and no second handler. */
const EMPTY_VECTORS: readonly number[] = [0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x79];

/** One step; "wait" means: let time pass, then call again. */
export type PostStep = (firmware: Firmware) => 'done' | 'wait';

const STEPS: readonly PostStep[] = [
  (firmware) => {
    setA20(firmware.ports, true);
    setUpPci(firmware.ports);
    initialiseInterruptControllers(firmware.ports, MASTER_MASK_DURING_POST, ALL_MASKED);
    writeVectors(firmware);
    writeDataAreas(firmware);
    for (const { address, bytes } of firmware.tables) firmware.memory.writeBytes(address, bytes);
    programTimers(firmware);
    programClock(firmware);
    return 'done';
  },
  ...KEYBOARD_STEPS,
  (firmware) => {
    programDma(firmware);
    initialiseFloppyController(firmware);
    findSerialPorts(firmware);
    updateDriveCounts(firmware);
    writeCmosConfiguration(firmware);
    setVideoMode(firmware, TEXT_MODE);
    // Once more, which forgets the edges of everything that was just set up.
    initialiseInterruptControllers(firmware.ports, ALL_MASKED, ALL_MASKED);
    firmware.ports.writePort(PORT_PIC1_DATA, 8, MASTER_MASK);
    firmware.ports.writePort(PORT_PIC2_DATA, 8, SLAVE_MASK);
    return 'done';
  },
];

/**
 * Runs steps until one must wait or all are done.
 *
 * @returns true when POST is complete; its step counter is then back at the beginning
 */
export function runPost(firmware: Firmware): boolean {
  const { state } = firmware;
  for (let step = STEPS[state.postStep]; step !== undefined; step = STEPS[state.postStep]) {
    if (step(firmware) === 'wait') return false;
    state.deadlines.post = null;
    state.postStep++;
  }
  state.postStep = 0;
  return true;
}

/** Goes on after the step that waits. */
export function skipPostStep({ state }: Firmware): void {
  state.deadlines.post = null;
  state.postStep++;
}

function writeVectors({ memory, rom }: Firmware): void {
  for (let vector = 0; vector < 256; vector++) {
    memory.write32(4 * vector, ROM_SEGMENT * 0x10000 + initialVector(vector, rom.vectors));
  }
  for (const vector of EMPTY_VECTORS) memory.write32(4 * vector, 0);
}

function writeDataAreas({ memory }: Firmware): void {
  // The reset flag survives: 1234h means that this is a warm start.
  const resetFlag = memory.read16(bda.BDA_RESET_FLAG);
  memory.writeBytes(bda.BDA_SERIAL_BASES, new Uint8Array(DATA_AREA_BYTES));
  memory.write16(bda.BDA_RESET_FLAG, resetFlag);
  memory.write16(bda.BDA_EBDA_SEGMENT, EBDA_BASE >> 4);
  memory.write16(bda.BDA_EQUIPMENT, EQUIPMENT_FIXED);
  memory.write16(bda.BDA_BASE_MEMORY_KIB, EBDA_BASE / 1024);
  memory.write16(bda.BDA_KEY_HEAD, KEY_BUFFER_START);
  memory.write16(bda.BDA_KEY_TAIL, KEY_BUFFER_START);
  memory.write16(bda.BDA_KEY_BUFFER_START, KEY_BUFFER_START);
  memory.write16(bda.BDA_KEY_BUFFER_END, KEY_BUFFER_END);
  memory.write8(bda.BDA_SHIFT_FLAGS_3, SHIFT_3_ENHANCED);
  for (let port = 0; port < 4; port++) {
    memory.write8(bda.BDA_PRINTER_TIMEOUTS + port, 20);
    memory.write8(bda.BDA_SERIAL_TIMEOUTS + port, 1);
  }
  const ebda = new Uint8Array(EBDA_SIZE_BYTES);
  ebda[0] = EBDA_SIZE_BYTES / 1024;
  memory.writeBytes(EBDA_BASE, ebda);
}

/** Channel 0 at 18.2 Hz in mode 3, channel 1 as the memory refresh of old, channel 2 ready for 896 Hz. */
function programTimers({ ports }: Firmware): void {
  ports.writePort(PORT_PIT_MODE, 8, 0x36);
  ports.writePort(PORT_PIT_CHANNEL0, 8, 0);
  ports.writePort(PORT_PIT_CHANNEL0, 8, 0);
  ports.writePort(PORT_PIT_MODE, 8, 0x54);
  ports.writePort(PORT_PIT_CHANNEL1, 8, 0x12);
  ports.writePort(PORT_PIT_MODE, 8, 0xb6);
  ports.writePort(PORT_PIT_CHANNEL2, 8, 0x33);
  ports.writePort(PORT_PIT_CHANNEL2, 8, 0x05);
}

/** 1024 Hz rate, BCD, 24 hours, no interrupts and none pending; then the ticks since midnight. */
function programClock(firmware: Firmware): void {
  const { ports } = firmware;
  writeCmos(ports, RTC_STATUS_A, 0x26);
  writeCmos(ports, RTC_STATUS_B, RTC_B_24H);
  readCmos(ports, RTC_STATUS_C);
  readCmos(ports, RTC_STATUS_D);
  setTicksFromClock(firmware);
}

/** Both controllers cleared; channel 4 lets the first one through to the bus. */
function programDma({ ports }: Firmware): void {
  ports.writePort(PORT_DMA1_CLEAR, 8, 0);
  ports.writePort(PORT_DMA2_CLEAR, 8, 0);
  ports.writePort(PORT_DMA2_MODE, 8, DMA_CASCADE);
  ports.writePort(PORT_DMA2_MASK, 8, 0);
}

/** A port is there when two of its interrupt enable bits read back and its identification has no undefined bits. */
function findSerialPorts({ memory, ports }: Firmware): void {
  let count = 0;
  for (const base of PORT_SERIAL_BASES) {
    ports.writePort(base + 1, 8, 0x02);
    const isPresent = ports.readPort(base + 1, 8) === 0x02 && (ports.readPort(base + 2, 8) & 0x30) === 0;
    ports.writePort(base + 1, 8, 0x00);
    if (isPresent) memory.write16(bda.BDA_SERIAL_BASES + 2 * count++, base);
  }
  memory.write16(bda.BDA_EQUIPMENT, (memory.read16(bda.BDA_EQUIPMENT) & ~0x0e00) | (count << 9));
}

const CMOS_FLOPPY_TYPES = 0x10;
const CMOS_HARD_DISK_TYPES = 0x12;
const CMOS_CHECKED_FIRST = 0x10;
const CMOS_CHECKED_LAST = 0x2d;
const CMOS_EQUIPMENT = 0x14;
const CMOS_BASE_MEMORY = 0x15;
const CMOS_EXTENDED_MEMORY = 0x17;
const CMOS_CHECKSUM_HIGH = 0x2e;
const CMOS_CHECKSUM_LOW = 0x2f;
const CMOS_EXTENDED_MEMORY_FOUND = 0x30;
const CMOS_MEMORY_ABOVE_16M = 0x34;

/** What setup programs store: drives, equipment, memory sizes, and the checksum over 10h to 2Dh. */
function writeCmosConfiguration({ memory, ports, drives, memoryMap }: Firmware): void {
  const word = (index: number, value: number): void => {
    writeCmos(ports, index, value & 0xff);
    writeCmos(ports, index + 1, (value >> 8) & 0xff);
  };
  const extended = usableBytesFrom(memoryMap, 0x10_0000);
  const extendedKib = Math.min(Math.trunc(extended / 1024), 0xffff);
  const type = (drive: number): number => drives.get(drive)?.driveType ?? 0;
  const hardDisks = drives.hardDiskCount;
  writeCmos(ports, CMOS_FLOPPY_TYPES, (type(0) << 4) | type(1));
  writeCmos(ports, CMOS_HARD_DISK_TYPES, (hardDisks > 0 ? 0xf0 : 0) | (hardDisks > 1 ? 0x0f : 0));
  writeCmos(ports, CMOS_EQUIPMENT, memory.read8(bda.BDA_EQUIPMENT));
  word(CMOS_BASE_MEMORY, 640);
  word(CMOS_EXTENDED_MEMORY, extendedKib);
  word(CMOS_EXTENDED_MEMORY_FOUND, extendedKib);
  word(CMOS_MEMORY_ABOVE_16M, Math.min(Math.trunc(Math.max(0, extended - 0xf0_0000) / 0x10000), 0xffff));
  let sum = 0;
  for (let index = CMOS_CHECKED_FIRST; index <= CMOS_CHECKED_LAST; index++) sum += readCmos(ports, index);
  writeCmos(ports, CMOS_CHECKSUM_HIGH, (sum >> 8) & 0xff);
  writeCmos(ports, CMOS_CHECKSUM_LOW, sum & 0xff);
}
