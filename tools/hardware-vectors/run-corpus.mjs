// @ts-check
// Runs a recording through the three engines, in as many processes as there are processors.
//
//   npm run test:corpus [-- FOLDER] [--all]
//
// Every case runs in the interpreter; compiled code and `check` run a quarter each, some of every row, and all with `--all`.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../commands.mjs';

export const ENGINES = /** @type {const} */ (['interpreter', 'jit', 'check']);
const CODE_SIZES = [64, 32, 16];
/** Parts of each file, so that processes end at about the same time. */
const PARTS = 2;
/** Compiled code runs one batch of so many, where it does not run all. */
const SHARE = 4;
const WORKER = fileURLToPath(new URL('corpus-worker.mjs', import.meta.url));

/**
 * @typedef {object} EngineResult what one engine made of a group
 * @property {number} count cases that ran
 * @property {number} maskedCount cases of which something is not compared
 * @property {number} mismatchCount
 * @property {string[]} mismatches the first ones, in words
 * @property {[reason: string, count: number][]} excluded cases that did not run
 *
 * @typedef {object} GroupResult
 * @property {number} codeSize
 * @property {number} index of the group in its file
 * @property {import('@longmode/x86-vectors').VectorRow} row
 * @property {number} total cases that were recorded
 * @property {import('@longmode/x86-vectors').RecordedProcessor} processor
 * @property {string} [reason] why the row is not run
 * @property {EngineResult[]} [results] in the order of `ENGINES`
 */

/**
 * @param {{ folder?: string, all?: boolean }} [options] `folder` holds another recording than the repository's
 * @returns {Promise<GroupResult[]>} in the order of the files
 */
export async function runCorpus({ folder = join(ROOT, 'packages/x86-vectors/data'), all = false } = {}) {
  /** @type {GroupResult[]} */
  const groups = [];
  const parts = CODE_SIZES.flatMap((codeSize) => Array.from({ length: PARTS }, (_, part) => [codeSize, part]));
  const next = async () => {
    for (let task = parts.shift(); task !== undefined; task = parts.shift()) {
      const [codeSize, part] = task;
      await runPart([folder, codeSize, part, PARTS, all ? 1 : SHARE].map(String), (group) => groups.push(group));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
  return groups.sort((a, b) => b.codeSize - a.codeSize || a.index - b.index);
}

/**
 * @param {string[]} args
 * @param {(group: GroupResult) => void} onGroup
 * @returns {Promise<void>}
 */
function runPart(args, onGroup) {
  return new Promise((done, failed) => {
    const child = fork(WORKER, args, { cwd: ROOT });
    child.on('message', (message) => onGroup(/** @type {GroupResult} */ (message)));
    child.on('error', failed);
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`the worker ended with ${code}`))));
  });
}

/**
 * @param {GroupResult[]} groups
 * @returns {{ engine: string, run: number, mismatches: number }[]} sums for each engine
 */
export function sumsOf(groups) {
  return ENGINES.map((engine, i) => {
    const sum = { engine, run: 0, mismatches: 0 };
    for (const { results } of groups) {
      sum.run += results?.[i]?.count ?? 0;
      sum.mismatches += results?.[i]?.mismatchCount ?? 0;
    }
    return sum;
  });
}

async function main() {
  const args = process.argv.slice(2);
  const folder = args.find((arg) => !arg.startsWith('-'));
  const started = performance.now();
  const groups = await runCorpus({
    ...(folder === undefined ? {} : { folder: resolve(folder) }),
    all: args.includes('--all'),
  });
  let failed = 0;
  for (const { results } of groups) {
    if (results?.some(({ mismatchCount }) => mismatchCount > 0)) failed++;
    results?.forEach(({ mismatches }, i) => {
      for (const mismatch of mismatches) console.log(`${ENGINES[i]}: ${mismatch}`);
    });
  }
  for (const { engine, run, mismatches } of sumsOf(groups)) {
    console.log(`${engine}: ${run.toLocaleString('en')} cases, ${mismatches} differ`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`rows of the opcode tables in three code sizes, after ${seconds} s:`);
  console.log(`${groups.length - failed} passed, ${failed} failed`);
  return failed === 0 && groups.length > 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
