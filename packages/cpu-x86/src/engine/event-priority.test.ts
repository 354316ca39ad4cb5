/**
 * Which of several events at one instruction boundary comes first.
 *
 * @source SDM Vol. 3A "Prioritization of Concurrent Events", its table; SDM Vol. 3B "Debug Exceptions"
 */
import { describe, expect, it } from 'vitest';
import { RBX, RCX } from '../machines.test.fixture.ts';
import { CR4_DE } from '../state/control-registers.ts';
import { CR4, DR } from '../state/layout.ts';
import { FLAG_IF, FLAG_TF } from '../state/rflags.ts';
import { CODE, resume, TracedMachine } from './event-trace.test.fixture.ts';

const DR7_GD = 0x2400n;
const general = (machine: TracedMachine): TracedMachine => {
  machine.cpu.state.setWideField(DR + 56, DR7_GD);
  machine.cpu.synchronize();
  return machine;
};

describe.each(['interpreter', 'jit', 'check'] as const)('in %s', (engine) => {
  it('a trap of the instruction before comes before NMI and interrupt', () => {
    // out 80h, al; nop; hlt
    const machine = new TracedMachine(engine, 'e680 90 f4').flags(FLAG_TF | FLAG_IF);
    machine.onPort = () => {
      machine.cpu.raiseNmi();
      machine.cpu.setInterruptLine(true);
    };
    machine.handlers.set(1, resume);
    // The NMI comes at the first instruction of the trap's handler, the interrupt once IF is set again.
    expect(machine.run()).toEqual(['NMI@10010h', 'DB@2 BS TF', 'INTR@2 RF', 'halted']);
  });

  it('a trap on data of the instruction before comes before the fault of the next', () => {
    // mov [2000h], ecx; ud2; hlt
    const machine = new TracedMachine(engine, '890c2500200000 0f0b f4').breakpoints({ at: 0x2000, on: 'write' });
    machine.handlers.set(6, (m) => {
      const rip = m.frame(6, 0);
      m.cpu.memory.write32(rip.at, rip.value + 2);
    });
    expect(machine.run()).toEqual(['DB@7 B0', 'UD@7 RF', 'halted']);
  });

  it('an interrupt comes before a breakpoint on the next instruction', () => {
    // out 80h, al; nop; hlt
    const machine = new TracedMachine(engine, 'e680 90 f4').breakpoints({ at: CODE + 2 }).flags(FLAG_IF);
    machine.onPort = () => machine.cpu.setInterruptLine(true);
    machine.handlers.set(1, resume);
    expect(machine.run()).toEqual(['INTR@2', 'DB@2 B0', 'halted']);
  });

  it('a breakpoint comes before faults of fetching, decoding and executing its instruction', () => {
    // jmp rbx, to 300000h, which is not mapped
    const fetching = new TracedMachine(engine, 'ffe3').breakpoints({ at: 0x30_0000 });
    fetching.cpu.state.setGpr(RBX, 0x30_0000n);
    fetching.handlers.set(1, resume);
    fetching.handlers.set(14, (m) => m.cpu.requestStop());
    expect(fetching.run()).toEqual(['DB@300000h B0', 'PF@300000h (10) RF', 'stopped']);
    for (const [code, event] of [
      ['0f0b', 'UD@0 RF'],
      ['f7f1', 'DE@0 RF'],
    ] as const) {
      const machine = new TracedMachine(engine, `${code} f4`).breakpoints({ at: CODE });
      machine.cpu.state.setGpr(RCX, 0n);
      machine.handlers.set(1, resume);
      machine.handlers.set(event === 'DE@0 RF' ? 0 : 6, (m) => m.cpu.requestStop());
      expect(machine.run()).toEqual(['DB@0 B0', event, 'stopped']);
    }
  });

  it('a single step and a breakpoint on the next instruction come one after the other', () => {
    // nop; nop; hlt
    const machine = new TracedMachine(engine, '90 90 f4').breakpoints({ at: CODE + 1 }).flags(FLAG_TF);
    machine.handlers.set(1, (m) => {
      if (m.events.length > 1) resume(m);
      else m.cpu.memory.write32(m.frame(1, 2).at, 2);
    });
    expect(machine.run()).toEqual(['DB@1 BS TF', 'DB@1 B0', 'halted']);
  });

  it('a single step and breakpoints on data are one exception', () => {
    // mov [2000h], rcx; hlt
    const machine = new TracedMachine(engine, '48890c2500200000 f4')
      .breakpoints({ at: 0x2000, on: 'write' }, { at: 0x2004, on: 'access', sizeBytes: 4 }, { at: 0x2008, on: 'write' })
      .flags(FLAG_TF);
    machine.handlers.set(1, resume);
    expect(machine.run()).toEqual(['DB@8 B0 B1 BS TF', 'halted']);
  });

  it('general detection comes behind #UD and before nothing else of MOV; the register keeps its value', () => {
    // mov dr1, rcx; hlt
    const machine = general(new TracedMachine(engine, '0f23c9 f4'));
    machine.cpu.state.setGpr(RCX, 0x5000n);
    machine.handlers.set(1, (m) => {
      expect(m.cpu.state.wideField(DR + 8)).toBe(0n);
    });
    expect(machine.run()).toEqual(['DB@0 BD', 'halted']);
    expect(machine.cpu.state.wideField(DR + 8)).toBe(0x5000n);
    // mov rax, dr4; hlt
    const undefinedRegister = general(new TracedMachine(engine, '0f21e0 f4'));
    undefinedRegister.cpu.state.setField(CR4, undefinedRegister.cpu.state.field(CR4) | CR4_DE);
    undefinedRegister.handlers.set(6, (m) => m.cpu.requestStop());
    expect(undefinedRegister.run()).toEqual(['UD@0 RF', 'stopped']);
  });
});
