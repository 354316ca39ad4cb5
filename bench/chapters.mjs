// @ts-check
// How long the chapters' test binaries take one after another, as `cargo test` would start them: in longmode from the bare
// ELF, in QEMU (TCG) from a disk that `longmode build` makes beforehand. Usage: node bench/chapters.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describeHost, hasProgram, hostFacts } from './host.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LONGMODE = join(ROOT, 'apps/cli/bin/longmode.js');
const images = join(ROOT, 'kernels/images');
const TIMEOUT_MS = 120_000;
const DEVICE = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'];

/** @type {Record<string, { status?: number }>} */
const expected = JSON.parse(readFileSync(join(ROOT, 'kernels/chapters/expected.json'), 'utf8'));
const tests = readdirSync(images).filter((name) => /^chapter-\d+-test-.*\.elf$/.test(name));
const folder = mkdtempSync(join(tmpdir(), 'longmode-chapters-'));

/**
 * Runs a command to its end.
 *
 * @param {string} program
 * @param {string[]} args
 * @returns {{ status: number | null, wallMs: number, cpuMs: number }} processor time of all its threads
 */
function timed(program, args) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1; exit $?';
  const started = performance.now();
  const { status, stderr } = spawnSync('bash', ['-c', `{ ${script}; }`, 'bash', program, ...args], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  const wallMs = performance.now() - started;
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number);
  return { status, wallMs, cpuMs: 1000 * (user + system) };
}

const engines = {
  longmode: (/** @type {string} */ name) => timed(process.execPath, [LONGMODE, 'run', '--quiet', join(images, name)]),
  QEMU: (/** @type {string} */ name) => {
    const drive = ['-drive', `format=raw,file=${join(folder, `${name}.img`)}`];
    const plain = ['-accel', 'tcg', '-display', 'none', '-serial', 'null', '-no-reboot'];
    return timed('qemu-system-x86_64', [...drive, ...plain, ...DEVICE]);
  },
};

const hasQemu = hasProgram('qemu-system-x86_64');
if (!hasQemu) console.log('qemu-system-x86_64 is not here: longmode alone');
const facts = hostFacts();
const names = /** @type {(keyof typeof engines)[]} */ (hasQemu ? ['longmode', 'QEMU'] : ['longmode']);
const totals = { longmode: { wallMs: 0, cpuMs: 0 }, QEMU: { wallMs: 0, cpuMs: 0 } };
try {
  console.log(`| test binary | ${names.map((engine) => `${engine} wall ms | CPU ms`).join(' | ')} |`);
  console.log(`|---|${names.map(() => '---:|---:|').join('')}`);
  for (const test of tests) {
    if (hasQemu) {
      const disk = join(folder, `${test}.img`);
      const { status } = spawnSync(process.execPath, [LONGMODE, 'build', '--quiet', join(images, test), '-o', disk]);
      if (status !== 0) throw new Error(`no disk can be made of ${test}`);
    }
    const cells = names.map((engine) => {
      const { status, wallMs, cpuMs } = engines[engine](test);
      const wanted = expected[test.replace(/\.elf$/, '')]?.status;
      if (status !== wanted) throw new Error(`${test} leaves ${engine} with ${status}, not ${wanted}`);
      totals[engine].wallMs += wallMs;
      totals[engine].cpuMs += cpuMs;
      return `${wallMs.toFixed(0)} | ${cpuMs.toFixed(0)}`;
    });
    console.log(`| ${test} | ${cells.join(' | ')} |`);
  }
  const sums = names.map((engine) => `${totals[engine].wallMs.toFixed(0)} | ${totals[engine].cpuMs.toFixed(0)}`);
  console.log(`| all ${tests.length} | ${sums.join(' | ')} |\n\n${describeHost(facts)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
