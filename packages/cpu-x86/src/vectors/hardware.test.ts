import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Cpu } from '../cpu.ts';
import { longModeMachine } from '../machines.test.fixture.ts';
import {
  CODE_PAGES,
  DATA,
  type HardwareCase,
  type HardwarePages,
  PAGES_SIZE_BYTES,
  parseHardwareCase,
  preparePages,
  runHardwareCase,
} from './hardware-case.ts';

const PAGES: HardwarePages = { code: 0x100000, data: 0x110000 };
const PTE_P = 1n;

/** A process as the recorder is one: CPL 3, its code and data pages, and nothing else mapped. */
function recorderMachine(codeSize: 32 | 64): Cpu {
  const { cpu, tables } = longModeMachine({ codeSize, cpl: 3 });
  for (let page = 0; page < cpu.memory.ramSizeBytes; page += 0x1000) tables.changeEntry(page, 1, { clear: PTE_P });
  const user = { user: true };
  const data = { user: true, executable: false };
  tables.map(CODE_PAGES, PAGES.code, PAGES_SIZE_BYTES, user);
  tables.map(DATA, PAGES.data, 0x2000, data);
  tables.map(DATA + 0x2000, PAGES.data + 0x2000, 0x1000, { ...data, writable: false });
  cpu.synchronize();
  preparePages(cpu, PAGES);
  return cpu;
}

const readLines = (file: string | URL): string[] => gunzipSync(readFileSync(file)).toString().trim().split('\n');
const cpus = { 64: recorderMachine(64), 32: recorderMachine(32) };

/** Runs lines of a recording. @returns what differs, in words */
function mismatchesOf(tests: readonly HardwareCase[]): string[] {
  const mismatches: string[] = [];
  for (const test of tests) {
    const differences = runHardwareCase(cpus[test.codeSize], PAGES, test);
    const title = `${test.name} of ${test.width} bits in ${test.codeSize}-bit code [${test.code}]`;
    if (differences.length > 0) mismatches.push(`${title}: ${differences.join('; ')}`);
  }
  return mismatches;
}

describe('a sample of instructions that ran on hardware', () => {
  const tests = readLines(new URL('../../test-data/hardware.jsonl.gz', import.meta.url)).map(parseHardwareCase);
  const byName = new Map<string, HardwareCase[]>();
  for (const test of tests) byName.set(test.name, [...(byName.get(test.name) ?? []), test]);

  it.each([...byName.keys()])('%s does what hardware did', (name) => {
    expect(mismatchesOf(byName.get(name) as HardwareCase[])).toEqual([]);
  });

  it('finds a wrong register, flag, RIP, byte of memory and exception', () => {
    const add = (byName.get('ADD') as HardwareCase[]).find((t) => t.after.memory.length > 0) as HardwareCase;
    const gprs = add.after.gprs.with(3, 0x123n);
    const [[offset, bytes] = [0, '']] = add.after.memory;
    const after = { ...add.after, gprs, flags: add.after.flags ^ 1, rip: 1, memory: [[offset + 1, bytes]] as const };
    expect(mismatchesOf([{ ...add, after }])[0]).toMatch(/rip is .*flags is .*rbx is .*byte/);
    expect(mismatchesOf([{ ...add, after: { ...add.after, vector: 0 } }])[0]).toMatch(/vector is -1, hardware has 0/);
  });
});

/** A larger recording, which the environment names. */
const file = process.env.LONGMODE_VECTORS_HARDWARE;
describe.runIf(file)('a recording of instructions that ran on hardware', () => {
  it('does what hardware did', { timeout: 600_000 }, () => {
    const lines = readLines(file as string);
    const mismatches = lines.flatMap((line) => mismatchesOf([parseHardwareCase(line)]));
    console.log(`${lines.length} cases, ${mismatches.length} differ`);
    expect(mismatches.slice(0, 50)).toEqual([]);
  });
});
