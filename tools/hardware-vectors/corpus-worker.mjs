// @ts-check
// Runs a part of a recording through the engines: `run-corpus.mjs` starts it, and gets a message for each group.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { brotliDecompressSync } from 'node:zlib';
import { VectorFile } from '@longmode/x86-vectors';
import { ROOT } from '../commands.mjs';
import { ENGINES } from './run-corpus.mjs';

const vectors = join(ROOT, 'packages/cpu-x86/dist/vectors');
const { CorpusChecker, readCases } = await import(join(vectors, 'corpus-check.test.fixture.js'));
const { rowExclusion } = await import(join(vectors, 'corpus-exclusions.test.fixture.js'));

const [folder, codeSizeText, partText, partsText, shareText] = process.argv.slice(2);
const codeSize = Number(codeSizeText);
const share = Number(shareText);
const bytes = readFileSync(join(/** @type {string} */ (folder), `cpl3-${codeSize}.vectors.br`));
const file = new VectorFile(brotliDecompressSync(bytes));
const checkers = ENGINES.map((engine) => new CorpusChecker({ engine, jit: { threshold: 2, warmUp: 0 } }));
const { processor } = file.header;

file.header.groups.forEach((group, index) => {
  if (index % Number(partsText) !== Number(partText)) return;
  const about = { codeSize, index, row: group.row, total: group.count, processor };
  const reason = rowExclusion(group);
  if (reason !== undefined) {
    process.send?.({ ...about, reason });
    return;
  }
  const cases = readCases(file, index);
  // The engines with compiled code take batches in turn where each is to run a share: other ones in other groups.
  const results = checkers.map((checker, engine) =>
    checker.checkCases(
      file,
      cases,
      engine === 0 ? {} : { takesBatch: (/** @type {number} */ batch) => (batch + index + engine) % share === 0 },
    ),
  );
  process.send?.({
    ...about,
    results: results.map((result) => ({ ...result, excluded: [...result.excluded] })),
  });
});
process.disconnect?.();
