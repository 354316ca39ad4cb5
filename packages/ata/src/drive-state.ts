/** What one drive remembers, as plain data, and the check of such data. */
import { AtaError } from './ata-error.ts';
import { DIAGNOSTIC_PASSED } from './registers.ts';

/** The registers that are two deep: a write moves the old value to the other copy. */
export interface TaskFileBytes {
  features: number;
  count: number;
  lbaLow: number;
  lbaMid: number;
  lbaHigh: number;
}

/**
 * What the drive is at. The first line waits for the host, the second for the drive's own alarm:
 * `command` and `packet` execute, `next` follows a block that the host has moved, `transfer` moves bytes by bus master,
 * `diagnose` ends a reset.
 */
const DRIVE_PHASES = [
  'idle',
  'data-in',
  'data-out',
  'packet-out',
  'dma-in',
  'dma-out',
  'held',
  'command',
  'packet',
  'next',
  'transfer-in',
  'transfer-out',
  'diagnose',
] as const;
export type DrivePhase = (typeof DRIVE_PHASES)[number];

/** Plain data; see {@link DrivePhase}. */
export interface DriveState {
  current: TaskFileBytes;
  previous: TaskFileBytes;
  device: number;
  status: number;
  error: number;
  isInterruptPending: boolean;
  phase: DrivePhase;
  /** The command that executes, or was executed last. */
  command: number;
  /** Data on its way, and how much of it has been moved. */
  buffer: Uint8Array;
  position: number;
  /** Bytes from `position` on that the host moves before it has to wait. */
  block: number;
  /** Next sector of the medium, and sectors that follow what is in the buffer. */
  lba: number;
  remaining: number;
  /** Sectors per block of READ and WRITE MULTIPLE; 0 = the commands are off. */
  multiple: number;
  /** The translation for cylinder, head and sector addresses. */
  heads: number;
  sectorsPerTrack: number;
  /** Of SET FEATURES: what its subcommand 03h was given last. */
  transferMode: number;
  isWriteCacheOn: boolean;
  isLookAheadOn: boolean;
  isStandby: boolean;
  /** What WRITE BUFFER stored. */
  scratch: Uint8Array;
  /** Sense key, additional code and qualifier of the last packet command. */
  sense: [number, number, number];
  isTrayOpen: boolean;
  isTrayLocked: boolean;
  /** A medium was put in, which the next packet command is told. */
  isMediumChanged: boolean;
}

/** A buffer holds at most one chunk of a bus master transfer, and a sector more. */
const BUFFER_MAX_BYTES = 0x10000 + 2048;
/** Largest number of sectors of any medium: LBA48. */
const SECTORS_MAX = 2 ** 48;

const bytes = (): TaskFileBytes => ({ features: 0, count: 1, lbaLow: 1, lbaMid: 0, lbaHigh: 0 });

/** After power-on, before the drive puts its signature there. */
export function powerOnState(): DriveState {
  return {
    current: bytes(),
    previous: bytes(),
    device: 0,
    status: 0,
    error: DIAGNOSTIC_PASSED,
    isInterruptPending: false,
    phase: 'idle',
    command: 0,
    buffer: new Uint8Array(0),
    position: 0,
    block: 0,
    lba: 0,
    remaining: 0,
    multiple: 0,
    heads: 16,
    sectorsPerTrack: 63,
    transferMode: 0,
    isWriteCacheOn: true,
    isLookAheadOn: true,
    isStandby: false,
    scratch: new Uint8Array(512),
    sense: [0, 0, 0],
    isTrayOpen: false,
    isTrayLocked: false,
    isMediumChanged: false,
  };
}

export function copyDriveState(from: DriveState): DriveState {
  return {
    ...from,
    current: { ...from.current },
    previous: { ...from.previous },
    buffer: from.buffer.slice(),
    scratch: from.scratch.slice(),
    sense: [...from.sense],
  };
}

const TASK_FILE_FIELDS = ['features', 'count', 'lbaLow', 'lbaMid', 'lbaHigh'] as const;
const BYTE_FIELDS = ['device', 'status', 'error', 'command', 'transferMode'] as const;
const FLAGS = [
  'isInterruptPending',
  'isWriteCacheOn',
  'isLookAheadOn',
  'isStandby',
  'isTrayOpen',
  'isTrayLocked',
  'isMediumChanged',
] as const;
/** Phases in which the host moves bytes. */
const DATA_PHASES: readonly string[] = [
  'data-in',
  'data-out',
  'packet-out',
  'dma-in',
  'dma-out',
  'transfer-in',
  'transfer-out',
];

/**
 * @returns a copy of `state` with the known fields only
 * @throws {AtaError} `bad-state` naming the first field that cannot be
 */
export function checkedDriveState(state: unknown, path: string): DriveState {
  const fields = recordOf(state, path);
  const refuseAt = (field: string): never => refuse(`${path}.${field}`);
  const number = (from: Record<string, unknown>, field: string, low: number, high: number): number => {
    const value = from[field];
    return isInteger(value, low, high) ? value : refuseAt(field);
  };
  const taskFile = (field: string): TaskFileBytes => {
    const from = recordOf(fields[field], `${path}.${field}`);
    return Object.fromEntries(
      TASK_FILE_FIELDS.map((name) => [name, number(from, name, 0, 0xff)]),
    ) as unknown as TaskFileBytes;
  };
  const flags = Object.fromEntries(
    FLAGS.map((field) => [field, typeof fields[field] === 'boolean' ? fields[field] : refuseAt(field)]),
  );
  const byteFields = Object.fromEntries(BYTE_FIELDS.map((field) => [field, number(fields, field, 0, 0xff)]));
  const { phase, buffer, scratch, sense } = fields;
  if (!(DRIVE_PHASES as readonly unknown[]).includes(phase)) refuseAt('phase');
  if (!(buffer instanceof Uint8Array) || buffer.length > BUFFER_MAX_BYTES) return refuseAt('buffer');
  if (!(scratch instanceof Uint8Array) || scratch.length !== 512) return refuseAt('scratch');
  if (!Array.isArray(sense) || sense.length !== 3 || !sense.every((byte) => isInteger(byte, 0, 0xff)))
    return refuseAt('sense');
  const position = number(fields, 'position', 0, buffer.length);
  const block = number(fields, 'block', 0, buffer.length - position);
  if (DATA_PHASES.includes(phase as string) && block === 0) refuseAt('block');
  return {
    ...(byteFields as Pick<DriveState, (typeof BYTE_FIELDS)[number]>),
    ...(flags as Pick<DriveState, (typeof FLAGS)[number]>),
    current: taskFile('current'),
    previous: taskFile('previous'),
    phase: phase as DrivePhase,
    buffer: buffer.slice(),
    position,
    block,
    lba: number(fields, 'lba', 0, SECTORS_MAX),
    remaining: number(fields, 'remaining', 0, 2 ** 32),
    multiple: number(fields, 'multiple', 0, 16),
    heads: number(fields, 'heads', 1, 16),
    sectorsPerTrack: number(fields, 'sectorsPerTrack', 1, 255),
    scratch: scratch.slice(),
    sense: [sense[0] as number, sense[1] as number, sense[2] as number],
  };
}

export function recordOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(path);
  return value as Record<string, unknown>;
}

export function isInteger(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

export function refuse(path: string): never {
  throw new AtaError('bad-state', `${path} is not what an ATA channel saves there`);
}
