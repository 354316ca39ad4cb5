import { keysForText, type Pc } from '../src/index.ts';
import type { Outcome } from '../src/outcome.ts';
import { readExpected } from './images.ts';

/** What to do with a kernel: `kernels/README.md` has the words. */
interface Scenario {
  readonly until?: string;
  readonly type?: string;
  readonly then?: string;
  readonly timer?: boolean;
}
/** What it showed in QEMU. */
export interface Expected {
  readonly end?: 'running' | 'halted' | 'waiting';
  readonly status?: number;
  readonly serial: string;
  readonly screen?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly lines?: readonly string[];
}
interface Row {
  readonly text: string;
  readonly attributes: readonly number[];
}

const scenarios = JSON.parse(readExpected('chapters/scenarios.json')) as Record<string, Scenario>;
/** What each kernel of a chapter showed in QEMU, by its name. */
export const chapterExpectations: Readonly<Record<string, Expected>> = JSON.parse(
  readExpected('chapters/expected.json'),
);
/** The most that a guest may execute: about twice what the longest does. */
const INSTRUCTIONS = 2_000_000_000;
const MILLISECOND = 1_000_000;
/** Time for what a kernel does after the text that the scenario waits for. */
const SETTLING_NS = 20 * MILLISECOND;
const COLUMN_COUNT = 80;

/**
 * Exceptions of the fault class push RFLAGS with RF set (SDM Vol. 3B "Instruction-Breakpoint Exception Condition"), and
 * so does this processor for double faults, as processors are seen to. QEMU 7.2 leaves RF as it was, and it is QEMU's
 * screen that is recorded.
 */
const RESUME_FLAG = 'RESUME_FLAG | ';

function rowsOf(pc: Pc): Row[] {
  const { cells: all, rows } = pc.vga.textScreen();
  return Array.from({ length: rows }, (_, row) => {
    const cells = all.slice(row * COLUMN_COUNT, (row + 1) * COLUMN_COUNT);
    const text = cells.map(({ code }) => String.fromCharCode(code === 0 ? 0x20 : code)).join('');
    const attributes = cells.slice(0, text.trimEnd().length).map(({ attribute }) => attribute);
    return withoutResumeFlag({ text: text.trimEnd(), attributes });
  });
}

function withoutResumeFlag({ text, attributes }: Row): Row {
  const at = text.indexOf(RESUME_FLAG);
  if (at < 0) return { text, attributes };
  const end = at + RESUME_FLAG.length;
  return {
    text: text.slice(0, at) + text.slice(end),
    attributes: [...attributes.slice(0, at), ...attributes.slice(end)],
  };
}

/** Runs of equal attributes, each with its length: `0e*12`. */
function runsOf(attributes: readonly number[]): string {
  const runs: { attribute: number; length: number }[] = [];
  for (const attribute of attributes) {
    const last = runs.at(-1);
    if (last?.attribute === attribute) last.length += 1;
    else runs.push({ attribute, length: 1 });
  }
  return runs.map(({ attribute, length }) => `${attribute.toString(16).padStart(2, '0')}*${length}`).join(' ');
}

/** The lines of a screen without the dots of a timer, which come when they come and fill rows. */
function linesWithoutDots(rows: readonly Row[]): Row[] {
  const lines = [{ text: '', attributes: [] as number[] }];
  for (const { text, attributes } of rows) {
    const line = lines.at(-1) as (typeof lines)[number];
    for (const [column, character] of Array.from(text).entries()) {
      if (character === '.') continue;
      line.text += character;
      line.attributes.push(attributes[column] as number);
    }
    if (text.length < COLUMN_COUNT) lines.push({ text: '', attributes: [] });
  }
  return lines.filter(({ text }) => text.trim() !== '');
}

/** All lines as one text, for a look whether something is there. */
function textOf(pc: Pc): string {
  const lines = linesWithoutDots(rowsOf(pc)).map(({ text }) => text);
  return lines.join('\n');
}

function describeScreen(pc: Pc, { timer = false }: Scenario): Pick<Expected, 'screen' | 'attributes' | 'lines'> {
  const rows = rowsOf(pc);
  if (timer) return { lines: linesWithoutDots(rows).map((row) => `${row.text} [${runsOf(row.attributes)}]`) };
  const written = [...rows.entries()].filter(([, { text }]) => text !== '');
  return {
    screen: Object.fromEntries(written.map(([index, { text }]) => [index, text])),
    attributes: Object.fromEntries(written.map(([index, { attributes }]) => [index, runsOf(attributes)])),
  };
}

/** Runs until a text is on the screen, or for two seconds of virtual time. */
function runUntilShown(pc: Pc, text: string): Outcome {
  const giveUpAt = pc.virtualTimeNs + 2000 * MILLISECOND;
  for (;;) {
    const outcome = pc.run({ untilTick: pc.virtualTimeNs + 2 * MILLISECOND });
    const isShown = textOf(pc).includes(text);
    if (isShown || outcome.kind !== 'limit' || pc.virtualTimeNs >= giveUpAt) return outcome;
  }
}

function typeText(pc: Pc, text: string): void {
  for (const { key, isPressed } of keysForText(text)) {
    if (isPressed) pc.keyboard.press(key);
    else pc.keyboard.release(key);
    pc.run({ untilTick: pc.virtualTimeNs + 5 * MILLISECOND });
  }
}

/** Lets a kernel show what it has to, and tells how it stands then. */
function watch(pc: Pc, { until = '', type = '', then = until }: Scenario): Expected['end'] | Outcome['kind'] {
  let outcome = runUntilShown(pc, until);
  typeText(pc, type);
  outcome = runUntilShown(pc, then);
  if (outcome.kind === 'limit') outcome = pc.run({ untilTick: pc.virtualTimeNs + SETTLING_NS });
  if (outcome.kind !== 'limit') return outcome.kind;
  return pc.waitsFor === undefined ? 'running' : 'waiting';
}

/**
 * Does with a kernel what its scenario says.
 *
 * @param name of the kernel, without the image's extension
 * @param start makes the machine, which calls back with every byte that COM1 sends
 * @returns what it showed, to be held against the record
 */
export function runChapter(name: string, start: (onSerial: (byte: number) => void) => Pc): object {
  const scenario = scenarios[name] ?? {};
  let serial = '';
  const pc = start((byte) => {
    serial += String.fromCharCode(byte);
  });
  if (scenario.until !== undefined) {
    const end = watch(pc, scenario);
    return { end, serial, ...describeScreen(pc, scenario) };
  }
  const outcome = pc.run({ instructions: INSTRUCTIONS });
  const status = outcome.kind === 'debug-exit' ? (outcome.value << 1) | 1 : outcome.kind;
  return { status, serial, ...describeScreen(pc, scenario) };
}
