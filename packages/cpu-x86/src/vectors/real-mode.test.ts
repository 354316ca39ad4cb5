import { readdirSync, readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Cpu } from '../cpu.ts';
import type { RealModeCase } from './real-mode-case.ts';
import { checkRealModeCases } from './real-mode-check.ts';
import { REAL_MODE_EXCLUSIONS } from './real-mode-exclusions.ts';
import { type RealModeForm, readRealModeFile } from './real-mode-file.ts';

interface FormMetadata {
  readonly 'flags-mask'?: number;
}
interface Metadata {
  readonly opcodes: Readonly<Record<string, FormMetadata & { readonly reg?: Readonly<Record<string, FormMetadata>> }>>;
}

const newCpu = (): Cpu => new Cpu({ ramSizeBytes: 0x200000 });

const file = new URL('../../test-data/80286-real-mode.bin.br', import.meta.url);
const forms = readRealModeFile(brotliDecompressSync(readFileSync(file)));
/** One case in so many is in the sample, and the first of a form with each exception. */
const SAMPLE_EVERY = 33;

function sampleOf({ cases }: RealModeForm): RealModeCase[] {
  const seen = new Set<number>();
  return cases.filter(({ exception }, index) => {
    if (index % SAMPLE_EVERY === 0) return true;
    if (exception === undefined || seen.has(exception.number)) return false;
    seen.add(exception.number);
    return true;
  });
}

/** Runs all cases of some forms. @returns what differs */
function checkAll(all: readonly RealModeForm[]): { compared: number; mismatches: string[] } {
  const cpu = newCpu();
  const excluded = REAL_MODE_EXCLUSIONS.map(() => 0);
  const mismatches: string[] = [];
  let compared = 0;
  for (const { form, flagsMask, cases } of all) {
    const report = checkRealModeCases(cpu, form, flagsMask, cases);
    compared += report.compared;
    for (const [index, count] of report.excluded.entries()) excluded[index] = (excluded[index] as number) + count;
    mismatches.push(...report.mismatches);
  }
  console.log(`${compared} cases compared, ${mismatches.length} differ; under an exclusion:`);
  for (const [index, { reason }] of REAL_MODE_EXCLUSIONS.entries()) console.log(`${excluded[index]}: ${reason}`);
  return { compared, mismatches };
}

describe('a sample of cases recorded on an 80286', () => {
  const cpu = newCpu();
  it.each(forms)('$form ends in the state that hardware reached', (form) => {
    expect(checkRealModeCases(cpu, form.form, form.flagsMask, sampleOf(form)).mismatches).toEqual([]);
  });

  it('finds a wrong register, flag and byte of memory', () => {
    const [{ cases }] = forms as [RealModeForm];
    const right = cases.find((test) => test.final.ram.length > 0 && !test.exception) as RealModeCase;
    const { regs, ram } = right.final;
    const wrongRam = ram.map(([address, value]) => [address, value ^ 1] as const);
    const wrong = { regs: { ...regs, ax: 0x10000, flags: (regs.flags ?? 0) ^ 0x40 }, ram: wrongRam };
    const [found] = checkRealModeCases(cpu, '00', 0xffff, [{ ...right, final: wrong }]).mismatches;
    expect(found).toMatch(/ax is .*flags is .*byte at/);
  });
});

describe.runIf(process.env.LONGMODE_FULL === '1')('every case recorded on an 80286', () => {
  it('ends in the state that hardware reached', { timeout: 600_000 }, () => {
    const { compared, mismatches } = checkAll(forms);
    expect(mismatches).toEqual([]);
    // All but those under an exclusion.
    expect(compared).toBeGreaterThan(126_000);
  });
});

/** Other recorded cases: one gzip'd JSON-lines file per form, and metadata.json. */
const folder = process.env.LONGMODE_VECTORS_80286;
describe.runIf(folder)('the cases that the environment names', () => {
  it('end in the state that hardware reached', { timeout: 600_000 }, () => {
    const { opcodes } = JSON.parse(readFileSync(`${folder}/metadata.json`, 'utf8')) as Metadata;
    const others = readdirSync(folder as string)
      .filter((name) => name.endsWith('.jsonl.gz'))
      .map((name) => {
        const form = name.replace('.jsonl.gz', '');
        const [opcode, reg] = form.split('.');
        const row = opcodes[opcode as string];
        const flagsMask = (reg === undefined ? row : row?.reg?.[reg])?.['flags-mask'] ?? 0xffff;
        const lines = gunzipSync(readFileSync(`${folder}/${name}`))
          .toString()
          .split('\n');
        return { form, flagsMask, cases: lines.filter((line) => line !== '').map((line) => JSON.parse(line)) };
      });
    const { compared, mismatches } = checkAll(others);
    expect(mismatches).toEqual([]);
    expect(compared).toBeGreaterThan(0);
  });
});
