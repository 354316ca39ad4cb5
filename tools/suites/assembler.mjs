// The GNU assembler's own test files: what objdump finds in what it makes of them, the decoder finds too.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decode, ENCODINGS } from '@longmode/cpu-x86/decode';
import { CACHE, Missing, packageSource, tool } from './debian.mjs';

const MODES = [
  { codeSize: 64, assembler: '--64', objdump: 'x86-64' },
  { codeSize: 32, assembler: '--32', objdump: 'i386' },
  { codeSize: 16, assembler: '--32', objdump: 'i8086' },
];
const LENGTH_MAX = 15;
/** Larger ones are padding. */
const OBJECT_SIZE_MAX_BYTES = 0x10_0000;
const MNEMONICS = new Set(ENCODINGS.map(({ mnemonic }) => mnemonic.toLowerCase()));

/** Prefixes that objdump writes in front of a mnemonic. */
const PREFIX =
  /^(?:(?:lock|rep|repz|repnz|bnd|notrack|xacquire|xrelease|data16|data32|addr16|addr32|[c-gs]s|rex(?:\.[WRXB]+)?)\s+)+/;

/** A line of objdump: the bytes of an instruction and its mnemonic; undefined for other lines. */
function readLine(line) {
  const match = /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t?(.*)$/.exec(line);
  if (match === null) return undefined;
  const bytes = Uint8Array.from(match[2].trim().split(' '), (text) => Number.parseInt(text, 16));
  const text = match[3].replace(/\s*[#<].*$/, '').trim();
  const end = bytes.findIndex((byte) => !PREFIX_BYTES.has(byte));
  const prefixes = [...bytes.subarray(0, end)];
  return { bytes, text, prefixes, mnemonic: text.replace(PREFIX, '').split(/\s/)[0] ?? '' };
}

/** What objdump takes for an instruction and processors of Intel's do not, with the reason. */
const REFUSED = [
  {
    reason: 'LOCK before what cannot take it is #UD',
    covers: ({ prefixes }) => prefixes.includes(0xf0),
  },
  {
    reason: 'no SYSCALL, SYSRET and no FS and GS bases outside 64-bit mode',
    covers: ({ mnemonic }, codeSize) => codeSize !== 64 && /^(syscall|sysret|(rd|wr)[fg]sbase)$/.test(mnemonic),
  },
  {
    reason: 'there are no test registers, no CR7, no DR8 to DR15, six segment registers, and CS is not moved to',
    covers: ({ mnemonic, text }) => mnemonic === 'mov' && /\b(tr\d|db\d+|dr\d+|cr7)\b|\?|^mov\s+cs,/.test(text),
  },
  {
    reason: 'the operand-size prefix makes LDMXCSR and STMXCSR #UD, as a processor shows',
    covers: ({ mnemonic, prefixes }) => /^(ldmxcsr|stmxcsr)$/.test(mnemonic) && prefixes.includes(0x66),
  },
  {
    reason: 'near branches of 64-bit mode have 32-bit displacements, with an operand-size prefix too',
    covers: ({ mnemonic, prefixes }, codeSize) => codeSize === 64 && /^j/.test(mnemonic) && prefixes.includes(0x66),
  },
  {
    reason: 'WAIT is an instruction of its own',
    covers: ({ bytes }) => bytes[0] === 0x9b,
  },
];
const PREFIX_BYTES = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);

/** Whether what the decoder finds is what objdump finds. */
function agrees(line, codeSize) {
  const found = decode(line.bytes, 0, line.bytes.length, codeSize);
  return 'mnemonic' in found && found.length === line.bytes.length;
}

/** @returns what was compared in a file, in one code size */
function checkObject(object, { codeSize, objdump }) {
  const listing = tool('objdump', ['-d', '-w', '-z', `--insn-width=${LENGTH_MAX}`, '-M', `intel,${objdump}`, object]);
  const lines = listing.split('\n').flatMap((text) => readLine(text) ?? []);
  const result = { compared: 0, others: 0, refused: new Map(), differ: [] };
  for (const line of lines) {
    if (!MNEMONICS.has(line.mnemonic)) result.others += 1;
    else {
      result.compared += 1;
      if (agrees(line, codeSize)) continue;
      const reason = REFUSED.find(({ covers }) => covers(line, codeSize))?.reason;
      if (reason === undefined) result.differ.push(line);
      else result.refused.set(reason, (result.refused.get(reason) ?? 0) + 1);
    }
  }
  return result;
}

/** What one code size makes of all files. */
function checkFiles(from, folder, mode) {
  const sum = { codeSize: mode.codeSize, files: 0, compared: 0, others: 0, refused: new Map(), differ: [] };
  for (const file of readdirSync(from).filter((name) => name.endsWith('.s'))) {
    const object = join(folder, `${basename(file, '.s')}${mode.assembler}.o`);
    let result;
    try {
      // Files that fail test what the assembler refuses, or are for another mode.
      if (!existsSync(object))
        tool('as', [mode.assembler, '-I', from, '-o', object, join(from, file)], { timeout: 20_000 });
      if (statSync(object).size > OBJECT_SIZE_MAX_BYTES) continue;
      result = checkObject(object, mode);
    } catch (error) {
      if (error instanceof Missing) throw error;
      continue;
    }
    sum.files += 1;
    sum.compared += result.compared;
    sum.others += result.others;
    for (const [reason, count] of result.refused) sum.refused.set(reason, (sum.refused.get(reason) ?? 0) + count);
    for (const { bytes, text } of result.differ) {
      sum.differ.push(`${file}, ${mode.codeSize}-bit: ${Buffer.from(bytes).toString('hex')} ${text}`);
    }
  }
  return sum;
}

const number = (value) => value.toLocaleString('en');

/** @returns how many files and instructions agree, and a text about it */
export function checkAssembler() {
  const from = join(packageSource('binutils', ['*/gas/testsuite/gas/i386/*']), 'gas/testsuite/gas/i386');
  const folder = join(CACHE, 'programs/binutils');
  mkdirSync(folder, { recursive: true });
  const sums = MODES.map((mode) => checkFiles(from, folder, mode));
  const differ = sums.flatMap((sum) => sum.differ);
  for (const line of differ) console.log(`binutils: ${line}`);
  const refused = new Map();
  for (const [reason, count] of sums.flatMap((sum) => [...sum.refused])) {
    refused.set(reason, (refused.get(reason) ?? 0) + count);
  }
  const rows = sums.map(
    ({ codeSize, files, compared, others, differ: lines }) =>
      `| ${codeSize} | ${files} | ${number(compared)} | ${number(lines.length)} | ${number(others)} |`,
  );
  const text = `The GNU assembler's test files, what objdump finds in them: our decoder finds instructions of the same lengths. Of other
instruction sets (AVX and later) nothing is expected.

| code size | files | instructions | differ | of other instruction sets |
|---|---|---|---|---|
${rows.join('\n')}

| not taken for a difference | |
|---|---|
${[...refused].map(([reason, count]) => `| ${reason} | ${number(count)} |`).join('\n')}
`;
  return { passed: sums.reduce((sum, { files }) => sum + files, 0), failed: differ.length, text };
}
