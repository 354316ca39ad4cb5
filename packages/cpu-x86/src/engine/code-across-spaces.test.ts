import { PAGING_4_LEVEL } from '@longmode/mmu';
import { PageTableBuilder } from '@longmode/mmu/testing';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../cpu.ts';
import { type LongMachine, longModeMachine, place, RBX, RDI, RSI, stateHash } from '../machines.test.fixture.ts';

const R8 = 8;
const R9 = 9;
/** Where all programs call a function, and the physical pages of two that may be there. */
const FUNCTION = 0x5000;
const RETURNS_1 = 0x5000;
const RETURNS_5 = 0x6000;
const TURNS = 40;
const TARGET = '0050000000000000';

/** Loads two CR3 values in turn. */
const SWITCHES = [
  'b928000000', // mov ecx, 40
  '4c89c0 0f22d8', // mov rax, r8; mov cr3, rax
  'ff150f000000', // call [target]
  '01c3 c1c303', // add ebx, eax; rol ebx, 3
  '4d87c1', // xchg r8, r9
  'ffc9 75e8 f4', // dec ecx; jnz to mov rax, r8; hlt
  `9090${TARGET}`,
].join('');

/** Writes two entries in turn, with INVLPG. */
const REMAPS = [
  'b928000000', // mov ecx, 40
  '48893e 0f013c2500500000', // mov [rsi], rdi; invlpg [5000h]
  'ff1512000000', // call [target]
  '01c3 c1c303', // add ebx, eax; rol ebx, 3
  '4987f8', // xchg rdi, r8
  'ffc9 75e3 f4', // dec ecx; jnz to mov [rsi], rdi; hlt
  `9090909090${TARGET}`,
].join('');

/** Clears the accessed flag of an entry and loads CR3 again; counts how often the flag is set after a call. */
const SAMPLES = [
  'b928000000', // mov ecx, 40
  '488326df', // and qword [rsi], ~20h
  '0f20d8 0f22d8', // mov rax, cr3; mov cr3, rax
  'ff1513000000', // call [target]
  '488b06 c1e805 83e001', // mov rax, [rsi]; shr eax, 5; and eax, 1
  '01c3', // add ebx, eax
  'ffc9 75e1 f4', // dec ecx; jnz to and; hlt
  `909090${TARGET}`,
].join('');

function machine(engine: Engine, program: string): LongMachine {
  const long = longModeMachine({ engine, ramSizeBytes: 0x40_0000, jit: { threshold: 2, warmUp: 0 } });
  place(long.cpu, 0x1000, program);
  place(long.cpu, RETURNS_1, 'b801000000 c3');
  place(long.cpu, RETURNS_5, 'b805000000 c3');
  return long;
}

/** EBX after adding what the calls return, rotated left by three each time. */
function expected(returned: readonly [number, number]): number {
  let sum = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const total = (sum + (returned[turn & 1] as number)) >>> 0;
    sum = ((total << 3) | (total >>> 29)) >>> 0;
  }
  return sum;
}

describe.each(['interpreter', 'jit', 'check'] as const)('code whose translations change, in the %s', (engine) => {
  /** Runs in one go and in slices of some sizes, which must not differ. @returns EBX */
  function run(make: () => LongMachine): number {
    const { cpu } = make();
    expect(cpu.run(10_000)).toBe('halted');
    for (const size of [1, 3, 7]) {
      const { cpu: sliced } = make();
      while (sliced.run(size) === 'limit');
      expect(stateHash(sliced)).toBe(stateHash(cpu));
    }
    return Number(BigInt.asUintN(32, cpu.state.gpr(RBX)));
  }

  it.each([
    ['another page in each address space', RETURNS_5, expected([1, 5])],
    ['the same page in both', RETURNS_1, expected([1, 1])],
  ])('calls %s', (_, physical, result) => {
    const make = (): LongMachine => {
      const long = machine(engine, SWITCHES);
      const { cpu } = long;
      const other = new PageTableBuilder({
        memory: cpu.memory,
        mode: PAGING_4_LEVEL,
        tables: { start: 0x20_0000, end: 0x30_0000 },
      });
      other.map(0, 0, 0x20_0000);
      other.map(FUNCTION, physical);
      cpu.state.setGpr(R8, BigInt(long.tables.root));
      cpu.state.setGpr(R9, BigInt(other.root));
      cpu.synchronize();
      return long;
    };
    expect(run(make)).toBe(result);
  });

  it('calls what an entry leads to after INVLPG', () => {
    const make = (): LongMachine => {
      const long = machine(engine, REMAPS);
      const { cpu, tables } = long;
      const entry = tables.readEntry(FUNCTION, 1);
      cpu.state.setGpr(RSI, BigInt(tables.entryAddress(FUNCTION, 1) as number));
      cpu.state.setGpr(RDI, entry);
      cpu.state.setGpr(R8, entry + BigInt(RETURNS_5 - RETURNS_1));
      cpu.synchronize();
      return long;
    };
    expect(run(make)).toBe(expected([1, 5]));
  });

  it('sets accessed flags that the guest has cleared', () => {
    const make = (): LongMachine => {
      const long = machine(engine, SAMPLES);
      long.cpu.state.setGpr(RSI, BigInt(long.tables.entryAddress(FUNCTION, 1) as number));
      long.cpu.synchronize();
      return long;
    };
    expect(run(make)).toBe(TURNS);
  });
});
