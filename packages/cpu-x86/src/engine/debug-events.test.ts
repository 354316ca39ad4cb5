/**
 * Debug exceptions as a real processor raises them: single steps, breakpoints, loads of SS, and their encounters. Recorded by
 * `tools/hardware-vectors/debug-events.mjs`; what an operating system would do to go on, the handlers here do too.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RAX, RBX, RCX, RDI, RDX, RSI, RSP } from '../machines.test.fixture.ts';
import { CR4_OSFXSR } from '../state/control-registers.ts';
import { CR4 } from '../state/layout.ts';
import { FLAG_RF, FLAG_TF } from '../state/rflags.ts';
import { type Breakpoint, CODE, TracedMachine } from './event-trace.test.fixture.ts';

interface RecordedCase {
  readonly name: string;
  readonly code: string;
  /** 64 unless told. */
  readonly codeSize?: 32;
  readonly steps?: boolean;
  /** Addresses count from the code for those on execution, from the data for others. */
  readonly breakpoints?: readonly Breakpoint[];
  readonly events: readonly string[];
}
const FILE = new URL('../../test-data/debug-events.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { cases: readonly RecordedCase[] };

const DATA = 0x2_0000;
const CODE_SELECTOR = 0x08;
const STACK_SELECTOR = 0x10;
const UD2 = '0f0b';

describe.each(['interpreter', 'jit', 'check'] as const)('debug exceptions in %s', (engine) => {
  it.each(cases)('$name', ({ code, codeSize, steps, breakpoints = [], events }) => {
    const machine = new TracedMachine(engine, code + UD2, { mode: codeSize === 32 ? 'protected' : 'long' });
    const { state, memory } = machine.cpu;
    memory.write32(DATA, STACK_SELECTOR);
    state.setField(CR4, (state.field(CR4) | CR4_OSFXSR) >>> 0);
    if (codeSize !== 32) machine.useInterruptStack();
    for (const [register, value] of [
      [RAX, STACK_SELECTOR],
      [RBX, DATA],
      [RCX, 3],
      [RDX, CODE_SELECTOR],
      [RSI, DATA],
      [RDI, DATA + 0x100],
      [RSP, DATA + 0x3000],
    ] as const) {
      state.setGpr(register, BigInt(value));
    }
    const isExecution = ({ on }: Breakpoint): boolean => on === 'execution';
    machine.breakpoints(...breakpoints.map((item) => ({ ...item, at: item.at + (isExecution(item) ? CODE : DATA) })));
    if (steps) machine.flags(FLAG_TF);
    machine.handlers.set(1, ({ cpu, events: told }) => {
      const met = breakpoints.some((item, i) => isExecution(item) && told.at(-1)?.includes(`B${i}`));
      const flags = machine.frame(1, 2);
      if (met) cpu.memory.write32(flags.at, flags.value | FLAG_RF);
    });
    machine.handlers.set(6, ({ cpu }) => cpu.requestStop());
    machine.run(200);
    expect(machine.events).toEqual(events);
  });
});
