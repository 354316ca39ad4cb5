import { describe, expect, it } from 'vitest';
import { MSR_EFER, MSR_FMASK, MSR_KERNEL_GS_BASE, MSR_LSTAR, MSR_STAR } from '../state/layout.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VM } from '../state/rflags.ts';
import { OUTCOME_NEXT } from './system/context.ts';
import { type FakeMode, faultOf, RCX } from './system/fake-cpu.test.fixture.ts';
import { WholeCpu } from './system/whole-cpu.test.fixture.ts';

const R11 = 11;
const UD = [6, -1];
const GP0 = [13, 0];
const SYSCALL = [0x0f, 0x05];
const SYSRET = [0x0f, 0x07];
const SYSRETQ = [0x48, 0x0f, 0x07];
const NOT_CANONICAL = 0x0000800000000000n;

const segment = (cpu: WholeCpu, index: number): unknown[] => {
  const s = cpu.state.segments[index];
  return [s?.selector, s?.base, s?.limit, s?.attributes];
};

function ready(mode: FakeMode, cpl: number): WholeCpu {
  const cpu = new WholeCpu(mode, cpl);
  const { state } = cpu;
  state.setWideField(MSR_EFER, state.wideField(MSR_EFER) | 1n);
  state.setWideField(MSR_STAR, 0x0023_0008_0000_0000n); // SYSRET from 0x20 + RPL 3, SYSCALL from 8
  state.setWideField(MSR_LSTAR, 0xffff800000001000n);
  state.setWideField(MSR_FMASK, BigInt(FLAG_IF | FLAG_TF));
  return cpu;
}

describe('SYSCALL', () => {
  it('saves RIP and RFLAGS, masks RFLAGS, and loads CS and SS from STAR without the GDT', () => {
    const cpu = ready('64-bit', 3);
    cpu.state.setWideField(0x220, 0x20000n); // an empty GDT
    cpu.state.rflags = FLAG_IF | FLAG_RF | 0x41 | 2;
    expect(cpu.run(...SYSCALL)).toBe(OUTCOME_NEXT);
    expect(cpu.state.gpr(RCX)).toBe(0x4002n);
    expect(cpu.state.gpr(R11)).toBe(BigInt(FLAG_IF | 0x43));
    expect([cpu.state.rip, cpu.state.rflags, cpu.state.cpl]).toEqual([0xffff800000001000n, 0x43, 0]);
    expect(segment(cpu, 1)).toEqual([8, 0n, 0xffffffff, 0xa09b]);
    expect(segment(cpu, 2)).toEqual([16, 0n, 0xffffffff, 0xc093]);
  });

  it.each([
    ['EFER.SCE clear', '64-bit', (c: WholeCpu) => c.state.setWideField(MSR_EFER, 0x500n)],
    ['compatibility mode', 'compatibility', undefined],
    ['protected mode', 'protected', undefined],
  ] as const)('gives #UD with %s', (_name, mode, prepare) => {
    const cpu = ready(mode, 3);
    prepare?.(cpu);
    expect(faultOf(cpu, ...SYSCALL)).toEqual(UD);
  });
});

describe('SYSRET', () => {
  it('to 64-bit mode takes RCX and R11, CS from STAR + 16, SS from STAR + 8, RPL 3', () => {
    const cpu = ready('64-bit', 0);
    cpu.state.setGpr(RCX, 0x7fff12345678n);
    cpu.state.setGpr(R11, BigInt(FLAG_IF | FLAG_RF | FLAG_VM | 0x41) | (1n << 40n));
    expect(cpu.run(...SYSRETQ)).toBe(OUTCOME_NEXT);
    expect([cpu.state.rip, cpu.state.rflags, cpu.state.cpl]).toEqual([0x7fff12345678n, FLAG_IF | 0x43, 3]);
    expect(segment(cpu, 1)).toEqual([0x33, 0n, 0xffffffff, 0xa0fb]);
    expect(segment(cpu, 2)).toEqual([0x2b, 0n, 0xffffffff, 0xc0f3]);
  });

  it('to compatibility mode takes ECX and CS from STAR', () => {
    const cpu = ready('64-bit', 0);
    cpu.state.setGpr(RCX, 0xffff_ffff_1234_5678n);
    expect(cpu.run(...SYSRET)).toBe(OUTCOME_NEXT);
    expect([cpu.state.rip, cpu.codeSize]).toEqual([0x12345678n, 32]);
    expect(segment(cpu, 1)).toEqual([0x23, 0n, 0xffffffff, 0xc0fb]);
  });

  it('and SYSCALL are a round trip', () => {
    const cpu = ready('64-bit', 3);
    cpu.state.rflags = FLAG_IF | 0x803;
    cpu.state.setWideField(MSR_LSTAR, 0x5000n);
    cpu.run(...SYSCALL);
    cpu.run(...SYSRETQ);
    expect([cpu.state.rip, cpu.state.cpl, cpu.state.rflags]).toEqual([0x4002n, 3, FLAG_IF | 0x803]);
  });

  it('faults with #GP(0) at CPL 3, and before it changes anything when RCX is not canonical', () => {
    expect(faultOf(ready('64-bit', 3), ...SYSRETQ)).toEqual(GP0);
    const cpu = ready('64-bit', 0);
    cpu.state.setGpr(RCX, NOT_CANONICAL);
    expect(faultOf(cpu, ...SYSRETQ)).toEqual(GP0);
  });
});

describe('SWAPGS', () => {
  it('SWAPGS exchanges GS.base with KERNEL_GS_BASE at CPL 0', () => {
    const cpu = new WholeCpu('64-bit');
    cpu.state.setWideField(MSR_KERNEL_GS_BASE, 0xffff800000000000n);
    expect(cpu.run(0x0f, 0x01, 0xf8)).toBe(OUTCOME_NEXT);
    expect([cpu.state.segments[5]?.base, cpu.state.wideField(MSR_KERNEL_GS_BASE)]).toEqual([0xffff800000000000n, 0n]);
    expect(faultOf(new WholeCpu('64-bit', 3), 0x0f, 0x01, 0xf8)).toEqual(GP0);
    expect(faultOf(new WholeCpu('protected'), 0x0f, 0x01, 0xf8)).toEqual(UD);
  });
});
