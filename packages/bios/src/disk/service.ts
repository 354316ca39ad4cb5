/**
 * INT 13h: floppies and hard disks by cylinder, head and sector; hard disks and CD-ROMs by block number (`extensions.ts`).
 *
 * **Not emulated**: formatting of hard disks, the diagnostic functions beyond their "no error" answer.
 *
 * @source IBM PS/2 and PC BIOS Interface Technical Reference, "Interrupt 13h"; RBIL INT 13
 */
import { BDA_FLOPPY_STATUS, BDA_HARD_DISK_STATUS } from '../bda.ts';
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import { ROM_SEGMENT, ROM_TABLE } from '../rom/image.ts';
import type { Drive } from './drives.ts';
import { discEmulation, readCatalogue } from './el-torito-service.ts';
import { checkExtensions, extendedDisk } from './extensions.ts';
import { formatFillByte, mediumStatus, noteMedium, startMotor } from './floppy.ts';
import {
  DISK_BAD_PARAMETER,
  DISK_CHANGE_LINE,
  DISK_OK,
  DISK_UNSUPPORTED_MEDIA,
  DISK_WRITE_FAULT,
  DISK_WRITE_PROTECTED,
} from './status.ts';
import { type TransferKind, transferSectors } from './transfer.ts';

/** The most sectors that one cylinder-head-sector request may name: 64 KiB. */
const MAX_CHS_SECTORS = 128;

/** INT 13h. DL and everything that is not a documented result keep their values. */
export function disk(firmware: Firmware, call: ServiceCall): undefined {
  const number = call.dl;
  const statusAddress = number < 0x80 ? BDA_FLOPPY_STATUS : BDA_HARD_DISK_STATUS;
  if (call.ah === 0x01) {
    const last = firmware.memory.read8(statusAddress);
    call.ah = last;
    call.carry = last !== DISK_OK;
    return;
  }
  const drive = firmware.drives.get(number);
  // These two return something else than a status in AH.
  if (call.ah === 0x15) {
    driveType(call, drive);
    return;
  }
  if (call.ah === 0x41 && call.bx === 0x55aa && drive !== undefined && drive.kind !== 'floppy') {
    checkExtensions(call);
    firmware.memory.write8(statusAddress, DISK_OK);
    return;
  }
  const status = drive === undefined ? absentDrive(firmware, call) : onDrive(firmware, call, drive);
  firmware.memory.write8(statusAddress, status);
  call.ah = status;
  call.carry = status !== DISK_OK;
}

/** A CD emulation may be asked about by any drive number (7Fh means "all"). */
function absentDrive(firmware: Firmware, call: ServiceCall): number {
  return call.ah === 0x4b ? discEmulation(firmware, call) : DISK_BAD_PARAMETER;
}

/** Functions that move sectors or format: on a floppy they need a motor, and a medium that nobody has changed. */
function onDrive(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  const isOnMedium = call.ah >= 0x02 && call.ah <= 0x05;
  const isEmulated = firmware.state.emulation?.drive === drive.number;
  if (drive.kind !== 'floppy' || !isOnMedium || isEmulated) return dispatch(firmware, call, drive);
  startMotor(firmware, drive);
  const medium = mediumStatus(drive);
  if (medium !== DISK_OK) {
    call.al = 0;
    return medium;
  }
  const cylinder = call.ch;
  const status = dispatch(firmware, call, drive);
  if (status === DISK_OK) noteMedium(firmware, drive, cylinder);
  return status;
}

function dispatch(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  switch (call.ah) {
    case 0x00: // reset
    case 0x0d: // reset hard disk
      return DISK_OK;
    case 0x02:
      return chsTransfer(firmware, call, drive, 'read');
    case 0x03:
      return chsTransfer(firmware, call, drive, 'write');
    case 0x04:
      return chsTransfer(firmware, call, drive, 'verify');
    case 0x05:
      return formatTrack(firmware, call, drive);
    case 0x08:
      return driveParameters(firmware, call, drive);
    case 0x09: // initialise drive pair
    case 0x0c: // seek
    case 0x10: // test ready
    case 0x11: // recalibrate
    case 0x14: // controller diagnostic
      return drive.kind === 'floppy' ? unsupported(firmware, call) : DISK_OK;
    case 0x16: // change line
      return drive.kind === 'floppy' ? changeLine(drive) : DISK_BAD_PARAMETER;
    case 0x17: // set floppy type
      return drive.kind === 'floppy' ? DISK_OK : unsupported(firmware, call);
    case 0x18:
      return setFloppyMedia(firmware, call, drive);
    case 0x4b:
      return discEmulation(firmware, call);
    case 0x4d:
      return readCatalogue(firmware, call, drive);
    case 0x41:
      return DISK_BAD_PARAMETER; // a floppy, or the signature is not in BX
    default:
      if (call.ah >= 0x42 && call.ah <= 0x4e && drive.kind !== 'floppy') return extendedDisk(firmware, call, drive);
      return unsupported(firmware, call);
  }
}

function unsupported(firmware: Firmware, call: ServiceCall): number {
  firmware.unsupported(call);
  return DISK_BAD_PARAMETER;
}

/** AH=02h, 03h, 04h: AL sectors from cylinder CH + CL bits 6-7, head DH, sector CL bits 0-5, to or from ES:BX. */
function chsTransfer(firmware: Firmware, call: ServiceCall, drive: Drive, kind: TransferKind): number {
  const { cylinders, heads, sectorsPerTrack } = drive.geometry;
  const count = call.al;
  const cylinder = call.ch | ((call.cl & 0xc0) << 2);
  const sector = call.cl & 0x3f;
  if (count === 0 || count > MAX_CHS_SECTORS || sector === 0 || drive.kind === 'cd-rom') return DISK_BAD_PARAMETER;
  if (cylinder >= cylinders || call.dh >= heads || sector > sectorsPerTrack) return DISK_BAD_PARAMETER;
  const lba = (cylinder * heads + call.dh) * sectorsPerTrack + sector - 1;
  const result = transferSectors(firmware.memory, drive.disk, kind, lba, count, call.address('es', call.bx));
  call.al = result.count;
  return result.status;
}

/** AH=05h: fills one track of a floppy; the address fields at ES:BX must name sectors that the format has. */
function formatTrack(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  const { cylinders, heads, sectorsPerTrack } = drive.geometry;
  if (drive.kind !== 'floppy') return unsupported(firmware, call);
  const cylinder = call.ch | ((call.cl & 0xc0) << 2);
  if (cylinder >= cylinders || call.dh >= heads) return DISK_BAD_PARAMETER;
  if (drive.disk.write === undefined) return DISK_WRITE_PROTECTED;
  const track = new Uint8Array(sectorsPerTrack * 512).fill(formatFillByte(firmware));
  const lba = (cylinder * heads + call.dh) * sectorsPerTrack;
  if (lba + sectorsPerTrack > drive.disk.sectorCount) return DISK_BAD_PARAMETER;
  return drive.disk.write(lba, track) ? DISK_OK : DISK_WRITE_FAULT;
}

/** AH=08h: the largest cylinder, head and sector numbers, and how many drives of the kind there are. */
function driveParameters(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  if (drive.kind === 'cd-rom') return DISK_BAD_PARAMETER;
  const { cylinders, heads, sectorsPerTrack } = drive.geometry;
  const lastCylinder = Math.min(cylinders, 1024) - 1;
  call.al = 0;
  call.ch = lastCylinder;
  call.cl = ((lastCylinder >> 2) & 0xc0) | (sectorsPerTrack & 0x3f);
  call.dh = heads - 1;
  if (drive.kind === 'floppy') {
    call.bx = drive.driveType;
    call.dl = firmware.drives.floppyCount;
    pointAtFloppyTable(call);
  } else {
    call.dl = firmware.drives.hardDiskCount;
  }
  return DISK_OK;
}

/** AH=15h: AH is the result, not a status: 0 none, 1 or 2 floppy without or with a change line, 3 hard disk with CX:DX sectors. */
function driveType(call: ServiceCall, drive: Drive | undefined): void {
  call.carry = false;
  if (drive === undefined || drive.kind === 'cd-rom') {
    call.ah = 0x00;
  } else if (drive.kind === 'floppy') {
    call.ah = drive.disk.takeChange === undefined ? 0x01 : 0x02;
  } else {
    const sectors = Math.min(drive.disk.sectorCount, 0xffff_ffff);
    call.ah = 0x03;
    call.cx = Math.trunc(sectors / 0x10000);
    call.dx = sectors % 0x10000;
  }
}

/** AH=16h: a drive without a change line may always have another medium. */
function changeLine(drive: Drive): number {
  return drive.disk.takeChange === undefined ? DISK_CHANGE_LINE : mediumStatus(drive);
}

/** AH=18h: accepts the drive's own format only. */
function setFloppyMedia(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  if (drive.kind !== 'floppy') return unsupported(firmware, call);
  const { cylinders, sectorsPerTrack } = drive.geometry;
  const lastCylinder = call.ch | ((call.cl & 0xc0) << 2);
  if (lastCylinder !== cylinders - 1 || (call.cl & 0x3f) !== sectorsPerTrack) return DISK_UNSUPPORTED_MEDIA;
  pointAtFloppyTable(call);
  return DISK_OK;
}

function pointAtFloppyTable(call: ServiceCall): void {
  call.cpu.es = ROM_SEGMENT;
  call.di = ROM_TABLE.floppy;
}
