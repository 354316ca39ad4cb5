// Records which debug exceptions the processor at hand raises for the cases of packages/cpu-x86/test-data/debug-events.json,
// into that file; with --check only compares. Usage: node debug-events.mjs [--check]       (x86-64 Linux, gcc)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILE = new URL('../../packages/cpu-x86/test-data/debug-events.json', import.meta.url);
const CODE = 0x1000_0000;
const DATA = 0x2000_0000;
const END = '0f0b'; // ud2
const KINDS = { execution: 0, write: 1, access: 3 };
const LENGTHS = { 1: 0, 2: 1, 8: 2, 4: 3 };

const folder = mkdtempSync(join(tmpdir(), 'longmode-debug-'));
try {
  const program = join(folder, 'debug-events');
  execFileSync('gcc', ['-O1', '-Wall', '-o', program, new URL('debug-events.c', import.meta.url).pathname]);
  const recording = JSON.parse(readFileSync(FILE, 'utf8'));
  let differing = 0;
  const cases = recording.cases.map(({ events: before, ...test }) => {
    const breakpoints = test.breakpoints ?? [];
    const dr7 = breakpoints.reduce(
      (bits, { on, sizeBytes = 1 }, i) =>
        bits | (1 << (2 * i)) | ((KINDS[on] | (LENGTHS[sizeBytes] << 2)) << (16 + 4 * i)),
      0,
    );
    const addresses = breakpoints.map(({ on, at }) => String((on === 'execution' ? CODE : DATA) + at));
    const code = test.code.replace(/\s/g, '') + END;
    const parameters = [code, String(test.codeSize ?? 64), test.steps ? '0x100' : '0', String(dr7), ...addresses];
    const events = execFileSync(program, parameters, { encoding: 'latin1' }).trim().split('\n');
    if (JSON.stringify(events) !== JSON.stringify(before)) {
      differing++;
      console.log(`${test.name}: ${events.join(', ')}${before ? ` (recorded: ${before.join(', ')})` : ''}`);
    }
    return { ...test, events };
  });
  if (process.argv.includes('--check')) process.exitCode = differing === 0 ? 0 : 1;
  else writeFileSync(FILE, `${JSON.stringify({ ...recording, cases }, null, 2)}\n`);
  console.log(`${cases.length} cases, ${differing} not as recorded`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
