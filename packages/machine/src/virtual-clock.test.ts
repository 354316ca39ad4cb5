import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MachineError } from './machine-error.ts';
import { VirtualClock } from './virtual-clock.ts';

const MAX_TICK = Number.MAX_SAFE_INTEGER;

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof MachineError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('advancing', () => {
  it('starts at 0 with nothing pending', () => {
    const clock = new VirtualClock();
    expect([clock.now, clock.nextDeadline]).toEqual([0, null]);
  });

  it('tells whether an alarm of a certain name is pending', () => {
    const clock = new VirtualClock();
    const alarm = clock.alarm('part.a', () => {});
    const isPart = (name: string): boolean => name.startsWith('part.');
    expect(clock.isPending(isPart)).toBe(false);
    alarm.scheduleAt(7);
    expect([clock.isPending(isPart), clock.isPending((name) => name === 'b')]).toEqual([true, false]);
    clock.advanceTo(7);
    expect(clock.isPending(isPart)).toBe(false);
  });

  it('an alarm fires at its own tick, once, and time ends where it was told', () => {
    const clock = new VirtualClock();
    const log: number[] = [];
    const alarm = clock.alarm('a', () => log.push(clock.now));
    alarm.scheduleAt(7);
    clock.advanceTo(6);
    expect(log).toEqual([]);
    clock.advanceTo(7);
    expect(log).toEqual([7]);
    expect(alarm.deadline).toBeNull();
    clock.advanceTo(100);
    expect([log, clock.now]).toEqual([[7], 100]);
  });

  it('alarms on one tick fire in name order, not in the order of making or scheduling', () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    for (const name of ['c', 'a', 'b']) clock.alarm(name, () => log.push(name)).scheduleAt(5);
    clock.advanceTo(5);
    expect(log).toEqual(['a', 'b', 'c']);
  });

  it('a handler that schedules for its own tick fires in the same advance', () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const b = clock.alarm('b', () => log.push(`b@${clock.now}`));
    clock
      .alarm('a', () => {
        log.push(`a@${clock.now}`);
        b.scheduleAt(clock.now);
      })
      .scheduleAt(5);
    clock.advanceTo(9);
    expect(log).toEqual(['a@5', 'b@5']);
  });

  it('a time already past fires at the next advance, at the present tick', () => {
    const clock = new VirtualClock();
    const log: number[] = [];
    clock.advanceTo(50);
    clock.alarm('late', () => log.push(clock.now)).scheduleAt(3);
    expect([log, clock.nextDeadline]).toEqual([[], 3]);
    clock.advanceTo(50);
    expect(log).toEqual([50]);
  });

  it('a handler can cancel an alarm that is due on the same tick', () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const b = clock.alarm('b', () => log.push('b'));
    clock.alarm('a', () => b.cancel()).scheduleAt(1);
    b.scheduleAt(1);
    clock.advanceTo(1);
    expect(log).toEqual([]);
  });

  it('a part that schedules itself for ever on one tick is stopped, and the clock lives on', () => {
    const clock = new VirtualClock();
    const alarm = clock.alarm('loop', () => alarm.scheduleAt(clock.now));
    alarm.scheduleAt(3);
    expect(codeOf(() => clock.advanceTo(10))).toBe('stalled-clock');
    alarm.cancel();
    clock.advanceTo(10);
    expect(clock.now).toBe(10);
  });

  it('ten thousand alarms over ten thousand ticks are no loop', () => {
    const clock = new VirtualClock();
    let count = 0;
    const alarm = clock.alarm('tick', () => {
      count++;
      alarm.scheduleAt(clock.now + 1);
    });
    alarm.scheduleAt(1);
    clock.advanceTo(20_000);
    expect(count).toBe(20_000);
  });

  it('an error from a handler leaves time at its tick and the later alarms pending', () => {
    const clock = new VirtualClock();
    clock
      .alarm('a', () => {
        throw new Error('boom');
      })
      .scheduleAt(5);
    const b = clock.alarm('b', () => {});
    b.scheduleAt(6);
    expect(() => clock.advanceTo(10)).toThrow('boom');
    expect([clock.now, b.deadline]).toEqual([5, 6]);
    clock.advanceTo(10);
    expect(b.deadline).toBeNull();
  });

  it.each([
    ['back', 9],
    ['by a fraction', 10.5],
    ['to NaN', Number.NaN],
    ['beyond 2^53', 2 ** 53],
  ])('refuses to go %s', (_, tick) => {
    const clock = new VirtualClock();
    clock.advanceTo(10);
    expect(codeOf(() => clock.advanceTo(tick))).toBe('bad-advance');
    expect(clock.now).toBe(10);
  });

  it('refuses to advance from inside an alarm', () => {
    const clock = new VirtualClock();
    const codes: string[] = [];
    clock
      .alarm('a', () => {
        codes.push(
          codeOf(() => clock.advanceTo(6)),
          codeOf(() => clock.restore({ now: 0, deadlines: {} })),
        );
      })
      .scheduleAt(5);
    clock.advanceTo(10);
    expect(codes).toEqual(['bad-advance', 'bad-advance']);
  });
});

describe('alarms', () => {
  it.each(['', '__proto__', 'constructor', 'taken'])('the name %j is refused', (name) => {
    const clock = new VirtualClock();
    clock.alarm('taken', () => {});
    expect(codeOf(() => clock.alarm(name, () => {}))).toBe('bad-name');
  });

  it('scheduling again moves an alarm, and the next deadline follows', () => {
    const clock = new VirtualClock();
    const a = clock.alarm('a', () => {});
    const b = clock.alarm('b', () => {});
    a.scheduleAt(10);
    b.scheduleAt(20);
    expect(clock.nextDeadline).toBe(10);
    a.scheduleAt(30);
    expect(clock.nextDeadline).toBe(20);
    b.cancel();
    expect(clock.nextDeadline).toBe(30);
    a.cancel();
    expect(clock.nextDeadline).toBeNull();
  });

  it.each([
    [MAX_TICK, MAX_TICK],
    [MAX_TICK + 1, null],
    [1e300, null],
    [-5, 0],
  ])('scheduling at %d leaves the deadline %s', (tick, deadline) => {
    const alarm = new VirtualClock().alarm('a', () => {});
    alarm.scheduleAt(tick);
    expect(alarm.deadline).toBe(deadline);
  });

  it.each([Number.NaN, 0.5, Number.POSITIVE_INFINITY])('scheduling at %d is refused', (tick) => {
    const alarm = new VirtualClock().alarm('a', () => {});
    expect(codeOf(() => alarm.scheduleAt(tick))).toBe('bad-number');
  });
});

describe('state', () => {
  it('is time and pending deadlines, sorted by name', () => {
    const clock = new VirtualClock();
    clock.alarm('z', () => {}).scheduleAt(9);
    clock.alarm('idle', () => {});
    clock.alarm('a', () => {}).scheduleAt(12);
    clock.advanceTo(3);
    expect(JSON.stringify(clock.snapshot())).toBe('{"now":3,"deadlines":{"a":12,"z":9}}');
  });

  it('restores into the past, cancelling what was not pending', () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const a = clock.alarm('a', () => log.push(`a@${clock.now}`));
    const b = clock.alarm('b', () => log.push(`b@${clock.now}`));
    a.scheduleAt(5);
    const saved = clock.snapshot();
    clock.advanceTo(100);
    b.scheduleAt(200);
    clock.restore(saved);
    expect([clock.now, clock.nextDeadline, b.deadline]).toEqual([0, 5, null]);
    clock.advanceTo(300);
    expect(log).toEqual(['a@5', 'a@5']);
  });

  it.each([
    [null],
    [{}],
    [{ now: 0 }],
    [{ now: -1, deadlines: {} }],
    [{ now: 0.5, deadlines: {} }],
    [{ now: '0', deadlines: {} }],
    [{ now: 2 ** 53, deadlines: {} }],
    [{ now: 0, deadlines: [] }],
    [{ now: 0, deadlines: { unknown: 5 } }],
    [{ now: 0, deadlines: { a: null } }],
    [{ now: 0, deadlines: { a: 1.5 } }],
  ])('refuses %j and changes nothing', (state) => {
    const clock = new VirtualClock();
    clock.alarm('a', () => {}).scheduleAt(5);
    clock.advanceTo(2);
    const before = clock.snapshot();
    expect(codeOf(() => clock.restore(state as never))).toBe('bad-snapshot');
    expect(clock.snapshot()).toEqual(before);
  });
});

it('fires like a sorted list, whatever is scheduled, moved and cancelled', () => {
  const step = fc.tuple(fc.constantFrom('schedule', 'cancel', 'advance'), fc.nat(4), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new VirtualClock();
      const log: string[] = [];
      const alarms = [...'dbeac'].map((name) => clock.alarm(name, () => log.push(`${name}@${clock.now}`)));
      const model = new Map<string, number>();
      const expected: string[] = [];
      let now = 0;
      for (const [kind, which, amount] of steps) {
        const name = 'dbeac'[which] ?? '';
        if (kind === 'schedule') {
          alarms[which]?.scheduleAt(now + amount);
          model.set(name, now + amount);
        } else if (kind === 'cancel') {
          alarms[which]?.cancel();
          model.delete(name);
        } else {
          now += amount;
          const due = [...model].filter(([, deadline]) => deadline <= now);
          due.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
          for (const [dueName, deadline] of due) {
            expected.push(`${dueName}@${deadline}`);
            model.delete(dueName);
          }
          clock.advanceTo(now);
        }
        expect(clock.nextDeadline).toBe(model.size === 0 ? null : Math.min(...model.values()));
      }
      expect(log).toEqual(expected);
    }),
  );
});
