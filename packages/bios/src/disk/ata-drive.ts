/**
 * What INT 13h AH=48h tells of a drive on an ATA channel, so that drivers find it: a table in the ROM, and a device path.
 *
 * @source Phoenix Enhanced Disk Drive Specification 3.0, "Fixed Disk Parameter Table Extension", "Device Path"
 */
import type { AtaPlace, DiskGeometry } from '../host.ts';

/** Size of a parameter table extension in bytes. */
export const ATA_TABLE_SIZE = 16;

const HEAD_FIXED = 0xa0;
const HEAD_SLAVE = 0x10;
const HEAD_LBA = 0x40;
const OPTION_DMA = 0x0002;
const OPTION_TRANSLATION = 0x0008;
const OPTION_LBA = 0x0010;
const OPTION_REMOVABLE = 0x0020;
const OPTION_PACKET = 0x0040;
const OPTION_32_BIT = 0x0080;
/** Which translation: "LBA-assisted". */
const OPTION_LBA_ASSISTED = 0x0200;
const REVISION = 0x11;

/**
 * The parameter table extension.
 *
 * @param geometry of a hard disk, by which programs address it; that of the drive itself has 16 heads and 63 sectors
 * @returns 16 bytes whose sum is 0
 */
export function ataDriveTable(ata: AtaPlace, isCd: boolean, geometry: DiskGeometry): Uint8Array {
  const table = new DataView(new ArrayBuffer(ATA_TABLE_SIZE));
  const isTranslated = geometry.heads !== 16 || geometry.sectorsPerTrack !== 63;
  const translation = isTranslated ? OPTION_TRANSLATION | OPTION_LBA_ASSISTED : 0;
  const kind = isCd ? OPTION_REMOVABLE | OPTION_PACKET : OPTION_LBA | translation;
  table.setUint16(0x00, ata.ioBase, true);
  table.setUint16(0x02, ata.controlBase, true);
  table.setUint8(0x04, HEAD_FIXED | HEAD_LBA | (ata.isSlave ? HEAD_SLAVE : 0));
  table.setUint8(0x06, ata.irq);
  table.setUint8(0x07, 1); // sectors per block
  table.setUint16(0x0a, kind | OPTION_32_BIT | (ata.pci === undefined ? 0 : OPTION_DMA), true);
  table.setUint8(0x0e, REVISION);
  const bytes = new Uint8Array(table.buffer);
  bytes[0x0f] = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return bytes;
}

const PATH_SIGNATURE = 0xbedd;
const PATH_LENGTH = 0x24;

/** Writes the device path, from 1Eh to 41h of the result of AH=48h: the bus with the controller's place, the drive's number. */
export function writeDevicePath(table: DataView, ata: AtaPlace): void {
  const text = (offset: number, value: string): void => {
    for (let i = 0; i < value.length; i++) table.setUint8(offset + i, value.charCodeAt(i));
  };
  table.setUint16(0x1e, PATH_SIGNATURE, true);
  table.setUint8(0x20, PATH_LENGTH);
  text(0x24, ata.pci === undefined ? 'ISA ' : 'PCI ');
  text(0x28, 'ATA     ');
  if (ata.pci === undefined) table.setUint16(0x30, ata.ioBase, true);
  else {
    const { bus, device, channel } = ata.pci;
    for (const [i, byte] of [bus, device, ata.pci.function, channel].entries()) table.setUint8(0x30 + i, byte);
  }
  table.setUint8(0x38, ata.isSlave ? 1 : 0);
  let sum = 0;
  for (let offset = 0x1e; offset < 0x41; offset++) sum += table.getUint8(offset);
  table.setUint8(0x41, -sum & 0xff);
}
