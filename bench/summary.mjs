// @ts-check
// What the figures of a measurement come to: ratios, their means, and what is asked of longmode's interpreter.
import { LOOPS } from './guests.mjs';
import { markdownTable } from './host.mjs';

/**
 * What was found of one workload in one engine; NaN stands for what is not known.
 * @typedef {object} Row
 * @property {string} workload
 * @property {string} name of the engine
 * @property {string} title of the engine
 * @property {number} cpuMs
 * @property {number} wallMs
 * @property {number} instructions
 * @property {number} mips
 * @property {number} warmMips
 */

/** What is asked of longmode's interpreter. */
const MIPS_WANTED = 300;
const V86_RATIO_WANTED = 4;

/** The engines that longmode's 64-bit run is compared with. */
const RIVALS = ['native', 'qemu', 'v86'];

const text = (/** @type {number} */ value, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits) : '–');

/** @param {readonly Row[]} rows @param {string} workload @param {string} name */
const cpuMsOf = (rows, workload, name) =>
  rows.find((row) => row.workload === workload && row.name === name)?.cpuMs ?? Number.NaN;

/** Of what is known. @param {readonly number[]} values */
function geometricMean(values) {
  const known = values.filter(Number.isFinite);
  return Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length);
}

/** All figures. @param {readonly Row[]} rows */
export function figureTable(rows) {
  const head = ['workload', 'engine', 'CPU ms', 'wall ms', 'M instr', 'MIPS', 'MIPS again', 'time / longmode'];
  const lines = rows.map((row) => [
    row.workload,
    row.title,
    text(row.cpuMs),
    text(row.wallMs),
    text(row.instructions / 1e6),
    text(row.mips),
    text(row.warmMips),
    text(row.cpuMs / cpuMsOf(rows, row.workload, 'longmode'), 2),
  ]);
  return markdownTable([head, ...lines], 2);
}

/** By workload, how many times longmode's time the others take. @param {readonly Row[]} rows */
export function ratioTable(rows) {
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  const rivals = RIVALS.filter((rival) => rows.some(({ name }) => name === rival));
  /** Against longmode's first run of a workload, or its second in one process. @typedef {'first' | 'again'} Which */
  const ownMs = (/** @type {string} */ workload, /** @type {Which} */ which) => {
    const own = rows.find((row) => row.workload === workload && row.name === 'longmode');
    if (own === undefined) return Number.NaN;
    return which === 'first' ? own.cpuMs : own.instructions / own.warmMips / 1000;
  };
  const ratios = (/** @type {readonly string[]} */ chosen) =>
    rivals.flatMap((rival) =>
      /** @type {const} */ (['first', 'again']).map((which) =>
        text(geometricMean(chosen.map((workload) => cpuMsOf(rows, workload, rival) / ownMs(workload, which))), 2),
      ),
    );
  const titles = rivals.flatMap((rival) => {
    const title = rows.find(({ name }) => name === rival)?.title ?? rival;
    return [title, `${title} / again`];
  });
  const loops = workloads.filter((workload) => LOOPS.includes(workload));
  return markdownTable([
    ['time / longmode, 64-bit', ...titles],
    ...workloads.map((workload) => [workload, ...ratios([workload])]),
    ['geometric mean of the loops', ...ratios(loops)],
    ['geometric mean of all', ...ratios(workloads)],
  ]);
}

/** What is asked of the interpreter, a line for each loop. @param {readonly Row[]} rows */
export function interpreterVerdicts(rows) {
  const own = rows.filter(({ name, workload }) => name === 'longmode-interpreter' && LOOPS.includes(workload));
  return own.map(({ workload, mips, cpuMs }) => {
    const ratio = cpuMsOf(rows, workload, 'v86-interpreter') / cpuMs;
    const speed = `${text(mips)} MIPS (${mips >= MIPS_WANTED ? 'at least' : 'below'} ${MIPS_WANTED})`;
    const verdict = ratio >= V86_RATIO_WANTED ? 'at least' : 'below';
    const beside = `${text(ratio, 1)} times v86 without JIT (${verdict} ${V86_RATIO_WANTED})`;
    return `${workload}, interpreter: ${Number.isNaN(ratio) ? speed : `${speed}, ${beside}`}`;
  });
}
