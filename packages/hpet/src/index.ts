/** High precision event timers. */
export { HPET_CAPABILITIES, HPET_SIZE_BYTES, Hpet, type HpetDependencies } from './hpet.ts';
export { HpetError, type HpetState, type HpetTimerState } from './hpet-state.ts';
