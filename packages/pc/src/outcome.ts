import type { ExceptionEntry } from '@longmode/cpu-x86';

/** Why a run ended, or paused. */
export type Outcome =
  /** The limits given to `run` are reached; running on is possible. */
  | { readonly kind: 'limit' }
  /** The guest wrote `value` to the debug-exit port. */
  | { readonly kind: 'debug-exit'; readonly value: number }
  /** An exception could not be delivered, nor the double fault that followed: the processor has shut down. */
  | { readonly kind: 'triple-fault'; readonly chain: readonly ExceptionEntry[] }
  /** HLT with interrupts off, or with all that could come masked: nothing can ever wake the processor. */
  | { readonly kind: 'halted'; readonly rip: bigint }
  /** HLT with interrupts on, and no alarm can raise an interrupt that is not masked: only input can wake the processor. */
  | { readonly kind: 'idle'; readonly rip: bigint }
  /** The guest pulled the reset line, and the machine was told not to reboot. */
  | { readonly kind: 'reset' }
  /** The guest turned the machine off. */
  | { readonly kind: 'power-off' }
  /** `requestStop` was called. */
  | { readonly kind: 'stopped' };

/** The kinds of {@link Outcome}. */
export type OutcomeKind = Outcome['kind'];
