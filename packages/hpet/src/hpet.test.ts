import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { HPET_SIZE_BYTES, Hpet, HpetError } from './index.ts';

const CAPABILITIES = 0x000;
const CONFIGURATION = 0x010;
const STATUS = 0x020;
const COUNTER = 0x0f0;
const TIMER = (n: number): number => 0x100 + 0x20 * n;
const COMPARATOR = (n: number): number => TIMER(n) + 8;

const ENABLED = 1;
const LEGACY = 2;
const LEVEL = 1 << 1;
const INTERRUPT = 1 << 2;
const PERIODIC = 1 << 3;
const VALUE_SET = 1 << 6;
const MODE_32 = 1 << 8;
const ROUTE_20 = 20 << 9;

function bench() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const line = (name: string) => ({ set: (level: boolean) => log.push(`${clock.now} ${level ? name : `/${name}`}`) });
  const hpet = new Hpet({
    clock,
    irq0: line('irq0'),
    irq8: line('irq8'),
    routes: { 2: line('2'), 20: line('20'), 23: line('23') },
  });
  const read = (at: number): number => hpet.readMemory(at, 32);
  const write = (at: number, value: number): void => hpet.writeMemory(at, 32, value);
  return { clock, log, hpet, read, write };
}

describe('the registers', () => {
  it('after a reset', () => {
    const { read } = bench();
    expect([read(CAPABILITIES), read(CAPABILITIES + 4)]).toEqual([0x8086_a201, 10_000_000]);
    expect([read(CONFIGURATION), read(STATUS), read(COUNTER), read(COUNTER + 4)]).toEqual([0, 0, 0, 0]);
    for (const n of [0, 1, 2]) {
      expect([read(TIMER(n)), read(TIMER(n) + 4)]).toEqual([0x30, 0x0090_0004]);
      expect([read(COMPARATOR(n)), read(COMPARATOR(n) + 4)]).toEqual([0xffff_ffff, 0xffff_ffff]);
    }
    expect([read(TIMER(3)), read(0x008), read(0x3fc)]).toEqual([0, 0, 0]);
  });

  it('keep what can be written', () => {
    const { read, write } = bench();
    write(CONFIGURATION, 0xffff_fffc);
    write(TIMER(0), 0xffff_ffff & ~MODE_32 & ~VALUE_SET);
    expect([read(CONFIGURATION), read(TIMER(0))]).toEqual([0, 0x3e]);
    write(TIMER(0), ROUTE_20);
    expect(read(TIMER(0))).toBe(0x30 | ROUTE_20);
    write(TIMER(0), 21 << 9); // no such route
    expect(read(TIMER(0))).toBe(0x30 | ROUTE_20);
  });

  it('narrow reads see a part, narrow writes do nothing', () => {
    const { hpet, read } = bench();
    expect([hpet.readMemory(1, 8), hpet.readMemory(2, 16)]).toEqual([0xa2, 0x8086]);
    hpet.writeMemory(CONFIGURATION, 8, 1);
    expect(read(CONFIGURATION)).toBe(0);
  });

  it('routes are those of an I/O APIC', () => {
    const clock = new VirtualClock();
    const line = { set: () => {} };
    expect(() => new Hpet({ clock, irq0: line, irq8: line, routes: { 32: line } })).toThrow(HpetError);
  });
});

describe('the main counter', () => {
  it('counts every 10 ns while it is enabled', () => {
    const { clock, read, write } = bench();
    clock.advanceTo(1005);
    expect(read(COUNTER)).toBe(0);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(1014);
    expect(read(COUNTER)).toBe(0);
    clock.advanceTo(1015);
    expect(read(COUNTER)).toBe(1);
    clock.advanceTo(2_000_000_005);
    write(CONFIGURATION, 0);
    clock.advanceTo(3_000_000_000);
    expect(read(COUNTER)).toBe(199_999_900);
  });

  it('has 64 bits', () => {
    const { clock, read, write } = bench();
    write(COUNTER, 0xffff_fff0);
    write(COUNTER + 4, 0xffff_ffff);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(150);
    expect([read(COUNTER), read(COUNTER + 4)]).toEqual([0xffff_ffff, 0xffff_ffff]);
    clock.advanceTo(160);
    expect([read(COUNTER), read(COUNTER + 4)]).toEqual([0, 0]);
  });
});

describe('a one-shot timer', () => {
  it('raises its route once when the counter comes to the comparator', () => {
    const { clock, log, read, write } = bench();
    write(TIMER(0), INTERRUPT | ROUTE_20);
    write(COMPARATOR(0), 100);
    write(COMPARATOR(0) + 4, 0);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(10_000);
    expect([log, read(COMPARATOR(0)), read(STATUS)]).toEqual([['1000 20'], 100, 0]);
  });

  it('gives another edge for another comparator', () => {
    const { clock, log, write } = bench();
    write(TIMER(0), INTERRUPT | MODE_32 | ROUTE_20);
    write(COMPARATOR(0), 100);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(1500);
    write(COMPARATOR(0), 200);
    clock.advanceTo(3000);
    expect(log).toEqual(['1000 20', '2000 /20', '2000 20']);
  });

  it('of 32 bits matches again when they have gone round', () => {
    const { clock, log, write } = bench();
    write(TIMER(0), INTERRUPT | MODE_32 | ROUTE_20);
    write(COMPARATOR(0), 100);
    write(COUNTER, 101);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(42_949_672_949);
    expect(log).toEqual([]);
    clock.advanceTo(42_949_672_950);
    expect(log).toEqual(['42949672950 20']);
  });

  it('without its interrupt waits for nothing', () => {
    const { clock, log, write } = bench();
    write(TIMER(0), ROUTE_20);
    write(COMPARATOR(0), 100);
    write(CONFIGURATION, ENABLED);
    expect(clock.nextDeadline).toBe(null);
    clock.advanceTo(2000);
    write(TIMER(0), INTERRUPT | ROUTE_20);
    clock.advanceTo(4000);
    expect(log).toEqual([]);
  });

  it('stops with the counter', () => {
    const { clock, log, write } = bench();
    write(TIMER(0), INTERRUPT | MODE_32 | ROUTE_20);
    write(COMPARATOR(0), 100);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(500);
    write(CONFIGURATION, 0);
    clock.advanceTo(5000);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(9000);
    expect(log).toEqual(['5500 20']);
  });
});

describe('a periodic timer', () => {
  it('adds its period at each match', () => {
    const { clock, log, read, write } = bench();
    write(TIMER(0), INTERRUPT | PERIODIC | VALUE_SET | MODE_32 | ROUTE_20);
    write(COMPARATOR(0), 50);
    write(COMPARATOR(0), 100);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(2600);
    expect(log).toEqual(['500 20', '1500 /20', '1500 20', '2500 /20', '2500 20']);
    expect(read(COMPARATOR(0))).toBe(350);
  });

  it('takes both halves of a 64-bit write with "value set", and one write only', () => {
    const { read, write } = bench();
    write(TIMER(0), PERIODIC | VALUE_SET);
    write(COMPARATOR(0), 7);
    write(COMPARATOR(0) + 4, 9);
    expect([read(COMPARATOR(0)), read(COMPARATOR(0) + 4), read(TIMER(0)) & VALUE_SET]).toEqual([7, 9, 0]);
    write(COMPARATOR(0), 100);
    write(COMPARATOR(0) + 4, 0);
    expect([read(COMPARATOR(0)), read(COMPARATOR(0) + 4)]).toEqual([7, 9]);
  });

  it('goes on unseen while its interrupt is off', () => {
    const { clock, log, read, write } = bench();
    write(TIMER(0), PERIODIC | VALUE_SET | MODE_32 | ROUTE_20);
    write(COMPARATOR(0), 100);
    write(CONFIGURATION, ENABLED);
    expect(clock.nextDeadline).toBe(null);
    clock.advanceTo(10_500);
    expect(read(COMPARATOR(0))).toBe(1100);
    write(TIMER(0), PERIODIC | INTERRUPT | MODE_32 | ROUTE_20);
    clock.advanceTo(11_000);
    expect(log).toEqual(['11000 20']);
  });

  it('with a period of one count interrupts at every count, and the host lives', () => {
    const { clock, log, write } = bench();
    write(TIMER(0), INTERRUPT | LEVEL | PERIODIC | VALUE_SET | MODE_32 | ROUTE_20);
    write(COMPARATOR(0), 1);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(1_000_000_000);
    expect(log).toEqual(['10 20']);
    write(STATUS, 1);
    clock.advanceTo(1_000_000_010);
    expect(log).toEqual(['10 20', '1000000000 /20', '1000000010 20']);
  });
});

describe('a level-triggered timer', () => {
  it('keeps its line until the status is cleared', () => {
    const { clock, log, read, write } = bench();
    write(TIMER(1), INTERRUPT | LEVEL | PERIODIC | VALUE_SET | MODE_32 | (23 << 9));
    write(COMPARATOR(1), 100);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(1500);
    expect([read(STATUS), log]).toEqual([2, ['1000 23']]);
    write(STATUS, 1);
    expect(read(STATUS)).toBe(2);
    write(STATUS, 2);
    clock.advanceTo(2000);
    expect([read(STATUS), log]).toEqual([2, ['1000 23', '1500 /23', '2000 23']]);
  });

  it('tells of its match where the interrupt is off', () => {
    const { clock, log, read, write } = bench();
    write(TIMER(2), LEVEL | MODE_32 | ROUTE_20);
    write(COMPARATOR(2), 100);
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(1500);
    expect([read(STATUS), log]).toEqual([4, []]);
    write(TIMER(2), LEVEL | INTERRUPT | MODE_32 | ROUTE_20);
    expect(log).toEqual(['1500 20']);
  });

  it('shares a route', () => {
    const { clock, log, write } = bench();
    for (const n of [0, 1]) {
      write(TIMER(n), INTERRUPT | LEVEL | MODE_32 | ROUTE_20);
      write(COMPARATOR(n), 100 * (n + 1));
    }
    write(CONFIGURATION, ENABLED);
    clock.advanceTo(2500);
    write(STATUS, 1);
    expect(log).toEqual(['1000 20']);
    write(STATUS, 2);
    expect(log).toEqual(['1000 20', '2500 /20']);
  });
});

describe('legacy replacement', () => {
  it('lets the 8254 and the real-time clock through until it is on', () => {
    const { log, hpet, write } = bench();
    hpet.pit.set(true);
    hpet.rtc.set(true);
    hpet.pit.set(false);
    hpet.pit.set(true);
    write(CONFIGURATION, LEGACY);
    hpet.pit.set(false);
    write(CONFIGURATION, 0);
    expect(log).toEqual(['0 irq0', '0 irq8', '0 /irq0', '0 irq0', '0 /irq0', '0 /irq8', '0 irq8']);
  });

  it('gives timer 0 IRQ 0 and timer 1 IRQ 8, and leaves timer 2 its route', () => {
    const { clock, log, write } = bench();
    for (const n of [0, 1, 2]) {
      write(TIMER(n), INTERRUPT | MODE_32 | ROUTE_20);
      write(COMPARATOR(n), 100 * (n + 1));
    }
    write(CONFIGURATION, ENABLED | LEGACY);
    clock.advanceTo(5000);
    expect(log).toEqual(['1000 irq0', '2000 irq8', '3000 20']);
  });
});

describe('the device contract', () => {
  const description: DeviceDescription<Hpet> = {
    make: (world) =>
      new Hpet({
        clock: world.clock,
        irq0: world.line('irq0'),
        irq8: world.line('irq8'),
        routes: { 2: world.line('2'), 20: world.line('20') },
      }),
    memory: HPET_SIZE_BYTES,
    maxAdvanceTicks: 20_000,
    steps: 150,
    actions: {
      general: (device, random) => device.writeMemory(CONFIGURATION, 32, random.below(4) | ENABLED),
      timer: (device, random) => device.writeMemory(TIMER(random.below(3)), 32, (random.next() & 0x14e) | ROUTE_20),
      comparator: (device, random) => device.writeMemory(COMPARATOR(random.below(3)), 32, 40 + random.below(1000)),
      high: (device, random) => device.writeMemory(COMPARATOR(random.below(3)) + 4, 32, random.below(2)),
      counter: (device, random) => device.writeMemory(COUNTER, 32, random.below(100)),
      status: (device, random) => device.writeMemory(STATUS, 32, random.below(8)),
      pit: (device, random) => device.pit.set(random.below(2) === 1),
      rtc: (device, random) => device.rtc.set(random.below(2) === 1),
    },
  };

  it('is kept', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(100);
  });
  it('damaged snapshots are refused', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(0);
  });
});
