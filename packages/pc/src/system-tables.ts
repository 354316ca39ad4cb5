import {
  type FirmwareTable,
  LOW_RAM_END,
  type MemoryRange,
  memoryMapE820,
  ROM_BASE,
  ROM_SIZE_BYTES,
} from '@longmode/bios';
import { type CpuModel, DEFAULT_CPU_MODEL, featureWord, signatureOf } from '@longmode/cpu-x86';
import {
  acpiTables,
  FACS_SIZE_BYTES,
  type MpMachine,
  mpTables,
  RSDP_SIZE_BYTES,
  smbiosTables,
} from '@longmode/firmware-tables';
import { HPET_CAPABILITIES } from '@longmode/hpet';
import { LOCAL_APIC_VERSION } from '@longmode/local-apic';

import { HPET_ADDRESS, IO_APIC_ADDRESS, IO_APIC_VERSION, IRQ0_INPUT } from './interrupts.ts';

/** First port of ACPI's fixed hardware, where the firmware of QEMU's machines puts it too. */
export const ACPI_PM_PORT = 0x600;
/** SLP_TYP that means "off". */
export const SOFT_OFF_TYPE = 0;

const ROOT_ADDRESS = ROM_BASE + 0x6000;
const SMBIOS_ADDRESS = ROOT_ADDRESS + 0x40;
/** Behind what SMBIOS may take, whatever the processor's name is. */
const MP_ADDRESS = ROOT_ADDRESS + 0x400;
const RESERVATION = { reclaimableBytes: 0x3000, nvsBytes: 0x1000 };
/** A machine with less memory is told nothing of ACPI. */
const ACPI_RAM_MIN_BYTES = 2 * 2 ** 20;
const SCI_IRQ = 9;
const CENTURY_INDEX = 0x32;

/** Its ID is as it is after a reset. */
const IO_APIC = { id: 0, address: IO_APIC_ADDRESS, irq0Input: IRQ0_INPUT };

const hasAcpi = (ramSizeBytes: number): boolean => ramSizeBytes >= ACPI_RAM_MIN_BYTES;

/** The address map that the firmware and every boot protocol report. */
export function systemMemoryMap(ramSizeBytes: number): readonly MemoryRange[] {
  return hasAcpi(ramSizeBytes) ? memoryMapE820(ramSizeBytes, RESERVATION) : memoryMapE820(ramSizeBytes);
}

/** SMBIOS and MP tables, and those of ACPI where the address map has room for them. */
export function systemTables(ramSizeBytes: number, model: CpuModel = DEFAULT_CPU_MODEL): readonly FirmwareTable[] {
  const processor = { processorSignature: signatureOf(model), processorFeatures: featureWord(model, 1, 'edx') };
  const smbios = smbiosTables(
    {
      ramSizeBytes,
      ramRanges: [{ base: 0, length: ramSizeBytes }],
      romSegment: ROM_BASE >> 4,
      romSizeBytes: ROM_SIZE_BYTES,
      processorName: model.brand,
      processorVendor: model.vendor,
      ...processor,
    },
    SMBIOS_ADDRESS,
  );
  const tables = model.features.has('APIC') ? [smbios, mp(processor)] : [smbios];
  return hasAcpi(ramSizeBytes) ? [...acpi(ramSizeBytes, model), ...tables] : tables;
}

/** For kernels that look for the APICs without ACPI. */
function mp(processor: Pick<MpMachine, 'processorSignature' | 'processorFeatures'>): FirmwareTable {
  const machine = {
    ...processor,
    localApicVersion: LOCAL_APIC_VERSION & 0xff,
    ioApic: { ...IO_APIC, version: IO_APIC_VERSION },
    sciIrq: SCI_IRQ,
    hasPci: true,
  };
  return mpTables(machine, MP_ADDRESS);
}

function acpi(ramSizeBytes: number, model: CpuModel): readonly FirmwareTable[] {
  const end = Math.min(ramSizeBytes, LOW_RAM_END);
  const machine = {
    pmBase: ACPI_PM_PORT,
    sciIrq: SCI_IRQ,
    softOffType: SOFT_OFF_TYPE,
    resetPort: 0xcf9,
    resetValue: 0x06,
    centuryIndex: CENTURY_INDEX,
    pciMemory: { first: LOW_RAM_END, last: 0xfebf_ffff },
    ...(model.features.has('APIC')
      ? {
          ioApic: IO_APIC,
          hpet: { address: HPET_ADDRESS, capabilities: HPET_CAPABILITIES },
        }
      : {}),
  };
  const tables = end - RESERVATION.nvsBytes - RESERVATION.reclaimableBytes;
  return acpiTables(machine, { root: ROOT_ADDRESS, tables, facs: end - FACS_SIZE_BYTES });
}

/** A copy of ACPI's root pointer, as boot protocols hand it over, the same for every processor; undefined in a machine without. */
export function rootPointer(ramSizeBytes: number): Uint8Array | undefined {
  if (!hasAcpi(ramSizeBytes)) return undefined;
  return acpi(ramSizeBytes, DEFAULT_CPU_MODEL).find(({ bytes }) => bytes.length === RSDP_SIZE_BYTES)?.bytes;
}

/** Where ACPI's root pointer is; undefined in a machine without. */
export function rootPointerAddress(ramSizeBytes: number): number | undefined {
  return hasAcpi(ramSizeBytes) ? ROOT_ADDRESS : undefined;
}
