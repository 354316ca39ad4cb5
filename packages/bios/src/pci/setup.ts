/**
 * What POST does about PCI: gives every base address a place and lets functions answer there.
 *
 * **Not emulated**: interrupt routing, expansion ROMs, bridges to other buses.
 *
 * @source PCI BIOS Specification 2.1; PCI Local Bus Specification 2.1, "Base Addresses"; Intel 82371SB (PIIX3) datasheet,
 * "IDETIM"
 */
import type { FirmwarePorts } from '../host.ts';
import {
  hasPci,
  PCI_BASE_ADDRESSES,
  PCI_CLASS_REVISION,
  PCI_COMMAND,
  PCI_ID,
  pciFunctions,
  readPci,
  writePci,
} from './configuration.ts';

/** Where places are given from, upwards: above every ISA port, and above every size of RAM. */
const FIRST_PORT = 0xc000;
const FIRST_ADDRESS = 0xe000_0000;
/** The APICs and the firmware itself are above. */
const ADDRESS_END = 0xfec0_0000;
const PORT_END = 0x1_0000;
const BASE_ADDRESS_COUNT = 6;
const IS_IO = 1;
const COMMAND_IO = 0x01;
const COMMAND_MEMORY = 0x02;
const COMMAND_BUS_MASTER = 0x04;
const CLASS_IDE = 0x0101;
const PIIX3_IDE = 0x7010_8086;
/** Both channels' timing registers; the bit that lets a channel answer at its legacy ports. */
const IDE_TIMINGS = [0x40, 0x42];
const IDE_DECODE_ENABLE = 0x8000;

/** One step of POST. Nothing happens in a machine without PCI. */
export function setUpPci(ports: FirmwarePorts): void {
  if (!hasPci(ports)) return;
  const next = { port: FIRST_PORT, address: FIRST_ADDRESS };
  for (const place of [...pciFunctions(ports)]) {
    let command = readPci(ports, place, PCI_COMMAND, 16);
    for (let index = 0; index < BASE_ADDRESS_COUNT; index++) command |= assign(ports, place, index, next);
    if (readPci(ports, place, PCI_CLASS_REVISION, 32) >>> 16 === CLASS_IDE) command |= COMMAND_IO | COMMAND_BUS_MASTER;
    if (readPci(ports, place, PCI_ID, 32) === PIIX3_IDE) {
      for (const register of IDE_TIMINGS) writePci(ports, place, register, 16, IDE_DECODE_ENABLE);
    }
    writePci(ports, place, PCI_COMMAND, 16, command);
  }
}

/** @returns the command bit that the base address needs; 0 for none there, and for one that has no room */
function assign(ports: FirmwarePorts, place: number, index: number, next: { port: number; address: number }): number {
  const register = PCI_BASE_ADDRESSES + 4 * index;
  writePci(ports, place, register, 32, 0xffff_ffff);
  const answer = readPci(ports, place, register, 32);
  writePci(ports, place, register, 32, 0);
  if (answer === 0) return 0;
  const isIo = (answer & IS_IO) !== 0;
  // The lowest bit that the guest may write is the size.
  const bits = isIo ? answer & 0xfffc : answer & 0xffff_fff0;
  const sizeBytes = (bits & -bits) >>> 0;
  if (sizeBytes === 0) return 0;
  const from = Math.ceil((isIo ? next.port : next.address) / sizeBytes) * sizeBytes;
  if (from + sizeBytes > (isIo ? PORT_END : ADDRESS_END)) return 0;
  writePci(ports, place, register, 32, from);
  if (isIo) next.port = from + sizeBytes;
  else next.address = from + sizeBytes;
  return isIo ? COMMAND_IO : COMMAND_MEMORY;
}
