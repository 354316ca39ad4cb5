/** INT 13h AH=4Bh: what a program that was booted from a CD asks about the boot, and the end of an emulation. */
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import { type Drive, FIRST_CD_DRIVE } from './drives.ts';
import { type ElToritoEntry, readBootCatalogue } from './el-torito.ts';
import { DISK_BAD_PARAMETER, DISK_OK } from './status.ts';

const SPECIFICATION_PACKET_SIZE = 0x13;
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
  firmware.memory.writeBytes(call.address('ds', call.si), specificationPacket(entry, drive));
  if (call.al === 0 && isAboutEmulation) firmware.state.emulation = null;
  call.al = 0;
  return DISK_OK;
}

function specificationPacket(entry: ElToritoEntry, drive: Drive): Uint8Array {
  const packet = new DataView(new ArrayBuffer(SPECIFICATION_PACKET_SIZE));
  packet.setUint8(0x00, SPECIFICATION_PACKET_SIZE);
  packet.setUint8(0x01, entry.mediaType);
  packet.setUint8(0x02, drive.number);
  packet.setUint32(0x04, entry.imageLba, true);
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
