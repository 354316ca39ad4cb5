// Writes a section of docs/conformance.md: what the processor makes of everything that real processors recorded.
//
//   npm run build && node tools/hardware-vectors/conformance.mjs [--share]
//
// Every case of the corpus runs in each engine, in as many processes as there are processors. That takes minutes; with `--share`
// compiled code runs a quarter, as in `npm run test:corpus`, and the page says so.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { brotliDecompressSync } from 'node:zlib';
import { Cpu } from '@longmode/cpu-x86';
import { ROOT } from '../commands.mjs';
import { writeSection } from '../conformance-page.mjs';
import { EXCLUDED_ROWS } from './exclusions.mjs';
import { ENGINES, runCorpus, sumsOf } from './run-corpus.mjs';
import { MACHINE_REGISTERS, UNDEFINED_FLAGS } from './undefined.mjs';

const vectors = join(ROOT, 'packages/cpu-x86/dist/vectors');
const { checkRealModeCases } = await import(join(vectors, 'real-mode-check.js'));
const { readRealModeFile } = await import(join(vectors, 'real-mode-file.js'));
const { REAL_MODE_EXCLUSIONS } = await import(join(vectors, 'real-mode-exclusions.js'));

const CODE_SIZES = [64, 32, 16];
const runsAll = !process.argv.includes('--share');
const groups = await runCorpus({ all: runsAll });
const engines = sumsOf(groups);

const rowKey = (row) => JSON.stringify(row);
const rows = new Map();
const excluded = new Map();
const processors = new Set();
let total = 0;
for (const { codeSize, row, total: count, processor, reason, results } of groups) {
  total += count;
  const { name, family, model, stepping } = processor;
  processors.add(`${name} (family ${family}, model ${model}, stepping ${stepping})`);
  const key = rowKey(row);
  if (!rows.has(key)) rows.set(key, { row, by: {} });
  if (reason !== undefined) {
    rows.get(key).by[codeSize] = { count, reason };
    continue;
  }
  results.forEach(({ mismatches }, i) => {
    for (const mismatch of mismatches) console.log(`${ENGINES[i]}: ${mismatch}`);
  });
  const [interpreted] = results;
  for (const [why, cases] of interpreted.excluded) excluded.set(why, (excluded.get(why) ?? 0) + cases);
  const mismatchCount = Math.max(...results.map((result) => result.mismatchCount));
  rows.get(key).by[codeSize] = { ...interpreted, mismatchCount };
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
  const left = result.excluded.reduce((sum, [, count]) => sum + count, 0);
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

The corpus of [\`@longmode/x86-vectors\`](../packages/x86-vectors): ${number(total)} cases, recorded on ${[...processors].join(', ')}.
${runsAll ? 'All of them run in each engine here; in CI all in the interpreter, a quarter in each of the others' : 'All of them run in the interpreter, a quarter in each of the other engines'}.
With \`jit\` and \`check\` a batch of cases is compiled before it runs; what is never compiled is the interpreter's there too. In
\`check\` the interpreter repeats what compiled code did.

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
reason above; in brackets: a row that is not run; –: no such row there. A case that differs in any engine is no pass.

| instruction | encoding | 64 | 32 | 16 |
|---|---|---|---|---|
${[...rows.values()].map(({ row, by }) => `| ${row.mnemonic} ${row.operands} | ${encodingText(row)} | ${CODE_SIZES.map((size) => cell(by[size])).join(' | ')} |`).join('\n')}
`;
writeSection('recordings', text);
console.log(`docs/conformance.md: ${rows.size} rows`);
