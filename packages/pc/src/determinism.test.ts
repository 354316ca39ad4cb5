import { describe, expect, it } from 'vitest';
import { guestDisk } from '../test/guests.ts';
import { isFullRun, readImage } from '../test/images.ts';
import type { PcConfig } from './config.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';
import { hashMachine, hashProcessor } from './state-hash.ts';

/** Instructions between two looks at the processor. */
const STEP = 10_000;
/** Looks at the processor for each look at the whole machine. */
const STEPS_TO_WHOLE = 10;

interface Scenario {
  readonly image: () => Uint8Array;
  readonly instructions: number;
  readonly config?: PcConfig;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  'the boot of a disk': { image: () => readImage('hello-bios.img'), instructions: 320_000 },
  'a kernel': { image: () => readImage('hello.elf'), instructions: 40_000 },
  'a triple fault': { image: () => readImage('fault-page-fault.elf'), instructions: 40_000 },
  'one exception after another': {
    image: () => readImage('fault-missing-handlers.elf'),
    instructions: isFullRun ? 60_000 : 20_000,
  },
  'work under a fast timer': { image: () => guestDisk('busy'), instructions: isFullRun ? 2_000_000 : 200_000 },
  'work under a fast timer, with slow instructions': {
    image: () => guestDisk('busy'),
    instructions: isFullRun ? 2_000_000 : 100_000,
    config: { nanosecondsPerInstruction: 3 },
  },
};

/** How a run is cut: called until the given number of instructions has retired, or the guest has ended. */
type Cut = (pc: Pc, instructions: number) => string;

const inSlices = (size: number): Cut => {
  // The cuts are at multiples of the slice since power-on, wherever the looks are.
  return (pc, instructions) => {
    const end = pc.cpu.instructionCount + instructions;
    for (;;) {
      const { instructionCount } = pc.cpu;
      const { kind } = pc.run({ instructions: Math.min(size - (instructionCount % size), end - instructionCount) });
      if (kind !== 'limit' || pc.cpu.instructionCount >= end) return kind;
    }
  };
};

const inTime = (ticks: number): Cut => {
  return (pc, instructions) => {
    const end = pc.cpu.instructionCount + instructions;
    for (;;) {
      const limits = { instructions: end - pc.cpu.instructionCount, untilTick: pc.virtualTimeNs + ticks };
      const { kind } = pc.run(limits);
      if (kind !== 'limit' || pc.cpu.instructionCount >= end) return kind;
    }
  };
};

const whole: Cut = (pc, instructions) => pc.run({ instructions }).kind;

/** A run as text: at each look what the processor, now and then the machine, and in the end COM1 were. */
function traceOf({ image, instructions, config }: Scenario, cut: Cut): string[] {
  const serial: string[] = [];
  const onSerial = (byte: number): void => {
    serial.push(`${byte} at ${pc.virtualTimeNs}`);
  };
  const { pc } = loadImage(image(), { ramSizeBytes: 16 * 2 ** 20 }, { ...config, events: { onSerial } });
  const trace: string[] = [];
  let kind = 'limit';
  for (let look = 0; kind === 'limit' && pc.cpu.instructionCount < instructions; look++) {
    kind = cut(pc, STEP);
    const hash = look % STEPS_TO_WHOLE === 0 ? hashMachine(pc) : hashProcessor(pc.cpu);
    trace.push(`${pc.cpu.instructionCount} ${pc.virtualTimeNs} ${hash}`);
  }
  return [...trace, kind, hashMachine(pc), ...serial];
}

const cuts: readonly [string, Cut][] = [
  ['a second time', whole],
  ['in slices of 1,000 instructions', inSlices(1000)],
  ['in slices of 9,973 instructions', inSlices(9973)],
  ['in slices of 777 nanoseconds', inTime(777)],
  ['in slices of 99,991 nanoseconds', inTime(99_991)],
];

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  const reference = traceOf(scenario, whole);

  it('is a run worth comparing', () => {
    expect(reference.length).toBeGreaterThan(3);
    expect(new Set(reference).size).toBe(reference.length);
  });
  it.each(cuts)('is the same run %s', { timeout: 120_000 }, (_how, cut) => {
    expect(traceOf(scenario, cut)).toEqual(reference);
  });
});

it('An interrupt finds the same instruction when a run is cut after every seventh', { timeout: 120_000 }, () => {
  const scenario: Scenario = { image: () => guestDisk('busy'), instructions: 80_000 };
  expect(traceOf(scenario, inSlices(7))).toEqual(traceOf(scenario, whole));
});
