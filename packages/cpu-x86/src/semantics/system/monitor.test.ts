import { describe, expect, it } from 'vitest';
import type { Cpu } from '../../cpu.ts';
import {
  HANDLER_SPACING,
  installGdt,
  installIdt,
  longModeMachine,
  place,
  RAX,
  RCX,
} from '../../machines.test.fixture.ts';
import { ACTIVITY, ACTIVITY_ACTIVE, MSR_MISC_ENABLE } from '../../state/layout.ts';
import { FLAG_IF } from '../../state/rflags.ts';
import { cpuid } from './cpuid.ts';
import { FakeCpu, faultOf } from './fake-cpu.test.fixture.ts';

const UD = [6, -1];
const GP0 = [13, 0];
const MONITOR = [0x0f, 0x01, 0xc8] as const;
const MWAIT = [0x0f, 0x01, 0xc9] as const;
const MISC_ENABLE_MONITOR = 1n << 18n;
const HANDLERS = 0x10000;
const VECTOR = 0x40;
const HANDLER = BigInt(HANDLERS + VECTOR * HANDLER_SPACING);

const fake = (cpl = 0): FakeCpu => {
  const cpu = new FakeCpu('64-bit', cpl);
  cpu.state.setWideField(MSR_MISC_ENABLE, MISC_ENABLE_MONITOR);
  return cpu;
};

describe('MONITOR and MWAIT', () => {
  it.each([
    ['MONITOR', MONITOR],
    ['MWAIT', MWAIT],
  ])('%s is #UD at CPL 3 and where IA32_MISC_ENABLE has switched it off, #GP(0) with unknown extensions', (_, code) => {
    expect(faultOf(fake(3), ...code)).toEqual(UD);
    expect(faultOf(new FakeCpu('64-bit'), ...code)).toEqual(UD);
    const cpu = fake();
    cpu.state.setGpr(RCX, 2n);
    expect(faultOf(cpu, ...code)).toEqual(GP0);
  });

  it('MONITOR faults as a load of its byte does', () => {
    const cpu = fake();
    cpu.state.setGpr(RAX, 0x6fffn);
    cpu.absent.add(6);
    expect(faultOf(cpu, ...MONITOR)).toEqual([14, 0]);
    cpu.state.setGpr(RAX, 1n << 47n);
    expect(faultOf(cpu, ...MONITOR)).toEqual(GP0);
  });

  it('are offered by CPUID while they are switched on', () => {
    const bit = (cpu: FakeCpu): number => (cpuid(cpu, 1, 0)[2] >>> 3) & 1;
    expect([bit(fake()), bit(new FakeCpu('64-bit'))]).toEqual([1, 0]);
    expect(cpuid(fake(), 5, 0)).toEqual([64, 64, 3, 0]);
  });
});

describe('a processor in MWAIT', () => {
  /** @param code from 1000h on */
  function machine(code: string, flags: number): Cpu {
    const { cpu } = longModeMachine({ interrupts: { acknowledge: () => VECTOR } });
    installGdt(cpu, 0x8000);
    installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
    place(cpu, 0x1000, code);
    cpu.state.rflags = 2 | flags;
    cpu.synchronize();
    return cpu;
  }
  // xor ecx, ecx; monitor; mwait; hlt
  const WAIT = '31c9 0f01c8 0f01c9 f4';
  // xor ecx, ecx; monitor; inc ecx; mwait; hlt
  const WAIT_WITH_BREAK = '31c9 0f01c8 ffc1 0f01c9 f4';

  it('waits for an interrupt, and returns behind itself', () => {
    const cpu = machine(WAIT, FLAG_IF);
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.state.rip).toBe(0x1008n);
    cpu.setInterruptLine(true);
    expect(cpu.run(1)).toBe('limit');
    expect(cpu.state.rip).toBe(HANDLER);
  });

  it('with IF clear waits if it may be ended by an interrupt that is not taken', () => {
    const cpu = machine(WAIT_WITH_BREAK, 0);
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.state.rip).toBe(0x100an);
    expect(cpu.run(100)).toBe('halted');
    cpu.setInterruptLine(true);
    expect(cpu.run(1)).toBe('limit');
    expect(cpu.state.rip).toBe(0x100bn);
    // It is a HLT that follows, which waits for what is taken.
    expect(cpu.run(100)).toBe('halted');
  });

  it('with IF clear does not wait for what cannot come', () => {
    const cpu = machine(WAIT, 0);
    cpu.run(3);
    expect([cpu.state.rip, cpu.state.field(ACTIVITY)]).toEqual([0x1008n, ACTIVITY_ACTIVE]);
  });

  it('does not wait without MONITOR, nor where an interrupt came between them', () => {
    const without = machine('31c9 0f01c9 f4', FLAG_IF);
    without.run(2);
    expect(without.state.field(ACTIVITY)).toBe(ACTIVITY_ACTIVE);
    const cpu = machine(WAIT, FLAG_IF);
    place(cpu, Number(HANDLER), '48cf'); // iretq
    cpu.run(2);
    cpu.setInterruptLine(true);
    cpu.run(1);
    cpu.setInterruptLine(false);
    cpu.run(2);
    expect([cpu.state.rip, cpu.state.field(ACTIVITY)]).toEqual([0x1008n, ACTIVITY_ACTIVE]);
  });

  it('can be saved and restored', () => {
    const cpu = machine(WAIT_WITH_BREAK, 0);
    cpu.run(100);
    const other = machine(WAIT_WITH_BREAK, 0);
    other.restore(cpu.snapshot());
    expect(other.run(100)).toBe('halted');
    other.setInterruptLine(true);
    other.run(1);
    expect(other.state.rip).toBe(0x100bn);
  });
});
