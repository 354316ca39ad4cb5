import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LOADER = fileURLToPath(new URL('../bin/compile-cache.js', import.meta.url));
const CACHE = join('.compiled', `node-${process.version}-${process.arch}`);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longmode-compiled-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a program that ends with a name of its contents, as the build does. */
function program(text: string, id: string): void {
  writeFileSync(join(folder, 'program.cjs'), `${text}\n//${id.padEnd(64)}`);
}

function run(options: { args?: string[]; env?: Record<string, string> } = {}): string {
  const script = `require(${JSON.stringify(LOADER)}).requireCompiled(${JSON.stringify(join(folder, 'program.cjs'))})`;
  const args = ['-e', script, '--', ...(options.args ?? [])];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...options.env },
  });
  return stdout + stderr;
}

const cache = (): string => join(folder, CACHE);

describe('the compile cache', () => {
  it('keeps at the end of a run what it compiled, and adds to it for some runs', () => {
    program(
      `const unused = () => { ${'Math.random();'.repeat(1000)} };
       if (process.argv.at(-1) === 'more') unused();
       console.log(require('node:path').basename(__filename))`,
      'a',
    );
    const size = (...args: string[]): number => {
      expect(run({ args })).toBe('program.cjs\n');
      return statSync(cache()).size;
    };
    const first = size();
    expect(size('more')).toBeGreaterThan(first + 1000);
    // What the run before used and this one did not stays.
    expect(size()).toBeGreaterThan(first + 1000);
    size();
    const { mtimeMs } = statSync(cache());
    size();
    expect(statSync(cache()).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(join(folder, '.compiled'))).toHaveLength(1);
  });

  it('does not take what another program of the same length left', () => {
    program('console.log("one")', 'a');
    run();
    const before = readFileSync(cache());
    program('console.log("two")', 'b');
    expect(run()).toBe('two\n');
    expect(readFileSync(cache()).equals(before)).toBe(false);
    expect(run()).toBe('two\n');
  });

  it('survives a damaged file, and replaces it', () => {
    program('console.log("one")', 'a');
    run();
    const whole = readFileSync(cache());
    writeFileSync(cache(), Buffer.concat([whole.subarray(0, 64), Buffer.alloc(whole.length - 64, 0x5a)]));
    expect(run()).toBe('one\n');
    expect(readFileSync(cache()).subarray(64, 73)).toEqual(whole.subarray(64, 73));
    writeFileSync(cache(), '');
    expect(run()).toBe('one\n');
    expect(statSync(cache()).size).toBe(whole.length);
  });

  it('is not written when nothing has run, or where nothing can be written', () => {
    program('process.exitCode = Number(process.argv.at(-1)) || 0', 'a');
    for (const args of [['--help'], ['--version'], ['64'], ['78']]) run({ args });
    run({ env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
    expect(existsSync(cache())).toBe(false);
    writeFileSync(join(folder, '.compiled'), '');
    expect(run()).toBe('');
    rmSync(join(folder, '.compiled'));
    run({ args: ['33'] });
    expect(existsSync(cache())).toBe(true);
  });
});
