import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workloads } from './bench/workloads.ts';
import { kernelsFolder } from './manifest.mjs';

const expected = JSON.parse(readFileSync(join(kernelsFolder, 'bench/expected.json'), 'utf8')) as Record<string, string>;

describe('the expected result', () => {
  it('is there for every workload', () => {
    expect(Object.keys(expected)).toEqual(Object.keys(workloads));
  });

  it.each(Object.entries(workloads))('of %s is what another implementation finds', (name, compute) => {
    expect(compute()).toBe(expected[name]);
  });
});
