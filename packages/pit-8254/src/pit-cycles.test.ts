import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cyclesAt, PIT_FREQUENCY_HZ, tickOfCycle } from './pit-cycles.ts';

const HZ = BigInt(PIT_FREQUENCY_HZ);
const BILLION = 1_000_000_000n;
const exactCycles = (tick: number): bigint => (BigInt(tick) * HZ) / BILLION;
const exactTick = (cycle: number): bigint => (BigInt(cycle) * BILLION + HZ - 1n) / HZ;

it.each([0, 1, 838, 839, 999_999_999, 1_000_000_000, 1_000_000_001, Number.MAX_SAFE_INTEGER])(
  'tick %d is exact',
  (tick) => {
    expect(BigInt(cyclesAt(tick))).toBe(exactCycles(tick));
  },
);

it('both directions agree with unlimited integers over the whole of time', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (tick) => {
      const cycle = cyclesAt(tick);
      expect(BigInt(cycle)).toBe(exactCycles(tick));
      expect(BigInt(tickOfCycle(cycle))).toBe(exactTick(cycle));
    }),
    { numRuns: 5000 },
  );
});

it('both directions agree around every second and at every remainder that is tight', () => {
  for (let second = 0; second < 2000; second++) {
    for (let around = -3; around <= 3; around++) {
      const cycle = second * PIT_FREQUENCY_HZ + around;
      if (cycle < 0) continue;
      const tick = tickOfCycle(cycle);
      expect(BigInt(tick)).toBe(exactTick(cycle));
      expect(cyclesAt(tick)).toBe(cycle);
      if (tick > 0) expect(cyclesAt(tick - 1)).toBe(cycle - 1);
    }
  }
});
