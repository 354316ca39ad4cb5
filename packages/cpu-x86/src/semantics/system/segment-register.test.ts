import { describe, expect, it } from 'vitest';
import { INTERRUPT_SHADOW, LDTR_INDEX, SHADOW_STACK } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT } from './context.ts';
import {
  CODE32,
  CODE64,
  DATA16,
  DATA32,
  FakeCpu,
  type FakeMode,
  FREE,
  faultOf,
  GDT,
  LDT,
  RAX,
  RSP,
  STACK0,
  segmentDescriptor,
  TSS_SELECTOR,
  USER_CODE32,
  USER_DATA32,
} from './fake-cpu.test.fixture.ts';

const MOV_DS_AX = [0x8e, 0xd8];
const MOV_SS_AX = [0x8e, 0xd0];
const NP = 11;
const SS_FAULT = 12;
const GP = 13;

function loaded(mode: FakeMode, cpl: number, selector: number, prepare?: (cpu: FakeCpu) => void): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
  prepare?.(cpu);
  cpu.state.setGpr(RAX, BigInt(selector));
  return cpu;
}

const withEntry =
  (access: number, flags = 0xc) =>
  (cpu: FakeCpu): void =>
    cpu.setDescriptor(FREE, segmentDescriptor(0x12345678, 0x00fff, access, flags));

describe('MOV to DS', () => {
  it('in real mode makes the base a paragraph and keeps limit and attributes', () => {
    const cpu = loaded('real', 0, 0xb800);
    cpu.state.segments[3]?.load(0, 0n, 0xffffffff, 0x4093);
    expect(cpu.run(...MOV_DS_AX)).toBe(OUTCOME_NEXT);
    const ds = cpu.state.segments[3];
    expect([ds?.selector, ds?.base, ds?.limit, ds?.attributes]).toEqual([0xb800, 0xb8000n, 0xffffffff, 0x4093]);
  });

  it('in protected mode loads base, limit and attributes, and sets the accessed flag in the table', () => {
    const cpu = loaded('protected', 0, FREE, withEntry(0x92));
    expect(cpu.run(...MOV_DS_AX)).toBe(OUTCOME_NEXT);
    const ds = cpu.state.segments[3];
    expect([ds?.selector, ds?.base, ds?.limit, ds?.attributes]).toEqual([FREE, 0x12345678n, 0xffffff, 0xc093]);
    expect(cpu.bytes[GDT + FREE + 5]).toBe(0x93);
  });

  it('writes the accessed flag only when it is clear', () => {
    const cpu = loaded('protected', 0, DATA32);
    cpu.readOnly.add(GDT >> 12);
    expect(cpu.run(...MOV_DS_AX)).toBe(OUTCOME_NEXT);
  });

  it('faults with #PF and leaves DS alone when the accessed flag cannot be written', () => {
    const cpu = loaded('protected', 0, FREE, withEntry(0x92));
    cpu.readOnly.add(GDT >> 12);
    expect(faultOf(cpu, ...MOV_DS_AX)).toEqual([14, 3]);
  });

  it('takes a null selector, after which accesses fault', () => {
    for (const selector of [0, 1, 2, 3]) {
      const cpu = loaded('protected', 0, selector);
      expect(cpu.run(...MOV_DS_AX)).toBe(OUTCOME_NEXT);
      expect(cpu.state.segments[3]?.selector).toBe(selector);
      expect(cpu.state.segments[3]?.rights).toBe(0);
      // MOV [0x100], CS reads nothing and writes to a null DS
      expect(faultOf(cpu, 0x8c, 0x0d, 0, 1, 0, 0)).toEqual([GP, 0]);
    }
  });

  it.each([
    ['beyond the GDT limit', 0, 0x100, undefined, GP, 0x100],
    ['the last entry but one byte short', 0, 0xf8, (cpu: FakeCpu) => cpu.state.setField(0x228, 0xfe), GP, 0xf8],
    ['in an LDT that does not exist', 0, 0x0c, undefined, GP, 0x0c],
    ['a TSS', 0, TSS_SELECTOR, undefined, GP, TSS_SELECTOR],
    ['execute-only code', 0, FREE, withEntry(0x99), GP, FREE],
    ['DPL 0 data at CPL 3', 3, DATA32 | 3, undefined, GP, DATA32],
    ['DPL 0 data with RPL 3', 0, DATA32 | 3, undefined, GP, DATA32],
    ['DPL 0 data with RPL 0 at CPL 3', 3, DATA32, undefined, GP, DATA32],
    ['non-conforming code of DPL 0 at CPL 3', 3, CODE32 | 3, undefined, GP, CODE32],
    ['not present', 0, FREE, withEntry(0x12), NP, FREE],
    ['not present and DPL too low: privilege is tested first', 3, FREE, withEntry(0x12), GP, FREE],
  ] as const)('refuses %s', (_name, cpl, selector, prepare, vector, code) => {
    expect(faultOf(loaded('protected', cpl, selector, prepare), ...MOV_DS_AX)).toEqual([vector, code]);
  });

  it.each([
    ['readable code', 0, CODE32, undefined],
    ['conforming readable code of DPL 0 at CPL 3', 3, FREE | 3, withEntry(0x9e)],
    ['user data at CPL 0 with RPL 3', 0, USER_DATA32, undefined],
    ['read-only data', 0, FREE, withEntry(0x90)],
  ] as const)('takes %s', (_name, cpl, selector, prepare) => {
    expect(loaded('protected', cpl, selector, prepare).run(...MOV_DS_AX)).toBe(OUTCOME_NEXT);
  });

  it('reads the LDT for selectors with TI set', () => {
    const cpu = loaded('protected', 0, 0x0c);
    cpu.state.segments[LDTR_INDEX]?.load(0x58, BigInt(LDT), 0x0f, 0x82);
    cpu.view.setBigUint64(LDT + 8, segmentDescriptor(0x777, 0xff, 0x93, 0), true);
    expect(cpu.run(...MOV_DS_AX)).toBe(OUTCOME_NEXT);
    expect(cpu.state.segments[3]?.base).toBe(0x777n);
    cpu.state.setGpr(RAX, 0x14n);
    expect(faultOf(cpu, ...MOV_DS_AX)).toEqual([GP, 0x14]);
  });
});

describe('MOV to SS', () => {
  it.each([
    ['a null selector', 'protected', 0, 0, undefined, GP, 0],
    ['RPL other than CPL', 'protected', 0, DATA32 | 1, undefined, GP, DATA32],
    ['DPL other than CPL', 'protected', 0, USER_DATA32 & ~3, undefined, GP, USER_DATA32 & ~3],
    ['read-only data', 'protected', 0, FREE, withEntry(0x91), GP, FREE],
    ['code', 'protected', 0, CODE32, undefined, GP, CODE32],
    ['a segment that is not present', 'protected', 0, FREE, withEntry(0x12), SS_FAULT, FREE],
    ['a null selector at CPL 3 in 64-bit mode', '64-bit', 3, 3, undefined, GP, 0],
    ['a null selector whose RPL is not CPL in 64-bit mode', '64-bit', 0, 1, undefined, GP, 0],
    ['a null selector in compatibility mode', 'compatibility', 0, 0, undefined, GP, 0],
  ] as const)('refuses %s', (_name, mode, cpl, selector, prepare, vector, code) => {
    expect(faultOf(loaded(mode, cpl, selector, prepare), ...MOV_SS_AX)).toEqual([vector, code]);
  });

  it('takes a null selector at CPL 0 in 64-bit mode', () => {
    const cpu = loaded('64-bit', 0, 0);
    expect(cpu.run(...MOV_SS_AX)).toBe(OUTCOME_NEXT);
    expect(cpu.state.segments[2]?.selector).toBe(0);
  });

  it('shadows the next instruction boundary, as POP SS does, and MOV DS does not', () => {
    for (const [bytes, shadow] of [
      [MOV_SS_AX, SHADOW_STACK],
      [[0x17], SHADOW_STACK],
      [MOV_DS_AX, 0],
    ] as const) {
      const cpu = loaded('protected', 0, DATA32);
      cpu.view.setUint32(STACK0 - 0x100, DATA32, true);
      expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
      expect(cpu.state.field(INTERRUPT_SHADOW)).toBe(shadow);
    }
  });
});

describe('MOV from a segment register', () => {
  it('zero-extends to 32 and 64 bits in registers, and keeps the rest for 16', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RAX, 0xffffffffffffffffn);
    cpu.run(0x66, 0x8c, 0xc8); // mov ax, cs
    expect(cpu.state.gpr(RAX)).toBe(0xffffffffffff0028n);
    cpu.run(0x8c, 0xc8); // mov eax, cs
    expect(cpu.state.gpr(RAX)).toBe(BigInt(CODE64));
  });

  it('stores 16 bits to memory whatever the operand size', () => {
    const cpu = new FakeCpu('protected');
    cpu.view.setUint32(0x6000, 0xffffffff, true);
    cpu.run(0x8c, 0x1d, 0x00, 0x60, 0, 0); // mov [0x6000], ds
    expect(cpu.view.getUint32(0x6000, true)).toBe(0xffff0010);
  });
});

describe('PUSH and POP of segment registers', () => {
  it.each([
    ['real', [0x1e], 2],
    ['protected', [0x1e], 4],
    ['protected', [0x66, 0x1e], 2],
    ['64-bit', [0x0f, 0xa8], 8],
  ] as const)('in %s mode %j moves the stack pointer by %i', (mode, bytes, size) => {
    const cpu = new FakeCpu(mode);
    const before = cpu.state.gpr(RSP);
    expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    expect(before - cpu.state.gpr(RSP)).toBe(BigInt(size));
    expect(cpu.view.getUint16(Number(cpu.state.gpr(RSP)), true)).toBe(mode === 'real' ? 0 : DATA32);
  });

  it('POP DS that faults leaves the stack pointer alone', () => {
    const cpu = new FakeCpu('protected');
    cpu.view.setUint32(STACK0 - 0x100, TSS_SELECTOR, true);
    expect(faultOf(cpu, 0x1f)).toEqual([GP, TSS_SELECTOR]);
  });

  it('POP SS releases its slot by the size of the old stack', () => {
    const cpu = new FakeCpu('protected');
    cpu.state.setGpr(RSP, 0x20000n);
    cpu.view.setUint32(0x20000, DATA16, true);
    expect(cpu.run(0x17)).toBe(OUTCOME_NEXT);
    expect(cpu.state.gpr(RSP)).toBe(0x20004n);
  });

  it('PUSH at SP 1 is outside the stack: #SS(0)', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 1n);
    expect(faultOf(cpu, 0x1e)).toEqual([SS_FAULT, 0]);
  });

  it('PUSH at SP 0 wraps to FFFE', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 0xabcd0000n);
    expect(cpu.run(0x1e)).toBe(OUTCOME_NEXT);
    expect(cpu.state.gpr(RSP)).toBe(0xabcdfffen);
  });

  it('PUSH with a stack pointer that is not canonical: #SS(0)', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RSP, 0x0000800000000004n);
    expect(faultOf(cpu, 0x0f, 0xa8)).toEqual([SS_FAULT, 0]);
  });
});

describe('LDS and LSS', () => {
  it('load the register and the segment register from a far pointer', () => {
    const cpu = new FakeCpu('protected');
    cpu.view.setUint32(0x6000, 0x11223344, true);
    cpu.view.setUint16(0x6004, USER_DATA32, true);
    expect(cpu.run(0xc5, 0x05, 0x00, 0x60, 0, 0)).toBe(OUTCOME_NEXT); // lds eax, [0x6000]
    expect(cpu.state.gpr(RAX)).toBe(0x11223344n);
    expect(cpu.state.segments[3]?.selector).toBe(USER_DATA32);
  });

  it('leave everything alone when the selector is refused', () => {
    const cpu = new FakeCpu('protected');
    cpu.view.setUint16(0x6004, USER_CODE32, true);
    expect(faultOf(cpu, 0x0f, 0xb2, 0x25, 0x00, 0x60, 0, 0)).toEqual([GP, USER_CODE32 & ~3]); // lss esp, [0x6000]
  });

  it('LSS does not shadow interrupts', () => {
    const cpu = new FakeCpu('real');
    expect(cpu.run(0x0f, 0xb2, 0x26, 0x00, 0x60)).not.toBe(OUTCOME_FAULT);
    expect(cpu.state.field(INTERRUPT_SHADOW)).toBe(0);
  });
});
