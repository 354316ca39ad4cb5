import { OUTCOME_EXIT } from '../../semantics/system/context.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { BUDGET, FAULT_VECTOR, INTERRUPT_SHADOW, NO_FAULT } from '../../state/layout.ts';
import type { CodeCache } from '../code-cache.ts';
import type { CoreImports } from '../interpreter/core-module.ts';
import { BLOCK_LENGTH_MAX } from '../interpreter/record.ts';
import { RUN_EXIT, RUN_FAULT, RUN_LIMIT, RUN_LOOKUP, RUN_OUTSIDE } from '../interpreter/run-function.ts';

/** How a replay ended. */
export type ReplayEnd = 'done' | 'fault' | 'no-code' | 'exit';

const ENDS: Readonly<Record<number, ReplayEnd>> = {
  [RUN_LIMIT]: 'done',
  [RUN_FAULT]: 'fault',
  [RUN_EXIT]: 'exit',
  [RUN_LOOKUP]: 'no-code',
  // The branch itself has run, as in the unit.
  [RUN_OUTSIDE]: 'done',
};

/** The interpreter of a replay: runs an exact number of instructions, and whatever compiled code never does ends it. */
export class Replay {
  readonly #state: CpuState;
  readonly #cache: CodeCache;
  readonly #run: (record: number, budget: number) => number;
  #strayed: string | undefined;

  constructor(parts: { state: CpuState; cache: CodeCache; run: (record: number, budget: number) => number }) {
    this.#state = parts.state;
    this.#cache = parts.cache;
    this.#run = parts.run;
  }

  /** What the last run did that compiled code never does. */
  get strayed(): string | undefined {
    return this.#strayed;
  }

  /** Runs from the state's RIP on, in the slices that `Cpu` makes too. */
  run(count: number): ReplayEnd {
    this.#strayed = undefined;
    const end = this.#runSlices(count);
    this.#cache.passStop();
    return end;
  }

  #runSlices(count: number): ReplayEnd {
    const state = this.#state;
    for (let left = count; left > 0; ) {
      state.setField(BUDGET, left);
      state.setField(FAULT_VECTOR, NO_FAULT);
      state.setField(INTERRUPT_SHADOW, 0);
      const record = left < BLOCK_LENGTH_MAX ? this.#cache.lookupShort(left) : this.#cache.lookup();
      if (record === 0) return 'no-code';
      const end = ENDS[this.#run(record, left)] ?? 'exit';
      // An event that may not wait is none of the replay's business.
      if (end !== 'done' && (end !== 'exit' || this.#strayed !== undefined)) return end;
      left = state.field(BUDGET) | 0;
    }
    return 'done';
  }

  /** Tells that the run does what compiled code never does. */
  stray(what: string): void {
    this.#strayed ??= what;
  }
}

/** The same imports, but a replay gets neither memory that the TLB does not know nor system operations. */
export function guardImports(imports: CoreImports, activeReplay: () => Replay | undefined): CoreImports {
  const guard =
    (go: (low: number, high: number, info: number) => number) =>
    (low: number, high: number, info: number): number => {
      const replay = activeReplay();
      if (replay === undefined) return go(low, high, info);
      replay.stray('memory that the TLB does not know');
      return 0;
    };
  return {
    ...imports,
    translateRead: guard(imports.translateRead),
    translateWrite: guard(imports.translateWrite),
    translateOpen: guard(imports.translateOpen),
    system: (record) => {
      const replay = activeReplay();
      if (replay === undefined) return imports.system(record);
      replay.stray('an instruction that is never compiled');
      return OUTCOME_EXIT;
    },
  };
}
