/**
 * The tables of Intel's MultiProcessor Specification 1.4 of a PC with one processor: what kernels read that know no ACPI.
 * They say what ACPI's MADT says, and of the ISA interrupts one by one where the I/O APIC has them.
 *
 * @source Intel MultiProcessor Specification 1.4, "MP Configuration Table"
 */
import { LOCAL_APIC_ADDRESS, type PlacedBytes } from './acpi.ts';
import { TableBytes } from './table-bytes.ts';

/** What the tables describe. */
export interface MpMachine {
  /** EAX and EDX of CPUID's leaf 1. */
  readonly processorSignature: number;
  readonly processorFeatures: number;
  /** The version that the local APIC's register has, 8 bits. Its ID is 0. */
  readonly localApicVersion: number;
  /** The I/O APIC: its ID and version, where it is, and its input for IRQ 0. IRQ n is at input n otherwise. */
  readonly ioApic: {
    readonly id: number;
    readonly version: number;
    readonly address: number;
    readonly irq0Input: number;
  };
  /** Interrupt line of ACPI's SCI, which is active high and level-triggered. */
  readonly sciIrq: number;
  /** Whether there is a PCI bus, number 0. No interrupt of it is routed. */
  readonly hasPci: boolean;
}

/** The size of the floating pointer, in paragraphs. */
const POINTER_PARAGRAPHS = 1;
const POINTER_SIZE_BYTES = 16 * POINTER_PARAGRAPHS;
const HEADER_SIZE_BYTES = 44;
const REVISION_1_4 = 4;
const LOCAL_APIC_ID = 0;

/** Types of entries, which stand in ascending order. */
const PROCESSOR = 0;
const BUS = 1;
const IO_APIC = 2;
const IO_INTERRUPT = 3;
const LOCAL_INTERRUPT = 4;
const PROCESSOR_ENABLED_BOOTSTRAP = 3;
const IO_APIC_ENABLED = 1;

/** Types of interrupts. */
const VECTORED = 0;
const NMI = 1;
const EXT_INT = 3;
/** Polarity and trigger mode: as the bus has them; active high and level-triggered. */
const AS_THE_BUS = 0;
const ACTIVE_HIGH_LEVEL = 0x0d;
const ISA_IRQ_COUNT = 16;
const CASCADE = 2;

/**
 * Makes the floating pointer and the configuration table behind it.
 *
 * @param address of the floating pointer: a paragraph within F0000h to FFFFFh, where kernels look for it
 */
export function mpTables(machine: MpMachine, address: number): PlacedBytes {
  const entries = configuration(machine);
  const table = new TableBytes(HEADER_SIZE_BYTES + entries.reduce((size, entry) => size + entry.length, 0));
  table
    .ascii(0, 'PCMP')
    .u16(4, table.bytes.length)
    .u8(6, REVISION_1_4)
    .ascii(8, 'LNGMOD  ')
    .ascii(16, 'LONGMODE    ')
    .u16(34, entries.length)
    .u32(36, LOCAL_APIC_ADDRESS)
    .put(HEADER_SIZE_BYTES, entries.flat())
    .checksum(7);
  // Feature bytes of zero: there is a configuration table, and no IMCR: the 8259A come by virtual wire.
  const pointer = new TableBytes(POINTER_SIZE_BYTES)
    .ascii(0, '_MP_')
    .u32(4, address + POINTER_SIZE_BYTES)
    .u8(8, POINTER_PARAGRAPHS)
    .u8(9, REVISION_1_4)
    .checksum(10);
  return { address, bytes: Uint8Array.of(...pointer.bytes, ...table.bytes) };
}

function configuration(machine: MpMachine): readonly (readonly number[])[] {
  const { ioApic, sciIrq, hasPci } = machine;
  const processor = new TableBytes(20)
    .put(0, [PROCESSOR, LOCAL_APIC_ID, machine.localApicVersion, PROCESSOR_ENABLED_BOOTSTRAP])
    .u32(4, machine.processorSignature & 0xfff)
    .u32(8, machine.processorFeatures);
  // A PCI bus has its own number as its ID.
  const isaBus = hasPci ? 1 : 0;
  const bus = (id: number, name: string): number[] => [...new TableBytes(8).put(0, [BUS, id]).ascii(2, name).bytes];
  const irqs = Array.from({ length: ISA_IRQ_COUNT }, (_, irq) => irq).filter((irq) => irq !== CASCADE);
  return [
    [...processor.bytes],
    ...(hasPci ? [bus(0, 'PCI   ')] : []),
    bus(isaBus, 'ISA   '),
    [...new TableBytes(8).put(0, [IO_APIC, ioApic.id, ioApic.version, IO_APIC_ENABLED]).u32(4, ioApic.address).bytes],
    ...irqs.map((irq) => {
      const flags = irq === sciIrq ? ACTIVE_HIGH_LEVEL : AS_THE_BUS;
      return [IO_INTERRUPT, VECTORED, flags, 0, isaBus, irq, ioApic.id, irq === 0 ? ioApic.irq0Input : irq];
    }),
    [LOCAL_INTERRUPT, EXT_INT, AS_THE_BUS, 0, isaBus, 0, LOCAL_APIC_ID, 0], // LINT0
    [LOCAL_INTERRUPT, NMI, AS_THE_BUS, 0, isaBus, 0, LOCAL_APIC_ID, 1], // LINT1
  ];
}
