// Records what this machine's processor does with single instructions, for the tests of @longmode/cpu-x86:
//
//   node tools/hardware-vectors/record.mjs OUTPUT.jsonl.gz [CASES-PER-FORM] [SEED]
//
// A line is one case: [name, width, shift count or -1, 64 or 32 (code), code, registers, flags, memory] and, after the
// instruction, [registers, flags, RIP, vector, error code, CR2, memory]. Registers are [number, value]; those that are not
// named hold `unsetRegister`, and after the instruction what they held before. Memory is [offset, value, size] in the data
// pages before, and [offset, bytes] where bytes changed. Numbers of 64 bits are in hexadecimal. Needs Linux and gcc.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CODE_START } from './encode.mjs';
import { FORMS, makeCase, unsetRegister } from './forms.mjs';
import { Random } from './random.mjs';

const TEST_SIZE = 128 + 4 + 4 + 16 + 4 * 16;
const RESULT_SIZE = 128 + 8 + 8 + 4 * 4;
const NO_EXCEPTION = 3;

const [output, perForm = '8', seed = '1'] = process.argv.slice(2);
if (output === undefined) throw new Error('name the file to write');

const random = new Random(Number(seed));
const cases = [];
for (const form of FORMS) {
  for (const mode of form.modes) {
    for (let i = 0; i < Number(perForm); ) {
      const test = makeCase(random, form, mode === 64);
      if (test === undefined) continue;
      cases.push(test);
      i++;
    }
  }
}

const input = Buffer.alloc(cases.length * TEST_SIZE);
cases.forEach((test, n) => {
  const at = n * TEST_SIZE;
  for (let i = 0; i < 16; i++) input.writeBigUInt64LE(test.regs.get(i) ?? unsetRegister(i, test.is64), at + 8 * i);
  input.writeUInt32LE(test.flags, at + 128);
  input.writeUInt16LE(test.is64 ? 0x33 : 0x23, at + 132);
  input.writeUInt16LE(test.code.length, at + 134);
  Buffer.from(test.code).copy(input, at + 136);
  test.patches.forEach(({ offset, size, value }, i) => {
    input.writeBigUInt64LE(value, at + 152 + 16 * i);
    input.writeUInt32LE(offset, at + 160 + 16 * i);
    input.writeUInt32LE(size, at + 164 + 16 * i);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'hardware-vectors-'));
const path = (name) => join(folder, name);
writeFileSync(path('cases'), input);
execFileSync('gcc', ['-O2', '-o', path('recorder'), new URL('recorder.c', import.meta.url).pathname]);
execFileSync(path('recorder'), [path('cases'), path('results')], { stdio: 'inherit' });
const results = readFileSync(path('results'));
rmSync(folder, { recursive: true });

const lines = [];
let at = 0;
for (const test of cases) {
  if (at >= results.length) throw new Error('the recorder stopped early');
  const mask = test.is64 ? (1n << 64n) - 1n : 0xffffffffn;
  const before = Array.from({ length: 16 }, (_, i) => test.regs.get(i) ?? unsetRegister(i, test.is64));
  const after = [];
  for (let i = 0; i < (test.is64 ? 16 : 8); i++) {
    const value = results.readBigUInt64LE(at + 8 * i) & mask;
    if (value !== before[i]) after.push([i, value.toString(16)]);
  }
  const vector = results.readUInt32LE(at + 148);
  const isException = vector !== NO_EXCEPTION;
  const rip = results.readBigUInt64LE(at + 128) - (isException ? 0n : 1n);
  const cr2 = vector === 14 ? results.readBigUInt64LE(at + 136).toString(16) : '0';
  const flags = results.readUInt32LE(at + 144);
  // Linux sets P for addresses that are not the program's, so as to say nothing about what is there: nothing was.
  const isForeign = BigInt(`0x${cr2}`) >= 0x7ffffffff000n;
  const errorCode = results.readUInt32LE(at + 152) & (isForeign ? ~1 : ~0);
  const count = results.readUInt32LE(at + 156);
  at += RESULT_SIZE;
  const memory = [];
  let end = -1;
  for (let i = 0; i < count; i++, at += 8) {
    const offset = results.readUInt32LE(at);
    const byte = results
      .readUInt8(at + 4)
      .toString(16)
      .padStart(2, '0');
    if (offset === end) memory.at(-1)[1] += byte;
    else memory.push([offset, byte]);
    end = offset + 1;
  }
  lines.push(
    JSON.stringify([
      test.name,
      test.width,
      test.count ?? -1,
      test.is64 ? 64 : 32,
      Buffer.from(test.code).toString('hex'),
      [...test.regs].map(([i, value]) => [i, value.toString(16)]),
      test.flags,
      test.patches.map(({ offset, value, size }) => [offset, value.toString(16), size]),
      [after, flags, Number(rip - CODE_START), isException ? vector : -1, errorCode, cr2, memory],
    ]),
  );
}
writeFileSync(output, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
console.log(`${cases.length} cases, ${lines.join('\n').length} bytes`);
