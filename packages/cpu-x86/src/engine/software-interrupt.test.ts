/**
 * INT n, INT3, INTO, INT1 and BOUND: what their gates ask, what they push, and what an error code says.
 *
 * @source SDM Vol. 2A "INT n/INTO/INT3/INT1—Call to Interrupt Procedure", "BOUND"; SDM Vol. 3A "Error Code",
 * "Protection of Exception- and Interrupt-Handler Procedures"
 */
import { describe, expect, it } from 'vitest';
import { RCX } from '../machines.test.fixture.ts';
import { IDTR_LIMIT } from '../state/layout.ts';
import { FLAG_OF, FLAG_TF } from '../state/rflags.ts';
import { TracedMachine } from './event-trace.test.fixture.ts';

const IDT = 0x9000;
const TSS = 0x7000;
const GATE_SIZE_BYTES = 8;
type Engine = 'interpreter' | 'jit' | 'check';

/** Code at CPL 3 of protected mode, with a stack at level 0 for handlers. */
function userMachine(engine: Engine, code: string): TracedMachine {
  const machine = new TracedMachine(engine, code, { mode: 'protected' });
  const { state, memory } = machine.cpu;
  state.segments[7]?.load(0x28, BigInt(TSS), 0x67, 0x8b);
  memory.write32(TSS + 4, 0x6_0000);
  memory.write32(TSS + 8, 0x10);
  // 18h and 20h: code and data of level 3.
  memory.write32(0x8018, 0x0000_ffff);
  memory.write32(0x801c, 0x00cf_fb00);
  memory.write32(0x8020, 0x0000_ffff);
  memory.write32(0x8024, 0x00cf_f300);
  state.setField(0x228, 0x2f);
  state.segments[1]?.load(0x1b, 0n, 0xffff_ffff, 0xc0fb);
  for (const index of [0, 2, 3, 4, 5]) state.segments[index]?.load(0x23, 0n, 0xffff_ffff, 0xc0f3);
  state.cpl = 3;
  machine.cpu.synchronize();
  return machine;
}
const setDpl3 = (machine: TracedMachine, vector: number): void =>
  machine.cpu.memory.write8(IDT + GATE_SIZE_BYTES * vector + 5, 0xee);
/** The handlers of faults stop the run, since nothing was put right. */
function runToFault(machine: TracedMachine): string[] {
  for (const vector of [5, 6, 11, 13]) machine.handlers.set(vector, (m) => m.cpu.requestStop());
  return machine.run();
}

describe.each(['interpreter', 'jit', 'check'] as const)('in %s', (engine) => {
  it.each([
    ['INT n', 'cd21', 0x21, '33@2'],
    ['INT 3', 'cd03', 3, 'BP@2'],
    ['INT3', 'cc', 3, 'BP@1'],
    ['INTO', 'ce', 4, 'OF@1'],
  ])('%s at CPL 3 needs a gate of DPL 3: else #GP names it, with EXT clear', (_name, code, vector, event) => {
    const denied = userMachine(engine, code).flags(FLAG_OF);
    expect(runToFault(denied)).toEqual([`GP@0 (${(vector * 8 + 2).toString(16)}) RF`, 'stopped']);
    const allowed = userMachine(engine, `${code} 0f0b`).flags(FLAG_OF);
    setDpl3(allowed, vector);
    expect(runToFault(allowed)[0]).toBe(event);
  });

  it('INT1 does not look at the DPL of its gate, and leaves DR6 alone', () => {
    expect(runToFault(userMachine(engine, 'f1 0f0b'))).toEqual(['DB@1', 'UD@1 RF', 'stopped']);
  });

  it('exceptions do not look at the DPL of their gates either', () => {
    expect(runToFault(userMachine(engine, '0f0b'))).toEqual(['UD@0 RF', 'stopped']);
  });

  it.each([
    ['INT n', 'cd21', 0x21, 0],
    ['INT3', 'cc', 3, 0],
    ['INTO', 'ce', 4, 0],
    ['INT1', 'f1', 1, 1],
    ['#UD', '0f0b', 6, 1],
  ])('a gate that is not present is #NP at the instruction: %s', (_name, code, vector, ext) => {
    const machine = new TracedMachine(engine, code, { mode: 'protected' }).flags(FLAG_OF);
    machine.cpu.memory.write8(IDT + GATE_SIZE_BYTES * vector + 5, 0x0e);
    expect(runToFault(machine)).toEqual([`NP@0 (${(vector * 8 + 2 + ext).toString(16)}) RF`, 'stopped']);
  });

  it('a vector beyond the limit of the IDT is #GP that names it; the DPL is looked at before presence', () => {
    const machine = new TracedMachine(engine, 'cd21', { mode: 'protected' });
    machine.cpu.state.setField(IDTR_LIMIT, 0x21 * GATE_SIZE_BYTES + 6);
    expect(runToFault(machine)).toEqual(['GP@0 (10a) RF', 'stopped']);
    const both = userMachine(engine, 'cd21');
    both.cpu.memory.write8(IDT + GATE_SIZE_BYTES * 0x21 + 5, 0x0e);
    expect(runToFault(both)).toEqual(['GP@0 (10a) RF', 'stopped']);
  });

  it('INTO does nothing with OF clear, and is #UD in 64-bit mode, as is BOUND', () => {
    expect(new TracedMachine(engine, 'ce f4', { mode: 'protected' }).run()).toEqual(['halted']);
    expect(runToFault(new TracedMachine(engine, 'ce').flags(FLAG_OF))).toEqual(['UD@0 RF', 'stopped']);
    expect(runToFault(new TracedMachine(engine, '620c2500200000'))).toEqual(['UD@0 RF', 'stopped']);
  });

  it('BOUND is a fault: its frame names the instruction', () => {
    // bound ecx, [2000h]; hlt
    const bound = (index: number): string[] => {
      const machine = new TracedMachine(engine, '620d00200000 f4', { mode: 'protected' });
      machine.cpu.memory.write32(0x2000, 0xffff_fffe);
      machine.cpu.memory.write32(0x2004, 5);
      machine.cpu.state.setGpr(RCX, BigInt(index >>> 0));
      return runToFault(machine);
    };
    for (const index of [-2, 0, 5]) expect(bound(index)).toEqual(['halted']);
    for (const index of [-3, 6]) expect(bound(index)).toEqual(['BR@0 RF', 'stopped']);
  });

  it.each(['cd21', 'cc', 'f1'])(
    'TF is clear in the handler of %s, and its return traps behind the next instruction',
    (code) => {
      // ...; nop; nop; hlt
      const machine = new TracedMachine(engine, `${code} 90 90 f4`).flags(FLAG_TF);
      const length = code.length / 2;
      machine.handlers.set(1, (m) => {
        // The handler of INT1 is that of the trap, which ends the stepping.
        if (m.events.length === 2) m.cpu.memory.write32(m.frame(1, 2).at, 2);
      });
      const names: Readonly<Record<string, string>> = { cd21: '33', cc: 'BP', f1: 'DB' };
      expect(machine.run()).toEqual([`${names[code]}@${length} TF`, `DB@${length + 1} BS TF`, 'halted']);
    },
  );
});
