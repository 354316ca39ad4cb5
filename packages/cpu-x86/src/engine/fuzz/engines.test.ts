import { describe, expect, it } from 'vitest';
import { compareEngines } from './comparison.test.fixture.ts';
import { FORMS, type Form } from './machine.test.fixture.ts';

const IS_FULL = process.env.LONGMODE_FULL === '1';
const SEED_COUNT = IS_FULL ? 12 : 4;
const STEPPED_COUNT = IS_FULL ? 4 : 1;

/**
 * Seeds that once showed a mistake, in what form, and whether one instruction at a time: as long as programs are written as
 * they are now. `tools/fuzz-engines.mjs` finds more.
 */
const REGRESSIONS: readonly (readonly [seed: number, form: string, isStepped: boolean])[] = [
  // Flags that were dropped although an interrupt from device memory shows them.
  [78, '64-bit mode, unprivileged', true],
  // A repeated store over itself, cut at different places.
  [34, 'protected mode', true],
  // RF that stayed set until a slice ended.
  // RF behind an IRET, where time is up before another instruction of the system.
  [7601, 'compatibility mode', true],
  [7621, '64-bit mode', true],
  [70029, 'compatibility mode', true],
  // The instant at which code is fetched from a device, behind a block of several instructions.
  [9933, 'protected mode', true],
];

describe.each(FORMS)('random programs in $name', (form) => {
  it('give the same in all engines', { timeout: 1_800_000 }, () => {
    let instructions = 0;
    let checked = 0;
    const seedCount = form.hasVectors && !IS_FULL ? 2 : SEED_COUNT;
    for (let seed = 0; seed < seedCount; seed++) {
      const result = compareEngines(seed, form, IS_FULL ? {} : { instructions: 8000 });
      expect(result.divergence).toBeUndefined();
      instructions += result.instructions;
      checked += result.checked;
    }
    // Programs that do not run, or are not compiled, would prove nothing.
    expect(instructions / seedCount).toBeGreaterThan(4000);
    expect(checked / seedCount).toBeGreaterThan(IS_FULL ? 4000 : 400);
  });

  it('give what an interpreter gives that remembers nothing', { timeout: 1_800_000 }, () => {
    for (let seed = 1000; seed < 1000 + STEPPED_COUNT; seed++) {
      expect(compareEngines(seed, form, { isStepped: true }).divergence).toBeUndefined();
    }
  });
});

it.each(REGRESSIONS)('Seed %i in %s gives the same again', (seed, name, isStepped) => {
  const form = FORMS.find((one) => one.name === name) as Form;
  expect(compareEngines(seed, form, { isStepped }).divergence).toBeUndefined();
});
