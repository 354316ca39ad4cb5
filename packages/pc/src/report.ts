import { CS, DS, ES, type ExceptionEntry, exceptionName, FIELD, FS, GS, SS } from '@longmode/cpu-x86';
import { type CodePlaces, describePlace } from './code-places.ts';
import { explainOutcome } from './explain.ts';
import type { Outcome, OutcomeKind } from './outcome.ts';
import type { Pc } from './pc.ts';
import { debugExitCode } from './ports/debug-exit.ts';
import type { SerialLog } from './serial-log.ts';

/**
 * Exit codes of a run that the guest did not choose. They are even, because those of the debug-exit port are odd, and
 * beyond the ones that shells use.
 */
export const OUTCOME_EXIT_CODES: Readonly<Record<Exclude<OutcomeKind, 'debug-exit'>, number>> = {
  'triple-fault': 100,
  'power-off': 0,
  halted: 102,
  idle: 102,
  reset: 104,
  limit: 124,
  stopped: 130,
};

/**
 * The exit code of a process that ran a guest.
 *
 * @param successCode exit code of the guest that means success: it becomes 0
 */
export function exitCodeOf(outcome: Outcome, successCode?: number): number {
  if (outcome.kind !== 'debug-exit') return OUTCOME_EXIT_CODES[outcome.kind];
  const code = debugExitCode(outcome.value);
  return code === successCode ? 0 : code;
}

/** An exception in a {@link Report}. Numbers that may have 64 bits are hexadecimal strings. */
export interface ReportedException {
  readonly vector: number;
  /** `#PF` */
  readonly name: string;
  /** Null where the exception has none. */
  readonly errorCode: string | null;
  readonly rip: string;
  /** The function that `rip` lies in, null if unknown. */
  readonly place: string | null;
  readonly cs: string;
  readonly rsp: string;
  readonly cpl: number;
  readonly mode: string;
  /** For #PF, else null. */
  readonly cr2: string | null;
  /** Why it was raised, null where nobody said. */
  readonly reason: string | null;
  readonly fate: ExceptionEntry['fate'];
  /** Exceptions with one number followed from one another. */
  readonly chain: number;
}

/** What a run came to: plain data, fit for JSON. */
export interface Report {
  readonly outcome: OutcomeKind;
  /** See {@link exitCodeOf}. */
  readonly exitCode: number;
  /** What was written to the debug-exit port, null unless the guest left that way. */
  readonly debugExitValue: number | null;
  /** The outcome in words, see `explainOutcome`. */
  readonly explanation: readonly string[];
  /** Instructions retired since power-on, of all boots. */
  readonly instructions: number;
  readonly virtualTimeNs: number;
  /** How often the guest was rebooted. */
  readonly reboots: number;
  /** The text screen without trailing spaces, one string a row; empty in graphics modes. */
  readonly screen: readonly string[];
  /** What COM1 sent, as UTF-8; the end of it, if it was a lot. */
  readonly serial: string;
  /** How many bytes are missing at the start of `serial`. */
  readonly serialDroppedBytes: number;
  /** Hexadecimal, by name in lower case: `rax` … `r15`, `rip`, `rflags`, selectors, `cr0` … `cr4`, `efer`, tables. */
  readonly registers: Readonly<Record<string, string>>;
  /** Exceptions since the last reset, more than are listed if there were many. */
  readonly exceptionCount: number;
  /** The last ones, oldest first. */
  readonly exceptions: readonly ReportedException[];
}

/** What a report needs besides the machine. */
export interface ReportContext {
  readonly outcome: Outcome;
  readonly successCode?: number;
  readonly serial?: SerialLog;
  readonly places?: CodePlaces;
  /** Reboots, and the instructions that retired before the last one; 0 unless told. */
  readonly reboots?: number;
  readonly instructionsBefore?: number;
}

const GENERAL_REGISTERS = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;
const SEGMENT_REGISTERS = { es: ES, cs: CS, ss: SS, ds: DS, fs: FS, gs: GS } as const;

/** The registers by name, as hexadecimal strings. */
export function readRegisters(pc: Pc): Record<string, string> {
  const { state } = pc.cpu;
  const values: Record<string, bigint | number> = {};
  GENERAL_REGISTERS.forEach((name, index) => {
    values[name] = state.gpr(index);
  });
  values.rip = state.rip;
  values.rflags = state.rflags;
  for (const [name, index] of Object.entries(SEGMENT_REGISTERS)) values[name] = state.segments[index]?.selector ?? 0;
  values.cr0 = state.field(FIELD.CR0);
  values.cr2 = state.wideField(FIELD.CR2);
  values.cr3 = state.wideField(FIELD.CR3);
  values.cr4 = state.field(FIELD.CR4);
  values.efer = state.wideField(FIELD.MSR_EFER);
  values.gdtrBase = state.wideField(FIELD.GDTR_BASE);
  values.gdtrLimit = state.field(FIELD.GDTR_LIMIT);
  values.idtrBase = state.wideField(FIELD.IDTR_BASE);
  values.idtrLimit = state.field(FIELD.IDTR_LIMIT);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hex(value)]));
}

/** Collects what a run came to. */
export function makeReport(pc: Pc, context: ReportContext): Report {
  const { outcome, places, serial } = context;
  const { exceptionLog } = pc.cpu;
  return {
    outcome: outcome.kind,
    exitCode: exitCodeOf(outcome, context.successCode),
    debugExitValue: outcome.kind === 'debug-exit' ? outcome.value : null,
    explanation: explainOutcome(pc, outcome, places),
    instructions: (context.instructionsBefore ?? 0) + pc.cpu.instructionCount,
    virtualTimeNs: pc.virtualTimeNs,
    reboots: context.reboots ?? 0,
    screen: pc.vga.toStrings().map((row) => row.trimEnd()),
    serial: serial?.text ?? '',
    serialDroppedBytes: serial?.droppedBytes ?? 0,
    registers: readRegisters(pc),
    exceptionCount: exceptionLog.total,
    exceptions: exceptionLog.entries.map((entry) => reportException(entry, places)),
  };
}

function reportException(entry: ExceptionEntry, places: CodePlaces | undefined): ReportedException {
  const place = entry.mode === 'real-address' ? null : (places?.lookup(entry.rip) ?? null);
  return {
    vector: entry.vector,
    name: exceptionName(entry.vector),
    errorCode: entry.errorCode < 0 ? null : hex(entry.errorCode),
    rip: hex(entry.rip),
    place: place === null ? null : describePlace(place),
    cs: hex(entry.selector),
    rsp: hex(entry.rsp),
    cpl: entry.cpl,
    mode: entry.mode,
    cr2: entry.cr2 === undefined ? null : hex(entry.cr2),
    reason: entry.reason ?? null,
    fate: entry.fate,
    chain: entry.chain,
  };
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
