/** What every service works with: the machine, the ROM, the drives and the little state that is not in guest memory. */
import type { Clock } from '@longmode/device';
import type { ServiceCall } from './call.ts';
import type { DriveSet } from './disk/drives.ts';
import type { BiosEvent, FirmwareCpu, FirmwareMemory, FirmwarePorts, KeyBufferEvent, VideoFirmware } from './host.ts';
import type { MemoryRange } from './memory-map.ts';
import type { FirmwareTable, RomImage } from './rom/image.ts';
import type { Continuation } from './rom/stubs.ts';

/** The services that can wait; each has at most one deadline (absolute ticks). */
export type WaitName = 'post' | 'serial' | 'system' | 'clock';

/** Everything that the firmware remembers outside guest memory. */
export interface FirmwareState {
  /** When the waiting services give up or are done, in ticks; `null` when they do not wait. */
  deadlines: Record<WaitName, number | null>;
  /** The next step of POST. */
  postStep: number;
  /** The drive number that a bootable CD image took over, and where the image is; `null` without one. */
  emulation: EmulatedDrive | null;
}

/** An El Torito image that stands in for a floppy or a hard disk. */
export interface EmulatedDrive {
  readonly drive: number;
  /** The CD drive that holds the image. */
  readonly cdDrive: number;
  /** First 2048-byte sector of the image. */
  readonly imageLba: number;
  /** Size in 512-byte sectors. */
  readonly sectorCount: number;
  /** El Torito media type: 1 to 3 floppies, 4 hard disk. */
  readonly mediaType: number;
}

/** The context of a service. */
export interface Firmware {
  readonly cpu: FirmwareCpu;
  readonly memory: FirmwareMemory;
  readonly ports: FirmwarePorts;
  readonly clock: Pick<Clock, 'now'>;
  readonly video: VideoFirmware;
  readonly drives: DriveSet;
  readonly memoryMap: readonly MemoryRange[];
  /** What POST writes to RAM. */
  readonly tables: readonly FirmwareTable[];
  readonly bootOrder: readonly number[];
  readonly rom: RomImage;
  readonly state: FirmwareState;
  report(event: BiosEvent): void;
  onKeyBuffer(what: KeyBufferEvent): void;
  /** Reports the function in AX as absent, once for each vector and AH. */
  unsupported(call: ServiceCall): void;
  /** Reports an interrupt that nobody took over, once for each vector. */
  unexpected(call: ServiceCall): void;
}

/** A host function behind a stub. It returns where the stub goes on, or nothing to go on after the trap. */
export type Service = (firmware: Firmware, call: ServiceCall) => Continuation | undefined;

/** The ordinary failure: CF set, AH = 86h (function not supported), reported once. */
export function functionNotSupported(firmware: Firmware, call: ServiceCall): undefined {
  firmware.unsupported(call);
  call.ah = 0x86;
  call.carry = true;
}
