// Writes a section of docs/conformance.md: what the processor makes of everything that real processors recorded.
//
//   npm run build && node tools/hardware-vectors/conformance.mjs [--limit CASES-PER-GROUP]
//
// Every case of the corpus runs in the interpreter; compiled code runs as many as the option says of each row and code size
// (32 without it). Takes minutes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { brotliDecompressSync } from 'node:zlib';
import { Cpu } from '@longmode/cpu-x86';
import { VectorFile } from '@longmode/x86-vectors';
import { ROOT } from '../commands.mjs';
import { writeSection } from '../conformance-page.mjs';
import { EXCLUDED_ROWS } from './exclusions.mjs';
import { MACHINE_REGISTERS, UNDEFINED_FLAGS } from './undefined.mjs';

const vectors = join(ROOT, 'packages/cpu-x86/dist/vectors');
const { CorpusChecker } = await import(join(vectors, 'corpus-check.test.fixture.js'));
const { rowExclusion } = await import(join(vectors, 'corpus-exclusions.test.fixture.js'));
const { checkRealModeCases } = await import(join(vectors, 'real-mode-check.js'));
const { readRealModeFile } = await import(join(vectors, 'real-mode-file.js'));
const { REAL_MODE_EXCLUSIONS } = await import(join(vectors, 'real-mode-exclusions.js'));

const CODE_SIZES = [64, 32, 16];
const COMPILED_LIMIT = Number(process.argv[process.argv.indexOf('--limit') + 1] || 32);
const data = join(ROOT, 'packages/x86-vectors/data');

const rowKey = (row) => JSON.stringify(row);
const rows = new Map();
const excluded = new Map();
const engines = [];
const processors = new Set();
let total = 0;

for (const engine of ['interpreter', 'jit', 'check']) {
  const sum = { engine, run: 0, mismatches: 0 };
  engines.push(sum);
  for (const codeSize of CODE_SIZES) {
    const file = new VectorFile(brotliDecompressSync(readFileSync(join(data, `cpl3-${codeSize}.vectors.br`))));
    const { name, family, model, stepping } = file.header.processor;
    processors.add(`${name} (family ${family}, model ${model}, stepping ${stepping})`);
    const checker = new CorpusChecker({ engine, jit: { threshold: 2, warmUp: 0 } });
    file.header.groups.forEach((group, index) => {
      const isFirst = engine === 'interpreter';
      if (isFirst) total += group.count;
      const reason = rowExclusion(group);
      const key = rowKey(group.row);
      if (!rows.has(key)) rows.set(key, { row: group.row, by: {} });
      if (reason !== undefined) {
        if (isFirst) rows.get(key).by[codeSize] = { count: group.count, reason };
        return;
      }
      const result = checker.checkGroup(file, index, isFirst ? undefined : COMPILED_LIMIT);
      sum.run += result.count;
      sum.mismatches += result.mismatchCount;
      for (const mismatch of result.mismatches) console.log(`${engine}: ${mismatch}`);
      if (!isFirst) return;
      for (const [why, count] of result.excluded) excluded.set(why, (excluded.get(why) ?? 0) + count);
      rows.get(key).by[codeSize] = result;
    });
    console.log(`${engine}, ${codeSize}-bit code: ${sum.run} cases so far, ${sum.mismatches} differ`);
  }
}

function realMode() {
  const file = join(ROOT, 'packages/cpu-x86/test-data/80286-real-mode.bin.br');
  const cpu = new Cpu({ ramSizeBytes: 0x200000 });
  const sums = REAL_MODE_EXCLUSIONS.map(() => 0);
  let compared = 0;
  let differ = 0;
  for (const { form, flagsMask, cases } of readRealModeFile(brotliDecompressSync(readFileSync(file)))) {
    const report = checkRealModeCases(cpu, form, flagsMask, cases);
    compared += report.compared;
    differ += report.mismatches.length;
    report.excluded.forEach((count, i) => {
      sums[i] += count;
    });
  }
  return { compared, differ, sums };
}

const number = (value) => value.toLocaleString('en');
const prefixText = { none: 'NP ', 102: '66 ', 243: 'F3 ', 242: 'F2 ' };
const mapText = { 'one-byte': '', '0f': '0F ', '0f38': '0F 38 ', '0f3a': '0F 3A ' };
function encodingText({ map, opcode, prefix, reg, rm, mod, rexW }) {
  const parts = [
    `${prefix === undefined ? '' : prefixText[prefix]}${rexW === 1 ? 'REX.W ' : ''}${mapText[map]}${opcode.toString(16).toUpperCase().padStart(2, '0')}`,
    ...(reg === undefined ? [] : [`/${reg}`]),
    ...(rm === undefined ? [] : [`rm ${rm}`]),
    ...(mod === undefined ? [] : [mod]),
  ];
  return parts.join(' ');
}
function cell(result) {
  if (result === undefined) return '–';
  if (result.reason !== undefined) return `(${number(result.count)})`;
  const left = [...result.excluded.values()].reduce((sum, count) => sum + count, 0);
  const passes = result.count - result.mismatchCount;
  return `${number(passes)} / ${number(result.count)}${result.maskedCount > 0 ? ` m${number(result.maskedCount)}` : ''}${left > 0 ? ` x${number(left)}` : ''}`;
}

const { compared, differ, sums } = realMode();
const maskRows = Object.entries(UNDEFINED_FLAGS).map(([mnemonic, [, words]]) => `| ${mnemonic} | ${words} |`);
const notRun = [...rows.values()].flatMap(({ row, by }) => {
  const reasons = new Set(Object.values(by).flatMap(({ reason }) => (reason === undefined ? [] : [reason])));
  return [...reasons].map((reason) => `${row.mnemonic} ${row.operands}`.trim().concat(`: ${reason}`));
});

const text = `## Recorded instructions

The corpus of [\`@longmode/x86-vectors\`](../packages/x86-vectors): ${number(total)} cases, recorded on ${[...processors].join(', ')}. Cases
that run in compiled code run in a batch that the compiler has seen before; in \`check\` the interpreter repeats them.

| engine | cases run | differ |
|---|---|---|
${engines.map(({ engine, run, mismatches }) => `| \`${engine}\` | ${number(run)} | ${number(mismatches)} |`).join('\n')}

Not run, because of what stands beside it:

| cases | |
|---|---|
${[...excluded].map(([reason, count]) => `| ${number(count)} | ${reason} |`).join('\n')}

Rows that are not run: ${notRun.length === 0 ? 'none' : notRun.join('; ')}.

Rows that no user process can record: ${Object.entries(EXCLUDED_ROWS)
  .map(([mnemonic, reason]) => `${mnemonic} (${reason})`)
  .join(', ')}.

## The 80286 set

${number(compared)} cases of [SingleStepTests/80286](https://github.com/SingleStepTests/80286), real-address mode: ${number(differ)} differ. Left out:

| cases | |
|---|---|
${REAL_MODE_EXCLUSIONS.map(({ reason }, i) => `| ${number(sums[i])} | ${reason} |`).join('\n')}

## Masks

What the manuals leave undefined is not compared (SDM Vol. 2, the instruction's own page):

| | |
|---|---|
${maskRows.join('\n')}
| BSF, BSR | the destination, where the source is 0 |
| SHLD, SHRD | the destination, for counts greater than the operand size |
| BSWAP r16 | the destination |
| ${Object.keys(MACHINE_REGISTERS).join(', ')}, RDRAND, RDSEED | what they say of the processor or the moment |
| x87 | the condition codes that "FPU Flags Affected" calls undefined; opcode and data pointer (SDM Vol. 1 "x87 FPU Instruction and Data (Operand) Pointers") |
| F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS | one unit in the last place, and C1 with it (SDM Vol. 1 "Transcendental Instruction Accuracy") |
| FXSAVE, XSAVE | MXCSR_MASK, reserved bytes, opcode and data pointer; what XSAVEOPT may leave out |
| exceptions of CALL, ENTER, PUSHA, x87 and XSAVE images, 80-bit operands | memory that had been written before; which byte CR2 names |
| POPA, MMX instructions that fault | registers and tags that had been loaded before |
| REP with 32-bit addresses in 64-bit mode | upper halves of RCX, RSI and RDI before the first iteration is complete |
| RETF imm16 between 64-bit and other code | RSP |

## Rows

Passes / cases for 64-bit, 32-bit and 16-bit code; \`m\`: so many of them with something masked; \`x\`: so many cases more not run for a
reason above; in brackets: a row that is not run; –: no such row there.

| instruction | encoding | 64 | 32 | 16 |
|---|---|---|---|---|
${[...rows.values()].map(({ row, by }) => `| ${row.mnemonic} ${row.operands} | ${encodingText(row)} | ${CODE_SIZES.map((size) => cell(by[size])).join(' | ')} |`).join('\n')}
`;
writeSection('recordings', text);
console.log(`docs/conformance.md: ${rows.size} rows`);
