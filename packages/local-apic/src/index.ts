/** The local APIC of a processor. */
export { LOCAL_APIC_ADDRESS, LOCAL_APIC_SIZE_BYTES, LocalApic, type LocalApicDependencies } from './local-apic.ts';
export { LocalApicError, type LocalApicState } from './local-apic-state.ts';
export type { InterruptMessage } from './message.ts';
export { VERSION_VALUE as LOCAL_APIC_VERSION } from './registers.ts';
export type { ApicTimerState } from './timer.ts';
