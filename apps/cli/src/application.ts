/** The command line: which commands and options there are. */
import { readFileSync } from 'node:fs';
import {
  type Application,
  type ApplicationContext,
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type CommandContext,
  proposeCompletions,
  run,
  text_en,
} from '@stricli/core';
import { type BuildFlags, buildImage } from './build.ts';
import { type CargoSettings, findCargoSettings } from './cargo.ts';
import { completionScript } from './completion.ts';
import { EXIT_BUG, EXIT_USAGE } from './exit-code.ts';
import {
  parseBootFeatures,
  parseCount,
  parseDebugExit,
  parseDrives,
  parseExitCode,
  parseInitrd,
  parseKeyScript,
  parseMemorySize,
  parseScreenshot,
  parseSeconds,
  parseSerial,
} from './options.ts';
import { type NormalizedArguments, normalizeArguments } from './qemu-options.ts';
import { type RunFlags, runImage } from './run.ts';

/** What commands get: where to write, and where to leave their exit code. */
interface LongmodeContext extends CommandContext {
  finish(exitCode: number): void;
  /** What the normalization of the arguments left out. */
  readonly notes: readonly string[];
  /** What cargo knows of the image, if it has built it. */
  readonly cargo: CargoSettings | undefined;
}

const text = (input: string): string => input;

const runCommand = buildCommand<RunFlags, [string?], LongmodeContext>({
  async func(flags, image) {
    this.finish(await runImage({ ...flags, image, notes: this.notes, cargo: this.cargo }));
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          brief: 'Kernel, disk image or CD image; - is standard input',
          placeholder: 'IMAGE',
          parse: text,
          optional: true,
        },
      ],
    },
    flags: {
      memory: {
        kind: 'parsed',
        parse: parseMemorySize,
        optional: true,
        placeholder: 'SIZE',
        brief: 'Memory: 512M, 1G; a bare number counts MiB [128M]',
      },
      serial: {
        kind: 'parsed',
        parse: parseSerial,
        optional: true,
        placeholder: 'TO',
        brief: 'COM1: stdio, none or file:PATH [below the live screen, else stdio]',
      },
      display: {
        kind: 'enum',
        values: ['terminal', 'none'],
        optional: true,
        brief: 'Live screen and keyboard [terminal if there is one]',
      },
      keys: {
        kind: 'parsed',
        parse: parseKeyScript,
        optional: true,
        placeholder: 'SCRIPT',
        brief: 'Type keys when the guest is ready: shift-h i ret; wait:TEXT, @2s, @10M, +500ms, left:1s, quit',
      },
      type: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'TEXT',
        brief: 'Type a text on a US keyboard, \\n for Enter; in turn with --keys',
      },
      screen: { kind: 'boolean', optional: true, withNegated: false, brief: 'Print the last screen after the run' },
      screenshot: {
        kind: 'parsed',
        parse: parseScreenshot,
        optional: true,
        variadic: true,
        placeholder: 'FILE[@N]',
        brief: 'Write the screen as PNG at the end, or after N instructions: screen.png@10M; may be repeated',
      },
      report: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'Write outcome, screen, registers and exceptions as JSON (- is standard output)',
      },
      timeout: {
        kind: 'parsed',
        parse: parseSeconds,
        optional: true,
        placeholder: 'SECONDS',
        brief: 'Stop after so much wall time',
      },
      maxTime: {
        kind: 'parsed',
        parse: parseSeconds,
        optional: true,
        placeholder: 'SECONDS',
        brief: 'Stop after so much virtual time, which repeats exactly',
      },
      maxInstructions: {
        kind: 'parsed',
        parse: parseCount,
        optional: true,
        placeholder: 'N',
        brief: 'Stop after so many instructions, such as 10M',
      },
      successCode: {
        kind: 'parsed',
        parse: parseExitCode,
        optional: true,
        placeholder: 'N',
        brief: 'Exit code of the guest that means success: becomes 0',
      },
      reboot: { kind: 'boolean', default: true, brief: 'A reset boots again, unless it happens over and over' },
      pace: {
        kind: 'enum',
        values: ['real', 'max'],
        optional: true,
        brief: 'Virtual time keeps to wall time, or passes as fast as it can [real with a live screen]',
      },
      cpu: {
        kind: 'enum',
        values: ['default', 'x86-64', 'x86-64-v2', 'pentium', '486'],
        optional: true,
        brief: 'The processor: what CPUID offers, and which instructions there are [default: all]',
      },
      engine: {
        kind: 'enum',
        values: ['interpreter', 'jit', 'check'],
        optional: true,
        brief: 'What runs the code; the results are the same [jit]',
      },
      profile: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Say at the end where the instructions ran: regions of compiled code, and why they were left',
      },
      append: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'TEXT',
        brief: 'Command line for a Multiboot kernel',
      },
      initrd: {
        kind: 'parsed',
        parse: parseInitrd,
        optional: true,
        placeholder: 'FILES',
        brief: 'Modules for a Multiboot kernel: FILE[ ARGUMENTS][,FILE…]',
      },
      bootFeatures: {
        kind: 'parsed',
        parse: parseBootFeatures,
        optional: true,
        placeholder: 'NAMES',
        brief: 'Features of the bootloader crate that a bare ELF64 kernel was built with [found out]',
      },
      symbols: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'ELF file that names the functions [the image itself]',
      },
      kernel: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'The image, taken for a kernel whatever it looks like',
      },
      hda: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'First hard disk',
      },
      hdb: { kind: 'parsed', parse: text, optional: true, placeholder: 'FILE', brief: 'Second hard disk' },
      hdc: { kind: 'parsed', parse: text, optional: true, placeholder: 'FILE', brief: 'Third hard disk' },
      hdd: { kind: 'parsed', parse: text, optional: true, placeholder: 'FILE', brief: 'Fourth hard disk' },
      fda: { kind: 'parsed', parse: text, optional: true, placeholder: 'FILE', brief: 'First floppy' },
      fdb: { kind: 'parsed', parse: text, optional: true, placeholder: 'FILE', brief: 'Second floppy' },
      writable: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Keep in the files what the guest writes to hard disks and floppies',
      },
      discard: {
        kind: 'parsed',
        parse: parseDrives,
        optional: true,
        placeholder: 'DRIVES',
        brief: 'Drives of which nothing is kept, in spite of --writable: hda,fda,image, or all',
      },
      readOnly: {
        kind: 'parsed',
        parse: parseDrives,
        optional: true,
        placeholder: 'DRIVES',
        brief: 'Drives that are write-protected: hda,fda,image, or all',
      },
      cdrom: { kind: 'parsed', parse: text, optional: true, placeholder: 'FILE', brief: 'CD-ROM' },
      boot: {
        kind: 'enum',
        values: ['hard-disk', 'floppy', 'cd-rom'],
        optional: true,
        brief: 'Drive to boot from [the first that there is, in this order]',
      },
      bios: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'Firmware ROM instead of the built-in firmware, such as the bios.bin of SeaBIOS',
      },
      vgaBios: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'Its VGA BIOS [vgabios-stdvga.bin beside it]',
      },
      firmwareLog: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'Write what a firmware ROM logs to port 0x402',
      },
      debugExit: {
        kind: 'parsed',
        parse: parseDebugExit,
        optional: true,
        placeholder: 'PORT',
        brief: 'Port of the debug-exit device, or none [0xf4]',
      },
      verbose: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Tell of accesses that no part answers and of firmware calls that do not exist',
      },
      strict: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Take what --verbose tells, and interrupts that were never ended, for a failure',
      },
      quiet: { kind: 'boolean', optional: true, withNegated: false, brief: 'Say nothing but errors' },
    },
  },
  docs: {
    brief: 'Boot an image on a PC in this terminal',
    customUsage: ['[options] IMAGE', '[options] -kernel FILE', '[options] -drive file=FILE,format=raw'],
    fullDescription: [
      'Boots an image: an ELF64 kernel as the bootloader crate 0.9 hands over, a Multiboot kernel, or a disk, floppy or',
      "CD image by the firmware. QEMU's spellings work too: -kernel, -drive, -hda, -m, -serial, -display, -nographic,",
      '-device isa-debug-exit, -no-reboot, -append, -initrd.',
      '',
      "Exit codes: the guest's are odd, (value << 1) | 1 of what it writes to the debug-exit port. 0 success code or left by",
      'Ctrl+], 64 usage, 66 file not readable, 68 image rejected, 70 internal error, 74 file not writable, 100 triple fault,',
      '102 halted for ever, 104 reset, 124 time or instruction limit, 130 interrupted.',
    ].join('\n'),
  },
});

const buildCommandOfApp = buildCommand<BuildFlags, [string], LongmodeContext>({
  func(flags, kernel) {
    buildImage(kernel, flags);
    this.finish(0);
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'ELF64 or Multiboot kernel; - is standard input', placeholder: 'KERNEL', parse: text }],
    },
    aliases: { o: 'output' },
    flags: {
      output: { kind: 'parsed', parse: text, placeholder: 'FILE', brief: 'The image to write' },
      format: {
        kind: 'enum',
        values: ['disk', 'multiboot-iso'],
        optional: true,
        brief: 'A disk from an ELF64 kernel, or a CD from a Multiboot kernel [disk]',
      },
      bootFeatures: {
        kind: 'parsed',
        parse: parseBootFeatures,
        optional: true,
        placeholder: 'NAMES',
        brief: 'Features of the bootloader crate that the kernel was built with [found out]',
      },
      append: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'TEXT',
        brief: 'Command line for a Multiboot kernel',
      },
      initrd: {
        kind: 'parsed',
        parse: parseInitrd,
        optional: true,
        placeholder: 'FILES',
        brief: 'Modules for a Multiboot kernel: FILE[ ARGUMENTS][,FILE…]',
      },
      quiet: { kind: 'boolean', optional: true, withNegated: false, brief: 'Say nothing but errors' },
    },
  },
  docs: {
    brief: 'Make a disk or a CD that a PC boots, out of a kernel',
    customUsage: ['KERNEL -o FILE', 'KERNEL --format multiboot-iso -o FILE'],
    fullDescription: [
      'Puts an ELF64 kernel behind a boot loader of ours on a disk image. It boots by the BIOS of a PC, here as in QEMU,',
      'and enters the kernel as the bootloader crate 0.9 does. Features and addresses that the kernel was built for are',
      'taken from the manifest of its cargo project, or found out.',
      '',
      'With --format multiboot-iso: puts a Multiboot 1 or 2 kernel on a CD with a boot image of ours.',
    ].join('\n'),
  },
});

const completionCommand = buildCommand<Record<never, never>, [string], LongmodeContext>({
  func(_flags, shell) {
    this.process.stdout.write(completionScript(shell));
    this.finish(0);
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'bash, zsh or fish', placeholder: 'SHELL', parse: text }],
    },
  },
  docs: { brief: "Print a script that completes longmode's options in a shell" },
});

function application(): Application<LongmodeContext> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const routes = buildRouteMap<'run' | 'build' | 'completion', LongmodeContext>({
    routes: { run: runCommand, build: buildCommandOfApp, completion: completionCommand },
    defaultCommand: 'run',
    docs: { brief: 'An x86-64 PC that boots kernels and tells why they died' },
  });
  return buildApplication(routes, {
    name: 'longmode',
    versionInfo: { currentVersion: manifest.version },
    scanner: { caseStyle: 'allow-kebab-for-camel' },
    documentation: { onlyRequiredInUsageLine: true, disableAnsiColor: !usesColor() },
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error) =>
          `longmode: ${parseMessage(error)} (longmode run --help lists the options)`,
        exceptionWhileLoadingCommandFunction: rethrow,
        exceptionWhileRunningCommand: rethrow,
        noCommandRegisteredForInput: ({ input, corrections }) => {
          const hint = corrections.length > 0 ? `; did you mean ${corrections.join(' or ')}?` : '';
          return `longmode: no command ${input}${hint}`;
        },
      },
    },
  });
}

/**
 * Runs the command that the arguments name.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code
 */
export async function runApplication(argv: readonly string[]): Promise<number> {
  const isCompleting = argv[0] === '--complete';
  const { args, notes, cargo } = isCompleting ? { args: [], notes: [] } : understandArguments(argv);
  let exitCode: number | undefined;
  const { stdout, stderr, env } = process;
  const own: ApplicationContext['process'] = { stdout, stderr, env };
  const context: LongmodeContext & ApplicationContext = {
    process: own,
    notes,
    cargo,
    finish: (code) => {
      exitCode = code;
    },
  };
  if (isCompleting) {
    for (const { completion } of await proposeCompletions(application(), argv.slice(1), context)) {
      stdout.write(`${completion}\n`);
    }
    return 0;
  }
  await run(application(), args.flatMap(withLines), context);
  if (exitCode !== undefined) return exitCode;
  const code = Number(own.exitCode ?? 0);
  if (code === 0) return 0;
  return code <= -4 ? EXIT_USAGE : EXIT_BUG;
}

/** Arguments for the parser: as they were given, and before them what the manifest of a cargo project adds. */
function understandArguments(argv: readonly string[]): NormalizedArguments & { cargo?: CargoSettings } {
  // Only the machine's options have QEMU's spellings.
  if (argv[0] === 'build') return { args: argv, notes: [] };
  const given = normalizeArguments(argv);
  const [command, ...rest] = given.args;
  const image = rest.find((arg) => !arg.startsWith('--')) ?? optionValue(rest, 'kernel');
  const cargo = command === 'run' && image !== undefined ? findCargoSettings(image, process.env) : undefined;
  if (cargo === undefined) return given;
  const added = normalizeArguments(['run', ...cargo.args]);
  const isGiven = (arg: string): boolean => rest.some((other) => other.split('=')[0] === arg.split('=')[0]);
  const extra = added.args.slice(1).filter((arg) => !isGiven(arg));
  return { args: ['run', ...extra, ...rest], notes: [...added.notes, ...given.notes], cargo };
}
/** The parser takes `--name=value` for an option only if the value is one line; more have an argument of their own. */
function withLines(arg: string): string[] {
  const [, option, value] = /^(--[\w-]+)=([^-][\s\S]*)$/.exec(arg) ?? [];
  return option !== undefined && value?.includes('\n') === true ? [option, value] : [arg];
}

const optionValue = (args: readonly string[], name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);

function parseMessage(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return error instanceof Error ? error.message : String(error);
  const message = text_en.exceptionWhileParsingArguments(error, false);
  return message
    .replace(/^Failed to parse "(.*)" for (\S+): (?:CliError: )?/, '--$2=$1: ')
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

/** The parser would print a stack trace; the caller knows better. */
function rethrow(error: unknown): never {
  throw error;
}

function usesColor(): boolean {
  return (process.env.NO_COLOR ?? '') === '';
}
