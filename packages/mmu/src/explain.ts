/**
 * A walk that explains itself: every entry visited, what it says, and why the walk stopped, as data and as text.
 *
 * It runs the one `PageWalker` as a probe over a memory that writes down what is read, and puts words to that.
 */
import { ACCESS_FETCH, ACCESS_IMPLICIT, ACCESS_PROBE, ACCESS_WRITE, describeAccess, isUserAccess } from './access.ts';
import { formatHex, formatSize, highWord, isCanonical, joinWords, lowWord } from './address.ts';
import { type DecodedEntry, decodeEntry, entrySizeBytesOf, levelsOf } from './decoded-entry.ts';
import type { PhysicalMemory } from './memory.ts';
import { PF_P, PF_PK, PF_RSVD } from './page-fault.ts';
import {
  CR0_WP,
  CR4_SMAP,
  CR4_SMEP,
  linearAddressBitsOf,
  PAGING_MODE_NAMES,
  PAGING_NONE,
  PAGING_PAE,
  type PagingMode,
  type PagingRegisters,
  pagingModeOf,
} from './paging-mode.ts';
import type { NonCanonical, PageFault, Translation } from './translation.ts';
import { translationOf } from './translation.ts';
import { PageWalker, WALK_OK } from './walk.ts';

/** A walk, told. */
export interface Explanation {
  /** The linear address, cut to 32 bits where linear addresses have 32. */
  readonly linear: bigint;
  /** The access asked about: a set of `ACCESS_` bits. */
  readonly access: number;
  readonly mode: PagingMode;
  /** CR3, 64 bits. */
  readonly cr3: bigint;
  /** The entries that the walk read, top level first; none without paging. */
  readonly entries: readonly DecodedEntry[];
  readonly outcome: Translation | PageFault | NonCanonical;
  /** Why it ended so, in words. */
  readonly reason: string;
}

/** A memory that remembers where it was read and takes no writes. */
class ReadLog implements PhysicalMemory {
  readonly addresses: number[] = [];
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  read32(address: number): number {
    this.addresses.push(address);
    return this.#memory.read32(address);
  }

  write32(): void {}
}

/**
 * Walks the paging structures for one linear address without leaving a trace in them, and tells what happened.
 *
 * @param parts memory and registers, as for `PageWalker`
 * @param linear any 64-bit value; an address that is not canonical is an outcome
 * @param access a set of `ACCESS_` bits
 */
export function explainWalk(
  parts: { memory: PhysicalMemory; registers: PagingRegisters },
  linear: bigint,
  access: number,
): Explanation {
  const { memory, registers } = parts;
  const mode = pagingModeOf(registers);
  const bits = linearAddressBitsOf(mode);
  const address = BigInt.asUintN(bits === 32 ? 32 : 64, linear);
  const cr3 = joinWords(registers.cr3Low, registers.cr3High);
  const common = { linear: address, access, mode, cr3 };
  const low = lowWord(address);
  const high = highWord(address);
  if (bits > 32 && !isCanonical(low, high, bits)) {
    const reason = `bits 63:${bits - 1} are not all equal: the access causes #GP or #SS, and no walk`;
    return { ...common, entries: [], outcome: { kind: 'non-canonical', linear: address }, reason };
  }
  const log = new ReadLog(memory);
  const walker = new PageWalker({ memory: log, registers });
  const result = walker.walk(low, high, access | ACCESS_PROBE);
  const entries = entriesOf(memory, registers, mode, low, log.addresses);
  if (result === WALK_OK) {
    const outcome = translationOf(address, walker);
    const reason =
      mode === PAGING_NONE
        ? 'paging is off: linear addresses are physical addresses'
        : `${describeAccess(access)} permitted`;
    return { ...common, entries, outcome, reason };
  }
  const outcome: PageFault = { kind: 'page-fault', linear: address, errorCode: walker.errorCode };
  return { ...common, entries, outcome, reason: faultReason(walker.errorCode, entries, access, registers) };
}

function entriesOf(
  memory: PhysicalMemory,
  registers: PagingRegisters,
  mode: PagingMode,
  linearLow: number,
  addresses: readonly number[],
): DecodedEntry[] {
  const entries: DecodedEntry[] = [];
  const size = entrySizeBytesOf(mode);
  let level = levelsOf(mode);
  if (mode === PAGING_PAE) {
    const index = linearLow >>> 30;
    const value = joinWords(registers.pdptes[2 * index] as number, registers.pdptes[2 * index + 1] as number);
    entries.push(decodeEntry(value, { level, registers, index, tableAddress: null }));
    level -= 1;
  }
  for (const address of addresses) {
    if (address % size !== 0) continue; // the high word of an entry
    const high = size === 8 ? memory.read32(address + 4) : 0;
    const offset = address % 0x1000;
    const place = { level, registers, index: offset / size, tableAddress: address - offset };
    entries.push(decodeEntry(joinWords(memory.read32(address), high), place));
    level -= 1;
  }
  return entries;
}

/** Puts a page fault down to the entry or the control bit that caused it. */
function faultReason(
  errorCode: number,
  entries: readonly DecodedEntry[],
  access: number,
  registers: PagingRegisters,
): string {
  const last = entries[entries.length - 1] as DecodedEntry;
  if ((errorCode & PF_P) === 0) return `the ${last.name} is not present`;
  if ((errorCode & PF_RSVD) !== 0) {
    return `the ${last.name} sets reserved bits: ${formatHex(last.reservedBits, 2 * last.sizeBytes)}`;
  }
  const what = describeAccess(access);
  const isUserAddress = entries.every((entry) => entry.user);
  const deniedBy = (says: (entry: DecodedEntry) => boolean): string =>
    entries
      .filter(says)
      .map((entry) => entry.name)
      .join(' and ');
  if (isUserAccess(access) && !isUserAddress) {
    const names = deniedBy((entry) => !entry.user);
    return `${what} to a supervisor-mode address: U/S is 0 in the ${names}`;
  }
  if ((access & ACCESS_FETCH) !== 0) {
    if (!isUserAccess(access) && isUserAddress && (registers.cr4 & CR4_SMEP) !== 0) {
      return `${what} from a user-mode address: CR4.SMEP = 1`;
    }
    return `${what} from an execute-disabled page: XD is 1 in the ${deniedBy((entry) => entry.executeDisable)}`;
  }
  if ((errorCode & PF_PK) !== 0) {
    const register = isUserAddress ? 'PKRU' : 'IA32_PKRS';
    return `${what} against protection key ${last.protectionKey}: ${register} forbids it`;
  }
  const isWriteDenied = (access & ACCESS_WRITE) !== 0 && entries.some((entry) => !entry.writable);
  if (isWriteDenied && (isUserAccess(access) || (registers.cr0 & CR0_WP) !== 0)) {
    const why = isUserAccess(access) ? '' : ' and CR0.WP = 1';
    return `${what} to a read-only page: R/W is 0 in the ${deniedBy((entry) => !entry.writable)}${why}`;
  }
  if ((registers.cr4 & CR4_SMAP) !== 0) {
    const why = (access & ACCESS_IMPLICIT) !== 0 ? 'the access is implicit' : 'EFLAGS.AC = 0';
    return `${what} to a user-mode address: CR4.SMAP = 1 and ${why}`;
  }
  return what;
}

/**
 * An explanation as lines of text for a terminal or a log: the question, one line for each entry, and the answer.
 *
 * @returns lines joined by `\n`, without one at the end
 */
export function formatExplanation(explanation: Explanation): string {
  const { linear, access, mode, cr3, entries, outcome, reason } = explanation;
  const digits = linearAddressBitsOf(mode) === 32 ? 8 : 16;
  const lines = [`${describeAccess(access)} at ${formatHex(linear, digits)}, ${PAGING_MODE_NAMES[mode]}`];
  if (mode !== PAGING_NONE) lines.push(`  CR3 ${formatHex(cr3, digits)}`);
  for (const entry of entries) lines.push(`  ${formatEntry(entry)}`);
  if (outcome.kind === 'translation') {
    lines.push(`  -> physical ${formatHex(outcome.physical, 8)}, ${formatSize(outcome.pageSizeBytes)} page: ${reason}`);
  } else if (outcome.kind === 'page-fault') {
    lines.push(`  -> #PF, error code ${formatHex(outcome.errorCode)}: ${reason}`);
  } else {
    lines.push(`  -> not canonical: ${reason}`);
  }
  return lines.join('\n');
}

function formatEntry(entry: DecodedEntry): string {
  const name = `${entry.name}[${entry.index}]`.padEnd(11);
  const where = entry.entryAddress === null ? 'in its register' : `at ${formatHex(entry.entryAddress, 8)}`;
  const value = formatHex(entry.value, 2 * entry.sizeBytes);
  if (!entry.present) return `${name} ${where}: ${value} not present`;
  const target = entry.mapsPageOfBytes === null ? 'table' : `${formatSize(entry.mapsPageOfBytes)} page`;
  const flags = entry.flagNames.join(' ');
  const bad = entry.reservedBits === 0n ? '' : `, reserved bits ${formatHex(entry.reservedBits)}`;
  return `${name} ${where}: ${value} ${flags} -> ${target} ${formatHex(entry.address, 8)}${bad}`;
}
