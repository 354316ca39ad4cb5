/**
 * Finds the first difference of two pieces of plain data.
 *
 * @returns a sentence such as `$.fifo[2]: expected 1, found 2`, or `null` when they are equal
 */
export function difference(expected: unknown, found: unknown, path = '$'): string | null {
  if (Object.is(expected, found)) return null;
  const unequal = `${path}: expected ${show(expected)}, found ${show(found)}`;
  if (!isObject(expected) || !isObject(found)) return unequal;
  if (Array.isArray(expected) !== Array.isArray(found)) return unequal;
  if (expected instanceof Uint8Array !== found instanceof Uint8Array) return unequal;
  if (expected instanceof Uint8Array && found instanceof Uint8Array) {
    if (expected.length !== found.length) return `${path}.length: expected ${expected.length}, found ${found.length}`;
    const index = expected.findIndex((byte, i) => byte !== found[i]);
    return index < 0 ? null : `${path}[${index}]: expected ${show(expected[index])}, found ${show(found[index])}`;
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
  for (const key of keys) {
    const step = Array.isArray(expected) ? `${path}[${key}]` : `${path}.${key}`;
    if (!Object.hasOwn(expected, key)) return `${step}: expected nothing, found ${show(found[key])}`;
    if (!Object.hasOwn(found, key)) return `${step}: expected ${show(expected[key])}, found nothing`;
    const inside = difference(expected[key], found[key], step);
    if (inside !== null) return inside;
  }
  return null;
}

/**
 * Finds what is not plain data: numbers, strings, booleans, `null`, `Uint8Array`, and arrays and records of those.
 *
 * @returns a sentence such as `$.onFire: a function`, or `null` when everything is plain
 */
export function notPlain(value: unknown, path = '$', above: readonly object[] = []): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isNaN(value) ? `${path}: NaN` : null;
  if (typeof value !== 'object') return `${path}: ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  if (above.includes(value)) return `${path}: refers back to what holds it`;
  if (value instanceof Uint8Array) return null;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return `${path}: an instance of ${String((value as { constructor?: { name?: string } }).constructor?.name)}`;
  }
  if (Object.getOwnPropertySymbols(value).length > 0) return `${path}: a symbol for a key`;
  for (const [key, inside] of Object.entries(value)) {
    const found = notPlain(inside, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, [...above, value]);
    if (found !== null) return found;
  }
  return null;
}

/** Changes everything inside plain data that can be changed in place. */
export function scramble(value: unknown): void {
  if (value instanceof Uint8Array) {
    value.forEach((byte, index) => {
      value[index] = ~byte;
    });
    return;
  }
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    scramble(value[key]);
    const old = value[key];
    if (typeof old === 'number') value[key] = old + 1;
    else if (typeof old === 'boolean') value[key] = !old;
    else if (typeof old === 'string') value[key] = `${old}!`;
  }
  if (Array.isArray(value)) value.push(1);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isObject(value)) return Array.isArray(value) ? `an array of ${value.length}` : 'a record';
  return String(value);
}
