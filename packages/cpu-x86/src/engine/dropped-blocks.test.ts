import { describe, expect, it } from 'vitest';
import type { Cpu, Engine } from '../cpu.ts';
import { longModeMachine, place, RBX, stateHash } from '../machines.test.fixture.ts';

/**
 * A loop of 20 turns that writes into its own instruction at +12h, as boot loaders do: an immediate value from a table of
 * four, each of them twice in turn.
 */
const PROGRAM = [
  'b914000000', // mov ecx, 20
  '89c8', // mov eax, ecx
  'd1e8', // shr eax, 1
  '83e003', // and eax, 3
  '8805 01000000', // mov [rip + 1], al: the byte behind the next opcode
  'b000', // mov al, imm8: at +13h
  '01c3', // add ebx, eax
  'c1c305', // rol ebx, 5
  'ffc9', // dec ecx
  '75e8', // jnz to mov eax, ecx
  'f4', // hlt
].join('');

function machine(engine: Engine): Cpu {
  const { cpu } = longModeMachine({ engine, jit: { threshold: 2, warmUp: 0 } });
  place(cpu, 0x1000, PROGRAM);
  cpu.synchronize();
  return cpu;
}

/** The same without a processor. */
function expected(): number {
  let sum = 0;
  for (let count = 20; count > 0; count--) {
    const total = sum + ((count >> 1) & 3);
    sum = (total << 5) | (total >>> 27);
  }
  return sum >>> 0;
}

describe.each(['interpreter', 'jit', 'check'] as const)(
  'code that patches itself, with what it is or not, in the %s',
  (engine) => {
    it('runs as it is at the time', () => {
      const whole = machine(engine);
      expect(whole.run(1000)).toBe('halted');
      expect(Number(BigInt.asUintN(32, whole.state.gpr(RBX)))).toBe(expected());
      for (const size of [1, 2, 3, 7]) {
        const cut = machine(engine);
        while (cut.run(size) === 'limit');
        expect(stateHash(cut)).toBe(stateHash(whole));
      }
    });
  },
);
