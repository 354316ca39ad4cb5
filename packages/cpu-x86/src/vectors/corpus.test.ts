/**
 * Instructions that a real processor ran, of every row of the opcode tables in 64-bit, 32-bit and 16-bit code: a sample of
 * the corpus of `@longmode/x86-vectors`. All of it runs by `npm run test:corpus`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { type CodeSize, VectorFile, type VectorGroup } from '@longmode/x86-vectors';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../cpu.ts';
import { ENCODINGS } from '../decode/index.ts';
import { CorpusChecker } from './corpus-check.test.fixture.ts';
import { rowExclusion, rowOf } from './corpus-exclusions.test.fixture.ts';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('@longmode/x86-vectors/data/index.json'));

/** Cases of each group that an engine runs. */
const LIMITS: Readonly<Record<Engine, number>> = { interpreter: 6, jit: 2, check: 2 };
/** Of each row in each code size. */
const CASES_MIN = 200;
const TIMEOUT_MS = 300_000;

const readVectors = (codeSize: CodeSize): VectorFile =>
  new VectorFile(brotliDecompressSync(readFileSync(join(folder, `cpl3-${codeSize}.vectors.br`))));

describe.each([64, 32, 16] as const)('recorded instructions in %i-bit code', (codeSize) => {
  const file = readVectors(codeSize);
  const groups = file.header.groups.map((group, index) => ({ group, index }));
  const emulated = groups.filter(({ group }) => rowExclusion(group) === undefined);

  it.each(['interpreter', 'jit', 'check'] as const)(
    'have their recorded results in the engine %s',
    (engine) => {
      const checker = new CorpusChecker({ engine, jit: { threshold: 2, warmUp: 0 } });
      const mismatches: string[] = [];
      let count = 0;
      for (const { index } of emulated) {
        const result = checker.checkGroup(file, index, { limit: LIMITS[engine] });
        count += result.count;
        mismatches.push(...result.mismatches);
      }
      expect(mismatches.slice(0, 20)).toEqual([]);
      expect(count).toBeGreaterThan(emulated.length);
      expect(checker.compiledCount > 0).toBe(engine !== 'interpreter');
      // Of the others, most raise an exception at once or are never compiled.
      if (engine === 'check') expect(checker.checkedRuns).toBeGreaterThan(count / 3);
    },
    TIMEOUT_MS,
  );

  it('are 200 at least of every row that exists there', () => {
    expect(file.header.groups.filter(({ count }) => count < CASES_MIN).map(({ row }) => row.mnemonic)).toEqual([]);
    const recorded = new Set(file.header.groups.map((group) => rowOf(group)));
    const missing = ENCODINGS.filter(
      (row) => isIn(codeSize, row) && !recorded.has(row) && !NOT_RECORDED.has(row.mnemonic),
    );
    expect(missing.map(({ mnemonic, operands }) => `${mnemonic} ${operands}`)).toEqual([]);
  });
});

/** What a user process cannot record: see tools/hardware-vectors/exclusions.mjs. */
const NOT_RECORDED: ReadonlySet<string> = new Set(['SYSCALL', 'SYSENTER', 'SGDT', 'SIDT', 'SLDT', 'STR', 'SMSW']);

function isIn(codeSize: CodeSize, row: (typeof ENCODINGS)[number]): boolean {
  if (codeSize === 64) return !row.invalid64;
  return !row.only64 && row.rexW !== 1 && row.rexB !== 1;
}

describe('the comparison with recorded instructions', () => {
  it('sees another register, flag, RIP, byte of memory and exception', () => {
    const file = readVectors(64);
    const index = file.header.groups.findIndex(
      ({ row }: VectorGroup) => row.mnemonic === 'ADD' && row.operands === 'Ev,Gv',
    );
    const broken = new VectorFile(brotliDecompressSync(readFileSync(join(folder, 'cpl3-64.vectors.br'))));
    const real = broken.cases.bind(broken);
    const changes: readonly ((state: Uint8Array) => void)[] = [
      (state) => change(state, 8),
      (state) => change(state, 128),
      (state) => change(state, 136),
    ];
    broken.cases = function* (group) {
      let n = 0;
      for (const test of real(group)) {
        const after = test.after.slice();
        changes[n++ % changes.length]?.(after);
        yield { ...test, after };
      }
    };
    const { count, mismatchCount } = new CorpusChecker({}).checkGroup(broken, index);
    expect(mismatchCount).toBe(count);
    expect(new CorpusChecker({}).checkGroup(file, index).mismatchCount).toBe(0);
  });
});

const change = (state: Uint8Array, at: number): void => {
  state[at] = (state[at] as number) ^ 1;
};
