/**
 * The configuration spaces of the functions on PCI bus 0, through mechanism #1.
 *
 * @source PCI Local Bus Specification 2.1, "Configuration Mechanism #1", "Configuration Space Header"
 */
import type { FirmwarePorts } from '../host.ts';
import { PORT_PCI_ADDRESS, PORT_PCI_DATA } from '../ports.ts';

/** Offsets in the header. */
export const PCI_ID = 0x00;
export const PCI_COMMAND = 0x04;
export const PCI_CLASS_REVISION = 0x08;
export const PCI_HEADER_TYPE = 0x0e;
export const PCI_BASE_ADDRESSES = 0x10;

const ENABLE = 0x8000_0000;
const MULTIFUNCTION = 0x80;
const NO_FUNCTION = 0xffff;

/** Whether there is a host bridge that takes addresses. */
export function hasPci(ports: FirmwarePorts): boolean {
  ports.writePort(PORT_PCI_ADDRESS, 32, ENABLE);
  return ports.readPort(PORT_PCI_ADDRESS, 32) === ENABLE;
}

/** @param place bus in bits 15-8, device in 7-3, function in 2-0; @param register a multiple of the width in bytes */
export function readPci(ports: FirmwarePorts, place: number, register: number, width: 8 | 16 | 32): number {
  ports.writePort(PORT_PCI_ADDRESS, 32, ENABLE + place * 0x100 + (register & 0xfc));
  return ports.readPort(PORT_PCI_DATA + (register & 3), width);
}

/** See {@link readPci}. */
export function writePci(
  ports: FirmwarePorts,
  place: number,
  register: number,
  width: 8 | 16 | 32,
  value: number,
): void {
  ports.writePort(PORT_PCI_ADDRESS, 32, ENABLE + place * 0x100 + (register & 0xfc));
  ports.writePort(PORT_PCI_DATA + (register & 3), width, value);
}

/** @returns the place of every function on bus 0, ascending */
export function* pciFunctions(ports: FirmwarePorts): Generator<number> {
  for (let device = 0; device < 256; device += 8) {
    if (readPci(ports, device, PCI_ID, 16) === NO_FUNCTION) continue;
    const isMultifunction = (readPci(ports, device, PCI_HEADER_TYPE, 8) & MULTIFUNCTION) !== 0;
    for (let place = device; place < device + (isMultifunction ? 8 : 1); place++) {
      if (readPci(ports, place, PCI_ID, 16) !== NO_FUNCTION) yield place;
    }
  }
}
