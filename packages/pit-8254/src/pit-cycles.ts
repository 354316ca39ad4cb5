/** The CLK input of a PC's 8254 in Hz: the 14.31818 MHz crystal divided by twelve. */
export const PIT_FREQUENCY_HZ = 1_193_182;

const TICKS_PER_SECOND = 1_000_000_000;

// Both directions split off whole seconds, so that every product stays below 2^53 and every result is exact: there is no drift.

/**
 * @param tick virtual time in nanoseconds
 * @returns how many CLK pulses have come by then
 */
export function cyclesAt(tick: number): number {
  const seconds = Math.floor(tick / TICKS_PER_SECOND);
  const rest = tick - seconds * TICKS_PER_SECOND;
  return seconds * PIT_FREQUENCY_HZ + Math.floor((rest * PIT_FREQUENCY_HZ) / TICKS_PER_SECOND);
}

/**
 * @param cycle number of a CLK pulse, the first being 1
 * @returns the first tick at which that pulse has come
 */
export function tickOfCycle(cycle: number): number {
  const seconds = Math.floor(cycle / PIT_FREQUENCY_HZ);
  const rest = cycle - seconds * PIT_FREQUENCY_HZ;
  return seconds * TICKS_PER_SECOND + Math.ceil((rest * TICKS_PER_SECOND) / PIT_FREQUENCY_HZ);
}
