import { describe, expect, it } from 'vitest';
import { Cpu } from './cpu.ts';
import { CS } from './decode/instruction.ts';
import {
  HANDLER_SPACING,
  installGdt,
  installIdt,
  longModeMachine,
  place,
  RAX,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  RSP,
  realModeMachine,
  stateHash,
} from './machines.test.fixture.ts';
import { DR, GDTR_BASE, GDTR_LIMIT, MSR_EFER, MSR_STAR } from './state/layout.ts';
import { FLAG_IF, FLAG_TF } from './state/rflags.ts';

const HANDLERS = 0x5000;
const handlerOf = (vector: number): number => HANDLERS + HANDLER_SPACING * vector;

/** A 64-bit machine with a GDT and an IDT whose handlers halt. */
function machineWithIdt(options: Parameters<typeof longModeMachine>[0] = {}): Cpu {
  const { cpu } = longModeMachine(options);
  installGdt(cpu, 0x3000);
  installIdt(cpu, { idt: 0x4000, handlers: HANDLERS });
  cpu.synchronize();
  return cpu;
}

/**
 * A guest that does a bit of everything, for ever: arithmetic, memory, calls, repeated strings, a division error and an
 * undefined instruction with their handlers, stores to its own code, port output.
 */
function busyMachine(options: Parameters<typeof longModeMachine>[0] = {}): Cpu {
  const cpu = machineWithIdt(options);
  // mov ecx, 5; again: imul rax, rax, 6364136223846793005; add rax, rcx; rol rax, 7; adc rbx, rax; push rax;
  // call near sub1; pop rdx; sbb rdx, rbx; cmp dl, 0x40; jb skip; xor ebx, edx; skip: dec ecx; jnz again;
  // push rcx; mov esi, 0x10000; mov edi, 0x10100; mov ecx, 37; rep movsb; mov ecx, 11; mov rax, rbx; rep stosq;
  // mov esi, 0x10000; mov edi, 0x10040; mov ecx, 64; repe cmpsb; setz al; pop rcx; xor edx, edx; mov eax, 7;
  // div edx; ud2; inc byte [patched + 1]; patched: mov al, 1; add [0x10000], al; out 0x80, al; mov rax, rbx;
  // jmp near 0x1000; sub1: xor [0x10000 + rcx*8], rax; lea rax, [rax + rcx*4 + 3]; ret
  place(
    cpu,
    0x1000,
    'b9050000004869c02d7f954c4801c848c1c0074811c350e8660000005a4819da80fa40720231d3ffc975da51be00000100bf00010100b925000000f3a4b90b0000004889d8f348abbe00000100bf40000100b940000000f3a60f94c05931d2b807000000f7f20f0bfe042570100000b00100042500000100e6804889d8e97effffff483104cd00000100488d448803c3',
  );
  // The handlers of #DE and #UD step over two bytes.
  // add qword [rsp], 2; iretq
  for (const vector of [0, 6]) place(cpu, handlerOf(vector), '488304240248cf');
  cpu.state.setGpr(RAX, 0x123456789n);
  return cpu;
}

describe('the instruction budget', () => {
  it.each([1, 2, 3, 10, 63, 64, 65, 500, 2000])('is met exactly: run(%i)', (count) => {
    const cpu = busyMachine();
    expect(cpu.run(count)).toBe('limit');
    expect(cpu.instructionCount).toBe(count);
  });

  it('does not shape the run: every step size ends in the same state', () => {
    const total = 21_000;
    const whole = busyMachine();
    whole.run(total);
    for (const step of [1, 7, 64, 1000]) {
      const cpu = busyMachine();
      for (let left = total; left > 0; left -= step) expect(cpu.run(Math.min(step, left))).toBe('limit');
      expect(cpu.instructionCount, `steps of ${step}`).toBe(total);
      expect(stateHash(cpu), `steps of ${step}`).toBe(stateHash(whole));
    }
  });

  it('of nothing runs nothing', () => {
    const cpu = busyMachine();
    const before = stateHash(cpu);
    expect(cpu.run(0)).toBe('limit');
    expect(stateHash(cpu)).toBe(before);
  });

  it('ends in the middle of a repeated string instruction, which goes on from there', () => {
    const { cpu } = longModeMachine();
    // nop; rep movsb; hlt
    place(cpu, 0x1000, '90f3a4f4');
    for (let i = 0; i < 50; i++) cpu.memory.write8(0x9000 + i, i + 1);
    cpu.state.setGpr(RCX, 50n);
    cpu.state.setGpr(RSI, 0x9000n);
    cpu.state.setGpr(RDI, 0xa000n);
    cpu.run(11);
    expect([cpu.state.gpr(RCX), cpu.state.gpr(RSI), cpu.state.gpr(RDI)]).toEqual([40n, 0x900an, 0xa00an]);
    expect(cpu.state.rip).toBe(0x1001n);
    expect([cpu.memory.read8(0xa009), cpu.memory.read8(0xa00a)]).toEqual([10, 0]);
    cpu.run(40);
    expect([cpu.state.gpr(RCX), cpu.state.rip]).toEqual([0n, 0x1003n]);
    expect(cpu.run(10)).toBe('halted');
    expect(cpu.instructionCount).toBe(52);
    expect(cpu.memory.read8(0xa031)).toBe(50);
  });

  it('counts one instruction for a repetition of none', () => {
    const { cpu } = longModeMachine();
    // rep stosb; inc eax; hlt
    place(cpu, 0x1000, 'f3aaffc0f4');
    cpu.state.setGpr(RCX, 0n);
    cpu.run(2);
    expect([cpu.state.rip, cpu.state.gpr(RAX)]).toEqual([0x1004n, 1n]);
  });

  it('counts the delivery of an exception with the instruction that raised it', () => {
    const cpu = machineWithIdt();
    // nop; ud2
    place(cpu, 0x1000, '900f0b');
    // inc eax; inc eax
    place(cpu, handlerOf(6), 'ffc0ffc0');
    cpu.run(3);
    expect([cpu.state.rip, cpu.state.gpr(RAX)]).toEqual([BigInt(handlerOf(6) + 2), 1n]);
  });
});

describe('the time that devices see', () => {
  it('is exact at every port access, wherever in a block it stands', () => {
    const seen: number[] = [];
    const cpu: Cpu = longModeMachine({
      ports: { readPort: () => seen.push(cpu.instructionCount), writePort: () => void seen.push(cpu.instructionCount) },
    }).cpu;
    // inc ebx; out 0x80, al; nop; nop; in al, 0x80; mov ecx, 3; rep outsb; nop; out 0x80, al; hlt
    place(cpu, 0x1000, 'ffc3e6809090e480b903000000f36e90e680f4');
    cpu.run(100);
    expect(seen).toEqual([1, 4, 6, 7, 8, 10]);
  });

  it('is exact at every access to device memory', () => {
    const seen: [number, string, number][] = [];
    const cpu: Cpu = longModeMachine({
      memoryIo: {
        readMemory: (address, width) => {
          seen.push([cpu.instructionCount, `read${width}`, address]);
          return 0x11223344;
        },
        writeMemory: (address, width) => void seen.push([cpu.instructionCount, `write${width}`, address]),
      },
    }).cpu;
    cpu.memory.setRegion(0xa0000, 0xb0000, 'device');
    cpu.synchronize();
    // nop; mov eax, [0xa0010]; nop; mov [0xa0020], ax; add byte [0xa0030], 1; mov rbx, [0xa0040]; hlt
    place(cpu, 0x1000, '908b042510000a00906689042520000a0080042530000a0001488b1c2540000a00f4');
    cpu.run(100);
    expect(seen).toEqual([
      [1, 'read32', 0xa0010],
      [3, 'write16', 0xa0020],
      [4, 'read8', 0xa0030],
      [4, 'write8', 0xa0030],
      [5, 'read32', 0xa0040],
      [5, 'read32', 0xa0044],
    ]);
    expect([cpu.state.gpr(RAX), cpu.state.gpr(RBX)]).toEqual([0x11223344n, 0x1122334411223344n]);
  });
});

describe('a run', () => {
  it('can be repeated: the same start gives the same state every 10,000 instructions', () => {
    const [a, b] = [busyMachine(), busyMachine()];
    for (let i = 0; i < 5; i++) {
      a.run(10_000);
      b.run(10_000);
      expect(stateHash(a)).toBe(stateHash(b));
    }
  });

  it('goes on from a snapshot in another machine', () => {
    const whole = busyMachine();
    whole.run(3333);
    const snapshot = structuredClone(whole.snapshot());
    const ram = whole.memory.read(0, whole.memory.ramSizeBytes);
    whole.run(7777);
    const other = longModeMachine().cpu;
    other.memory.write(0, ram);
    other.restore(snapshot);
    expect(other.instructionCount).toBe(3333);
    other.run(7777);
    expect(stateHash(other)).toBe(stateHash(whole));
  });

  it('goes back to a snapshot in the same machine', () => {
    const cpu = busyMachine();
    cpu.run(1000);
    const snapshot = cpu.snapshot();
    const ram = cpu.memory.read(0, cpu.memory.ramSizeBytes);
    cpu.run(5000);
    const wanted = stateHash(cpu);
    cpu.memory.write(0, ram);
    cpu.restore(snapshot);
    cpu.run(5000);
    expect(stateHash(cpu)).toBe(wanted);
  });

  it('can be snapshot inside a repeated string instruction and in the shadow of STI', () => {
    for (const count of [5, 7]) {
      const make = (): Cpu => {
        const cpu = machineWithIdt({ interrupts: { acknowledge: () => 0x30 } });
        // mov ecx, 4; rep stosb; nop; sti; nop; nop; hlt
        place(cpu, 0x1000, 'b904000000f3aa90fb9090f4');
        cpu.state.setGpr(RDI, 0x9000n);
        cpu.setInterruptLine(true);
        return cpu;
      };
      const whole = make();
      whole.run(count);
      const other = make();
      other.memory.write(0, whole.memory.read(0, whole.memory.ramSizeBytes));
      other.restore(whole.snapshot());
      other.setInterruptLine(true);
      for (let i = 0; i < 5; i++) {
        whole.run(1);
        other.run(1);
        expect(stateHash(other)).toBe(stateHash(whole));
      }
    }
  });

  it('stops after the instruction during which a device asks for it', () => {
    const cpu: Cpu = longModeMachine({
      ports: { readPort: () => 0, writePort: () => cpu.requestStop() },
    }).cpu;
    // nop; out 0x80, al; inc eax; hlt
    place(cpu, 0x1000, '90e680ffc0f4');
    expect(cpu.run(100)).toBe('stopped');
    expect([cpu.state.rip, cpu.instructionCount]).toEqual([0x1003n, 2]);
    expect(cpu.run(100)).toBe('halted');
  });

  it('ends for good with a triple fault, the registers as they were', () => {
    const { cpu } = longModeMachine();
    // mov eax, 5; ud2
    place(cpu, 0x1000, 'b8050000000f0b');
    expect(cpu.run(100)).toBe('shutdown');
    expect(cpu.run(100)).toBe('shutdown');
    expect([cpu.state.rip, cpu.state.gpr(RAX)]).toEqual([0x1005n, 5n]);
    cpu.reset();
    expect([cpu.state.rip, cpu.state.segments[CS]?.base, cpu.instructionCount]).toEqual([0xfff0n, 0xffff0000n, 0]);
  });
});

describe('interrupts', () => {
  const interruptible = (code: string, flags = FLAG_IF): Cpu => {
    const cpu: Cpu = machineWithIdt({
      interrupts: {
        acknowledge: () => {
          cpu.setInterruptLine(false);
          return 0x30;
        },
      },
      ports: { readPort: () => 0, writePort: () => cpu.setInterruptLine(true) },
    });
    place(cpu, 0x1000, code);
    cpu.state.rflags = 2 | flags;
    return cpu;
  };
  const returnRip = (cpu: Cpu): number => cpu.memory.read32(Number(cpu.state.gpr(RSP)));

  it('are taken at the boundary after the instruction that raised the line', () => {
    // nop; out 0x80, al; inc eax; inc eax; hlt
    const cpu = interruptible('90e680ffc0ffc0f4');
    expect(cpu.run(100)).toBe('halted');
    expect([returnRip(cpu), cpu.state.gpr(RAX)]).toEqual([0x1003, 0n]);
  });

  // Each is followed by inc ecx; inc ecx; hlt, at 100Fh. RBX points at device memory, which reads as 0.
  it.each([
    ['a store', '8903', 0x1002], // mov [rbx], eax
    ['a load', '8b03', 0x1002], // mov eax, [rbx]
    ['a read-modify-write', '0103', 0x1002], // add [rbx], eax
    ['a comparison', '803b01', 0x1003], // cmp byte [rbx], 1
    ['a comparison with a branch behind it that is taken', '803b00740a', 0x1003], // cmp byte [rbx], 0; je +10
    ['a comparison with a branch behind it that is not taken', '803b01740a', 0x1003],
    ['a load that extends', '0fb703', 0x1003], // movzx eax, word [rbx]
    ['an instruction in a function of its own', '0fc103', 0x1003], // xadd [rbx], eax
    ['a jump', 'ff23', 0x0], // jmp [rbx]
  ])('are taken at the boundary after %s of device memory that raised the line', (_, code, next) => {
    for (const accessesBefore of [0, 1]) {
      let accesses = 0;
      const raise = () => {
        if (accesses++ === accessesBefore) cpu.setInterruptLine(true);
        return 0;
      };
      const cpu: Cpu = machineWithIdt({
        interrupts: { acknowledge: () => 0x30 },
        memoryIo: { readMemory: raise, writeMemory: raise },
      });
      cpu.memory.setRegion(0xa0000, 0xb0000, 'device');
      cpu.synchronize();
      place(cpu, 0x1000, `${code.padEnd(30, '90')}ffc1ffc1f4`);
      cpu.state.setGpr(RBX, 0xa0000n);
      cpu.state.rflags = 2 | FLAG_IF;
      expect(cpu.run(100)).toBe('halted');
      if (accesses <= accessesBefore) continue; // makes one access only
      expect([returnRip(cpu), cpu.state.gpr(RCX)]).toEqual([next, 0n]);
      // The instruction, the delivery, the handler's HLT.
      expect(cpu.instructionCount).toBe(3);
    }
  });

  it('are taken between two iterations of a string instruction', () => {
    let writes = 0;
    const cpu: Cpu = machineWithIdt({
      interrupts: { acknowledge: () => 0x30 },
      memoryIo: {
        readMemory: () => 0,
        writeMemory: () => {
          if (++writes === 3) cpu.setInterruptLine(true);
        },
      },
    });
    cpu.memory.setRegion(0xa0000, 0xb0000, 'device');
    cpu.synchronize();
    place(cpu, 0x1000, '90f3aaf4'); // nop; rep stosb; hlt
    cpu.state.setGpr(RDI, 0xa0000n);
    cpu.state.setGpr(RCX, 10n);
    cpu.state.rflags = 2 | FLAG_IF;
    expect(cpu.run(100)).toBe('halted');
    expect([returnRip(cpu), cpu.state.gpr(RCX), cpu.instructionCount]).toEqual([0x1001, 7n, 6]);
  });

  it('wait for STI and the instruction after it', () => {
    // inc eax; sti; inc eax; inc eax; hlt
    const cpu = interruptible('ffc0fbffc0ffc0f4', 0);
    cpu.setInterruptLine(true);
    cpu.run(100);
    expect([returnRip(cpu), cpu.state.gpr(RAX)]).toEqual([0x1005, 2n]);
  });

  it('do not come between STI and CLI', () => {
    // sti; cli; nop; hlt
    const cpu = interruptible('fbfa90f4', 0);
    cpu.setInterruptLine(true);
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.state.rip).toBe(0x1004n);
  });

  it('do not come between a load of SS and the load of RSP after it', () => {
    // mov ecx, 0x10; mov eax, 0x70000; mov ss, ecx; mov rsp, rax; nop; hlt
    const cpu = interruptible('b910000000b8000007008ed14889c490f4');
    cpu.run(3);
    cpu.setInterruptLine(true);
    cpu.run(100);
    expect(returnRip(cpu)).toBe(0x100f);
    expect(cpu.state.gpr(RSP) >> 12n).toBe(0x6fn);
  });

  it('push the flags with IF as it was and clear it for the handler', () => {
    // nop; hlt
    const cpu = interruptible('90f4');
    cpu.setInterruptLine(true);
    cpu.run(1);
    expect(cpu.memory.read32(Number(cpu.state.gpr(RSP)) + 16) & FLAG_IF).toBe(FLAG_IF);
    expect(cpu.state.rflags & FLAG_IF).toBe(0);
  });

  it('end HLT, and return behind it', () => {
    // hlt; mov ebx, 9; hlt
    const cpu = interruptible('f4bb09000000f4');
    // iretq
    place(cpu, handlerOf(0x30), '48cf');
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.instructionCount).toBe(1);
    cpu.setInterruptLine(true);
    expect(cpu.run(100)).toBe('halted');
    expect([cpu.state.gpr(RBX), cpu.state.rip]).toEqual([9n, 0x1007n]);
  });

  it('leave HLT alone while IF is clear; an NMI ends it', () => {
    // hlt; mov ebx, 9; hlt
    const cpu = interruptible('f4bb09000000f4', 0);
    cpu.setInterruptLine(true);
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.state.rip).toBe(0x1001n);
    // iretq
    place(cpu, handlerOf(2), '48cf');
    cpu.raiseNmi();
    expect(cpu.run(100)).toBe('halted');
    expect(cpu.state.gpr(RBX)).toBe(9n);
  });

  it('come at the same instruction however the run is cut', () => {
    const make = (): Cpu => {
      // again: inc rax; add rbx, rax; out 0x80, al; xor rdx, rbx; lea rcx, [rcx + rdx]; jmp again
      const cpu = interruptible('48ffc04801c3e6804831da488d0c11ebef');
      // inc r8; add r9, rdx; iretq
      place(cpu, handlerOf(0x30), '49ffc04901d148cf');
      return cpu;
    };
    const whole = make();
    whole.run(5000);
    for (const step of [1, 3, 17]) {
      const cpu = make();
      for (let left = 5000; left > 0; left -= step) cpu.run(Math.min(step, left));
      expect(stateHash(cpu)).toBe(stateHash(whole));
    }
  });

  it('come between the iterations of a repeated string instruction, which then goes on', () => {
    // rep outsb; hlt
    const cpu = interruptible('f36ef4');
    // inc r8; iretq
    place(cpu, handlerOf(0x30), '49ffc048cf');
    cpu.state.setGpr(RCX, 5n);
    cpu.state.setGpr(RSI, 0x9000n);
    expect(cpu.run(100)).toBe('halted');
    expect([cpu.state.gpr(8), cpu.state.gpr(RCX)]).toEqual([5n, 0n]);
  });
});

describe('non-maskable interrupts', () => {
  it('wait for the IRET of the one before', () => {
    const cpu = machineWithIdt();
    // nop; nop; hlt
    place(cpu, 0x1000, '9090f4');
    // inc eax; nop; iretq
    place(cpu, handlerOf(2), 'ffc09048cf');
    cpu.raiseNmi();
    cpu.run(2);
    expect(cpu.state.gpr(RAX)).toBe(1n);
    cpu.raiseNmi();
    cpu.run(1);
    expect(cpu.state.gpr(RAX)).toBe(1n);
    cpu.run(100);
    expect(cpu.state.gpr(RAX)).toBe(2n);
  });
});

describe('single-stepping', () => {
  it('traps after every instruction, with DR6.BS set and the next RIP pushed', () => {
    const cpu = machineWithIdt();
    // inc eax; inc eax; inc eax; hlt
    place(cpu, 0x1000, 'ffc0ffc0ffc0f4');
    // inc ebx; mov rcx, [rsp]; iretq
    place(cpu, handlerOf(1), 'ffc3488b0c2448cf');
    cpu.state.rflags = 2 | FLAG_TF;
    const seen: bigint[] = [];
    for (let i = 0; i < 3; i++) {
      cpu.run(4);
      seen.push(cpu.state.gpr(RCX));
    }
    expect(seen).toEqual([0x1002n, 0x1004n, 0x1006n]);
    expect([cpu.state.gpr(RAX), cpu.state.gpr(RBX)]).toEqual([3n, 3n]);
    expect(cpu.state.wideField(DR + 48) & 0x4000n).toBe(0x4000n);
  });

  it('traps after every iteration of a repeated string instruction', () => {
    const cpu = machineWithIdt();
    // rep stosb; hlt
    place(cpu, 0x1000, 'f3aaf4');
    // inc ebx; mov rdx, [rsp]; iretq
    place(cpu, handlerOf(1), 'ffc3488b142448cf');
    cpu.state.setGpr(RCX, 3n);
    cpu.state.setGpr(RDI, 0x9000n);
    cpu.state.rflags = 2 | FLAG_TF;
    cpu.run(8);
    expect([cpu.state.gpr(RBX), cpu.state.gpr(RDX)]).toEqual([2n, 0x1000n]);
    cpu.run(4);
    expect([cpu.state.gpr(RBX), cpu.state.gpr(RDX), cpu.state.gpr(RCX)]).toEqual([3n, 0x1002n, 0n]);
  });

  it('begins after the instruction behind the POPF that sets TF', () => {
    const cpu = machineWithIdt();
    // push 0x102; popfq; inc eax; hlt
    place(cpu, 0x1000, '68020100009dffc0f4');
    // mov rcx, [rsp]; hlt
    place(cpu, handlerOf(1), '488b0c24f4');
    cpu.run(100);
    expect([cpu.state.gpr(RCX), cpu.state.gpr(RAX)]).toEqual([0x1008n, 1n]);
  });

  it.each(['interpreter', 'jit', 'check'] as const)('traps behind the SYSRET that sets TF, in %s', (engine) => {
    const { cpu } = longModeMachine({ engine, jit: { threshold: 1, warmUp: 0 }, cpl: 3 });
    // 0: 64-bit code, 10h: data, user segments for SYSRET from 18h on; the TSS has RSP0.
    for (const [at, descriptor] of [
      [0x08, 0x00af9b00_0000ffffn],
      [0x10, 0x00cf9300_0000ffffn],
      [0x20, 0x00cff300_0000ffffn],
      [0x28, 0x00affb00_0000ffffn],
    ] as const) {
      cpu.memory.write32(0x8000 + at, Number(descriptor & 0xffffffffn));
      cpu.memory.write32(0x8004 + at, Number(descriptor >> 32n));
    }
    const { state } = cpu;
    state.setWideField(GDTR_BASE, 0x8000n);
    state.setField(GDTR_LIMIT, 0x7f);
    state.segments[7]?.load(0x40, 0x8100n, 0x67, 0x8b);
    cpu.memory.write32(0x8104, 0x70000);
    state.segments[1]?.load(8, 0n, 0xffffffff, 0xa09b);
    state.segments[2]?.load(0x10, 0n, 0xffffffff, 0xc093);
    state.cpl = 0;
    installIdt(cpu, { idt: 0x9000, handlers: HANDLERS });
    state.setWideField(MSR_EFER, state.wideField(MSR_EFER) | 1n);
    state.setWideField(MSR_STAR, 0x18n << 48n);
    // sysretq, to: inc eax; hlt
    place(cpu, 0x1000, '480f07');
    place(cpu, 0x2000, 'ffc0f4');
    state.setGpr(RCX, 0x2000n);
    state.setGpr(11, BigInt(2 | FLAG_TF));
    cpu.synchronize();
    expect(cpu.run(100)).toBe('halted');
    expect([state.rip, cpu.memory.read32(0x70000 - 40), state.gpr(RAX)]).toEqual([
      BigInt(handlerOf(1) + 1),
      0x2000,
      0n,
    ]);
  });

  it('still traps after the POPF that clears TF', () => {
    const cpu = machineWithIdt();
    // popfq; inc eax; hlt
    place(cpu, 0x1000, '9dffc0f4');
    // mov rcx, [rsp]; hlt
    place(cpu, handlerOf(1), '488b0c24f4');
    cpu.state.setGpr(RSP, 0x70000n);
    cpu.memory.write32(0x70000, 2);
    cpu.state.rflags = 2 | FLAG_TF;
    cpu.run(100);
    expect([cpu.state.gpr(RCX), cpu.state.gpr(RAX)]).toEqual([0x1001n, 0n]);
  });

  it('does not trap between a load of SS and the next instruction', () => {
    const cpu = machineWithIdt();
    // mov ss, ecx; inc eax; hlt
    place(cpu, 0x1000, '8ed1ffc0f4');
    // mov rbx, [rsp]; hlt
    place(cpu, handlerOf(1), '488b1c24f4');
    cpu.state.setGpr(RCX, 0x10n);
    cpu.state.rflags = 2 | FLAG_TF;
    cpu.run(100);
    expect([cpu.state.gpr(RBX), cpu.state.gpr(RAX)]).toEqual([0x1004n, 1n]);
  });

  it('runs the handlers of other events without traps', () => {
    const cpu = machineWithIdt();
    // int 0x40; hlt
    place(cpu, 0x1000, 'cd40f4');
    // inc eax; inc eax; iretq
    place(cpu, handlerOf(0x40), 'ffc0ffc048cf');
    // inc ebx; iretq
    place(cpu, handlerOf(1), 'ffc348cf');
    cpu.state.rflags = 2 | FLAG_TF;
    cpu.run(4);
    expect([cpu.state.gpr(RAX), cpu.state.gpr(RBX)]).toEqual([2n, 0n]);
  });
});

describe('the A20 gate', () => {
  it('wraps addresses above 1 MiB while it is closed, at once', () => {
    const cpu = realModeMachine();
    // Both through DS = FFFFh: FFFF:0510 is 100500h.
    // mov al, [0x510]; mov bl, [0x510]; hlt
    place(cpu, 0x1000, 'a010058a1e1005f4');
    cpu.state.segments[3]?.load(0xffff, 0xffff0n, 0xffff, 0x93);
    cpu.memory.write8(0x100500, 0x55);
    cpu.memory.write8(0x500, 0xaa);
    cpu.run(1);
    cpu.isA20Enabled = false;
    cpu.run(10);
    expect([cpu.state.gpr(RAX) & 0xffn, cpu.state.gpr(RBX) & 0xffn]).toEqual([0x55n, 0xaan]);
    cpu.isA20Enabled = true;
    expect(cpu.memory.read8(0x100500)).toBe(0x55);
  });

  it('fetches wrapped code', () => {
    const cpu = realModeMachine();
    place(cpu, 0x100000, 'b011f4');
    place(cpu, 0x000000, 'b022f4');
    for (const [enabled, wanted] of [
      [true, 0x11n],
      [false, 0x22n],
    ] as const) {
      cpu.isA20Enabled = enabled;
      cpu.state.segments[CS]?.load(0xffff, 0xffff0n, 0xffff, 0x9b);
      cpu.state.rip = 0x10n;
      cpu.state.setField(0x0b8, 0);
      cpu.synchronize();
      cpu.run(10);
      expect(cpu.state.gpr(RAX) & 0xffn).toBe(wanted);
    }
  });
});

describe('options', () => {
  it.each([0, 0x1000, 0x100001, Number.NaN, 2 ** 40])('refuses RAM of %d bytes', (ramSizeBytes) => {
    expect(() => new Cpu({ ramSizeBytes })).toThrow(RangeError);
  });

  it('ports and device memory are open bus where none are given', () => {
    const { cpu } = longModeMachine();
    // in al, 0x80; mov bl, al; in ax, 0x80; in eax, 0x80; hlt
    place(cpu, 0x1000, 'e48088c366e580e580f4');
    cpu.run(100);
    expect([cpu.state.gpr(RAX), cpu.state.gpr(RBX) & 0xffn]).toEqual([0xffffffffn, 0xffn]);
  });
});
