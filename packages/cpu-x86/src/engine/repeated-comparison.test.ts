import { describe, expect, it } from 'vitest';
import type { Cpu, Engine } from '../cpu.ts';
import { installGdt, installIdt, longModeMachine, place, RCX, RDI, RSI, RSP } from '../machines.test.fixture.ts';

const HANDLERS = 0x10000;
const RAM_END = 0x20_0000;

describe.each(['interpreter', 'jit', 'check'] as const)('a repeated comparison in %s', (engine: Engine) => {
  /** repe cmpsb; hlt, with equal bytes up to the end of what is mapped, 16 bytes behind RDI. */
  const machine = (count: bigint): Cpu => {
    const { cpu } = longModeMachine({ engine, jit: { threshold: 1, warmUp: 0 } });
    installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
    installGdt(cpu, 0x8000);
    place(cpu, 0x1000, 'f3a6 f4');
    for (const start of [0x3000, RAM_END - 0x1000]) cpu.memory.fill(start, 0x1000, 0x55);
    cpu.state.setGpr(RSI, 0x3000n);
    cpu.state.setGpr(RDI, BigInt(RAM_END - 16));
    cpu.state.setGpr(RCX, count);
    // CF and OF, which no comparison of equal bytes leaves.
    cpu.state.rflags = 0x803;
    cpu.synchronize();
    return cpu;
  };

  it('that a page fault leaves in the middle shows the flags from before, and what is left', () => {
    const cpu = machine(100n);
    expect(cpu.run(1000)).toBe('halted');
    expect(cpu.state.rip).toBe(BigInt(HANDLERS + 16 * 14 + 1));
    // RF and the flags that were.
    expect(cpu.memory.read32(Number(cpu.state.gpr(RSP)) + 24)).toBe(0x10803);
    expect([cpu.state.gpr(RCX), cpu.state.gpr(RDI)]).toEqual([84n, BigInt(RAM_END)]);
  });

  it.each([
    [0n, 0x803],
    [16n, 0x46],
  ])('sets the flags at its end, if there was an iteration: %i', (count, flags) => {
    const cpu = machine(count);
    expect(cpu.run(1000)).toBe('halted');
    expect([cpu.state.rip, cpu.state.rflags, cpu.state.gpr(RCX)]).toEqual([0x1003n, flags, 0n]);
  });
});
