import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../test/fake-machine.ts';
import { FLOPPY_SECTORS, HARD_DISK_SECTORS, STEPS, type Step } from '../test/fixtures/seabios-calls.mjs';
import results from '../test/fixtures/seabios-results.json' with { type: 'json' };

type Recorded = Record<string, string>;
const REGISTERS = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'es', 'flags'] as const;

function describeStep(step: Extract<Step, { int: number }>): string {
  const { int, differs: _, ...registers } = step;
  const named = Object.entries(registers).map(([name, value]) => `${name}=${value.toString(16)}`);
  return `INT ${int.toString(16)}h ${named.join(' ')}`;
}

describe('the same calls to SeaBIOS', () => {
  const machine = new FakeMachine(
    { disks: { hardDisks: [numberedDisk(HARD_DISK_SECTORS)], floppies: [numberedDisk(FLOPPY_SECTORS)] } },
    64 * 1024 * 1024,
  ).powerOn();
  STEPS.forEach((step, index) => {
    const recorded = results[index] ?? null;
    if ('poke' in step) {
      it(`(step ${index} writes memory)`, () => machine.memory.write32(step.poke, step.value >>> 0));
    } else if ('dump' in step) {
      it(`leave the same memory at ${step.dump.toString(16)} (step ${index})`, () => {
        const bytes = machine.memory.readBytes(step.dump, step.count);
        expect(Buffer.from(bytes).toString('hex')).toBe(recorded);
      });
    } else {
      it(`return the same: ${describeStep(step)} (step ${index})`, () => {
        const { int, differs = {}, ...registers } = step;
        const result = machine.call(int, registers);
        for (const name of REGISTERS) {
          const value = name === 'flags' ? result.flags & 0x41 : result[name];
          const expected = (recorded as Recorded)[name];
          if (name in differs) expect(value.toString(16), `${name} differs`).not.toBe(expected);
          else expect(`${name}=${value.toString(16)}`).toBe(`${name}=${expected}`);
        }
      });
    }
  });
});
