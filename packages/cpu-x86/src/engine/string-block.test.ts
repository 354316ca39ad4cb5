import { describe, expect, it } from 'vitest';
import type { Cpu } from '../cpu.ts';
import { longModeMachine, place, protectedModeMachine, RAX, RCX, RDI, RSI } from '../machines.test.fixture.ts';
import { ACTIVITY, ACTIVITY_ACTIVE } from '../state/layout.ts';
import { FLAG_DF } from '../state/rflags.ts';

const LOW = 0x10000;
const SIZE = 0x6000;

/** MOVS and STOS with REP, as an operation of bytes, in 64-bit code. */
const INSTRUCTIONS = {
  'rep movsb': { code: 'f3a4', size: 1, copies: true },
  'rep movsw': { code: '66f3a5', size: 2, copies: true },
  'rep movsd': { code: 'f3a5', size: 4, copies: true },
  'rep movsq': { code: 'f348a5', size: 8, copies: true },
  'rep stosb': { code: 'f3aa', size: 1, copies: false },
  'rep stosw': { code: '66f3ab', size: 2, copies: false },
  'rep stosd': { code: 'f3ab', size: 4, copies: false },
  'rep stosq': { code: 'f348ab', size: 8, copies: false },
} as const;
type Name = keyof typeof INSTRUCTIONS;

interface Case {
  readonly name: Name;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly value: bigint;
  readonly isDown: boolean;
}

/** The manual's loop: one element after the other. */
function expected(memory: Uint8Array, { name, from, to, count, value, isDown }: Case): void {
  const { size, copies } = INSTRUCTIONS[name];
  for (let i = 0; i < count; i++) {
    const step = (isDown ? -i : i) * size;
    const element = copies
      ? memory.slice(from + step, from + step + size)
      : Uint8Array.from({ length: size }, (_, byte) => Number((value >> BigInt(8 * byte)) & 0xffn));
    memory.set(element, to + step);
  }
}

/** Runs the instruction once, or often enough to be compiled first, in pieces of the given number of instructions. */
function check(cpu: Cpu, test: Case, pieces: number): void {
  const { name, from, to, count, value, isDown } = test;
  const { size, copies } = INSTRUCTIONS[name];
  const memory = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  cpu.memory.write(LOW, memory);
  expected(memory, test);
  cpu.state.setGpr(RSI, BigInt(LOW + from));
  cpu.state.setGpr(RDI, BigInt(LOW + to));
  cpu.state.setGpr(RCX, BigInt(count));
  cpu.state.setGpr(RAX, value);
  cpu.state.rflags = isDown ? 2 | FLAG_DF : 2;
  cpu.state.rip = 0x1000n;
  cpu.state.setField(ACTIVITY, ACTIVITY_ACTIVE);
  const before = cpu.instructionCount;
  while (cpu.run(pieces) !== 'halted');
  const what = JSON.stringify({ ...test, value: `${value}` });
  expect(Buffer.compare(cpu.memory.read(LOW, SIZE), memory), what).toBe(0);
  const distance = BigInt((isDown ? -count : count) * size);
  expect(cpu.state.gpr(RDI), what).toBe(BigInt(LOW + to) + distance);
  expect(cpu.state.gpr(RSI), what).toBe(BigInt(LOW + from) + (copies ? distance : 0n));
  expect(cpu.state.gpr(RCX), what).toBe(0n);
  // Each element is an instruction, and so is HLT.
  expect(cpu.instructionCount - before, what).toBe(Math.max(count, 1) + 1);
}

describe.each(Object.keys(INSTRUCTIONS) as Name[])('%s', (name) => {
  it.each([
    ['64-bit', () => longModeMachine().cpu],
    ['32-bit', () => protectedModeMachine()],
    ['compiled', () => longModeMachine({ engine: 'jit', jit: { threshold: 1, warmUp: 0 } }).cpu],
  ] as const)('moves as its elements one by one do: %s', (mode, make) => {
    if (mode === '32-bit' && name.endsWith('q')) return;
    const cpu = make();
    place(cpu, 0x1000, `${INSTRUCTIONS[name].code}f4`);
    let state = 11;
    const below = (n: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    const { size } = INSTRUCTIONS[name];
    for (let round = 0; round < 120; round++) {
      const count = [below(4), below(40), below(600)][below(3)] as number;
      const isDown = below(4) === 0;
      const margin = count * size;
      const room = SIZE - 2 * margin - 16;
      if (room <= 0) continue;
      const from = margin + below(room);
      // Near each other, so that they overlap; over a page's end; anywhere.
      const near = Math.min(Math.max(from + below(80) - 40, margin), margin + room);
      const to = below(2) === 0 ? near : margin + below(room);
      const byte = BigInt(below(256));
      const value = below(2) === 0 ? byte * 0x0101010101010101n : byte * 0x0102030405060708n;
      check(
        cpu,
        { name, from, to, count, value: BigInt.asUintN(mode === '32-bit' ? 32 : 64, value), isDown },
        1 + below(3000),
      );
    }
    if (mode === 'compiled') expect(cpu.jitStatistics?.compiled).toBeGreaterThan(0);
  });
});
