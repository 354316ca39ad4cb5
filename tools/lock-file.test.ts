import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './commands.mjs';
import { missingFromInstall } from './lock-file.mjs';

const locked = {
  packages: {
    '': { version: '0.0.0' },
    'packages/elf': { version: '0.0.0' },
    'node_modules/@longmode/elf': { link: true, resolved: 'packages/elf' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  },
};

const installedWith = (changes: object) => {
  const { '': _root, 'packages/elf': _elf, ...rest } = locked.packages;
  return { packages: { ...rest, ...changes } };
};

describe('what an install lacks', () => {
  it('is nothing when every locked package is there', () => {
    expect(missingFromInstall(locked, installedWith({}))).toEqual([]);
  });

  it('is not an optional package of another platform', () => {
    expect(missingFromInstall(locked, installedWith({ 'node_modules/b': undefined }))).toEqual([]);
  });

  it.each([
    ['a package that is absent', 'node_modules/a', undefined],
    ['another version', 'node_modules/a', { version: '1.0.1', integrity: 'sha512-a' }],
    ['other contents', 'node_modules/a', { version: '1.0.0', integrity: 'sha512-x' }],
    ['an optional package in another version', 'node_modules/b', { version: '2.0.0', integrity: 'sha512-b' }],
    ['a workspace package that is not linked', 'node_modules/@longmode/elf', undefined],
    ['a link to elsewhere', 'node_modules/@longmode/elf', { link: true, resolved: 'packages/other' }],
  ])('is %s', (_name, path, present) => {
    expect(missingFromInstall(locked, installedWith({ [path]: present }))).toEqual([path]);
  });

  it('is everything when the record names nothing', () => {
    expect(missingFromInstall(locked, {})).toEqual(['node_modules/@longmode/elf', 'node_modules/a']);
  });
});

describe('package-lock.json', () => {
  it('names no registry', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string; link?: boolean }>;
    };
    const named = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && link !== true);
    expect(named).toEqual([]);
  });
});
