import type { CpuState } from '../../state/cpu-state.ts';
import { BUDGET, FAULT_VECTOR, NO_FAULT, RECORD } from '../../state/layout.ts';
import type { CodeCache } from '../code-cache.ts';
import { STATUS_BRANCH, STATUS_NEXT } from '../interpreter/core-functions.ts';
import type { HandlerRegistry, InstalledFunction } from '../interpreter/handler-registry.ts';
import { EngineDivergenceError } from './divergence.ts';
import { narrow } from './narrowing.ts';
import type { Replay } from './replay.ts';
import { type TrialParts, type UnitEntry, type UnitExit, UnitTrial } from './unit-trial.ts';

/** What a checker works on. */
export interface CheckedEngine extends TrialParts {
  readonly registry: HandlerRegistry;
  /** Instructions that have retired since reset, if BUDGET says what is left of the slice. */
  retired(): number;
  /** Ends the running slice, of which so many instructions since reset have retired, with RIP in the state. */
  endSlice(retired: number): void;
}

/** How much was compared. */
export interface CheckStatistics {
  /** Runs of compiled code that executed something. */
  runs: number;
  /** Instructions in them. */
  instructions: number;
}

/** Stands in the place of compiled code: runs it, lets the interpreter do the same again, and compares. */
export class UnitChecker {
  readonly statistics: CheckStatistics = { runs: 0, instructions: 0 };
  readonly #engine: CheckedEngine;
  readonly #state: CpuState;
  readonly #cache: CodeCache;
  readonly #trial: UnitTrial;
  #isBusy = false;

  constructor(engine: CheckedEngine) {
    this.#engine = engine;
    this.#state = engine.state;
    this.#cache = engine.cache;
    this.#trial = new UnitTrial(engine);
  }

  /** The interpreter that repeats what compiled code did, while it does. */
  get activeReplay(): Replay | undefined {
    return this.#isBusy ? this.#trial.replay : undefined;
  }

  /**
   * Runs the unit that a head leads to, and compares.
   *
   * @returns what the unit returned, and everything as it left it
   * @throws {EngineDivergenceError}
   */
  check(head: number, unit: InstalledFunction): number {
    // The interpreter of a replay runs all blocks itself, as it does where a unit declines.
    if (this.#isBusy) return STATUS_NEXT;
    this.#isBusy = true;
    try {
      return this.#check(head, unit);
    } finally {
      this.#isBusy = false;
    }
  }

  #check(head: number, unit: InstalledFunction): number {
    const trial = this.#trial;
    const { flushCount } = this.#cache;
    const retired = this.#engine.retired();
    const entry = trial.enter(head);
    const exit = trial.attempt(entry, unit);
    if (!trial.isSame(exit)) throw this.#divergence(retired, entry, exit, unit);
    if (exit.retired > 0) this.statistics.runs++;
    this.statistics.instructions += exit.retired;
    trial.accept();
    return flushCount === this.#cache.flushCount ? exit.status : this.#leaveByRip(entry, exit);
  }

  /** The records that the unit named are gone: goes on at its RIP, where an exception comes up again. */
  #leaveByRip(entry: UnitEntry, exit: UnitExit): number {
    const state = this.#state;
    state.rip = exit.rip;
    state.setField(FAULT_VECTOR, NO_FAULT);
    state.setField(RECORD, entry.head);
    // The core takes the record's count off the budget.
    state.setField(BUDGET, entry.budget - exit.retired + this.#cache.countOf(entry.head));
    return STATUS_BRANCH;
  }

  #divergence(retired: number, entry: UnitEntry, exit: UnitExit, unit: InstalledFunction): EngineDivergenceError {
    const page = this.#cache.blockOf(entry.head)?.page ?? 0;
    const physical = page * 0x1000 + this.#cache.offsetOf(entry.head);
    const found = narrow({ trial: this.#trial, engine: this.#engine, entry, unit, page });
    const { start, ...rest } = found;
    this.#trial.restore();
    this.#state.rip = start;
    this.#engine.endSlice(retired + rest.agreed);
    const { rip } = entry;
    return new EngineDivergenceError({ instructionCount: retired, retired: exit.retired, rip, physical, ...rest });
  }
}
