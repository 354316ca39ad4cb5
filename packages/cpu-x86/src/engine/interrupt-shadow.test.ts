/**
 * What STI and loads of SS hold back, and what not.
 *
 * @source SDM Vol. 2B "STI", "MOV", "POP"; SDM Vol. 3A "Masking Exceptions and Interrupts When Switching Stacks"
 */
import { describe, expect, it } from 'vitest';
import { RCX } from '../machines.test.fixture.ts';
import { FLAG_IF, FLAG_TF } from '../state/rflags.ts';
import { TracedMachine } from './event-trace.test.fixture.ts';

const STACK_SELECTOR = 0x10n;

/** A machine whose CX is a good stack selector, and [2000h] too. */
function machine(
  engine: 'interpreter' | 'jit' | 'check',
  code: string,
  mode: 'long' | 'protected' = 'long',
): TracedMachine {
  const made = new TracedMachine(engine, code, { mode });
  made.cpu.state.setGpr(RCX, STACK_SELECTOR);
  made.cpu.memory.write32(0x2000, Number(STACK_SELECTOR));
  return made;
}

describe.each(['interpreter', 'jit', 'check'] as const)('in %s', (engine) => {
  it('STI holds interrupts back for one instruction, if IF was clear', () => {
    // sti; nop; nop; hlt
    const clear = machine(engine, 'fb 90 90 f4');
    clear.cpu.setInterruptLine(true);
    expect(clear.run()).toEqual(['INTR@2', 'halted']);
    // out 80h, al; sti; nop; hlt: the request comes with the instruction before STI, and with IF set it is taken at once
    const set = machine(engine, 'e680 fb 90 f4').flags(FLAG_IF);
    set.onPort = () => set.cpu.setInterruptLine(true);
    expect(set.run()).toEqual(['INTR@2', 'halted']);
    // sti; sti; nop; hlt: the second has IF set already
    const twice = machine(engine, 'fb fb 90 f4');
    twice.cpu.setInterruptLine(true);
    expect(twice.run()).toEqual(['INTR@2', 'halted']);
  });

  it('STI and HLT: the interrupt ends the wait, and is not lost', () => {
    // sti; hlt; hlt
    const pending = machine(engine, 'fb f4 f4');
    pending.cpu.setInterruptLine(true);
    expect(pending.run()).toEqual(['INTR@2', 'halted']);
  });

  it('POPF and IRET hold nothing back', () => {
    // push 202h; popfq; nop; hlt
    const popped = machine(engine, '6802020000 9d 90 f4');
    popped.cpu.setInterruptLine(true);
    expect(popped.run()).toEqual(['INTR@6', 'halted']);
    // int 21h; nop; hlt, and its handler returns with IF set
    const returned = machine(engine, 'cd21 90 f4');
    returned.handlers.set(0x21, (m) => {
      const flags = m.frame(0x21, 2);
      m.cpu.memory.write32(flags.at, flags.value | FLAG_IF);
      m.cpu.setInterruptLine(true);
    });
    expect(returned.run()).toEqual(['33@2', 'INTR@2', 'halted']);
  });

  it.each([
    ['MOV SS from a register', '8ed1', 2, 'long'],
    ['MOV SS from memory', '8e142500200000', 7, 'long'],
    ['POP SS', '17', 1, 'protected'],
  ] as const)('%s holds back interrupts, NMIs and single steps', (_name, code, length, mode) => {
    const next = length.toString(16);
    const behind = (length + 1).toString(16);
    const made = (flags: number): TracedMachine => {
      // ...; nop; nop; hlt
      const m = machine(engine, `${code} 90 90 f4`, mode).flags(flags);
      if (mode === 'protected') {
        m.cpu.state.setGpr(4, 0x7fff0n);
        m.cpu.memory.write32(0x7fff0, Number(STACK_SELECTOR));
      }
      return m;
    };
    const interrupted = made(FLAG_IF);
    interrupted.cpu.run(0);
    interrupted.cpu.run(1);
    interrupted.cpu.setInterruptLine(true);
    expect([next, interrupted.run()]).toEqual([next, [`INTR@${behind}`, 'halted']]);
    const nmi = made(0);
    nmi.cpu.run(1);
    nmi.cpu.raiseNmi();
    expect(nmi.run()).toEqual([`NMI@${behind}`, 'halted']);
    const stepped = made(FLAG_TF);
    const all = stepped.run();
    expect(all.slice(0, 2)).toEqual([`DB@${behind} BS TF`, `DB@${(length + 2).toString(16)} BS TF`]);
  });

  it('LSS holds nothing back', () => {
    // lss ecx, [2100h]; nop; hlt
    const stepped = machine(engine, '0fb20c2500210000 90 f4').flags(FLAG_TF);
    stepped.cpu.memory.write16(0x2104, Number(STACK_SELECTOR));
    expect(stepped.run()[0]).toBe('DB@8 BS TF');
  });

  it('a load of SS that faults holds nothing back', () => {
    // mov ss, ecx; hlt
    const faulty = machine(engine, '8ed1 f4').flags(FLAG_IF);
    faulty.cpu.state.setGpr(RCX, 0x33n);
    faulty.handlers.set(13, (m) => {
      const rip = m.frame(13, 0);
      m.cpu.memory.write32(rip.at, rip.value + 2);
      m.cpu.setInterruptLine(true);
    });
    expect(faulty.run()).toEqual(['GP@0 (30) RF', 'INTR@2 RF', 'halted']);
  });

  it('breakpoints on data that a load of SS meets wait, and come behind INT n with its handler', () => {
    const met = (code: string): string[] => {
      const m = machine(engine, `8e142500200000 ${code} f4`).breakpoints({ at: 0x2000, on: 'access', sizeBytes: 2 });
      return m.run();
    };
    expect(met('90')).toEqual(['DB@8 B0', 'halted']);
    expect(met('cd21')).toEqual(['DB@10210h B0', '33@9', 'halted']);
    expect(met('cc')).toEqual(['DB@10030h B0', 'BP@8', 'halted']);
  });

  it('STI holds back neither single steps nor NMIs for longer than one instruction', () => {
    // sti; nop; hlt
    const stepped = machine(engine, 'fb 90 f4').flags(FLAG_TF);
    expect(stepped.run().slice(0, 2)).toEqual(['DB@1 BS TF', 'DB@2 BS TF']);
    const pending = machine(engine, 'fb 90 f4').flags(FLAG_TF);
    pending.cpu.setInterruptLine(true);
    // The trap comes first; it ends the shadow, and its handler runs with interrupts off.
    expect(pending.run().slice(0, 3)).toEqual(['DB@1 BS TF', 'INTR@1 TF', 'DB@2 BS TF']);
    const nmi = machine(engine, 'fb 90 90 f4');
    nmi.cpu.run(1);
    nmi.cpu.raiseNmi();
    expect(['NMI@1', 'NMI@2']).toContain(nmi.run()[0]);
  });
});
