/**
 * Single steps over instructions that change TF, privilege or the processor's activity; breakpoints on data as traps.
 *
 * @source SDM Vol. 3B "Single-Step Exception Condition", "Data Memory and I/O Breakpoint Exception Conditions"; SDM Vol. 2D
 * "SYSCALL", "SYSENTER"
 */
import { describe, expect, it } from 'vitest';
import { place, RCX, RDI, RSI } from '../machines.test.fixture.ts';
import { CR4_DE, EFER_SCE } from '../state/control-registers.ts';
import {
  CR4,
  MSR_EFER,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
} from '../state/layout.ts';
import { FLAG_TF } from '../state/rflags.ts';
import { type Handler, TracedMachine } from './event-trace.test.fixture.ts';

const stop: Handler = (machine) => machine.cpu.memory.write32(machine.frame(1, 2).at, 2);
/** Lets so many traps pass, then ends the stepping. */
const stopAt =
  (count: number): Handler =>
  (machine) => {
    if (machine.events.length >= count) stop(machine);
  };

describe.each(['interpreter', 'jit', 'check'] as const)('a single step in %s', (engine) => {
  const systemCall = (mask: number): TracedMachine => {
    // syscall; its target: nop; hlt
    const machine = new TracedMachine(engine, '0f05').flags(FLAG_TF);
    const { state } = machine.cpu;
    state.setWideField(MSR_EFER, state.wideField(MSR_EFER) | BigInt(EFER_SCE));
    state.setWideField(MSR_STAR, 0x8n << 32n);
    state.setWideField(MSR_LSTAR, 0x1800n);
    state.setWideField(MSR_FMASK, BigInt(mask));
    place(machine.cpu, 0x1800, '90 f4');
    machine.handlers.set(1, stop);
    machine.cpu.synchronize();
    return machine;
  };

  it('over SYSCALL traps at its target, unless IA32_FMASK clears TF', () => {
    expect(systemCall(0).run()).toEqual(['DB@800 BS TF', 'halted']);
    expect(systemCall(FLAG_TF).run()).toEqual(['halted']);
  });

  it('over SYSENTER traps at its target: it leaves TF alone', () => {
    const machine = new TracedMachine(engine, '0f34', { mode: 'protected' }).flags(FLAG_TF);
    const { state } = machine.cpu;
    state.setWideField(MSR_SYSENTER_CS, 0x8n);
    state.setWideField(MSR_SYSENTER_EIP, 0x1800n);
    state.setWideField(MSR_SYSENTER_ESP, 0x6_0000n);
    place(machine.cpu, 0x1800, '90 f4');
    machine.handlers.set(1, stop);
    machine.cpu.synchronize();
    expect(machine.run()).toEqual(['DB@800 BS TF', 'halted']);
  });

  it('over HLT ends the wait', () => {
    // hlt; nop; hlt
    const machine = new TracedMachine(engine, 'f4 90 f4').flags(FLAG_TF);
    machine.handlers.set(1, stop);
    expect(machine.run()).toEqual(['DB@1 BS TF', 'halted']);
    expect(machine.cpu.state.rip).toBe(0x1003n);
  });

  it('begins behind the instruction that follows POPF or IRET', () => {
    // push 102h; popfq; nop; hlt
    const popped = new TracedMachine(engine, '6802010000 9d 90 f4');
    popped.handlers.set(1, stop);
    expect(popped.run()).toEqual(['DB@7 BS TF', 'halted']);
    // int 21h; nop; hlt
    const returned = new TracedMachine(engine, 'cd21 90 f4');
    returned.handlers.set(1, stop);
    returned.handlers.set(0x21, (m) => m.cpu.memory.write32(m.frame(0x21, 2).at, 2 | FLAG_TF));
    expect(returned.run()).toEqual(['33@2', 'DB@3 BS TF', 'halted']);
  });

  it('traps a last time behind the POPF that clears TF, with it clear in the image', () => {
    // push 2; popfq; nop; hlt
    const machine = new TracedMachine(engine, '6a02 9d 90 f4').flags(FLAG_TF);
    expect(machine.run()).toEqual(['DB@2 BS TF', 'DB@3 BS', 'halted']);
  });

  it('does not come behind an instruction that faults', () => {
    // ud2; nop; hlt
    const machine = new TracedMachine(engine, '0f0b 90 f4').flags(FLAG_TF);
    machine.handlers.set(6, (m) => {
      const rip = m.frame(6, 0);
      m.cpu.memory.write32(rip.at, rip.value + 2);
    });
    machine.handlers.set(1, stop);
    expect(machine.run()).toEqual(['UD@0 RF TF', 'DB@3 BS TF', 'halted']);
  });

  it('over jumps, calls and returns names their targets', () => {
    // jmp +1; hlt; call +1; hlt; ret, then hlt behind the call
    const machine = new TracedMachine(engine, 'eb01 f4 e801000000 f4 c3').flags(FLAG_TF);
    machine.handlers.set(1, stopAt(3));
    expect(machine.run()).toEqual(['DB@3 BS TF', 'DB@9 BS TF', 'DB@8 BS TF', 'halted']);
  });
});

describe.each(['interpreter', 'jit', 'check'] as const)('a breakpoint on data in %s', (engine) => {
  it.each([
    ['push rcx', '51', 0x7fff8, 8],
    ['call +0', 'e800000000', 0x7fff8, 8],
    ['xchg [2000h], ecx', '870c2500200000', 0x2000, 4],
    ['lock inc dword [2000h]', 'f0ff042500200000', 0x2000, 4],
    ['cmpxchg [2000h], ecx, which stores what it has read', '0fb10c2500200000', 0x2000, 4],
  ] as const)('on writes comes behind %s', (_name, code, at, sizeBytes) => {
    const machine = new TracedMachine(engine, `${code} f4`).breakpoints({ at, on: 'write', sizeBytes });
    const length = (code.length / 2).toString(16);
    expect(machine.run()).toEqual([`DB@${length} B0`, 'halted']);
  });

  it('ignores the low bits of its address, by its length', () => {
    // mov [2003h], cl; hlt
    const machine = new TracedMachine(engine, '880c2503200000 f4').breakpoints({
      at: 0x2001,
      on: 'write',
      sizeBytes: 4,
    });
    expect(machine.run()).toEqual(['DB@7 B0', 'halted']);
  });

  it('of a repeated string instruction comes behind the iteration', () => {
    // rep movsd; hlt
    const machine = new TracedMachine(engine, 'f3a5 f4').breakpoints(
      { at: 0x2004, on: 'access', sizeBytes: 4 },
      { at: 0x300c, on: 'write', sizeBytes: 4 },
    );
    machine.cpu.state.setGpr(RCX, 4n);
    machine.cpu.state.setGpr(RSI, 0x2000n);
    machine.cpu.state.setGpr(RDI, 0x3000n);
    const counts: bigint[] = [];
    machine.handlers.set(1, (m) => counts.push(m.cpu.state.gpr(RCX)));
    expect(machine.run()).toEqual(['DB@0 B0 RF', 'DB@2 B1', 'halted']);
    expect(counts).toEqual([2n, 0n]);
  });

  it('is not met by an instruction that faults', () => {
    // push qword [2000h], with the stack where nothing is mapped; hlt
    const machine = new TracedMachine(engine, 'ff342500200000 f4').breakpoints({
      at: 0x2000,
      on: 'access',
      sizeBytes: 8,
    });
    machine.cpu.state.setGpr(4, 0x40_0000n);
    machine.cpu.run(1);
    expect(machine.events).toEqual([]);
    expect(machine.cpu.exceptionLog.entries.map(({ vector }) => vector)).not.toContain(1);
  });

  it('on ports comes behind IN and OUT, and between the iterations of OUTS', () => {
    const made = (code: string): TracedMachine => {
      const machine = new TracedMachine(engine, `${code} f4`).breakpoints({ at: 0x80, on: 'port' });
      const { state } = machine.cpu;
      state.setField(CR4, (state.field(CR4) | CR4_DE) >>> 0);
      state.setGpr(RCX, 2n);
      state.setGpr(2, 0x80n);
      state.setGpr(RSI, 0x2000n);
      machine.cpu.synchronize();
      return machine;
    };
    expect(made('e680').run()).toEqual(['DB@2 B0', 'halted']);
    expect(made('e480').run()).toEqual(['DB@2 B0', 'halted']);
    expect(made('f36e').run()).toEqual(['DB@0 B0 RF', 'DB@2 B0', 'halted']);
  });
});
