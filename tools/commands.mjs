// @ts-check
// Running the workspace's own programs, with the same Node that runs this file.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The workspace's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The script behind a command of an installed package, without the shell script or link that npm makes for it.
 *
 * @param {string} packageName
 * @param {string} [command] where the package has several
 * @returns {string}
 */
export function programOf(packageName, command) {
  const folder = join(ROOT, 'node_modules', packageName);
  /** @type {{ bin: string | Record<string, string> }} */
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const path = typeof bin === 'string' ? bin : command === undefined ? Object.values(bin)[0] : bin[command];
  if (path === undefined) throw new Error(`${packageName} has no command ${command ?? ''}`);
  return join(folder, path);
}

/**
 * Runs a script with this Node, its output where ours goes.
 *
 * @param {string} script
 * @param {readonly string[]} [args]
 * @param {{ cwd?: string, env?: Record<string, string | undefined> }} [options]
 * @returns {number} its exit code; 1 when a signal ended it
 */
export function runNode(script, args = [], options = {}) {
  const { error, status } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/**
 * Runs npm, the one that started us if npm did.
 *
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
export function runNpm(args, options = {}) {
  const { npm_execpath: script } = process.env;
  const all = { cwd: ROOT, ...options, encoding: /** @type {const} */ ('utf8') };
  if (script !== undefined && /npm-cli\.[cm]?js$/.test(script))
    return spawnSync(process.execPath, [script, ...args], all);
  return spawnSync('npm', args, { ...all, shell: process.platform === 'win32' });
}

/**
 * @param {readonly string[]} [groups] folders of packages
 * @returns {string[]} the folders of all packages, relative to the workspace's, in the order of their names
 */
export function packageFolders(groups = ['packages', 'apps']) {
  return groups.flatMap((group) =>
    readdirSync(join(ROOT, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${group}/${entry.name}`)
      .sort(),
  );
}

/**
 * @param {string} folder relative to the workspace's
 * @returns {Record<string, any>} the package.json there
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
}
