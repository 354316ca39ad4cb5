// Holds the record against the processor at hand, for the cases that CPL 3 can reach, and against Bochs for all of them; with
// --record writes down what they do. Where neither can be the measure, `hardware` is written by hand, with its `source`.
// Usage: node hardware.mjs [--record] [NAME]...     (nasm, gcc for 32 bits, bochs and bochs-term; Linux)
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';
import { casesOf, readStrict, writeStrict } from './record.mjs';

const FLOPPY_SIZE_BYTES = 2880 * 512;
const BOCHS_LIMIT_MS = 30_000;
/** Guests whose cases need the supervisor's page tables or descriptors at CPL 3 too: natively they would be others. */
const NOT_NATIVE = new Set([
  'conforming',
  'long-mode-entry',
  'missing-eoi',
  'page-protection',
  'reserved-bits',
  'reserved-bits-pae',
]);
const COMPILER = ['-O1', '-fno-stack-protector', '-fcf-protection=none'];

const bochsOptions = (folder) => `megs: 128
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
floppya: 1_44=${folder}/floppy.img, status=inserted
boot: floppy
display_library: term
clock: sync=none
com1: enabled=1, mode=file, dev=${folder}/serial
cpu: model=corei7_sandy_bridge_2600k, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=0
log: ${folder}/log
panic: action=fatal
`;

function native(name, folder) {
  const source = join(kernelsFolder, 'strict/src', `${name}.asm`);
  const [, bits] = readFileSync(source, 'utf8').match(/BITS_OF_CASES (32|64)/);
  const [cases, program] = [join(folder, 'cases.bin'), join(folder, 'native')];
  const run = (command, ...args) => execFileSync(command, args, { cwd: kernelsFolder, encoding: 'latin1' });
  run('nasm', '-D', 'NATIVE', '-f', 'bin', '-o', cases, source);
  run('gcc', `-m${bits}`, ...COMPILER, '-o', program, 'strict/native.c');
  return casesOf(run(program, cases));
}

/** Runs until so many lines have come: Bochs has no port to leave by. */
async function bochs(name, folder, count) {
  const serial = join(folder, 'serial');
  copyFileSync(join(imagesFolder, `strict-${name}.img`), join(folder, 'floppy.img'));
  truncateSync(join(folder, 'floppy.img'), FLOPPY_SIZE_BYTES);
  writeFileSync(join(folder, 'options'), bochsOptions(folder));
  writeFileSync(join(folder, 'commands'), 'c\n');
  const command = `exec bochs -q -f ${folder}/options -rc ${folder}/commands`;
  const child = spawn('script', ['-qfc', command, '/dev/null'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
    env: { ...process.env, TERM: 'xterm' },
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const said = () => (existsSync(serial) ? readFileSync(serial, 'latin1') : '');
  const giveUpAt = Date.now() + BOCHS_LIMIT_MS;
  while (Date.now() < giveUpAt && said().split('\n').length <= count) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  child.kill('SIGTERM');
  await ended;
  return casesOf(said());
}

const record = process.argv.includes('--record');
const asked = process.argv.slice(2).filter((argument) => argument !== '--record');
const sources = readdirSync(join(kernelsFolder, 'strict/src')).flatMap((file) => file.match(/^(.*)\.asm$/)?.[1] ?? []);
for (const name of asked.length > 0 ? asked : sources) {
  const folder = mkdtempSync(join(tmpdir(), 'longmode-strict-'));
  try {
    const all = readStrict();
    const recorded = all[name] ?? {};
    const onSilicon = NOT_NATIVE.has(name) ? {} : native(name, folder);
    const source = readFileSync(join(kernelsFolder, 'strict/src', `${name}.asm`), 'utf8');
    const count = source.match(/^case '/gm)?.length ?? 3;
    const inBochs = await bochs(name, folder, count);
    const found = Object.entries(inBochs).map(([test, what]) => {
      const { silicon: _, bochs: __, ...rest } = recorded[test] ?? {};
      const hardware = onSilicon[test] ?? rest.hardware ?? what;
      return [
        test,
        {
          hardware,
          ...(test in onSilicon ? { silicon: true } : {}),
          ...(rest.qemu === undefined || rest.qemu === hardware ? {} : { qemu: rest.qemu }),
          ...(what === hardware ? {} : { bochs: what }),
          ...(rest.source === undefined ? {} : { source: rest.source }),
        },
      ];
    });
    const differing = found.filter(([test, what]) => JSON.stringify(what) !== JSON.stringify(recorded[test]));
    if (record) writeStrict({ ...all, [name]: Object.fromEntries(found) });
    const complaint = differing.map(([test, what]) => `\n  ${test}: ${JSON.stringify(what)}`).join('');
    console.log(
      `${complaint === '' ? 'ok  ' : record ? 'new ' : 'FAIL'} ${name}, ${found.length} of ${count}${complaint}`,
    );
    if (!record && (complaint !== '' || found.length !== count)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
