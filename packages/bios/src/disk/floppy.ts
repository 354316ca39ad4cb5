/**
 * What INT 13h does on floppy drives besides moving sectors: motors, the change line, the data area's notes.
 *
 * Sectors themselves do not go through the controller, and take no time; head and controller stay where they were.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 13h – Diskette", "BIOS Data Area"
 */
import { BDA_FLOPPY_CYLINDERS, BDA_FLOPPY_MEDIA, BDA_FLOPPY_MOTOR, BDA_FLOPPY_MOTOR_TICKS } from '../bda.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwareMemory, FirmwarePorts } from '../host.ts';
import { PORT_FLOPPY_DOR, PORT_FLOPPY_FIFO, PORT_FLOPPY_STATUS } from '../ports.ts';
import type { Drive } from './drives.ts';
import { DISK_CHANGE_LINE, DISK_NOT_READY, DISK_OK } from './status.ts';

const MOTORS = 0x0f;
const DOR_ENABLED = 0x0c; // out of reset, interrupts and DMA through
const SENSE_INTERRUPT = 0x08;
const DRIVES_TO_SENSE = 4;
const STATUS_READY_FOR_COMMAND = 0x80;
const STATUS_READY_WITH_RESULT = 0xc0;
const STATUS_READY_BITS = 0xc0;
/** Vector of the disk parameter table, and what is where in it. */
const VECTOR_PARAMETERS = 0x1e;
const PARAMETER_MOTOR_TICKS = 2;
const PARAMETER_FILL_BYTE = 8;
/** "Medium established" with data rate and kind, by drive type 1 to 5. */
const MEDIA_STATES = [0x00, 0x93, 0x15, 0x97, 0x17, 0xd7];

/** Takes the controller out of reset and senses the statuses that come with that, so that no interrupt is left. */
export function initialiseFloppyController({ ports }: Firmware): void {
  ports.writePort(PORT_FLOPPY_DOR, 8, 0);
  ports.writePort(PORT_FLOPPY_DOR, 8, DOR_ENABLED);
  for (let drive = 0; drive < DRIVES_TO_SENSE; drive++) {
    if ((ports.readPort(PORT_FLOPPY_STATUS, 8) & STATUS_READY_BITS) !== STATUS_READY_FOR_COMMAND) return;
    ports.writePort(PORT_FLOPPY_FIFO, 8, SENSE_INTERRUPT);
    for (let byte = 0; byte < 2; byte++) {
      const status = ports.readPort(PORT_FLOPPY_STATUS, 8);
      if ((status & STATUS_READY_BITS) === STATUS_READY_WITH_RESULT) ports.readPort(PORT_FLOPPY_FIFO, 8);
    }
  }
}

/** Turns the drive's motor on, for as long as the disk parameter table says. */
export function startMotor({ memory, ports }: Firmware, drive: Drive): void {
  const motors = memory.read8(BDA_FLOPPY_MOTOR) | (1 << drive.number);
  memory.write8(BDA_FLOPPY_MOTOR, motors);
  memory.write8(BDA_FLOPPY_MOTOR_TICKS, parameter(memory, PARAMETER_MOTOR_TICKS));
  writeMotors(ports, motors & MOTORS, drive.number);
}

/** One tick of the timer: counts down to the moment at which all motors stop. */
export function tickMotors({ memory, ports }: Firmware): void {
  const ticks = memory.read8(BDA_FLOPPY_MOTOR_TICKS);
  if (ticks === 0) return;
  memory.write8(BDA_FLOPPY_MOTOR_TICKS, ticks - 1);
  if (ticks > 1) return;
  const motors = memory.read8(BDA_FLOPPY_MOTOR);
  memory.write8(BDA_FLOPPY_MOTOR, motors & ~MOTORS);
  if ((motors & MOTORS) !== 0) writeMotors(ports, 0, 0);
}

/** Keeps a controller in reset that is, and its gate as it was. */
function writeMotors(ports: FirmwarePorts, motors: number, drive: number): void {
  const enabled = ports.readPort(PORT_FLOPPY_DOR, 8) & DOR_ENABLED;
  ports.writePort(PORT_FLOPPY_DOR, 8, enabled | (motors << 4) | drive);
}

/** @returns why a sector of the drive cannot be asked for now: no medium, or another one than last time */
export function mediumStatus({ disk }: Drive): number {
  const isChanged = disk.takeChange?.() === true;
  if (disk.sectorCount === 0) return DISK_NOT_READY;
  return isChanged ? DISK_CHANGE_LINE : DISK_OK;
}

/** Notes in the data area where the head is and what the medium was found to be. */
export function noteMedium({ memory }: Firmware, drive: Drive, cylinder: number): void {
  memory.write8(BDA_FLOPPY_CYLINDERS + drive.number, cylinder & 0xff);
  memory.write8(BDA_FLOPPY_MEDIA + drive.number, MEDIA_STATES[drive.driveType] ?? 0);
}

/** The byte with which a track is formatted. */
export function formatFillByte({ memory }: Firmware): number {
  return parameter(memory, PARAMETER_FILL_BYTE);
}

function parameter(memory: FirmwareMemory, offset: number): number {
  const vector = memory.read32(4 * VECTOR_PARAMETERS);
  return memory.read8((vector >>> 16) * 16 + (vector & 0xffff) + offset);
}
