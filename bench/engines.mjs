// @ts-check
// What runs a workload: the machine itself, longmode, QEMU (system emulation, TCG) and v86.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { imagePath, programSources } from './guests.mjs';
import { hasProgram, runToEnd, timeCommand } from './host.mjs';

/**
 * One run of a workload: processor time and wall time of the job, without start and end of the emulator; instructions if
 * the emulator counts them.
 * @typedef {{ cpuMs: number, wallMs: number, instructions?: number }} Sample
 */
/**
 * @typedef {object} Engine
 * @property {string} title
 * @property {string | null} missing why it cannot run here
 * @property {(workload: string, folder: string) => string} file what it runs of a workload; the folder is for what is
 *   made of it
 * @property {(file: string, line: string) => Promise<Sample[]>} run raw samples; the first is the one that counts
 * @property {boolean} subtractsIdle whether a run of the idle guest is to be taken off
 * @property {string | null} counter the engine that counts this one's instructions
 * @property {boolean} isSlow whether it runs nothing but the four loops, if not asked for more
 */

const script = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const guest = (/** @type {string} */ form) => (/** @type {string} */ workload) =>
  imagePath(`bench-${workload}${form}.elf`);

const COMPILER = 'gcc';

/** The same C file as a program of this machine. @type {Engine} */
const native = {
  title: `this machine, ${COMPILER} -O1`,
  // One workload has x86 instructions in its C.
  missing: process.arch === 'x64' && hasProgram(COMPILER) ? null : `no ${COMPILER} for x86-64 here`,
  file: (workload, folder) => {
    const program = join(folder, workload);
    const options = ['-std=c17', '-O1', '-D_GNU_SOURCE', '-DHOSTED', '-o', program];
    if (!existsSync(program)) execFileSync(COMPILER, [...options, ...programSources(workload)]);
    return program;
  },
  run: async (file, line) => {
    const { code, stdout, cpuMs, wallMs } = await timeCommand([file]);
    if (code !== 0 || stdout !== line) throw new Error(`${file}: exit code ${code} and ${stdout.trim()}`);
    return [{ cpuMs, wallMs }];
  },
  subtractsIdle: false,
  counter: null,
  isSlow: false,
};

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

/**
 * In one process: the first run as a user sees it, and one more when the engine is warm.
 *
 * @param {string} title @param {string} form which build of a guest: the end of the image's name
 * @param {'jit' | 'interpreter'} engine @returns {Engine}
 */
const longmode = (title, form, engine) => ({
  title,
  missing: existsSync(script('../packages/pc/dist/index.js')) ? null : 'build first: npm run build',
  file: guest(form),
  run: async (file, line) =>
    samplesOf(line, await runToEnd([process.execPath, script('longmode-job.mjs'), file, '2', engine])),
  subtractsIdle: false,
  counter: null,
  isSlow: false,
});

const QEMU = 'qemu-system-x86_64';
const QEMU_ARGUMENTS = [
  ...['-accel', 'tcg', '-m', '128M', '-display', 'none', '-nodefaults', '-serial', 'stdio', '-no-reboot'],
  ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'],
];
const QEMU_SUCCESS = 33;

/** @param {string} title @param {string} form @param {string} counter @returns {Engine} */
const qemu = (title, form, counter) => ({
  title,
  missing: hasProgram(QEMU) ? null : `no ${QEMU} here`,
  file: guest(form),
  run: async (file, line) => {
    const { code, stdout, cpuMs, wallMs } = await timeCommand([QEMU, ...QEMU_ARGUMENTS, '-kernel', file]);
    if (code !== QEMU_SUCCESS || stdout !== line) throw new Error(`QEMU: exit code ${code} and ${stdout.trim()}`);
    return [{ cpuMs, wallMs }];
  },
  subtractsIdle: true,
  counter,
  isSlow: false,
});

const BIOS = '/usr/share/seabios/bios.bin';
const VGA_BIOS = ['vgabios-stdvga.bin', 'vgabios.bin'].map((name) => `/usr/share/seabios/${name}`).find(existsSync);

/** @param {string} title @param {'jit' | 'no-jit'} jit @returns {Engine} */
const v86 = (title, jit) => ({
  title,
  missing: existsSync(BIOS) && VGA_BIOS !== undefined ? null : 'no BIOS for it: install the package seabios',
  file: guest('-i386'),
  run: async (file, line) =>
    samplesOf(line, await runToEnd([process.execPath, script('v86-job.mjs'), file, BIOS, VGA_BIOS ?? '', jit])),
  subtractsIdle: true,
  counter: null,
  isSlow: jit === 'no-jit',
});

/** @type {Readonly<Record<string, Engine>>} */
export const ENGINES = {
  native,
  longmode: longmode('longmode, 64-bit', '-mb1', 'jit'),
  'longmode-interpreter': longmode("longmode's interpreter, 64-bit", '-mb1', 'interpreter'),
  'longmode-i386': longmode('longmode, 32-bit', '-i386', 'jit'),
  qemu: qemu('QEMU TCG, 64-bit', '-mb1', 'longmode'),
  'qemu-i386': qemu('QEMU TCG, 32-bit', '-i386', 'longmode-i386'),
  v86: v86('v86, 32-bit', 'jit'),
  'v86-interpreter': v86('v86 without JIT, 32-bit', 'no-jit'),
};
