import { checkDevice, checkRestore, type DeviceWorld } from '@longmode/device-testing';
import { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { cmosForMemory, Rtc146818, RtcError, type RtcTime } from './index.ts';

const SECOND = 1_000_000_000;
const MICROSECOND = 1000;

interface Bench {
  clock: VirtualClock;
  rtc: Rtc146818;
  irq: string[];
  read(index: number): number;
  write(index: number, value: number): void;
  wait(ticks: number): void;
  /** Year (two digits), month, day, weekday, hours, minutes, seconds: the bytes in hexadecimal. */
  bytes(): string;
}

function bench(initialTime?: RtcTime): Bench {
  const clock = new VirtualClock();
  const irq: string[] = [];
  let level = false;
  const rtc = new Rtc146818({
    clock,
    irq: {
      set(next) {
        if (next !== level) irq.push(`${clock.now / MICROSECOND}: ${next ? 'rises' : 'falls'}`);
        level = next;
      },
    },
    ...(initialTime === undefined ? {} : { initialTime }),
  });
  const read = (index: number): number => {
    rtc.writePort(0, 8, index);
    return rtc.readPort(1, 8);
  };
  return {
    clock,
    rtc,
    irq,
    read,
    write(index, value) {
      rtc.writePort(0, 8, index);
      rtc.writePort(1, 8, value);
    },
    wait: (ticks) => clock.advanceTo(clock.now + ticks),
    bytes: () => [9, 8, 7, 6, 4, 2, 0].map((index) => read(index).toString(16).padStart(2, '0')).join(' '),
  };
}

const description = {
  make: (world: DeviceWorld) => new Rtc146818({ clock: world.clock, irq: world.line('irq8') }),
  ports: 2,
  sequences: [
    [
      { offset: 0, value: 0x0b },
      { offset: 1, value: 0x72 },
    ],
    [
      { offset: 0, value: 0x0b },
      { offset: 1, value: 0x36 },
    ],
    [
      { offset: 0, value: 0x0a },
      { offset: 1, value: 0x2f },
    ],
    ...[1, 3, 5].map((index) => [
      { offset: 0, value: index },
      { offset: 1, value: 0xff },
    ]),
    [{ offset: 0, value: 0x0c }],
  ],
  survivesReset: ['memory', 'registerA', 'mode', 'nextUpdateTick', 'synchronizedTick'],
  maxAdvanceTicks: 3 * SECOND,
};

describe('the device contract', () => {
  it('is kept on random traces', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(20);
  });

  it('holds against damaged snapshots', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(100);
  });
});

describe('the ports', () => {
  it('are an index that cannot be read and its data', () => {
    const { rtc } = bench();
    rtc.writePort(0, 8, 0x40);
    rtc.writePort(1, 8, 0x5a);
    expect([rtc.readPort(0, 8), rtc.readPort(1, 8), rtc.readPort(1, 16)]).toEqual([0xff, 0x5a, 0xff5a]);
  });

  it('keep the NMI mask in bit 7 of the index', () => {
    const { rtc } = bench();
    rtc.writePort(0, 8, 0xcf);
    rtc.writePort(1, 8, 0x77);
    expect(rtc.isNmiMasked).toBe(true);
    rtc.writePort(0, 8, 0x4f);
    expect(rtc.isNmiMasked).toBe(false);
    expect(rtc.readPort(1, 8)).toBe(0x77);
  });

  it('reach 114 bytes of RAM, with the century as one of them', () => {
    const { read, write } = bench();
    for (let index = 0x0e; index < 0x80; index++) write(index, index ^ 0x55);
    expect(Array.from({ length: 0x72 }, (_, i) => read(0x0e + i))).toEqual(
      Array.from({ length: 0x72 }, (_, i) => (0x0e + i) ^ 0x55),
    );
  });
});

describe('registers A to D at power-on', () => {
  it('run the clock at 32,768 Hz, 24 hours, BCD, with valid RAM and no interrupts', () => {
    const { read } = bench();
    expect([0x0a, 0x0b, 0x0c, 0x0d].map(read)).toEqual([0x26, 0x02, 0x00, 0x80]);
  });

  it('keep C and D from being written', () => {
    const { read, write } = bench();
    write(0x0c, 0xff);
    write(0x0d, 0x00);
    expect([read(0x0c), read(0x0d)]).toEqual([0x00, 0x80]);
  });
});

describe('time', () => {
  it('begins on Saturday, 1 January 2000', () => {
    const { bytes, read, rtc } = bench();
    expect(bytes()).toBe('00 01 01 07 00 00 00');
    expect(read(0x32)).toBe(0x20);
    expect(rtc.time).toEqual({ year: 2000, month: 1, day: 1, hour: 0, minute: 0, second: 0 });
  });

  it('counts seconds of virtual time', () => {
    const { bytes, wait } = bench();
    wait(SECOND - 1);
    expect(bytes()).toBe('00 01 01 07 00 00 00');
    wait(1);
    expect(bytes()).toBe('00 01 01 07 00 00 01');
    wait(86_399 * SECOND);
    expect(bytes()).toBe('00 01 02 01 00 00 00');
  });

  it.each([
    [2023, 2, 28, '23 03 01 04 00 00 00'],
    [2024, 2, 28, '24 02 29 05 00 00 00'],
    [2000, 2, 28, '00 02 29 03 00 00 00'],
    [1900, 2, 28, '00 03 01 05 00 00 00'],
    [1999, 12, 31, '00 01 01 07 00 00 00'],
    [2024, 4, 30, '24 05 01 04 00 00 00'],
  ])('goes on after the last second of %i-%i-%i', (year, month, day, after) => {
    const { bytes, wait } = bench({ year, month, day, hour: 23, minute: 59, second: 59 });
    wait(SECOND);
    expect(bytes()).toBe(after);
  });

  it('carries into the century', () => {
    const { read, wait } = bench({ year: 1999, month: 12, day: 31, hour: 23, minute: 59, second: 59 });
    expect(read(0x32)).toBe(0x19);
    wait(SECOND);
    expect(read(0x32)).toBe(0x20);
  });

  it.each([
    ['24-hour BCD', 0x02, ['00', '09', '11', '12', '13', '23']],
    ['24-hour binary', 0x06, ['00', '09', '0b', '0c', '0d', '17']],
    ['12-hour BCD', 0x00, ['12', '09', '11', '92', '81', '91']],
    ['12-hour binary', 0x04, ['0c', '09', '0b', '8c', '81', '8b']],
  ])('has hours in %s', (_, mode, expected) => {
    const hours = [0, 9, 11, 12, 13, 23].map((hour) => {
      const { read, wait, write } = bench();
      write(0x0b, mode);
      write(0x02, (mode & 4) !== 0 ? 59 : 0x59);
      write(0x00, (mode & 4) !== 0 ? 59 : 0x59);
      // One second before the hour, in the mode's own encoding.
      const before = (hour + 23) % 24;
      const twelve = (mode & 2) !== 0 ? before : before % 12 || 12;
      const encoded = (mode & 4) !== 0 ? twelve : (Math.floor(twelve / 10) << 4) | (twelve % 10);
      write(0x04, encoded | ((mode & 2) === 0 && before >= 12 ? 0x80 : 0));
      wait(SECOND);
      return read(0x04).toString(16).padStart(2, '0');
    });
    expect(hours).toEqual(expected);
  });

  it('takes what the guest writes, and goes on from there', () => {
    const { bytes, wait, write } = bench();
    write(0x0b, 0x82);
    for (const [index, value] of [
      [0x32, 0x19],
      [9, 0x70],
      [8, 0x01],
      [7, 0x01],
      [6, 5],
      [4, 0x12],
      [2, 0x34],
      [0, 0x56],
    ] as const) {
      write(index, value);
    }
    wait(10 * SECOND);
    expect(bytes()).toBe('70 01 01 05 12 34 56');
    write(0x0b, 0x02);
    wait(SECOND);
    expect(bytes()).toBe('70 01 01 05 12 34 57');
  });

  it('comes back into range from bytes that stand for no time', () => {
    const { read, wait, write } = bench();
    for (const index of [0, 2, 4, 6, 7, 8, 9, 0x32]) write(index, 0xff);
    wait(SECOND);
    const limits = [
      [0, 0x59],
      [2, 0x59],
      [4, 0x23],
      [6, 7],
      [7, 0x31],
      [8, 0x12],
      [9, 0x99],
      [0x32, 0x99],
    ] as const;
    for (const [index, limit] of limits) expect(read(index)).toBeLessThanOrEqual(limit);
  });

  it('stands still while the divider is held, and goes on half a second after it is let go', () => {
    const { bytes, read, wait, write } = bench();
    write(0x0a, 0x76);
    wait(5 * SECOND);
    expect(bytes()).toBe('00 01 01 07 00 00 00');
    expect(read(0x0a)).toBe(0x76);
    write(0x0a, 0x26);
    wait(SECOND / 2 - 1);
    expect(bytes()).toBe('00 01 01 07 00 00 00');
    wait(1);
    expect(bytes()).toBe('00 01 01 07 00 00 01');
  });

  it('does not wait for anybody to look', () => {
    const { rtc, wait } = bench();
    wait(100 * 86_400 * SECOND); // virtual time ends after 104 days
    expect(rtc.time).toEqual({ year: 2000, month: 4, day: 10, hour: 0, minute: 0, second: 0 });
  });
});

describe('Update In Progress', () => {
  it('is set for 2,228 µs before the new second', () => {
    const { read, wait } = bench();
    const uip = (): number => read(0x0a) & 0x80;
    wait(SECOND - 2228 * MICROSECOND - 1);
    expect(uip()).toBe(0);
    wait(1);
    expect(uip()).toBe(0x80);
    wait(2228 * MICROSECOND - 1);
    expect(uip()).toBe(0x80);
    wait(1);
    expect(uip()).toBe(0);
  });

  it('is clear while SET holds updates back or the divider is held', () => {
    const { read, wait, write } = bench();
    wait(SECOND - 1);
    write(0x0b, 0x82);
    expect(read(0x0a)).toBe(0x26);
    write(0x0b, 0x02);
    expect(read(0x0a)).toBe(0xa6);
    write(0x0a, 0xe6);
    expect(read(0x0a)).toBe(0x66);
  });
});

describe('the update-ended interrupt', () => {
  it('comes with each second, and its line falls when register C is read', () => {
    const { irq, read, wait, write } = bench();
    write(0x0a, 0x20); // no periodic flag
    write(0x0b, 0x12);
    wait(SECOND + 10 * MICROSECOND);
    expect(read(0x0c)).toBe(0x90);
    expect(read(0x0c)).toBe(0x00);
    wait(2 * SECOND);
    expect(read(0x0c)).toBe(0x90);
    expect(irq).toEqual(['1000000: rises', '1000010: falls', '2000000: rises', '3000010: falls']);
  });

  it('has its flag without the interrupt too', () => {
    const { irq, read, wait } = bench();
    wait(SECOND);
    expect(read(0x0c)).toBe(0x50); // and the periodic one's
    expect(irq).toEqual([]);
  });

  it('is raised at once when it is enabled after its flag', () => {
    const { irq, wait, write } = bench();
    wait(SECOND);
    write(0x0b, 0x12);
    expect(irq).toEqual(['1000000: rises']);
  });

  it('is disabled by SET', () => {
    const { read, write } = bench();
    write(0x0b, 0x92);
    expect(read(0x0b)).toBe(0x82);
  });
});

describe('the periodic interrupt', () => {
  it.each([
    [1, 256],
    [2, 128],
    [3, 8192],
    [4, 4096],
    [5, 2048],
    [6, 1024],
    [7, 512],
    [8, 256],
    [9, 128],
    [10, 64],
    [11, 32],
    [12, 16],
    [13, 8],
    [14, 4],
    [15, 2],
  ])('of rate %i comes %i times a second', (rate, frequency) => {
    const { clock, read, wait, write } = bench();
    write(0x0a, 0x20 | rate);
    write(0x0b, 0x42);
    let count = 0;
    for (let next = clock.nextDeadline; next !== null && next <= SECOND; next = clock.nextDeadline) {
      clock.advanceTo(next);
      expect(read(0x0c) & 0xc0).toBe(0xc0);
      count++;
    }
    expect(count).toBe(frequency);
    expect(clock.now).toBe(SECOND);
    wait(0);
  });

  it('of rate 0 never comes', () => {
    const { clock, irq, read, wait, write } = bench();
    write(0x0a, 0x20);
    read(0x0c);
    write(0x0b, 0x42);
    wait(5 * SECOND);
    expect(read(0x0c) & 0x40).toBe(0);
    expect([irq, clock.nextDeadline]).toEqual([[], null]);
  });

  it('waits for register C to be read, and costs nothing meanwhile', () => {
    const { clock, irq, wait, write } = bench();
    write(0x0b, 0x42);
    wait(SECOND);
    expect(irq).toEqual(['976.563: rises']);
    expect(clock.nextDeadline).toBe(null);
  });
});

describe('the alarm', () => {
  it('comes at its time of day', () => {
    const { irq, read, wait, write } = bench({ year: 2024, month: 5, day: 1, hour: 12, minute: 59, second: 55 });
    for (const [index, value] of [
      [5, 0x13],
      [3, 0x00],
      [1, 0x02],
    ] as const)
      write(index, value);
    read(0x0c);
    write(0x0b, 0x22);
    wait(20 * SECOND);
    expect(irq).toEqual(['7000000: rises']);
    expect(read(0x0c)).toBe(0xf0);
  });

  it.each([
    ['every second', [0xff, 0xc0, 0xe5], [1, 2, 3]],
    ['every minute', [0xff, 0xff, 0x05], [5, 65, 125]],
    ['every hour', [0xff, 0x01, 0x00], [60, 3660, 7260]],
    ['every day', [0x00, 0x00, 0x10], [10, 86_410, 172_810]],
  ])('comes %s with bytes that do not care', (_, [hours, minutes, seconds], expected) => {
    const { clock, read, write } = bench();
    write(5, hours ?? 0);
    write(3, minutes ?? 0);
    write(1, seconds ?? 0);
    write(0x0b, 0x22);
    const times: number[] = [];
    while (times.length < 3 && clock.nextDeadline !== null) {
      clock.advanceTo(clock.nextDeadline);
      if ((read(0x0c) & 0xa0) === 0xa0) times.push(clock.now / SECOND);
    }
    expect(times).toEqual(expected);
  });

  it('is found in the seconds that nobody looked at', () => {
    const { read, wait, write } = bench();
    write(5, 0x00);
    write(3, 0x10);
    write(1, 0x00);
    wait(599 * SECOND);
    expect(read(0x0c) & 0x20).toBe(0);
    wait(5 * SECOND);
    expect(read(0x0c) & 0x20).toBe(0x20);
    wait(7200 * SECOND);
    expect(read(0x0c) & 0x20).toBe(0);
    wait(10 * 86_400 * SECOND);
    expect(read(0x0c) & 0x20).toBe(0x20);
  });
});

describe('a reset', () => {
  it('turns interrupts off and keeps time, alarm, encodings and RAM', () => {
    const { clock, read, rtc, wait, write } = bench();
    write(0x40, 0x99);
    write(0x0a, 0x2f);
    write(0x0b, 0x76);
    wait(1.5 * SECOND);
    rtc.reset();
    expect(clock.nextDeadline).toBe(null);
    expect([0x40, 0x0a, 0x0b, 0x0c, 0x00].map(read)).toEqual([0x99, 0x2f, 0x06, 0x00, 0x01]);
    wait(SECOND / 2);
    expect(read(0x00)).toBe(0x02);
  });
});

describe('the embedder', () => {
  it('gives the CMOS contents, but not the time', () => {
    const clock = new VirtualClock();
    const cmos = cmosForMemory(64 * 1024 * 1024);
    cmos.fill(0xee, 0, 0x0e);
    const rtc = new Rtc146818({ clock, irq: { set: () => {} }, cmos });
    const read = (index: number): number => {
      rtc.writePort(0, 8, index);
      return rtc.readPort(1, 8);
    };
    expect([0x15, 0x16, 0x17, 0x18, 0x2e, 0x2f].map(read)).toEqual([
      ...cmos.subarray(0x15, 0x19),
      ...cmos.subarray(0x2e, 0x30),
    ]);
    expect([0x00, 0x07, 0x0b, 0x32].map(read)).toEqual([0x00, 0x01, 0x02, 0x20]);
    cmos.fill(0);
    expect(read(0x15)).toBe(0x80);
  });

  it('cannot give a time that does not exist or CMOS of another size', () => {
    const dependencies = { clock: new VirtualClock(), irq: { set: () => {} } };
    const initialTime = { year: 2023, month: 2, day: 29, hour: 0, minute: 0, second: 0 };
    expect(() => new Rtc146818({ ...dependencies, initialTime })).toThrow(RtcError);
    expect(() => new Rtc146818({ ...dependencies, cmos: new Uint8Array(64) })).toThrow('CMOS has 64 bytes, not 128');
  });
});
