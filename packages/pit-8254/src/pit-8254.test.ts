import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { LineRecorder, VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { Pit8254 } from './pit-8254.ts';
import { PIT_FREQUENCY_HZ, tickOfCycle } from './pit-cycles.ts';
import { SystemControlPortB } from './system-control-port-b.ts';

function timer(outputs = 0): { clock: VirtualClock; pit: Pit8254; outs: LineRecorder[] } {
  const clock = new VirtualClock();
  const outs = Array.from({ length: outputs }, () => new LineRecorder({ clock }));
  return { clock, pit: new Pit8254({ clock, outputs: outs }), outs };
}

const control = (pit: Pit8254, word: number): void => pit.writePort(3, 8, word);
const runTo = (clock: VirtualClock, cycle: number): void => clock.advanceTo(tickOfCycle(cycle));

function write(pit: Pit8254, channel: number, ...bytes: number[]): void {
  for (const byte of bytes) pit.writePort(channel, 8, byte);
}

const read = (pit: Pit8254, channel: number, count = 1): number[] =>
  Array.from({ length: count }, () => pit.readPort(channel, 8));

describe('counts through the port', () => {
  it.each([
    ['low byte only', 0x10, [0x34], 0x0034],
    ['high byte only', 0x20, [0x12], 0x1200],
    ['low, then high', 0x30, [0x34, 0x12], 0x1234],
    ['0 in binary', 0x30, [0, 0], 0x10000],
    ['decimal', 0x31, [0x34, 0x12], 1234],
    ['0 in decimal', 0x31, [0, 0], 10_000],
    ['digits that are none', 0x31, [0xff, 0xff], 16_665 - 10_000],
  ])('%s', (_, word, bytes, count) => {
    const { pit } = timer();
    control(pit, word);
    write(pit, 0, ...bytes);
    expect(pit.channel(0).count).toBe(count);
  });

  it.each([
    ['low byte only', 0x10, [0x21, 0x21]],
    ['high byte only', 0x20, [0x43, 0x43]],
    ['low, then high', 0x30, [0x20, 0x43, 0x20, 0x43]],
    ['decimal', 0x31, [0x20, 0x43]],
  ])('reading back: %s', (_, word, expected) => {
    const { clock, pit } = timer();
    control(pit, word);
    write(pit, 0, ...(word === 0x10 ? [0x22] : word === 0x20 ? [0x44] : [0x21, 0x43]));
    runTo(clock, 2);
    expect(read(pit, 0, expected.length)).toEqual(expected);
  });

  it('a count is loaded with the pulse after the write, not with the write', () => {
    const { clock, pit } = timer();
    control(pit, 0x14);
    clock.advanceTo(tickOfCycle(5) - 1);
    write(pit, 0, 9);
    expect(read(pit, 0)).toEqual([0]);
    runTo(clock, 5);
    expect(read(pit, 0)).toEqual([9]);
    runTo(clock, 6);
    expect(read(pit, 0)).toEqual([8]);
  });

  it('a decimal count goes from 0000 to 9999', () => {
    const { clock, pit } = timer();
    control(pit, 0x31);
    write(pit, 0, 0x01, 0x00);
    runTo(clock, 2);
    expect(read(pit, 0, 2)).toEqual([0x00, 0x00]);
    runTo(clock, 3);
    expect(read(pit, 0, 2)).toEqual([0x99, 0x99]);
  });

  it('a running count is read byte by byte: the high byte may have moved on', () => {
    const { clock, pit } = timer();
    control(pit, 0x34);
    write(pit, 0, 0x00, 0x20);
    runTo(clock, 1);
    expect(read(pit, 0)).toEqual([0x00]);
    runTo(clock, 2);
    expect(read(pit, 0)).toEqual([0x1f]);
  });
});

describe('counter latch', () => {
  it('holds the count until both bytes are read, then follows again', () => {
    const { clock, pit } = timer();
    control(pit, 0x34);
    write(pit, 0, 0x00, 0x20);
    runTo(clock, 1);
    control(pit, 0x00);
    runTo(clock, 0x101);
    control(pit, 0x00);
    expect(read(pit, 0, 4)).toEqual([0x00, 0x20, 0x00, 0x1f]);
  });

  it('is for one counter only', () => {
    const { clock, pit } = timer();
    for (const word of [0x14, 0x54, 0x94]) control(pit, word);
    for (const channel of [0, 1, 2]) write(pit, channel, 100);
    runTo(clock, 1);
    control(pit, 0x40);
    runTo(clock, 11);
    expect([read(pit, 0), read(pit, 1), read(pit, 2)]).toEqual([[90], [100], [90]]);
  });

  it('a control word forgets what was latched, and the half of a pair', () => {
    const { clock, pit } = timer();
    control(pit, 0x34);
    write(pit, 0, 0x00, 0x20);
    runTo(clock, 1);
    control(pit, 0x00);
    control(pit, 0xe2);
    read(pit, 0);
    control(pit, 0x34);
    write(pit, 0, 0x78, 0x56);
    runTo(clock, 2);
    expect(read(pit, 0, 2)).toEqual([0x78, 0x56]);
  });
});

describe('read-back', () => {
  it('status: OUT, null count, access, mode and coding', () => {
    const { clock, pit } = timer();
    control(pit, 0xb7);
    control(pit, 0xe8);
    expect(read(pit, 2)).toEqual([0x80 | 0x40 | 0x37]);
    write(pit, 2, 0x10, 0x00);
    control(pit, 0xe8);
    expect(read(pit, 2)).toEqual([0x80 | 0x40 | 0x37]);
    runTo(clock, 1);
    control(pit, 0xe8);
    expect(read(pit, 2)).toEqual([0x80 | 0x37]);
    runTo(clock, 6);
    control(pit, 0xe8);
    expect(read(pit, 2)).toEqual([0x37]);
  });

  it('modes 6 and 7 are modes 2 and 3', () => {
    const { pit } = timer();
    control(pit, 0x3c);
    control(pit, 0x7e);
    expect([pit.channel(0).mode, pit.channel(1).mode]).toEqual([2, 3]);
  });

  it('status comes before count, whichever was latched first', () => {
    const { clock, pit } = timer();
    control(pit, 0x34);
    write(pit, 0, 0x10, 0x32);
    runTo(clock, 1);
    control(pit, 0xd2);
    control(pit, 0xe2);
    runTo(clock, 9);
    expect(read(pit, 0, 4)).toEqual([0x80 | 0x34, 0x10, 0x32, 0x08]);
  });

  it('latches several counters with one command, each until it is read', () => {
    const { clock, pit } = timer();
    for (const word of [0x14, 0x54, 0x94]) control(pit, word);
    for (const channel of [0, 1, 2]) write(pit, channel, 100);
    runTo(clock, 1);
    control(pit, 0xda);
    runTo(clock, 11);
    expect([read(pit, 0, 2), read(pit, 1), read(pit, 2, 2)]).toEqual([[100, 90], [90], [100, 90]]);
  });

  it('a second latch before the read is ignored', () => {
    const { clock, pit } = timer();
    control(pit, 0x14);
    write(pit, 0, 100);
    control(pit, 0xc2);
    runTo(clock, 11);
    control(pit, 0xc2);
    expect(read(pit, 0, 2)).toEqual([0x80 | 0x40 | 0x14, 0]);
    expect(read(pit, 0)).toEqual([90]);
  });
});

describe('OUT', () => {
  it('has no alarm where nobody listens, and none without an edge to come', () => {
    const deaf = timer();
    control(deaf.pit, 0x36);
    write(deaf.pit, 0, 0, 0);
    expect(deaf.clock.nextDeadline).toBeNull();
    const { clock, pit } = timer(3);
    control(pit, 0x32);
    write(pit, 0, 5, 0);
    expect(clock.nextDeadline).toBeNull();
    control(pit, 0x30);
    write(pit, 0, 5, 0);
    expect(clock.nextDeadline).toBe(tickOfCycle(6));
    clock.advanceTo(1_000_000);
    expect(clock.nextDeadline).toBeNull();
  });

  it('the square wave of a PC rises 18.2065 times a second, each at its exact tick, for an hour', () => {
    const { clock, pit, outs } = timer(1);
    control(pit, 0x36);
    write(pit, 0, 0, 0);
    clock.advanceTo(3_600_000_000_000);
    const rises = outs[0]?.edges.filter((edge) => edge.level) ?? [];
    const periods = Math.floor((3600 * PIT_FREQUENCY_HZ - 1) / 65_536);
    expect(rises).toHaveLength(periods + 1);
    expect(rises.slice(1).every((edge, i) => edge.tick === tickOfCycle(1 + 65_536 * (i + 1)))).toBe(true);
    expect(outs[0]?.edges.at(2)?.tick).toBe(Number((65_537n * 1_000_000_000n) / 1_193_182n + 1n));
  });

  it('a rate generator of 1000 Hz falls for one pulse in each 1193', () => {
    const { clock, pit, outs } = timer(1);
    control(pit, 0x34);
    write(pit, 0, 0xa9, 0x04);
    clock.advanceTo(2_500_000);
    expect(outs[0]?.edges).toEqual([
      { tick: 0, level: true },
      { tick: tickOfCycle(1193), level: false },
      { tick: tickOfCycle(1194), level: true },
      { tick: tickOfCycle(2386), level: false },
      { tick: tickOfCycle(2387), level: true },
    ]);
  });

  it('a new mode in mid-count drops the old edges', () => {
    const { clock, pit, outs } = timer(1);
    control(pit, 0x34);
    write(pit, 0, 100, 0);
    runTo(clock, 50);
    control(pit, 0x30);
    runTo(clock, 150);
    expect(outs[0]?.edges.map((edge) => edge.level)).toEqual([true, false]);
    write(pit, 0, 10, 0);
    runTo(clock, 200);
    expect(outs[0]?.edges.at(-1)).toEqual({ tick: tickOfCycle(161), level: true });
  });

  it('GATE moves the edges', () => {
    const { clock, pit, outs } = timer(3);
    control(pit, 0xb2);
    write(pit, 2, 10, 0);
    pit.gate(2).set(false);
    runTo(clock, 20);
    pit.gate(2).set(true);
    runTo(clock, 40);
    expect(outs[2]?.edges).toEqual([
      { tick: 0, level: true },
      { tick: tickOfCycle(21), level: false },
      { tick: tickOfCycle(31), level: true },
    ]);
  });

  it.each([-1, 3, 0.5])('counter %d does not exist', (index) => {
    const { pit } = timer();
    for (const run of [() => pit.channel(index), () => pit.gate(index), () => pit.setGate(index, true)]) {
      expect(run).toThrow(expect.objectContaining({ code: 'bad-channel' }));
    }
  });
});

describe('system control port B', () => {
  function portB() {
    const clock = new VirtualClock();
    const pit = new Pit8254({ clock, gates: [true, true, false] });
    const speaker = new LineRecorder({ clock });
    const gate2 = pit.gate(2);
    const port = new SystemControlPortB({ clock, gate2, out2: () => pit.channel(2).out, speakerData: speaker });
    return { clock, pit, port, speaker };
  }

  it('measures with counter 2 as a kernel does: gate up, one shot, wait for OUT', () => {
    const { clock, pit, port } = portB();
    port.writePort(0, 8, 0x00);
    control(pit, 0xb0);
    write(pit, 2, 0x9b, 0x2e);
    expect(port.readPort(0, 8) & 0x20).toBe(0);
    runTo(clock, 20_000);
    expect(port.readPort(0, 8) & 0x20).toBe(0);
    port.writePort(0, 8, 0x01);
    runTo(clock, 20_000 + 0x2e9b - 1);
    expect(port.readPort(0, 8) & 0x21).toBe(0x01);
    runTo(clock, 20_000 + 0x2e9b);
    expect(port.readPort(0, 8) & 0x21).toBe(0x21);
  });

  it('bit 4 changes with every refresh, by itself', () => {
    const { clock, port } = portB();
    const seen = Array.from({ length: 5 }, (_, i) => {
      runTo(clock, i * 18);
      return port.readPort(0, 8) >> 4;
    });
    expect(seen).toEqual([0, 1, 0, 1, 0]);
  });

  it('keeps its four bits and tells the speaker', () => {
    const { clock, port, speaker } = portB();
    port.writePort(0, 8, 0xfe);
    expect(port.readPort(0, 8) & 0xcf).toBe(0x0e);
    clock.advanceTo(7);
    port.writePort(0, 8, 0x01);
    expect(speaker.edges).toEqual([
      { tick: 0, level: true },
      { tick: 7, level: false },
    ]);
    expect(port.readPort(1, 8)).toBe(0xff);
  });

  it('keeps the device contract', () => {
    const description: DeviceDescription<SystemControlPortB> = {
      make: (world) =>
        new SystemControlPortB({
          clock: world.clock,
          gate2: world.line('gate 2'),
          out2: () => world.clock.now % 3 === 0,
          speakerData: world.line('speaker'),
        }),
      ports: 1,
    };
    expect(checkDevice(description).outputs).toBeGreaterThan(50);
    expect(checkRestore(description).refused).toBeGreaterThan(20);
  });
});

it('the control port reads as open bus, and nothing lies behind it', () => {
  const { pit } = timer();
  pit.writePort(4, 8, 0x36);
  expect([pit.readPort(3, 8), pit.readPort(4, 8), pit.channel(0).mode]).toEqual([0xff, 0xff, 0]);
});

describe('conformance', () => {
  const description: DeviceDescription<Pit8254> = {
    make: (world) =>
      new Pit8254({ clock: world.clock, outputs: [world.line('out 0'), undefined, world.line('out 2')] }),
    ports: 4,
    actions: {
      gate: (pit, random) => pit.setGate(random.below(3), random.below(2) === 1),
    },
    sequences: [0, 1, 2].flatMap((channel) =>
      [0, 1, 2, 3, 4, 5].map((mode) => [
        { offset: 3, value: (channel << 6) | 0x30 | (mode << 1) },
        { offset: channel, value: 0x37 * mode + channel },
        { offset: channel, value: mode },
      ]),
    ),
    maxAdvanceTicks: 5_000_000,
    runs: 60,
  };

  it('keeps the device contract', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(300);
    expect(checkRestore(description).refused).toBeGreaterThan(300);
  });
});
