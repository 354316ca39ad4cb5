import { describe, expect, it } from 'vitest';
import type { Cpu, CpuOptions } from '../../cpu.ts';
import type { CodeSize } from '../../decode/instruction.ts';
import {
  HANDLER_SPACING,
  installGdt,
  installIdt,
  longModeMachine,
  place,
  protectedModeMachine,
  realModeMachine,
  stateHash,
} from '../../machines.test.fixture.ts';
import { TR_INDEX } from '../../state/layout.ts';
import { FLAG_IF } from '../../state/rflags.ts';
import type { SegmentRegister } from '../../state/segment-register.ts';
import { ALIAS, CODE, COUNTER, ProgramWriter, Random } from './random-program.test.fixture.ts';

const IS_FULL = process.env.LONGMODE_FULL === '1';
const HANDLERS = 0x5000;
const IDT = 0x4000;
const TSS = 0x6_0000;
const INTERRUPT = 0x40;
const ERROR_CODES = new Set([8, 10, 11, 12, 13, 14, 17]);

/** A machine whose exceptions go on at the address in R15 or EDI, and whose interrupt counts itself. */
function machine(codeSize: CodeSize, isPaged: boolean, options: Partial<CpuOptions>): Cpu {
  let cpu: Cpu;
  const given = {
    ...options,
    interrupts: {
      acknowledge: () => {
        cpu.setInterruptLine(false);
        return INTERRUPT;
      },
    },
  };
  if (codeSize === 64 || isPaged) {
    const made = longModeMachine({ ...given, codeSize: codeSize === 64 ? 64 : 32 });
    cpu = made.cpu;
    made.tables.map(ALIAS, 0, 0x2000, {});
  } else if (codeSize === 32) cpu = protectedModeMachine(given);
  else cpu = realModeMachine(given);
  if (codeSize === 16) {
    // Real mode: the interrupt vectors at 0.
    for (let vector = 0; vector < 256; vector++) {
      cpu.memory.write32(4 * vector, 0x500 + (vector === INTERRUPT ? 16 : 0));
    }
    // mov bp, sp; mov [bp], di; iret
    place(cpu, 0x500, '89e5897e00cf');
    // inc word [2000h]; iret
    place(cpu, 0x510, 'ff060020cf');
  } else {
    installGdt(cpu, 0x3000);
    installIdt(cpu, { idt: IDT, handlers: HANDLERS });
    const isLong = codeSize === 64;
    for (let vector = 0; vector < 256; vector++) {
      const at = HANDLERS + HANDLER_SPACING * vector;
      if (vector === INTERRUPT) place(cpu, at, isLong ? '48ff042500200000 48cf' : 'ff0500200000cf');
      else if (isLong) place(cpu, at, `${ERROR_CODES.has(vector) ? '4883c408' : ''}4c893c2448cf`);
      else place(cpu, at, `${ERROR_CODES.has(vector) ? '83c404' : ''}893c24cf`);
      if (isLong) cpu.memory.write8(IDT + 16 * vector + 4, 1);
    }
    if (isLong) {
      // The first stack of the interrupt stack table.
      cpu.memory.write32(TSS + 36, 0x7_0000);
      (cpu.state.segments[TR_INDEX] as SegmentRegister).load(0x18, BigInt(TSS), 0x67, 0x8b);
    }
  }
  cpu.state.rflags |= FLAG_IF;
  cpu.synchronize();
  return cpu;
}

const FORMS: readonly [name: string, codeSize: CodeSize, isPaged: boolean][] = [
  ['64-bit mode', 64, true],
  ['protected mode', 32, false],
  ['real mode', 16, false],
];

function registersOf(cpu: Cpu): string {
  const { state } = cpu;
  const gprs = Array.from({ length: 16 }, (_, i) => state.gpr(i).toString(16));
  return `${cpu.instructionCount} rip ${state.rip.toString(16)} flags ${state.rflags.toString(16)} ${gprs.join()}`;
}

/** Runs a random program in both engines. @returns the instructions that it took, and how many units were compiled */
function compareEngines(seed: number, codeSize: CodeSize, isPaged: boolean): { count: number; compiled: number } {
  const random = new Random(seed);
  const program = new ProgramWriter(random, codeSize).write();
  const loops = 40 + random.below(200);
  const start = (options: Partial<CpuOptions>): Cpu => {
    const cpu = machine(codeSize, isPaged, options);
    cpu.memory.write(CODE, program);
    cpu.memory.write32(COUNTER, loops);
    const values = new Random(seed ^ 0x5555);
    for (let i = 0; i < 0x400; i++) cpu.memory.write32(0x1_0000 + 4 * i, values.next());
    for (let i = 0; i < 16; i++) if (i !== 4) cpu.state.setGpr(i, BigInt(values.next()) << (codeSize === 64 ? 7n : 0n));
    cpu.state.setGpr(codeSize === 64 ? 15 : 7, BigInt(CODE));
    cpu.synchronize();
    return cpu;
  };
  const truth = start({ engine: 'interpreter' });
  const tried = start({ engine: 'jit', jit: { threshold: 2, warmUp: 0 } });
  for (let slices = 0; slices < 400; slices++) {
    const size = random.chance(20) ? 1 + random.below(80) : 200 + random.below(4000);
    if (random.chance(15)) {
      truth.setInterruptLine(true);
      tried.setInterruptLine(true);
    }
    const reasons = [truth.run(size), tried.run(size)];
    expect(registersOf(tried), `seed ${seed}, ${codeSize} bits, slice ${slices}`).toBe(registersOf(truth));
    expect(reasons[1]).toBe(reasons[0]);
    if (reasons[0] !== 'limit') break;
    if (truth.instructionCount > 60_000) break;
  }
  expect(stateHash(tried), `seed ${seed}, ${codeSize} bits: memory`).toBe(stateHash(truth));
  return { count: truth.instructionCount, compiled: tried.jitStatistics?.compiled ?? 0 };
}

describe.each(FORMS)('random programs in %s', (_, codeSize, isPaged) => {
  it('give the same in both engines', { timeout: 600_000 }, () => {
    const first = Number(process.env.LONGMODE_SEED ?? 0);
    const count = Number(process.env.LONGMODE_SEEDS ?? (IS_FULL ? 100 : 12));
    let instructions = 0;
    let compiled = 0;
    for (let seed = first; seed < first + count; seed++) {
      const result = compareEngines(seed, codeSize, isPaged);
      instructions += result.count;
      compiled += result.compiled;
    }
    // Programs that do not run, or are not compiled, would prove nothing.
    expect(instructions / count).toBeGreaterThan(2000);
    expect(compiled).toBeGreaterThan(count);
    if (IS_FULL) console.log(`${codeSize} bits: ${instructions} instructions, ${compiled} units`);
  });
});
