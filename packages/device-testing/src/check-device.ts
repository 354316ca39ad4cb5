import { ConformanceError } from './conformance-error.ts';
import { extremeValues, type Operation, perform, randomTrace, showOperation, WIDTHS } from './operation.ts';
import { difference, scramble } from './plain-data.ts';
import { Random } from './random.ts';
import { type Device, type DeviceDescription, type SavedWorld, World } from './world.ts';

/** What a run of the suite did, so that a test can tell whether it reached the device's behaviour at all. */
export interface CheckSummary {
  /** Accesses, steps of time and actions in the traces that were compared. */
  operations: number;
  /** Changes of lines and other outputs in those traces, reads not counted. */
  outputs: number;
}

/**
 * Checks that a device keeps its contract, on random traces of accesses, time and other inputs:
 *
 * - the same inputs give the same outputs at the same ticks, and the same state;
 * - a snapshot in mid-trace, restored into a fresh or a used device, runs on as the first one does;
 * - a snapshot is plain data, shares nothing with the device, and taking it changes nothing;
 * - a reset device behaves as a fresh one, has no alarm pending, and neither reset nor restore drives a line;
 * - time may move in one step or in many;
 * - no access at any offset and width throws, and every read stays within its width.
 *
 * @throws {ConformanceError} at the first broken rule, with the seed and the last operations
 * @returns how much was done
 */
export function checkDevice<D extends Device>(description: DeviceDescription<D>): CheckSummary {
  checkShape(description);
  checkEveryAccess(description);
  const { runs = 25, seed = 1 } = description;
  const summary: CheckSummary = { operations: 0, outputs: 0 };
  for (let run = 0; run < runs; run++) {
    const traceSeed = Math.imul(seed, 0x9e37_79b1) + run;
    const trace = randomTrace(description, traceSeed);
    const entries = explain(trace, `seed ${seed}, run ${run}`, () => checkTrace(description, trace, traceSeed));
    summary.operations += trace.length;
    summary.outputs += entries.filter((entry) => !entry.includes(': read ')).length;
  }
  return summary;
}

function checkShape<D extends Device>(description: DeviceDescription<D>): void {
  const rule = 'a device has the interfaces that it is said to have';
  const { device } = new World(description);
  if (typeof device.name !== 'string' || device.name === '') throw new ConformanceError(rule, 'it has no name');
  if (description.ports && !(device.readPort && device.writePort)) throw new ConformanceError(rule, 'no ports');
  if (description.memory && !(device.readMemory && device.writeMemory)) throw new ConformanceError(rule, 'no memory');
}

function checkEveryAccess<D extends Device>(description: DeviceDescription<D>): void {
  const random = new Random(description.seed ?? 1);
  for (const space of ['port', 'memory'] as const) {
    const count = (space === 'port' ? description.ports : description.memory) ?? 0;
    const world = new World(description);
    const offsets = count <= 1024 ? Array.from({ length: count }, (_, i) => i) : sampleOffsets(count, random);
    for (const offset of offsets) {
      for (const width of WIDTHS) {
        perform(world, { kind: `read ${space}`, offset, width }, description);
        for (const value of extremeValues(width)) {
          perform(world, { kind: `write ${space}`, offset, width, value }, description);
          perform(world, { kind: `read ${space}`, offset, width }, description);
        }
      }
    }
    perform(world, { kind: 'advance', ticks: description.maxAdvanceTicks ?? 10_000_000 }, description);
  }
}

/** Both ends, and a few hundred places between. */
function sampleOffsets(count: number, random: Random): number[] {
  const ends = Array.from({ length: 64 }, (_, i) => [i, count - 1 - i]).flat();
  return [...ends, ...Array.from({ length: 400 }, () => random.below(count))];
}

function checkTrace<D extends Device>(
  description: DeviceDescription<D>,
  trace: readonly Operation[],
  seed: number,
): string[] {
  const random = new Random(seed ^ 0x5bd1_e995);
  const first = runAll(new World(description), trace, description);
  const end = first.save();

  const second = runAll(new World(description), trace, description);
  expectSame('same inputs, same run', first.entries, second.entries);
  expectSame('same inputs, same state', end, second.save());

  checkSnapshot(description, trace, first.entries, end, random);
  checkTimeInPieces(description, trace, first.entries, random);
  checkReset(description, first, random);
  return second.entries;
}

function checkSnapshot<D extends Device>(
  description: DeviceDescription<D>,
  trace: readonly Operation[],
  entries: readonly string[],
  end: SavedWorld,
  random: Random,
): void {
  const cut = random.below(trace.length + 1);
  const [head, tail] = [trace.slice(0, cut), trace.slice(cut)];
  const world = runAll(new World(description), head, description);
  const state = world.device.snapshot();
  const saved = world.save();
  expectSame('taking a snapshot changes nothing', state, saved.device);
  const before = [...world.entries];

  runAll(world, tail, description);
  expectSame('taking a snapshot changes nothing', entries, world.entries);
  expectSame('a snapshot does not change with the device', saved.device, state);

  const used = runAll(new World(description), randomTrace(description, random.next()), description);
  for (const [kind, target] of [
    ['fresh', new World(description)],
    ['used', used],
  ] as const) {
    target.entries.length = 0;
    target.load(saved);
    expectSame(`restoring into a ${kind} device drives nothing`, [], target.entries);
    expectSame(`what was restored into a ${kind} device can be saved again`, saved, target.save());
    target.entries.push(...before);
    runAll(target, tail, description);
    expectSame(`restore into a ${kind} device, then run, is run`, entries, target.entries);
    expectSame(`restore into a ${kind} device, then run, ends in the same state`, end, target.save());
  }

  const target = new World(description);
  target.clock.restore(saved.clock);
  target.device.restore(state);
  scramble(state);
  expectSame('a restored device shares nothing with the snapshot', saved.device, target.device.snapshot());
}

function checkTimeInPieces<D extends Device>(
  description: DeviceDescription<D>,
  trace: readonly Operation[],
  entries: readonly string[],
  random: Random,
): void {
  const pieces = trace.flatMap((operation): Operation[] => {
    if (operation.kind !== 'advance') return [operation];
    const first = random.below(operation.ticks + 1);
    const second = random.below(operation.ticks - first + 1);
    return [first, second, operation.ticks - first - second].map((ticks) => ({ kind: 'advance', ticks }));
  });
  const world = new World(description);
  for (const operation of pieces) {
    perform(world, operation, description);
    world.device.snapshot();
  }
  expectSame('time may move in one step or in many, with snapshots between', entries, world.entries);
}

function checkReset<D extends Device>(description: DeviceDescription<D>, used: World<D>, random: Random): void {
  const { survivesReset = [] } = description;
  const before = used.device.snapshot();
  used.entries.length = 0;
  used.device.reset();
  expectSame('a reset drives nothing', [], used.entries);
  const pending = used.clock.nextDeadline;
  const fresh = new World(description, used.clock.now);
  if (pending !== fresh.clock.nextDeadline) {
    throw new ConformanceError('a reset cancels what is pending', `an alarm is pending for ${String(pending)}`);
  }
  const after = used.device.snapshot();
  expectSame(
    'a reset device is a fresh one',
    without(fresh.device.snapshot(), survivesReset),
    without(after, survivesReset),
  );
  for (const field of survivesReset) {
    expectSame('what a battery keeps survives a reset', fieldOf(before, field), fieldOf(after, field));
  }
  if (survivesReset.length > 0) return;
  used.resetLines();
  fresh.entries.length = 0;
  const trace = randomTrace(description, random.next());
  runAll(used, trace, description);
  runAll(fresh, trace, description);
  expectSame('a reset device runs as a fresh one', fresh.entries, used.entries);
}

function runAll<D extends Device>(
  world: World<D>,
  trace: readonly Operation[],
  description: DeviceDescription<D>,
): World<D> {
  for (const operation of trace) perform(world, operation, description);
  return world;
}

function expectSame(rule: string, expected: unknown, found: unknown): void {
  const text = difference(expected, found);
  if (text !== null) throw new ConformanceError(rule, text);
}

function without(state: unknown, fields: readonly string[]): unknown {
  if (fields.length === 0 || typeof state !== 'object' || state === null) return state;
  return Object.fromEntries(Object.entries(state).filter(([key]) => !fields.includes(key)));
}

function fieldOf(state: unknown, field: string): unknown {
  return (state as Record<string, unknown>)[field];
}

/** Adds the seed and the trace to whatever goes wrong in `run`. */
function explain<T>(trace: readonly Operation[], where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ConformanceError)) throw error;
    const steps = trace.map((operation, index) => `  ${index}: ${showOperation(operation)}`).join('\n');
    const detail = `${error.message.slice(error.rule.length + 2)} (${where})\n${steps}`;
    throw new ConformanceError(error.rule, detail, { cause: error });
  }
}
