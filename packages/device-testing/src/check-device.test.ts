import type { AccessWidth, Alarm, Component, MemoryDevice, PortDevice } from '@longmode/device';
import { describe, expect, it } from 'vitest';
import { checkDevice } from './check-device.ts';
import { checkRestore } from './check-restore.ts';
import { ConformanceError } from './conformance-error.ts';
import type { DeviceDescription, DeviceWorld } from './world.ts';

interface TimerState {
  period: number;
  start: number;
  marks: number[];
  cells: Uint8Array;
}

class StateError extends Error {
  readonly code = 'bad-state';
}

/** A part that keeps the contract: port 0 sets a period, port 1 reads the ticks since then, memory is eight cells. */
class Timer implements Component<TimerState>, PortDevice, MemoryDevice {
  readonly name: string = 'timer';
  readonly world: DeviceWorld;
  readonly alarm: Alarm;
  readonly output: { set(level: boolean): void };
  state!: TimerState;

  constructor(world: DeviceWorld) {
    this.world = world;
    this.output = world.line('out');
    this.alarm = world.clock.alarm('timer.period', () => this.fire());
    this.reset();
  }

  fire(): void {
    this.output.set(true);
    this.output.set(false);
    this.alarm.scheduleAt(this.world.clock.now + this.state.period);
  }

  mark(value: number): void {
    this.state.marks = [...this.state.marks, value].slice(-4);
    this.world.log(`mark ${value}`);
  }

  reset(): void {
    this.state = { period: 0, start: 0, marks: [], cells: new Uint8Array(8) };
    this.alarm.cancel();
  }

  readPort(offset: number, width: AccessWidth): number {
    const value = offset === 0 ? this.state.period : this.world.clock.now - this.state.start;
    return width === 32 ? value >>> 0 : value & (width === 8 ? 0xff : 0xffff);
  }

  writePort(offset: number, _width: AccessWidth, value: number): void {
    if (offset !== 0) return;
    this.state.period = 1000 + (value >>> 0);
    this.state.start = this.world.clock.now;
    this.alarm.scheduleAt(this.state.start + this.state.period);
  }

  readMemory(offset: number, _width: AccessWidth): number {
    return this.state.cells[offset] ?? 0xff;
  }

  writeMemory(offset: number, _width: AccessWidth, value: number): void {
    if (offset < 8) this.state.cells[offset] = value;
  }

  snapshot(): TimerState {
    return { ...this.state, marks: [...this.state.marks], cells: this.state.cells.slice() };
  }

  restore(state: TimerState): void {
    const isTick = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    const { period, start, marks, cells } = Object(state) as TimerState;
    if (!isTick(period) || !isTick(start) || !Array.isArray(marks) || !marks.every(isTick)) {
      throw new StateError('expected numbers');
    }
    if (!(cells instanceof Uint8Array) || cells.length !== 8) throw new StateError('expected 8 cells');
    this.state = { period, start, marks: [...marks], cells: cells.slice() };
  }
}

function describeTimer(make: (world: DeviceWorld) => Timer): DeviceDescription<Timer> {
  return {
    make,
    ports: 2,
    memory: 8,
    actions: { mark: (timer, random) => timer.mark(random.below(100)) },
    maxAdvanceTicks: 100_000,
    runs: 12,
  };
}

function ruleBrokenBy(broken: (world: DeviceWorld) => Timer, check: (d: DeviceDescription<Timer>) => unknown): string {
  try {
    check(describeTimer(broken));
  } catch (error) {
    if (error instanceof ConformanceError) return error.rule;
    throw error;
  }
  return 'none';
}

let count = 0;

const mistakes: [string, string, new (world: DeviceWorld) => Timer][] = [
  [
    'state outside the device',
    'same inputs, same run',
    class extends Timer {
      override mark(value: number): void {
        super.mark(value + count++);
      }
    },
  ],
  [
    'a function in the snapshot',
    'a snapshot is plain data',
    class extends Timer {
      override snapshot(): TimerState {
        return { ...super.snapshot(), period: (() => 1) as never };
      }
    },
  ],
  [
    'an undefined in the snapshot',
    'a snapshot is plain data',
    class extends Timer {
      override snapshot(): TimerState {
        return { ...super.snapshot(), extra: undefined } as TimerState;
      }
    },
  ],
  [
    'a snapshot that shares its bytes',
    'a snapshot does not change with the device',
    class extends Timer {
      override snapshot(): TimerState {
        return { ...super.snapshot(), cells: this.state.cells };
      }
    },
  ],
  [
    'a restore that shares its bytes',
    'a restored device shares nothing with the snapshot',
    class extends Timer {
      override restore(state: TimerState): void {
        super.restore(state);
        this.state.cells = state.cells;
      }
    },
  ],
  [
    'a field that restore forgets',
    'what was restored into a fresh device can be saved again',
    class extends Timer {
      override restore(state: TimerState): void {
        super.restore({ ...state, start: 0 });
      }
    },
  ],
  [
    'hidden state that only its owner knows',
    'restore into a fresh device, then run, is run',
    class extends Timer {
      declare marks: number;
      override mark(): void {
        super.mark(++this.marks);
      }
      override reset(): void {
        super.reset();
        this.marks = 0;
      }
    },
  ],
  [
    'hidden state that restore does not replace',
    'restore into a used device, then run, is run',
    class extends Timer {
      // Derived from a cell, but restore only ever sets it.
      declare isQuiet: boolean;
      override writeMemory(offset: number, width: AccessWidth, value: number): void {
        super.writeMemory(offset, width, value);
        this.isQuiet = this.state.cells[7] !== 0;
      }
      override mark(value: number): void {
        if (!this.isQuiet) super.mark(value);
      }
      override reset(): void {
        super.reset();
        this.isQuiet = false;
      }
      override restore(state: TimerState): void {
        super.restore(state);
        if (this.state.cells[7] !== 0) this.isQuiet = true;
      }
    },
  ],
  [
    'a snapshot with an effect',
    'taking a snapshot changes nothing',
    class extends Timer {
      override snapshot(): TimerState {
        const state = super.snapshot();
        this.state.start += 1;
        return state;
      }
    },
  ],
  [
    'a restore that drives its line',
    'restoring into a fresh device drives nothing',
    class extends Timer {
      override restore(state: TimerState): void {
        super.restore(state);
        this.output.set(true);
        this.output.set(false);
      }
    },
  ],
  [
    'a reset that drives its line',
    'a reset drives nothing',
    class extends Timer {
      override reset(): void {
        super.reset();
        if (this.world.clock.now > 0) this.world.log('reset');
      }
    },
  ],
  [
    'a reset that leaves its alarm',
    'a reset cancels what is pending',
    class extends Timer {
      override reset(): void {
        const deadline = this.alarm.deadline;
        super.reset();
        if (deadline !== null) this.alarm.scheduleAt(deadline);
      }
    },
  ],
  [
    'a reset that forgets a field',
    'a reset device is a fresh one',
    class extends Timer {
      override reset(): void {
        const marks = this.state?.marks ?? [];
        super.reset();
        this.state.marks = marks;
      }
    },
  ],
  [
    'behaviour that depends on how often one looks',
    'time may move in one step or in many, with snapshots between',
    class extends Timer {
      declare looks: number;
      override snapshot(): TimerState {
        this.looks++;
        return super.snapshot();
      }
      override reset(): void {
        super.reset();
        this.looks = 0;
      }
      override mark(value: number): void {
        super.mark(value + (this.looks > 4 ? 1 : 0));
      }
    },
  ],
  [
    'a read wider than its width',
    'a read gives an unsigned integer within its width',
    class extends Timer {
      override readMemory(offset: number): number {
        return (this.state.cells[offset] ?? 0) << 8;
      }
    },
  ],
  [
    'a signed read',
    'a read gives an unsigned integer within its width',
    class extends Timer {
      override readPort(offset: number, width: AccessWidth): number {
        return super.readPort(offset, width) | 0;
      }
    },
  ],
  [
    'an exception on a strange value',
    'guest behaviour never throws',
    class extends Timer {
      override writePort(offset: number, width: AccessWidth, value: number): void {
        if (value === 0x8000_0000) throw new RangeError('too much');
        super.writePort(offset, width, value);
      }
    },
  ],
];

describe('checkDevice', () => {
  it('passes a part that keeps the contract, and says how much it did', () => {
    const summary = checkDevice(describeTimer((world) => new Timer(world)));
    expect(summary.operations).toBeGreaterThanOrEqual(12 * 80);
    expect(summary.outputs).toBeGreaterThan(100);
  });

  it.each(mistakes)('catches %s', (_, rule, Broken) => {
    expect(ruleBrokenBy((world) => new Broken(world), checkDevice)).toBe(rule);
  });

  it('catches a timer that drifts with every look at it', () => {
    class Drifting extends Timer {
      override readPort(offset: number, width: AccessWidth): number {
        const value = super.readPort(offset, width);
        // A rate of 3/7 in whole numbers: what a division drops is lost at each advance that ends in a snapshot.
        return offset === 0 ? value : this.state.start & 0xff;
      }
      override snapshot(): TimerState {
        this.catchUp();
        return super.snapshot();
      }
      declare seen: number;
      catchUp(): void {
        const elapsed = this.world.clock.now - this.seen;
        this.state.start += Math.floor((elapsed * 3) / 7);
        this.seen = this.world.clock.now;
      }
      override reset(): void {
        super.reset();
        this.seen = this.world.clock.now;
      }
    }
    expect(ruleBrokenBy((world) => new Drifting(world), checkDevice)).toBe('taking a snapshot changes nothing');
  });

  it('says where, with the seed and every operation', () => {
    class Broken extends Timer {
      override mark(): void {
        throw new Error('boom');
      }
    }
    const run = () => checkDevice({ ...describeTimer((world) => new Broken(world)), seed: 9 });
    expect(run).toThrow(/action mark \(seed \d+\) threw Error: boom \(seed 9, run 0\)\n {2}0: /);
  });

  it('compares a battery-backed field with itself and the rest with a fresh device', () => {
    class Clock extends Timer {
      override reset(): void {
        const cells = this.state?.cells ?? new Uint8Array(8);
        super.reset();
        this.state.cells = cells;
      }
    }
    expect(ruleBrokenBy((world) => new Clock(world), checkDevice)).toBe('a reset device is a fresh one');
    const kept = (d: DeviceDescription<Timer>) => checkDevice({ ...d, survivesReset: ['cells'] });
    expect(ruleBrokenBy((world) => new Clock(world), kept)).toBe('none');
    expect(ruleBrokenBy((world) => new Timer(world), kept)).toBe('what a battery keeps survives a reset');
  });

  it('a device without the interface that it is said to have is refused', () => {
    const bare = { name: 'bare', reset() {}, snapshot: () => 0, restore() {} };
    expect(() => checkDevice({ make: () => bare, ports: 1 })).toThrow('no ports');
    expect(() => checkDevice({ make: () => bare, memory: 1 })).toThrow('no memory');
    expect(checkDevice({ make: () => bare }).outputs).toBe(0);
  });
});

describe('checkRestore', () => {
  it('passes a part that refuses what is damaged', () => {
    const { refused, taken } = checkRestore(describeTimer((world) => new Timer(world)));
    expect(refused).toBeGreaterThan(100);
    expect(taken).toBeGreaterThan(0);
  });

  const rule = 'a damaged snapshot is refused with a code, or does no harm';
  it.each<[string, (timer: Timer, state: TimerState) => void]>([
    [
      'takes anything',
      (timer, state) => {
        timer.state = state;
      },
    ],
    [
      'throws without a code',
      (timer, state) => {
        timer.state = { ...state, marks: [...state.marks], cells: state.cells.slice() };
      },
    ],
    [
      'takes one half and refuses the other',
      (timer, state) => {
        if (Number.isSafeInteger(state?.period) && state.period >= 0) timer.state.period = state.period;
        Timer.prototype.restore.call(timer, state);
      },
    ],
  ])('catches a part that %s', (_, restore) => {
    class Broken extends Timer {
      override restore(state: TimerState): void {
        restore(this, state);
      }
    }
    expect(ruleBrokenBy((world) => new Broken(world), checkRestore)).toBe(rule);
  });
});
