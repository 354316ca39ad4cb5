import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Cpu } from '../cpu.ts';
import type { RealModeCase } from './real-mode-case.ts';
import { checkRealModeCases } from './real-mode-check.ts';
import { REAL_MODE_EXCLUSIONS } from './real-mode-exclusions.ts';

interface SampledForm {
  readonly flagsMask: number;
  readonly cases: readonly RealModeCase[];
}
interface FormMetadata {
  readonly 'flags-mask'?: number;
}
interface Metadata {
  readonly opcodes: Readonly<Record<string, FormMetadata & { readonly reg?: Readonly<Record<string, FormMetadata>> }>>;
}

const newCpu = (): Cpu => new Cpu({ ramSizeBytes: 0x200000 });

const sampleFile = new URL('../../test-data/80286-real-mode.json.gz', import.meta.url);
const sample = JSON.parse(gunzipSync(readFileSync(sampleFile)).toString()) as Record<string, SampledForm>;

describe('a sample of cases recorded on an 80286', () => {
  const cpu = newCpu();
  it.each(Object.keys(sample))('%s ends in the state that hardware reached', (form) => {
    const { flagsMask, cases } = sample[form] as SampledForm;
    expect(checkRealModeCases(cpu, form, flagsMask, cases).mismatches).toEqual([]);
  });

  it('finds a wrong register, flag and byte of memory', () => {
    const right = (sample['00'] as SampledForm).cases.find((test) => test.final.ram.length > 0 && !test.exception);
    const { regs, ram } = (right as RealModeCase).final;
    const wrongRam = ram.map(([address, value]) => [address, value ^ 1] as const);
    const wrong = { regs: { ...regs, ax: 0x10000, flags: (regs.flags ?? 0) ^ 0x40 }, ram: wrongRam };
    const [found] = checkRealModeCases(cpu, '00', 0xffff, [{ ...(right as RealModeCase), final: wrong }]).mismatches;
    expect(found).toMatch(/ax is .*flags is .*byte at/);
  });
});

/** All recorded cases, in the folder that the environment names. */
const folder = process.env.LONGMODE_VECTORS_80286;
describe.runIf(folder)('every case recorded on an 80286', () => {
  it('ends in the state that hardware reached', { timeout: 600_000 }, () => {
    const metadata = JSON.parse(readFileSync(`${folder}/metadata.json`, 'utf8')) as Metadata;
    const cpu = newCpu();
    const excluded = REAL_MODE_EXCLUSIONS.map(() => 0);
    const mismatches: string[] = [];
    let compared = 0;
    const start = performance.now();
    for (const file of readdirSync(folder as string)) {
      if (!file.endsWith('.jsonl.gz')) continue;
      const form = file.replace('.jsonl.gz', '');
      const [opcode, reg] = form.split('.');
      const row = metadata.opcodes[opcode as string];
      const mask = (reg === undefined ? row : row?.reg?.[reg])?.['flags-mask'] ?? 0xffff;
      const lines = gunzipSync(readFileSync(`${folder}/${file}`))
        .toString()
        .split('\n');
      const cases = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as RealModeCase);
      const report = checkRealModeCases(cpu, form, mask, cases);
      compared += report.compared;
      for (const [index, count] of report.excluded.entries()) excluded[index] = (excluded[index] as number) + count;
      mismatches.push(...report.mismatches);
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${compared} cases compared in ${seconds} s, ${mismatches.length} differ; under an exclusion:`);
    for (const [index, { reason }] of REAL_MODE_EXCLUSIONS.entries()) console.log(`${excluded[index]}: ${reason}`);
    expect(mismatches).toEqual([]);
    expect(compared).toBeGreaterThan(0);
  });
});
