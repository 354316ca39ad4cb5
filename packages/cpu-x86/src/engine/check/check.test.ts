import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Cpu } from '../../cpu.ts';
import { longModeMachine, place, protectedModeMachine, stateHash } from '../../machines.test.fixture.ts';
import { VECTOR_DE } from '../../state/exceptions.ts';
import { BUDGET, FAULT_VECTOR } from '../../state/layout.ts';
import { FLAG_AF } from '../../state/rflags.ts';
import { CodeCache } from '../code-cache.ts';
import { HandlerRegistry } from '../interpreter/handler-registry.ts';
import { JitStage } from '../jit/jit-stage.ts';
import { EngineDivergenceError } from './divergence.ts';

const JIT = { threshold: 2, warmUp: 0 };

// mov ecx, 1000; lea rsi, [10000h]; top: add eax, ecx; mov [rsi], eax; xor ebx, eax; dec ecx; jnz top; hlt
const LOOP = 'b9e8030000 488d342500000100 01c8 8906 31c3 ffc9 75f6 f4';
const DATA = 0x1_0000;
// mov ecx, 40; top: mov eax, ecx; xor edx, edx; sub ebx, ebx; cmp ecx, 20; setz bl; xor bl, 1; div ebx; dec ecx; jnz top; hlt
const DIVIDE_BY_ZERO = 'b928000000 89c8 31d2 29db 83f914 0f94c3 80f301 f7f3 ffc9 75eb f4';

function machine(code: string, engine: 'check' | 'interpreter' = 'check'): Cpu {
  const { cpu } = longModeMachine({ engine, jit: JIT });
  place(cpu, 0x1000, code);
  cpu.synchronize();
  return cpu;
}

function divergenceOf(cpu: Cpu): EngineDivergenceError {
  try {
    cpu.run(100_000);
  } catch (error) {
    if (error instanceof EngineDivergenceError) return error;
    throw error;
  }
  throw new Error('nothing differs');
}

/** Does something to the result of each compiled unit. */
function spoil(spoiler: (status: number) => void): void {
  const instantiate = HandlerRegistry.prototype.instantiate;
  vi.spyOn(HandlerRegistry.prototype, 'instantiate').mockImplementation(function (this: HandlerRegistry, ...args) {
    const unit = instantiate.apply(this, args);
    return (record) => {
      const status = unit(record);
      spoiler(status);
      return status;
    };
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('checked code', () => {
  it('comes to what the interpreter comes to, and nearly all of it is compared', () => {
    const cpu = machine(LOOP);
    const truth = machine(LOOP, 'interpreter');
    expect([cpu.run(100_000), truth.run(100_000)]).toEqual(['halted', 'halted']);
    expect(stateHash(cpu)).toBe(stateHash(truth));
    expect(cpu.instructionCount).toBe(truth.instructionCount);
    expect(cpu.checkStatistics?.instructions).toBeGreaterThan(4500);
    expect(truth.checkStatistics).toBeUndefined();
  });

  it('stops at any instruction as the interpreter does', () => {
    for (let limit = 1; limit < 400; limit += 37) {
      const cpu = machine(LOOP);
      const truth = machine(LOOP, 'interpreter');
      for (const size of [1500 + limit, limit, 1700, limit]) expect(cpu.run(size)).toBe(truth.run(size));
      expect(stateHash(cpu)).toBe(stateHash(truth));
      expect(cpu.checkStatistics?.runs).toBeGreaterThan(0);
    }
  });

  it.each([LOOP, DIVIDE_BY_ZERO])('goes on where all that was decoded is forgotten meanwhile', (code) => {
    const lookup = CodeCache.prototype.lookupShort;
    let flushes = 0;
    vi.spyOn(CodeCache.prototype, 'lookupShort').mockImplementation(function (this: CodeCache, count) {
      flushes++;
      this.flush();
      return lookup.call(this, count);
    });
    const cpu = machine(code);
    const truth = machine(code, 'interpreter');
    // Slices whose ends are none of the loop's.
    for (let i = 0; i < 4; i++) expect(cpu.run(2003)).toBe(truth.run(2003));
    expect(stateHash(cpu)).toBe(stateHash(truth));
    expect(flushes).toBeGreaterThan(0);
    expect(cpu.checkStatistics?.runs).toBeGreaterThan(0);
  });

  it('raises the exceptions that the interpreter raises', () => {
    const cpu = machine(DIVIDE_BY_ZERO);
    const truth = machine(DIVIDE_BY_ZERO, 'interpreter');
    expect([cpu.run(100_000), truth.run(100_000)]).toEqual(['shutdown', 'shutdown']);
    expect(stateHash(cpu)).toBe(stateHash(truth));
    expect(cpu.exceptionLog.entries).toEqual(truth.exceptionLog.entries);
  });
});

describe('wrong compiled code', () => {
  it('is told with the instruction and the register', () => {
    const write = JitStage.prototype.writeGpr;
    vi.spyOn(JitStage.prototype, 'writeGpr').mockImplementation(function (this: JitStage, index, width, value) {
      write.call(this, index, width, index === 3 ? this.add(value, this.like(value, 1)) : value);
    });
    const { divergence, message } = divergenceOf(machine(LOOP));
    expect(divergence.fields.map(({ name }) => name)).toEqual(['rbx']);
    expect(divergence.path[divergence.culprit ?? -1]).toMatchObject({ rip: 0x1011n, text: 'xor ebx, eax' });
    expect(message).toMatch(/=> 0x1011 {2}31 c3 +xor ebx, eax/);
  });

  it('is told with the instruction and the flag', () => {
    const set = JitStage.prototype.setFlagsKeepingCarry;
    vi.spyOn(JitStage.prototype, 'setFlagsKeepingCarry').mockImplementation(function (this: JitStage, kind, width, y) {
      this.setExplicitFlags(this.xor(this.readFlags(), this.i32(FLAG_AF)));
      void [set, kind, width, y];
    });
    // mov ecx, 1000; top: add eax, 8; inc edx; loop top; hlt
    const { divergence } = divergenceOf(machine('b9e8030000 83c008 ffc2 e2f9 f4'));
    expect(divergence.fields.map(({ name }) => name)).toContain('AF');
    expect(divergence.path[divergence.culprit ?? -1]?.text).toBe('inc edx');
  });

  it('is told with the byte of memory', () => {
    const cpu = machine(LOOP);
    spoil(() => {
      const at = cpu.memory.hostOfPage(0) + DATA + 0x123;
      cpu.memory.bytes[at] = 0x5a;
    });
    const { divergence } = divergenceOf(cpu);
    expect(divergence.fields).toEqual([]);
    const place = { linear: BigInt(DATA + 0x123), physical: DATA + 0x123 };
    expect(divergence.memory).toEqual([{ ...place, compiled: 0x5a, interpreted: 0 }]);
  });

  it('is told with the number of instructions, where only that is wrong', () => {
    const cpu = machine(LOOP);
    spoil(() => {
      cpu.state.setField(BUDGET, cpu.state.field(BUDGET) - 1);
    });
    const [field] = divergenceOf(cpu).divergence.fields;
    expect(field?.name).toBe('instructions');
    expect((field?.compiled ?? 0n) - (field?.interpreted ?? 0n)).toBe(1n);
  });

  it('is told with the vector of an exception', () => {
    const cpu = machine(DIVIDE_BY_ZERO);
    spoil(() => {
      if (cpu.state.field(FAULT_VECTOR) === VECTOR_DE) cpu.state.setField(FAULT_VECTOR, 5);
    });
    const { divergence } = divergenceOf(cpu);
    expect(divergence.fields).toEqual([{ name: 'vector', compiled: 5n, interpreted: 0n }]);
    expect(divergence.path.at(-1)?.text).toBe('div ebx');
  });

  it('leaves the processor where both still agree, and its count right', () => {
    const cpu = machine(LOOP);
    // Wrong from the 500th round on.
    spoil(() => {
      if (cpu.state.gpr32(1) < 500) cpu.state.setGpr(8, 1n);
    });
    const { divergence } = divergenceOf(cpu);
    expect(divergence.agreed).toBeGreaterThan(2000);
    const truth = machine(LOOP, 'interpreter');
    truth.run(cpu.instructionCount);
    expect(cpu.instructionCount).toBe(divergence.instructionCount + divergence.agreed);
    expect(stateHash(cpu)).toBe(stateHash(truth));
  });

  it('is told with bytes and addresses of 32-bit code whose segments have bases', () => {
    const cpu = protectedModeMachine({ engine: 'check', jit: JIT });
    // mov ecx, 1000; top: add eax, ecx; dec ecx; jnz top; hlt
    place(cpu, 0x1_1000, 'b9e8030000 01c8 49 75fb f4');
    cpu.state.segments[1]?.load(8, 0x1_0000n, 0xffff_ffff, 0xc09b);
    cpu.synchronize();
    spoil(() => {
      if (cpu.state.gpr32(1) < 500) cpu.state.setGpr(2, 7n);
    });
    const { divergence, message } = divergenceOf(cpu);
    expect(divergence.path[0]).toMatchObject({ rip: 0x1005n, linear: 0x1_1005n, text: 'add eax, ecx' });
    expect(message).toMatch(/rdx: compiled 0x7, interpreted/);
    expect(message).toMatch(/0x11005 {2}01 c8/);
  });
});
