// @ts-check
// Sets up, then runs the checks and the tests; fails if any fails. With arguments: only vitest, with those arguments.
// `--full` first: only the tests, in their long form (LONGMODE_FULL=1).
import process from 'node:process';
import { programOf, runNode } from './commands.mjs';
import { setUp } from './setup.mjs';

const passed = (/** @type {number} */ exitCode) => exitCode === 0;

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
  const env = isFull ? { ...process.env, LONGMODE_FULL: '1' } : process.env;
  if (!passed(runNode(programOf('vitest'), ['run', ...args.slice(isFull ? 1 : 0)], { env }))) failed.push('vitest');
  if (failed.length > 0) console.error(`test: failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
