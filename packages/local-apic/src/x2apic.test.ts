import { describe, expect, it } from 'vitest';
import { AT, bench, enabledBench } from './bench.test.fixture.ts';

const APIC_BASE = 0x1b;
const DISABLED = 0xfee0_0100n;
const XAPIC = 0xfee0_0900n;
const X2APIC = 0xfee0_0d00n;
const INVALID = 0xfee0_0500n;

function x2apicBench(id = 0) {
  const made = bench({ id });
  made.apic.writeMsr(APIC_BASE, X2APIC);
  made.apic.writeMsr(0x80f, 0x1ffn);
  return made;
}

describe('transitions of IA32_APIC_BASE', () => {
  it.each([
    ['disabled', 'disabled', true],
    ['disabled', 'xAPIC', true],
    ['disabled', 'x2APIC', false],
    ['disabled', 'invalid', false],
    ['xAPIC', 'disabled', true],
    ['xAPIC', 'xAPIC', true],
    ['xAPIC', 'x2APIC', true],
    ['xAPIC', 'invalid', false],
    ['x2APIC', 'disabled', true],
    ['x2APIC', 'xAPIC', false],
    ['x2APIC', 'x2APIC', true],
    ['x2APIC', 'invalid', false],
  ] as const)('from %s to %s', (from, to, isLegal) => {
    const values = { disabled: DISABLED, xAPIC: XAPIC, x2APIC: X2APIC, invalid: INVALID };
    const { apic } = bench();
    apic.writeMsr(APIC_BASE, values[from as keyof typeof values]);
    expect(apic.readMsr(APIC_BASE)).toBe(values[from as keyof typeof values]);
    const refusal = apic.writeMsr(APIC_BASE, values[to]);
    expect(refusal === undefined).toBe(isLegal);
    expect(apic.readMsr(APIC_BASE)).toBe(values[isLegal ? to : (from as keyof typeof values)]);
  });

  it('without x2APIC mode EXTD is reserved', () => {
    expect(bench({ hasX2apic: false }).apic.writeMsr(APIC_BASE, X2APIC)).toContain('EXTD');
  });

  it('BSP cannot be written', () => {
    const { apic } = bench();
    apic.writeMsr(APIC_BASE, XAPIC & ~0x100n);
    expect(apic.readMsr(APIC_BASE)).toBe(XAPIC);
  });

  it('the disabled state loses the registers', () => {
    const { apic, write, read } = enabledBench();
    write('tpr', 0x40);
    write('initialCount', 1000);
    apic.writeMsr(APIC_BASE, DISABLED);
    apic.writeMsr(APIC_BASE, XAPIC);
    expect([read('tpr'), read('svr'), read('initialCount')]).toEqual([0, 0xff, 0]);
  });

  it('x2APIC mode keeps the registers, but for the logical ID and the high half of the command', () => {
    const { apic, write } = enabledBench({ id: 0x25 });
    write('tpr', 0x40);
    write('ldr', 0xff00_0000);
    write('icrHigh', 0x1200_0000);
    apic.writeMsr(APIC_BASE, X2APIC);
    expect([apic.readMsr(0x808), apic.readMsr(0x80d), apic.readMsr(0x830)]).toEqual([0x40n, 0x2_0020n, 0n]);
    expect(apic.readMemory(AT.tpr, 32)).toBe(0xffff_ffff);
    apic.writeMemory(AT.tpr, 32, 0);
    expect(apic.readMsr(0x808)).toBe(0x40n);
  });
});

describe('the MSRs', () => {
  it('are not there in xAPIC mode', () => {
    const { apic } = bench();
    expect(apic.readMsr(0x802)).toBe(undefined);
    expect(apic.writeMsr(0x808, 0n)).toContain('x2APIC');
  });

  it.each([
    [0x802, 0x25n],
    [0x803, 0x5_0014n],
    [0x80a, 0n],
    [0x80d, 0x2_0020n],
    [0x80f, 0x1ffn],
    [0x810, 0n],
    [0x827, 0n],
    [0x832, 0x1_0000n],
    [0x839, 0n],
  ])('%d reads %d', (index, value) => {
    expect(x2apicBench(0x25).apic.readMsr(index)).toBe(value);
  });

  it.each([0x800, 0x801, 0x804, 0x809, 0x80b, 0x80c, 0x80e, 0x82f, 0x831, 0x83f, 0x840, 0xbff])(
    '%d cannot be read',
    (index) => {
      expect(x2apicBench().apic.readMsr(index)).toBe(undefined);
    },
  );

  it.each([
    [0x802, 0n],
    [0x803, 0n],
    [0x80a, 0n],
    [0x80d, 0n],
    [0x80e, 0n],
    [0x810, 0n],
    [0x831, 0n],
    [0x839, 0n],
    [0x808, 0x100n],
    [0x808, 1n << 32n],
    [0x80b, 1n],
    [0x80f, 0x400n],
    [0x828, 1n],
    [0x830, 0x2000n],
    [0x830, 0x10_0000n],
    [0x832, 0x8_0000n],
    [0x835, 0x2_0000n],
    [0x837, 0x100n],
    [0x838, 1n << 32n],
    [0x83e, 4n],
    [0x83f, 0x100n],
  ])('%d does not take %d', (index, value) => {
    expect(x2apicBench().apic.writeMsr(index, value)).toBeTypeOf('string');
  });

  it('a self IPI, its service and its end', () => {
    const { apic } = x2apicBench();
    expect(apic.writeMsr(0x83f, 0x51n)).toBe(undefined);
    expect(apic.readMsr(0x822)).toBe(0x2_0000n);
    expect(apic.acknowledge()).toBe(0x51);
    expect([apic.readMsr(0x812), apic.readMsr(0x80a)]).toEqual([0x2_0000n, 0x50n]);
    expect(apic.writeMsr(0x80b, 0n)).toBe(undefined);
    expect(apic.readMsr(0x812)).toBe(0n);
  });

  it.each([
    ['physical', (0x25n << 32n) | 0x4040n, true],
    ['physical, the short ID of another', (0x125n << 32n) | 0x4040n, false],
    ['logical', (0x2_0030n << 32n) | 0x4840n, true],
    ['logical, another cluster', (0x3_0020n << 32n) | 0x4840n, false],
    ['all', (0xffff_ffffn << 32n) | 0x4040n, true],
  ])('the command is one write of 64 bits: %s', (_what, command, arrives) => {
    const { apic } = x2apicBench(0x25);
    expect(apic.writeMsr(0x830, command)).toBe(undefined);
    expect(apic.readMsr(0x822)).toBe(arrives ? 1n : 0n);
    expect(apic.readMsr(0x830)).toBe(command);
  });

  it('errors of the command show as in xAPIC mode', () => {
    const { apic } = x2apicBench();
    apic.writeMsr(0x83f, 3n);
    apic.writeMsr(0x828, 0n);
    expect(apic.readMsr(0x828)).toBe(0x60n);
  });
});

describe('IA32_TSC_DEADLINE', () => {
  it('is there only with a time-stamp counter', () => {
    const { apic } = bench();
    expect(apic.readMsr(0x6e0)).toBe(0n);
  });
});
