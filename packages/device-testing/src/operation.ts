import type { AccessWidth } from '@longmode/device';
import { ConformanceError } from './conformance-error.ts';
import { Random } from './random.ts';
import type { Device, DeviceDescription, World } from './world.ts';

/** One step of a trace, as data. */
export type Operation =
  | { kind: 'read port' | 'read memory'; offset: number; width: AccessWidth }
  | { kind: 'write port' | 'write memory'; offset: number; width: AccessWidth; value: number }
  | { kind: 'advance'; ticks: number }
  | { kind: 'action'; action: string; seed: number };

/** Every width of an access. */
export const WIDTHS: readonly AccessWidth[] = [8, 16, 32];

/** @returns values of `width` bits where mistakes live: the ends, the sign bit, and alternating bits */
export function extremeValues(width: AccessWidth): number[] {
  const ones = width === 32 ? 0xffff_ffff : (1 << width) - 1;
  return [0, 1, ones, ones >>> 1, ones - (ones >>> 1), 0x5555_5555 & ones, (0xaaaa_aaaa & ones) >>> 0];
}

/** @returns a random trace for a device */
export function randomTrace<D extends Device>(description: DeviceDescription<D>, seed: number): Operation[] {
  const random = new Random(seed);
  const { ports = 0, memory = 0, steps = 80, maxAdvanceTicks = 10_000_000, sequences = [] } = description;
  const actions = Object.keys(description.actions ?? {});
  const kinds: string[] = ['advance', 'advance'];
  if (ports > 0) kinds.push('port', 'port', 'port', 'port');
  if (memory > 0) kinds.push('memory', 'memory', 'memory', 'memory');
  if (actions.length > 0) kinds.push('action', 'action');
  if (sequences.length > 0) kinds.push('sequence');
  const trace: Operation[] = [];
  while (trace.length < steps) {
    const kind = random.pick(kinds);
    if (kind === 'advance') {
      // Log-uniform: as many short steps as long ones, and now and then none at all.
      const ticks = Math.floor(2 ** (random.below(1000) * 0.001 * Math.log2(maxAdvanceTicks + 1)) - 1);
      trace.push({ kind: 'advance', ticks });
    } else if (kind === 'action') {
      trace.push({ kind: 'action', action: random.pick(actions), seed: random.next() });
    } else if (kind === 'sequence') {
      for (const { offset, value } of random.pick(sequences))
        trace.push({ kind: 'write port', offset, width: 8, value });
    } else {
      trace.push(randomAccess(random, kind === 'port' ? 'port' : 'memory', kind === 'port' ? ports : memory));
    }
  }
  return trace;
}

function randomAccess(random: Random, space: 'port' | 'memory', count: number): Operation {
  const offset = random.below(count);
  const width = random.pick([8, 8, 8, 8, 16, 32] as const);
  if (random.below(2) === 0) return { kind: `read ${space}`, offset, width };
  const value = random.below(3) === 0 ? random.pick(extremeValues(width)) : random.next() >>> (32 - width);
  return { kind: `write ${space}`, offset, width, value };
}

/**
 * Does one step to a world; a read's value goes into the log.
 *
 * @throws {ConformanceError} when the device throws, or reads a value wider than the access
 */
export function perform<D extends Device>(
  world: World<D>,
  operation: Operation,
  description: DeviceDescription<D>,
): void {
  const { device } = world;
  try {
    switch (operation.kind) {
      case 'read port':
        logRead(world, operation, device.readPort?.(operation.offset, operation.width));
        break;
      case 'read memory':
        logRead(world, operation, device.readMemory?.(operation.offset, operation.width));
        break;
      case 'write port':
        device.writePort?.(operation.offset, operation.width, operation.value);
        break;
      case 'write memory':
        device.writeMemory?.(operation.offset, operation.width, operation.value);
        break;
      case 'advance':
        world.clock.advanceTo(world.clock.now + operation.ticks);
        break;
      case 'action':
        description.actions?.[operation.action]?.(device, new Random(operation.seed));
        break;
    }
  } catch (cause) {
    if (cause instanceof ConformanceError) throw cause;
    throw new ConformanceError('guest behaviour never throws', `${showOperation(operation)} threw ${String(cause)}`, {
      cause,
    });
  }
}

/** @returns a step in words, such as `write port 3 8 bits 0x80` */
export function showOperation(operation: Operation): string {
  switch (operation.kind) {
    case 'advance':
      return `advance ${operation.ticks}`;
    case 'action':
      return `action ${operation.action} (seed ${operation.seed})`;
    case 'read port':
    case 'read memory':
      return `${operation.kind} ${operation.offset}, ${operation.width} bits`;
    default:
      return `${operation.kind} ${operation.offset}, ${operation.width} bits, 0x${operation.value.toString(16)}`;
  }
}

function logRead<D extends Device>(
  world: World<D>,
  operation: Operation & { width: AccessWidth },
  value: unknown,
): void {
  const limit = 2 ** operation.width;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= limit) {
    const found = `${showOperation(operation)} gave ${String(value)}`;
    throw new ConformanceError('a read gives an unsigned integer within its width', found);
  }
  world.log(`${showOperation(operation)}: 0x${value.toString(16)}`);
}
