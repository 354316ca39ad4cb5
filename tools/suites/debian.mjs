// Sources of Debian packages, fetched by name into a folder of ours with the mirrors that this computer has. Nothing is
// installed, and the computer's own package lists stay as they are.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../commands.mjs';

/** Where sources and programs are kept between runs. */
export const CACHE = join(ROOT, 'node_modules/.cache/longmode/suites');

/** Thrown for what this computer does not have. */
export class Missing extends Error {}

/** Runs a program of this computer. @returns {string} what it writes */
export function tool(name, args, options = {}) {
  const { error, status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (error?.code === 'ENOENT') throw new Missing(`${name} is not installed`);
  if (status !== 0) throw new Error(`${name} ${args.slice(0, 4).join(' ')}: ${stderr.trim().split('\n').at(-1)}`);
  return stdout;
}

function packageListOptions() {
  const folder = join(CACHE, 'apt');
  const options = [
    ...['-o', `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${join(folder, 'lists')}`],
  ];
  if (existsSync(join(folder, 'ready'))) return options;
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  const mirrors = tool('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN) $(REPO_URI) $(CODENAME) $(COMPONENT)',
    'Created-By: Packages',
  ])
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([origin, , , component]) => origin === 'Debian' && component === 'main');
  if (mirrors.length === 0) throw new Missing('no mirror of Debian is known');
  const lines = mirrors.map(([, url, codename]) => `deb-src ${url} ${codename} main\n`);
  writeFileSync(join(folder, 'sources.list'), [...new Set(lines)].join(''));
  tool('apt-get', ['-qq', ...options, 'update']);
  writeFileSync(join(folder, 'ready'), '');
  return options;
}

/**
 * The source of a package, unpacked.
 *
 * @param {string} name
 * @param {string[]} wanted patterns of tar for what to unpack
 * @returns {string} the folder
 */
export function packageSource(name, wanted) {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  tool(
    'apt-get',
    ['-qq', ...packageListOptions(), '-o', 'APT::Sandbox::User=root', 'source', '--download-only', name],
    { cwd: work },
  );
  const archive = readdirSync(work).find((file) => /\.orig\.tar\.\w+$/.test(file));
  if (archive === undefined) throw new Missing(`the source of ${name} cannot be fetched`);
  tool('tar', ['xf', archive, '--strip-components=1', '--wildcards', ...wanted], { cwd: work });
  renameSync(work, folder);
  return folder;
}
