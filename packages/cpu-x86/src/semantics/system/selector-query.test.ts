import { describe, expect, it } from 'vitest';
import { FLAG_CF, FLAG_ZF } from '../../state/rflags.ts';
import { OUTCOME_NEXT } from './context.ts';
import {
  CODE32,
  DATA32,
  FakeCpu,
  type FakeMode,
  FREE,
  faultOf,
  GDT,
  LDT_SELECTOR,
  RAX,
  RCX,
  segmentDescriptor,
  TSS_SELECTOR,
  USER_DATA32,
} from './fake-cpu.test.fixture.ts';

const UD = [6, -1];
const LAR = [0x0f, 0x02, 0xc1]; // lar eax, ecx
const LSL = [0x0f, 0x03, 0xc1];
const VERR = [0x0f, 0x00, 0xe1]; // verr cx
const VERW = [0x0f, 0x00, 0xe9];
const ARPL = [0x63, 0xc8]; // arpl ax, cx

function asked(mode: FakeMode, cpl: number, selector: number, bytes: readonly number[], entry?: number): FakeCpu {
  const cpu = new FakeCpu(mode, cpl);
  if (entry !== undefined) cpu.setDescriptor(FREE, segmentDescriptor(0, 0x12345, entry, 0x5));
  cpu.state.setGpr(RAX, 0xdeadbeefn);
  cpu.state.setGpr(RCX, BigInt(selector));
  cpu.state.rflags = FLAG_CF | 2;
  expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
  expect(cpu.state.rflags & FLAG_CF).toBe(FLAG_CF);
  return cpu;
}
const isSet = (cpu: FakeCpu): boolean => (cpu.state.rflags & FLAG_ZF) !== 0;

describe('LAR', () => {
  it('gives the access rights in place, whether the segment is present or not', () => {
    const cpu = asked('protected', 0, FREE, LAR, 0x13);
    expect([isSet(cpu), cpu.state.gpr(RAX)]).toEqual([true, 0x00511300n]);
  });

  it('with a 16-bit operand gives 16 bits of them', () => {
    const cpu = asked('protected', 0, DATA32, [0x66, ...LAR]);
    expect(cpu.state.gpr(RAX)).toBe(0xdead9300n);
  });

  const types = (bytes: readonly number[], mode: FakeMode): number[] =>
    Array.from({ length: 16 }, (_, type) => type).filter((type) => isSet(asked(mode, 0, FREE, bytes, 0x80 | type)));

  it('accepts the system types of the manual', () => {
    expect(types(LAR, 'protected')).toEqual([1, 2, 3, 4, 5, 9, 11, 12]);
    expect(types(LAR, '64-bit')).toEqual([2, 9, 11, 12]);
    expect(types(LSL, 'protected')).toEqual([1, 2, 3, 9, 11]);
    expect(types(LSL, '64-bit')).toEqual([2, 9, 11]);
  });

  it.each([
    ['a null selector', 0, 3, undefined],
    ['a selector outside the GDT', 0, 0x100, undefined],
    ['data of more privilege', 3, DATA32, undefined],
    ['data whose DPL is below RPL', 0, DATA32 | 1, undefined],
    ['a reserved type', 0, FREE, 0x80],
  ] as const)('clears ZF and keeps the register for %s', (_name, cpl, selector, entry) => {
    const cpu = asked('protected', cpl, selector, LAR, entry);
    expect([isSet(cpu), cpu.state.gpr(RAX)]).toEqual([false, 0xdeadbeefn]);
  });

  it('sees conforming code at any level', () => {
    expect(isSet(asked('protected', 3, FREE | 3, LAR, 0x9e))).toBe(true);
  });
});

describe('LSL', () => {
  it('gives the limit in bytes', () => {
    expect(asked('protected', 0, CODE32, LSL).state.gpr(RAX)).toBe(0xffffffffn);
    expect(asked('protected', 0, FREE, LSL, 0x93).state.gpr(RAX)).toBe(0x12345n);
    expect(asked('protected', 0, TSS_SELECTOR, LSL).state.gpr(RAX)).toBe(0x67n);
  });
});

describe('VERR and VERW', () => {
  it.each([
    ['writable data', 0, FREE, 0x93, true, true],
    ['read-only data', 0, FREE, 0x91, true, false],
    ['readable code', 0, FREE, 0x9b, true, false],
    ['execute-only code', 0, FREE, 0x99, false, false],
    ['conforming readable code from ring 3', 3, FREE | 3, 0x9f, true, false],
    ['data of more privilege', 3, DATA32, undefined, false, false],
    ['user data', 3, USER_DATA32, undefined, true, true],
    ['an LDT', 0, LDT_SELECTOR, undefined, false, false],
    ['a null selector', 0, 0, undefined, false, false],
  ] as const)('of %s', (_name, cpl, selector, entry, readable, writable) => {
    expect(isSet(asked('protected', cpl, selector, VERR, entry))).toBe(readable);
    expect(isSet(asked('protected', cpl, selector, VERW, entry))).toBe(writable);
  });
});

describe('ARPL', () => {
  it.each([
    [0x10, 3, 0x13, true],
    [0x11, 2, 0x12, true],
    [0x12, 2, 0x12, false],
    [0x13, 0, 0x13, false],
  ])('of %x with RPL %i gives %x', (destination, source, result, changed) => {
    const cpu = new FakeCpu('protected', 3);
    cpu.state.setGpr(RAX, BigInt(destination));
    cpu.state.setGpr(RCX, BigInt(source));
    expect(cpu.run(...ARPL)).toBe(OUTCOME_NEXT);
    expect([cpu.state.gpr(RAX), isSet(cpu)]).toEqual([BigInt(result), changed]);
  });

  it('that cannot write its operand changes no flag', () => {
    const cpu = new FakeCpu('protected');
    cpu.state.setGpr(RCX, 3n);
    cpu.readOnly.add(6);
    expect(faultOf(cpu, 0x63, 0x0d, 0, 0x60, 0, 0)).toEqual([14, 3]); // arpl [0x6000], cx
  });
});

describe('outside protected mode', () => {
  it.each([
    ['LAR', LAR],
    ['LSL', LSL],
    ['VERR', VERR],
    ['VERW', VERW],
    ['ARPL', ARPL],
  ] as const)('%s gives #UD', (_name, bytes) => {
    for (const mode of ['real', 'virtual-8086'] as const) expect(faultOf(new FakeCpu(mode), ...bytes)).toEqual(UD);
  });
});

describe('a GDT that is not paged in', () => {
  it('is a page fault', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.state.setGpr(RCX, BigInt(USER_DATA32));
    cpu.absent.add(GDT >> 12);
    expect(faultOf(cpu, ...VERR)).toEqual([14, 0]);
  });
});
