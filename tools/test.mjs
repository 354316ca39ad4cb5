// @ts-check
// Sets up, then runs the checks and the tests; fails if any fails. With arguments: only vitest, with those arguments.
// `--full` first: only the tests that have a long form, in that form (LONGMODE_FULL=1).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { packageFolders, programOf, ROOT, runNode } from './commands.mjs';
import { setUp } from './setup.mjs';

const passed = (/** @type {number} */ exitCode) => exitCode === 0;

/** @returns {string[]} the test files that do more when LONGMODE_FULL is 1 */
function testsWithLongForm() {
  return packageFolders().flatMap((folder) =>
    /** @type {string[]} */ (readdirSync(join(ROOT, folder, 'src'), { recursive: true }))
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(folder, 'src', file))
      .filter((file) => /LONGMODE_FULL|isFullRun/.test(readFileSync(join(ROOT, file), 'utf8'))),
  );
}

/** @param {readonly string[]} args */
function main(args) {
  if (!setUp()) return 1;
  const failed = [];
  if (args.length === 0) {
    console.log('test: types of tests and tools');
    if (!passed(runNode(programOf('@typescript/native', 'tsc'), ['-b']))) failed.push('typecheck');
    console.log('test: lint');
    if (!passed(runNode('tools/lint.mjs'))) failed.push('lint');
  }
  const isFull = args[0] === '--full';
  const filters = isFull ? (args.length > 1 ? args.slice(1) : testsWithLongForm()) : args;
  const env = isFull ? { ...process.env, LONGMODE_FULL: '1' } : process.env;
  if (!passed(runNode(programOf('vitest'), ['run', ...filters], { env }))) failed.push('vitest');
  if (failed.length > 0) console.error(`test: failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
