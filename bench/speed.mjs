// @ts-check
// How fast guests run in longmode, beside this machine, QEMU (system emulation, TCG) and v86. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ENGINES } from './engines.mjs';
import { IDLE_LINE, idleGuest, LOOPS, resultLine, WORKLOADS } from './guests.mjs';
import { describeClocks, describeHost, hostFacts, measureClock, median, showProgress } from './host.mjs';
import { figureTable, interpreterVerdicts, ratioTable } from './summary.mjs';

/** @typedef {import('./engines.mjs').Sample} Sample */

const USAGE = 'node bench/speed.mjs [--runs N] [--workload NAME]… [--engine NAME]… [--json FILE]';
/** A job that takes less than this part of what is taken off is not told. */
const LEAST_SHARE = 0.1;
/** What is taken off has to be known well: three runs a round. */
const IDLE_RUNS = ['idle', 'idle', 'idle'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    workload: { type: 'string', multiple: true },
    engine: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const runs = Math.max(1, Number(values.runs) || 1);
const workloads = values.workload ?? WORKLOADS;
const wanted = values.engine ?? Object.keys(ENGINES);
const unknown = [
  ...wanted.filter((name) => !(name in ENGINES)),
  ...workloads.filter((name) => !WORKLOADS.includes(name)),
];
if (unknown.length > 0) {
  console.error(`no such engine or workload: ${unknown.join(', ')}\n${USAGE}`);
  process.exit(2);
}
const engines = Object.entries(ENGINES)
  .filter(([name]) => wanted.includes(name))
  .map(([name, engine]) => ({ name, ...engine }));
for (const { title, missing } of engines) if (missing !== null) console.log(`${title}: left out; ${missing}`);
const present = engines.filter(({ missing }) => missing === null);

/** A slow engine runs what is asked for, or else the loops. @param {string} workload @param {boolean} isSlow */
const isWanted = (workload, isSlow) => !isSlow || values.workload !== undefined || LOOPS.includes(workload);

/** Samples by workload and engine; the idle guest is a workload of its own. @type {Map<string, Sample[]>} */
const found = new Map();
/** Second runs in a process that has run the guest before. @type {Map<string, Sample[]>} */
const warm = new Map();
const add = (/** @type {Map<string, Sample[]>} */ map, /** @type {string} */ key, /** @type {Sample} */ sample) =>
  map.set(key, [...(map.get(key) ?? []), sample]);

const facts = hostFacts();
/** @type {Awaited<ReturnType<typeof measureClock>>[]} */
const clocks = [];
const folder = mkdtempSync(join(tmpdir(), 'longmode-bench-'));
try {
  const idleImage = join(folder, 'idle.bin');
  writeFileSync(idleImage, idleGuest());
  // Engines take turns, so that a busy minute of the machine hits all of them.
  for (let round = 0; round < runs; round++) {
    clocks.push(await measureClock());
    for (const workload of [...IDLE_RUNS, ...workloads]) {
      const isIdle = workload === 'idle';
      for (const { name, file, run, subtractsIdle, isSlow } of present) {
        if (isIdle ? !subtractsIdle : !isWanted(workload, isSlow)) continue;
        showProgress(`round ${round + 1} of ${runs}: ${workload}, ${name}`);
        const image = isIdle ? idleImage : file(workload, folder);
        const [first, again] = await run(image, isIdle ? IDLE_LINE : resultLine(workload));
        if (first !== undefined) add(found, `${workload} ${name}`, first);
        if (again !== undefined) add(warm, `${workload} ${name}`, again);
      }
    }
  }
} finally {
  showProgress('');
  rmSync(folder, { recursive: true, force: true });
}

/** @param {readonly Sample[]} samples @param {(sample: Sample) => number} pick */
const middle = (samples, pick) => median(samples.map(pick));
const countOf = (/** @type {Sample} */ sample) => sample.instructions ?? Number.NaN;

/** @param {string} workload @param {(typeof present)[number]} engine @returns {import('./summary.mjs').Row} */
function rowOf(workload, { name, title, subtractsIdle, counter }) {
  const samples = found.get(`${workload} ${name}`) ?? [];
  const idle = subtractsIdle ? (found.get(`idle ${name}`) ?? []) : [];
  const off = (/** @type {(sample: Sample) => number} */ pick) => (idle.length > 0 ? middle(idle, pick) : 0);
  // A job that is short beside what was taken off is lost in it.
  const rest = (/** @type {(sample: Sample) => number} */ pick) => {
    const ms = middle(samples, pick) - off(pick);
    return ms < LEAST_SHARE * off(pick) ? Number.NaN : ms;
  };
  const cpuMs = rest((sample) => sample.cpuMs);
  const instructions =
    counter === null
      ? middle(samples, countOf) - off(countOf)
      : middle(found.get(`${workload} ${counter}`) ?? [], countOf);
  const warmMs = middle(warm.get(`${workload} ${name}`) ?? [], (sample) => sample.cpuMs);
  return {
    workload,
    name,
    title,
    cpuMs,
    wallMs: rest((sample) => sample.wallMs),
    instructions,
    mips: instructions / cpuMs / 1000,
    warmMips: instructions / warmMs / 1000,
  };
}

const rows = workloads.flatMap((workload) =>
  present.filter(({ isSlow }) => isWanted(workload, isSlow)).map((engine) => rowOf(workload, engine)),
);
console.log(`${describeHost(facts)}; ${describeClocks(clocks)}; medians of ${runs}\n`);
console.log(figureTable(rows));
if (rows.some(({ name }) => name === 'longmode')) console.log(`\n${ratioTable(rows)}`);
const verdicts = interpreterVerdicts(rows);
if (verdicts.length > 0) console.log(`\n${verdicts.join('\n')}`);

if (values.json !== undefined) {
  const samples = { first: Object.fromEntries(found), again: Object.fromEntries(warm) };
  writeFileSync(values.json, `${JSON.stringify({ host: facts, clocks, runs, rows, samples }, null, 2)}\n`);
}
