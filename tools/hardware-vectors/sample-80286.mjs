// Makes packages/cpu-x86/test-data/80286-real-mode.json.gz from a folder of recorded 80286 cases (one gzip'd JSON-lines
// file per form, and metadata.json): node tools/hardware-vectors/sample-80286.mjs FOLDER
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

const CASES_PER_FORM = 12;
/** Of those, cases with an exception, as many different ones as there are. */
const EXCEPTIONS_PER_FORM = 4;
/** Long repetitions take much room; they are sampled up to this many bytes of memory. */
const MEMORY_BYTES_MAX = 40;

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder of recorded cases');
const { opcodes } = JSON.parse(readFileSync(`${folder}/metadata.json`, 'utf8'));

const sizeOf = (test) => test.initial.ram.length + test.final.ram.length;

/** Picks `count` elements, evenly spread. */
const spread = (list, count) =>
  list.length <= count ? list : Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);

const forms = {};
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.jsonl.gz')) continue;
  const form = file.replace('.jsonl.gz', '');
  const [opcode, reg] = form.split('.');
  const row = reg === undefined ? opcodes[opcode] : opcodes[opcode].reg[reg];
  const lines = gunzipSync(readFileSync(`${folder}/${file}`))
    .toString()
    .split('\n');
  const cases = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
  const small = cases.filter((test) => sizeOf(test) <= MEMORY_BYTES_MAX);
  const exceptions = new Map();
  for (const test of small) if (test.exception) exceptions.set(test.exception.number, test);
  const picked = new Set(spread([...exceptions.values()], EXCEPTIONS_PER_FORM));
  for (const test of spread(
    small.filter((test) => !picked.has(test)),
    CASES_PER_FORM - picked.size,
  ))
    picked.add(test);
  if (picked.size === 0) continue;
  forms[form] = { flagsMask: row['flags-mask'] ?? 0xffff, cases: [...picked].sort((a, b) => a.idx - b.idx) };
}
const out = new URL('../../packages/cpu-x86/test-data/80286-real-mode.json.gz', import.meta.url);
const bytes = gzipSync(JSON.stringify(forms), { level: 9 });
writeFileSync(out, bytes);
const count = Object.values(forms).reduce((sum, form) => sum + form.cases.length, 0);
console.log(`${count} cases of ${Object.keys(forms).length} forms, ${bytes.length} bytes`);
