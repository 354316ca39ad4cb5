import { describe, expect, it } from 'vitest';
import { compareEngines } from './comparison.test.fixture.ts';
import { FORMS } from './machine.test.fixture.ts';

const IS_FULL = process.env.LONGMODE_FULL === '1';
const SEED_COUNT = IS_FULL ? 150 : 4;
const STEPPED_COUNT = IS_FULL ? 50 : 1;

/** Seeds that once showed a mistake, with the name of the form. `tools/fuzz-engines.mjs` finds more. */
const REGRESSIONS: readonly (readonly [seed: number, form: string])[] = [];

describe.each(FORMS)('random programs in $name', (form) => {
  it('give the same in all engines', { timeout: 1_800_000 }, () => {
    let instructions = 0;
    let checked = 0;
    for (let seed = 0; seed < SEED_COUNT; seed++) {
      const result = compareEngines(seed, form, IS_FULL ? {} : { instructions: 8000 });
      expect(result.divergence).toBeUndefined();
      instructions += result.instructions;
      checked += result.checked;
    }
    // Programs that do not run, or are not compiled, would prove nothing.
    expect(instructions / SEED_COUNT).toBeGreaterThan(4000);
    expect(checked).toBeGreaterThan(0.2 * instructions);
  });

  it('give what an interpreter gives that remembers nothing', { timeout: 1_800_000 }, () => {
    for (let seed = 1000; seed < 1000 + STEPPED_COUNT; seed++) {
      expect(compareEngines(seed, form, { isStepped: true }).divergence).toBeUndefined();
    }
  });
});

describe.skipIf(REGRESSIONS.length === 0)('seeds that once differed', () => {
  it.each(REGRESSIONS)('%i, %s', (seed, name) => {
    const form = FORMS.find((one) => one.name === name);
    expect(form && compareEngines(seed, form).divergence).toBeUndefined();
  });
});
