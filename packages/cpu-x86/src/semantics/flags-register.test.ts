import { describe, expect, it } from 'vitest';
import { INTERRUPT_SHADOW } from '../state/layout.ts';
import {
  FLAG_AC,
  FLAG_CF,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
} from '../state/rflags.ts';
import { OUTCOME_NEXT } from './system/context.ts';
import { type FakeMode, faultOf, RSP, STACK0 } from './system/fake-cpu.test.fixture.ts';
import { WholeCpu } from './system/whole-cpu.test.fixture.ts';

const GP0 = [13, 0];

function withFlags(mode: FakeMode, cpl: number, flags: number): WholeCpu {
  const cpu = new WholeCpu(mode, cpl);
  cpu.state.rflags = flags | 2 | (mode === 'virtual-8086' ? FLAG_VM : 0);
  return cpu;
}

describe('CLI and STI', () => {
  it.each([
    ['real', 0, 0, true],
    ['protected', 0, 0, true],
    ['protected', 3, 0, false],
    ['protected', 3, FLAG_IOPL, true],
    ['64-bit', 3, 0, false],
    ['virtual-8086', 3, 0, false],
    ['virtual-8086', 3, FLAG_IOPL, true],
  ] as const)('in %s mode at CPL %i with IOPL bits %x: allowed is %s', (mode, cpl, iopl, allowed) => {
    const set = withFlags(mode, cpl, iopl);
    const clear = withFlags(mode, cpl, iopl | FLAG_IF);
    if (allowed) {
      expect(set.run(0xfb)).toBe(OUTCOME_NEXT);
      expect(set.state.rflags & FLAG_IF).toBe(FLAG_IF);
      expect(clear.run(0xfa)).toBe(OUTCOME_NEXT);
      expect(clear.state.rflags & FLAG_IF).toBe(0);
    } else {
      expect(faultOf(set, 0xfb)).toEqual(GP0);
      expect(faultOf(clear, 0xfa)).toEqual(GP0);
    }
  });

  it('STI shadows the instruction behind it, but only when IF was clear', () => {
    const cpu = withFlags('64-bit', 0, 0);
    cpu.run(0xfb);
    expect([cpu.state.field(INTERRUPT_SHADOW), cpu.state.rip]).toEqual([1, 0x4001n]);
    cpu.state.setField(INTERRUPT_SHADOW, 0);
    cpu.run(0xfb);
    expect(cpu.state.field(INTERRUPT_SHADOW)).toBe(0);
  });
});

describe('PUSHF', () => {
  it.each([
    ['real', [0x9c], 2],
    ['real', [0x66, 0x9c], 4],
    ['64-bit', [0x9c], 8],
    ['64-bit', [0x66, 0x9c], 2],
  ] as const)('in %s mode %j pushes %i bytes, without VM and RF', (mode, bytes, size) => {
    const cpu = withFlags(mode, 0, FLAG_CF | FLAG_RF | FLAG_ID | FLAG_AC);
    const before = cpu.state.gpr(RSP);
    expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    expect(before - cpu.state.gpr(RSP)).toBe(BigInt(size));
    const image = cpu.view.getUint32(Number(cpu.state.gpr(RSP)), true);
    expect(size === 2 ? image & 0xffff : image).toBe(size === 2 ? 3 : FLAG_ID | FLAG_AC | 3);
  });

  it('in virtual-8086 mode needs IOPL 3', () => {
    expect(faultOf(withFlags('virtual-8086', 3, 0), 0x9c)).toEqual(GP0);
    const cpu = withFlags('virtual-8086', 3, FLAG_IOPL);
    cpu.run(0x9c);
    expect(cpu.view.getUint16(Number(cpu.state.gpr(RSP)), true)).toBe(FLAG_IOPL | 2);
  });
});

describe('POPF', () => {
  const ALL = 0x3f7fd7;
  const PLAIN = 0x8d5 | FLAG_TF | FLAG_DF | FLAG_NT | 2;
  const popped = (cpu: WholeCpu, image: number, ...bytes: number[]): number => {
    cpu.view.setUint32(Number(cpu.state.gpr(RSP)), image, true);
    cpu.run(...bytes);
    return cpu.state.rflags;
  };

  it.each([
    ['CPL 0: all but VM, VIF, VIP, RF', '64-bit', 0, 0, [0x9d], PLAIN | FLAG_IF | FLAG_IOPL | FLAG_AC | FLAG_ID],
    ['real mode, 32 bits', 'real', 0, 0, [0x66, 0x9d], PLAIN | FLAG_IF | FLAG_IOPL | FLAG_AC | FLAG_ID],
    ['real mode, 16 bits', 'real', 0, 0, [0x9d], PLAIN | FLAG_IF | FLAG_IOPL],
    ['CPL 3 with IOPL 0: neither IF nor IOPL', 'protected', 3, 0, [0x9d], PLAIN | FLAG_AC | FLAG_ID],
    ['CPL 3 with IOPL 3: IF', 'protected', 3, FLAG_IOPL, [0x9d], PLAIN | FLAG_IF | FLAG_IOPL | FLAG_AC | FLAG_ID],
    ['virtual-8086 mode with IOPL 3', 'virtual-8086', 3, FLAG_IOPL, [0x9d], PLAIN | FLAG_IF | FLAG_IOPL | FLAG_VM],
  ] as const)('sets, at %s', (_name, mode, cpl, flags, bytes, expected) => {
    expect(popped(withFlags(mode, cpl, flags), ALL, ...bytes)).toBe(expected);
  });

  it('clears the same flags, and RF', () => {
    expect(popped(withFlags('64-bit', 0, ALL & ~(FLAG_VM | FLAG_TF)), 0, 0x9d)).toBe(FLAG_VIF | FLAG_VIP | 2);
    expect(popped(withFlags('64-bit', 3, FLAG_IF | FLAG_RF), 0, 0x9d)).toBe(FLAG_IF | 2);
  });

  it('in virtual-8086 mode needs IOPL 3', () => {
    expect(faultOf(withFlags('virtual-8086', 3, 0), 0x9d)).toEqual(GP0);
  });

  it('that cannot read the stack leaves flags and pointer alone', () => {
    const cpu = withFlags('64-bit', 0, FLAG_CF);
    cpu.absent.add((STACK0 - 0x100) >> 12);
    expect(faultOf(cpu, 0x9d)).toEqual([14, 0]);
  });
});
