import { describe, expect, it } from 'vitest';
import type { Cpu } from '../cpu.ts';
import { longModeMachine, place, stateHash } from '../machines.test.fixture.ts';

/** Flags that die within the block, a comparison with its branch, a store to memory, and a loop round all of it. */
const PROGRAM = [
  '83 c0 7f', // add eax, 0x7f
  '89 c3', // mov ebx, eax
  '29 c1', // sub ecx, eax
  '48 8d 51 05', // lea rdx, [rcx+5]
  '31 d3', // xor ebx, edx
  'd1 e2', // shl edx, 1
  '01 15 00 10 00 00', // add [rip+0x1000], edx
  '0f af d0', // imul edx, eax
  '39 d3', // cmp ebx, edx
  '74 02', // je over
  'ff c6', // inc esi
  '85 f6', // over: test esi, esi
  '75 df', // jne back to the start
  'f4', // hlt
].join('');
const COUNT = 80;

function machine(engine: 'interpreter' | 'jit'): Cpu {
  const { cpu } = longModeMachine({ engine, jit: { threshold: 2, warmUp: 0 } });
  place(cpu, 0x1000, PROGRAM);
  return cpu;
}

describe.each(['interpreter', 'jit'] as const)('slices of the %s', (engine) => {
  const stepped = machine(engine);
  const states = Array.from({ length: COUNT }, () => {
    stepped.run(1);
    return stateHash(stepped);
  });

  it('end after any number of instructions with the state of single steps, flags included', () => {
    for (let count = 1; count <= COUNT; count++) {
      const cpu = machine(engine);
      cpu.run(count);
      expect([count, stateHash(cpu)]).toEqual([count, states[count - 1]]);
    }
  });

  it('leave nothing behind in the blocks that they cut', () => {
    for (const size of [2, 3, 5, 7, 9]) {
      const cpu = machine(engine);
      for (let done = size; done <= COUNT; done += size) {
        cpu.run(size);
        expect([size, done, stateHash(cpu)]).toEqual([size, done, states[done - 1]]);
      }
    }
  });

  it('see code that is changed between them', () => {
    const cpu = machine(engine);
    cpu.run(3);
    place(cpu, 0x1007, '48 8d 51 06'); // lea rdx, [rcx+6]
    cpu.run(1);
    expect(cpu.state.gpr(2)).toBe(BigInt.asUintN(64, cpu.state.gpr(1) + 6n));
  });
});
