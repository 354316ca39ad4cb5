/** A PC in one object, and what boots on it. */
export { type PcConfig, type PcEvents, RAM_SIZE_DEFAULT_BYTES } from './config.ts';
export type { Outcome, OutcomeKind } from './outcome.ts';
export { Pc } from './pc.ts';
export { debugExitCode } from './ports/debug-exit.ts';
