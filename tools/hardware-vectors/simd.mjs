// @ts-check
// Compares the SIMD instructions of @longmode/cpu-x86 with those of the processor at hand, bit by bit: results, MXCSR, flags
// and exceptions, over all rounding modes, DAZ, FTZ, masks and sticky flags:
//
//   node tools/hardware-vectors/simd.mjs --operations 10M [--seed 1] [--form ADDPD] [--engine interpreter|jit|check]
//   node tools/hardware-vectors/simd.mjs --record FILE.gz [--each 24]
//
// The second form records a sample for the package's tests instead. Works on what the build left; needs Linux on x86-64 and gcc.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Random } from '../../packages/cpu-x86/dist/engine/fuzz/random.test.fixture.js';
import {
  SIMD_BATCH_MAX,
  SimdMachine,
  simdDifferences,
  simdProgram,
} from '../../packages/cpu-x86/dist/vectors/simd-batch.test.fixture.js';
import { simdForms } from '../../packages/cpu-x86/dist/vectors/simd-forms.test.fixture.js';
import { simdRecords } from '../../packages/cpu-x86/dist/vectors/simd-records.test.fixture.js';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1M' },
    seed: { type: 'string', default: '1' },
    form: { type: 'string' },
    engine: { type: 'string', default: 'interpreter' },
    record: { type: 'string' },
    each: { type: 'string', default: '24' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'simd-vectors-'));
const native = join(folder, 'simd');
execFileSync('gcc', ['-O2', '-o', native, new URL('simd.c', import.meta.url).pathname]);

/** What this machine's processor makes of records. @param {import('../../packages/cpu-x86/dist/vectors/simd-batch.test.fixture.js').SimdProgram} program @param {Uint8Array} input */
function runNatively(program, input) {
  const header = Buffer.alloc(16);
  [program.code.length, program.at, program.length, input.length / 128].forEach((value, i) => {
    header.writeUInt32LE(value, 4 * i);
  });
  const result = spawnSync(native, { input: Buffer.concat([header, program.code, input]), maxBuffer: 1 << 26 });
  if (result.status !== 0) throw new Error(result.stderr.toString() || 'the native program died');
  return new Uint8Array(result.stdout);
}

const seed = Number(values.seed);
const random = new Random(seed);
const immediates = () => Array.from({ length: 4 }, () => random.below(256));
const chosen = (/** @type {{ name: string }} */ { name }) =>
  values.form === undefined || name.split(' ').includes(values.form);

if (values.record === undefined) {
  const units = /** @type {Readonly<Record<string, number>>} */ ({ k: 1e3, M: 1e6, G: 1e9 });
  const wanted = Number.parseFloat(values.operations) * (units[values.operations.slice(-1)] ?? 1);
  const engine = /** @type {'interpreter' | 'jit' | 'check'} */ (values.engine);
  const machine = new SimdMachine({ engine, jit: { threshold: 20, warmUp: 0 } });
  const total = { operations: 0, different: 0 };
  /** @type {Map<string, number>} */
  const differing = new Map();
  for (let round = 0; total.operations < wanted; round++) {
    for (const form of simdForms(immediates).filter(chosen)) {
      const program = simdProgram(form.code);
      const input = simdRecords(form, seed + 1000 * round, SIMD_BATCH_MAX);
      const expected = runNatively(program, input);
      const differences = simdDifferences(machine.run(program, input), expected, input);
      total.operations += SIMD_BATCH_MAX;
      if (differences.length === 0) continue;
      if (!differing.has(form.name))
        console.log(
          `${form.name} [${form.code}], ${differences.length} differ:\n  ${differences.slice(0, 3).join('\n  ')}`,
        );
      differing.set(form.name, (differing.get(form.name) ?? 0) + differences.length);
      total.different += differences.length;
    }
  }
  console.log(
    `seed ${values.seed}, ${values.engine}: ${total.operations} operations, ${total.different} differ in ${differing.size} forms`,
  );
  process.exitCode = total.different === 0 ? 0 : 1;
} else {
  const count = Number(values.each);
  const forms = simdForms(immediates).filter(chosen);
  const changes = forms.map((form) => {
    const input = simdRecords(form, seed, count);
    return runNatively(simdProgram(form.code), input).map((byte, i) => byte ^ (input[i] ?? 0));
  });
  const index = JSON.stringify({ seed, count, forms: forms.map(({ name, code }) => [name, code]) });
  const packed = gzipSync(Buffer.concat([Buffer.from(`${index}\n`), ...changes]), { level: 9 });
  writeFileSync(values.record, packed);
  console.log(`${forms.length} forms, ${forms.length * count} operations, ${packed.length} bytes`);
}
rmSync(folder, { recursive: true });
