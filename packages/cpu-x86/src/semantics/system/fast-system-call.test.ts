import { describe, expect, it } from 'vitest';
import {
  CR4,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
} from '../../state/layout.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VM } from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import { FakeCpu, type FakeMode, faultOf, RAX, RCX, RDX, RSP } from './fake-cpu.test.fixture.ts';

const R11 = 11;
const UD = [6, -1];
const GP0 = [13, 0];
const SYSCALL = [0x0f, 0x05];
const SYSRET = [0x0f, 0x07];
const SYSRETQ = [0x48, 0x0f, 0x07];
const SYSENTER = [0x0f, 0x34];
const SYSEXIT = [0x0f, 0x35];
const NOT_CANONICAL = 0x0000800000000000n;

const segment = (cpu: FakeCpu, index: number): unknown[] => {
  const s = cpu.state.segments[index];
  return [s?.selector, s?.base, s?.limit, s?.attributes];
};

function ready(mode: FakeMode, cpl: number): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
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
    expect(cpu.run(...SYSCALL)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.gpr(RCX)).toBe(0x4002n);
    expect(cpu.state.gpr(R11)).toBe(BigInt(FLAG_IF | 0x43));
    expect([cpu.state.rip, cpu.state.rflags, cpu.state.cpl]).toEqual([0xffff800000001000n, 0x43, 0]);
    expect(segment(cpu, 1)).toEqual([8, 0n, 0xffffffff, 0xa09b]);
    expect(segment(cpu, 2)).toEqual([16, 0n, 0xffffffff, 0xc093]);
  });

  it.each([
    ['EFER.SCE clear', '64-bit', (c: FakeCpu) => c.state.setWideField(MSR_EFER, 0x500n)],
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
    expect(cpu.run(...SYSRETQ)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.state.rflags, cpu.state.cpl]).toEqual([0x7fff12345678n, FLAG_IF | 0x43, 3]);
    expect(segment(cpu, 1)).toEqual([0x33, 0n, 0xffffffff, 0xa0fb]);
    expect(segment(cpu, 2)).toEqual([0x2b, 0n, 0xffffffff, 0xc0f3]);
    expect(cpu.attention).toBe(1);
  });

  it('to compatibility mode takes ECX and CS from STAR', () => {
    const cpu = ready('64-bit', 0);
    cpu.state.setGpr(RCX, 0xffff_ffff_1234_5678n);
    expect(cpu.run(...SYSRET)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.codeSize]).toEqual([0x12345678n, 32]);
    expect(segment(cpu, 1)).toEqual([0x23, 0n, 0xffffffff, 0xc0fb]);
  });

  it('and SYSCALL are a round trip', () => {
    const cpu = ready('64-bit', 3);
    cpu.state.rflags = FLAG_IF | 0x803;
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

describe('SYSENTER and SYSEXIT', () => {
  const withMsrs = (mode: FakeMode, cpl: number, selector = 0x08n): FakeCpu => {
    const cpu = new FakeCpu(mode, cpl);
    cpu.state.setWideField(MSR_SYSENTER_CS, selector);
    cpu.state.setWideField(MSR_SYSENTER_ESP, 0xffff800000008000n);
    cpu.state.setWideField(MSR_SYSENTER_EIP, 0xffff800000005000n);
    return cpu;
  };

  it('enter ring 0 at the MSRs, 64 bits of them in IA-32e mode', () => {
    for (const [mode, pointer, rip, attributes] of [
      ['protected', 0x8000n, 0x5000n, 0xc09b],
      ['compatibility', 0xffff800000008000n, 0xffff800000005000n, 0xa09b],
      ['64-bit', 0xffff800000008000n, 0xffff800000005000n, 0xa09b],
    ] as const) {
      const cpu = withMsrs(mode, 3);
      cpu.state.rflags = FLAG_IF | 2;
      expect(cpu.run(...SYSENTER)).toBe(OUTCOME_BRANCH);
      expect([cpu.state.gpr(RSP), cpu.state.rip, cpu.state.rflags, cpu.state.cpl]).toEqual([pointer, rip, 2, 0]);
      expect(segment(cpu, 1)).toEqual([8, 0n, 0xffffffff, attributes]);
      expect(segment(cpu, 2)).toEqual([16, 0n, 0xffffffff, 0xc093]);
    }
  });

  it.each([
    ['real', 0x08n],
    ['protected', 3n],
  ] as const)('SYSENTER in %s mode with selector %i faults with #GP(0)', (mode, selector) => {
    expect(faultOf(withMsrs(mode, 0, selector), ...SYSENTER)).toEqual(GP0);
  });

  it('leave to ring 3 with ECX and EDX, selectors +16 and +24, or +32 and +40 for 64 bits', () => {
    const cpu = withMsrs('64-bit', 0);
    cpu.state.setGpr(RCX, 0x7fff00001000n);
    cpu.state.setGpr(RDX, 0x7fff00002000n);
    cpu.run(0x48, ...SYSEXIT);
    expect([cpu.state.gpr(RSP), cpu.state.rip, cpu.state.cpl]).toEqual([0x7fff00001000n, 0x7fff00002000n, 3]);
    expect([segment(cpu, 1), segment(cpu, 2)]).toEqual([
      [0x2b, 0n, 0xffffffff, 0xa0fb],
      [0x33, 0n, 0xffffffff, 0xc0f3],
    ]);
    const narrow = withMsrs('protected', 0);
    narrow.state.setGpr(RCX, 0x1000n);
    narrow.state.setGpr(RDX, 0x2000n);
    narrow.run(...SYSEXIT);
    expect([segment(narrow, 1), segment(narrow, 2)]).toEqual([
      [0x1b, 0n, 0xffffffff, 0xc0fb],
      [0x23, 0n, 0xffffffff, 0xc0f3],
    ]);
  });

  it('SYSEXIT faults at CPL 3 and with addresses that are not canonical', () => {
    expect(faultOf(withMsrs('protected', 3), ...SYSEXIT)).toEqual(GP0);
    for (const register of [RCX, RDX]) {
      const cpu = withMsrs('64-bit', 0);
      cpu.state.setGpr(register, NOT_CANONICAL);
      expect(faultOf(cpu, 0x48, ...SYSEXIT)).toEqual(GP0);
    }
  });
});

describe('SWAPGS and the segment-base instructions', () => {
  it('SWAPGS exchanges GS.base with KERNEL_GS_BASE at CPL 0', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setWideField(MSR_KERNEL_GS_BASE, 0xffff800000000000n);
    expect(cpu.run(0x0f, 0x01, 0xf8)).toBe(OUTCOME_NEXT);
    expect([cpu.state.segments[5]?.base, cpu.state.wideField(MSR_KERNEL_GS_BASE)]).toEqual([0xffff800000000000n, 0n]);
    expect(faultOf(new FakeCpu('64-bit', 3), 0x0f, 0x01, 0xf8)).toEqual(GP0);
    expect(faultOf(new FakeCpu('protected'), 0x0f, 0x01, 0xf8)).toEqual(UD);
  });

  it.each([
    ['FS', 4, 0xd0, 0xc0],
    ['GS', 5, 0xd8, 0xc8],
  ] as const)('WR%sBASE and RD%1$sBASE need CR4.FSGSBASE and work at CPL 3', (_name, index, write, read) => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.state.setGpr(RAX, 0xffff_ffff_8000_0000n);
    expect(faultOf(cpu, 0xf3, 0x48, 0x0f, 0xae, write)).toEqual(UD);
    expect(faultOf(cpu, 0xf3, 0x48, 0x0f, 0xae, read)).toEqual(UD);
    cpu.state.setField(CR4, 0x10020);
    expect(cpu.run(0xf3, 0x48, 0x0f, 0xae, write)).toBe(OUTCOME_NEXT);
    expect(cpu.state.segments[index]?.base).toBe(0xffff_ffff_8000_0000n);
    cpu.run(0xf3, 0x0f, 0xae, write); // 32-bit: zero-extended
    expect(cpu.state.segments[index]?.base).toBe(0x8000_0000n);
    cpu.run(0xf3, 0x48, 0x0f, 0xae, read);
    expect(cpu.state.gpr(RAX)).toBe(0x8000_0000n);
    cpu.state.setGpr(RAX, NOT_CANONICAL);
    expect(faultOf(cpu, 0xf3, 0x48, 0x0f, 0xae, write)).toEqual(GP0);
  });
});
