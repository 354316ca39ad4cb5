// @ts-check
// How long longmode takes to start, beside Node itself and QEMU. See README.md.
import { existsSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { imagePath } from './guests.mjs';
import {
  describeClocks,
  describeHost,
  hasProgram,
  hostFacts,
  markdownTable,
  measureClock,
  median,
  showProgress,
  timeCommand,
} from './host.mjs';

const USAGE = 'node bench/startup.mjs [--runs N] [--json FILE]';
/** What is asked: time to the first instruction beyond Node's own start. */
const WANTED_MS = 150;
const LIMIT_REACHED = 124;
const SUCCESS = 33;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, json: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const runs = Math.max(1, Number(values.runs) || 1);
const cli = fileURLToPath(new URL('../apps/cli/bin/longmode.js', import.meta.url));
if (!existsSync(cli)) {
  console.error('no longmode here: npm run build');
  process.exit(2);
}

const longmode = (/** @type {string[]} */ ...args) => [process.execPath, cli, 'run', ...args];
const QEMU = 'qemu-system-x86_64';
const qemu = (/** @type {string[]} */ ...args) => [
  ...[QEMU, '-accel', 'tcg', '-m', '128M', '-display', 'none', '-nodefaults', '-vga', 'std', '-serial', 'stdio'],
  ...['-no-reboot', '-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04', ...args],
];
const kernel = imagePath('hello.elf');
const disk = imagePath('hello-bios.img');
const one = ['--max-instructions', '1'];

/** What is timed, in this order in every round. `code` is the exit code that it must end with. */
const subjects = [
  { name: 'node', title: 'node -e 0', command: [process.execPath, '-e', '0'], code: 0 },
  {
    name: 'first-kernel',
    title: 'longmode, first instruction of hello.elf',
    command: longmode(kernel, ...one),
    code: LIMIT_REACHED,
  },
  {
    name: 'first-disk',
    title: 'longmode, first instruction of the disk',
    command: longmode(disk, ...one),
    code: LIMIT_REACHED,
  },
  { name: 'kernel', title: 'longmode, all of hello.elf', command: longmode(kernel), code: SUCCESS },
  { name: 'disk', title: 'longmode, all of the disk', command: longmode(disk), code: SUCCESS },
  {
    name: 'qemu-kernel',
    title: 'QEMU, all of hello-mb1-elf64.elf',
    command: qemu('-kernel', imagePath('hello-mb1-elf64.elf')),
    code: SUCCESS,
  },
  {
    name: 'qemu-disk',
    title: 'QEMU, all of the disk',
    command: qemu('-drive', `format=raw,file=${disk}`),
    code: SUCCESS,
  },
].filter(({ command }) => command[0] !== QEMU || hasProgram(QEMU));

/** @type {Map<string, { wallMs: number, cpuMs: number }[]>} */
const found = new Map(subjects.map(({ name }) => [name, []]));
const facts = hostFacts();
const clocks = [await measureClock()];
// The first round fills the caches of the system and does not count.
for (let round = 0; round <= runs; round++) {
  for (const { name, command, code } of subjects) {
    showProgress(`round ${round} of ${runs}: ${name}`);
    const result = await timeCommand(command, { isPinned: false });
    if (result.code !== code) throw new Error(`${name}: expected the exit code ${code}, found ${result.code}`);
    if (round > 0) found.get(name)?.push(result);
  }
}
showProgress('');
clocks.push(await measureClock());

const rows = subjects.map(({ name, title }) => {
  const samples = found.get(name) ?? [];
  const wall = samples.map(({ wallMs }) => wallMs);
  return {
    name,
    title,
    wallMs: median(wall),
    leastMs: Math.min(...wall),
    cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
  };
});
const base = rows[0];
const beyond = (/** @type {number} */ value, /** @type {number} */ from) => (value - from).toFixed(0);
const table = rows.map(({ title, wallMs, leastMs, cpuMs }) => [
  title,
  wallMs.toFixed(0),
  leastMs.toFixed(0),
  cpuMs.toFixed(0),
  beyond(wallMs, base.wallMs),
  beyond(leastMs, base.leastMs),
  beyond(cpuMs, base.cpuMs),
]);
const head = ['what', 'wall ms', 'least', 'CPU ms', 'wall beyond Node', 'least', 'CPU'];
console.log(`${describeHost(facts)}; ${describeClocks(clocks)}; medians of ${runs}\n`);
console.log(markdownTable([head, ...table]));
console.log('');
for (const { name, title, wallMs } of rows) {
  if (!name.startsWith('first')) continue;
  const over = wallMs - base.wallMs;
  console.log(`${title}: ${over.toFixed(0)} ms beyond Node (${over <= WANTED_MS ? 'within' : 'above'} ${WANTED_MS})`);
}

if (values.json !== undefined) {
  const samples = Object.fromEntries(found);
  writeFileSync(values.json, `${JSON.stringify({ host: facts, clocks, runs, rows, samples }, null, 2)}\n`);
}
