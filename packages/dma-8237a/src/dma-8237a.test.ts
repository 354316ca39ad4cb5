import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { atEverySecondPort, Dma8237a, Dma8237aError, DmaPageRegisters } from './index.ts';

const [SINGLE, BLOCK, CASCADE] = [0x40, 0x80, 0xc0];
const [TO_MEMORY, FROM_MEMORY, AUTOINITIALIZE, DECREMENT] = [0x04, 0x08, 0x10, 0x20];

/** One controller with a counter as peripheral of every channel, which wants `wanted` transfers. */
function bench(wanted = 4) {
  const clock = new VirtualClock();
  const memory = new Uint8Array(0x100_0000);
  const pages = new DmaPageRegisters();
  const log: string[] = [];
  let left = wanted;
  let next = 0x10;
  const peripheral = (channel: number) => ({
    readDma(isTerminalCount: boolean): number {
      log.push(`${channel} read${isTerminalCount ? ' TC' : ''}`);
      if (--left <= 0) dma.request(channel).set(false);
      return next++;
    },
    writeDma(value: number, isTerminalCount: boolean): void {
      log.push(`${channel} write ${value.toString(16)}${isTerminalCount ? ' TC' : ''}`);
      if (--left <= 0) dma.request(channel).set(false);
    },
  });
  const bus = pages.byteBus({
    read8: (at) => memory[at] ?? 0xff,
    write8: (at, value) => {
      memory[at] = value;
    },
  });
  const peripherals = { 0: peripheral(0), 1: peripheral(1), 2: peripheral(2), 3: peripheral(3) };
  const dma = new Dma8237a({ clock, bus, peripherals });
  const out = (register: number, ...values: number[]): void => {
    for (const value of values) dma.writePort(register, 8, value);
  };
  const program = (channel: number, mode: number, address: number, count: number): void => {
    out(0x0c, 0);
    out(0x0b, mode | channel);
    out(2 * channel, address & 0xff, address >> 8);
    out(2 * channel + 1, count & 0xff, count >> 8);
    out(0x0a, channel);
  };
  const word = (register: number): number => dma.readPort(register, 8) | (dma.readPort(register, 8) << 8);
  return { clock, memory, pages, log, dma, out, program, word, want: (count: number) => (left = count) };
}

describe('registers', () => {
  it('address and count take and give their low byte first, and the flip-flop is common to all', () => {
    const { out, word, dma } = bench();
    out(0x00, 0x34, 0x12);
    out(0x07, 0x78, 0x56);
    expect([word(0), word(7)]).toEqual([0x1234, 0x5678]);
    dma.readPort(0, 8);
    expect(dma.readPort(7, 8)).toBe(0x56);
    dma.readPort(0, 8);
    out(0x0c, 0);
    expect(dma.readPort(0, 8)).toBe(0x34);
  });

  it('masks are set one by one, all at once, and cleared at once', () => {
    const { out, dma } = bench();
    expect(dma.readPort(0x0f, 8)).toBe(0x0f);
    out(0x0a, 0x02);
    expect(dma.readPort(0x0f, 8)).toBe(0x0b);
    out(0x0a, 0x06);
    expect(dma.readPort(0x0f, 8)).toBe(0x0f);
    out(0x0e, 0);
    expect(dma.readPort(0x0f, 8)).toBe(0);
    out(0x0f, 0xf5);
    expect(dma.readPort(0x0f, 8)).toBe(0x05);
  });

  it('status shows requests, and terminal counts until it is read', () => {
    const { program, dma } = bench();
    program(2, SINGLE | TO_MEMORY, 0x1000, 3);
    dma.request(3).set(true);
    dma.request(2).set(true);
    expect(dma.readPort(8, 8)).toBe(0x84);
    expect(dma.readPort(8, 8)).toBe(0x80);
  });

  it('a master clear masks everything and leaves addresses alone', () => {
    const { program, out, dma, word } = bench();
    program(1, SINGLE | TO_MEMORY, 0x4321, 9);
    dma.readPort(2, 8);
    out(0x0d, 0);
    expect(dma.readPort(0x0f, 8)).toBe(0x0f);
    expect(word(2)).toBe(0x4321);
  });

  it('reads ones where the chip has nothing to read', () => {
    const { dma } = bench();
    expect([9, 10, 11, 12, 14].map((register) => dma.readPort(register, 8))).toEqual(Array(5).fill(0xff));
  });
});

describe('transfers', () => {
  it('to memory: the count is one less than the transfers, and ends with a mask and the count at FFFFh', () => {
    const { program, pages, memory, log, dma, word } = bench(9);
    pages.writePort(1, 8, 0x0a);
    program(2, SINGLE | TO_MEMORY, 0xfffe, 3);
    dma.request(2).set(true);
    // The page does not count: the address wraps in its 64 KiB.
    expect([0xafffe, 0xaffff, 0xa0000, 0xa0001, 0xa0002].map((at) => memory[at])).toEqual([0x10, 0x11, 0x12, 0x13, 0]);
    expect(log).toEqual(['2 read', '2 read', '2 read', '2 read TC']);
    expect([word(4), word(5)]).toEqual([2, 0xffff]);
    expect(dma.readPort(0x0f, 8)).toBe(0x0f);
  });

  it('from memory, downwards', () => {
    const { program, memory, log, dma } = bench();
    memory.set([1, 2, 3, 4], 0x2000);
    program(1, SINGLE | FROM_MEMORY | DECREMENT, 0x2003, 3);
    dma.request(1).set(true);
    expect(log).toEqual(['1 write 4', '1 write 3', '1 write 2', '1 write 1 TC']);
  });

  it('verify counts without touching memory', () => {
    const { program, memory, log, dma, word } = bench();
    program(2, SINGLE, 0x3000, 3);
    dma.request(2).set(true);
    expect(log).toHaveLength(4);
    expect(memory[0x3000]).toBe(0);
    expect(word(5)).toBe(0xffff);
  });

  it('waits while the channel is masked or the chip disabled', () => {
    const { program, log, out, dma } = bench();
    program(2, SINGLE | TO_MEMORY, 0, 3);
    out(0x0a, 6);
    dma.request(2).set(true);
    out(8, 4);
    out(0x0a, 2);
    expect(log).toEqual([]);
    out(8, 0);
    expect(log).toHaveLength(4);
  });

  it('stops when the peripheral takes its request away, and goes on later', () => {
    const { program, log, dma, word, want } = bench(2);
    program(2, TO_MEMORY, 0, 4);
    dma.request(2).set(true);
    expect([log.length, word(5)]).toEqual([2, 2]);
    want(9);
    dma.request(2).set(true);
    expect(log.slice(2)).toEqual(['2 read', '2 read', '2 read TC']);
  });

  it('a block runs to its end whatever the request does', () => {
    const { program, log, dma } = bench(1);
    program(3, BLOCK | TO_MEMORY, 0, 5);
    dma.request(3).set(true);
    expect(log).toHaveLength(6);
  });

  it('a software request needs no mask and no request line', () => {
    const { program, log, out, dma } = bench(99);
    program(0, BLOCK | TO_MEMORY, 0, 2);
    out(0x0a, 4);
    out(9, 4);
    expect(log).toEqual(['0 read', '0 read', '0 read TC']);
    expect(dma.readPort(8, 8)).toBe(0x01);
  });

  it('autoinitialization starts again, after the time of the transfers while the request lasts', () => {
    const { program, log, clock, dma, word } = bench(3000);
    program(2, AUTOINITIALIZE | TO_MEMORY, 0x100, 1999);
    dma.request(2).set(true);
    expect(log).toHaveLength(2000);
    expect([word(4), word(5), dma.readPort(0x0f, 8)]).toEqual([0x100, 1999, 0x0b]);
    clock.advanceTo(1_999_999);
    expect(log).toHaveLength(2000);
    clock.advanceTo(2_000_000);
    expect(log).toHaveLength(3000);
  });

  it('serves the lowest channel first, or in turns', () => {
    for (const [command, order] of [
      [0x00, '1111 2222'],
      [0x10, '1212 1212'],
    ] as const) {
      const { program, out, log, dma } = bench(99);
      out(8, command | 4);
      for (const channel of [1, 2]) {
        program(channel, SINGLE | TO_MEMORY, 0, 3);
        dma.request(channel).set(true);
      }
      out(8, command);
      expect(log.map((entry) => entry[0]).join('')).toBe(order.replace(' ', ''));
    }
  });

  it('has four channels', () => {
    expect(() => bench().dma.request(4)).toThrow(Dma8237aError);
  });
});

describe('the pair of a PC', () => {
  function pair() {
    const clock = new VirtualClock();
    const memory = new Uint8Array(0x100_0000);
    const pages = new DmaPageRegisters();
    const log: string[] = [];
    const cells = {
      read8: (at: number) => memory[at] ?? 0xff,
      write8: (at: number, value: number) => {
        memory[at] = value;
      },
    };
    const first: Dma8237a = new Dma8237a({
      clock,
      name: 'dma-1',
      bus: pages.byteBus(cells),
      hold: { set: (level) => second.request(0).set(level) },
      peripherals: {
        2: {
          readDma: () => {
            log.push('byte');
            first.request(2).set(false);
            return 0x77;
          },
        },
      },
    });
    const second: Dma8237a = new Dma8237a({
      clock,
      name: 'dma-2',
      bus: pages.wordBus(cells),
      peripherals: { 0: first, 1: { readDma: (isEnd) => (isEnd ? 0xbeef : 0x1234) } },
    });
    return { memory, pages, first, second, log };
  }

  it('the first controller has the bus only while channel 4 cascades', () => {
    const { first, second, log, memory, pages } = pair();
    pages.writePort(1, 8, 0x02);
    first.writePort(0x0b, 8, SINGLE | TO_MEMORY | 2);
    for (const [register, value] of [
      [4, 0x10],
      [4, 0],
      [5, 3],
      [5, 0],
      [0x0a, 2],
    ] as const) {
      first.writePort(register, 8, value);
    }
    first.request(2).set(true);
    expect(log).toEqual([]);
    second.writePort(0x0b, 8, CASCADE);
    second.writePort(0x0a, 8, 0);
    expect(log).toEqual(['byte']);
    expect(memory[0x20010]).toBe(0x77);
    first.request(2).set(true);
    expect(log).toEqual(['byte', 'byte']);
  });

  it('the second controller moves words, at every second port', () => {
    const { second, memory, pages } = pair();
    const ports = atEverySecondPort(second);
    pages.writePort(0x0b, 8, 0x05); // bit 0 does not count
    for (const [port, value] of [
      [0x16, BLOCK | TO_MEMORY | 1],
      [0x04, 0x00],
      [0x05, 0x80], // the odd port is the same register
      [0x06, 1],
      [0x06, 0],
    ] as const) {
      ports.writePort(port, 8, value);
    }
    ports.writePort(0x12, 8, 5);
    expect([...memory.subarray(0x50000, 0x50004)]).toEqual([0x34, 0x12, 0xef, 0xbe]);
    expect(ports.readPort(0x10, 8)).toBe(0x02);
  });
});

describe('the device contract', () => {
  const controller: DeviceDescription<Dma8237a> = {
    make: (world) =>
      new Dma8237a({
        clock: world.clock,
        hold: world.line('hrq'),
        bus: {
          read: (channel, address) => (channel + address) & 0xff,
          write: (channel, address, value) => world.log(`${channel} ${address} ${value}`),
        },
        peripherals: {
          1: { readDma: (isEnd) => (isEnd ? 1 : 2), writeDma: (value, isEnd) => world.log(`${value} ${isEnd}`) },
        },
      }),
    ports: 16,
    actions: {
      request: (device, random) => device.request(random.below(4)).set(random.below(2) === 0),
      grant: (device) => device.grant(),
    },
    sequences: [
      [
        { offset: 8, value: 0 },
        { offset: 11, value: 0x55 },
        { offset: 12, value: 0 },
        { offset: 3, value: 5 },
        { offset: 3, value: 0 },
        { offset: 10, value: 1 },
      ],
    ],
    runs: 12,
  };
  const pages: DeviceDescription<DmaPageRegisters> = { make: () => new DmaPageRegisters(), ports: 16 };

  it('is kept by both parts', () => {
    expect(checkDevice(controller).outputs).toBeGreaterThan(100);
    expect(checkDevice(pages).operations).toBeGreaterThan(100);
  });
  it('damaged snapshots are refused', () => {
    expect(checkRestore(controller).refused).toBeGreaterThan(0);
    expect(checkRestore(pages).refused).toBeGreaterThan(0);
  });
});
