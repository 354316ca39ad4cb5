import type { Engine } from '@longmode/cpu-x86';
import { describe, expect, it } from 'vitest';
import { imageNames, isFullRun, readImage } from '../test/images.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';
import { hashMachine, hashProcessor } from './state-hash.ts';

/** Instructions of each guest, and between two looks at the processor. */
const INSTRUCTIONS = isFullRun ? 300_000 : 16_000;
const STEP = isFullRun ? 100_003 : 4_001;
/** Of the chapters, those that have the code of most others. */
const candidates = imageNames().filter((name) => !/^chapter-(?!07-test|12)/.test(name));
/** For a short run: the benchmarks are built three times, and the chapters begin alike. */
const images = candidates.filter((name) => isFullRun || !/^bench-(?!mix).*-(i386|mb1)|^chapter-(?!12-test)/.test(name));

function start(name: string, engine: Engine): { pc: Pc; serial: string[] } {
  const serial: string[] = [];
  const onSerial = (byte: number): void => {
    serial.push(`${byte} at ${pc.virtualTimeNs}`);
  };
  // Compiles early, so that even short runs are compiled code for the most part.
  const jit = { threshold: 8, warmUp: 0 };
  // The loader of those puts the kernel's file at 16 MiB.
  const ramSizeBytes = (name.startsWith('api-') ? 32 : 16) * 2 ** 20;
  const { pc } = loadImage(readImage(name), { ramSizeBytes }, { engine, jit, events: { onSerial } });
  return { pc, serial };
}

/** A run as text: at each look what the processor was, in the end the machine and what COM1 sent. */
function traceOf({ pc, serial }: ReturnType<typeof start>): string[] {
  const trace: string[] = [];
  let kind = 'limit';
  while (kind === 'limit' && pc.cpu.instructionCount < INSTRUCTIONS) {
    kind = pc.run({ instructions: STEP }).kind;
    trace.push(`${pc.cpu.instructionCount} ${pc.virtualTimeNs} ${hashProcessor(pc.cpu)}`);
  }
  return [...trace, kind, hashMachine(pc), ...serial];
}

describe('all engines come to the same', () => {
  it.each(images)('with %s', { timeout: 600_000 }, (name) => {
    const reference = traceOf(start(name, 'interpreter'));
    expect(traceOf(start(name, 'jit'))).toEqual(reference);
    expect(traceOf(start(name, 'check'))).toEqual(reference);
  });
});

it('What is compared with kernels is compiled code for the most part', () => {
  const { pc } = start('bench-quicksort.elf', 'check');
  traceOf({ pc, serial: [] });
  expect(pc.cpu.checkStatistics?.instructions).toBeGreaterThan(0.5 * pc.cpu.instructionCount);
});
