/**
 * INT 13h AH=41h to 4Eh: transfers by block number through a disk address packet, and extended drive parameters.
 *
 * **Not emulated**: faster modes by AH=4Eh.
 *
 * @source Phoenix Enhanced Disk Drive Specification 3.0; RBIL INT 13/AH=41h to 49h
 */
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwareMemory } from '../host.ts';
import { ROM_SEGMENT } from '../rom/image.ts';
import { writeDevicePath } from './ata-drive.ts';
import type { Drive } from './drives.ts';
import { DISK_BAD_PARAMETER, DISK_DMA_BOUNDARY, DISK_NOT_REMOVABLE, DISK_OK } from './status.ts';
import { type TransferKind, transferSectors } from './transfer.ts';

/** Major version of the extensions: EDD 3.0. */
const EDD_VERSION = 0x30;
/** Interface support: packet access (bit 0), removable drives (bit 1), extended parameters (bit 2), flat buffers (bit 3). */
const EDD_INTERFACES = 0x000f;

/** The functions that need a hard disk or a CD-ROM. @returns a status code */
export function extendedDisk(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  switch (call.ah) {
    case 0x42:
      return packetTransfer(firmware, call, drive, 'read');
    case 0x43:
      return packetTransfer(firmware, call, drive, 'write');
    case 0x44:
      return packetTransfer(firmware, call, drive, 'verify');
    case 0x45: // lock or unlock
      return lock(call);
    case 0x46: // eject: the medium stays
      return drive.kind === 'cd-rom' ? DISK_OK : DISK_NOT_REMOVABLE;
    case 0x47:
      return seek(firmware, call, drive);
    case 0x48:
      return parameters(firmware.memory, call.address('ds', call.si), drive);
    case 0x49: // media change
      return DISK_OK;
    case 0x4e:
      return configure(call);
    default:
      firmware.unsupported(call);
      return DISK_BAD_PARAMETER;
  }
}

/** AH=41h, whose AH is a version and not a status. */
export function checkExtensions(call: ServiceCall): void {
  call.bx = 0xaa55;
  call.ah = EDD_VERSION;
  call.cx = EDD_INTERFACES;
  call.carry = false;
}

/** AH=4Eh: turning prefetch, PIO modes and DMA off is granted, on is not. AL=0 says that no other drive is affected. */
function configure(call: ServiceCall): number {
  if (!CONFIGURATIONS_OFF.includes(call.al)) return DISK_BAD_PARAMETER;
  call.al = 0;
  return DISK_OK;
}

/** AH=45h: nothing is ever locked, which is what AL=0 says. */
function lock(call: ServiceCall): number {
  if (call.al > 2) return DISK_BAD_PARAMETER;
  call.al = 0;
  return DISK_OK;
}

/** The disk address packet at DS:SI. */
interface Packet {
  readonly address: number;
  readonly count: number;
  /** Physical address of the buffer; above 4 GiB where a flat pointer says so. */
  readonly buffer: number;
  readonly lba: number;
}

/** No prefetch; PIO mode 0, default PIO mode; no DMA. */
const CONFIGURATIONS_OFF: readonly number[] = [0x01, 0x03, 0x04, 0x06];

const PACKET_SIZE = 0x10;
const LONG_PACKET_SIZE = 0x18;
const FLAT_POINTER_MARK = 0xffff_ffff;
const TWO_32 = 0x1_0000_0000;

function readPacket(firmware: Firmware, call: ServiceCall): Packet | undefined {
  const { memory } = firmware;
  const address = call.address('ds', call.si);
  const size = memory.read8(address);
  if (size < PACKET_SIZE) return undefined;
  const pointer = memory.read32(address + 4);
  const isFlat = pointer === FLAT_POINTER_MARK && size >= LONG_PACKET_SIZE;
  const buffer = isFlat ? readQword(memory, address + 16) : (pointer >>> 16) * 16 + (pointer & 0xffff);
  return { address, count: memory.read16(address + 2), buffer, lba: readQword(memory, address + 8) };
}

/** @returns 64 bits as a number; values above 2^53 are inexact and too large for anything here */
function readQword(memory: FirmwareMemory, address: number): number {
  return memory.read32(address) + memory.read32(address + 4) * TWO_32;
}

function packetTransfer(firmware: Firmware, call: ServiceCall, drive: Drive, kind: TransferKind): number {
  const packet = readPacket(firmware, call);
  if (packet === undefined) return DISK_BAD_PARAMETER;
  const { address, count, buffer, lba } = packet;
  let result = { status: DISK_BAD_PARAMETER, count: 0 };
  if (lba < drive.disk.sectorCount) {
    result =
      buffer < TWO_32
        ? transferSectors(firmware.memory, drive.disk, kind, lba, count, buffer)
        : { status: DISK_DMA_BOUNDARY, count: 0 };
  }
  firmware.memory.write16(address + 2, result.count);
  return result.status;
}

function seek(firmware: Firmware, call: ServiceCall, drive: Drive): number {
  const packet = readPacket(firmware, call);
  return packet !== undefined && packet.lba < drive.disk.sectorCount ? DISK_OK : DISK_BAD_PARAMETER;
}

/** Sizes of the result in versions 1, 2 and 3. */
const PARAMETERS_V1_SIZE = 0x1a;
const PARAMETERS_V2_SIZE = 0x1e;
const PARAMETERS_V3_SIZE = 0x42;
const NO_TABLE = 0xffff_ffff;
/** DMA boundary errors are handled; geometry valid. */
const INFORMATION_HARD_DISK = 0x0003;
/** DMA boundary errors are handled; removable, lockable. */
const INFORMATION_CD = 0x0015;

/** AH=48h: as much of the table as the buffer at `address` says that it holds. */
function parameters(memory: FirmwareMemory, address: number, drive: Drive): number {
  const size = memory.read16(address);
  if (size < PARAMETERS_V1_SIZE) return DISK_BAD_PARAMETER;
  const { ata } = drive.disk;
  const isCd = drive.kind === 'cd-rom';
  const limit = ata === undefined ? PARAMETERS_V2_SIZE : PARAMETERS_V3_SIZE;
  const returned =
    [PARAMETERS_V3_SIZE, PARAMETERS_V2_SIZE, PARAMETERS_V1_SIZE].find((s) => s <= size && s <= limit) ?? 0;

  const table = new DataView(new ArrayBuffer(PARAMETERS_V3_SIZE));
  const { cylinders, heads, sectorsPerTrack } = drive.geometry;
  const { sectorCount, sectorSizeBytes } = drive.disk;
  table.setUint16(0x00, returned, true);
  table.setUint16(0x02, isCd ? INFORMATION_CD : INFORMATION_HARD_DISK, true);
  table.setUint32(0x04, isCd ? 0xffff_ffff : cylinders, true);
  table.setUint32(0x08, isCd ? 0xffff_ffff : heads, true);
  table.setUint32(0x0c, isCd ? 0xffff_ffff : sectorsPerTrack, true);
  table.setBigUint64(0x10, BigInt(sectorCount), true);
  table.setUint16(0x18, sectorSizeBytes, true);
  table.setUint32(0x1a, drive.tableOffset === undefined ? NO_TABLE : ROM_SEGMENT * 0x10000 + drive.tableOffset, true);
  if (ata !== undefined) writeDevicePath(table, ata);
  memory.writeBytes(address, new Uint8Array(table.buffer, 0, returned));
  return DISK_OK;
}
