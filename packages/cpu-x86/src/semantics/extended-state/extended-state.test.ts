import { describe, expect, it } from 'vitest';
import { fromHex, longModeMachine, RAX, RCX, RDX } from '../../machines.test.fixture.ts';
import { CR0_EM, CR0_TS, CR4_OSFXSR } from '../../state/control-registers.ts';
import { CR4, FPU_CONTROL, FPU_TAG, MXCSR, XCR0, XMM } from '../../state/layout.ts';
import { AREA, ask, machine, quad, run } from './extended-state.test.fixture.ts';

const FXSAVE = '0fae0425 00300000';
const FXSAVE64 = '480fae0425 00300000';
const FXRSTOR64 = '480fae0c25 00300000';
const XSAVE64 = '480fae2425 00300000';
const XRSTOR64 = '480fae2c25 00300000';
const XSAVEOPT64 = '480fae3425 00300000';
const XSAVEC64 = '480fc72425 00300000';

describe('FXSAVE', () => {
  it('stores the registers of the stack from its top, the tags as one byte, and sixteen XMM registers', () => {
    const cpu = machine();
    cpu.memory.fill(AREA, 512, 0xee);
    expect(run(cpu, FXSAVE64)).toBeUndefined();
    expect(cpu.memory.read16(AREA)).toBe(0x027f);
    expect(cpu.memory.read16(AREA + 2)).toBe(6 << 11);
    expect(cpu.memory.read8(AREA + 4)).toBe(0xc0);
    expect(cpu.memory.read32(AREA + 24)).toBe(0x9fa0);
    expect(cpu.memory.read32(AREA + 28)).toBe(0xffff);
    // ST(0) is R6, ST(2) is R0.
    expect(quad(cpu, 32)).toBe((1n << 63n) + 6n);
    expect(quad(cpu, 40)).toBe(0x4005n);
    expect(quad(cpu, 64)).toBe(1n << 63n);
    expect(quad(cpu, 160)).toBe(0x1000n);
    expect(quad(cpu, 160 + 8 * 31)).toBe(0x101fn);
    expect(cpu.memory.read8(AREA + 416)).toBe(0xee);
  });

  it('faults with words where it may not run, or not there', () => {
    expect(run(machine({ cr0: CR0_TS }), FXSAVE)).toMatch(/^7 FXSAVE with CR0.EM or CR0.TS set/);
    expect(run(machine({ cr0: CR0_EM }), FXSAVE)).toMatch(/^7 /);
    expect(run(machine(), '0fae0425 08300000')).toBe('13 FXSAVE at 0x3008, which is not a multiple of 16');
  });

  it('leaves the SSE part alone without CR4.OSFXSR', () => {
    const cpu = machine({ cr4: 0 });
    cpu.memory.fill(AREA, 512, 0xee);
    expect(run(cpu, FXSAVE64)).toBeUndefined();
    expect(cpu.memory.read16(AREA)).toBe(0x027f);
    expect(cpu.memory.read32(AREA + 24)).toBe(0xeeee_eeee);
    expect(cpu.memory.read8(AREA + 160)).toBe(0xee);
  });
});

describe('FXRSTOR', () => {
  it('brings back what FXSAVE has stored', () => {
    const cpu = machine();
    const before = cpu.snapshot().state.registers;
    run(cpu, FXSAVE64);
    const other = longModeMachine().cpu;
    other.state.setField(CR4, other.state.field(CR4) | CR4_OSFXSR);
    other.memory.write(AREA, cpu.memory.read(AREA, 512));
    expect(run(other, FXRSTOR64)).toBeUndefined();
    const after = other.snapshot().state.registers;
    const names = Object.keys(before).filter((name) => /^(fp|xmm|mxcsr)/.test(name));
    expect(Object.fromEntries(names.map((name) => [name, after[name]]))).toEqual(
      Object.fromEntries(names.map((name) => [name, before[name]])),
    );
  });

  it('refuses bits that MXCSR has not, and changes nothing', () => {
    const cpu = machine();
    run(cpu, FXSAVE64);
    cpu.memory.write32(AREA + 24, 0x1_0000);
    cpu.memory.write32(AREA + 160, 0x1234);
    expect(run(cpu, FXRSTOR64)).toBe('13 MXCSR has no bits 0x1_0000');
    expect(cpu.state.wideField(XMM)).toBe(0x1000n);
  });
});

describe('XSAVE and its relatives', () => {
  it('save what is asked for, and keep the header bits of the rest', () => {
    const cpu = ask(machine(), 2n);
    cpu.memory.fill(AREA, 576, 0);
    cpu.memory.write32(AREA + 512, 1);
    expect(run(cpu, XSAVE64)).toBeUndefined();
    expect(quad(cpu, 512)).toBe(3n);
    expect(cpu.memory.read16(AREA)).toBe(0);
    expect(cpu.memory.read32(AREA + 24)).toBe(0x9fa0);
    expect(quad(cpu, 168)).toBe(0x1001n);
  });

  it('tell in the header which components are in use', () => {
    const cpu = ask(machine(), 3n);
    for (let i = 0; i < 32; i++) cpu.state.setWideField(XMM + 8 * i, 0n);
    cpu.state.setField(MXCSR, 0x1f80);
    cpu.memory.fill(AREA, 576, 0);
    cpu.memory.write32(AREA + 160, 7);
    expect(run(cpu, XSAVEOPT64)).toBeUndefined();
    expect(quad(cpu, 512)).toBe(1n);
    // The registers are in their initial configuration, so that XSAVEOPT leaves them out.
    expect(quad(cpu, 160)).toBe(7n);
    expect(run(cpu, XSAVE64)).toBeUndefined();
    expect(quad(cpu, 160)).toBe(0n);
  });

  it('come back by XRSTOR; components that the area has not get their initial configuration', () => {
    const cpu = ask(machine(), 3n);
    cpu.memory.fill(AREA, 576, 0);
    run(cpu, XSAVE64);
    cpu.memory.write32(AREA + 512, 1);
    cpu.state.setField(FPU_CONTROL, 0x037f);
    expect(run(cpu, XRSTOR64)).toBeUndefined();
    expect(cpu.state.field(FPU_CONTROL)).toBe(0x027f);
    expect(cpu.state.wideField(XMM + 8)).toBe(0n);
    // MXCSR comes from the area all the same.
    expect(cpu.state.field(MXCSR)).toBe(0x9fa0);
    ask(cpu, 1n);
    cpu.memory.write32(AREA + 512, 0);
    expect(run(cpu, XRSTOR64)).toBeUndefined();
    expect(cpu.state.field(FPU_CONTROL)).toBe(0x037f);
    expect(cpu.state.field(FPU_TAG)).toBe(0);
  });

  it('have a compacted form', () => {
    const cpu = ask(machine(), 3n);
    cpu.memory.fill(AREA, 576, 0);
    expect(run(cpu, XSAVEC64)).toBeUndefined();
    expect(quad(cpu, 520)).toBe((1n << 63n) | 3n);
    cpu.memory.write32(AREA + 512, 1);
    expect(run(cpu, XRSTOR64)).toBeUndefined();
    expect(cpu.state.field(MXCSR)).toBe(0x1f80);
  });

  it.each([
    ['a component that XCR0 has not', 512, 4, /XSTATE_BV 0x7 has components that XCR0 has not/],
    ['a header that is not zero', 520, 1, /not zero behind XSTATE_BV/],
    ['a compacted form without room', 520, 0x8000_0000_0000_0001n, /XCOMP_BV has not/],
    ['MXCSR bits that are not', 26, 1, /MXCSR has no bits/],
  ] as const)('XRSTOR refuses %s', (_what, at, value, reason) => {
    const cpu = ask(machine(), 3n);
    cpu.memory.fill(AREA, 576, 0);
    run(cpu, XSAVE64);
    const bytes = new BigUint64Array([BigInt(value) | (at === 512 ? 3n : 0n)]);
    cpu.memory.write(AREA + at, new Uint8Array(bytes.buffer).slice(0, at === 26 ? 2 : 8));
    expect(run(cpu, XRSTOR64)).toMatch(reason);
  });

  it('need CR4.OSXSAVE, CR0.TS clear, and a multiple of 64', () => {
    expect(run(machine({ cr4: CR4_OSFXSR }), XSAVE64)).toMatch(/^6 XSAVE64 with CR4.OSXSAVE clear/);
    expect(run(machine({ cr0: CR0_TS }), XSAVE64)).toMatch(/^7 /);
    expect(run(machine(), '480fae2425 10300000')).toBe('13 XSAVE64 at 0x3010, which is not a multiple of 64');
  });
});

describe('extended control registers', () => {
  it('XGETBV gives XCR0, and with ECX = 1 what is in use', () => {
    const cpu = machine();
    expect(run(cpu, '0f01d0')).toBeUndefined();
    expect(cpu.state.gpr(RAX)).toBe(3n);
    cpu.state.setGpr(RCX, 1n);
    cpu.state.setField(FPU_CONTROL, 0x037f);
    run(cpu, '0f01d0');
    expect(cpu.state.gpr(RAX)).toBe(3n);
    cpu.state.setGpr(RCX, 2n);
    expect(run(cpu, '0f01d0')).toMatch(/^13 XGETBV: there is no extended control register 0x2/);
  });

  it.each([
    [1n, 0n, undefined, 1],
    [3n, 0n, undefined, 3],
    [2n, 0n, /^13 XCR0 bit 0/, 3],
    [7n, 0n, /^13 XCR0 has only bits 0x203/, 3],
    [3n, 1n, /^13 XCR0 has only/, 3],
  ] as const)('XSETBV of %i, high %i', (low, high, refusal, xcr0) => {
    const cpu = machine();
    cpu.state.setGpr(RAX, low);
    cpu.state.setGpr(RDX, high);
    cpu.state.setGpr(RCX, 0n);
    const found = run(cpu, '0f01d1');
    if (refusal === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(refusal);
    expect(cpu.state.field(XCR0)).toBe(xcr0);
  });

  it('XSETBV is for CPL 0', () => {
    expect(run(machine({ cpl: 3 }), '0f01d1')).toMatch(/^13 /);
  });
});

describe('random numbers', () => {
  const numbers = (entropySeed?: bigint): bigint[] => {
    const { cpu } = longModeMachine(entropySeed === undefined ? {} : { entropySeed });
    cpu.memory.write(0x1000, fromHex('480fc7f0 480fc7f9')); // rdrand rax; rdseed rcx
    cpu.run(2);
    return [cpu.state.gpr(RAX), cpu.state.gpr(RCX), BigInt(cpu.state.rflags & 0x8d5)];
  };

  it('are those of SplitMix64 from the seed on, with CF set', () => {
    // The first numbers of the reference implementation for the seed 1234567.
    expect(numbers(1234567n)).toEqual([6457827717110365317n, 3203168211198807973n, 1n]);
  });
  it('are the same for the same seed, and others for another', () => {
    expect(numbers()).toEqual(numbers(0n));
    expect(numbers(1n)).not.toEqual(numbers(2n));
  });
});
