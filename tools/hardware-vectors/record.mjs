import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { ENCODINGS } from '@longmode/cpu-x86/decode';
import { DATA_SIZE_BYTES, dataPattern, Random, seedOfCase, VectorWriter } from '@longmode/x86-vectors';
import { EXCLUDED_ROWS } from './exclusions.mjs';
import { isRowOf, makeCase, vectorsOf } from './generate.mjs';
import { Recorder } from './recorder.mjs';

const [folder, seedText = '1', casesText = '560', ...mnemonics] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder to write');
const seed = Number(seedText);
const ROWS_AT_ONCE = 48;
const ROUNDS_MAX = 40;

/** Rows that move data in vectors tell less by a case, and take more bytes. Few cases are a sample; many are 200 at least. */
const countOf = (vectors) => {
  const wanted = Math.ceil(Number(casesText) * (vectors === 'none' ? 1.25 : 0.75));
  return Number(casesText) < CASES_MIN / 2 ? wanted : Math.max(wanted, CASES_MIN);
};
const CASES_MIN = 200;

const work = mkdtempSync(join(tmpdir(), 'hardware-vectors-'));
mkdirSync(folder, { recursive: true });
const dataSeed = seed ^ 0x5eed;
const recorder = new Recorder({ work, dataSeed });
const pattern = dataPattern(dataSeed, DATA_SIZE_BYTES);
const rowFields = ['map', 'opcode', 'prefix', 'reg', 'rm', 'mod', 'rexW', 'rexB', 'mnemonic', 'operands'];
const describe = (row) =>
  Object.fromEntries(rowFields.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]])));

function recordRows(rows, codeSize, fileSeed, firstNumber, random) {
  const groups = [];
  let number = firstNumber;
  for (const row of rows) {
    const vectors = vectorsOf(row);
    const make = (index, caseNumber) => () =>
      makeCase({
        random,
        row,
        codeSize,
        vectors,
        seed: seedOfCase(fileSeed, caseNumber),
        indexInGroup: index,
        pattern,
      });
    const items = Array.from({ length: countOf(vectors) }, (_, i) => ({
      make: make(i, number + i),
      row,
      codeSize,
      case: undefined,
      result: undefined,
    }));
    number += items.length;
    groups.push({ row, vectors, items });
  }
  let open = groups.flatMap(({ items }) => items);
  for (let round = 0; open.length > 0; round++) {
    if (round === ROUNDS_MAX) throw new Error(`cases of ${open[0].row.mnemonic} never end well`);
    for (const item of open) item.case = item.make();
    recorder.run(open, pattern);
    open = open.filter(({ result }) => result === undefined);
  }
  return groups;
}

/** `CODE_SIZES=32` records one of the files alone: several processes make the three of them sooner. */
const codeSizes = (process.env.CODE_SIZES ?? '64,32,16').split(',').map(Number);
const files = [];
for (const codeSize of codeSizes) {
  const fileSeed = (seed * 0x10001 + codeSize) | 0;
  const random = new Random(fileSeed ^ 0x2545f491);
  const writer = new VectorWriter({ processor: recorder.processor, codeSize, seed: fileSeed, dataSeed });
  const rows = ENCODINGS.filter(
    (row) =>
      isRowOf(row, codeSize) &&
      !(row.mnemonic in EXCLUDED_ROWS) &&
      (mnemonics.length === 0 || mnemonics.includes(row.mnemonic)),
  );
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const groups = recordRows(rows.slice(at, at + ROWS_AT_ONCE), codeSize, fileSeed, writer.count, random);
    for (const { row, vectors, items } of groups)
      writer.addGroup(
        describe(row),
        vectors,
        items.map(({ result }) => result),
      );
  }
  const raw = writer.finish();
  const name = `cpl3-${codeSize}.vectors.br`;
  const bytes = brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: Number(process.env.BROTLI_QUALITY ?? 9),
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
  writeFileSync(join(folder, name), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  files.push({
    name,
    codeSize,
    groups: rows.length,
    cases: writer.count,
    sizeBytes: bytes.length,
    rawSizeBytes: raw.length,
    sha256,
  });
  console.log(`${name}: ${rows.length} rows, ${writer.count} cases, ${raw.length} bytes, ${bytes.length} compressed`);
}
const indexFile = join(folder, 'index.json');
const others = existsSync(indexFile) ? JSON.parse(readFileSync(indexFile, 'utf8')).files : [];
for (const other of others) if (!codeSizes.includes(other.codeSize)) files.push(other);
files.sort((a, b) => b.codeSize - a.codeSize);
writeFileSync(indexFile, `${JSON.stringify({ files }, null, 2)}\n`);
rmSync(work, { recursive: true });
