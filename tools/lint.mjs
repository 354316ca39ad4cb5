// @ts-check
// Formatting, lint rules, the arrows between packages, and what nobody uses. Runs all of it, then fails if any failed.
import process from 'node:process';
import { programOf, runNode } from './commands.mjs';

/** @type {readonly (readonly [name: string, script: string, args: readonly string[]])[]} */
const LINTERS = [
  ['biome', programOf('@biomejs/biome'), ['check', '.', '--error-on-warnings']],
  ['oxlint', programOf('oxlint'), ['--type-aware', '--deny-warnings']],
  [
    'dependency-cruiser',
    programOf('dependency-cruiser', 'depcruise'),
    ['packages', 'apps', '--config', '.dependency-cruiser.mjs'],
  ],
  ['knip', programOf('knip', 'knip'), ['--no-progress', '--no-config-hints']],
];

const failed = LINTERS.filter(([, script, args]) => runNode(script, args) !== 0).map(([name]) => name);
if (failed.length > 0) console.error(`lint: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
