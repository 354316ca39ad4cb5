// @ts-check
// Makes a fresh clone ready: dependencies as the lock file has them, then an incremental build of every package.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { packageFolders, programOf, ROOT, runNode, runNpm } from './commands.mjs';
import { missingFromInstall } from './lock-file.mjs';

const MINIMUM_NODE = [20, 19];

/** @returns {string | undefined} why `npm ci` is needed */
function reasonToInstall() {
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return 'node_modules is missing';
  const [lock, present] = [join(ROOT, 'package-lock.json'), installed].map((file) =>
    JSON.parse(readFileSync(file, 'utf8')),
  );
  const missing = missingFromInstall(lock, present);
  return missing.length === 0
    ? undefined
    : `node_modules lacks ${missing.length} of package-lock.json, as ${missing[0]}`;
}

/** @returns {boolean} whether the dependencies are there */
function install() {
  const reason = reasonToInstall();
  if (reason === undefined) return true;
  console.log(`setup: ${reason}: npm ci`);
  const { error, status } = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: 'inherit' });
  if (status === 0) return true;
  console.error(
    `setup: npm ci failed (${error?.message ?? `exit code ${status}`}). It needs the npm registry; see above.`,
  );
  return false;
}

/** @returns {boolean} whether every package and app compiled */
function build() {
  const configs = packageFolders()
    .map((folder) => `${folder}/tsconfig.lib.json`)
    .filter((config) => existsSync(join(ROOT, config)));
  const isCompiled = runNode(programOf('@typescript/native', 'tsc'), ['-b', ...configs]) === 0;
  const steps = ['tools/prebuild-fonts.mjs', 'tools/prebuild-interpreter.mjs', 'tools/bundle-cli.mjs'];
  if (isCompiled && steps.every((step) => runNode(join(ROOT, step)) === 0)) return true;
  console.error('setup: the build failed; see above.');
  return false;
}

/** @returns {boolean} whether the workspace is ready to run; says what failed if not */
export function setUp() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = MINIMUM_NODE;
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    console.error(`setup: this is Node ${process.versions.node}; ${MINIMUM_NODE.join('.')} or newer is needed.`);
    return false;
  }
  return install() && build();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = setUp() ? 0 : 1;
