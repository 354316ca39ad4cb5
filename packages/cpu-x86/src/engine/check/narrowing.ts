import { formatInstruction } from '../../decode/format.ts';
import { BUDGET, CODE_BASE, MODE, RIP_BASE } from '../../state/layout.ts';
import type { CodeCache } from '../code-cache.ts';
import type { HandlerRegistry, InstalledFunction } from '../interpreter/handler-registry.ts';
import { RECORD_SIZE_BYTES } from '../interpreter/record.ts';
import { RegionBuilder } from '../jit/region.ts';
import { generateUnitModule } from '../jit/unit-module.ts';
import { WASM_PAGE_SIZE_BYTES } from '../memory-plan.ts';
import type { CpuDivergence, ExecutedInstruction } from './divergence.ts';
import type { TrialParts, UnitEntry, UnitExit, UnitTrial } from './unit-trial.ts';

/** Bytes of memory that are told. */
const BYTES_MAX = 16;
/** How far from what a unit says of its instructions the interpreter is tried. */
const COUNT_DISTANCE_MAX = 8;
/** Instructions of the path at most. */
const PATH_MAX = 2000;
const REGION_LIMIT = 4000;

interface Narrowing {
  readonly trial: UnitTrial;
  readonly engine: TrialParts & { readonly registry: HandlerRegistry };
  readonly entry: UnitEntry;
  readonly unit: InstalledFunction;
  /** Physical page of the unit's code. */
  readonly page: number;
}

type Differences = Pick<CpuDivergence, 'fields' | 'memory' | 'strayed'>;

/** What is known of a divergence, and the RIP at the beginning of its path; `restore` of the trial leads there. */
export interface Narrowed extends Differences, Pick<CpuDivergence, 'agreed' | 'path' | 'culprit'> {
  readonly start: bigint;
}

/**
 * Looks for the shortest run that differs, and in it for the first instruction to blame. A unit looks at its budget in every
 * round of a loop, so that the smallest budget with which it differs leaves one round. That round is compiled again,
 * cut before its second instruction, its third, and so on, until the result differs.
 */
export function narrow(parts: Narrowing): Narrowed {
  const { trial, engine, entry, unit } = parts;
  const { state } = engine;
  let agreed = 0;
  let budget = entry.budget;
  for (let low = 0; budget - low > 1; ) {
    const middle = (low + budget) >> 1;
    trial.restore();
    const exit = trial.attempt(entry, unit, middle);
    if (trial.isSame(exit)) {
      low = middle;
      agreed = exit.retired;
    } else budget = middle;
  }
  trial.restore();
  const exit = trial.attempt(entry, unit, budget);
  const differences = differencesOf(trial, entry, exit, () => trial.attempt(entry, unit, budget));

  trial.restore();
  trial.interpret(entry, agreed, false);
  state.setField(BUDGET, entry.budget);
  const start = trial.enter(entry.head, state.rip);
  const path = walk(parts, start, exit.retired - agreed + (exit.fault ? 1 : 0));
  const blamed = blame(parts, start, path);
  return { ...(blamed?.differences ?? differences), agreed, path, culprit: blamed?.culprit, start: start.rip };
}

/** Tells what differs after an attempt, or that only the number of instructions does. @param again repeats the attempt */
function differencesOf(trial: UnitTrial, entry: UnitEntry, exit: UnitExit, again: () => void): Differences {
  for (let distance = 1; distance <= COUNT_DISTANCE_MAX; distance++) {
    for (const count of [exit.retired - distance, exit.retired + distance]) {
      if (count < 0) continue;
      trial.restore();
      trial.interpret(entry, count, exit.fault !== undefined);
      if (!trial.isSame(exit)) continue;
      const field = { name: 'instructions', compiled: BigInt(exit.retired), interpreted: BigInt(count) };
      return { fields: [field], memory: [], strayed: undefined };
    }
  }
  trial.restore();
  again();
  const fields = trial.fieldDifferences(exit);
  return { fields, memory: trial.byteDifferences(BYTES_MAX), strayed: trial.replay.strayed };
}

/** Lets the interpreter go from the start one instruction at a time. Repetitions of an instruction are told once. */
function walk({ trial, engine, page }: Narrowing, start: UnitEntry, count: number): ExecutedInstruction[] {
  const { state, cache, memory } = engine;
  const path: ExecutedInstruction[] = [];
  const ripBase = state.wideField(RIP_BASE);
  trial.restore();
  state.rip = start.rip;
  for (let i = 0; i < Math.min(count, PATH_MAX); i++) {
    const { rip } = state;
    const record = cache.lookupShort(1);
    const instruction = record === 0 ? undefined : cache.instructionOf(record);
    if (instruction === undefined || !('encoding' in instruction)) break;
    if (path.at(-1)?.rip !== rip) {
      const host = memory.hostOfPage(page) + cache.offsetOf(record);
      const isHere = state.wideField(RIP_BASE) === ripBase;
      const bytes = isHere ? memory.bytes.slice(host, host + instruction.length) : new Uint8Array();
      const linear = BigInt.asUintN(64, rip + state.wideField(CODE_BASE));
      path.push({ rip, linear, bytes, text: formatInstruction(instruction, { ip: rip }) });
    }
    if (trial.replay.run(1) !== 'done') break;
  }
  return path;
}

/** @returns the position of the first instruction whose effects differ, and which these are; undefined if none is found */
function blame(
  parts: Narrowing,
  start: UnitEntry,
  path: readonly ExecutedInstruction[],
): { readonly culprit: number; readonly differences: Differences } | undefined {
  const { trial } = parts;
  for (let length = 1; length <= path.length; length++) {
    const unit = compileUpTo(parts, start, path[length]);
    if (unit === undefined) continue;
    const attempt = (budget: number): UnitExit => {
      trial.restore();
      return trial.attempt(start, unit, budget);
    };
    // The smallest budget that it takes up: it leaves at the next loop.
    let budget = start.budget;
    for (let low = 0; budget - low > 1; ) {
      const middle = (low + budget) >> 1;
      if (attempt(middle).retired === 0) low = middle;
      else budget = middle;
    }
    const exit = attempt(budget);
    if (trial.isSame(exit)) continue;
    const differences = differencesOf(trial, start, exit, () => trial.attempt(start, unit, budget));
    return { culprit: length - 1, differences };
  }
  return undefined;
}

/** Compiles what begins at the start, without the instruction `end` and what lies behind it. */
function compileUpTo(
  { trial, engine, page }: Narrowing,
  start: UnitEntry,
  end: ExecutedInstruction | undefined,
): InstalledFunction | undefined {
  const { state, memory, registry } = engine;
  const cache: CodeCache = engine.cache;
  trial.restore();
  state.rip = start.rip;
  // The interpreter must know a block that begins here.
  if (cache.lookup() === 0) return undefined;
  const mode = state.field(MODE);
  const offsetOf = (rip: bigint): number => Number((rip + state.wideField(CODE_BASE)) & 0xfffn);
  const endOffset = end && offsetOf(end.rip);
  const region = new RegionBuilder({
    records: {
      blockAt: (offset) => {
        const block = cache.blockAt(page, offset, mode);
        return block ? block.records + RECORD_SIZE_BYTES : 0;
      },
      instructionOf: (record) => (cache.offsetOf(record) === endOffset ? undefined : cache.compilable(record)),
      offsetOf: (record) => cache.offsetOf(record),
      countOf: (record) => cache.countOf(record),
    },
    mode,
    recordSize: RECORD_SIZE_BYTES,
    instructionLimit: REGION_LIMIT,
  }).build([offsetOf(start.rip)], () => []);
  const id = region.blockAt.get(offsetOf(start.rip));
  if (id === undefined) return undefined;
  const bytes = generateUnitModule(
    { region, roots: [id], passed: [], targetTable: undefined, profileSlot: undefined, link: undefined },
    memory.wasm.buffer.byteLength / WASM_PAGE_SIZE_BYTES,
  );
  return registry.instantiate(new WebAssembly.Module(bytes), 'unit');
}
