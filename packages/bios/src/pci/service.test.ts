import { describe, expect, it } from 'vitest';
import { FakeMachine } from '../../test/fake-machine.ts';
import { FakePci } from '../../test/fake-pci.ts';

/** A host bridge, a device of two functions of which the second is a PIIX3's IDE interface, and a device with everything. */
const FUNCTIONS = {
  0: { 0: [0x1237_8086, 0], 8: [0x0600_0002, 0], 4: [0x0006, 0] },
  8: { 0: [0x7000_8086, 0], 8: [0x0601_0000, 0], 12: [0x0080_0000, 0] },
  9: {
    0: [0x7010_8086, 0],
    4: [0, 0x0005],
    8: [0x0101_8000, 0],
    32: [1, 0xfff0],
    64: [0, 0xffff_ffff],
  },
  16: {
    0: [0x5678_1234, 0],
    4: [0, 0x0007],
    8: [0x0300_0001, 0],
    16: [8, 0xff00_0000],
    20: [1, 0xff00],
    24: [0, 0xffff_fff0],
    28: [0, 0xc000_0000],
    60: [0, 0xff],
  },
  24: { 0: [0x5678_1234, 0], 8: [0x0300_0001, 0] },
} as const;

function machineWithPci(): { machine: FakeMachine; pci: FakePci } {
  const machine = new FakeMachine();
  const pci = new FakePci(FUNCTIONS);
  machine.chips.pci = pci;
  return { machine: machine.powerOn(), pci };
}

describe('POST', () => {
  const { pci } = machineWithPci();
  it.each([
    ['the IDE interface gets 16 ports', 0x09, 0x20, 0xc001],
    ['and is enabled, as bus master', 0x09, 0x04, 0x0005],
    ['with both of its channels', 0x09, 0x40, 0x8000_8000],
    ['memory lies above all RAM, at its own alignment', 0x10, 0x10, 0xe000_0008],
    ['ports too', 0x10, 0x14, 0xc101],
    ['small memory behind large', 0x10, 0x18, 0xe100_0000],
    ['what has no room stays without', 0x10, 0x1c, 0],
    ['a function answers where it got a place', 0x10, 0x04, 0x0003],
    ['what is fixed stays', 0x00, 0x04, 0x0006],
  ])('%s', (_, place, register, value) => {
    expect(pci.register(place, register).toString(16)).toBe(value.toString(16));
  });
});

describe('INT 1Ah AH=B1h', () => {
  const { machine, pci } = machineWithPci();
  const call = (al: number, registers: object = {}) => machine.call(0x1a, { eax: 0xb100 + al, ...registers });

  it('is there', () => {
    expect(call(0x01, { ebx: 0xffff, ecx: 0xffff_ffff, edx: 1, edi: 1 })).toMatchObject({
      ax: 0x0001,
      ebx: 0x0210,
      ecx: 0xffff_ff00,
      edx: 0x2049_4350,
      edi: 0,
      carry: false,
    });
  });

  it.each([
    [0x7010, 0x8086, 0, 0x00, 0x09],
    [0x5678, 0x1234, 0, 0x00, 0x10],
    [0x5678, 0x1234, 1, 0x00, 0x18],
    [0x5678, 0x1234, 2, 0x86, 0x55],
    [0x0001, 0x8086, 0, 0x86, 0x55],
    [0xffff, 0xffff, 0, 0x83, 0x55],
  ])('finds device %i of vendor %i, number %i', (device, vendor, index, status, place) => {
    expect(call(0x02, { ecx: device, edx: vendor, esi: index, ebx: 0x55 })).toMatchObject({
      ah: status,
      ebx: place,
      carry: status !== 0,
    });
  });

  it.each([
    [0x010180, 0, 0x00, 0x09],
    [0x030000, 1, 0x00, 0x18],
    [0x030000, 2, 0x86, 0x55],
    [0x020000, 0, 0x86, 0x55],
  ])('finds class %i, number %i', (code, index, status, place) => {
    expect(call(0x03, { ecx: code, esi: index, ebx: 0x55 })).toMatchObject({
      ah: status,
      ebx: place,
      carry: status !== 0,
    });
  });

  it('reads and writes registers', () => {
    expect(call(0x08, { ebx: 0x08, edi: 0x0e, ecx: 0xaaaa_aaaa }).ecx).toBe(0xaaaa_aa80);
    expect(call(0x09, { ebx: 0x09, edi: 0x02, ecx: 0xaaaa_aaaa }).ecx).toBe(0xaaaa_7010);
    expect(call(0x0a, { ebx: 0x09, edi: 0x00 }).ecx).toBe(0x7010_8086);
    expect(call(0x0b, { ebx: 0x10, edi: 0x3c, ecx: 0xff0b })).toMatchObject({ ah: 0, carry: false });
    expect(call(0x0c, { ebx: 0x09, edi: 0x42, ecx: 0xffff_1234 })).toMatchObject({ ah: 0, carry: false });
    expect(call(0x0d, { ebx: 0x10, edi: 0x10, ecx: 0xf000_0000 })).toMatchObject({ ah: 0, carry: false });
    expect([pci.register(0x10, 0x3c), pci.register(0x09, 0x40), pci.register(0x10, 0x10)]).toEqual([
      0x0b, 0x1234_8000, 0xf000_0008,
    ]);
  });

  it('reads ones where nothing is', () => {
    expect(call(0x0a, { ebx: 0xf8, edi: 0 })).toMatchObject({ ecx: 0xffff_ffff, ah: 0, carry: false });
  });

  it.each([
    [0x09, 0x01],
    [0x0a, 0x02],
    [0x0c, 0x03],
    [0x0d, 0x41],
    [0x08, 0x100],
  ])('function %i refuses register %i', (al, edi) => {
    expect(call(al, { ebx: 0x09, edi })).toMatchObject({ ah: 0x87, carry: true });
  });

  it.each([0x06, 0x0e, 0x0f, 0x81])('has no function %i', (al) => {
    expect(call(al)).toMatchObject({ ah: 0x81, carry: true });
  });
});
