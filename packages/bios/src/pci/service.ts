/**
 * INT 1Ah AH=B1h: the PCI BIOS.
 *
 * **Not emulated**: the 32-bit entry point, special cycles (AL=06h), interrupt routing (AL=0Eh, 0Fh).
 *
 * @source PCI BIOS Specification 2.1; RBIL INT 1A/AX=B101h to B10Dh
 */
import type { ServiceCall } from '../call.ts';
import type { Firmware } from '../firmware.ts';
import type { FirmwarePorts } from '../host.ts';
import { hasPci, PCI_CLASS_REVISION, PCI_ID, pciFunctions, readPci, writePci } from './configuration.ts';

const SUCCESSFUL = 0x00;
const FUNC_NOT_SUPPORTED = 0x81;
const BAD_VENDOR_ID = 0x83;
const DEVICE_NOT_FOUND = 0x86;
const BAD_REGISTER_NUMBER = 0x87;

/** "PCI ", first letter lowest. */
const SIGNATURE = 0x2049_4350;
const VERSION = 0x0210;
const MECHANISM_1 = 0x01;
const NO_VENDOR = 0xffff;

/** AL is the function; AH returns a status, with CF set for all but {@link SUCCESSFUL}. */
export function pciBios(firmware: Firmware, call: ServiceCall): undefined {
  const status = hasPci(firmware.ports) ? dispatch(firmware, call) : unsupported(firmware, call);
  call.ah = status;
  call.carry = status !== SUCCESSFUL;
}

function dispatch(firmware: Firmware, call: ServiceCall): number {
  const { ports } = firmware;
  switch (call.al) {
    case 0x01:
      call.cpu.edx = SIGNATURE;
      call.cpu.edi = 0;
      call.bx = VERSION;
      call.cl = 0; // the last bus
      call.al = MECHANISM_1;
      return SUCCESSFUL;
    case 0x02: {
      const id = call.cx * 0x10000 + call.dx;
      return call.dx === NO_VENDOR
        ? BAD_VENDOR_ID
        : find(ports, call, (place) => readPci(ports, place, PCI_ID, 32) === id);
    }
    case 0x03: {
      const code = call.cpu.ecx & 0xff_ffff;
      return find(ports, call, (place) => readPci(ports, place, PCI_CLASS_REVISION, 32) >>> 8 === code);
    }
    case 0x08:
    case 0x09:
    case 0x0a:
      return read(ports, call, WIDTHS[call.al - 0x08] ?? 8);
    case 0x0b:
    case 0x0c:
    case 0x0d:
      return write(ports, call, WIDTHS[call.al - 0x0b] ?? 8);
    default:
      return unsupported(firmware, call);
  }
}

const WIDTHS = [8, 16, 32] as const;

/** SI is how many of the kind come before it; BX returns the place. */
function find(ports: FirmwarePorts, call: ServiceCall, isWanted: (place: number) => boolean): number {
  let before = call.si;
  for (const place of pciFunctions(ports)) {
    if (!isWanted(place)) continue;
    if (before === 0) {
      call.bx = place;
      return SUCCESSFUL;
    }
    before--;
  }
  return DEVICE_NOT_FOUND;
}

const isRegister = (register: number, width: number): boolean => register < 0x100 && register % (width / 8) === 0;

function read(ports: FirmwarePorts, call: ServiceCall, width: 8 | 16 | 32): number {
  if (!isRegister(call.di, width)) return BAD_REGISTER_NUMBER;
  const value = readPci(ports, call.bx, call.di, width);
  if (width === 8) call.cl = value;
  else if (width === 16) call.cx = value;
  else call.cpu.ecx = value;
  return SUCCESSFUL;
}

function write(ports: FirmwarePorts, call: ServiceCall, width: 8 | 16 | 32): number {
  if (!isRegister(call.di, width)) return BAD_REGISTER_NUMBER;
  writePci(ports, call.bx, call.di, width, width === 32 ? call.cpu.ecx : width === 16 ? call.cx : call.cl);
  return SUCCESSFUL;
}

function unsupported(firmware: Firmware, call: ServiceCall): number {
  firmware.unsupported(call);
  return FUNC_NOT_SUPPORTED;
}
