import { describe, expect, it } from 'vitest';
import type { Cpu, Engine } from '../cpu.ts';
import { longModeMachine, place, stateHash } from '../machines.test.fixture.ts';

/** std; mov al, 90h; mov ecx, 8; lea rdi, [rip+2]; rep stosb; cld; hlt: fills downwards, over itself and what stands before. */
const PROGRAM = 'fd b090 b908000000 488d3d02000000 f3aa fc f4';

function machine(engine: Engine): Cpu {
  const { cpu } = longModeMachine({ engine, jit: { threshold: 1, warmUp: 0 } });
  place(cpu, 0x1000, PROGRAM);
  cpu.synchronize();
  return cpu;
}

describe.each(['interpreter', 'jit', 'check'] as const)('a repeated store over itself in the %s', (engine) => {
  it('comes to the same in one run and in slices of any size', () => {
    const whole = machine(engine);
    expect(whole.run(200)).toBe('halted');
    // The first store goes behind the instruction, the second makes it F3 90, which is PAUSE.
    expect(whole.memory.read(0x100f, 4)).toEqual(Uint8Array.of(0xf3, 0x90, 0x90, 0xf4));
    for (const size of [1, 2, 3, 5]) {
      const cut = machine(engine);
      while (cut.run(size) === 'limit');
      expect(stateHash(cut)).toBe(stateHash(whole));
      expect(cut.instructionCount).toBe(whole.instructionCount);
    }
  });
});
