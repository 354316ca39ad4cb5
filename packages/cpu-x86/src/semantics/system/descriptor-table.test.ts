import { describe, expect, it } from 'vitest';
import { CR4, GDTR_BASE, GDTR_LIMIT, IDTR_BASE, IDTR_LIMIT, LDTR_INDEX, TR_INDEX } from '../../state/layout.ts';
import { OUTCOME_NEXT } from './context.ts';
import {
  DATA32,
  FakeCpu,
  type FakeMode,
  FREE,
  faultOf,
  GDT,
  LDT,
  LDT_SELECTOR,
  RAX,
  segmentDescriptor,
  TSS,
  TSS_SELECTOR,
} from './fake-cpu.test.fixture.ts';

const GP = 13;
const NP = 11;
const UD = [6, -1];

/** `0F 01 /reg [0x6000]` for the mode's address size. */
const at6000 = (mode: FakeMode, reg: number): number[] => {
  if (mode === 'real' || mode === 'virtual-8086') return [0x0f, 0x01, 0x06 | (reg << 3), 0x00, 0x60];
  if (mode === '64-bit') return [0x0f, 0x01, 0x04 | (reg << 3), 0x25, 0x00, 0x60, 0, 0];
  return [0x0f, 0x01, 0x05 | (reg << 3), 0x00, 0x60, 0, 0];
};
const SGDT = 0;
const SIDT = 1;
const LGDT = 2;
const LIDT = 3;

describe('LGDT and LIDT', () => {
  it.each([
    ['real', [], 0x00345678n],
    ['real', [0x66], 0x12345678n],
    ['protected', [], 0x12345678n],
    ['protected', [0x66], 0x00345678n],
    ['64-bit', [], 0xffff800012345678n],
    ['64-bit', [0x66], 0xffff800012345678n],
  ] as const)('in %s mode with prefixes %j take the base', (mode, prefixes, base) => {
    for (const [reg, baseField, limitField] of [
      [LGDT, GDTR_BASE, GDTR_LIMIT],
      [LIDT, IDTR_BASE, IDTR_LIMIT],
    ] as const) {
      const cpu = new FakeCpu(mode);
      cpu.view.setUint16(0x6000, 0x1234, true);
      cpu.view.setBigUint64(0x6002, 0xffff800012345678n, true);
      expect(cpu.run(...prefixes, ...at6000(mode, reg))).toBe(OUTCOME_NEXT);
      expect([cpu.state.wideField(baseField), cpu.state.field(limitField)]).toEqual([base, 0x1234]);
    }
  });

  it('fault above CPL 0, and with a base that is not canonical', () => {
    expect(faultOf(new FakeCpu('protected', 3), ...at6000('protected', LGDT))).toEqual([GP, 0]);
    expect(faultOf(new FakeCpu('virtual-8086'), ...at6000('virtual-8086', LIDT))).toEqual([GP, 0]);
    const cpu = new FakeCpu('64-bit');
    cpu.view.setBigUint64(0x6002, 0x800000000000n, true);
    expect(faultOf(cpu, ...at6000('64-bit', LIDT))).toEqual([GP, 0]);
  });
});

describe('SGDT and SIDT', () => {
  it.each([
    ['real', [], 6],
    ['protected', [], 6],
    ['64-bit', [], 10],
  ] as const)('in %s mode store limit and the whole base (%j): %i bytes', (mode, prefixes, size) => {
    const cpu = new FakeCpu(mode);
    cpu.state.setWideField(GDTR_BASE, 0xffff8000deadbeefn);
    cpu.state.setField(GDTR_LIMIT, 0x77);
    cpu.bytes.fill(0xee, 0x6000, 0x6010);
    expect(cpu.run(...prefixes, ...at6000(mode, SGDT))).toBe(OUTCOME_NEXT);
    expect(cpu.view.getUint16(0x6000, true)).toBe(0x77);
    expect(cpu.view.getUint32(0x6002, true)).toBe(0xdeadbeef);
    expect(cpu.bytes[0x6000 + size]).toBe(0xee);
  });

  it('store nothing when the last byte cannot be written', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.readOnly.add(7);
    cpu.state.setGpr(RAX, 0x6ff7n);
    expect(faultOf(cpu, 0x0f, 0x01, 0x08)).toEqual([14, 3]); // sidt [rax]
    expect(cpu.bytes[0x6ff7]).toBe(0);
  });

  it('are for UMIP to forbid above CPL 0', () => {
    const cpu = new FakeCpu('protected', 3);
    expect(cpu.run(...at6000('protected', SIDT))).toBe(OUTCOME_NEXT);
    cpu.state.setField(CR4, 0x800);
    expect(faultOf(cpu, ...at6000('protected', SIDT))).toEqual([GP, 0]);
    expect(faultOf(cpu, 0x0f, 0x00, 0xc8)).toEqual([GP, 0]); // str eax
    expect(faultOf(cpu, 0x0f, 0x00, 0xc0)).toEqual([GP, 0]); // sldt eax
  });
});

const LLDT_AX = [0x0f, 0x00, 0xd0];
const LTR_AX = [0x0f, 0x00, 0xd8];

function with16(mode: FakeMode, selector: number, prepare?: (cpu: FakeCpu) => void, cpl = 0): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
  prepare?.(cpu);
  cpu.state.setGpr(RAX, BigInt(selector));
  return cpu;
}
const entry =
  (access: number) =>
  (cpu: FakeCpu): void =>
    cpu.setDescriptor(FREE, segmentDescriptor(TSS, 0x67, access, 0));

describe('LLDT', () => {
  it('loads base and limit, of 16 bytes in IA-32e mode', () => {
    const cpu = with16('64-bit', LDT_SELECTOR, (c) => c.view.setBigUint64(GDT + LDT_SELECTOR + 8, 0xffff8000n, true));
    expect(cpu.run(...LLDT_AX)).toBe(OUTCOME_NEXT);
    const ldtr = cpu.state.segments[LDTR_INDEX];
    expect([ldtr?.selector, ldtr?.base, ldtr?.limit]).toEqual([LDT_SELECTOR, 0xffff800000000000n | BigInt(LDT), 0x3f]);
  });

  it('takes a null selector, after which LDT selectors fault', () => {
    const cpu = with16('protected', 3);
    expect(cpu.run(...LLDT_AX)).toBe(OUTCOME_NEXT);
    cpu.state.setGpr(RAX, 4n);
    expect(faultOf(cpu, 0x8e, 0xd8)).toEqual([GP, 4]);
  });

  it.each([
    ['CPL 3', 'protected', 3, LDT_SELECTOR, undefined, [GP, 0]],
    ['real mode', 'real', 0, LDT_SELECTOR, undefined, UD],
    ['virtual-8086 mode', 'virtual-8086', 3, LDT_SELECTOR, undefined, UD],
    ['a selector of the LDT', 'protected', 0, 0x0c, undefined, [GP, 0x0c]],
    ['a selector outside the GDT', 'protected', 0, 0x100, undefined, [GP, 0x100]],
    ['a data segment', 'protected', 0, DATA32, undefined, [GP, DATA32]],
    ['a TSS', 'protected', 0, TSS_SELECTOR, undefined, [GP, TSS_SELECTOR]],
    ['an LDT that is not present', 'protected', 0, FREE, entry(0x02), [NP, FREE]],
    [
      'a base that is not canonical',
      '64-bit',
      0,
      LDT_SELECTOR,
      (c: FakeCpu) => c.view.setUint32(GDT + 0x60, 0x8000, true),
      [GP, LDT_SELECTOR],
    ],
    [
      'an upper half with a type',
      '64-bit',
      0,
      LDT_SELECTOR,
      (c: FakeCpu) => c.view.setUint32(GDT + 0x64, 0x100, true),
      [GP, LDT_SELECTOR],
    ],
    [
      'an upper half outside the GDT',
      '64-bit',
      0,
      LDT_SELECTOR,
      (c: FakeCpu) => c.state.setField(GDTR_LIMIT, 0x66),
      [GP, LDT_SELECTOR],
    ],
  ] as const)('refuses %s', (_name, mode, cpl, selector, prepare, raised) => {
    expect(faultOf(with16(mode, selector, prepare, cpl), ...LLDT_AX)).toEqual(raised);
  });
});

describe('LTR', () => {
  it('loads the TSS and marks it busy in the GDT', () => {
    const cpu = with16('64-bit', TSS_SELECTOR);
    expect(cpu.run(...LTR_AX)).toBe(OUTCOME_NEXT);
    const tr = cpu.state.segments[TR_INDEX];
    expect([tr?.selector, tr?.base, tr?.limit, tr?.attributes]).toEqual([TSS_SELECTOR, BigInt(TSS), 0x67, 0x8b]);
    expect(cpu.bytes[GDT + TSS_SELECTOR + 5]).toBe(0x8b);
    expect(faultOf(cpu, ...LTR_AX)).toEqual([GP, TSS_SELECTOR]);
  });

  it('takes a 16-bit TSS in protected mode only', () => {
    expect(with16('protected', FREE, entry(0x81)).run(...LTR_AX)).toBe(OUTCOME_NEXT);
    expect(faultOf(with16('64-bit', FREE, entry(0x81)), ...LTR_AX)).toEqual([GP, FREE]);
  });

  it.each([
    ['a null selector', 'protected', 0, 0, undefined, [GP, 0]],
    ['CPL 3', 'protected', 3, TSS_SELECTOR, undefined, [GP, 0]],
    ['real mode', 'real', 0, TSS_SELECTOR, undefined, UD],
    ['an LDT', 'protected', 0, LDT_SELECTOR, undefined, [GP, LDT_SELECTOR]],
    ['a selector of the LDT', 'protected', 0, 0x4c, undefined, [GP, 0x4c]],
    ['a busy TSS', 'protected', 0, FREE, entry(0x8b), [GP, FREE]],
    ['a TSS that is not present', 'protected', 0, FREE, entry(0x09), [NP, FREE]],
  ] as const)('refuses %s', (_name, mode, cpl, selector, prepare, raised) => {
    expect(faultOf(with16(mode, selector, prepare, cpl), ...LTR_AX)).toEqual(raised);
  });

  it('that cannot mark the descriptor busy leaves TR alone', () => {
    const cpu = with16('64-bit', TSS_SELECTOR);
    cpu.readOnly.add(GDT >> 12);
    expect(faultOf(cpu, ...LTR_AX)).toEqual([14, 3]);
  });
});

describe('SLDT and STR', () => {
  it('store the selector', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RAX, 0xffffffffffffffffn);
    cpu.run(0x0f, 0x00, 0xc8);
    expect(cpu.state.gpr(RAX)).toBe(BigInt(TSS_SELECTOR));
    cpu.run(0x0f, 0x00, 0xc0);
    expect(cpu.state.gpr(RAX)).toBe(0n);
  });

  it('do not exist in real mode', () => {
    expect(faultOf(new FakeCpu('real'), 0x0f, 0x00, 0xc8)).toEqual(UD);
    expect(faultOf(new FakeCpu('virtual-8086'), 0x0f, 0x00, 0xc0)).toEqual(UD);
  });
});
