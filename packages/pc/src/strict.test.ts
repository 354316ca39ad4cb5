import { describe, expect, it } from 'vitest';
import { readExpected, readImage } from '../test/images.ts';
import { loadImage } from './load.ts';

interface Case {
  readonly hardware: string;
}

const FLOPPY_SIZE_BYTES = 2880 * 512;
const INSTRUCTIONS_MAX = 10_000_000;
const record = JSON.parse(readExpected('strict/expected.json')) as Readonly<
  Record<string, Readonly<Record<string, Case>>>
>;

// `kernels/README.md` tells what the record is made of.
describe.each(Object.entries(record))('the guest that does what hardware forbids: %s', (name, cases) => {
  it.each(['interpreter', 'jit', 'check'] as const)('gets what hardware gives (%s)', (engine) => {
    let said = '';
    const onSerial = (byte: number): void => {
      said += String.fromCharCode(byte);
    };
    const floppy = new Uint8Array(FLOPPY_SIZE_BYTES);
    floppy.set(readImage(`strict-${name}.img`));
    const { pc } = loadImage(floppy, { ramSizeBytes: 2 ** 22 }, { engine, events: { onSerial } });
    const outcome = pc.run({ instructions: INSTRUCTIONS_MAX, untilTick: 1e9 });
    const lines = Object.entries(cases).map(([label, { hardware }]) => `${label}: ${hardware}`);
    expect(said.trimEnd().split('\n')).toEqual(lines);
    expect(outcome.kind).toBe(name === 'missing-eoi' ? 'limit' : 'debug-exit');
  });
});
