/**
 * NMIs, and what blocks them.
 *
 * @source SDM Vol. 3A "Nonmaskable Interrupt (NMI)", "Handling Multiple NMIs"
 */
import { describe, expect, it } from 'vitest';
import { place } from '../machines.test.fixture.ts';
import { FLAG_IF } from '../state/rflags.ts';
import { HANDLERS, TracedMachine } from './event-trace.test.fixture.ts';

describe.each(['interpreter', 'jit', 'check'] as const)('an NMI in %s', (engine) => {
  it('comes whatever IF is, and ends HLT', () => {
    // nop; hlt; hlt
    const machine = new TracedMachine(engine, '90 f4 f4');
    expect(machine.run()).toEqual(['halted']);
    machine.cpu.raiseNmi();
    expect(machine.run()).toEqual(['NMI@2', 'halted']);
  });

  it('waits, once, for the IRET of the one before', () => {
    // nop; hlt
    const machine = new TracedMachine(engine, '90 f4');
    machine.handlers.set(2, (m) => {
      if (m.events.length > 1) return;
      m.cpu.raiseNmi();
      m.cpu.raiseNmi();
    });
    machine.cpu.raiseNmi();
    expect(machine.run()).toEqual(['NMI@0', 'NMI@0', 'halted']);
  });

  it('waits for any IRET: that of another handler ends the blocking too', () => {
    // nop; hlt. The handler of the NMI begins with int3.
    const machine = new TracedMachine(engine, '90 f4');
    place(machine.cpu, machine.handlerOf(2), 'e602 cc 48cf');
    machine.handlers.set(2, (m) => {
      if (m.events.length === 1) m.cpu.raiseNmi();
      // The second one must not go on for ever.
      else place(m.cpu, m.handlerOf(2) + 2, '90');
    });
    machine.cpu.raiseNmi();
    expect(machine.run()).toEqual(['NMI@0', 'BP@10023h', 'NMI@10023h', 'halted']);
  });

  it('is no longer blocked behind an IRET that faults', () => {
    // nop; hlt. The handler of the NMI returns to a selector beyond the GDT: #GP, whose handler finds the next NMI pending.
    const machine = new TracedMachine(engine, '90 f4');
    machine.handlers.set(2, (m) => {
      if (m.events.length > 1) return;
      m.cpu.raiseNmi();
      const selector = m.frame(2, 1);
      m.cpu.memory.write32(selector.at, 0x1000);
    });
    machine.handlers.set(13, (m) => {
      const outer = m.frame(13, 0);
      // Back to HLT.
      m.cpu.memory.write32(outer.at, 0x1001);
    });
    machine.cpu.raiseNmi();
    const handler = (HANDLERS + 16 * 13).toString(16);
    expect(machine.run()).toEqual(['NMI@0', `NMI@${handler}h`, 'GP@10022h (1000) RF', 'halted']);
  });

  it('is blocked by exceptions of its handler no less, until an IRET', () => {
    // nop; hlt. The handler of the NMI begins with ud2, whose handler makes another pending.
    const machine = new TracedMachine(engine, '90 f4');
    place(machine.cpu, machine.handlerOf(2), 'e602 0f0b 48cf');
    machine.handlers.set(2, (m) => {
      if (m.events.length > 1) place(m.cpu, m.handlerOf(2) + 2, '9090');
    });
    machine.handlers.set(6, (m) => {
      m.cpu.raiseNmi();
      const rip = m.frame(6, 0);
      m.cpu.memory.write32(rip.at, rip.value + 2);
    });
    machine.cpu.raiseNmi();
    expect(machine.run()).toEqual(['NMI@0', 'UD@10022h RF', 'NMI@10024h RF', 'halted']);
  });

  it('comes before an external interrupt, which then waits for its IRET', () => {
    // nop; hlt
    const machine = new TracedMachine(engine, '90 f4').flags(FLAG_IF);
    machine.cpu.setInterruptLine(true);
    machine.cpu.raiseNmi();
    expect(machine.run()).toEqual(['NMI@0', 'INTR@0', 'halted']);
  });
});
