import { CS, describeChain, type ExceptionEntry, exceptionName, exceptionTitle } from '@longmode/cpu-x86';
import { formatHex } from '@longmode/mmu';
import { type CodePlaces, describePlace } from './code-places.ts';
import { explainInterrupts, explainMisdirection } from './explain-interrupts.ts';
import type { Outcome } from './outcome.ts';
import type { Pc } from './pc.ts';
import { debugExitCode } from './ports/debug-exit.ts';
import { isWaiting } from './wake.ts';

const FLAG_IF = 0x200;
/** Chains of exceptions before the last one that are told too, when they led to it. */
const EARLIER_CHAINS = 3;
/** Instructions between two exceptions up to which the second is taken to follow from the first. */
const HANDLER_INSTRUCTIONS_MAX = 16;

/**
 * Says in words why a run ended: what the guest did, where it stands, and for a triple fault the chain of exceptions that
 * led to it, in order.
 *
 * @param pc the machine, as the run left it
 * @param outcome of that run
 * @param places the functions of the kernel, see `ImagePlan.places`
 * @returns lines: the first says what happened, the others tell how it came to that
 */
export function explainOutcome(pc: Pc, outcome: Outcome, places?: CodePlaces): string[] {
  switch (outcome.kind) {
    case 'debug-exit': {
      const value = formatHex(outcome.value);
      return [`the guest wrote ${value} to the debug-exit port: exit code ${debugExitCode(outcome.value)}`];
    }
    case 'triple-fault':
      return explainTripleFault(pc, outcome.chain, places);
    case 'power-off':
      return [`the guest turned the machine off ${standsAt(pc, places)}`];
    case 'reset':
      return [`the guest asked for a reset ${standsAt(pc, places)}`];
    default:
      return [whereItEnded(pc, outcome, places), ...explainInterrupts(pc)];
  }
}

/** The end of a run that the guest has not ended by itself. */
function whereItEnded(pc: Pc, outcome: Outcome, places: CodePlaces | undefined): string {
  switch (outcome.kind) {
    case 'halted':
      return `halted for ever: HLT with ${whyDeaf(pc)} ${hltPlace(pc, outcome.rip, places)}`;
    case 'idle':
      return `idle: HLT ${hltPlace(pc, outcome.rip, places)}, where only a key or serial input can wake the processor`;
    case 'limit':
      return isWaiting(pc)
        ? `waiting in HLT ${hltPlace(pc, pc.cpu.state.rip, places)}`
        : `still running ${standsAt(pc, places)}`;
    default:
      return `stopped ${standsAt(pc, places)}`;
  }
}

/** Where the processor stands: `at RIP 0x20_1148 in kernel::main+0x5 (src/main.rs:12)`. */
export function standsAt(pc: Pc, places?: CodePlaces): string {
  return codeAddress(pc, pc.cpu.state.rip, places);
}

const whyDeaf = (pc: Pc): string =>
  (pc.cpu.state.rflags & FLAG_IF) === 0 ? 'interrupts off' : 'every interrupt masked that could come';

function hltPlace(pc: Pc, rip: bigint, places: CodePlaces | undefined): string {
  // RIP is after the instruction, perhaps in the next function already.
  return codeAddress(pc, rip - 1n, places);
}

function codeAddress(pc: Pc, rip: bigint, places: CodePlaces | undefined): string {
  const { state } = pc.cpu;
  const code = state.segments[CS];
  const base = code?.base ?? 0n;
  const place = places?.lookup(BigInt.asUintN(64, base + rip)) ?? null;
  const text = place === null ? '' : ` in ${describePlace(place)}`;
  const isLinear = base === 0n && (code?.selector ?? 0) !== 0;
  const address = isLinear ? `RIP ${formatHex(rip)}` : `${formatHex(code?.selector ?? 0, 4)}:${formatHex(rip, 4)}`;
  return `at ${address}${text}`;
}

/** The first line names the exception that it began with; then all of them in order, and what looks like the mistake. */
function explainTripleFault(pc: Pc, chain: readonly ExceptionEntry[], places: CodePlaces | undefined): string[] {
  const last = chain[0];
  if (last === undefined) return ['triple fault: the processor shut down'];
  const { entries, total } = pc.cpu.exceptionLog;
  const chains = [...earlierChains(entries, last), chain];
  const first = chains[0]?.[0] ?? last;
  const told = chains.reduce((sum, { length }) => sum + length, 0);
  const lines = chains.flatMap((entriesOfChain) => {
    return describeChain(entriesOfChain).map((line) => withPlaces(line, entriesOfChain, places));
  });
  const numbered = lines.map((line, index) => `${index + 1}. ${line}`);
  const untold = total - told;
  if (untold > 0) numbered.unshift(...earlierSummary(entries, first, untold));
  const remark = garbageHandlerRemark(chains);
  return [
    `triple fault: ${exceptionTitle(first)}${whereRaised(first, places)}`,
    ...numbered,
    ...(remark === null ? [] : [remark]),
    ...explainMisdirection(pc),
  ];
}

/** The function that an exception was raised in, else its address. */
function whereRaised(entry: ExceptionEntry, places: CodePlaces | undefined): string {
  const { mode, rip, selector } = entry;
  if (mode === 'real-address' || mode === 'virtual-8086') return ` at ${formatHex(selector, 4)}:${formatHex(rip, 4)}`;
  const place = places?.lookup(rip) ?? null;
  if (place !== null) return ` in ${describePlace(place)}`;
  return entry.cr2 === rip ? '' : ` at RIP ${formatHex(rip)}`;
}

/** Chains that led to the last one: each began within the first instructions of the handler that the one before called. */
function earlierChains(entries: readonly ExceptionEntry[], last: ExceptionEntry): ExceptionEntry[][] {
  const chains: ExceptionEntry[][] = [];
  let next = last;
  for (let number = last.chain - 1; chains.length < EARLIER_CHAINS; number--) {
    const chain = entries.filter((entry) => entry.chain === number);
    const end = chain.at(-1);
    if (end === undefined || end.fate !== 'delivered') break;
    // A handler that faults again and again tells nothing new.
    if (end.vector === next.vector && end.rip === next.rip) break;
    const between = (next.instructionCount ?? Number.POSITIVE_INFINITY) - (end.instructionCount ?? 0);
    if (between > HANDLER_INSTRUCTIONS_MAX) break;
    chains.unshift(chain);
    next = chain[0] as ExceptionEntry;
  }
  return chains;
}

function earlierSummary(entries: readonly ExceptionEntry[], told: ExceptionEntry, untold: number): string[] {
  const before = entries.filter(({ sequence }) => sequence < told.sequence).at(-1);
  if (before === undefined) return [];
  const count = untold === 1 ? '1 exception' : `${untold} exceptions`;
  const [first] = entries as readonly [ExceptionEntry];
  const named = ({ vector, rip }: ExceptionEntry): string => `${exceptionName(vector)} at RIP ${formatHex(rip)}`;
  const beginning = named(first) === named(before) ? '' : `the first: ${named(first)}; `;
  return [`(${count} before; ${beginning}the last: ${named(before)})`];
}

/** Exceptions whose handler faults at its first instruction: the IDT holds no handler there, but something else. */
function garbageHandlerRemark(chains: readonly (readonly ExceptionEntry[])[]): string | null {
  for (const [index, chain] of chains.entries()) {
    const next = chains[index + 1]?.[0];
    const end = chain.at(-1);
    if (end === undefined || next?.cr2 === undefined || next.cr2 !== next.rip || end.fate !== 'delivered') continue;
    const handler = `the IDT's handler for ${exceptionName(end.vector)} is at ${formatHex(next.rip)}`;
    return `${handler}, where no code can run: is the entry filled in, and the IDT the right one?`;
  }
  return null;
}

/** Puts the function behind the address of each exception that a line names. */
function withPlaces(line: string, chain: readonly ExceptionEntry[], places: CodePlaces | undefined): string {
  if (places === undefined) return line;
  let text = line;
  for (const { rip, mode } of chain) {
    if (mode === 'real-address' || mode === 'virtual-8086') continue;
    const place = places.lookup(rip);
    const address = `at RIP ${formatHex(rip)}`;
    if (place === null || text.includes(`${address} in `)) continue;
    text = text.replace(`${address},`, `${address} in ${describePlace(place)},`);
    text = text.replace(`${address} (`, `${address} in ${describePlace(place)} (`);
  }
  return text;
}
