import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode } from '../decode/decode.ts';
import { describeX87Case, X87_CASE_SIZE_BYTES, X87Machine } from './x87-case.ts';

const data = gunzipSync(readFileSync(new URL('../../test-data/x87.bin.gz', import.meta.url)));
const byMnemonic = new Map<string, Uint8Array[]>();
for (let at = 0; at < data.length; at += X87_CASE_SIZE_BYTES) {
  const test = data.subarray(at, at + X87_CASE_SIZE_BYTES);
  const decoded = decode(test, 0, 7, 32);
  const mnemonic = decoded.kind === 'instruction' ? decoded.mnemonic : decoded.kind;
  byMnemonic.set(mnemonic, [...(byMnemonic.get(mnemonic) ?? []), test]);
}

/** The last place of their results is not the same on all processors. */
const TRANSCENDENTAL = new Set(['F2XM1', 'FYL2X', 'FYL2XP1', 'FPTAN', 'FPATAN', 'FSIN', 'FCOS', 'FSINCOS']);

const MACHINES = {
  interpreter: new X87Machine(),
  jit: new X87Machine({ engine: 'jit', jit: { threshold: 2, warmUp: 0 } }),
};

describe.each(['interpreter', 'jit'] as const)('x87 and MMX instructions that ran on hardware, by the %s', (engine) => {
  it.each([...byMnemonic.keys()])('%s leaves the whole state as hardware did', (mnemonic) => {
    const allowsLastPlace = TRANSCENDENTAL.has(mnemonic);
    for (const test of byMnemonic.get(mnemonic) as Uint8Array[]) {
      expect(MACHINES[engine].run(test, allowsLastPlace), describeX87Case(test)).toEqual([]);
    }
  });
});

it('the sample has every instruction that computes', () => {
  expect(byMnemonic.size).toBeGreaterThanOrEqual(160);
  for (const mnemonic of TRANSCENDENTAL) expect(byMnemonic.get(mnemonic)?.length).toBeGreaterThan(50);
});
