import { describe, expect, it } from 'vitest';
import { CR4, MSR_SYSENTER_CS, MSR_SYSENTER_EIP, MSR_SYSENTER_ESP } from '../../state/layout.ts';
import { FLAG_IF } from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import { FakeCpu, type FakeMode, faultOf, RAX, RCX, RDX, RSP } from './fake-cpu.test.fixture.ts';

const UD = [6, -1];
const GP0 = [13, 0];
const SYSENTER = [0x0f, 0x34];
const SYSEXIT = [0x0f, 0x35];
const NOT_CANONICAL = 0x0000800000000000n;

const segment = (cpu: FakeCpu, index: number): unknown[] => {
  const s = cpu.state.segments[index];
  return [s?.selector, s?.base, s?.limit, s?.attributes];
};

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

describe('the segment-base instructions', () => {
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
