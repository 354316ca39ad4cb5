import { ConformanceError } from './conformance-error.ts';
import { perform, randomTrace } from './operation.ts';
import { difference } from './plain-data.ts';
import { type Device, type DeviceDescription, World } from './world.ts';

/** What a damaged snapshot may hold in the place of any value. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  true,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0.5,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  '',
  'wrong',
  [],
  [0, -1, 'wrong'],
  {},
  new Uint8Array(3),
];

/**
 * Checks that a device survives damaged snapshots: each value of a real one is replaced by everything that it cannot be.
 * For each, `restore` either throws an `Error` that has a string `code`, with the device as it was; or it takes the
 * state, and then no access throws and every read stays within its width.
 *
 * @throws {ConformanceError} at the first state that breaks this
 * @returns how many damaged states were refused and how many were taken
 */
export function checkRestore<D extends Device>(description: DeviceDescription<D>): { refused: number; taken: number } {
  const { seed = 1 } = description;
  const counts = { refused: 0, taken: 0 };
  for (let run = 0; run < 3; run++) {
    const world = new World(description);
    for (const operation of randomTrace(description, seed + run * 77)) perform(world, operation, description);
    const saved = world.save();
    for (const { path, state } of damagedStates(saved.device)) {
      if (tryState(description, state, path, saved.clock.now, seed + run)) counts.taken++;
      else counts.refused++;
    }
  }
  return counts;
}

function tryState<D extends Device>(
  description: DeviceDescription<D>,
  state: unknown,
  path: string,
  tick: number,
  seed: number,
): boolean {
  const rule = 'a damaged snapshot is refused with a code, or does no harm';
  const world = new World(description, tick);
  for (const operation of randomTrace({ ...description, steps: 10 }, seed)) perform(world, operation, description);
  const before = world.save();
  try {
    world.device.restore(state);
  } catch (cause) {
    if (!(cause instanceof Error) || typeof (cause as { code?: unknown }).code !== 'string') {
      throw new ConformanceError(rule, `${path}: threw ${String(cause)}`, { cause });
    }
    const changed = difference(before, world.save());
    if (changed !== null) throw new ConformanceError(rule, `${path}: refused, but half taken: ${changed}`);
    return false;
  }
  try {
    for (const operation of randomTrace({ ...description, steps: 30 }, seed)) perform(world, operation, description);
    world.device.snapshot();
    world.device.reset();
  } catch (cause) {
    throw new ConformanceError(rule, `${path}: taken, and then: ${String(cause)}`, { cause });
  }
  return true;
}

/** Every damaged form of a state: each value replaced or left out, at every depth; long lists at their ends only. */
function* damagedStates(state: unknown, path = '$'): Generator<{ path: string; state: unknown }> {
  for (const wrong of WRONG) {
    if (!Object.is(wrong, state)) yield { path: `${path} = ${JSON.stringify(wrong) ?? String(wrong)}`, state: wrong };
  }
  if (typeof state !== 'object' || state === null || state instanceof Uint8Array) return;
  const isList = Array.isArray(state);
  const keys = Object.keys(state);
  const chosen = isList && keys.length > 4 ? [...keys.slice(0, 2), ...keys.slice(-2)] : keys;
  for (const key of chosen) {
    const step = isList ? `${path}[${key}]` : `${path}.${key}`;
    for (const inside of damagedStates((state as Record<string, unknown>)[key], step)) {
      const copy = isList ? [...(state as unknown[])] : { ...state };
      (copy as Record<string, unknown>)[key] = inside.state;
      yield { path: inside.path, state: copy };
    }
    if (isList) continue;
    const { [key]: _, ...rest } = state as Record<string, unknown>;
    yield { path: `${step} left out`, state: rest };
  }
}
