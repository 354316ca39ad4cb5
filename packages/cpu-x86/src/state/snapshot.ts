import { type ArchitecturalState, CpuStateError, checkState } from './architectural-state.ts';

/** A processor between two instructions, as plain data that survives `structuredClone`. */
export interface CpuSnapshot {
  readonly state: ArchitecturalState;
  /** Instructions retired since reset. */
  readonly retired: number;
  /** Ticks of the time-stamp counter since reset that no instruction took. */
  readonly idleTicks: number;
  readonly nmiPending: boolean;
  readonly isNmiBlocked: boolean;
  /** Breakpoints on data that a load of SS has met, as bits 0 to 3 of DR6, while they wait for the next instruction. */
  readonly heldBreakpoints: number;
}

/**
 * Throws unless `data` is a snapshot of a processor.
 *
 * @throws {CpuStateError}
 */
export function checkSnapshot(data: unknown): asserts data is CpuSnapshot {
  if (typeof data !== 'object' || data === null) throw new CpuStateError('snapshot', 'expected a record');
  const found = data as Record<keyof CpuSnapshot, unknown>;
  for (const name of ['retired', 'idleTicks'] as const) {
    if (!Number.isSafeInteger(found[name]) || (found[name] as number) < 0) {
      throw new CpuStateError(name, 'expected a whole number that is not negative');
    }
  }
  const { heldBreakpoints } = found;
  if (!Number.isInteger(heldBreakpoints) || ((heldBreakpoints as number) & ~0xf) !== 0) {
    throw new CpuStateError('heldBreakpoints', 'expected an unsigned number of 4 bits');
  }
  for (const name of ['nmiPending', 'isNmiBlocked'] as const) {
    if (typeof found[name] !== 'boolean') throw new CpuStateError(name, 'expected a boolean');
  }
  checkState(found.state);
}
