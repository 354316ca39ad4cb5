/** The exception log in words: what each exception was, and why the next one followed. */
import { describePageFault, formatHex, PF_ID, PF_P, PF_WR } from '@longmode/mmu';
import { VECTOR_DF, VECTOR_GP, VECTOR_PF } from '../../state/exceptions.ts';
import { NO_ERROR_CODE } from './context.ts';
import type { EventKind, ExceptionEntry, InterruptedDelivery } from './exception-log.ts';

// biome-ignore format: by vector
const NAMES: ReadonlyArray<readonly [string, string]> = [
  ['#DE', 'divide error'], ['#DB', 'debug exception'], ['NMI', 'non-maskable interrupt'], ['#BP', 'breakpoint'],
  ['#OF', 'overflow'], ['#BR', 'BOUND range exceeded'], ['#UD', 'invalid opcode'], ['#NM', 'device not available'],
  ['#DF', 'double fault'], ['#9', 'coprocessor segment overrun'], ['#TS', 'invalid TSS'], ['#NP', 'segment not present'],
  ['#SS', 'stack-segment fault'], ['#GP', 'general protection'], ['#PF', 'page fault'], ['#15', 'reserved'],
  ['#MF', 'x87 floating-point error'], ['#AC', 'alignment check'], ['#MC', 'machine check'],
  ['#XM', 'SIMD floating-point exception'], ['#VE', 'virtualization exception'], ['#CP', 'control protection'],
];

/** The mnemonic of an exception, such as `#PF`; `vector 32` for a vector that is none. */
export function exceptionName(vector: number): string {
  return NAMES[vector]?.[0] ?? `vector ${vector}`;
}

/** An event by name: `#PF`, `INT 0x80`, `external interrupt 32`. */
function eventName(event: { readonly vector: number; readonly kind: EventKind }): string {
  switch (event.kind) {
    case 'external':
      return `external interrupt ${event.vector}`;
    case 'software':
      return `INT 0x${event.vector.toString(16)}`;
    case 'software-exception':
      return event.vector === 3 ? 'INT3' : 'INTO';
    case 'int1':
      return 'INT1';
    case 'nmi':
      return 'NMI';
    default:
      return exceptionName(event.vector);
  }
}

/** What an error code other than a page fault's names: a selector or an IDT entry. */
function describeSelectorError(code: number): string {
  const external = (code & 1) !== 0 ? ', while another event was delivered' : '';
  const index = (code >> 3) & 0x1fff;
  if ((code & 2) !== 0) return `IDT entry ${index}${external}`;
  if ((code & 0xfffc) === 0) return `no selector${external}`;
  return `selector ${formatHex(code & 0xfffc)}, ${(code & 4) !== 0 ? 'LDT' : 'GDT'} entry ${index}${external}`;
}

function describeErrorCode(entry: ExceptionEntry): string {
  // Real-address mode pushes no error codes.
  if (entry.errorCode === NO_ERROR_CODE || entry.mode === 'real-address') return '';
  const code = `error code ${formatHex(entry.errorCode)}`;
  const names = entry.vector >= 10 && entry.vector <= 13 && entry.errorCode !== 0;
  return names ? `, ${code}: ${describeSelectorError(entry.errorCode)}` : `, ${code}`;
}

/** `#GP (vector 13, error code 0x1b: …)`, or the event's name where it is no exception. */
function heading(entry: ExceptionEntry): string {
  if (entry.kind === 'external' || entry.kind === 'software' || entry.kind === 'nmi') return eventName(entry);
  const title = NAMES[entry.vector]?.[1];
  const vector = `vector ${entry.vector}${describeErrorCode(entry)}`;
  return `${exceptionName(entry.vector)}${title === undefined ? '' : ` ${title}`} (${vector})`;
}

/** Why an exception was raised: the page fault's own words, else what the operation said. */
function cause(entry: ExceptionEntry): string | undefined {
  if (entry.cr2 === undefined) return entry.reason;
  return describePageFault(entry.errorCode, entry.cr2);
}

const STACK_REACH = 0x4000n;
const NULL_PAGE = 0x1000n;

type Guess = 'a null pointer?' | 'a call through a null pointer?' | 'a stack overflow?';

/** What a page fault looks like, where experience has a guess. */
function guess({ cr2, errorCode, rip, rsp }: ExceptionEntry): Guess | undefined {
  if (cr2 === undefined || (errorCode & PF_P) !== 0) return undefined;
  const isFetch = (errorCode & PF_ID) !== 0 || cr2 === rip;
  if (cr2 < NULL_PAGE) return isFetch ? 'a call through a null pointer?' : 'a null pointer?';
  const below = rsp - cr2;
  const isStack = !isFetch && (errorCode & PF_WR) !== 0 && below > -16n && below <= STACK_REACH;
  return isStack ? 'a stack overflow?' : undefined;
}

function remark(entry: ExceptionEntry): string {
  const found = guess(entry);
  if (found === undefined) return '';
  return found === 'a stack overflow?' ? ` (RSP is ${formatHex(entry.rsp)}: ${found})` : ` (${found})`;
}

/**
 * One log entry in words: `#PF page fault (vector 14, error code 0x2) at RIP 0x20_10f4, CR2 0xdead_beef (CS 0x8, CPL 0,
 * 64-bit mode): supervisor-mode write at 0xdead_beef: the page is not present`.
 */
export function describeException(entry: ExceptionEntry): string {
  const hasParagraphs = entry.mode === 'real-address' || entry.mode === 'virtual-8086';
  const address = hasParagraphs
    ? `${formatHex(entry.selector, 4)}:${formatHex(entry.rip, 4)}`
    : `RIP ${formatHex(entry.rip)}`;
  const cr2 = entry.cr2 === undefined ? '' : `, CR2 ${formatHex(entry.cr2)}`;
  const code = hasParagraphs ? '' : `CS ${formatHex(entry.selector)}, CPL ${entry.cpl}, `;
  const when = entry.instructionCount === undefined ? '' : ` after ${entry.instructionCount} instructions`;
  const why = cause(entry);
  const text = why === undefined ? '' : `: ${why}${remark(entry)}`;
  return `${heading(entry)} at ${address}${cr2} (${code}${entry.mode} mode)${when}${text}`;
}

/**
 * One log entry in some words, without its place: `page fault writing 0xdead_beef`, `divide error`, `general protection fault
 * (the address 0x8000_0000_0000 is not canonical)`, `INT 0x80 that could not be delivered`.
 */
export function exceptionTitle(entry: ExceptionEntry): string {
  const { kind, vector, cr2, errorCode } = entry;
  if (kind === 'external' || kind === 'software' || kind === 'nmi')
    return `${eventName(entry)} that could not be delivered`;
  const title = NAMES[vector]?.[1] ?? exceptionName(vector);
  if (cr2 === undefined) {
    const why = entry.reason === undefined ? '' : ` (${entry.reason})`;
    return `${title}${vector === VECTOR_GP ? ' fault' : ''}${why}`;
  }
  const isFetch = (errorCode & PF_ID) !== 0 || cr2 === entry.rip;
  const verb = isFetch ? 'executing' : (errorCode & PF_WR) !== 0 ? 'writing' : 'reading';
  const found = guess(entry);
  return `${title} ${verb} ${formatHex(cr2)}${found === undefined ? '' : ` (${found})`}`;
}

/** `delivering INT 0x80 failed while reading the IDT`. */
function failure(during: InterruptedDelivery): string {
  return `delivering ${eventName(during)} failed while ${during.step}`;
}

/** Why two exceptions make a double fault, or a shutdown. */
function mergeRule(first: InterruptedDelivery, second: ExceptionEntry): string {
  const kind =
    second.vector === VECTOR_PF ? 'a page fault' : `${exceptionName(second.vector)}, a contributory exception,`;
  return `${kind} while ${exceptionName(first.vector)} was delivered`;
}

/**
 * A chain of exceptions in words, one line a step: the first exception, each failed delivery and what it raised, the
 * rule that made a double fault of two exceptions, and how it ended.
 *
 * @param entries entries of one chain in their order, as `ExceptionLog.lastChain` gives them
 */
export function describeChain(entries: readonly ExceptionEntry[]): string[] {
  const lines: string[] = [];
  entries.forEach((entry, i) => {
    const isFollowUp = i > 0 && entry.during !== undefined;
    if (isFollowUp) {
      const during = entry.during as InterruptedDelivery;
      lines.push(`${failure(during)}: ${cause(entry) ?? 'no reason was recorded'} → ${heading(entry)}`);
    } else if (i === 0) {
      const during = entry.during === undefined ? '' : `${failure(entry.during)} → `;
      lines.push(`${during}${describeException(entry)}`);
    }
    if (entry.fate === 'merged') {
      const rule = mergeRule(entry.during as InterruptedDelivery, entry);
      const end = entry.isShutdown === true ? 'triple fault, the processor shuts down' : '#DF double fault (vector 8)';
      lines.push(`${rule} → ${end}`);
    } else if (entry.fate === 'delivered' && (i > 0 || entry.vector === VECTOR_DF)) {
      lines.push(`${eventName(entry)} was delivered to its handler`);
    }
  });
  return lines;
}
