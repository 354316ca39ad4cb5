import { checkDevice, checkRestore, type DeviceWorld } from '@longmode/device-testing';
import { describe, expect, it } from 'vitest';
import { Host, NumberedMedium } from '../test/host.ts';
import { AtaChannel, type AtaDriveOptions, AtaError } from './index.ts';

const READY = 0x50;
const disk = (sectorCount: number) => ({ kind: 'disk', medium: new NumberedMedium(sectorCount) }) as const;
const cdRom = (sectorCount: number) =>
  ({ kind: 'cd-rom', medium: new NumberedMedium(sectorCount, { sectorSizeBytes: 2048, isReadOnly: true }) }) as const;

function channelIn(world: DeviceWorld, drives: readonly (AtaDriveOptions | null)[]): AtaChannel {
  return new AtaChannel({
    clock: world.clock,
    interrupt: world.line('irq'),
    drives,
    memory: {
      read: (physical, size) => new Uint8Array(size).fill(physical >>> 4),
      write: (physical, bytes) => world.log(`${physical}: ${bytes.length} bytes`),
    },
  });
}

describe('the device contract', () => {
  const registers = (command: number, count = 1) =>
    [8, 6, 1, 2, 3, 4, 5, 7].map((offset) => ({
      offset,
      value: offset === 6 ? 0xe0 : offset === 2 ? count : offset === 7 ? command : 0,
    }));
  const packet = (operation: number) => [
    { offset: 8, value: 0 },
    { offset: 6, value: 0xb0 },
    { offset: 1, value: operation === 0x28 ? 1 : 0 },
    { offset: 4, value: 0x20 },
    { offset: 5, value: 0 },
    { offset: 7, value: 0xa0 },
  ];
  const description = {
    make: (world: DeviceWorld) => channelIn(world, [disk(5000), cdRom(300)]),
    ports: 24,
    sequences: [
      ...[0x20, 0x24, 0x25, 0x30, 0xc4, 0xc5, 0xc8, 0xca, 0xe7, 0xec, 0xef, 0x90].map((command) =>
        registers(command, 2),
      ),
      registers(0xc6, 4),
      packet(0x12),
      packet(0x28),
      [{ offset: 16, value: 9 }],
      [{ offset: 16, value: 0 }],
      [{ offset: 8, value: 0 }],
    ],
    actions: {
      'move a block': (channel: AtaChannel, random: { below(limit: number): number }) => {
        for (let i = random.below(300); i > 0; i--) channel.readPort(0, 16);
        for (let i = random.below(300); i > 0; i--) channel.writePort(0, 16, random.below(0x10000));
      },
      'send a packet': (channel: AtaChannel, random: { below(limit: number): number }) => {
        const operations = [0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd, 0xbe];
        channel.writePort(0, 16, operations[random.below(operations.length)] as number);
        for (let i = 0; i < 5; i++) channel.writePort(0, 16, random.below(4));
      },
    },
    maxAdvanceTicks: 20_000_000,
  };

  it('is kept on random traces', () => {
    expect(checkDevice({ ...description, steps: 160 }).outputs).toBeGreaterThan(100);
  });
  it('holds against damaged snapshots', () => {
    const make = (world: DeviceWorld) => channelIn(world, [null, cdRom(300)]);
    expect(checkRestore({ ...description, make }).refused).toBeGreaterThan(500);
  });
});

describe('presence', () => {
  const signature = (host: Host) => [2, 3, 4, 5].map((offset) => host.in8(offset));

  it.each([
    ['a disk', disk(100), [1, 1, 0x00, 0x00], READY],
    ['a CD-ROM drive', cdRom(100), [1, 1, 0x14, 0xeb], 0x00],
  ])('%s has its signature after power-on and after a reset', (_, drive, expected, status) => {
    const host = new Host([drive]);
    expect([signature(host), host.in8(7)]).toEqual([expected, status]);
    host.command(0xec);
    host.out8(8, 0x04);
    expect(host.in8(8) & 0x80).toBe(0x80);
    host.out8(8, 0x00);
    expect(host.in8(8) & 0x80).toBe(0x80);
    expect([host.ready(), host.in8(1), ...signature(host)]).toEqual([status, 1, ...expected]);
    expect(host.irq).toBe(false);
  });

  it('a channel without drives has a status of zero', () => {
    const host = new Host([]);
    expect([host.in8(7), host.in8(8), host.in8(1), host.command(0xec)]).toEqual([0, 0, 0, 0]);
    expect(host.channel.readPort(0, 16)).toBe(0xffff);
  });

  it('device 0 answers for a missing device 1, with a status of zero', () => {
    const host = new Host([disk(100)]);
    host.out8(6, 0xb0);
    host.out8(3, 0x5a);
    expect([host.in8(7), host.in8(3), host.command(0xec, { device: 0xb0 })]).toEqual([0, 0x5a, 0]);
    host.out8(6, 0xa0);
    expect(host.in8(7)).toBe(READY);
  });

  it('two drives are told apart by the device register', () => {
    const host = new Host([disk(100), cdRom(50)]);
    host.command(0xec, { device: 0xa0 });
    expect(host.take(512)[1]).toBe(0x00);
    host.command(0xa1, { device: 0xb0 });
    expect(host.take(512)[1]).toBe(0x85);
  });

  it('a diagnostic selects device 0 and interrupts once', () => {
    const host = new Host([disk(100), disk(100)]);
    host.out8(6, 0xb0);
    host.out8(7, 0x90);
    expect([host.ready(), host.in8(1), host.in8(6) & 0x10, host.irqs]).toEqual([READY, 1, 0, 1]);
  });

  it('media must fit their drives', () => {
    expect(() => new Host([{ ...disk(1), kind: 'cd-rom' }])).toThrow(AtaError);
    expect(() => new Host([{ ...cdRom(1), kind: 'disk' }])).toThrow(AtaError);
  });
});

describe('the interrupt', () => {
  it('comes with data, and goes when the status is read but not when the alternate status is', () => {
    const host = new Host([disk(100)]);
    host.command(0x20, { count: 1 });
    host.in8(8);
    expect(host.irq).toBe(true);
    host.in8(7);
    expect(host.irq).toBe(false);
  });

  it('is held back by nIEN, and comes when that goes', () => {
    const host = new Host([disk(100)]);
    host.out8(8, 0x02);
    host.command(0x40, { count: 1 });
    expect(host.irq).toBe(false);
    host.out8(8, 0x00);
    expect(host.irq).toBe(true);
    host.out8(7, 0x40);
    expect(host.irq).toBe(false);
  });

  it('is that of the selected drive', () => {
    const host = new Host([disk(100), disk(100)]);
    host.command(0x40, { count: 1, device: 0xf0 });
    host.out8(6, 0xe0);
    expect(host.irq).toBe(false);
    host.out8(6, 0xf0);
    expect(host.irq).toBe(true);
  });
});

describe('registers', () => {
  it('are two deep, and the older value shows with HOB, which any write clears', () => {
    const host = new Host([disk(100)]);
    for (const register of [2, 3, 4, 5]) host.out8(register, 0x10 + register, 0x20 + register);
    const read = () => [2, 3, 4, 5].map((register) => host.in8(register));
    expect(read()).toEqual([0x22, 0x23, 0x24, 0x25]);
    host.out8(8, 0x80);
    expect(read()).toEqual([0x12, 0x13, 0x14, 0x15]);
    host.out8(1, 0);
    expect(read()).toEqual([0x22, 0x23, 0x24, 0x25]);
  });

  it('take nothing while the drive is busy, nor does it take a command', () => {
    const host = new Host([disk(100)]);
    host.out8(7, 0x40);
    host.out8(3, 0x77);
    host.out8(7, 0xec);
    host.ready();
    expect([host.in8(8) & 0x08, host.in8(3)]).not.toContain(0x77);
    expect(host.in8(8)).toBe(READY);
  });

  it('of data take no bytes', () => {
    const host = new Host([disk(100)]);
    host.command(0x20, { count: 1, lba: 5 });
    expect(host.in8(0)).toBe(0xff);
    expect(host.channel.readPort(0, 32)).toBe(5);
  });
});

it('a snapshot in the middle of a transfer goes on as the machine that gave it', () => {
  const make = () => new Host([disk(1000)]);
  const first = make();
  first.command(0x20, { count: 3, lba: 10 });
  first.take(100);
  const state = structuredClone(first.channel.snapshot());
  const second = make();
  second.channel.restore(state);
  second.clock.restore(first.clock.snapshot());
  const rest = (host: Host) => [
    ...host.take(412),
    host.ready(),
    ...host.take(512),
    host.ready(),
    ...host.take(512),
    host.ready(),
  ];
  expect(rest(second)).toEqual(rest(first));
});
