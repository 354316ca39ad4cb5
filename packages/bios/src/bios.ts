/**
 * PC firmware: the ROM image, and the host side of its services behind the trap port.
 *
 * Ports: one, write-only ({@link BIOS_TRAP_PORT}). Memory: the ROM of 64 KiB, which the machine maps at F0000h and at the end
 * of the first 4 GiB.
 *
 * **Not emulated**: see the headers of the services; above all VBE, APM, PnP BIOS, option
 * **Not emulated**: see the headers of the services; above all APM, PCI BIOS, PnP BIOS, option
 * ROMs, protected-mode entry points.
 *
 * @source the references of the services
 */
import type { Clock, Component, PortDevice } from '@longmode/device';
import { BiosError } from './bios-error.ts';
import { boot, bootFailed } from './boot.ts';
import { ServiceCall } from './call.ts';
import { type AttachedDisks, DriveSet } from './disk/drives.ts';
import { disk } from './disk/service.ts';
import type { EmulatedDrive, Firmware, FirmwareState, Service, WaitName } from './firmware.ts';
import type {
  BiosEvent,
  FirmwareCpu,
  FirmwareMemory,
  FirmwarePorts,
  KeyBufferEvent,
  VideoFirmware,
  VideoFonts,
} from './host.ts';
import { keyProcess, keyRead, pauseCheck } from './keyboard/interrupt.ts';
import { keyboard } from './keyboard/service.ts';
import { type MemoryRange, memoryMapE820 } from './memory-map.ts';
import { runPost, skipPostStep } from './post.ts';
import { buildRom, type FirmwareTable, isInRom, ROM_SEGMENT, type RomImage } from './rom/image.ts';
import type { Continuation, ServiceName } from './rom/stubs.ts';
import { clock, tick } from './system/clock.ts';
import {
  ataInterrupt,
  endOfServedInterrupt,
  equipment,
  floppyInterrupt,
  fpuInterrupt,
  memorySize,
  mouseInterrupt,
  unexpectedInterrupt,
} from './system/interrupts.ts';
import { printer, serial } from './system/serial.ts';
import { system } from './system/service.ts';
import { rtcInterrupt } from './system/wait.ts';
import { setVideoMode } from './video/mode-set.ts';
import { video } from './video/service.ts';
import { vgaFirmware } from './video/vga.ts';

const MINIMUM_RAM_BYTES = 0x10_0000;
const WAIT_NAMES: readonly WaitName[] = ['post', 'serial', 'system', 'clock'];

/** What the firmware needs. */
export interface BiosOptions {
  readonly cpu: FirmwareCpu;
  readonly memory: FirmwareMemory;
  readonly ports: FirmwarePorts;
  readonly clock: Pick<Clock, 'now'>;
  /** Size of the RAM from address 0 on, in bytes: at least 1 MiB. */
  readonly ramSizeBytes: number;
  /** Instead of {@link memoryMapE820} of the RAM's size. */
  readonly memoryMap?: readonly MemoryRange[];
  /**
   * Tables for operating systems, such as ACPI's and SMBIOS's, each at its physical address: within the ROM, where
   * F6000h to F7FFFh are free, or in RAM, to which POST writes them. None by default.
   */
  readonly tables?: readonly FirmwareTable[];
  /** None by default. */
  readonly disks?: AttachedDisks;
  /** Drive numbers, first choice first. By default hard disks, then floppies, then CD-ROMs. */
  readonly bootOrder?: readonly number[];
  /** By default a VGA, programmed through its ports. */
  readonly video?: VideoFirmware;
  /** Loaded into the display adapter and copied to the ROM. Without them the adapter keeps the font that it has. */
  readonly fonts?: VideoFonts;
  readonly onEvent?: (event: BiosEvent) => void;
  /** What happens to keys, each time: for embedders that type when the guest asks for keys. */
  readonly onKeyBuffer?: (what: KeyBufferEvent) => void;
  /** `bios` by default. */
  readonly name?: string;
}

/** State of {@link Bios}: plain data. What the guest can see of the firmware is in guest memory. */
export interface BiosState {
  readonly deadlines: Readonly<Record<WaitName, number | null>>;
  readonly postStep: number;
  readonly emulation: EmulatedDrive | null;
}

const RESET_STATE: BiosState = {
  deadlines: { post: null, serial: null, system: null, clock: null },
  postStep: 0,
  emulation: null,
};

/** The host functions, by the names that the stubs use. */
const SERVICES: Readonly<Record<ServiceName, Service>> = {
  post: (firmware, call) => {
    if (!call.isRetry) firmware.state.postStep = 0;
    return runPost(firmware) ? undefined : 'post.halt';
  },
  tick,
  endOfInterrupt: endOfServedInterrupt,
  keyRead,
  keyProcess,
  pauseCheck,
  rtcInterrupt,
  floppyInterrupt,
  mouseInterrupt,
  fpuInterrupt,
  ataInterrupt,
  unexpected: unexpectedInterrupt,
  video,
  equipment,
  memorySize,
  disk,
  serial,
  system,
  keyboard,
  printer,
  bootFailed,
  boot,
  clock,
};

/**
 * The firmware of one machine. Map {@link Bios.rom}, put {@link Bios.trap} at {@link BIOS_TRAP_PORT}, reset the processor: the
 * reset vector does the rest.
 */
export class Bios implements Component<BiosState> {
  readonly name: string;
  /** The port behind the stubs: offset 0, 8 bits, writes only. */
  readonly trap: PortDevice;
  readonly #image: RomImage;
  readonly #firmware: Firmware;
  readonly #state: FirmwareState;
  readonly #reported = new Set<string>();

  /** @throws {BiosError} `bad-configuration`: less than 1 MiB of RAM, too many drives, or a wrong sector size */
  constructor(options: BiosOptions) {
    if (!Number.isInteger(options.ramSizeBytes) || options.ramSizeBytes < MINIMUM_RAM_BYTES) {
      throw new BiosError(
        'bad-configuration',
        `ramSizeBytes: at least ${MINIMUM_RAM_BYTES}, not ${options.ramSizeBytes}`,
      );
    }
    const { cpu, memory, ports } = options;
    const fonts = options.fonts ?? {};
    this.name = options.name ?? 'bios';
    this.#state = copyState(RESET_STATE);
    const drives = new DriveSet(options.disks ?? {}, () => this.#state.emulation);
    const tables = options.tables ?? [];
    this.#image = buildRom({
      fonts,
      fixedDisks: drives.hardDiskGeometries,
      ataTables: drives.ataTables,
      tables: tables.filter(isInRom),
    });
    const report = options.onEvent ?? ((): void => {});
    this.#firmware = {
      cpu,
      memory,
      ports,
      clock: options.clock,
      video: options.video ?? vgaFirmware(ports, memory, fonts),
      drives,
      memoryMap: options.memoryMap ?? memoryMapE820(options.ramSizeBytes),
      tables: tables.filter((table) => !isInRom(table)),
      bootOrder: options.bootOrder ?? drives.numbers,
      rom: this.#image,
      state: this.#state,
      report,
      onKeyBuffer: options.onKeyBuffer ?? ((): void => {}),
      unsupported: ({ vector, ax, ah }) => {
        this.#once(`function ${vector} ${ah}`, () => report({ kind: 'unsupported-function', vector, ax }));
      },
      unexpected: ({ vector, returnCs, returnIp }) => {
        this.#once(`vector ${vector}`, () => {
          report({ kind: 'unexpected-interrupt', vector, cs: returnCs, ip: returnIp });
        });
      },
    };
    this.trap = {
      readPort: (_offset, width) => 2 ** width - 1,
      writePort: (offset, width) => {
        if (offset === 0 && width === 8) this.#serve();
      },
    };
  }

  /** The ROM: 64 KiB. A copy; the firmware does not change when it is written. */
  get rom(): Uint8Array {
    return this.#image.bytes.slice();
  }

  /**
   * Does what the reset vector does, without the processor: for machines that load a kernel directly and want the interrupt
   * vectors, data areas and chips as a BIOS leaves them. Time stands still meanwhile, so a keyboard that answers later than at
   * once is not waited for.
   */
  post(): void {
    this.#state.postStep = 0;
    while (!runPost(this.#firmware)) skipPostStep(this.#firmware);
  }

  /** Sets a video mode as INT 10h AH=00h does, once {@link post} has run. @returns false if there is no such mode */
  setVideoMode(mode: number): boolean {
    return setVideoMode(this.#firmware, mode) !== undefined;
  }

  reset(): void {
    Object.assign(this.#state, copyState(RESET_STATE));
  }

  snapshot(): BiosState {
    return copyState(this.#state);
  }

  /** @throws {BiosError} `bad-snapshot`: a field is missing or out of range; the state is then unchanged */
  restore(state: BiosState): void {
    checkState(state);
    Object.assign(this.#state, copyState(state));
  }

  /** One trap: the return address on the stack says which stub it was. */
  #serve(): void {
    const { cpu, memory } = this.#firmware;
    // Only the ROM may trap: an operating system that probes the port does nothing.
    if (cpu.cs !== ROM_SEGMENT) return;
    const top = (cpu.segmentBase('ss') + (cpu.esp & 0xffff)) >>> 0;
    const entry = this.#image.entries.get(memory.read16(top));
    if (entry === undefined) return;
    const call = new ServiceCall(cpu, memory, entry);
    const continuation: Continuation | undefined = SERVICES[entry.service](this.#firmware, call);
    if (continuation !== undefined) memory.write16(top, this.#image.offsetOf(continuation));
  }

  #once(key: string, report: () => void): void {
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    report();
  }
}

function copyState({ deadlines, postStep, emulation }: BiosState): FirmwareState {
  return { deadlines: { ...deadlines }, postStep, emulation: emulation === null ? null : { ...emulation } };
}

function checkState(state: BiosState): void {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isGood =
    typeof state === 'object' &&
    state !== null &&
    typeof state.deadlines === 'object' &&
    state.deadlines !== null &&
    WAIT_NAMES.every((name) => state.deadlines[name] === null || isCount(state.deadlines[name])) &&
    isCount(state.postStep) &&
    (state.emulation === null ||
      (typeof state.emulation === 'object' &&
        [0x00, 0x80].includes(state.emulation.drive) &&
        [state.emulation.cdDrive, state.emulation.imageLba, state.emulation.sectorCount].every(isCount) &&
        isCount(state.emulation.mediaType)));
  if (!isGood) throw new BiosError('bad-snapshot', 'the firmware state is not one that this version wrote');
}
