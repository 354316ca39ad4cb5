// @ts-check
// The machine that measures: what it is, and how long its processes take.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the figures depend on, for the head of a table. */
export function hostFacts() {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    processor: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} CPUs`,
    node: process.version,
    v8: process.versions.v8,
    loadAverage: loadavg().map((value) => value.toFixed(1)),
  };
}

/** @param {ReturnType<typeof hostFacts>} facts @param {readonly string[]} loadAfter */
export const describeHost = (facts, loadAfter = loadavg().map((value) => value.toFixed(1))) =>
  `${facts.date} UTC; ${facts.processor}; Node ${facts.node} (V8 ${facts.v8}); ` +
  `load average ${facts.loadAverage[0]} before, ${loadAfter[0]} after`;

/**
 * How fast the processor that commands are pinned to computes now, see clock-job.mjs.
 *
 * @returns {Promise<{ gigahertz: number, operationsPerCycle: number }>}
 */
export async function measureClock() {
  const script = fileURLToPath(new URL('clock-job.mjs', import.meta.url));
  const { stdout } = await runToEnd([process.execPath, script], { isPinned: true });
  return JSON.parse(stdout);
}

/** @param {readonly { gigahertz: number, operationsPerCycle: number }[]} clocks */
export function describeClocks(clocks) {
  const operations = clocks.map(({ operationsPerCycle }) => operationsPerCycle);
  const range = `${Math.min(...operations).toFixed(1)} to ${Math.max(...operations).toFixed(1)}`;
  return `${median(clocks.map(({ gigahertz }) => gigahertz)).toFixed(1)} GHz, ${range} operations a cycle`;
}

/** @param {readonly number[]} values @returns {number} */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Whether a program is there. @param {string} name */
export function hasProgram(name) {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The words that pin a command to the last processor, so that it does not wander; none where that cannot be. */
const PIN = hasProgram('taskset') ? ['taskset', '-c', String(cpus().length - 1)] : [];

/**
 * Runs a command to its end.
 *
 * @param {readonly string[]} command program and arguments
 * @param {{ isPinned?: boolean, limitMs?: number }} options
 * @returns {Promise<{ code: number, stdout: string }>} a process that was ended from outside has the code -1
 */
export async function runToEnd(command, { isPinned = false, limitMs = 600_000 } = {}) {
  const [program, ...args] = [...(isPinned ? PIN : []), ...command];
  try {
    const { stdout } = await run(program, args, { timeout: limitMs, maxBuffer: 2 ** 24 });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = /** @type {{ code: unknown, stdout?: string }} */ (error);
    if (typeof code === 'string') throw error;
    return { code: typeof code === 'number' ? code : -1, stdout: stdout ?? '' };
  }
}

/**
 * Runs a command to its end and says how long that took, by bash's `time`: from fork to exit, and processor time of all
 * its threads.
 *
 * @param {readonly string[]} command
 * @param {{ isPinned?: boolean, limitMs?: number }} options
 * @returns {Promise<{ code: number, stdout: string, wallMs: number, cpuMs: number }>}
 */
export async function timeCommand(command, { isPinned = true, limitMs = 600_000 } = {}) {
  // The command's own stderr goes nowhere, so that nothing but the times is on bash's.
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" 2>/dev/null </dev/null';
  const words = ['bash', '-c', script, 'bash', ...(isPinned ? PIN : []), ...command];
  const timed = await run(words[0], words.slice(1), { timeout: limitMs, maxBuffer: 2 ** 24 }).then(
    (result) => ({ code: 0, ...result }),
    (error) => {
      if (typeof error.code !== 'number') throw error;
      return { code: error.code, stdout: error.stdout, stderr: error.stderr };
    },
  );
  const times = timed.stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  const [real, user, system] = times.map((seconds) => seconds * 1000);
  if (!(real >= 0)) throw new Error(`no times from bash: ${timed.stderr}`);
  return { code: timed.code, stdout: timed.stdout, wallMs: real, cpuMs: user + system };
}

/**
 * Processor time that the main thread of this process has taken, in milliseconds; where the system does not tell that of
 * one thread, of all its threads.
 */
export function mainThreadMs() {
  const file = `/proc/self/task/${process.pid}/schedstat`;
  if (existsSync(file)) return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Shows what is under way, where somebody looks. @param {string} text nothing when it is done */
export function showProgress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(79)}${text === '' ? '\r' : ''}`);
}

/**
 * @param {readonly (readonly string[])[]} rows the first is the head
 * @param {number} leftColumns how many columns are text; the others are numbers
 * @returns {string} a Markdown table
 */
export function markdownTable(rows, leftColumns = 1) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (/** @type {string} */ cell, /** @type {number} */ column) =>
    column < leftColumns ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(pad).join(' | ')} |`;
  const rules = widths.map((width, column) =>
    column < leftColumns ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`,
  );
  return [line(rows[0]), `|${rules.join('|')}|`, ...rows.slice(1).map(line)].join('\n');
}
