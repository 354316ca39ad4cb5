import type { AcpiMachine } from './acpi.ts';
import * as aml from './aml.ts';

/**
 * The definition block: how to turn the machine off, and the devices that are where PCs have them.
 *
 * @source ACPI Specification 6.5, "_Sx (System States)", "Device Identification Objects"; the PNP IDs: Plug and Play Vendor
 * and Device IDs
 */
export function dsdt(machine: AcpiMachine): aml.Aml {
  const softOff = aml.integer(machine.softOffType);
  const off = aml.packageOf(softOff, softOff, aml.integer(0), aml.integer(0));
  const legacy = [
    legacyDevice('RTC', 'PNP0B00', aml.ioPorts(0x70, 2), aml.irq(8)),
    legacyDevice('KBD', 'PNP0303', aml.ioPorts(0x60, 1), aml.ioPorts(0x64, 1), aml.irq(1)),
    legacyDevice('COM1', 'PNP0501', aml.ioPorts(0x3f8, 8), aml.irq(4)),
    legacyDevice('FDC0', 'PNP0700', aml.ioPorts(0x3f2, 4), aml.ioPorts(0x3f7, 1), aml.irq(6), aml.dmaChannel(2)),
  ];
  const buses = machine.pciMemory === null ? [] : [pciBus(machine.pciMemory)];
  return [aml.name('\\_S5', off), aml.scope('\\_SB', ...buses, ...legacy)].flat();
}

function legacyDevice(name: string, id: string, ...descriptors: readonly number[][]): aml.Aml {
  return aml.device(name, aml.name('_HID', aml.eisaId(id)), aml.name('_CRS', aml.resources(...descriptors)));
}

function pciBus(memory: { readonly first: number; readonly last: number }): aml.Aml {
  const descriptors = [
    aml.addressSpace(aml.SPACE_BUS, 16, 0, 0xff),
    aml.ioPorts(0xcf8, 8),
    aml.addressSpace(aml.SPACE_IO, 16, 0x0000, 0x0cf7),
    aml.addressSpace(aml.SPACE_IO, 16, 0x0d00, 0xffff),
    aml.addressSpace(aml.SPACE_MEMORY, 32, 0xa0000, 0xbffff),
    aml.addressSpace(aml.SPACE_MEMORY, 32, memory.first, memory.last),
  ];
  return aml.device(
    'PCI0',
    aml.name('_HID', aml.eisaId('PNP0A03')),
    aml.name('_ADR', aml.integer(0)),
    aml.name('_BBN', aml.integer(0)),
    aml.name('_UID', aml.integer(0)),
    aml.name('_CRS', aml.resources(...descriptors)),
  );
}
