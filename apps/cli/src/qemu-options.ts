/**
 * QEMU's habitual spellings, turned into longmode's own options before these are parsed: one dash before long names,
 * `-drive`, `-device`, `-m`, `-nographic` and the like.
 *
 * @source QEMU "Invocation", options of qemu-system-x86_64
 */
import { CPU_MODELS } from '@longmode/pc';
import { usageError } from './exit-code.ts';
import { typedTextAsKeys } from './options.ts';

/** What became of a command line. */
export interface NormalizedArguments {
  /** For the parser: every option has two dashes, and its value behind `=`. */
  readonly args: readonly string[];
  /** What was left out and why, one line each. */
  readonly notes: readonly string[];
}

/** longmode's options that take a value. */
export const VALUE_OPTIONS = [
  'kernel',
  'hda',
  'hdb',
  'hdc',
  'hdd',
  'fda',
  'fdb',
  'cdrom',
  'boot',
  'bios',
  'vga-bios',
  'firmware-log',
  'memory',
  'serial',
  'display',
  'max-instructions',
  'max-time',
  'timeout',
  'success-code',
  'report',
  'screenshot',
  'append',
  'initrd',
  'symbols',
  'boot-features',
  'pace',
  'cpu',
  'engine',
  'debug-exit',
  'keys',
  'type',
  'discard',
  'read-only',
] as const;
const COMMANDS = ['run', 'build', 'completion'] as const;

/** QEMU options that change nothing here, and why; null where nobody would expect a change. True: they have a value. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly [hasValue: boolean, why: string | null]>> = {
  'enable-kvm': [false, 'every instruction is emulated'],
  accel: [true, 'every instruction is emulated'],
  machine: [true, 'there is one machine, a PC with legacy devices'],
  M: [true, 'there is one machine, a PC with legacy devices'],
  smp: [true, 'there is one processor'],
  vga: [true, 'there is a standard VGA'],
  d: [true, 'the exceptions of a dying guest are told anyway, and --report lists them'],
  D: [true, null],
  s: [false, 'there is no gdb server'],
  gdb: [true, 'there is no gdb server'],
  monitor: [true, null],
  name: [true, null],
  net: [true, 'there is no network'],
  nic: [true, 'there is no network'],
  netdev: [true, 'there is no network'],
  usb: [false, 'there is no USB'],
  audiodev: [true, 'there is no sound'],
  rtc: [true, 'the clock starts at a fixed time, so that runs repeat'],
  parallel: [true, null],
  'no-shutdown': [false, null],
  'no-fd-bootchk': [false, null],
  'no-acpi': [false, null],
  'no-hpet': [false, null],
  nodefaults: [false, null],
  k: [true, null],
};

/** What `-drive` says. */
interface QemuDrive {
  readonly kind: 'disk' | 'floppy' | 'cdrom';
  readonly file: string;
  /** `snapshot=on`. */
  readonly isTemporary: boolean;
  readonly isReadOnly: boolean;
}

const DRIVE_OPTIONS: Readonly<Record<QemuDrive['kind'], readonly string[]>> = {
  disk: ['hda', 'hdb', 'hdc', 'hdd'],
  floppy: ['fda', 'fdb'],
  cdrom: ['cdrom'],
};

/**
 * Normalizes a command line.
 *
 * @param argv the arguments after the program's name
 * @throws CliError for a QEMU option whose value cannot be had here
 */
export function normalizeArguments(argv: readonly string[]): NormalizedArguments {
  const args: string[] = [];
  const notes: string[] = [];
  const positional: string[] = [];
  /** What is to be typed, in the order of the options. */
  const keys: string[] = [];
  /** Drives to which that applies, in the order of the options. */
  const driveNames: Record<'discard' | 'read-only', string[]> = { discard: [], 'read-only': [] };
  let hasSerial = false;
  const add = (name: string, value: string): void => {
    if (value !== '') args.push(`--${name}=${value}`);
  };
  const addDrive = ({ kind, file, isTemporary, isReadOnly }: QemuDrive): void => {
    const free = DRIVE_OPTIONS[kind].find((name) => !args.some((arg) => arg.startsWith(`--${name}=`)));
    if (free === undefined) throw usageError('-drive: too many drives of this kind');
    add(free, file);
    if (kind === 'cdrom') return;
    if (isTemporary) driveNames.discard.push(free);
    if (isReadOnly) driveNames['read-only'].push(free);
  };

  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] as string;
    if (argument === '--') {
      positional.push(...argv.slice(index + 1));
      break;
    }
    const match = /^(--?)([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument);
    if (match === null) {
      positional.push(argument);
      continue;
    }
    const [, dashes, name, inline] = match as unknown as [string, string, string, string | undefined];
    const value = (): string => {
      if (inline !== undefined) return inline;
      const next = argv[++index];
      if (next === undefined) throw usageError(`${argument}: a value must follow`);
      return next;
    };
    const known = dashes === '-' ? WITHOUT_EFFECT[name] : undefined;
    if (known !== undefined) {
      if (known[0]) value();
      if (known[1] !== null) notes.push(`-${name} has no effect: ${known[1]}`);
    } else if (name === 'm' && dashes === '-') add('memory', memoryOf(value()));
    else if (name === 'h' && dashes === '-') args.push('--help');
    else if (name === 'serial' && dashes === '-' && hasSerial) {
      if (value() !== 'none') throw usageError('-serial: there is one serial port, COM1');
    } else if (name === 'serial') {
      hasSerial = true;
      add(
        name,
        value()
          .replace(/^mon:/, '')
          .replace(/^null$/, 'none'),
      );
    } else if (name === 'display') add(name, displayOf(value(), dashes === '-', notes));
    else if (name === 'cpu') add(name, cpuOf(value(), dashes === '-', notes));
    else if (name === 'curses' && dashes === '-') add('display', 'terminal');
    else if (name === 'nographic' && dashes === '-') {
      add('display', 'none');
      if (!hasSerial) add('serial', 'stdio');
      hasSerial = true;
    } else if (name === 'drive') addDrive(driveOf(value()));
    else if (name === 'snapshot' && dashes === '-') driveNames.discard.push('all');
    else if (name === 'discard' || name === 'read-only') driveNames[name].push(value());
    else if (name === 'device') {
      const port = debugExitOf(value());
      add('debug-exit', port);
    } else if (name === 'boot') add(name, bootOf(value()));
    else if (name === 'keys') keys.push(value());
    else if (name === 'type') keys.push(typedTextAsKeys(value()));
    else if (name === 'S' || name === 'pflash' || name === 'virtfs') {
      throw usageError(
        `-${name} does not exist here${name === 'S' ? ': there is no gdb server to continue from' : ''}`,
      );
    } else if ((VALUE_OPTIONS as readonly string[]).includes(name)) add(name, value());
    else args.push(inline === undefined ? `--${name}` : `--${name}=${inline}`);
  }
  add('keys', keys.join(' '));
  for (const [name, drives] of Object.entries(driveNames)) add(name, drives.join(','));
  const words = positional.map((text) => (text.startsWith('-') && text !== '-' ? `./${text}` : text));
  // The command's name comes first, and the image last: a mistake in an option is reported before anything else.
  const isNamed = (COMMANDS as readonly string[]).includes(words[0] ?? '');
  const isAboutAll = words.length === 0 && args.every((arg) => arg === '--help' || arg === '--version');
  const command = isNamed ? words.slice(0, 1) : isAboutAll ? [] : ['run'];
  return { args: [...command, ...args, ...words.slice(isNamed ? 1 : 0)], notes };
}

/** `512`, `512M`, `1G`, `size=512M,slots=…`: QEMU counts in MiB, as does `--memory`. */
function memoryOf(value: string): string {
  const [first = ''] = value.split(',');
  return first.replace(/^size=/, '');
}

function displayOf(value: string, isQemu: boolean, notes: string[]): string {
  const [kind = ''] = value.split(',');
  if (!isQemu || kind === 'none' || kind === 'terminal') return kind;
  if (kind !== 'curses') notes.push(`-display ${kind}: the screen is shown in the terminal`);
  return 'terminal';
}

/** QEMU's models are many, and none of them is promised: the default stands for those that longmode does not know. */
function cpuOf(value: string, isQemu: boolean, notes: string[]): string {
  if (!isQemu || value in CPU_MODELS) return value;
  const known = Object.keys(CPU_MODELS).join(', ');
  notes.push(`-cpu ${value} has no effect: the processor has all that is emulated; models by name are ${known}`);
  return '';
}

function pairsOf(value: string): Map<string, string> {
  const pairs = new Map<string, string>();
  // A comma in a value is doubled.
  for (const item of value.replaceAll(',,', '\0').split(',')) {
    const [key = '', ...rest] = item.replaceAll('\0', ',').split('=');
    pairs.set(key, rest.join('='));
  }
  return pairs;
}

function driveOf(value: string): QemuDrive {
  const pairs = pairsOf(value);
  const file = pairs.get('file');
  if (file === undefined || file === '') throw usageError('-drive: give file=PATH');
  const format = pairs.get('format') ?? 'raw';
  if (format !== 'raw') {
    const cure = `qemu-img convert -O raw ${file} disk.img`;
    throw usageError(`-drive: format=${format} is not supported; make a raw image of it: ${cure}`);
  }
  const bus = pairs.get('if') ?? 'ide';
  const how = {
    file,
    isTemporary: isOn(pairs, 'snapshot'),
    isReadOnly: isOn(pairs, 'readonly') || isOn(pairs, 'read-only'),
  };
  if (pairs.get('media') === 'cdrom') return { kind: 'cdrom', ...how };
  if (bus === 'floppy') return { kind: 'floppy', ...how };
  if (bus !== 'ide') throw usageError(`-drive: if=${bus} is not emulated; leave it out, or use if=floppy`);
  return { kind: 'disk', ...how };
}

/** A switch of QEMU's: without a value it is on. */
function isOn(pairs: ReadonlyMap<string, string>, key: string): boolean {
  const value = pairs.get(key);
  if (value === undefined || ['off', 'no', 'n', 'false'].includes(value)) return false;
  if (['', 'on', 'yes', 'y', 'true'].includes(value)) return true;
  throw usageError(`-drive: ${key}=${value}: expected on or off`);
}

function debugExitOf(value: string): string {
  const pairs = pairsOf(value);
  const [name] = [...pairs.keys()];
  if (name !== 'isa-debug-exit') throw usageError(`-device ${name} is not emulated; only isa-debug-exit can be given`);
  return pairs.get('iobase') ?? '0x501'; // QEMU's own default
}

function bootOf(value: string): string {
  const [first = ''] = value.split(',');
  const letter = first.replace(/^order=/, '');
  const drives: Readonly<Record<string, string>> = { a: 'floppy', c: 'hard-disk', d: 'cd-rom' };
  return drives[letter[0] ?? ''] !== undefined && letter.length <= 4 && !letter.includes('-')
    ? (drives[letter[0] as string] as string)
    : first;
}
