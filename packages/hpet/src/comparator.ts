import { type HpetTimerState, integerOf, WIDE_MASK, wide } from './hpet-state.ts';

/** Bits of a timer's configuration. */
export const LEVEL: number = 1 << 1;
export const ENABLE: number = 1 << 2;
const PERIODIC = 1 << 3;
const VALUE_SET = 1 << 6;
const MODE_32 = 1 << 8;
const ROUTE_SHIFT = 9;
const ROUTE_MASK = 0x1f;
const LOW = 0xffff_ffffn;

export const routeOf = (timer: HpetTimerState): number => (timer.configuration >> ROUTE_SHIFT) & ROUTE_MASK;
export const isLevel = (timer: HpetTimerState): boolean => (timer.configuration & LEVEL) !== 0;
export const isEnabled = (timer: HpetTimerState): boolean => (timer.configuration & ENABLE) !== 0;

/** All values that the comparator can have: 64 bits, or 32 where the guest says so. */
const maskOf = (timer: HpetTimerState): bigint => ((timer.configuration & MODE_32) !== 0 ? LOW : WIDE_MASK);

/** Counts from when the comparator was last looked at until it matches: at least one, for that count is dealt with. */
function distance(timer: HpetTimerState): bigint {
  const mask = maskOf(timer);
  const counts = (integerOf(timer.comparator) - integerOf(timer.checked)) & mask;
  return counts === 0n ? mask + 1n : counts;
}

/**
 * Lets the comparator see what the main counter has come to.
 *
 * @returns whether it has matched on the way; in periodic mode it is at its next match then
 */
export function passTo(timer: HpetTimerState, counter: bigint): boolean {
  const passed = (counter - integerOf(timer.checked)) & WIDE_MASK;
  const first = distance(timer);
  timer.checked = wide(counter);
  if (passed < first) return false;
  const period = integerOf(timer.period);
  if ((timer.configuration & PERIODIC) !== 0 && period !== 0n) {
    const matches = 1n + (passed - first) / period;
    timer.comparator = wide((integerOf(timer.comparator) + matches * period) & maskOf(timer));
  }
  return true;
}

/** Counts from `checked` until the next match. */
export const countsToMatch = (timer: HpetTimerState): bigint => distance(timer);

/** The main counter is set: whatever it passes on the way is no match. */
export function jumpTo(timer: HpetTimerState, counter: bigint): void {
  timer.checked = wide(counter);
}

/** @param isRoute whether an input of the I/O APIC can be reached; another route is not taken */
export function writeConfiguration(timer: HpetTimerState, value: number, isRoute: (input: number) => boolean): void {
  const isGoodRoute = isRoute((value >> ROUTE_SHIFT) & ROUTE_MASK);
  const route = (isGoodRoute ? value : timer.configuration) & (ROUTE_MASK << ROUTE_SHIFT);
  timer.configuration = (value & (LEVEL | ENABLE | PERIODIC | VALUE_SET | MODE_32)) | route;
  if ((value & MODE_32) !== 0) {
    timer.comparator.high = 0;
    timer.period.high = 0;
  }
  if (isLevel(timer) || !isEnabled(timer)) timer.isRaised = false;
}

/**
 * Writes half of the comparator register. In periodic mode that is the period, and with "value set" also the comparator,
 * for one write of 32 or 64 bits.
 *
 * @source IA-PC HPET Specification 1.0a, "Timer N Comparator Register", "Periodic Mode"
 */
export function writeComparator(timer: HpetTimerState, half: 'low' | 'high', value: number): void {
  if (half === 'high' && (timer.configuration & MODE_32) !== 0) return;
  const isPeriodic = (timer.configuration & PERIODIC) !== 0;
  const isSet = (timer.configuration & VALUE_SET) !== 0;
  if (!isPeriodic || isSet || (half === 'high' && timer.isHalfSet)) timer.comparator[half] = value;
  if (isPeriodic) timer.period[half] = value;
  timer.isHalfSet = half === 'low' && isSet;
  timer.configuration &= ~VALUE_SET;
}
