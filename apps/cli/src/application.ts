/** The command line: which commands and options there are. */
import { readFileSync } from 'node:fs';
import {
  type Application,
  type ApplicationContext,
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  proposeCompletions,
  run,
  text_en,
} from '@stricli/core';
import { type BuildFlags, buildImage } from './build.ts';
import { type CargoSettings, findCargoSettings } from './cargo.ts';
import type { LongmodeContext } from './command-context.ts';
import { completionScript } from './completion.ts';
import { EXIT_BUG, EXIT_USAGE } from './exit-code.ts';
import { kernelFlags, text } from './kernel-flags.ts';
import { type NormalizedArguments, normalizeArguments } from './qemu-options.ts';
import { runCommand } from './run-command.ts';

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
      ...kernelFlags,
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
  const routes = buildRouteMap<'run' | 'build' | 'completion', LongmodeContext>({
    routes: { run: runCommand, build: buildCommandOfApp, completion: completionCommand },
    defaultCommand: 'run',
    docs: { brief: 'An x86-64 PC that boots kernels and tells why they died' },
  });
  return buildApplication(routes, {
    name: 'longmode',
    versionInfo: { getCurrentVersion: async () => ownVersion() },
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

function ownVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
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
