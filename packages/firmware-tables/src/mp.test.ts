import { describe, expect, it } from 'vitest';
import { type MpMachine, mpTables } from './index.ts';

const machine: MpMachine = {
  processorSignature: 0x106a3,
  processorFeatures: 0x0781_abfb,
  localApicVersion: 0x14,
  ioApic: { id: 5, version: 0x20, address: 0xfec0_0000, irq0Input: 2 },
  sciIrq: 9,
  hasPci: true,
};
const ADDRESS = 0xf6800;
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const SIZES: readonly number[] = [20, 8, 8, 8, 8];

/** The entries of a configuration table, by the sizes that the specification's table of entry types has. */
function read(parts: MpMachine): { header: DataView; entries: number[][] } {
  const { bytes, address } = mpTables(parts, ADDRESS);
  const pointer = bytes.subarray(0, 16);
  expect([text(pointer.subarray(0, 4)), sum(pointer), pointer[8], pointer[9]]).toEqual(['_MP_', 0, 1, 4]);
  expect([...pointer.subarray(11)]).toEqual([0, 0, 0, 0, 0]);
  const at = new DataView(bytes.buffer).getUint32(4, true) - address;
  const header = new DataView(bytes.buffer, at);
  const table = bytes.subarray(at, at + header.getUint16(4, true));
  expect([text(table.subarray(0, 4)), sum(table), table[6]]).toEqual(['PCMP', 0, 4]);
  const entries: number[][] = [];
  let next = 44;
  while (next < table.length) {
    const size = SIZES[table[next] as number] as number;
    entries.push([...table.subarray(next, next + size)]);
    next += size;
  }
  expect(next).toBe(table.length);
  expect(header.getUint16(34, true)).toBe(entries.length);
  return { header, entries };
}

describe('MP tables', () => {
  it('have one processor, which can be used and boots, and the APICs', () => {
    const { header, entries } = read(machine);
    expect(header.getUint32(36, true)).toBe(0xfee0_0000);
    const processors = entries.filter(([type]) => type === 0);
    expect(processors).toEqual([[0, 0, 0x14, 3, 0xa3, 6, 0, 0, 0xfb, 0xab, 0x81, 0x07, 0, 0, 0, 0, 0, 0, 0, 0]]);
    expect(entries.filter(([type]) => type === 2)).toEqual([[2, 5, 0x20, 1, 0, 0, 0xc0, 0xfe]]);
  });

  it('have their entries in the order of their types', () => {
    const types = read(machine).entries.map(([type]) => type as number);
    expect(types).toEqual([...types].sort((a, b) => a - b));
  });

  it('route each ISA interrupt but the cascade, IRQ 0 where it is and the SCI by its level', () => {
    const { entries } = read(machine);
    const routes = entries.filter(([type]) => type === 3);
    const expected = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((irq) => {
      return [3, 0, irq === 9 ? 0x0d : 0, 0, 1, irq, 5, irq === 0 ? 2 : irq];
    });
    expect(routes).toEqual(expected);
  });

  it('have the 8259A at LINT0 and NMI at LINT1', () => {
    expect(read(machine).entries.filter(([type]) => type === 4)).toEqual([
      [4, 3, 0, 0, 1, 0, 0, 0],
      [4, 1, 0, 0, 1, 0, 0, 1],
    ]);
  });

  it('number the buses, with the ISA bus alone where there is no other', () => {
    const buses = (parts: MpMachine) =>
      read(parts)
        .entries.filter(([type]) => type === 1)
        .map((entry) => [entry[1], text(Uint8Array.from(entry.slice(2)))]);
    expect(buses(machine)).toEqual([
      [0, 'PCI   '],
      [1, 'ISA   '],
    ]);
    expect(buses({ ...machine, hasPci: false })).toEqual([[0, 'ISA   ']]);
    expect(read({ ...machine, hasPci: false }).entries.find(([type]) => type === 3)?.[4]).toBe(0);
  });
});
