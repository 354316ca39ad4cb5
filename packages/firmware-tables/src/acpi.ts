/**
 * The ACPI tables of a PC with one processor and two 8259A, with or without an I/O APIC and high precision timers.
 *
 * @source ACPI Specification 6.5, "ACPI Software Programming Model", "System Description Table Format"; IA-PC HPET
 * Specification 1.0a, "The ACPI 2.0 HPET Description Table"
 */
import { dsdt } from './dsdt.ts';
import { TableBytes } from './table-bytes.ts';

/** What the tables describe. Ports are I/O ports. */
export interface AcpiMachine {
  /** First port of the PM1a event block (4 bytes); the control block and the timer follow at offsets 4 and 8. */
  readonly pmBase: number;
  /** Interrupt line of the SCI. */
  readonly sciIrq: number;
  /** SLP_TYP that turns the machine off, 0 to 7. */
  readonly softOffType: number;
  /** The reset register and what to write there. */
  readonly resetPort: number;
  readonly resetValue: number;
  /** CMOS index of the century. */
  readonly centuryIndex: number;
  /** Where PCI devices may have their memory, if there is a PCI bus. */
  readonly pciMemory: { readonly first: number; readonly last: number } | null;
  /** The I/O APIC, if there is one: its ID, where it is, and its input for IRQ 0. IRQ n is at input n otherwise. */
  readonly ioApic?: { readonly id: number; readonly address: number; readonly irq0Input: number };
  /** The high precision timers, if there are any: where they are, and the low word of their capabilities. */
  readonly hpet?: { readonly address: number; readonly capabilities: number };
}

/** Where tables are to be: `root` within E0000h to FFFFFh and on a paragraph, the others anywhere below 4 GiB. */
export interface AcpiAddresses {
  readonly root: number;
  /** The tables but for the FACS; memory that a guest may use when it has read them. */
  readonly tables: number;
  /** The FACS, on 64 bytes; memory that must stay. */
  readonly facs: number;
}

/** Bytes that belong at a physical address. */
export interface PlacedBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The size of the root pointer and of the FACS. */
export const RSDP_SIZE_BYTES = 36;
export const FACS_SIZE_BYTES = 64;

const HEADER_SIZE = 36;
const OEM_ID = 'LNGMOD';
const OEM_TABLE_ID = 'LONGMODE';
const CREATOR_ID = 'LMTB';
const TABLE_ALIGNMENT = 16;
const ROOT_ENTRIES_MAX = 4;

const FADT_SIZE = 244; // revision 3
const FADT_DESKTOP = 1;
const FADT_WBINVD = 1 << 0;
const FADT_PROC_C1 = 1 << 2;
const FADT_NO_FIXED_POWER_BUTTON = 1 << 4;
const FADT_NO_FIXED_SLEEP_BUTTON = 1 << 5;
const FADT_NO_FIXED_RTC_WAKE = 1 << 6;
const FADT_RESET_REGISTER = 1 << 10;
const BOOT_LEGACY_DEVICES = 1 << 0;
const BOOT_8042 = 1 << 1;
const SPACE_SYSTEM_IO = 1;
const NO_C2 = 0xffff;

/** Where the local APIC is after a reset. */
export const LOCAL_APIC_ADDRESS = 0xfee0_0000;
const MADT_PCAT_COMPAT = 1;
const LOCAL_APIC_ENABLED = 1;
/** Interrupt source override: as the bus has it; active high and level-triggered. */
const AS_THE_BUS = 0;
const ACTIVE_HIGH_LEVEL = 0x0d;
const ALL_PROCESSORS = 0xff;

const HPET_BITS = 64;
/** The least counts of a periodic timer that lose no interrupt, as we see it: 100 us at 100 MHz. */
const HPET_TICK_MIN = 10_000;

/**
 * Makes RSDP, RSDT, XSDT, FADT, FACS, MADT, DSDT, and HPET if the machine has the timers.
 *
 * @returns the root pointer, the tables in one piece, and the FACS; the same machine gives the same bytes
 */
export function acpiTables(machine: AcpiMachine, addresses: AcpiAddresses): readonly PlacedBytes[] {
  const placed: PlacedBytes[] = [];
  let next = addresses.tables;
  const reserve = (sizeBytes: number): number => {
    const address = next;
    next = Math.ceil((address + sizeBytes) / TABLE_ALIGNMENT) * TABLE_ALIGNMENT;
    return address;
  };
  const place = (bytes: Uint8Array, address = reserve(bytes.length)): number => {
    placed.push({ address, bytes });
    return address;
  };
  const dsdtAt = place(sdt('DSDT', 2, dsdt(machine)));
  // Where the root tables are does not depend on how many tables there are: the root pointer is the same in every machine.
  const rsdtAt = reserve(HEADER_SIZE + 4 * ROOT_ENTRIES_MAX);
  const xsdtAt = reserve(HEADER_SIZE + 8 * ROOT_ENTRIES_MAX);
  const tables = [place(fadt(machine, addresses.facs, dsdtAt)), place(sdt('APIC', 3, madt(machine)))];
  if (machine.hpet !== undefined) tables.push(place(hpetTable(machine.hpet)));
  place(rootTable('RSDT', 4, tables), rsdtAt);
  place(rootTable('XSDT', 8, tables), xsdtAt);
  return [
    { address: addresses.root, bytes: rsdp(rsdtAt, xsdtAt) },
    joined(placed),
    { address: addresses.facs, bytes: facs() },
  ];
}

function joined(parts: readonly PlacedBytes[]): PlacedBytes {
  const address = parts[0]?.address ?? 0;
  const end = parts.reduce((last, part) => Math.max(last, part.address + part.bytes.length), address);
  const bytes = new Uint8Array(end - address);
  for (const part of parts) bytes.set(part.bytes, part.address - address);
  return { address, bytes };
}

/** A table with its header. */
function sdt(signature: string, revision: number, body: Iterable<number>): Uint8Array {
  const content = [...body];
  const table = new TableBytes(HEADER_SIZE + content.length);
  return writeHeader(table, signature, revision).put(HEADER_SIZE, content).checksum(9).bytes;
}

function writeHeader(table: TableBytes, signature: string, revision: number): TableBytes {
  return table
    .ascii(0, signature)
    .u32(4, table.bytes.length)
    .u8(8, revision)
    .ascii(10, OEM_ID)
    .ascii(16, OEM_TABLE_ID)
    .u32(24, 1)
    .ascii(28, CREATOR_ID)
    .u32(32, 1);
}

function rsdp(rsdt: number, xsdt: number): Uint8Array {
  return new TableBytes(RSDP_SIZE_BYTES)
    .ascii(0, 'RSD PTR ')
    .ascii(9, OEM_ID)
    .u8(15, 2)
    .u32(16, rsdt)
    .u32(20, RSDP_SIZE_BYTES)
    .u64(24, xsdt)
    .checksum(8, 20)
    .checksum(32).bytes;
}

function rootTable(signature: string, entrySize: 4 | 8, tables: readonly number[]): Uint8Array {
  const body = new TableBytes(entrySize * tables.length);
  tables.forEach((table, index) => {
    body.u32(entrySize * index, table);
  });
  return sdt(signature, 1, body.bytes);
}

function facs(): Uint8Array {
  return new TableBytes(FACS_SIZE_BYTES).ascii(0, 'FACS').u32(4, FACS_SIZE_BYTES).u8(32, 1).bytes;
}

/** One processor, and the interrupt controllers. */
function madt({ ioApic, sciIrq }: AcpiMachine): number[] {
  const fixed = new TableBytes(16)
    .u32(0, LOCAL_APIC_ADDRESS)
    .u32(4, MADT_PCAT_COMPAT)
    .put(8, [0, 8, 0, 0]) // processor local APIC: processor 0, APIC ID 0
    .u32(12, LOCAL_APIC_ENABLED);
  if (ioApic === undefined) return [...fixed.bytes];
  const { id, address, irq0Input } = ioApic;
  const override = (irq: number, input: number, flags: number): Uint8Array =>
    new TableBytes(10).put(0, [2, 10, 0, irq]).u32(4, input).u16(8, flags).bytes;
  return [
    ...fixed.bytes,
    ...new TableBytes(12).put(0, [1, 12, id, 0]).u32(4, address).bytes,
    ...override(0, irq0Input, AS_THE_BUS),
    ...override(sciIrq, sciIrq, ACTIVE_HIGH_LEVEL),
    ...[4, 6, ALL_PROCESSORS, AS_THE_BUS, 0, 1], // local APIC NMI: LINT1
  ];
}

function hpetTable({ address, capabilities }: NonNullable<AcpiMachine['hpet']>): Uint8Array {
  const body = new TableBytes(20)
    .u32(0, capabilities)
    .u8(5, HPET_BITS) // a generic address in memory
    .u64(8, address)
    .u16(17, HPET_TICK_MIN);
  return sdt('HPET', 1, body.bytes);
}

/** ACPI mode is always on: there is no SMI command port, and SCI_EN reads 1. */
function fadt(machine: AcpiMachine, facsAt: number, dsdtAt: number): Uint8Array {
  const { pmBase, sciIrq, resetPort, resetValue, centuryIndex } = machine;
  const table = new TableBytes(FADT_SIZE);
  const io = (offset: number, width: number, port: number): void => {
    const accessSize = width === 8 ? 1 : width === 16 ? 2 : 3;
    table
      .u8(offset, SPACE_SYSTEM_IO)
      .u8(offset + 1, width)
      .u8(offset + 3, accessSize)
      .u64(offset + 4, port);
  };
  writeHeader(table, 'FACP', 3)
    .u32(36, facsAt)
    .u32(40, dsdtAt)
    .u8(45, FADT_DESKTOP)
    .u16(46, sciIrq)
    .u32(56, pmBase)
    .u32(64, pmBase + 4)
    .u32(76, pmBase + 8)
    .u8(88, 4)
    .u8(89, 2)
    .u8(91, 4)
    .u16(96, NO_C2)
    .u16(98, NO_C2)
    .u8(108, centuryIndex)
    .u16(109, BOOT_LEGACY_DEVICES | BOOT_8042)
    .u32(
      112,
      FADT_WBINVD |
        FADT_PROC_C1 |
        FADT_NO_FIXED_POWER_BUTTON |
        FADT_NO_FIXED_SLEEP_BUTTON |
        FADT_NO_FIXED_RTC_WAKE |
        FADT_RESET_REGISTER,
    )
    .u8(128, resetValue)
    .u64(132, facsAt)
    .u64(140, dsdtAt);
  io(116, 8, resetPort);
  io(148, 32, pmBase);
  io(172, 16, pmBase + 4);
  io(208, 32, pmBase + 8);
  return table.checksum(9).bytes;
}
