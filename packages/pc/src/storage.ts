/** Disks on the two ATA channels of a PIIX3, and the same disks for the firmware. */
import { ATA_BUS_MASTER, ATA_CONTROL, ATA_DATA, AtaChannel, type AtaDriveOptions, type DmaMemory } from '@longmode/ata';
import type { AttachedDisks, FirmwareDisk } from '@longmode/bios';
import type { GuestMemory } from '@longmode/cpu-x86';
import type { Clock, InterruptLine } from '@longmode/device';
import type { PortBus } from '@longmode/machine';
import type { ConfigSpace } from '@longmode/pci';

const PRIMARY = { name: 'ata-primary', command: 0x1f0, control: 0x3f6 } as const;
const SECONDARY = { name: 'ata-secondary', command: 0x170, control: 0x376 } as const;
/** The controller's place on PCI: the PIIX3's function 1. */
const IDE_PLACE = { bus: 0, device: 1, function: 1 } as const;
const BUS_MASTER_PORTS = 8;
/** The base address register of the PCI function that has the bus master ports of both channels. */
const BUS_MASTER_BASE = 4;

/** Where the drives are: primary device 0 and 1, then secondary. */
export interface StorageLayout {
  readonly drives: readonly (AtaDriveOptions | null)[];
  /** What the firmware is to be given: the same disks, which know their place on the channels. */
  readonly disks: AttachedDisks;
}

/**
 * Places drives as people and QEMU do: the first two hard disks on the first channel, CD-ROMs on the second, and further hard
 * disks where there is room. What has no place is the firmware's alone.
 */
export function layOutStorage(disks: AttachedDisks = {}): StorageLayout {
  const drives: (AtaDriveOptions | null)[] = [null, null, null, null];
  const place = (disk: FirmwareDisk, kind: AtaDriveOptions['kind'], places: readonly number[]): FirmwareDisk => {
    const free = places.find((index) => drives[index] === null);
    if (free === undefined) return disk;
    drives[free] = { kind, medium: disk, serial: `LM${String(free + 1).padStart(5, '0')}` };
    return knowing(disk, free);
  };
  const first = (disks.hardDisks ?? []).slice(0, 2).map((disk) => place(disk, 'disk', [0, 1]));
  const cdRoms = (disks.cdRoms ?? []).map((disk) => place(disk, 'cd-rom', [2, 3]));
  const others = (disks.hardDisks ?? []).slice(2).map((disk) => place(disk, 'disk', [2, 3]));
  return { drives, disks: { ...disks, hardDisks: [...first, ...others], cdRoms } };
}

/** The same disk, with its place. */
function knowing(disk: FirmwareDisk, index: number): FirmwareDisk {
  const { write, flush, geometry } = disk;
  const channel = index < 2 ? 0 : 1;
  const place = channel === 0 ? PRIMARY : SECONDARY;
  return {
    sectorSizeBytes: disk.sectorSizeBytes,
    sectorCount: disk.sectorCount,
    read: (lba, count) => disk.read(lba, count),
    ...(write === undefined ? {} : { write: write.bind(disk) }),
    ...(flush === undefined ? {} : { flush: flush.bind(disk) }),
    ...(geometry === undefined ? {} : { geometry }),
    ata: {
      ioBase: place.command,
      controlBase: place.control,
      irq: 14 + channel,
      isSlave: index % 2 === 1,
      pci: { ...IDE_PLACE, channel },
    },
  };
}

/** What the channels are wired to. */
export interface StorageWiring {
  readonly clock: Clock;
  readonly ports: PortBus;
  readonly memory: GuestMemory;
  /** The PCI function of the controller. */
  readonly ide: ConfigSpace;
  /** IRQ 14 and IRQ 15. */
  readonly interrupts: readonly [InterruptLine, InterruptLine];
}

/** Makes both channels and claims their ports. */
export function makeChannels(
  { drives }: StorageLayout,
  { clock, ports, memory, ide, interrupts }: StorageWiring,
): readonly [AtaChannel, AtaChannel] {
  const dma: DmaMemory = {
    read: (physical, sizeBytes) => memory.read(physical, sizeBytes),
    write: (physical, bytes) => memory.write(physical, bytes),
    isEnabled: () => ide.isBusMaster,
  };
  const make = (number: 0 | 1): AtaChannel => {
    const { name, command, control } = number === 0 ? PRIMARY : SECONDARY;
    const device = new AtaChannel({
      name,
      clock,
      interrupt: interrupts[number],
      drives: drives.slice(2 * number, 2 * number + 2),
      memory: dma,
    });
    ports.claim({ name, first: command, count: 1, device, width: 32, offset: ATA_DATA });
    ports.claim({ name, first: command + 1, count: 7, device, offset: ATA_DATA + 1 });
    ports.claim({ name, first: control, count: 1, device, offset: ATA_CONTROL });
    const first = (): number | null => {
      const base = ide.ioBase(BUS_MASTER_BASE);
      return base === null ? null : base + BUS_MASTER_PORTS * number;
    };
    ports.openWindow({ name, count: BUS_MASTER_PORTS, device, offset: ATA_BUS_MASTER, first });
    return device;
  };
  return [make(0), make(1)];
}
