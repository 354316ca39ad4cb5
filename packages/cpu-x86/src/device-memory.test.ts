import { describe, expect, it } from 'vitest';
import type { Cpu, Engine } from './cpu.ts';
import { installGdt, installIdt, place, protectedModeMachine } from './machines.test.fixture.ts';

const WINDOW = 0xfd00_0000;
const SIZE = 0x1_0000;

const ENGINES: readonly Engine[] = ['interpreter', 'jit', 'check'];

const machine = (engine: Engine = 'interpreter'): Cpu => {
  const cpu = protectedModeMachine({ deviceMemorySizeBytes: SIZE, engine });
  cpu.mapDeviceMemory(WINDOW);
  return cpu;
};

describe.each(ENGINES)('device memory, to guest code run by %s', (engine) => {
  it('is written and read as RAM is, and seen by the device at once', () => {
    const cpu = machine(engine);
    // mov edi, WINDOW+0ffch; mov ecx, 4096; l: mov [edi], ecx; add edi, 4; loop l; mov eax, [WINDOW+1000h]; hlt
    place(cpu, 0x1000, 'bf fc 0f 00 fd b9 00 08 00 00 89 0f 83 c7 04 e2 f9 a1 00 10 00 fd f4');
    expect(cpu.run(100_000)).toBe('halted');
    const words = new DataView(cpu.memory.deviceMemory.buffer, cpu.memory.deviceMemory.byteOffset, SIZE);
    expect([words.getUint32(0xffc, true), words.getUint32(0x1000, true)]).toEqual([0x800, 0x7ff]);
    expect(cpu.state.gpr(0)).toBe(0x7ffn);
  });

  it('runs the code that is in it when it gets there, also after the device has changed it', () => {
    const cpu = machine(engine);
    place(cpu, 0x1000, 'e8 fb ef ff fc f4'); // call WINDOW; hlt
    for (const value of [5, 6]) {
      cpu.memory.deviceMemory.set([0xb8, value, 0, 0, 0, 0xc3]); // mov eax, value; ret
      cpu.state.rip = 0x1000n;
      expect(cpu.run(3)).toBe('limit');
      expect(cpu.state.gpr(0)).toBe(BigInt(value));
    }
  });
});

describe.each(ENGINES)('code in the registers of a device, run by %s', (engine) => {
  const REGISTERS = 0xf000_0000;
  const VECTOR = 0x21;

  /** NOPs as far as the device goes; reading its byte at 10h raises an interrupt, whose handler halts. */
  function run(size: number): { readonly log: readonly string[]; readonly halted: number } {
    const log: string[] = [];
    const cpu: Cpu = protectedModeMachine({
      engine,
      memoryIo: {
        readMemory: (address) => {
          log.push(`${address.toString(16)} at ${cpu.instructionCount}`);
          if (address === REGISTERS + 0x10) cpu.setInterruptLine(true);
          return 0x90;
        },
        writeMemory: () => {},
      },
      interrupts: {
        acknowledge: () => {
          cpu.setInterruptLine(false);
          return VECTOR;
        },
      },
    });
    installGdt(cpu, 0x3000);
    installIdt(cpu, { idt: 0x4000, handlers: 0x6000 });
    place(cpu, 0x1000, 'fb 90 90 90 90 e9 f6 ef ff ef'); // sti; nop (4 times); jmp REGISTERS
    cpu.synchronize();
    while (cpu.run(size) === 'limit');
    return { log, halted: cpu.instructionCount };
  }

  it('is fetched at the instant of its instruction, and what it raises comes at once', () => {
    const whole = run(1000);
    expect(whole.log[0]).toBe('f0000000 at 6');
    for (const size of [1, 2, 5]) expect(run(size)).toEqual(whole);
    expect(whole.halted).toBeLessThan(30);
  });
});

describe('device memory', () => {
  it('is where it is mapped, whole, and nothing is there when it is not', () => {
    const { memory } = machine();
    memory.write32(WINDOW + SIZE - 4, 0x11223344);
    expect(memory.deviceMemory[SIZE - 1]).toBe(0x11);
    expect([memory.read32(WINDOW + SIZE), memory.read32(WINDOW - 4)]).toEqual([0xffffffff, 0xffffffff]);
    const cpu = machine();
    place(cpu, 0x1000, 'a1 00 00 00 fd eb f9'); // l: mov eax, [WINDOW]; jmp l
    cpu.memory.deviceMemory[0] = 7;
    cpu.run(10);
    expect(cpu.state.gpr(0)).toBe(7n);
    cpu.mapDeviceMemory(0xe000_0000);
    cpu.run(10);
    expect([cpu.state.gpr(0), cpu.memory.read8(0xe000_0000)]).toEqual([0xffffffffn, 7]);
    cpu.mapDeviceMemory(null);
    expect(cpu.memory.read8(0xe000_0000)).toBe(0xff);
  });

  it('does not lie behind RAM', () => {
    const { memory } = machine();
    memory.deviceMemory[0] = 9;
    expect(memory.read8(memory.ramSizeBytes)).toBe(0xff);
  });

  it.each([[-4096], [100], [0x1000_1000], [0.5]])('of %d bytes is refused', (size) => {
    expect(() => protectedModeMachine({ deviceMemorySizeBytes: size })).toThrow(RangeError);
  });
});
