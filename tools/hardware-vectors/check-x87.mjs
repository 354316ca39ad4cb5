// Compares random x87 and MMX instructions with this machine's processor, as many as you like:
//
//   node tools/hardware-vectors/check-x87.mjs [COUNT] [SEED] [arithmetic|transcendental|mmx] [interpreter|jit|check]
//
// Needs Linux on x86-64, gcc, and built packages. Says by instruction how many results, status words and pointers differ,
// and shows the first of them; fails if there are any.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode } from '../../packages/cpu-x86/dist/decode/index.js';
import { describeX87Case, X87_CASE_SIZE_BYTES, X87Machine } from '../../packages/cpu-x86/dist/vectors/x87-case.js';

const [count = '1000000', seed = '1', kind = 'arithmetic', engine = 'interpreter'] = process.argv.slice(2);
const SHOWN_MAX = 3;

const directory = mkdtempSync(join(tmpdir(), 'longmode-x87-'));
const recorder = join(directory, 'x87-recorder');
const source = join(dirname(fileURLToPath(import.meta.url)), 'x87-recorder.c');
execFileSync('gcc', ['-O2', '-o', recorder, source], { stdio: 'inherit' });

const machine = new X87Machine({ engine });
const tally = new Map();
let done = 0;

function check(test) {
  done++;
  const name = decode(test, 0, 7, 32).mnemonic;
  const entry = tally.get(name) ?? { cases: 0, wrong: 0, lastPlace: 0 };
  tally.set(name, entry);
  entry.cases++;
  const differences = machine.run(test, kind === 'transcendental');
  entry.lastPlace += machine.lastPlaceCount;
  if (differences.length === 0) return;
  if (entry.wrong++ < SHOWN_MAX) {
    const bytes = Buffer.from(test.subarray(0, test[7])).toString('hex');
    console.log(`${name} (${bytes}) ${describeX87Case(test)}\n    ${differences.join('; ')}`);
  }
}

const child = spawn(recorder, [kind, count, seed], { stdio: ['ignore', 'pipe', 'inherit'] });
let rest = Buffer.alloc(0);
for await (const chunk of child.stdout) {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let at = 0;
  for (; at + X87_CASE_SIZE_BYTES <= bytes.length; at += X87_CASE_SIZE_BYTES) {
    check(bytes.subarray(at, at + X87_CASE_SIZE_BYTES));
  }
  rest = bytes.subarray(at);
}
rmSync(directory, { recursive: true });

let wrong = 0;
for (const [name, entry] of [...tally].sort(([a], [b]) => (a < b ? -1 : 1))) {
  wrong += entry.wrong;
  if (entry.lastPlace > 0) console.log(`${name}: ${entry.lastPlace} of ${entry.cases} differ in the last place`);
  if (entry.wrong > 0) console.log(`${name}: ${entry.wrong} of ${entry.cases} differ`);
}
console.log(`${done} instructions on this processor: ${wrong} differ`);
if (wrong > 0 || done !== Number(count)) process.exitCode = 1;
