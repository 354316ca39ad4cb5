import { describe, expect, it } from 'vitest';
import type { Cpu, Engine } from '../cpu.ts';
import { HANDLER_SPACING, installGdt, installIdt, longModeMachine, place, RAX, RSP } from '../machines.test.fixture.ts';
import { CR4_DE } from '../state/control-registers.ts';
import { CR4, DR } from '../state/layout.ts';
import { FLAG_RF } from '../state/rflags.ts';

const HANDLERS = 0x10000;
/** Every handler is HLT: with the processor in it, the frame is on the stack. */
const DEBUG_HANDLER = HANDLERS + HANDLER_SPACING;
const DR6 = DR + 8 * 6;
const DR7 = DR + 8 * 7;
/** Fields of DR7 for breakpoint 0: enabled globally, R/W, LEN. */
const ENABLED = 2;
const field = (kind: number, length: number): number => ENABLED | (kind << 16) | (length << 18);
const ON_EXECUTION = 0;
const ON_WRITE = 1;
const ON_PORT = 2;
const ON_ACCESS = 3;
const LENGTH_1 = 0;
const LENGTH_4 = 3;
const LENGTH_8 = 2;

function machine(engine: Engine, code: string, breakpoint: { address: number; dr7: number }): Cpu {
  const { cpu } = longModeMachine({ engine, jit: { threshold: 1, warmUp: 0 } });
  installGdt(cpu, 0x8000);
  installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
  place(cpu, 0x1000, code);
  cpu.state.setWideField(DR, BigInt(breakpoint.address));
  cpu.state.setWideField(DR7, BigInt(breakpoint.dr7 | 0x400));
  cpu.synchronize();
  return cpu;
}
/** What the debug handler finds: bits of DR6, the saved RIP and flags; undefined if it was not reached. */
function trap(cpu: Cpu): { bits: number; rip: number; flags: number } | undefined {
  if (cpu.run(1000) !== 'halted' || Number(cpu.state.rip) !== DEBUG_HANDLER + 1) return undefined;
  const frame = Number(cpu.state.gpr(RSP));
  return {
    bits: Number(cpu.state.wideField(DR6) & 0xe00fn),
    rip: cpu.memory.read32(frame),
    flags: cpu.memory.read32(frame + 16),
  };
}

describe.each(['interpreter', 'jit', 'check'] as const)('breakpoints of the debug registers in %s', (engine) => {
  // mov [2004h], eax; nop; hlt
  const STORE = '890425 04200000 90 f4';

  it.each([
    ['a store to it', 0x2004, field(ON_WRITE, LENGTH_4), true],
    ['a store that reaches into it', 0x2000, field(ON_WRITE, LENGTH_8), true],
    ['a store, where accesses are waited for', 0x2007, field(ON_ACCESS, LENGTH_1), true],
    ['no store beside it', 0x2008, field(ON_WRITE, LENGTH_4), false],
    ['no store while it is not enabled', 0x2004, field(ON_WRITE, LENGTH_4) & ~ENABLED, false],
  ] as const)('on data meet %s, behind the instruction', (_name, address, dr7, isMet) => {
    const cpu = machine(engine, STORE, { address, dr7 });
    cpu.state.setGpr(RAX, 0x1234n);
    expect(trap(cpu)).toEqual(isMet ? { bits: 1, rip: 0x1007, flags: 2 } : undefined);
    expect(cpu.memory.read32(0x2004)).toBe(0x1234);
  });

  it.each([
    [ON_ACCESS, true],
    [ON_WRITE, false],
  ])('of kind %i meet loads: %s', (kind, isMet) => {
    // mov eax, [2004h]; nop; hlt
    const cpu = machine(engine, '8b0425 04200000 90 f4', { address: 0x2004, dr7: field(kind, LENGTH_4) });
    expect(trap(cpu)?.rip).toBe(isMet ? 0x1007 : undefined);
  });

  it('on data meet the store of a hot loop at its first round', () => {
    // mov ecx, 100; again: mov [rcx*4 + 3000h], ecx; loop again; hlt
    const cpu = machine(engine, 'b964000000 890c8d00300000 e2f7 f4', {
      address: 0x3000 + 4 * 7,
      dr7: field(ON_WRITE, LENGTH_4),
    });
    expect(trap(cpu)).toEqual({ bits: 1, rip: 0x100c, flags: 2 });
    expect([cpu.state.gpr(1), cpu.memory.read32(0x3000 + 4 * 7), cpu.memory.read32(0x3000 + 4 * 6)]).toEqual([
      7n,
      7,
      0,
    ]);
  });

  it('on data that a load of SS meets are reported behind the next instruction', () => {
    // mov ss, [2004h]; nop; hlt
    const cpu = machine(engine, '8e1425 04200000 90 f4', { address: 0x2004, dr7: field(ON_ACCESS, LENGTH_1) });
    cpu.memory.write32(0x2004, 0x10);
    expect(trap(cpu)?.rip).toBe(0x1008);
  });

  it('on data that a load of SS meets are reported with the INT1 behind it, once', () => {
    // mov ss, [2004h]; int1; hlt, and a handler that counts: inc ebx; iretq
    const cpu = machine(engine, '8e1425 04200000 f1 f4', { address: 0x2004, dr7: field(ON_ACCESS, LENGTH_1) });
    cpu.memory.write32(0x2004, 0x10);
    place(cpu, DEBUG_HANDLER, 'ffc3 48cf');
    expect([cpu.run(1000), cpu.state.gpr(3), cpu.state.wideField(DR6) & 15n]).toEqual(['halted', 1n, 1n]);
  });

  it('that wait behind a load of SS are in a snapshot', () => {
    const parts = { address: 0x2004, dr7: field(ON_ACCESS, LENGTH_1) };
    const cpu = machine(engine, '8e1425 04200000 90 f4', parts);
    cpu.memory.write32(0x2004, 0x10);
    cpu.run(1);
    const other = machine(engine, '8e1425 04200000 90 f4', parts);
    other.restore(structuredClone(cpu.snapshot()));
    expect(trap(other)?.rip).toBe(0x1008);
  });

  it('clear the bits of others in DR6, and leave what else is set', () => {
    const cpu = machine(engine, STORE, { address: 0x2004, dr7: field(ON_WRITE, LENGTH_4) });
    cpu.state.setWideField(DR6, 0xffff_4ff2n);
    expect(trap(cpu)?.bits).toBe(0x4001);
  });

  it('on data meet what system instructions push', () => {
    // enter 8, 1; hlt
    const cpu = machine(engine, 'c8080001 f4', { address: 0x80000 - 16, dr7: field(ON_WRITE, LENGTH_8) });
    expect(trap(cpu)?.rip).toBe(0x1004);
  });

  it('on execution come before the instruction, and RF gets past them once', () => {
    // nop; nop; jmp to the second; hlt
    const code = '90 90 ebfd f4';
    const cpu = machine(engine, code, { address: 0x1001, dr7: field(ON_EXECUTION, LENGTH_1) });
    expect(trap(cpu)).toEqual({ bits: 1, rip: 0x1001, flags: 2 });
    const again = machine(engine, code, { address: 0x1001, dr7: field(ON_EXECUTION, LENGTH_1) });
    again.state.rip = 0x1001n;
    again.state.rflags |= FLAG_RF;
    expect(trap(again)).toEqual({ bits: 1, rip: 0x1001, flags: 2 });
    expect(again.instructionCount).toBe(4);
  });

  it.each([
    [true, 0x1002],
    [false, undefined],
  ])('on ports need CR4.DE: %s', (isEnabled, rip) => {
    // out 80h, al; nop; hlt
    const cpu = machine(engine, 'e680 90 f4', { address: 0x80, dr7: field(ON_PORT, LENGTH_1) });
    if (isEnabled) cpu.state.setField(CR4, cpu.state.field(CR4) | CR4_DE);
    expect(trap(cpu)?.rip).toBe(rip);
  });
});

describe.each(['interpreter', 'jit'] as const)('alignment checks in %s', (engine) => {
  it('begin with POPF, and end at the handler', () => {
    // push 40002h; popf; mov eax, [2001h]
    const { cpu } = longModeMachine({ engine, cpl: 3, jit: { threshold: 1, warmUp: 0 } });
    cpu.state.setField(0x200, (cpu.state.field(0x200) | 0x4_0000) >>> 0);
    place(cpu, 0x1000, '6802000400 9d 8b042501200000');
    cpu.synchronize();
    expect(cpu.run(100)).toBe('shutdown');
    const [first] = cpu.exceptionLog.lastChain;
    expect([first?.vector, first?.errorCode, first?.rip]).toEqual([17, 0, 0x1006n]);
  });
});
