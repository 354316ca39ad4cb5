import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { powerOnChannel } from './channel.ts';
import {
  advance,
  beginCount,
  type CounterState,
  nextEdge,
  type PitMode,
  setCount,
  setGate,
  setMode,
} from './counter.ts';

function counter(mode: PitMode, isBcd = false): CounterState {
  const { counter: fresh } = powerOnChannel(0, true);
  setMode(fresh, mode, isBcd);
  return fresh;
}

/** Counts and OUT at each of the next pulses: `3H 2H 1L`. */
function wave(s: CounterState, pulses: number): string {
  const seen: string[] = [];
  for (let i = 0; i < pulses; i++) {
    advance(s, s.at + 1);
    seen.push(`${s.count}${s.out ? 'H' : 'L'}`);
  }
  return seen.join(' ');
}

describe('mode 0, interrupt on terminal count', () => {
  it('OUT is low from the control word on, and rises N + 1 pulses after the count', () => {
    const s = counter(0);
    expect(s.out).toBe(false);
    setCount(s, 4);
    expect(wave(s, 7)).toBe('4L 3L 2L 1L 0H 65535H 65534H');
  });

  it('GATE low stops the count and leaves OUT alone', () => {
    const s = counter(0);
    setCount(s, 3);
    expect(wave(s, 2)).toBe('3L 2L');
    setGate(s, false);
    expect(wave(s, 2)).toBe('2L 2L');
    setGate(s, true);
    expect(wave(s, 2)).toBe('1L 0H');
    setGate(s, false);
    expect(s.out).toBe(true);
  });

  it('a count written while GATE is low is loaded all the same', () => {
    const s = counter(0);
    setGate(s, false);
    setCount(s, 3);
    expect(wave(s, 2)).toBe('3L 3L');
    setGate(s, true);
    expect(wave(s, 3)).toBe('2L 1L 0H');
  });

  it('a new count begins anew; the first of two bytes stops the old one and lowers OUT', () => {
    const s = counter(0);
    setCount(s, 2);
    expect(wave(s, 4)).toBe('2L 1L 0H 65535H');
    beginCount(s);
    expect(s.out).toBe(false);
    expect(wave(s, 2)).toBe('65535L 65535L');
    setCount(s, 2);
    expect(wave(s, 3)).toBe('2L 1L 0H');
  });

  it('a new count in mid-count moves the end', () => {
    const s = counter(0);
    setCount(s, 5);
    expect(wave(s, 3)).toBe('5L 4L 3L');
    setCount(s, 2);
    expect(wave(s, 3)).toBe('2L 1L 0H');
  });
});

describe('mode 1, one-shot', () => {
  it('waits for its trigger, then holds OUT low for N pulses', () => {
    const s = counter(1);
    setCount(s, 3);
    expect(wave(s, 3).replace(/\d+/g, '')).toBe('H H H');
    setGate(s, false);
    setGate(s, true);
    expect(s.out).toBe(true);
    expect(wave(s, 5)).toBe('3L 2L 1L 0H 65535H');
  });

  it('a trigger in mid-shot makes it longer; GATE low does not stop it', () => {
    const s = counter(1);
    setCount(s, 3);
    setGate(s, false);
    setGate(s, true);
    expect(wave(s, 2)).toBe('3L 2L');
    setGate(s, false);
    expect(wave(s, 1)).toBe('1L');
    setGate(s, true);
    expect(wave(s, 4)).toBe('3L 2L 1L 0H');
  });

  it('a new count waits for the next trigger', () => {
    const s = counter(1);
    setCount(s, 2);
    setGate(s, false);
    setGate(s, true);
    expect(wave(s, 1)).toBe('2L');
    setCount(s, 4);
    expect([wave(s, 3), s.isNull]).toEqual(['1L 0H 65535H', true]);
    setGate(s, false);
    setGate(s, true);
    expect([wave(s, 5), s.isNull]).toEqual(['4L 3L 2L 1L 0H', false]);
  });

  it('a trigger without a count does nothing', () => {
    const s = counter(1);
    setGate(s, false);
    setGate(s, true);
    expect(nextEdge(s)).toBeNull();
    expect(wave(s, 2)).toBe('0H 0H');
  });
});

describe('mode 2, rate generator', () => {
  it('OUT is low for one pulse of each N', () => {
    const s = counter(2);
    expect(s.out).toBe(true);
    setCount(s, 3);
    expect(wave(s, 7)).toBe('3H 2H 1L 3H 2H 1L 3H');
  });

  it('a new count waits for the end of the period', () => {
    const s = counter(2);
    setCount(s, 4);
    expect(wave(s, 2)).toBe('4H 3H');
    setCount(s, 2);
    expect([wave(s, 2), s.isNull]).toEqual(['2H 1L', true]);
    expect([wave(s, 3), s.isNull]).toEqual(['2H 1L 2H', false]);
  });

  it('GATE low raises OUT at once and stops the count; its rise starts the period again', () => {
    const s = counter(2);
    setCount(s, 3);
    expect(wave(s, 3)).toBe('3H 2H 1L');
    setGate(s, false);
    expect(s.out).toBe(true);
    expect(wave(s, 2)).toBe('1H 1H');
    setGate(s, true);
    expect(wave(s, 4)).toBe('3H 2H 1L 3H');
  });

  it('a trigger takes a new count at once', () => {
    const s = counter(2);
    setCount(s, 9);
    expect(wave(s, 2)).toBe('9H 8H');
    setCount(s, 2);
    setGate(s, false);
    setGate(s, true);
    expect(wave(s, 2)).toBe('2H 1L');
  });

  it('the forbidden count of 1 leaves OUT high, with no edge to wait for', () => {
    const s = counter(2);
    setCount(s, 1);
    expect(nextEdge(s)).toBeNull();
    expect(wave(s, 3)).toBe('1H 1H 1H');
    setCount(s, 2);
    expect([nextEdge(s), wave(s, 3)]).toEqual([5, '2H 1L 2H']);
  });
});

describe('mode 3, square wave', () => {
  it('an even count is high and low for N / 2 pulses each, counting by twos', () => {
    const s = counter(3);
    setCount(s, 4);
    expect(wave(s, 9)).toBe('4H 2H 4L 2L 4H 2H 4L 2L 4H');
  });

  it('an odd count is high for one pulse more', () => {
    const s = counter(3);
    setCount(s, 5);
    expect(wave(s, 11)).toBe('4H 2H 0H 4L 2L 4H 2H 0H 4L 2L 4H');
  });

  it('the smallest counts', () => {
    const two = counter(3);
    setCount(two, 2);
    expect(wave(two, 4)).toBe('2H 2L 2H 2L');
    const three = counter(3);
    setCount(three, 3);
    expect(wave(three, 7)).toBe('2H 0H 2L 2H 0H 2L 2H');
  });

  it('a new count waits for the end of the half', () => {
    const s = counter(3);
    setCount(s, 6);
    expect(wave(s, 2)).toBe('6H 4H');
    setCount(s, 4);
    expect(wave(s, 6)).toBe('2H 4L 2L 4H 2H 4L');
  });

  it('GATE low raises OUT at once; its rise starts a high half', () => {
    const s = counter(3);
    setCount(s, 4);
    expect(wave(s, 3)).toBe('4H 2H 4L');
    setGate(s, false);
    expect(s.out).toBe(true);
    expect(wave(s, 1)).toBe('4H');
    setGate(s, true);
    expect(wave(s, 3)).toBe('4H 2H 4L');
  });

  it('the forbidden count of 1 leaves OUT high, with no edge to wait for', () => {
    const s = counter(3);
    setCount(s, 1);
    expect(nextEdge(s)).toBeNull();
    expect(wave(s, 3)).toBe('0H 0H 0H');
    setCount(s, 2);
    expect(wave(s, 3)).toBe('2L 2H 2L');
  });
});

describe('mode 4, software triggered strobe', () => {
  it('OUT is low for one pulse, N + 1 pulses after the count, once', () => {
    const s = counter(4);
    setCount(s, 3);
    expect(wave(s, 6)).toBe('3H 2H 1H 0L 65535H 65534H');
    advance(s, s.at + 65_534);
    expect([s.count, s.out]).toEqual([0, true]);
  });

  it('GATE low stops the count, not the strobe', () => {
    const s = counter(4);
    setCount(s, 2);
    expect(wave(s, 1)).toBe('2H');
    setGate(s, false);
    expect(wave(s, 2)).toBe('2H 2H');
    setGate(s, true);
    expect(wave(s, 2)).toBe('1H 0L');
    setGate(s, false);
    expect(wave(s, 1)).toBe('0H');
  });

  it('a new count starts again, the first of two bytes does not stop it', () => {
    const s = counter(4);
    setCount(s, 3);
    expect(wave(s, 2)).toBe('3H 2H');
    beginCount(s);
    expect(wave(s, 1)).toBe('1H');
    setCount(s, 2);
    expect(wave(s, 4)).toBe('2H 1H 0L 65535H');
  });
});

describe('mode 5, hardware triggered strobe', () => {
  it('OUT is low for one pulse, N + 1 pulses after the trigger', () => {
    const s = counter(5);
    setCount(s, 3);
    expect(nextEdge(s)).toBeNull();
    setGate(s, false);
    setGate(s, true);
    expect(nextEdge(s)).toBe(4);
    expect(wave(s, 5)).toBe('3H 2H 1H 0L 65535H');
  });

  it('a trigger starts again, GATE low does not stop', () => {
    const s = counter(5);
    setCount(s, 2);
    setGate(s, false);
    setGate(s, true);
    expect(wave(s, 2)).toBe('2H 1H');
    setGate(s, false);
    setGate(s, true);
    setGate(s, false);
    expect(wave(s, 4)).toBe('2H 1H 0L 65535H');
  });
});

describe('limits', () => {
  it.each([
    [false, 65_536, 65_535],
    [true, 10_000, 9_999],
  ])('decimal %s: the largest count is %d, and zero is followed by %d', (isBcd, largest, wrapped) => {
    const s = counter(0, isBcd);
    setCount(s, largest);
    expect(nextEdge(s)).toBe(largest + 1);
    advance(s, largest);
    expect([s.count, s.out]).toEqual([1, false]);
    expect(wave(s, 2)).toBe(`0H ${wrapped}H`);
  });
});

/** The same chip, one pulse at a time, as its data sheet tells it. */
function step(s: CounterState): void {
  const limit = s.isBcd ? 10_000 : 65_536;
  const fill = () => {
    s.loaded = s.reload ?? limit;
    s.isNull = false;
    s.count = s.mode === 3 && s.loaded % 2 === 1 ? s.loaded - 1 : s.loaded;
  };
  const isStrobe = s.mode === 4 || s.mode === 5;
  s.at++;
  if (isStrobe && !s.out) s.out = true;
  if (s.isLoadPending) {
    s.isLoadPending = false;
    fill();
    s.isCounting = s.isArmed = true;
    if (s.mode === 1) s.out = false;
    if (s.mode === 2 || s.mode === 3) s.out = true;
    return;
  }
  const needsGate = s.mode === 0 || s.mode === 2 || s.mode === 3 || s.mode === 4;
  if (!s.isCounting || (needsGate && !s.gate) || (s.mode === 0 && s.isHalfWritten)) return;
  if (s.mode === 2) {
    if (s.count === 1) fill();
    else s.count--;
    s.out = s.count > 1 || s.loaded === 1;
  } else if (s.mode === 3) {
    const isLast = s.out && s.loaded % 2 === 1 ? s.count === 0 : s.count === 2;
    if (!isLast) {
      s.count -= 2;
      return;
    }
    fill();
    s.out = s.loaded === 1 ? true : !s.out;
  } else {
    s.count = s.count === 0 ? limit - 1 : s.count === limit ? limit - 1 : s.count - 1;
    if (s.count !== 0 || !s.isArmed) return;
    s.isArmed = false;
    s.out = !isStrobe;
  }
}

it('jumping ahead is stepping, and the next edge is where OUT first changes', () => {
  const count = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 10_000 }));
  const action = fc.oneof(
    fc.record({ kind: fc.constant('run' as const), pulses: fc.oneof(fc.nat(6), fc.nat(60), fc.nat(30_000)) }),
    fc.record({ kind: fc.constant('count' as const), count }),
    fc.record({ kind: fc.constant('begin' as const) }),
    fc.record({ kind: fc.constant('gate' as const), level: fc.boolean() }),
    fc.record({
      kind: fc.constant('mode' as const),
      mode: fc.constantFrom(0, 1, 2, 3, 4, 5),
      isBcd: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 2, 3, 4, 5), fc.array(action, { maxLength: 14 }), (mode, actions) => {
      const fast = counter(mode as PitMode);
      const slow = counter(mode as PitMode);
      for (const a of actions) {
        if (a.kind === 'run') {
          const edge = nextEdge(fast);
          const until = fast.at + a.pulses;
          const before = slow.out;
          let changed: number | null = null;
          while (slow.at < until) {
            step(slow);
            if (slow.out !== before) changed ??= slow.at;
          }
          advance(fast, until);
          if (edge !== null && edge <= until) expect(changed).toBe(edge);
          else expect(changed).toBeNull();
        } else {
          for (const s of [fast, slow]) {
            if (a.kind === 'count') setCount(s, a.count);
            else if (a.kind === 'begin') beginCount(s);
            else if (a.kind === 'gate') setGate(s, a.level);
            else setMode(s, a.mode as PitMode, a.isBcd);
          }
        }
        expect(fast).toEqual(slow);
      }
    }),
    { numRuns: 500 },
  );
});
