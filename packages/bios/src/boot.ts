/**
 * INT 19h and 18h: the boot order, boot sectors and bootable CDs.
 *
 * A boot sector starts with CS:IP = 0000:7C00, DL = the drive, AX = AA55h, DS = ES = FS = GS = SS = 0, SP = 7C00h, interrupts
 * enabled, and every other general register 0. A CD's image starts at its load segment, normalised to a paragraph of 0000h
 * or X000h with the rest in IP.
 *
 * @source "El Torito" Bootable CD-ROM Format Specification 1.0; BIOS Boot Specification 1.01, "INT 19h"
 */
import { BDA_EQUIPMENT, BDA_HARD_DISK_COUNT } from './bda.ts';
import { FLAGS_IF, type ServiceCall } from './call.ts';
import type { Drive } from './disk/drives.ts';
import {
  EL_TORITO_HARD_DISK,
  EL_TORITO_NO_EMULATION,
  emulatedSectorCount,
  readBootCatalogue,
} from './disk/el-torito.ts';
import type { Firmware } from './firmware.ts';
import type { Continuation } from './rom/stubs.ts';
import { printText } from './video/teletype.ts';

const BOOT_ADDRESS = 0x7c00;
const BOOT_SIGNATURE = 0xaa55;
/** Boot images may fill conventional memory, up to here. */
const LOAD_LIMIT = 0x9f000;

/** What was loaded, and where it starts. */
interface BootTarget {
  readonly drive: number;
  readonly segment: number;
  readonly offset: number;
}

/** INT 19h: loads the first bootable drive of the boot order and makes the stub's IRET jump into it. */
export function boot(firmware: Firmware, call: ServiceCall): Continuation | undefined {
  const reasons: string[] = [];
  firmware.state.emulation = null;
  updateDriveCounts(firmware);
  for (const number of firmware.bootOrder) {
    const drive = firmware.drives.get(number);
    const target = drive === undefined ? 'no such drive' : load(firmware, drive);
    if (typeof target !== 'string') {
      start(firmware, call, target);
      return;
    }
    reasons.push(`drive ${number.toString(16).padStart(2, '0')}h: ${target}`);
  }
  firmware.report({ kind: 'not-bootable', reasons });
  for (const reason of reasons) printText(firmware, `${reason}\r\n`);
  return 'boot.failed';
}

/** INT 18h: says so on the screen. The stub then waits for a key and tries INT 19h again. */
export function bootFailed(firmware: Firmware): undefined {
  printText(firmware, 'No bootable device. Press a key to try again.\r\n');
}

/** Writes the numbers of floppies (equipment word) and of hard disks to the BIOS data area. */
export function updateDriveCounts({ memory, drives }: Firmware): void {
  const floppies = Math.min(drives.floppyCount, 4);
  const rest = memory.read16(BDA_EQUIPMENT) & ~0x00c1;
  memory.write16(BDA_EQUIPMENT, floppies === 0 ? rest : rest | 0x01 | ((floppies - 1) << 6));
  memory.write8(BDA_HARD_DISK_COUNT, drives.hardDiskCount);
}

function load(firmware: Firmware, drive: Drive): BootTarget | string {
  return drive.kind === 'cd-rom' ? loadCd(firmware, drive) : loadSector(firmware, drive);
}

function loadSector(firmware: Firmware, drive: Drive): BootTarget | string {
  if (drive.disk.sectorCount === 0) return 'no medium';
  const sector = drive.disk.read(0, 1);
  if (sector.length < 512) return 'read error';
  const signature = (sector[510] ?? 0) | ((sector[511] ?? 0) << 8);
  if (signature !== BOOT_SIGNATURE) return 'the first sector does not end in 55 AA';
  firmware.memory.writeBytes(BOOT_ADDRESS, sector.subarray(0, 512));
  return { drive: drive.number, segment: 0, offset: BOOT_ADDRESS };
}

function loadCd(firmware: Firmware, cd: Drive): BootTarget | string {
  const entry = readBootCatalogue(cd.disk);
  if (typeof entry === 'string') return entry;
  const address = entry.loadSegment * 16;
  const wanted = Math.min(entry.loadSectors * 512, LOAD_LIMIT - address);
  const sectors = Math.min(Math.ceil(wanted / 2048), cd.disk.sectorCount - entry.imageLba);
  if (sectors <= 0) return 'the boot image is outside of the disc or of memory';
  const image = cd.disk.read(entry.imageLba, sectors);
  if (image.length < sectors * 2048) return 'read error';
  firmware.memory.writeBytes(address, image.subarray(0, wanted));
  let number = cd.number;
  if (entry.mediaType !== EL_TORITO_NO_EMULATION) {
    number = entry.mediaType === EL_TORITO_HARD_DISK ? 0x80 : 0x00;
    firmware.state.emulation = {
      drive: number,
      cdDrive: cd.number,
      imageLba: entry.imageLba,
      sectorCount: emulatedSectorCount(cd.disk, entry),
      mediaType: entry.mediaType,
    };
    updateDriveCounts(firmware);
  }
  return { drive: number, segment: entry.loadSegment & 0xf000, offset: (entry.loadSegment & 0x0fff) * 16 };
}

function start(firmware: Firmware, call: ServiceCall, target: BootTarget): void {
  const { cpu } = firmware;
  cpu.eax = BOOT_SIGNATURE;
  for (const register of ['ebx', 'ecx', 'esi', 'edi', 'ebp'] as const) cpu[register] = 0;
  cpu.edx = target.drive;
  call.setFrame(target.segment, target.offset, FLAGS_IF | 0x0002);
  firmware.report({ kind: 'boot', drive: target.drive });
}
