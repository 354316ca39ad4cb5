// @ts-check
// Packs every package as it would be published, and uses it as a stranger would: publint and attw on the tarball, then
// the examples of its README, run and type-checked in an empty folder that holds nothing but the tarballs it needs.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { packageFolders, programOf, ROOT, readManifest, runNpm } from './commands.mjs';
import { setUp } from './setup.mjs';

const WORKERS = 2;
const TIMEOUT_MS = 120_000;
const MUST_CONTAIN = ['README.md', 'LICENSE', 'package.json'];
const MUST_NOT_CONTAIN = /\.test\.|\.tsbuildinfo$|(^|\/)(fixtures|node_modules)\//;

/**
 * @typedef {{ name: string, filename: string, size: number, unpackedSize: number, files: { path: string }[] }} Packed
 * @typedef {{ check: string, problems: string[] }} Result
 */

const execute = promisify(execFile);

/**
 * Runs a script with this Node.
 *
 * @param {string} script
 * @param {readonly string[]} args
 * @param {string} [cwd]
 * @returns {Promise<{ problems: string[], output: string }>} as problems what it printed if it failed
 */
async function run(script, args, cwd = ROOT) {
  const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  const options = { cwd, env: environment, timeout: TIMEOUT_MS, maxBuffer: 1 << 26 };
  try {
    const { stdout } = await execute(process.execPath, [script, ...args], options);
    return { problems: [], output: stdout };
  } catch (error) {
    const { stdout = '', stderr = '', message } = /** @type {any} */ (error);
    return { problems: [`${stdout}\n${stderr}`.trim() || message], output: stdout };
  }
}

/**
 * @param {readonly string[]} folders
 * @param {string} destination
 * @returns {Packed[]}
 */
function pack(folders, destination) {
  const from = folders.map((folder) => (folder.startsWith('.') ? folder : `./${folder}`));
  const args = ['pack', ...from, '--pack-destination', destination, '--json', '--ignore-scripts', '--loglevel=error'];
  const { status, stdout, stderr } = runNpm(args, { stdio: 'pipe', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`npm pack failed:\n${stdout}\n${stderr}`);
  return JSON.parse(String(stdout));
}

/**
 * @param {string} name
 * @param {ReadonlyMap<string, Record<string, any>>} manifests
 * @param {Set<string>} [seen]
 * @returns {Set<string>} the package and everything it depends on
 */
function closure(name, manifests, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const dependency of Object.keys(manifests.get(name)?.dependencies ?? {})) closure(dependency, manifests, seen);
  return seen;
}

/**
 * @param {Packed} packed
 * @returns {string[]}
 */
function checkContents({ files }) {
  const paths = files.map(({ path }) => path);
  return [
    ...MUST_CONTAIN.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
    ...paths.filter((path) => MUST_NOT_CONTAIN.test(path)).map((path) => `${path} should not be published`),
  ];
}

/**
 * @param {Record<string, any>} manifest
 * @param {string} folder
 * @returns {string[]}
 */
function checkMetadata(manifest, folder) {
  const { description, keywords, license, engines, repository, sideEffects } = manifest;
  /** @type {readonly (readonly [boolean, string])[]} */
  const facts = [
    [typeof description === 'string' && description.length > 20, 'a description of more than 20 characters'],
    [Array.isArray(keywords) && keywords.length >= 3, 'at least three keywords'],
    [license === 'MIT', 'the license MIT'],
    [engines?.node === '>=20.19', 'engines.node >=20.19'],
    [repository?.directory === folder, `repository.directory ${folder}`],
    [folder.startsWith('apps/') || sideEffects === false, 'sideEffects false'],
  ];
  return facts.filter(([holds]) => !holds).map(([, what]) => `package.json lacks ${what}`);
}

/**
 * @param {string} tarball
 * @returns {Promise<string[]>}
 */
async function checkPublint(tarball) {
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
  });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

/**
 * @param {string} folder
 * @returns {string[]} the `ts` fences of the README there
 */
function readExamples(folder) {
  const readme = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
  return [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, example]) => /** @type {string} */ (example));
}

/**
 * Installs tarballs into an empty folder, without asking a registry.
 *
 * @param {string} sandbox
 * @param {readonly string[]} tarballs
 * @returns {Promise<string[]>}
 */
async function install(sandbox, tarballs) {
  mkdirSync(sandbox);
  writeFileSync(join(sandbox, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n');
  const args = [
    'install',
    '--offline',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--ignore-scripts',
    ...tarballs,
  ];
  const { status, stdout, stderr } = runNpm(args, { cwd: sandbox, stdio: 'pipe' });
  return status === 0 ? [] : [`npm install failed:\n${stdout}\n${stderr}`];
}

/**
 * @param {string} sandbox
 * @param {string} example
 * @returns {Promise<string[]>}
 */
async function checkExample(sandbox, example) {
  const source = `${example}\nexport {};\n`;
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
  });
  writeFileSync(join(sandbox, 'example.ts'), source);
  writeFileSync(join(sandbox, 'example.js'), outputText);
  const { problems, output } = await run('example.js', [], sandbox);
  if (problems.length === 0 && output.trim() === '') problems.push('the example prints nothing');
  return problems;
}

/**
 * @param {string} sandbox
 * @returns {Promise<string[]>}
 */
async function checkExampleTypes(sandbox) {
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom'];
  // Node's own types only for examples that say that they need Node.
  const needsNode = readFileSync(join(sandbox, 'example.ts'), 'utf8').includes("from 'node:");
  const types = needsNode ? ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')] : ['--types', ''];
  const program = programOf('@typescript/native', 'tsc');
  return (await run(program, ['--ignoreConfig', ...options, ...types, 'example.ts'], sandbox)).problems;
}

/**
 * @param {string} sandbox
 * @param {Record<string, any>} manifest
 * @returns {Promise<string[]>}
 */
async function checkCommands(sandbox, manifest) {
  const commands = Object.values(manifest.bin ?? {}).map((path) => join('node_modules', manifest.name, path));
  const runs = await Promise.all(commands.map((command) => run(command, ['--help'], sandbox)));
  return runs.flatMap(({ problems, output }) => {
    if (problems.length === 0 && output.trim() === '') return ['--help prints nothing'];
    return problems;
  });
}

/**
 * @param {string} folder
 * @param {ReadonlyMap<string, Record<string, any>>} manifests
 * @param {ReadonlyMap<string, Packed>} tarballs
 * @param {string} workplace
 * @returns {Promise<Result[]>}
 */
async function checkPackage(folder, manifests, tarballs, workplace) {
  const manifest = readManifest(folder);
  const packed = /** @type {Packed} */ (tarballs.get(manifest.name));
  const tarball = join(workplace, packed.filename);
  const sandbox = join(workplace, folder.replace('/', '-'));
  const needed = [...closure(manifest.name, manifests)].map((name) =>
    join(workplace, /** @type {Packed} */ (tarballs.get(name)).filename),
  );
  const results = [
    { check: 'contents', problems: checkContents(packed) },
    { check: 'metadata', problems: checkMetadata(manifest, folder) },
    { check: 'publint', problems: await checkPublint(tarball) },
    { check: 'install', problems: await install(sandbox, needed) },
  ];
  if (manifest.bin === undefined) {
    const attw = programOf('@arethetypeswrong/cli');
    results.push({ check: 'attw', problems: (await run(attw, [tarball, '--profile', 'esm-only'])).problems });
    const examples = readExamples(folder);
    if (examples.length === 0) results.push({ check: 'example', problems: ['the README has no ts fence'] });
    for (const example of examples) {
      results.push({ check: 'example', problems: await checkExample(sandbox, example) });
      results.push({ check: 'types', problems: await checkExampleTypes(sandbox) });
    }
  } else results.push({ check: 'command', problems: await checkCommands(sandbox, manifest) });
  return results;
}

/**
 * @param {string} workplace
 * @param {readonly string[]} only names of folders, without their group; all if empty
 */
async function checkAll(workplace, only) {
  const folders = packageFolders();
  const manifests = new Map(folders.map((folder) => [readManifest(folder).name, readManifest(folder)]));
  const outside = new Set([...manifests.values()].flatMap(({ dependencies = {} }) => Object.keys(dependencies)));
  for (const name of manifests.keys()) outside.delete(name);
  for (const name of outside) manifests.set(name, readManifest(`node_modules/${name}`));
  const packed = pack([...folders, ...[...outside].map((name) => `node_modules/${name}`)], workplace);
  const tarballs = new Map(packed.map((one) => [one.name, one]));

  const queue = folders.filter((folder) => only.length === 0 || only.includes(folder.replace(/^.*\//, '')));
  const counts = { passed: 0, failed: 0 };
  const work = async () => {
    for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
      const results = await checkPackage(folder, manifests, tarballs, workplace);
      const { name, size, files } = /** @type {Packed} */ (tarballs.get(readManifest(folder).name));
      const marks = results.map(({ check, problems }) => `${check} ${problems.length === 0 ? 'ok' : 'FAILED'}`);
      const kilobytes = (size / 1024).toFixed(1);
      console.log(
        `${name.padEnd(26)} ${kilobytes.padStart(6)} KiB ${String(files.length).padStart(4)} files  ${marks.join('  ')}`,
      );
      for (const { check, problems } of results) {
        counts[problems.length === 0 ? 'passed' : 'failed'] += 1;
        for (const problem of problems) console.log(`  ${check}: ${problem.replaceAll('\n', '\n    ')}`);
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0;
}

async function main() {
  if (!setUp()) return 1;
  const workplace = mkdtempSync(join(tmpdir(), 'longmode-packages-'));
  try {
    return (await checkAll(workplace, process.argv.slice(2))) ? 0 : 1;
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

process.exitCode = await main();
