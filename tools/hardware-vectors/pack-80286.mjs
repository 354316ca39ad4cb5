// Makes packages/cpu-x86/test-data/80286-real-mode.bin.br from a folder of recorded 80286 cases (one gzip'd JSON-lines file
// per form, and metadata.json): node tools/hardware-vectors/pack-80286.mjs FOLDER
// The form of the file is told in packages/cpu-x86/src/vectors/real-mode-file.ts, which reads it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gunzipSync } from 'node:zlib';

const REGISTERS = ['ax', 'bx', 'cx', 'dx', 'cs', 'ss', 'ds', 'es', 'sp', 'bp', 'si', 'di', 'ip', 'flags'];
const FAR = 1 << 24;

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder of recorded cases');
const { opcodes } = JSON.parse(readFileSync(`${folder}/metadata.json`, 'utf8'));

const columns = new Map();
function put(name, width, value) {
  if (!columns.has(name)) columns.set(name, { width, values: [] });
  columns.get(name).values.push(value);
}
function putMemory(prefix, ram) {
  let last = 0;
  put(`${prefix}.count`, 2, ram.length);
  for (const [address, value] of ram) {
    const isFar = address !== last + 1;
    put(`${prefix}.isFar`, 1, isFar ? 1 : 0);
    if (isFar) put(`${prefix}.distance`, 4, address - last + FAR);
    put(`${prefix}.value`, 1, value);
    last = address;
  }
}
function putCase({ idx, bytes, initial, final, exception }) {
  put('idx', 2, idx);
  for (const name of REGISTERS) put(`initial.${name}`, 2, initial.regs[name]);
  putMemory('initial.ram', initial.ram);
  const changed = REGISTERS.filter((name) => name in final.regs);
  put(
    'changed',
    2,
    changed.reduce((mask, name) => mask | (1 << REGISTERS.indexOf(name)), 0),
  );
  for (const name of changed) put(`final.${name}`, 2, (final.regs[name] - initial.regs[name]) & 0xffff);
  putMemory('final.ram', final.ram);
  put('exception', 1, exception ? exception.number + 1 : 0);
  const code = bytes.match(/../g).map((byte) => Number.parseInt(byte, 16));
  put('length', 1, code.length);
  for (const byte of code) put('byte', 1, byte);
}

const forms = [];
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.jsonl.gz')) continue;
  const form = file.replace('.jsonl.gz', '');
  const [opcode, reg] = form.split('.');
  const row = reg === undefined ? opcodes[opcode] : opcodes[opcode].reg[reg];
  const lines = gunzipSync(readFileSync(`${folder}/${file}`))
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
  for (const line of lines) putCase(JSON.parse(line));
  forms.push({ form, flagsMask: row['flags-mask'] ?? 0xffff, count: lines.length });
}
const planes = [];
const list = [...columns].map(([name, { width, values }]) => {
  for (let plane = 0; plane < width; plane++) planes.push(Uint8Array.from(values, (v) => Math.floor(v / 256 ** plane)));
  return { name, width, count: values.length };
});
const raw = Buffer.concat([Buffer.from(`${JSON.stringify({ forms, columns: list })}\n`), ...planes]);
const bytes = brotliCompressSync(raw, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
  },
});
writeFileSync(new URL('../../packages/cpu-x86/test-data/80286-real-mode.bin.br', import.meta.url), bytes);
const count = forms.reduce((sum, form) => sum + form.count, 0);
console.log(`${count} cases of ${forms.length} forms, ${bytes.length} bytes`);
