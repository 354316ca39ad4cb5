import { describe, expect, it } from 'vitest';
import { decode } from '../../decode/decode.ts';
import type { Instruction } from '../../decode/instruction.ts';
import { fromHex, installGdt, installIdt, longModeMachine, place } from '../../machines.test.fixture.ts';
import { FLAG_CF, FLAG_IF, FLAG_SF, FLAGS_ARITHMETIC } from '../../state/rflags.ts';
import { areFlagsDead } from './flag-liveness.ts';

function blockOf(hex: string): Instruction[] {
  const bytes = fromHex(hex);
  const block: Instruction[] = [];
  for (let at = 0; at < bytes.length; ) {
    const result = decode(bytes, at, bytes.length, 64);
    if (result.kind !== 'instruction') throw new Error(`not an instruction at ${at}`);
    block.push(result);
    at += result.length;
  }
  return block;
}

describe('flags', () => {
  it.each([
    ['that the next instruction overwrites are dead', '01d8 29c8', true],
    ['are dead over instructions without flags', '01d8 89c1 0fc8 29c8', true],
    ['that the next instruction reads are alive', '01d8 11c8', false],
    ['at the end of a block are alive', '01d8 89c1', false],
    ['are alive where the next instruction may fault', '01d8 8b01 29c8', false],
    ['of an instruction that reads memory are alive: the access may raise an interrupt', '0303 29c8', false],
    ['of an instruction that writes memory are alive: it may have changed what follows', '0103 29c8', false],
  ])('%s', (_, hex, expected) => {
    expect(areFlagsDead(blockOf(hex), 0)).toBe(expected);
  });

  it('of an instruction that changes the next one are there for that', () => {
    const { cpu } = longModeMachine();
    // sub byte [rip], 0a0h; cmp al, 90h, which becomes pushf; nop; hlt
    place(cpu, 0x1000, '802d00000000a0 3c90 f4');
    cpu.synchronize();
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.memory.read32(0x80000 - 8) & FLAGS_ARITHMETIC & (FLAG_CF | FLAG_SF)).toBe(FLAG_CF | FLAG_SF);
  });

  it('are saved by an interrupt that device memory raises, although no instruction behind reads them', () => {
    const { cpu, tables } = longModeMachine({
      memoryIo: { readMemory: () => 1, writeMemory: () => cpu.setInterruptLine(true) },
      interrupts: {
        acknowledge: () => {
          cpu.setInterruptLine(false);
          return 0x40;
        },
      },
    });
    tables.map(0x40_0000, 0x100_0000);
    installGdt(cpu, 0x3000);
    installIdt(cpu, { idt: 0x4000, handlers: 0x6000 });
    // sub byte [400000h], 2; add eax, ecx; hlt
    place(cpu, 0x1000, '802c250000400002 01c8 f4');
    cpu.state.rflags |= FLAG_IF;
    cpu.synchronize();
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.state.rip).toBe(0x6401n);
    const saved = cpu.memory.read32(Number(cpu.state.gpr(4)) + 16);
    expect(saved & (FLAG_CF | FLAG_SF)).toBe(FLAG_CF | FLAG_SF);
  });
});
