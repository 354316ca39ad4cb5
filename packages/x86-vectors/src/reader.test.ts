import { describe, expect, it } from 'vitest';
import { putBaseState } from './base-state.ts';
import type { VectorCase, VectorHeader } from './case.ts';
import { SLOT_PAGE, SLOT_SIZE_BYTES } from './environment.ts';
import { VectorFileError } from './error.ts';
import { Random, seedOfCase } from './random.ts';
import { VectorFile } from './reader.ts';
import { FIELDS, STATE, STATE_SIZE_BYTES } from './state.ts';
import { VectorWriter } from './writer.ts';

const PARTS: Omit<VectorHeader, 'groups' | 'format'> = {
  processor: { vendor: 'Test', name: 'Test', family: 6, model: 1, stepping: 1, cpuid: [] },
  codeSize: 64,
  seed: 77,
  dataSeed: 5,
};
const ROW = { map: 'one-byte', opcode: 1, mnemonic: 'ADD', operands: 'Ev,Gv' } as const;
const NOTHING = { flags: 0, fsw: 0, fields: [], upperHalves: [], cr2: false, memory: [] };

function sampleCase(number: number, change: (after: DataView) => void): Omit<VectorCase, 'number'> {
  const words = new Uint32Array(STATE_SIZE_BYTES / 4);
  putBaseState(words, seedOfCase(PARTS.seed, number), { codeSize: 64, vectors: 'integer' });
  const place = SLOT_PAGE + number * SLOT_SIZE_BYTES;
  const before = new Uint8Array(words.buffer);
  new DataView(before.buffer).setUint32(STATE.RIP, 0x1000_0000 + place, true);
  const after = before.slice();
  const view = new DataView(after.buffer);
  view.setUint32(STATE.RIP, 0x1000_0000 + place + 3, true);
  change(view);
  const code = Uint8Array.of(0x48, 0x01, 0xc8);
  const common = { code, place, before, after, changes: [], patches: [], exception: undefined };
  return { ...common, undefinedParts: NOTHING };
}

const CASES: readonly Omit<VectorCase, 'number'>[] = [
  sampleCase(0, () => {}),
  sampleCase(1, (after) => after.setBigUint64(8 * 3, 0x0123_4567_89ab_cdefn, true)),
  {
    ...sampleCase(2, (after) => after.setUint32(STATE.XMM + 16, 7, true)),
    patches: [{ offset: 0x10, bytes: Uint8Array.of(1, 2, 3) }],
    changes: [{ offset: 0x1ff0, bytes: Uint8Array.of(9) }],
    exception: { vector: 14, errorCode: 6, cr2: 0x5a5a_0000_1000n },
    undefinedParts: {
      flags: 0x801,
      fsw: 0x4500,
      fields: [2],
      upperHalves: [6],
      cr2: true,
      memory: [{ offset: 4, sizeBytes: 2 }],
    },
  },
];

function sampleFile(): Uint8Array {
  const writer = new VectorWriter(PARTS);
  writer.addGroup(ROW, 'integer', CASES);
  return writer.finish();
}
const copyOf = (test: VectorCase): VectorCase => ({ ...test, before: test.before.slice(), after: test.after.slice() });

describe('VectorFile', () => {
  it('reads what VectorWriter wrote', () => {
    const file = new VectorFile(sampleFile());
    expect(file.header.groups[0]).toMatchObject({ row: ROW, count: 3 });
    const read = Array.from(file.cases(0), copyOf);
    expect(read).toEqual(CASES.map((one, number) => ({ ...one, number })));
  });

  it('gives no cases of a group that is not there', () => {
    expect([...new VectorFile(sampleFile()).cases(1)]).toEqual([]);
  });

  it('throws nothing but its own error, whatever the bytes', () => {
    const random = new Random(1);
    const good = sampleFile();
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const bytes = good.slice(0, random.below(4) === 0 ? random.below(good.length) : good.length);
      for (let n = random.below(3); n >= 0; n--) bytes[random.below(bytes.length)] = random.below(256);
      try {
        const file = new VectorFile(bytes);
        for (let group = 0; group < Math.min(file.header.groups.length, 4); group++) for (const _ of file.cases(group));
      } catch (error) {
        expect(error).toBeInstanceOf(VectorFileError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it.each([
    ['not-vectors', new Uint8Array()],
    ['bad-header', new TextEncoder().encode('{"format":\n')],
    ['unknown-format', new TextEncoder().encode('{"format":2}\n')],
    ['bad-header', new TextEncoder().encode('{"format":1}\n')],
    ['truncated', sampleFile().subarray(0, -1)],
  ])('refuses a file that is %s', (code, bytes) => {
    expect(() => new VectorFile(bytes)).toThrowError(expect.objectContaining({ code }));
  });
});

describe('starting states', () => {
  it('are what they were when the format was fixed', () => {
    const words = new Uint32Array(STATE_SIZE_BYTES / 4);
    const hashes = ([64, 32, 16] as const).map((codeSize) => {
      let hash = 0x811c9dc5;
      for (let n = 0; n < 200; n++) {
        for (const vectors of ['none', 'integer', 'single', 'double'] as const) {
          putBaseState(words, seedOfCase(1, n), { codeSize, vectors });
          for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
        }
      }
      return hash >>> 0;
    });
    expect(hashes).toMatchInlineSnapshot(`
      [
        107465627,
        3342758119,
        98065623,
      ]
    `);
  });

  it('have every field inside the state', () => {
    expect(FIELDS.every(({ offset, sizeBytes }) => offset + sizeBytes <= STATE_SIZE_BYTES)).toBe(true);
    expect(FIELDS.length).toBe(57);
  });
});
