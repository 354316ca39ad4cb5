// @ts-check
// How fast guests run in longmode, beside QEMU (system emulation, TCG) and v86. See README.md.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { IDLE_LINE, idleGuest, imagePath, resultLine, WORKLOADS } from './guests.mjs';
import {
  describeClocks,
  describeHost,
  hasProgram,
  hostFacts,
  markdownTable,
  measureClock,
  median,
  runPinned,
  showProgress,
  timeCommand,
} from './host.mjs';

const USAGE = 'node bench/interpreter.mjs [--runs N] [--workload NAME]… [--engine NAME]… [--json FILE]';
/** What is asked of longmode's interpreter. */
const MIPS_WANTED = 300;
const V86_RATIO_WANTED = 4;
/** A job that takes less than this part of what is taken off is not told. */
const LEAST_SHARE = 0.1;
/** What is taken off has to be known well: three runs a round. */
const IDLE_RUNS = ['idle', 'idle', 'idle'];

/**
 * One run of a guest: processor time and wall time of the job, without start and end of the emulator; instructions if the
 * emulator counts them.
 * @typedef {{ cpuMs: number, wallMs: number, instructions?: number }} Sample
 */
/**
 * @typedef {object} Engine
 * @property {string} title
 * @property {string} form which build of a guest it runs: the end of the image's name
 * @property {string | null} missing why it cannot run here
 * @property {(image: string, line: string) => Promise<Sample[]>} run raw samples; the first is the one that counts
 * @property {boolean} subtractsIdle whether a run of the idle guest is to be taken off
 */

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    workload: { type: 'string', multiple: true, default: WORKLOADS },
    engine: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** @param {string} line what the guest must have said @param {{ code: number, stdout: string }} result @returns {Sample[]} */
function samplesOf(line, { code, stdout }) {
  const samples = stdout
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text));
  const isGood = code === 0 && samples.length > 0 && samples.every(({ serial }) => serial.endsWith(line));
  if (!isGood) throw new Error(`expected ${JSON.stringify(line)}, found exit code ${code} and ${stdout.trim()}`);
  return samples;
}

/** In one process: the first run as a user sees it, and one more when the engine is warm. */
const longmode = (/** @type {string} */ form, /** @type {string} */ title) => ({
  title,
  form,
  missing: existsSync(script('../packages/pc/dist/index.js')) ? null : 'build first: npm run build',
  subtractsIdle: false,
  run: async (/** @type {string} */ image, /** @type {string} */ line) =>
    samplesOf(line, await runPinned([process.execPath, script('longmode-job.mjs'), image, '2'])),
});

const BIOS = '/usr/share/seabios/bios.bin';
const VGA_BIOS = ['vgabios-stdvga.bin', 'vgabios.bin'].map((name) => `/usr/share/seabios/${name}`).find(existsSync);

const v86 = (/** @type {'jit' | 'no-jit'} */ jit, /** @type {string} */ title) => ({
  title,
  form: '-i386',
  missing: existsSync(BIOS) && VGA_BIOS !== undefined ? null : 'no BIOS for it: install the package seabios',
  subtractsIdle: true,
  run: async (/** @type {string} */ image, /** @type {string} */ line) =>
    samplesOf(line, await runPinned([process.execPath, script('v86-job.mjs'), image, BIOS, VGA_BIOS ?? '', jit])),
});

const QEMU = 'qemu-system-x86_64';
const QEMU_ARGUMENTS = [
  ...['-accel', 'tcg', '-m', '128M', '-display', 'none', '-nodefaults', '-serial', 'stdio', '-no-reboot'],
  ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
];
const QEMU_SUCCESS = 33;

const qemu = (/** @type {string} */ form, /** @type {string} */ title) => ({
  title,
  form,
  missing: hasProgram(QEMU) ? null : `no ${QEMU} here`,
  subtractsIdle: true,
  run: async (/** @type {string} */ image, /** @type {string} */ line) => {
    const { code, stdout, cpuMs, wallMs } = await timeCommand([QEMU, ...QEMU_ARGUMENTS, '-kernel', image]);
    if (code !== QEMU_SUCCESS || stdout !== line) throw new Error(`QEMU: exit code ${code} and ${stdout.trim()}`);
    return [{ cpuMs, wallMs }];
  },
});

/** @type {Readonly<Record<string, Engine>>} */
const ENGINES = {
  longmode: longmode('-mb1', 'longmode, 64-bit'),
  'longmode-i386': longmode('-i386', 'longmode, 32-bit'),
  qemu: qemu('-mb1', 'QEMU TCG, 64-bit'),
  'qemu-i386': qemu('-i386', 'QEMU TCG, 32-bit'),
  v86: v86('jit', 'v86, 32-bit'),
  'v86-interpreter': v86('no-jit', 'v86 without JIT, 32-bit'),
};

const runs = Math.max(1, Number(values.runs) || 1);
const wanted = values.engine ?? Object.keys(ENGINES);
const unknown = [
  ...wanted.filter((name) => !(name in ENGINES)),
  ...values.workload.filter((name) => !WORKLOADS.includes(name)),
];
if (unknown.length > 0) {
  console.error(`no such engine or workload: ${unknown.join(', ')}\n${USAGE}`);
  process.exit(2);
}
const engines = wanted.map((name) => ({ name, ...ENGINES[name], missing: ENGINES[name]?.missing ?? null }));
for (const { title, missing } of engines) if (missing !== null) console.log(`${title}: left out; ${missing}`);
const present = engines.filter(({ missing }) => missing === null);

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
    for (const workload of [...IDLE_RUNS, ...values.workload]) {
      for (const { name, form, subtractsIdle, run } of present) {
        const isIdle = workload === 'idle';
        if (isIdle && !subtractsIdle) continue;
        showProgress(`round ${round + 1} of ${runs}: ${workload}, ${name}`);
        const image = isIdle ? idleImage : imagePath(`bench-${workload}${form}.elf`);
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

const rows = values.workload.flatMap((workload) =>
  present.map(({ name, title, form, subtractsIdle }) => {
    const samples = found.get(`${workload} ${name}`) ?? [];
    const idle = subtractsIdle ? (found.get(`idle ${name}`) ?? []) : [];
    const off = (/** @type {(sample: Sample) => number} */ pick) => (idle.length > 0 ? middle(idle, pick) : 0);
    const cpuMs = middle(samples, (sample) => sample.cpuMs) - off((sample) => sample.cpuMs);
    const wallMs = middle(samples, (sample) => sample.wallMs) - off((sample) => sample.wallMs);
    // QEMU does not count: its instructions are those that longmode counts for the same image.
    const counted = middle(samples, (sample) => sample.instructions ?? Number.NaN) - off((s) => s.instructions ?? 0);
    const twin = found.get(`${workload} ${form === '-mb1' ? 'longmode' : 'longmode-i386'}`) ?? [];
    const instructions = Number.isNaN(counted) ? middle(twin, (sample) => sample.instructions ?? Number.NaN) : counted;
    const warmMs = middle(warm.get(`${workload} ${name}`) ?? [], (sample) => sample.cpuMs);
    // A job that is short beside what was taken off is lost in it.
    const isLost = subtractsIdle && cpuMs < LEAST_SHARE * off((sample) => sample.cpuMs);
    const mips = isLost ? Number.NaN : instructions / cpuMs / 1000;
    return { workload, name, title, cpuMs: isLost ? Number.NaN : cpuMs, wallMs, instructions, mips, warmMs };
  }),
);
const rowOf = (/** @type {string} */ workload, /** @type {string} */ name) =>
  rows.find((row) => row.workload === workload && row.name === name);

const text = (/** @type {number} */ value, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
const table = rows.map((row) => {
  const base = rowOf(row.workload, 'longmode')?.cpuMs ?? Number.NaN;
  const warmMips = row.instructions / row.warmMs / 1000;
  return [
    row.workload,
    row.title,
    text(row.cpuMs),
    text(row.wallMs),
    text(row.instructions / 1e6),
    text(row.mips),
    text(warmMips),
    text(row.cpuMs / base, 2),
  ];
});
const head = ['workload', 'engine', 'CPU ms', 'wall ms', 'M instr', 'MIPS', 'MIPS again', 'time / longmode'];
console.log(`${describeHost(facts)}; ${describeClocks(clocks)}; medians of ${runs}\n`);
console.log(markdownTable([head, ...table], 2));

console.log('');
for (const workload of values.workload) {
  const own = rowOf(workload, 'longmode');
  if (own === undefined) continue;
  const other = rowOf(workload, 'v86-interpreter');
  const ratio = (other?.cpuMs ?? Number.NaN) / own.cpuMs;
  const parts = [`${text(own.mips)} MIPS (${own.mips >= MIPS_WANTED ? 'at least' : 'below'} ${MIPS_WANTED})`];
  const verdict = ratio >= V86_RATIO_WANTED ? 'at least' : 'below';
  if (other !== undefined) parts.push(`${text(ratio, 1)} times v86 without JIT (${verdict} ${V86_RATIO_WANTED})`);
  console.log(`${workload}: ${parts.join(', ')}`);
}

if (values.json !== undefined) {
  const samples = { first: Object.fromEntries(found), again: Object.fromEntries(warm) };
  writeFileSync(values.json, `${JSON.stringify({ host: facts, clocks, runs, rows, samples }, null, 2)}\n`);
}
