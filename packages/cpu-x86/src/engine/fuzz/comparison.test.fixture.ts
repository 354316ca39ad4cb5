/** Runs one random program in all engines, and tells where they differ. */
import type { Cpu, CpuOptions } from '../../cpu.ts';
import { stateHash } from '../../machines.test.fixture.ts';
import { MXCSR, XMM } from '../../state/layout.ts';
import { EngineDivergenceError } from '../check/divergence.ts';
import { createMachine, type Form, type FuzzMachine } from './machine.test.fixture.ts';
import { CODE, COUNTER, DATA, DATA_SIZE_BYTES, FRAME_SUM, TOGGLED_PAGES } from './places.test.fixture.ts';
import { ProgramWriter } from './program.test.fixture.ts';
import { Random } from './random.test.fixture.ts';
import { rolesOf } from './random-instruction.test.fixture.ts';

/** What a program came to. */
export interface Comparison {
  /** What differs; undefined if nothing does. */
  readonly divergence: string | undefined;
  /** Instructions that one engine ran, that ran in compiled code and were checked, and units compiled. */
  readonly instructions: number;
  readonly checked: number;
  readonly compiled: number;
}

/** How a seed is run. */
export interface ComparisonOptions {
  /** Instructions after which it ends. */
  readonly instructions?: number;
  /** Runs the reference one instruction at a time and drops what the engine remembers between them: slow. */
  readonly isStepped?: boolean;
}

/** Early, and late enough for all ways through a loop to be known. */
const THRESHOLDS: readonly number[] = [1, 2, 5, 12, 30];

/** add al, n; some of: dec ecx, not edx, shl ebx, 1, cmc; xor al, n; ret */
function smallFunction(random: Random): Uint8Array {
  const bytes = [0x04, random.below(256)];
  const some = [[0xff, 0xc9], [0xf7, 0xd2], [0xd1, 0xe3], [0xf5]];
  for (let i = random.below(6); i > 0; i--) bytes.push(...random.pick(some));
  return Uint8Array.from([...bytes, 0x34, random.below(256), 0xc3]);
}

/** Puts the program of a seed into a machine of its own. */
function start(seed: number, form: Form, options: Partial<CpuOptions>): FuzzMachine {
  const machine = createMachine(form, options);
  const { cpu, entries } = machine;
  cpu.memory.write(CODE, new ProgramWriter(seed, form, entries).write());
  const values = new Random(seed ^ 0x5555);
  for (const page of TOGGLED_PAGES) {
    for (let offset = 0; offset < 0x100; offset += 0x40) cpu.memory.write(page + offset, smallFunction(values));
  }
  cpu.memory.write32(COUNTER, 40 + values.below(400));
  for (let i = 0; i < DATA_SIZE_BYTES; i += 4) cpu.memory.write32(DATA + i, values.next());
  const { resume, reserved } = rolesOf(form.codeSize);
  for (let i = 0; i < 16; i++) {
    if (!reserved.has(i)) cpu.state.setGpr(i, BigInt(values.next()) << (form.codeSize === 64 ? 7n : 0n));
  }
  for (const index of reserved) if (index !== 4) cpu.state.setGpr(index, 0n);
  cpu.state.setGpr(resume, BigInt(CODE));
  cpu.synchronize();
  return machine;
}

/** Registers, flags and what devices have seen, as text. */
function describe({ cpu, devices }: FuzzMachine): string {
  const { state } = cpu;
  const gprs = Array.from({ length: 16 }, (_, i) => state.gpr(i).toString(16));
  const place = `${cpu.instructionCount} rip ${state.rip.toString(16)} flags ${state.rflags.toString(16)}`;
  const handled = cpu.memory.read32(FRAME_SUM);
  let vectors = state.field(MXCSR);
  for (const word of state.u32.subarray(XMM >> 2, (XMM >> 2) + 64)) vectors = Math.imul(vectors ^ word, 0x0100_0193);
  return `${place} vectors ${vectors} cpl ${state.cpl} devices ${devices.hash} handled ${handled} ${gprs.join()}`;
}

/** Lets time pass one instruction at a time, without anything that a processor may forget. */
function runStepped(cpu: Cpu, count: number): ReturnType<Cpu['run']> {
  for (let i = 0; i < count; i++) {
    const reason = cpu.run(1);
    if (reason !== 'limit') return reason;
    cpu.synchronize();
  }
  return 'limit';
}

export function compareEngines(seed: number, form: Form, options: ComparisonOptions = {}): Comparison {
  const { isStepped = false } = options;
  const { instructions = isStepped ? 8000 : 40_000 } = options;
  const truth = start(seed, form, { engine: 'interpreter' });
  const random = new Random(seed ^ 0x1234_5678);
  const jit = { threshold: random.pick(isStepped ? [1, 2] : THRESHOLDS), warmUp: 0 };
  const others = (['check', 'jit'] as const).map((engine) => ({ engine, machine: start(seed, form, { engine, jit }) }));
  let divergence: string | undefined;
  const runs = (): boolean => {
    const size = random.chance(20) ? 1 + random.below(80) : 1100 + random.below(isStepped ? 900 : 3500);
    const isInterrupted = random.chance(25);
    if (isInterrupted)
      for (const { cpu } of [truth, ...others.map(({ machine }) => machine)]) cpu.setInterruptLine(true);
    const reason = isStepped ? runStepped(truth.cpu, size) : truth.cpu.run(size);
    const expected = `${reason} ${describe(truth)}`;
    for (const { engine, machine } of others) {
      const found = `${machine.cpu.run(size)} ${describe(machine)}`;
      if (found !== expected) divergence ??= `${engine}:\n  ${found}\ninterpreter:\n  ${expected}`;
    }
    return divergence === undefined && reason === 'limit' && truth.cpu.instructionCount < instructions;
  };
  try {
    while (runs());
    for (const { engine, machine } of others) {
      if (stateHash(machine.cpu) !== stateHash(truth.cpu)) divergence ??= `${engine}: memory differs`;
    }
  } catch (error) {
    if (!(error instanceof EngineDivergenceError)) throw error;
    divergence ??= error.message;
  }
  const checker = others[0]?.machine.cpu;
  return {
    divergence: divergence && `seed ${seed}, ${form.name}: ${divergence}`,
    instructions: truth.cpu.instructionCount,
    checked: checker?.checkStatistics?.instructions ?? 0,
    compiled: checker?.jitStatistics?.compiled ?? 0,
  };
}
