import { expect, it } from 'vitest';
import { difference, notPlain, scramble } from './plain-data.ts';
import { Random } from './random.ts';

it.each<[unknown, unknown, string | null]>([
  [1, 1, null],
  [0, -0, '$: expected 0, found 0'],
  ['1', 1, "$: expected '1', found 1"],
  [null, {}, '$: expected null, found a record'],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, null],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, '$.a[1].b: expected 2, found 3'],
  [{ a: 1 }, { a: 1, b: 2 }, '$.b: expected nothing, found 2'],
  [{ a: 1, b: 2 }, { a: 1 }, '$.b: expected 2, found nothing'],
  [[1], [1, 2], '$[1]: expected nothing, found 2'],
  [[], {}, '$: expected an array of 0, found a record'],
  [Uint8Array.of(1, 2), Uint8Array.of(1, 3), '$[1]: expected 2, found 3'],
  [Uint8Array.of(1), Uint8Array.of(1, 3), '$.length: expected 1, found 2'],
  [Uint8Array.of(1), [1], '$: expected 1 bytes, found an array of 1'],
])('%j against %j: %s', (expected, found, text) => {
  expect(difference(expected, found)).toBe(text);
});

const loop: unknown[] = [];
loop.push(loop);

it.each<[string, unknown, string | null]>([
  ['records of everything allowed', { a: [1, 'b', true, null], bytes: new Uint8Array(2), r: { s: 1.5 } }, null],
  ['a record without prototype', Object.assign(Object.create(null), { a: 1 }), null],
  ['undefined', { a: undefined }, '$.a: undefined'],
  ['NaN', [Number.NaN], '$[0]: NaN'],
  ['a function', { f() {} }, '$.f: a function'],
  ['a bigint', 1n, '$: a bigint'],
  ['a map', { m: new Map() }, '$.m: an instance of Map'],
  ['another typed array', new Uint16Array(1), '$: an instance of Uint16Array'],
  ['a circle', loop, '$[0]: refers back to what holds it'],
  ['a symbol', { [Symbol.iterator]: 1 }, '$: a symbol for a key'],
])('notPlain on %s', (_, value, text) => {
  expect(notPlain(value)).toBe(text);
});

it('scramble reaches every value', () => {
  const value = { n: 1, b: false, s: 'x', list: [{ n: 1 }], bytes: Uint8Array.of(0) };
  scramble(value);
  expect(value).toEqual({ n: 2, b: true, s: 'x!', list: [{ n: 2 }, 1], bytes: Uint8Array.of(255) });
});

it('a seed gives the same numbers everywhere, spread over the range', () => {
  const random = new Random(1);
  expect([random.next(), random.next(), random.next()]).toEqual([300_056_127, 2_593_363_085, 3_897_184_524]);
  expect(new Random(1).next()).not.toBe(new Random(2).next());
  const counts = new Map<number, number>();
  for (let i = 0; i < 8000; i++) {
    const value = random.below(8);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect([...'xyz']).toContain(random.pick([...'xyz']));
});
