import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ENCODINGS } from '../opcodes/opcodes.ts';
import { SIMD_RECORD_SIZE_BYTES, SimdMachine, simdDifferences, simdProgram } from './simd-batch.test.fixture.ts';
import { isSimdRow, type SimdForm } from './simd-forms.test.fixture.ts';
import { simdRecords } from './simd-records.test.fixture.ts';

interface RecordedForm extends SimdForm {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** Reads what tools/hardware-vectors/simd.mjs recorded: a line of JSON, then the outputs, each XOR its input. */
function readRecording(file: URL): RecordedForm[] {
  const data = gunzipSync(readFileSync(file));
  const end = data.indexOf('\n');
  const { seed, count, forms } = JSON.parse(data.subarray(0, end).toString()) as {
    seed: number;
    count: number;
    forms: [name: string, code: string][];
  };
  let at = end + 1;
  return forms.map(([name, code]) => {
    const input = simdRecords({ name, code }, seed, count);
    const output = input.map((byte, i) => byte ^ (data[at + i] as number));
    at += count * SIMD_RECORD_SIZE_BYTES;
    return { name, code, input, output };
  });
}

const RECORDING = readRecording(new URL('../../test-data/simd.bin.gz', import.meta.url));
const byMnemonic = new Map<string, RecordedForm[]>();
for (const form of RECORDING) {
  const [mnemonic = ''] = form.name.split(' ');
  byMnemonic.set(mnemonic, [...(byMnemonic.get(mnemonic) ?? []), form]);
}

const MACHINES = {
  interpreter: new SimdMachine(),
  // As soon as the loop comes round again, it is compiled.
  jit: new SimdMachine({ engine: 'jit', jit: { threshold: 2, warmUp: 0 } }),
};

describe.each(['interpreter', 'jit'] as const)(
  'a sample of SIMD instructions that ran on hardware, by the %s',
  (engine) => {
    it.each([...byMnemonic.keys()])('%s does what hardware did, to the last bit of MXCSR', (mnemonic) => {
      for (const { name, code, input, output } of byMnemonic.get(mnemonic) as RecordedForm[]) {
        const found = MACHINES[engine].run(simdProgram(code), input);
        expect(simdDifferences(found, output, input), name).toEqual([]);
      }
    });
  },
);

describe('the sample', () => {
  it('has every row', () => {
    const names = new Set(RECORDING.map(({ name }) => name.split(' ').slice(0, 2).join(' ')));
    const missing = ENCODINGS.filter(isSimdRow).filter((row) => !names.has(`${row.mnemonic} ${row.operands}`));
    expect(missing.map(({ mnemonic, operands }) => `${mnemonic} ${operands}`)).toEqual([]);
  });

  it('finds a wrong bit', () => {
    const { code, input, output } = RECORDING[0] as RecordedForm;
    const wrong = output.with(33, (output[33] as number) ^ 1);
    expect(simdDifferences(MACHINES.interpreter.run(simdProgram(code), input), wrong, input)[0]).toMatch(/^xmm1 is/);
  });
});
