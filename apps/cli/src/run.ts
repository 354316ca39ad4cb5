/** `longmode run`: boots an image, shows what it does, and says how it ended. */
import { closeSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  type CpuModelName,
  exitCodeOf,
  explainOutcome,
  type ImagePlan,
  makeReport,
  type Pc,
  type PcEvents,
  SerialLog,
  standsAt,
  startImage,
  type TypingStep,
} from '@longmode/pc';
import { type BootSource, type BootSourceOptions, openBootSource } from './boot-source.ts';
import type { CargoSettings } from './cargo.ts';
import { CliError, EXIT_NOT_STRICT, EXIT_REJECTED, EXIT_UNWRITABLE, usageError } from './exit-code.ts';
import { Findings } from './findings.ts';
import type { Front } from './front.ts';
import { hostTimeMs } from './host-time.ts';
import { LiveFront } from './live-front.ts';
import type { DebugExitPort, Screenshot, SerialTarget } from './options.ts';
import { PlainFront } from './plain-front.ts';
import { profileLines } from './profile.ts';
import { Screenshots } from './screenshot.ts';
import { areOnePlace, fileSink, openForWriting, type SerialSink, streamSink } from './serial-port.ts';
import { BOOT_LOOP_RESETS, BOOT_LOOP_TIME_NS, Session, type SessionResult } from './session.ts';
import { Teller } from './teller.ts';
import { imageProtocolOf } from './terminal/images.ts';
import { screenText } from './terminal/picture.ts';
import { colorDepthOf, Terminal } from './terminal/terminal.ts';

/** The options of `longmode run`, parsed. */
export interface RunFlags extends Omit<BootSourceOptions, 'image'> {
  readonly serial?: SerialTarget;
  readonly display?: 'terminal' | 'none';
  readonly keys?: readonly TypingStep[];
  /** Never here: the normalization of the arguments puts it among the keys. */
  readonly type?: string;
  readonly screen?: boolean;
  readonly screenshot?: readonly Screenshot[];
  readonly report?: string;
  readonly timeout?: number;
  readonly maxTime?: number;
  readonly maxInstructions?: number;
  readonly successCode?: number;
  readonly reboot: boolean;
  readonly pace?: 'real' | 'max';
  readonly cpu?: CpuModelName;
  readonly engine?: 'interpreter' | 'jit' | 'check';
  readonly profile?: boolean;
  readonly debugExit?: DebugExitPort;
  readonly firmwareLog?: string;
  readonly verbose?: boolean;
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

/** The options, the image, and what was to be said about the command line. */
export interface RunOptions extends RunFlags {
  readonly image: string | undefined;
  readonly notes: readonly string[];
  readonly cargo?: CargoSettings | undefined;
}

/** As bootimage's: a test that failed without a code of its own. */
const EXIT_TEST_FAILED = 1;

/**
 * Runs an image to its end.
 *
 * @returns the exit code
 * @throws CliError before anything has run
 */
export async function runImage(options: RunOptions): Promise<number> {
  const { stdout, stderr, env } = process;
  const teller = new Teller({
    isQuiet: options.quiet === true,
    usesColor: colorDepthOf(stderr, env) > 1,
    isTerminal: stderr.isTTY === true,
    write: (text) => void stderr.write(text),
  });
  for (const note of options.notes) teller.note(note);
  const report = options.report === undefined ? null : openReport(options.report);
  const screenshots = new Screenshots(options.screenshot ?? []);
  let source: BootSource;
  try {
    source = openBootSource({ ...options, bootFeatures: options.bootFeatures ?? options.cargo?.direct64 });
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT_REJECTED) {
      report?.({ outcome: 'rejected', exitCode: error.exitCode, explanation: [error.message] });
    }
    throw error;
  }
  const { plan, name } = source;
  teller.info(`${name}: ${plan.description}, ${methodText(plan)}`);

  const depth = colorDepthOf(stdout, env);
  const serial = new SerialLog();
  const front = openFront(options, { name, serial, teller });
  const stops: { why: 'leave' | 'interrupt' | 'closed' | 'not-bootable' | NodeJS.Signals | null } = { why: null };
  let session: Session | undefined;
  const stop = (why: typeof stops.why): void => {
    stops.why ??= why;
    session?.stop();
  };
  const onSerial = (byte: number): void => {
    serial.add(byte);
    front.takeByte(byte);
  };
  const findings = new Findings(options.verbose === true ? teller : null);
  const { events } = findings;
  const unbootable: string[] = [];
  const onFirmware: PcEvents['onFirmware'] = (event) => {
    events.onFirmware?.(event);
    if (event.kind === 'boot') front.onBoot();
    if (event.kind !== 'not-bootable') return;
    unbootable.push(...event.reasons);
    stop('not-bootable');
  };
  const log = options.firmwareLog === undefined ? null : fileSink(options.firmwareLog);
  const onFirmwareLog: PcEvents['onFirmwareLog'] = (byte) => log?.add(byte);
  const pc = makeMachine(plan, options, { ...events, onSerial, onFirmware, onFirmwareLog });
  session = new Session({
    pc,
    plan,
    limits: {
      ...(options.maxInstructions === undefined ? {} : { instructions: options.maxInstructions }),
      ...(options.maxTime === undefined ? {} : { virtualTimeNs: Math.max(1, Math.round(options.maxTime * 1e9)) }),
      ...(options.timeout === undefined ? {} : { wallTimeMs: options.timeout * 1000 }),
    },
    isPaced: (options.pace ?? (front instanceof LiveFront ? 'real' : 'max')) === 'real',
    reboots: options.reboot,
    hasInput: () => front.hasInput(),
    onSlice: () => {
      void log?.flush();
      return front.onSlice();
    },
    milestones: screenshots.milestones(() => pc),
    onReboot: (count) => teller.note(`the guest reset the machine; boot ${count + 1} begins`),
  });
  const releaseSignals = catchSignals(stop);
  const running = session;
  let result: SessionResult;
  try {
    if (front instanceof LiveFront) teller.hold();
    // A firmware ROM does not tell when it boots.
    if (plan.loadPlan !== null || plan.config.firmware !== undefined) front.onBoot();
    front.start(pc, { leave: stop, instructions: () => running.instructions });
    result = await session.run();
  } finally {
    await front.finish();
    if (front.isMidLine) teller.breakLine();
    await log?.flush();
    log?.close();
    teller.release();
    releaseSignals();
    source.close();
  }

  if (options.screen === true && !(front instanceof LiveFront)) {
    stdout.write(depth === 1 ? plainScreen(pc) : screenText(pc.vga.textScreen(), stdout.columns, depth));
  }
  for (const path of screenshots.finish(pc)) {
    teller.note(
      `--screenshot: the run ended before it was time for ${path}, after ${running.instructions} instructions`,
    );
  }
  const isTest = options.cargo?.isTest === true;
  const ownCode = endCode(result, stops.why, options.successCode);
  // A test that ends without having said so has not passed.
  const hasSaidNothing = isTest && ownCode === 0 && result.outcome.kind !== 'debug-exit' && stops.why !== 'leave';
  const faults =
    options.strict === true && hasEndedWell(result, ownCode, options.successCode) ? findings.atEnd(pc) : [];
  const exitCode = hasSaidNothing ? EXIT_TEST_FAILED : faults.length > 0 ? EXIT_NOT_STRICT : ownCode;
  if (stops.why === 'not-bootable') teller.problem([`${name}: the firmware finds nothing to boot`, ...unbootable]);
  else tellEnd(teller, { pc, plan, result, why: stops.why, options });
  if (hasSaidNothing) teller.problem(['the test turned the machine off without an exit code: it has not passed']);
  if (faults.length > 0) teller.problem(['--strict: the guest ended, but did what nothing answers to', ...faults]);
  for (const { name: file, disk } of source.overlays) {
    if (disk.overlaySizeBytes === 0) continue;
    const size = `${disk.overlaySizeBytes / 1024} KiB`;
    teller.note(`${file}: what the guest wrote to it (${size}) is not kept; with --writable it would be`);
  }
  if (pc.typist.current !== undefined && stops.why === null) {
    teller.note(`${pc.typist.remaining.length} steps of --keys are left, from ${pc.typist.current} on`);
  }
  if (options.profile === true) teller.answer(profileLines(pc, plan.places));
  const { outcome, reboots, instructionsBefore } = result;
  const context = { outcome, serial, places: plan.places, reboots, instructionsBefore };
  report?.({ ...makeReport(pc, context), exitCode, wallTimeMs: Math.round(result.wallTimeMs) });
  if (stops.why?.startsWith('SIG') === true && stops.why !== 'SIGINT') {
    process.kill(process.pid, stops.why as NodeJS.Signals);
  }
  return exitCode;
}

function methodText(plan: ImagePlan): string {
  switch (plan.method) {
    case 'multiboot1':
      return 'booted by Multiboot 1';
    case 'multiboot2':
      return 'booted by Multiboot 2';
    case 'bootloader-api':
      return 'booted as the bootloader crate 0.11 does';
    case 'direct64':
      return 'booted as the bootloader crate 0.9 does';
    default:
      return `booted by the firmware from the first ${plan.bootDrive?.replace('hard-disk', 'hard disk') ?? 'drive'}`;
  }
}

function makeMachine(plan: ImagePlan, options: RunOptions, events: PcEvents): Pc {
  const { debugExit } = options;
  try {
    return startImage(plan, {
      events,
      onReset: 'stop',
      engine: options.engine ?? 'jit',
      ...(options.cpu === undefined ? {} : { cpuModel: options.cpu }),
      ...(options.profile === true ? { jit: { isProfiling: true, now: hostTimeMs } } : {}),
      ...(options.keys === undefined ? {} : { typing: options.keys }),
      ...(debugExit === undefined ? {} : { debugExitPort: debugExit.port }),
    });
  } catch (error) {
    // The only thing that the host may refuse.
    if (!(error instanceof RangeError) || !/WebAssembly\.Memory|allocat/.test(error.message)) throw error;
    throw usageError(`--memory: this computer cannot give ${(plan.config.ramSizeBytes ?? 0) / 2 ** 20} MiB`);
  }
}

function openFront(options: RunOptions, made: { name: string; serial: SerialLog; teller: Teller }): Front {
  const { stdout, stderr, env } = process;
  const target = options.serial ?? { kind: 'auto' };
  const isShown = stdout.isTTY === true && env.TERM !== 'dumb';
  if (options.display === 'terminal' && !isShown) made.teller.note('there is no terminal to show the screen in');
  const file = target.kind === 'file' ? fileSink(target.path) : null;
  // Standard input is opened by the first look at it.
  const openTerminal = (): Terminal => new Terminal({ input: process.stdin, output: stdout });
  const wantsScreen =
    options.display === 'terminal' || (options.display === undefined && options.cargo?.isTest !== true);
  if (isShown && wantsScreen) {
    return new LiveFront({
      terminal: openTerminal(),
      depth: colorDepthOf(stdout, env),
      images: imageProtocolOf(env),
      name: basename(made.name),
      serial: made.serial,
      showsSerial: target.kind === 'auto' || target.kind === 'stdio',
      sink: file,
    });
  }
  const sink: SerialSink | null = target.kind === 'none' ? null : (file ?? streamSink(stdout));
  const takesInput = target.kind === 'stdio' && options.image !== '-' && options.kernel !== '-';
  const input = !takesInput
    ? null
    : process.stdin.isTTY === true
      ? { terminal: openTerminal() }
      : { stream: process.stdin };
  const isProgress = stderr.isTTY === true && options.quiet !== true;
  const isShared = stdout.isTTY === true && sink !== null && file === null;
  const write = (text: string): void => void stderr.write(text);
  const isBesideMessages = sink !== null && file === null && areOnePlace(stdout.fd, stderr.fd);
  return new PlainFront({ sink, input, isBesideMessages, progress: isProgress ? { write, isShared } : null });
}

/** SIGINT ends the run as Ctrl+C does, the second one at once; the others end it, and then the process as they always do. */
function catchSignals(stop: (why: NodeJS.Signals) => void): () => void {
  let count = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    count += 1;
    if (count > 1) process.exit(130);
    stop(signal);
  };
  const onClosed = (): void => stop('SIGPIPE');
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  process.stdout.on('error', onClosed);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function endCode(result: SessionResult, why: string | null, successCode: number | undefined): number {
  if (why === 'not-bootable') return EXIT_REJECTED;
  if (result.outcome.kind !== 'stopped') return exitCodeOf(result.outcome, successCode);
  if (why === 'leave' || result.cause === 'quit') return 0;
  return why === 'SIGPIPE' ? EXIT_UNWRITABLE : exitCodeOf(result.outcome, successCode);
}

/** Whether the guest or a script of keys ended the run, and not by a code that stands for failure. */
function hasEndedWell({ outcome, cause }: SessionResult, code: number, successCode: number | undefined): boolean {
  if (outcome.kind === 'debug-exit') return code === 0 || successCode === undefined;
  return outcome.kind === 'power-off' || cause === 'quit';
}

interface End {
  readonly pc: Pc;
  readonly plan: ImagePlan;
  readonly result: SessionResult;
  readonly why: string | null;
  readonly options: RunOptions;
}

function tellEnd(teller: Teller, { pc, plan, result, why, options }: End): void {
  const { outcome, cause } = result;
  const lines = explainOutcome(pc, outcome, plan.places);
  if (outcome.kind === 'debug-exit') teller.info(lines[0] ?? '');
  else if (outcome.kind === 'stopped') {
    if (cause !== 'quit' && why !== 'leave' && why !== 'SIGPIPE')
      teller.problem([`interrupted ${standsAt(pc, plan.places)}`, ...lines.slice(1)]);
  } else if (cause === 'boot-loop') {
    const seconds = BOOT_LOOP_TIME_NS / 1e9;
    const loop = `a boot loop: ${BOOT_LOOP_RESETS} resets, each within ${seconds} s of virtual time`;
    teller.problem([
      `${loop}; the last time, ${lines[0]}`,
      ...lines.slice(1),
      'with --no-reboot the first one ends the run',
    ]);
  } else if (outcome.kind === 'limit') teller.problem([`${limitText(cause, options)}; ${lines[0]}`, ...lines.slice(1)]);
  else teller.problem(lines);
}

function limitText(cause: SessionResult['cause'], options: RunOptions): string {
  if (cause === 'instructions') return `the limit of ${options.maxInstructions} instructions is reached`;
  if (cause === 'virtual-time') return `the limit of ${options.maxTime} s of virtual time is reached`;
  if (options.cargo?.isTest === true) return `the test has not ended within ${options.timeout} s`;
  return `the limit of ${options.timeout} s is reached`;
}

/** @returns a function that writes the report; the file is opened at once, so that a wrong path fails before the run */
function openReport(path: string): (report: object) => void {
  if (path === '-') return (report) => void process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const file = openForWriting(path);
  return (report) => {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    closeSync(file);
  };
}

function plainScreen(pc: Pc): string {
  return pc.vga
    .toStrings()
    .map((row) => `${row.trimEnd()}\n`)
    .join('');
}
