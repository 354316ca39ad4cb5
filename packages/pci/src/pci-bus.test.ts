import { checkDevice, checkRestore } from '@longmode/device-testing';
import { describe, expect, it } from 'vitest';
import {
  bochsDisplay,
  HOST_BRIDGE_82441FX,
  IDE_PIIX3,
  ISA_BRIDGE_PIIX3,
  PCI_CONFIG_ADDRESS,
  PCI_CONFIG_DATA,
  PciBus,
  PciError,
} from './index.ts';

function chipset(): PciBus {
  const bus = new PciBus();
  bus.add(0, 0, HOST_BRIDGE_82441FX);
  bus.add(1, 0, ISA_BRIDGE_PIIX3);
  bus.add(1, 1, IDE_PIIX3);
  return bus;
}
const select = (bus: PciBus, device: number, fn: number, register: number): void =>
  bus.writePort(0, 32, 0x8000_0000 + (device << 11) + (fn << 8) + register);
const read = (bus: PciBus, device: number, fn: number, register: number): number => {
  select(bus, device, fn, register);
  return bus.readPort(4, 32);
};
const write = (bus: PciBus, device: number, fn: number, register: number, value: number): void => {
  select(bus, device, fn, register);
  bus.writePort(4, 32, value);
};

const description = {
  make: chipset,
  ports: 8,
  actions: {
    'select a register': (bus: PciBus, random: { below(limit: number): number }) =>
      select(bus, random.below(3), random.below(2), random.below(256)),
  },
};

describe('the device contract', () => {
  it('is kept on random traces', () => {
    expect(checkDevice(description).operations).toBeGreaterThan(1000);
  });
  it('holds against damaged snapshots', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(20);
  });
});

describe('configuration mechanism #1', () => {
  it('latches its address by doublewords only, without the reserved bits', () => {
    const bus = chipset();
    bus.writePort(0, 32, 0xffff_ffff);
    expect(bus.readPort(0, 32)).toBe(0x80ff_fffc);
    bus.writePort(0, 8, 0x12);
    bus.writePort(0, 16, 0x1234);
    expect([bus.readPort(0, 32), bus.readPort(0, 8), bus.readPort(0, 16)]).toEqual([0x80ff_fffc, 0xff, 0xffff]);
  });

  it('takes bytes and words at their place in the doubleword', () => {
    const bus = chipset();
    select(bus, 0, 0, 0);
    expect([bus.readPort(6, 16), bus.readPort(5, 8), bus.readPort(4, 16)]).toEqual([0x1237, 0x80, 0x8086]);
    select(bus, 1, 1, 0x40);
    bus.writePort(7, 8, 0x80);
    expect(bus.readPort(4, 32)).toBe(0x8000_0000);
  });

  it.each([
    ['disabled', 0x0000_0000],
    ['of another bus', 0x8001_0000],
    ['of a device that is not there', 0x8000_1000],
    ['of a function that is not there', 0x8000_0a00],
  ])('reads ones when its address is %s', (_, address) => {
    const bus = chipset();
    bus.writePort(0, 32, address);
    expect(bus.readPort(4, 32)).toBe(0xffff_ffff);
  });
});

describe('the chipset', () => {
  // As QEMU's machine "pc" answers, but for the command registers, which the datasheets preset, and subsystem numbers.
  it.each([
    [0, 0, 0x00, 0x1237_8086],
    [0, 0, 0x08, 0x0600_0002],
    [0, 0, 0x0c, 0x0000_0000],
    [1, 0, 0x00, 0x7000_8086],
    [1, 0, 0x08, 0x0601_0000],
    [1, 0, 0x0c, 0x0080_0000],
    [1, 0, 0x4c, 0x0003_004d],
    [1, 0, 0x60, 0x8080_8080],
    [1, 0, 0x68, 0x0000_0200],
    [1, 1, 0x00, 0x7010_8086],
    [1, 1, 0x04, 0x0280_0000],
    [1, 1, 0x08, 0x0101_8000],
    [1, 1, 0x20, 0x0000_0001],
  ])('device %i function %i register %i', (device, fn, register, value) => {
    expect(read(chipset(), device, fn, register).toString(16)).toBe(value.toString(16));
  });

  it('keeps its identity whatever is written', () => {
    const bus = chipset();
    for (const [device, fn] of [
      [0, 0],
      [1, 0],
      [1, 1],
    ] as const) {
      const before = [0x00, 0x08, 0x2c].map((register) => read(bus, device, fn, register));
      for (let register = 0; register < 256; register += 4) write(bus, device, fn, register, 0xffff_ffff);
      expect([0x00, 0x08, 0x2c].map((register) => read(bus, device, fn, register))).toEqual(before);
    }
  });
});

describe('a base address', () => {
  it('of ports keeps its upper half if told so', () => {
    const bus = new PciBus();
    const space = bus.add(1, 1, {
      ...IDE_PIIX3,
      baseAddresses: { 4: { space: 'io', sizeBytes: 16, keepsUpperHalf: true } },
    });
    write(bus, 1, 1, 0x20, 0xffff_ffff);
    expect(read(bus, 1, 1, 0x20)).toBe(0xffff_fff1);
    write(bus, 1, 1, 0x20, 0xc000);
    write(bus, 1, 1, 0x04, 1);
    expect(space.ioBase(4)).toBe(0xc000);
  });

  it('tells its size, and is there when it is set and enabled', () => {
    const bus = new PciBus();
    const ide = bus.add(1, 1, IDE_PIIX3);
    write(bus, 1, 1, 0x20, 0xffff_ffff);
    expect(read(bus, 1, 1, 0x20)).toBe(0xfff1);
    write(bus, 1, 1, 0x20, 0xc008);
    expect([read(bus, 1, 1, 0x20), ide.ioBase(4)]).toEqual([0xc001, null]);
    write(bus, 1, 1, 0x04, 0xffff_ffff);
    expect([read(bus, 1, 1, 0x04) & 0xffff, ide.ioBase(4), ide.memoryBase(4), ide.isBusMaster]).toEqual([
      5,
      0xc000,
      null,
      true,
    ]);
    write(bus, 1, 1, 0x20, 0);
    expect(ide.ioBase(4)).toBe(null);
  });

  it('of memory has its low four bits fixed', () => {
    const bus = new PciBus();
    const space = bus.add(2, 0, {
      ...IDE_PIIX3,
      commandWritable: 7,
      interruptPin: 1,
      baseAddresses: { 0: { space: 'memory', sizeBytes: 2 ** 24 } },
    });
    write(bus, 2, 0, 0x10, 0xffff_ffff);
    expect(read(bus, 2, 0, 0x10)).toBe(0xff00_0000);
    write(bus, 2, 0, 0x04, 2);
    write(bus, 2, 0, 0x10, 0xe012_3456);
    expect([space.memoryBase(0), space.ioBase(0)]).toEqual([0xe000_0000, null]);
    write(bus, 2, 0, 0x3c, 0xffff_ff0b);
    expect(read(bus, 2, 0, 0x3c)).toBe(0x010b);
  });

  it.each([
    [6, 'io', 16],
    [0, 'io', 3],
    [0, 'io', 2],
    [0, 'memory', 8],
    [0, 'memory', 2 ** 32],
  ] as const)('%i of %s space cannot have %d bytes', (index, space, sizeBytes) => {
    const layout = { ...IDE_PIIX3, baseAddresses: { [index]: { space, sizeBytes } } };
    expect(() => new PciBus().add(3, 0, layout)).toThrow(PciError);
  });
});

it('a place on the bus exists, and is taken once', () => {
  const bus = chipset();
  for (const [device, fn] of [
    [0, 0],
    [32, 0],
    [0, 8],
    [-1, 0],
    [0.5, 0],
  ] as const) {
    expect(() => bus.add(device, fn, IDE_PIIX3)).toThrow(PciError);
  }
  expect(() => bus.add(4, 0, { ...IDE_PIIX3, fields: [{ offset: 254, sizeBytes: 4, value: 0 }] })).toThrow(PciError);
});

it('a status bit is cleared by a one, and a snapshot of other functions refused', () => {
  const bus = chipset();
  const state = bus.snapshot();
  const bytes = state.functions['01.1'] as Uint8Array;
  bytes[0x07] = (bytes[0x07] as number) | 0x28;
  bus.restore(state);
  expect(read(bus, 1, 1, 4) >>> 16).toBe(0x2a80);
  write(bus, 1, 1, 4, 0x0800_0000);
  expect(read(bus, 1, 1, 4) >>> 16).toBe(0x2280);
  bytes[0] = 0x11;
  expect(() => bus.restore(state)).toThrow(PciError);
  expect(() => new PciBus().restore(state)).toThrow(PciError);
});

describe('who decodes a function', () => {
  it('is told when its registers may have changed, and of no other function', () => {
    const bus = new PciBus();
    const told: string[] = [];
    const display = bus.add(2, 0, bochsDisplay(0x100_0000), () => told.push(`${display.memoryBase(0)?.toString(16)}`));
    bus.add(3, 0, HOST_BRIDGE_82441FX);
    const write = (address: number, value: number): void => {
      bus.writePort(PCI_CONFIG_ADDRESS, 32, address);
      bus.writePort(PCI_CONFIG_DATA, 32, value);
    };
    write(0x8000_1010, 0xffff_ffff);
    expect(bus.readPort(PCI_CONFIG_DATA, 32)).toBe(0xff00_0008);
    write(0x8000_1010, 0xfd00_0000);
    write(0x8000_1004, 0x0003);
    write(0x8000_1804, 0x0006);
    const state = bus.snapshot();
    bus.reset();
    bus.restore(state);
    expect(told).toEqual(['undefined', 'undefined', 'fd000000', 'undefined', 'fd000000']);
  });
});
