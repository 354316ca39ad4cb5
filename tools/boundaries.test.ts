// Each rule of .dependency-cruiser.mjs and each host global of .oxlintrc.json, shown firing on a bad example.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config, { APP, ARROWS, PART } from '../.dependency-cruiser.mjs';
import { packageFolders, programOf, ROOT, readManifest } from './commands.mjs';

const PACKAGES = [...Object.keys(ARROWS), 'vga', 'pic-8259a'];

/** Files that break a rule, by the rule's name. */
const BAD: Readonly<Record<string, readonly (readonly [file: string, source: string])[]>> = {
  'no-circular': [
    [
      'packages/elf/src/circle.ts',
      "import { square } from './square.ts';\nexport const circle = (): unknown => square;",
    ],
  ],
  'arrow-device': [['packages/device/src/bad.ts', "import '@longmode/machine';"]],
  'arrow-machine': [['packages/machine/src/bad.ts', "import '@longmode/vga';"]],
  'arrow-device-testing': [['packages/device-testing/src/bad.ts', "import '@longmode/pic-8259a';"]],
  'arrow-wasm-encoder': [['packages/wasm-encoder/src/bad.ts', "import '@longmode/cpu-x86';"]],
  'arrow-elf': [['packages/elf/src/bad.ts', "import '@longmode/mmu';"]],
  'arrow-mmu': [['packages/mmu/src/bad.ts', "import '@longmode/elf';"]],
  'arrow-x86-vectors': [['packages/x86-vectors/src/bad.ts', "import '@longmode/cpu-x86';"]],
  'arrow-firmware-tables': [['packages/firmware-tables/src/bad.ts', "import '@longmode/device';"]],
  'arrow-cpu-x86': [['packages/cpu-x86/src/engine/device.ts', "import type { value } from '@longmode/device';"]],
  'arrow-bootloader': [['packages/bootloader/src/bad.ts', "import '@longmode/mmu';"]],
  'arrow-pc': [['packages/pc/src/bad.ts', "import '@longmode/wasm-encoder';"]],
  'no-part-imports-a-part': [
    ['packages/vga/src/bad.ts', "import '@longmode/pic-8259a';"],
    ['packages/pic-8259a/src/bad.ts', "import type { value } from '@longmode/machine';"],
  ],
  'arrow-apps': [['apps/cli/src/bad.ts', "import '@longmode/cpu-x86';"]],
  'no-app-from-elsewhere': [
    ['packages/pc/src/app.ts', "import '../../../apps/cli/src/main.ts';"],
    ['apps/web/src/bad.ts', "import '../../cli/src/main.ts';"],
  ],
  'no-path-into-a-package': [['packages/bootloader/src/path.ts', "import '../../elf/src/index.ts';"]],
  'cpu-x86-stage-host': [['packages/cpu-x86/src/host.ts', "import './cpu.ts';"]],
  'cpu-x86-stage-opcodes': [['packages/cpu-x86/src/opcodes/bad.ts', "import '../decode/good.ts';"]],
  'cpu-x86-stage-decode': [['packages/cpu-x86/src/decode/bad.ts', "import '../state/good.ts';"]],
  'cpu-x86-stage-float': [['packages/cpu-x86/src/float/bad.ts', "import '../state/good.ts';"]],
  'cpu-x86-stage-state': [['packages/cpu-x86/src/state/bad.ts', "import type { a } from '../semantics/good.ts';"]],
  'cpu-x86-stage-semantics': [['packages/cpu-x86/src/semantics/bad.ts', "import type { a } from '../engine/good.ts';"]],
  'cpu-x86-stage-engine': [['packages/cpu-x86/src/engine/bad.ts', "import '../cpu.ts';"]],
  'cpu-x86-stage-cpu': [['packages/cpu-x86/src/cpu.ts', "import './index.ts';"]],
  'cpu-x86-stage-index': [['packages/cpu-x86/src/index.ts', "import './elsewhere/good.ts';"]],
  'no-processor-in-decoder': [
    ['packages/cpu-x86/src/decode/emit.ts', "import '@longmode/wasm-encoder';"],
    ['packages/cpu-x86/src/opcodes/host.ts', "import '../host.ts';"],
  ],
  'no-host-module': [
    ['packages/vga/src/host.ts', "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;"],
  ],
  'no-outside-dependency': [
    ['packages/elf/src/installed.ts', "import 'installed';"],
    ['packages/elf/src/absent.ts', "import 'absent';"],
  ],
  'no-test-in-product': [['packages/mmu/src/bad-test.ts', "import './good.test.ts';"]],
};

/** What bad examples import, and is reported where it is imported. */
const OTHERS: readonly (readonly [file: string, source: string])[] = [
  ['packages/elf/src/square.ts', "import { circle } from './circle.ts';\nexport const square = (): unknown => circle;"],
];

/** Files that break none. */
const GOOD: readonly (readonly [file: string, source: string])[] = [
  [
    'apps/cli/src/main.ts',
    "import { readFileSync } from 'node:fs';\nimport 'installed';\nimport '@longmode/pc';\nexport { readFileSync };",
  ],
  ['packages/pc/src/good.ts', "import '@longmode/vga';\nimport '@longmode/cpu-x86';\nimport '@longmode/bootloader';"],
  ['packages/vga/src/good.ts', "import type { value } from '@longmode/device';\nexport type Value = typeof value;"],
  ['packages/vga/src/good.test.ts', "import 'node:fs';\nimport 'installed';\nimport '@longmode/machine';"],
  ['packages/mmu/src/good.test.ts', 'export {};'],
  ['packages/cpu-x86/src/opcodes/good.ts', 'export const a = 1;'],
  ['packages/cpu-x86/src/decode/good.ts', "export { a } from '../opcodes/good.ts';"],
  ['packages/cpu-x86/src/state/good.ts', "export { a } from '../decode/good.ts';"],
  ['packages/cpu-x86/src/semantics/good.ts', "export { a } from '../state/good.ts';"],
  [
    'packages/cpu-x86/src/engine/good.ts',
    "import '@longmode/wasm-encoder';\nexport { a } from '../semantics/good.ts';",
  ],
  ['packages/cpu-x86/src/elsewhere/good.ts', 'export const a = 1;'],
  ['packages/machine/src/circle.ts', "import type { Square } from './square.ts';\nexport type Circle = Square | 1;"],
  ['packages/machine/src/square.ts', "import type { Circle } from './circle.ts';\nexport type Square = Circle | 2;"],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-boundaries-'));
  mkdirSync(join(folder, 'node_modules/@longmode'), { recursive: true });
  for (const name of PACKAGES) {
    write(`packages/${name}/src/index.ts`, 'export const value = 1;');
    const manifest = { name: `@longmode/${name}`, type: 'module', exports: './src/index.ts' };
    write(`packages/${name}/package.json`, JSON.stringify(manifest));
    symlinkSync(`../../packages/${name}`, join(folder, 'node_modules/@longmode', name), 'dir');
  }
  write('node_modules/installed/package.json', '{ "name": "installed", "main": "./index.js" }');
  write('node_modules/installed/index.js', '');
  for (const [file, source] of [...Object.values(BAD).flat(), ...OTHERS, ...GOOD]) write(file, source);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `${text}\n`);
}

/** What a linter prints, whatever it thinks of its input. */
function output(script: string, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    if (stdout === '') throw new Error(stderr, { cause: error });
    return stdout;
  }
}

describe('the arrows between packages', () => {
  const brokenBy = new Map<string, Set<string>>();
  beforeAll(() => {
    const program = programOf('dependency-cruiser', 'depcruise');
    const rules = join(ROOT, '.dependency-cruiser.mjs');
    const { summary } = JSON.parse(output(program, ['packages', 'apps', '--config', rules, '-T', 'json'])) as {
      summary: { violations: { from: string; rule: { name: string; severity: string } }[] };
    };
    for (const { from, rule } of summary.violations) {
      expect(rule.severity, rule.name).toBe('error');
      brokenBy.set(from, (brokenBy.get(from) ?? new Set()).add(rule.name));
    }
  }, 60_000);

  it('are all shown by an example', () => {
    expect(Object.keys(BAD).sort()).toEqual((config.forbidden ?? []).map(({ name }) => name ?? '').sort());
  });

  it.each(Object.entries(BAD).flatMap(([rule, files]) => files.map(([file]) => [rule, file] as const)))(
    '%s is broken by %s',
    (rule, file) => {
      expect([...(brokenBy.get(file) ?? [])]).toContain(rule);
    },
  );

  it.each(GOOD.map(([file]) => file))('none is broken by %s', (file) => {
    expect([...(brokenBy.get(file) ?? [])]).toEqual([]);
  });
});

describe('the host', () => {
  const USES = [
    ...deniedGlobals().map((name) => [name, `export const use = ${name};`] as const),
    ['Math.random', 'export const use = Math.random();'],
    ['Math.random by another name', 'export const { random } = Math;'],
    ['new Date()', 'export const use = new Date();'],
    ['eval', "export const use = eval('1');"],
    ['new Function', "export const use = new Function('return 1');"],
  ] as const;
  const file = (index: number, suffix: string) => `packages/vga/src/use-${index}${suffix}`;
  const found = new Set<string>();
  beforeAll(() => {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    USES.forEach(([, source], index) => {
      write(file(index, '.ts'), source);
      write(file(index, '.test.ts'), source);
    });
    const { diagnostics } = JSON.parse(output(programOf('oxlint'), ['-f', 'json', 'packages'])) as {
      diagnostics: { filename: string; severity: string; code: string }[];
    };
    for (const { filename, severity, code } of diagnostics) {
      if (severity === 'error' && /no-restricted-|no-eval|no-new-func/.test(code)) found.add(filename);
    }
  }, 60_000);

  it('is denied in time, timers, randomness, network and DOM', () => {
    const names = ['Date', 'performance', 'setTimeout', 'process', 'fetch', 'document', 'window', 'globalThis'];
    expect(deniedGlobals()).toEqual(expect.arrayContaining(names));
  });

  it.each(USES.map(([name], index) => [name, index] as const))('%s is refused in a package', (_name, index) => {
    expect(found).toContain(file(index, '.ts'));
  });

  it('is open to tests, but for the evaluation of text', () => {
    const inTests = USES.filter((_use, index) => found.has(file(index, '.test.ts'))).map(([name]) => name);
    expect(inTests).toEqual(['eval', 'new Function']);
  });
});

function deniedGlobals(): string[] {
  type Denied = { name: string };
  type Override = { files: string[]; rules: { 'no-restricted-globals'?: 'off' | ['error', ...Denied[]] } };
  const { overrides } = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as { overrides: Override[] };
  const rule = overrides.find(({ files }) => files.includes('packages/*/src/**/*.ts'))?.rules['no-restricted-globals'];
  if (!Array.isArray(rule)) throw new Error('.oxlintrc.json denies no globals');
  return rule.slice(1).map((denied) => (denied as Denied).name);
}

describe('manifests', () => {
  /** Names of workspace packages without their scope. */
  const ours = (...groups: readonly (object | undefined)[]) =>
    groups
      .flatMap((group) => Object.keys(group ?? {}))
      .filter((name) => name.startsWith('@longmode/'))
      .map((name) => name.replace('@longmode/', ''))
      .sort();

  it.each(packageFolders(['packages']))('%s depends on what its arrows allow, and on nothing outside', (folder) => {
    const allowed = ARROWS[folder.replace('packages/', '')] ?? PART;
    const pattern = new RegExp(`^@longmode/(?:${allowed.join('|')})$`);
    const { dependencies, optionalDependencies, peerDependencies } = readManifest(folder);
    for (const name of Object.keys(dependencies ?? {})) expect(name).toMatch(pattern);
    expect([optionalDependencies, peerDependencies]).toEqual([undefined, undefined]);
  });

  it.each(packageFolders(['apps']))('%s depends on no part', (folder) => {
    const { dependencies, devDependencies } = readManifest(folder);
    expect(APP).toEqual(expect.arrayContaining(ours(dependencies, devDependencies)));
  });

  it.each(packageFolders())('%s is built after its dependencies', (folder) => {
    const config = readFileSync(join(ROOT, folder, 'tsconfig.lib.json'), 'utf8');
    const { references = [] } = JSON.parse(config) as { references?: { path: string }[] };
    const built = references.map(({ path }) => /([^/]+)\/tsconfig\.lib\.json$/.exec(path)?.[1] ?? path);
    const { dependencies, devDependencies } = readManifest(folder);
    expect(built).toEqual(expect.arrayContaining(ours(dependencies)));
    expect(ours(dependencies, devDependencies)).toEqual(expect.arrayContaining(built));
  });

  it('are all part of the workspace build', () => {
    const { references } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
      references: { path: string }[];
    };
    expect(references.map(({ path }) => path)).toEqual(expect.arrayContaining(packageFolders()));
  });
});
