// @ts-check
// Boots `hello` and runs the tests under other versions of Node, fetched from npm into node_modules/.cache/longmode.
// Arguments: major versions (all if none); `--fast` for the boot and what depends on V8.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { ROOT, runNpm } from './commands.mjs';
import { setUp } from './setup.mjs';

/** Exact versions, by major version. */
const VERSIONS = new Map([
  ['22', '22.23.3'],
  ['24', '24.21.0'],
]);

/** What depends on the version of V8 or of Node: generated code, the instants of whole machines, terminals and files. */
const FAST = [
  'packages/pc/src/pc.test.ts',
  'packages/pc/src/engines.test.ts',
  'packages/pc/src/faults.test.ts',
  'packages/pc/src/load.test.ts',
  'packages/pc/src/snapshot.test.ts',
  'packages/cpu-x86/src/engine',
  'packages/cpu-x86/src/cpu.test.ts',
  'packages/wasm-encoder',
  'apps/cli/src/live.test.ts',
  'apps/cli/src/longmode.test.ts',
  'apps/cli/src/writable.test.ts',
];

/**
 * @param {string} version
 * @returns {string} the program of that Node, fetched if it is not there
 */
function fetchNode(version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const packageName = `node-${platform}-${process.arch}`;
  const prefix = join(ROOT, 'node_modules/.cache/longmode', `node-${version}`);
  const program = join(prefix, 'node_modules', packageName, 'bin', platform === 'win' ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  console.log(`node-matrix: fetching Node ${version}`);
  mkdirSync(prefix, { recursive: true });
  const args = [
    'install',
    '--prefix',
    prefix,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const { status } = runNpm([...args, `${packageName}@${version}`], { cwd: prefix, stdio: 'inherit' });
  if (status !== 0 || !existsSync(program)) throw new Error(`could not fetch ${packageName}@${version} with npm`);
  return program;
}

/**
 * @param {string} node
 * @param {readonly string[]} args
 * @returns {boolean}
 */
const passes = (node, args) => spawnSync(node, args, { cwd: ROOT, stdio: 'inherit' }).status === 0;

/** @param {readonly string[]} args */
function main(args) {
  if (!setUp()) return 1;
  const majors = args.filter((arg) => !arg.startsWith('--'));
  const fast = args.includes('--fast') ? FAST : [];
  const failed = [];
  for (const major of majors.length > 0 ? majors : VERSIONS.keys()) {
    const version = VERSIONS.get(major);
    if (version === undefined)
      throw new Error(`no version of Node ${major} is pinned; there are ${[...VERSIONS.keys()]}`);
    const node = fetchNode(version);
    console.log(`node-matrix: boot under Node ${version}`);
    if (!passes(node, ['tools/boot.mjs'])) failed.push(`boot under Node ${version}`);
    console.log(`node-matrix: tests under Node ${version}`);
    if (!passes(node, ['node_modules/vitest/vitest.mjs', 'run', ...fast])) failed.push(`tests under Node ${version}`);
  }
  if (failed.length > 0) console.error(`node-matrix: failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
