import type { Clock, Component } from '@longmode/device';
import { describe, expect, it } from 'vitest';
import { DISCONNECTED, fanOut, inputLine, LineRecorder, OrWire } from './lines.ts';
import { Machine } from './machine.ts';
import { VirtualClock } from './virtual-clock.ts';

interface CounterState {
  count: number;
}

/** Counts once every 10 ticks after `start`. */
class Counter implements Component<CounterState> {
  readonly name: string;
  count = 0;
  readonly #clock: Clock;
  readonly #alarm: ReturnType<Clock['alarm']>;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    this.#alarm = clock.alarm(`${name}.count`, () => {
      this.count++;
      this.start();
    });
  }

  start(): void {
    this.#alarm.scheduleAt(this.#clock.now + 10);
  }

  reset(): void {
    this.count = 0;
    this.#alarm.cancel();
  }

  snapshot(): CounterState {
    return { count: this.count };
  }

  restore(state: CounterState): void {
    if (!Number.isInteger(state?.count)) throw new Error(`${this.name} wants a count`);
    this.count = state.count;
  }
}

function twoCounters(): { machine: Machine; a: Counter; b: Counter } {
  const machine = new Machine({ clock: new VirtualClock() });
  const a = machine.add(new Counter('a', machine.clock));
  const b = machine.add(new Counter('b', machine.clock));
  return { machine, a, b };
}

describe('machine', () => {
  it('reset resets every component and leaves time alone', () => {
    const { machine, a, b } = twoCounters();
    a.start();
    b.start();
    machine.clock.advanceTo(25);
    expect([a.count, b.count]).toEqual([2, 2]);
    machine.reset();
    expect([a.count, b.count, machine.clock.now, machine.clock.nextDeadline]).toEqual([0, 0, 25, null]);
  });

  it('a snapshot restored into another machine runs on like the first', () => {
    const first = twoCounters();
    first.a.start();
    first.machine.clock.advanceTo(25);
    const saved = structuredClone(first.machine.snapshot());
    const second = twoCounters();
    second.b.start();
    second.machine.restore(saved);
    expect(second.machine.snapshot()).toEqual(saved);
    first.machine.clock.advanceTo(100);
    second.machine.clock.advanceTo(100);
    expect(second.machine.snapshot()).toEqual(first.machine.snapshot());
    expect(second.a.count).toBe(10);
  });

  it('two components of one name are refused', () => {
    const machine = new Machine();
    machine.add(new Counter('a', machine.clock));
    expect(() => machine.add(new Counter('a', new VirtualClock()))).toThrow('already has a component');
  });

  const good = twoCounters().machine.snapshot();
  const other = { ...good, components: { a: { count: 5 }, b: { count: 6 } } };
  it.each([
    ['null', null, 'format'],
    ['a string', 'snapshot', 'format'],
    ['another format', { ...other, format: 'v86' }, 'format'],
    ['another version', { ...other, version: 2 }, 'version'],
    ['a missing component', { ...other, components: { a: { count: 5 } } }, 'components.b'],
    ['an unknown component', { ...other, components: { ...other.components, c: 1 } }, 'components.c'],
    ['components as a list', { ...other, components: [1, 2] }, 'components'],
    ['a clock in the past', { ...other, clock: { now: -1, deadlines: {} } }, 'clock.now'],
    ['an alarm of nobody', { ...other, clock: { now: 1, deadlines: { c: 5 } } }, 'clock.deadlines.c'],
    ['a component that refuses', { ...other, components: { a: { count: 5 }, b: {} } }, 'components'],
    ['a component that throws', { ...other, components: { a: { count: 5 }, b: null } }, 'components'],
  ])('refuses %s and changes nothing', (_, state, subject) => {
    const { machine, a } = twoCounters();
    a.start();
    machine.clock.advanceTo(17);
    const before = machine.snapshot();
    expect(() => machine.restore(state)).toThrow(expect.objectContaining({ code: 'bad-snapshot', subject }));
    expect(machine.snapshot()).toEqual(before);
  });
});

describe('lines', () => {
  it('a recorder keeps edges with their time, and no repeated level', () => {
    const clock = new VirtualClock();
    const line = new LineRecorder({ clock });
    line.set(false);
    line.set(true);
    clock.advanceTo(4);
    line.set(true);
    line.set(false);
    expect(line.edges).toEqual([
      { tick: 0, level: true },
      { tick: 4, level: false },
    ]);
  });

  it('a line can feed a numbered input, several lines, or nothing', () => {
    const log: string[] = [];
    const pic = { setInput: (input: number, level: boolean) => void log.push(`${input}:${level}`) };
    fanOut(inputLine(pic, 3), DISCONNECTED, inputLine(pic, 4)).set(true);
    expect(log).toEqual(['3:true', '4:true']);
  });

  it('an or-wire falls with its last input', () => {
    const output = new LineRecorder();
    const wire = new OrWire({ name: 'irq4', output });
    const [a, b] = [wire.input('com1'), wire.input('com3')];
    a.set(true);
    b.set(true);
    b.set(true);
    a.set(false);
    expect(output.edges).toHaveLength(1);
    b.set(false);
    expect(output.edges.map((edge) => edge.level)).toEqual([true, false]);
    expect(() => wire.input('com1')).toThrow('already');
  });

  it('an or-wire keeps its inputs through a snapshot, and refuses unknown ones', () => {
    const make = () => {
      const output = new LineRecorder();
      const wire = new OrWire({ name: 'irq4', output });
      return { output, wire, a: wire.input('com1'), b: wire.input('com3') };
    };
    const first = make();
    first.b.set(true);
    first.a.set(true);
    expect(first.wire.snapshot()).toEqual({ high: ['com1', 'com3'] });
    const second = make();
    second.wire.restore(first.wire.snapshot());
    expect([second.wire.level, second.output.edges]).toEqual([true, []]);
    second.a.set(false);
    expect(second.wire.level).toBe(true);
    expect(() => second.wire.restore({ high: ['com2'] })).toThrow('com2');
    expect(() => second.wire.restore(null as never)).toThrow('expected {high}');
    expect(second.wire.snapshot()).toEqual({ high: ['com3'] });
    second.wire.reset();
    expect(second.wire.level).toBe(false);
  });
});
