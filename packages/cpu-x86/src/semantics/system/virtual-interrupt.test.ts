import { describe, expect, it } from 'vitest';
import { CR4_PVI, CR4_VME } from '../../state/control-registers.ts';
import { CR4, SYSTEM_FLAGS, TR_INDEX } from '../../state/layout.ts';
import { FLAG_IF, FLAG_IOPL, FLAG_NT, FLAG_VIF, FLAG_VIP, FLAG_VM } from '../../state/rflags.ts';
import { OUTCOME_FAULT } from './context.ts';
import { type FakeMode, RSP, TSS } from './fake-cpu.test.fixture.ts';
import { WholeCpu } from './whole-cpu.test.fixture.ts';

const GP0 = { vector: 13, errorCode: 0 };
const STACK = 0xa000;
const MAP_BASE = 0x88;
const LIMIT = 0x1ff;
/** OF, and bit 1, which is always 1. */
const SOME = 0x802;

/** A program of CPL 3 with VME and PVI on, and IOPL 0 unless told; CS:IP is 0:4000. */
function machine(flags = 0, mode: FakeMode = 'virtual-8086', cr4 = CR4_VME | CR4_PVI): WholeCpu {
  const cpu = new WholeCpu(mode, 3);
  cpu.state.rflags = SOME | flags | (mode === 'virtual-8086' ? FLAG_VM : 0);
  cpu.state.setField(CR4, cpu.state.field(CR4) | cr4);
  cpu.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), LIMIT, 0x8b);
  cpu.view.setUint16(TSS + 0x66, MAP_BASE, true);
  return cpu;
}
const systemFlags = (cpu: WholeCpu): number => cpu.state.field(SYSTEM_FLAGS) & ~FLAG_VM;
const CLI = 0xfa;
const STI = 0xfb;
const PUSHF = 0x9c;
const POPF = 0x9d;
const IRET = 0xcf;

describe.each(['virtual-8086', 'protected', '64-bit'] as const)('CLI and STI at CPL 3 in %s mode', (mode) => {
  it('change VIF in the place of IF', () => {
    const cpu = machine(FLAG_IF, mode);
    cpu.run(STI);
    expect(systemFlags(cpu)).toBe(FLAG_IF | FLAG_VIF);
    cpu.run(CLI);
    expect(systemFlags(cpu)).toBe(FLAG_IF);
  });

  it('STI faults with #GP(0) while an interrupt is pending, CLI does not', () => {
    const cpu = machine(FLAG_VIP, mode);
    expect(cpu.run(STI)).toBe(OUTCOME_FAULT);
    expect(cpu.raised).toEqual(GP0);
    const other = machine(FLAG_VIP, mode);
    other.run(CLI);
    expect(systemFlags(other)).toBe(FLAG_VIP);
  });

  it('are of IF with IOPL 3, and not allowed without the extensions', () => {
    const cpu = machine(FLAG_IOPL, mode);
    cpu.run(STI);
    expect(systemFlags(cpu)).toBe(FLAG_IOPL | FLAG_IF);
    const wrong = mode === 'virtual-8086' ? CR4_PVI : CR4_VME;
    for (const code of [CLI, STI]) {
      const without = machine(0, mode, wrong);
      expect(without.run(code)).toBe(OUTCOME_FAULT);
      expect(without.raised).toEqual(GP0);
    }
  });
});

describe('PUSHF and POPF of virtual-8086 mode', () => {
  it.each([
    [0, 0x3802],
    [FLAG_VIF, 0x3a02],
    [FLAG_IF | FLAG_NT, 0x7802],
  ])('PUSHF shows IOPL 3, and VIF as IF: flags %i', (flags, image) => {
    const cpu = machine(flags);
    cpu.run(PUSHF);
    expect([cpu.view.getUint16(STACK - 2, true), cpu.state.gpr(RSP)]).toEqual([image, BigInt(STACK - 2)]);
  });

  it.each([
    ['IF to VIF', 0, 0x0a43, FLAG_VIF],
    ['no IF to VIF', FLAG_VIF | FLAG_IF, 0x0843, FLAG_IF],
    ['IOPL to nothing', FLAG_IF, 0x3843, FLAG_IF],
    ['no IF while VIP is set', FLAG_VIP, 0x0843, FLAG_VIP],
  ])('POPF loads %s', (_name, flags, image, expected) => {
    const cpu = machine(flags);
    cpu.view.setUint16(STACK, image, true);
    cpu.run(POPF);
    expect([systemFlags(cpu), cpu.state.rflags & 0x8d5, cpu.state.gpr(RSP)]).toEqual([
      expected,
      0x841,
      BigInt(STACK + 2),
    ]);
  });

  it.each([
    ['POPF of IF while VIP is set', FLAG_VIP, [POPF], 0x202],
    ['POPF of TF', 0, [POPF], 0x102],
    ['POPFD', 0, [0x66, POPF], 0x2],
    ['PUSHFD', 0, [0x66, PUSHF], 0x2],
  ])('%s is #GP(0)', (_name, flags, code, image) => {
    const cpu = machine(flags);
    cpu.view.setUint32(STACK, image, true);
    expect(cpu.run(...code)).toBe(OUTCOME_FAULT);
    expect(cpu.raised).toEqual(GP0);
  });
});

describe('IRET of virtual-8086 mode with IOPL 0', () => {
  const returning = (flags: number, image: number): WholeCpu => {
    const cpu = machine(flags);
    [0x1234, 0x0500, image].forEach((item, i) => {
      cpu.view.setUint16(STACK + 2 * i, item, true);
    });
    return cpu;
  };

  it('of 16 bits loads VIF from IF, neither IF nor IOPL', () => {
    const cpu = returning(FLAG_IF, 0x3a02);
    cpu.run(IRET);
    expect([cpu.state.rip, cpu.state.segments[1]?.selector]).toEqual([0x1234n, 0x500]);
    expect(systemFlags(cpu)).toBe(FLAG_IF | FLAG_VIF);
  });

  it('is #GP(0) for IF while VIP is set, for TF, and with 32 bits', () => {
    for (const [flags, image, code] of [
      [FLAG_VIP, 0x202, [IRET]],
      [0, 0x102, [IRET]],
      [0, 0x2, [0x66, IRET]],
    ] as const) {
      const cpu = returning(flags, image);
      expect(cpu.run(...code)).toBe(OUTCOME_FAULT);
      expect(cpu.raised).toEqual(GP0);
    }
  });
});

describe('INT n of virtual-8086 mode', () => {
  const VECTOR = 0x21;
  const INT = [0xcd, VECTOR] as const;
  const redirecting = (flags: number, isToSystem = false): WholeCpu => {
    const cpu = machine(flags);
    cpu.view.setUint32(4 * VECTOR, 0x0600_1122, true);
    if (isToSystem) cpu.view.setUint8(TSS + MAP_BASE - 32 + (VECTOR >> 3), 1 << (VECTOR & 7));
    // A 32-bit interrupt gate of DPL 3.
    cpu.setGate(VECTOR, 8, 0x5000, 0xee);
    return cpu;
  };
  const frame = (cpu: WholeCpu): number[] => [0, 2, 4].map((at) => cpu.view.getUint16(STACK - 6 + at, true));

  it('goes to the program itself where its bit is clear, IOPL 3: IF and TF are cleared', () => {
    const cpu = redirecting(FLAG_IOPL | FLAG_IF);
    cpu.run(...INT);
    expect([cpu.state.rip, cpu.state.segments[1]?.selector, cpu.state.segments[1]?.base]).toEqual([
      0x1122n,
      0x600,
      0x6000n,
    ]);
    expect(frame(cpu)).toEqual([0x4002, 0, 0x3a02]);
    expect([systemFlags(cpu), cpu.state.gpr(RSP)]).toEqual([FLAG_IOPL, BigInt(STACK - 6)]);
  });

  it('goes to the program itself where its bit is clear, IOPL below 3: of VIF', () => {
    const cpu = redirecting(FLAG_IF | FLAG_VIF);
    cpu.run(...INT);
    expect(frame(cpu)).toEqual([0x4002, 0, 0x3a02]);
    expect([systemFlags(cpu), cpu.state.rip]).toEqual([FLAG_IF, 0x1122n]);
  });

  it('goes to the gate where its bit is set with IOPL 3, and is #GP(0) below', () => {
    const cpu = redirecting(FLAG_IOPL, true);
    cpu.run(...INT);
    expect([cpu.state.rip, cpu.state.cpl]).toEqual([0x5000n, 0]);
    const other = redirecting(0, true);
    expect(other.run(...INT)).toBe(OUTCOME_FAULT);
    expect(other.raised).toEqual(GP0);
  });

  it('is #GP(0) where the TSS has no bit map', () => {
    const cpu = redirecting(FLAG_IOPL);
    cpu.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), 0x67, 0x8b);
    expect(cpu.run(...INT)).toBe(OUTCOME_FAULT);
    expect(cpu.raised).toEqual(GP0);
  });

  it('is not redirected by INT3, nor with CR4.VME clear', () => {
    const breakpoint = redirecting(0);
    breakpoint.setGate(3, 8, 0x5000, 0xee);
    breakpoint.run(0xcc);
    // The exception log knows of those that go through the IDT.
    expect(breakpoint.raised).toEqual({ vector: 3, errorCode: -1 });
    const off = redirecting(FLAG_IOPL);
    off.state.setField(CR4, 0);
    off.run(...INT);
    expect(off.state.rip).toBe(0x5000n);
  });
});

describe('a virtual-8086 program that takes interrupts while one is pending', () => {
  it('faults with #GP(0) before its next instruction', () => {
    const cpu = machine(FLAG_VIF | FLAG_VIP);
    expect(cpu.run(0x90)).toBe(OUTCOME_FAULT);
    expect(cpu.raised).toEqual(GP0);
    const other = machine(FLAG_VIF | FLAG_VIP | FLAG_IOPL);
    other.run(0x90);
    expect(other.state.rip).toBe(0x4001n);
  });
});
