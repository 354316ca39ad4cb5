// @ts-check
// Runs random programs in all engines of the processor, the checking one among them, until so many instructions have run in
// compiled code and were checked, and prints the seeds of those that differ:
//
//   node tools/fuzz-engines.mjs --seed 0 --instructions 10M [--form 'real mode'] [--stepped]
//
// `--stepped` compares with an interpreter that runs one instruction at a time and remembers nothing between them. Works on
// what the build left; exit code 1 if anything differs.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compareEngines } from '../packages/cpu-x86/dist/engine/fuzz/comparison.test.fixture.js';
import { FORMS } from '../packages/cpu-x86/dist/engine/fuzz/machine.test.fixture.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    instructions: { type: 'string', default: '1M' },
    form: { type: 'string' },
    stepped: { type: 'boolean', default: false },
  },
});
const UNITS = /** @type {Readonly<Record<string, number>>} */ ({ k: 1e3, M: 1e6, G: 1e9 });
const wanted = Number.parseFloat(values.instructions) * (UNITS[values.instructions.slice(-1)] ?? 1);
const forms = FORMS.filter(({ name }) => values.form === undefined || name === values.form);
if (forms.length === 0) throw new Error(`no such form; there are: ${FORMS.map(({ name }) => name).join(', ')}`);

const total = { instructions: 0, checked: 0, compiled: 0 };
/** @type {string[]} */
const differing = [];
let seed = Number(values.seed);
for (; total.checked < wanted; seed++) {
  for (const form of forms) {
    const result = compareEngines(seed, form, { isStepped: values.stepped });
    total.instructions += result.instructions;
    total.checked += result.checked;
    total.compiled += result.compiled;
    if (result.divergence === undefined) continue;
    console.log(result.divergence);
    differing.push(`[${seed}, '${form.name}']`);
  }
}
console.log(
  `seeds ${values.seed} to ${seed - 1}: ${total.instructions} instructions, ` +
    `${total.checked} of them checked in ${total.compiled} compiled units; ${differing.length} programs differ`,
);
for (const line of differing) console.log(line);
process.exitCode = differing.length === 0 ? 0 : 1;
