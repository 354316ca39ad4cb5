/**
 * INT 13h AH=4Bh and 4Dh: what a program that was booted from a CD asks about the boot, and the end of an emulation.
 *
 * **Not emulated**: beginning an emulation by a call (AH=4Ah, 4Ch).
 */
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { AtaPlace } from '../host.ts';
import { type Drive, FIRST_CD_DRIVE } from './drives.ts';
import { catalogueLba, type ElToritoEntry, readBootCatalogue } from './el-torito.ts';
import { DISK_BAD_PARAMETER, DISK_OK } from './status.ts';
import { transferSectors } from './transfer.ts';

const SPECIFICATION_PACKET_SIZE = 0x13;
const COMMAND_PACKET_SIZE = 0x08;
/** DL for "whatever emulation there is". */
const ANY_DRIVE = 0x7f;

/**
 * AL=00h ends the emulation, AL=01h only asks; both fill the specification packet at DS:SI.
 *
 * @returns a status code
 * @source "El Torito" Bootable CD-ROM Format Specification 1.0, "INT 13 Function 4B"
 */
export function discEmulation(firmware: Firmware, call: ServiceCall): number {
  if (call.al > 1) {
    firmware.unsupported(call);
    return DISK_BAD_PARAMETER;
  }
  const { emulation } = firmware.state;
  const isAboutEmulation = emulation !== null && (call.dl === emulation.drive || call.dl === ANY_DRIVE);
  const cdNumber = isAboutEmulation ? emulation.cdDrive : call.dl === ANY_DRIVE ? FIRST_CD_DRIVE : call.dl;
  const cd = firmware.drives.get(cdNumber);
  if (cd?.kind !== 'cd-rom') return DISK_BAD_PARAMETER;
  const entry = readBootCatalogue(cd.disk);
  if (typeof entry === 'string') return DISK_BAD_PARAMETER;
  const drive = isAboutEmulation ? (firmware.drives.get(emulation.drive) ?? cd) : cd;
  firmware.memory.writeBytes(call.address('ds', call.si), specificationPacket(entry, drive, cd.disk.ata));
  if (call.al === 0 && isAboutEmulation) firmware.state.emulation = null;
  call.al = 0;
  return DISK_OK;
}

/**
 * AH=4Dh: sectors of the boot catalogue of a CD, as the command packet at DS:SI asks.
 *
 * @returns a status code
 * @source "El Torito" Bootable CD-ROM Format Specification 1.0, "INT 13 Function 4D"
 */
export function readCatalogue(firmware: Firmware, call: ServiceCall, { disk, kind }: Drive): number {
  const { memory } = firmware;
  const packet = call.address('ds', call.si);
  const lba = kind === 'cd-rom' ? catalogueLba(disk) : undefined;
  if (memory.read8(packet) < COMMAND_PACKET_SIZE || lba === undefined) return DISK_BAD_PARAMETER;
  const pointer = memory.read32(packet + 2);
  const buffer = (pointer >>> 16) * 16 + (pointer & 0xffff);
  const first = lba + memory.read16(packet + 6);
  if (first >= disk.sectorCount) return DISK_BAD_PARAMETER;
  return transferSectors(memory, disk, 'read', first, memory.read8(packet + 1), buffer).status;
}

/** @param ata where the CD drive is */
function specificationPacket(entry: ElToritoEntry, drive: Drive, ata: AtaPlace | undefined): Uint8Array {
  const packet = new DataView(new ArrayBuffer(SPECIFICATION_PACKET_SIZE));
  packet.setUint8(0x00, SPECIFICATION_PACKET_SIZE);
  packet.setUint8(0x01, entry.mediaType);
  packet.setUint8(0x02, drive.number);
  packet.setUint8(0x03, ata?.pci?.channel ?? 0);
  packet.setUint32(0x04, entry.imageLba, true);
  packet.setUint16(0x08, ata?.isSlave === true ? 1 : 0, true);
  packet.setUint16(0x0c, entry.loadSegment, true);
  packet.setUint16(0x0e, entry.loadSectors, true);
  if (drive.kind !== 'cd-rom') {
    const lastCylinder = Math.min(drive.geometry.cylinders, 1024) - 1;
    packet.setUint8(0x10, lastCylinder & 0xff);
    packet.setUint8(0x11, ((lastCylinder >> 2) & 0xc0) | (drive.geometry.sectorsPerTrack & 0x3f));
    packet.setUint8(0x12, drive.geometry.heads - 1);
  }
  return new Uint8Array(packet.buffer);
}
