import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imagesFolder, kernelsFolder, listImages } from './manifest.mjs';

interface Observation {
  readonly serial: string;
  readonly exceptionCount: number;
  readonly exceptions: readonly { readonly vector: number; readonly rip: string; readonly symbol?: string }[];
  readonly end: string;
}

const text = readFileSync(join(kernelsFolder, 'faults/expected.json'), 'utf8');
const expected = JSON.parse(text) as Readonly<Record<string, Observation>>;

describe('the record of the guests that die', () => {
  it('has every one of them', () => {
    const names = listImages().flatMap((image) => image.match(/^fault-(.*)\.elf$/)?.[1] ?? []);
    expect(Object.keys(expected).sort()).toEqual(names.sort());
  });

  it.each(Object.entries(expected))('of %s fits its image', (name, { serial, exceptions, exceptionCount, end }) => {
    const image = readFileSync(join(imagesFolder, `fault-${name}.elf`), 'latin1');
    expect(serial.startsWith(`${name}: `)).toBe(true);
    expect(exceptionCount > 0).toBe(end === 'triple fault');
    for (const { symbol } of exceptions) {
      if (symbol === undefined) continue;
      // The v0 mangling writes each part of a path as its length and its name.
      const mangled = symbol.split('::').map((part) => `${part.length}${part}`);
      expect(image).toContain(mangled.join(''));
    }
  });
});
