/**
 * RF, and breakpoints on execution that it gets past.
 *
 * @source SDM Vol. 3B "Instruction-Breakpoint Exception Condition"
 */
import { describe, expect, it } from 'vitest';
import { RCX, RDI } from '../machines.test.fixture.ts';
import { DR } from '../state/layout.ts';
import { FLAG_IF, FLAG_RF, FLAG_TF } from '../state/rflags.ts';
import { CODE, resume, TracedMachine } from './event-trace.test.fixture.ts';

describe.each(['interpreter', 'jit', 'check'] as const)('a breakpoint on execution in %s', (engine) => {
  it('is a fault before the instruction, with RF clear in the image', () => {
    // nop; inc eax; hlt
    const machine = new TracedMachine(engine, '90 ffc0 f4').breakpoints({ at: CODE + 1 });
    expect(machine.run(3)).toEqual(['DB@1 B0', 'limit']);
    expect(machine.cpu.state.gpr(0)).toBe(0n);
  });

  it('comes again where the handler returns without RF, and once where it sets it', () => {
    // nop; inc eax; hlt
    const machine = new TracedMachine(engine, '90 ffc0 f4').breakpoints({ at: CODE + 1 });
    let count = 0;
    machine.handlers.set(1, (m) => {
      if (++count === 3) resume(m);
    });
    expect(machine.run()).toEqual(['DB@1 B0', 'DB@1 B0', 'DB@1 B0', 'halted']);
    expect(machine.cpu.state.gpr(0)).toBe(1n);
  });

  it('is for the first byte of an instruction, prefixes included', () => {
    // lock inc dword [2000h]; hlt
    const code = 'f0ff042500200000 f4';
    const met = (at: number): string[] => {
      const machine = new TracedMachine(engine, code).breakpoints({ at });
      machine.handlers.set(1, resume);
      return machine.run();
    };
    expect(met(CODE)).toEqual(['DB@0 B0', 'halted']);
    expect(met(CODE + 1)).toEqual(['halted']);
  });

  it('comes once for a repeated string instruction', () => {
    // rep stosb; hlt
    const machine = new TracedMachine(engine, 'f3aa f4').breakpoints({ at: CODE });
    machine.cpu.state.setGpr(RCX, 5n);
    machine.cpu.state.setGpr(RDI, 0x2000n);
    machine.handlers.set(1, resume);
    expect(machine.run()).toEqual(['DB@0 B0', 'halted']);
    expect(machine.cpu.state.gpr(RCX)).toBe(0n);
  });

  it('does not come again after a fault of the instruction: RF is set in that image', () => {
    // ud2; hlt
    const machine = new TracedMachine(engine, '0f0b f4').breakpoints({ at: CODE });
    machine.handlers.set(1, resume);
    machine.handlers.set(6, (m) => {
      const rip = m.frame(6, 0);
      if (m.events.length < 5) return;
      m.cpu.memory.write32(rip.at, rip.value + 2);
    });
    expect(machine.run()).toEqual(['DB@0 B0', 'UD@0 RF', 'UD@0 RF', 'UD@0 RF', 'UD@0 RF', 'halted']);
  });

  it('leaves RF to what comes before the instruction that it is for', () => {
    // nop; inc eax; hlt. The debug handler makes an interrupt pending; it comes once IRET has set RF and IF.
    const machine = new TracedMachine(engine, '90 ffc0 f4').breakpoints({ at: CODE + 1 }).flags(FLAG_IF);
    machine.handlers.set(1, (m) => {
      resume(m);
      m.cpu.setInterruptLine(true);
    });
    expect(machine.run()).toEqual(['DB@1 B0', 'INTR@1 RF', 'halted']);
  });

  it('is not met in the shadow of a load of SS, but in that of STI', () => {
    // mov ss, ecx; nop; hlt
    const stack = new TracedMachine(engine, '8ed1 90 f4').breakpoints({ at: CODE + 2 });
    stack.cpu.state.setGpr(RCX, 0x10n);
    expect(stack.run()).toEqual(['halted']);
    // sti; nop; hlt
    const flag = new TracedMachine(engine, 'fb 90 f4').breakpoints({ at: CODE + 1 });
    flag.handlers.set(1, resume);
    expect(flag.run()).toEqual(['DB@1 B0', 'halted']);
    const pending = new TracedMachine(engine, 'fb 90 f4').breakpoints({ at: CODE + 1 });
    pending.handlers.set(1, resume);
    pending.cpu.setInterruptLine(true);
    expect(pending.run()).toEqual(['DB@1 B0', 'INTR@1 RF', 'halted']);
  });

  it('of general detection is a fault that leaves RF clear, as processors do it, and DR7.GD', () => {
    // mov rax, dr0; hlt
    const machine = new TracedMachine(engine, '0f21c0 f4');
    machine.cpu.state.setWideField(DR + 56, 0x2400n);
    machine.cpu.synchronize();
    expect(machine.run()).toEqual(['DB@0 BD', 'halted']);
    expect(machine.cpu.state.wideField(DR + 56)).toBe(0x400n);
  });
});

describe.each(['interpreter', 'jit', 'check'] as const)('RF in saved images in %s', (engine) => {
  it.each([
    ['#DE', '31c9 f7f1', 'DE@2 RF'],
    ['#UD', '0f0b', 'UD@0 RF'],
    // mov eax, 33h; mov ss, eax
    ['#GP', 'b833000000 8ed0', 'GP@5 (30) RF'],
    // mov eax, [300000h]
    ['#PF', '8b042500003000', 'PF@0 (0) RF'],
  ])('is set for %s', (_name, code, event) => {
    expect(new TracedMachine(engine, code).run(5)[0]).toBe(event);
  });

  it.each([
    ['INT n', 'cd20 f4', 'INTR@2'],
    ['INT3', 'cc f4', 'BP@1'],
    ['INT1', 'f1 f4', 'DB@1'],
  ])('is clear for %s, even if IRET has just set it', (_name, code, event) => {
    const machine = new TracedMachine(engine, code);
    machine.cpu.state.rflags = 2 | FLAG_RF;
    machine.cpu.synchronize();
    expect(machine.run()).toEqual([event, 'halted']);
  });

  it('is set for interrupts between the iterations of a string instruction, clear behind the last', () => {
    // rep outsb; hlt
    const machine = new TracedMachine(engine, 'f36e f4').flags(FLAG_IF);
    machine.cpu.state.setGpr(RCX, 3n);
    machine.cpu.state.setGpr(2, 0x80n);
    machine.cpu.state.setGpr(6, 0x2000n);
    machine.onPort = () => machine.cpu.setInterruptLine(true);
    expect(machine.run()).toEqual(['INTR@0 RF', 'INTR@0 RF', 'INTR@2', 'halted']);
  });

  it('is set where a string instruction goes on, clear where it begins anew', () => {
    // rep stosb; jmp -4
    const made = (): TracedMachine => {
      const machine = new TracedMachine(engine, 'f3aa ebfc').flags(FLAG_IF);
      machine.cpu.state.setGpr(RCX, 3n);
      machine.cpu.state.setGpr(RDI, 0x2000n);
      return machine;
    };
    for (const [instructions, event] of [
      [2, 'INTR@0 RF'],
      [3, 'INTR@2'],
      [4, 'INTR@0'],
    ] as const) {
      const machine = made();
      machine.cpu.run(instructions);
      machine.cpu.setInterruptLine(true);
      expect(machine.run(3)[0]).toBe(event);
    }
  });

  it('is set for NMIs between the iterations of a string instruction, clear behind the last', () => {
    // rep outsb; hlt
    const machine = new TracedMachine(engine, 'f36e f4');
    machine.cpu.state.setGpr(RCX, 2n);
    machine.cpu.state.setGpr(2, 0x80n);
    machine.cpu.state.setGpr(6, 0x2000n);
    machine.onPort = () => machine.cpu.raiseNmi();
    expect(machine.run()).toEqual(['NMI@0 RF', 'NMI@2', 'halted']);
  });

  it('keeps a breakpoint on a string instruction from coming again behind an interrupt', () => {
    // rep outsb; hlt
    const machine = new TracedMachine(engine, 'f36e f4').breakpoints({ at: CODE }).flags(FLAG_IF);
    machine.cpu.state.setGpr(RCX, 3n);
    machine.cpu.state.setGpr(2, 0x80n);
    machine.cpu.state.setGpr(6, 0x2000n);
    machine.handlers.set(1, resume);
    machine.onPort = () => machine.cpu.setInterruptLine(true);
    expect(machine.run()).toEqual(['DB@0 B0', 'INTR@0 RF', 'INTR@0 RF', 'INTR@2', 'halted']);
  });

  it('is set for traps between the iterations of a string instruction, clear behind the last', () => {
    // rep stosb; hlt
    const steps = new TracedMachine(engine, 'f3aa f4').flags(FLAG_TF);
    steps.cpu.state.setGpr(RCX, 2n);
    steps.cpu.state.setGpr(RDI, 0x2000n);
    steps.handlers.set(1, (m) => {
      if (m.events.length === 2) m.cpu.memory.write32(m.frame(1, 2).at, 2);
    });
    expect(steps.run()).toEqual(['DB@0 BS RF TF', 'DB@2 BS TF', 'halted']);
    const data = new TracedMachine(engine, 'f3aa f4').breakpoints({ at: 0x2000, on: 'write', sizeBytes: 8 });
    data.cpu.state.setGpr(RCX, 3n);
    data.cpu.state.setGpr(RDI, 0x2000n);
    expect(data.run()).toEqual(['DB@0 B0 RF', 'DB@0 B0 RF', 'DB@2 B0', 'halted']);
  });

  it('is not set by POPF, and PUSHF shows it clear', () => {
    // push 10002h; popfq; nop; hlt
    const popped = new TracedMachine(engine, '6802000100 9d 90 f4').breakpoints({ at: CODE + 6 });
    popped.handlers.set(1, resume);
    expect(popped.run()).toEqual(['DB@6 B0', 'halted']);
    // pushfq; pop rax; hlt
    const pushed = new TracedMachine(engine, '9c 58 f4');
    pushed.cpu.state.rflags = 2 | FLAG_RF;
    pushed.cpu.synchronize();
    pushed.run();
    expect(pushed.cpu.state.gpr(0)).toBe(2n);
  });
});
