import type { AttachedDisks, BiosEvent } from '@longmode/bios';
import type { CpuModel, CpuModelName, Engine, JitOptions } from '@longmode/cpu-x86';
import type { UnclaimedMemory, UnclaimedPort } from '@longmode/machine';
import type { RtcTime } from '@longmode/rtc-146818';
import type { FirmwareImage } from './firmware-rom.ts';
import type { TypingStep } from './typing/step.ts';

/** What a PC is made of. Everything has a default. */
export interface PcConfig {
  /** RAM in bytes, a multiple of 4096 from 1 MiB to 3.5 GiB; 128 MiB unless told. */
  readonly ramSizeBytes?: number;
  /** Drives that the firmware offers; none unless told. */
  readonly disks?: AttachedDisks;
  /** Drive numbers in boot order, see `BiosOptions.bootOrder`. */
  readonly bootOrder?: readonly number[];
  /** A firmware ROM in place of this machine's own; kernels cannot be loaded directly then. */
  readonly firmware?: FirmwareImage;
  /** The processor, by name or in every detail; `default` has all that is emulated. */
  readonly cpuModel?: CpuModel | CpuModelName;
  /** What runs the code; the results are the same. `interpreter` unless told. */
  readonly engine?: Engine;
  readonly jit?: Partial<JitOptions>;
  /** Where the processor's random numbers begin, see `CpuOptions.entropySeed`. */
  readonly entropySeed?: bigint;
  /** What the real-time clock says at power-on; a fixed moment unless told. */
  readonly initialTime?: Readonly<RtcTime>;
  /** Virtual nanoseconds that an instruction takes; 1 unless told. */
  readonly nanosecondsPerInstruction?: number;
  /** Virtual nanoseconds that an access to an I/O port takes besides; 1000 unless told, as on an ISA bus. */
  readonly portAccessNanoseconds?: number;
  /** First port of the debug-exit device, or `null` for none; 0xf4 unless told. */
  readonly debugExitPort?: number | null;
  /** What a guest's reset does: `stop` ends the run with the outcome `reset` (the default), `reboot` starts again. */
  readonly onReset?: 'stop' | 'reboot';
  /** What to type at the keyboard from power-on, see `parseKeys`; nothing unless told. */
  readonly typing?: readonly TypingStep[];
  readonly events?: PcEvents;
}

/** What a PC tells its embedder. */
export interface PcEvents {
  /** A byte left COM1. */
  onSerial?(byte: number): void;
  /** A guest access that no part answers; once for each port and direction, each 4 KiB of memory. */
  onUnclaimedPort?(access: UnclaimedPort): void;
  onUnclaimedMemory?(access: UnclaimedMemory): void;
  onFirmware?(event: BiosEvent): void;
  /** A byte of the log of a firmware ROM, from port 402h. */
  onFirmwareLog?(byte: number): void;
}

export const RAM_SIZE_DEFAULT_BYTES: number = 128 * 1024 * 1024;
