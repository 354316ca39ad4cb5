import { describe, expect, it } from 'vitest';
import {
  ACTIVITY,
  ACTIVITY_HALTED,
  ACTIVITY_SHUTDOWN,
  CR2,
  DR,
  IDTR_LIMIT,
  SYSTEM_FLAGS,
  TR_INDEX,
} from '../../state/layout.ts';
import { FLAG_AC, FLAG_IF, FLAG_IOPL, FLAG_NT, FLAG_RF, FLAG_TF } from '../../state/rflags.ts';
import { NO_ERROR_CODE } from './context.ts';
import { deliverEvent, type ExceptionEvent } from './event.ts';
import {
  CODE32,
  CODE64,
  DATA32,
  FakeCpu,
  FREE,
  HANDLER,
  IDT,
  IST1,
  RSP,
  STACK0,
  STACK3,
  segmentDescriptor,
  TSS,
  USER_CODE64,
  USER_DATA32,
} from './fake-cpu.test.fixture.ts';

const RIP_AT_FAULT = 0x4321n;

const exception = (vector: number, errorCode: number = NO_ERROR_CODE): ExceptionEvent => ({
  vector,
  kind: 'exception',
  errorCode,
  rip: RIP_AT_FAULT,
});
const interrupt = (vector: number): ExceptionEvent => ({ vector, kind: 'external', rip: RIP_AT_FAULT });

/** Quadwords from the stack pointer up. */
const frame64 = (cpu: FakeCpu, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => cpu.view.getBigUint64(Number(cpu.state.gpr(RSP)) + 8 * i, true));
const frame32 = (cpu: FakeCpu, count: number): number[] =>
  Array.from({ length: count }, (_, i) => cpu.view.getUint32(Number(cpu.state.gpr(RSP)) + 4 * i, true));

describe('delivery in real-address mode', () => {
  it('pushes FLAGS, CS, IP, clears IF, TF and AC, and goes where the vector table says', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 0x7000n);
    cpu.state.segments[1]?.loadRealMode(0x1234);
    cpu.state.rflags = FLAG_IF | FLAG_TF | FLAG_AC | 0x81 | 2;
    cpu.view.setUint32(0x20 * 4, 0xf000e987, true);
    expect(deliverEvent(cpu, interrupt(0x20))).toBe('delivered');
    expect(cpu.state.rip).toBe(0xe987n);
    expect([cpu.state.segments[1]?.selector, cpu.state.segments[1]?.base]).toEqual([0xf000, 0xf0000n]);
    expect([0, 2, 4].map((i) => cpu.view.getUint16(0x6ffa + i, true))).toEqual([0x4321, 0x1234, 0x383]);
    expect(cpu.state.gpr(RSP)).toBe(0x6ffan);
    expect(cpu.state.rflags).toBe(0x83);
  });

  it('pushes no error code', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 0x7000n);
    deliverEvent(cpu, exception(13, 0));
    expect(cpu.state.gpr(RSP)).toBe(0x6ffan);
  });

  it('takes the table from IDTR', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setWideField(0x230, 0x9000n);
    cpu.view.setUint32(0x9000 + 8 * 4, 0x00505678, true);
    deliverEvent(cpu, interrupt(8));
    expect([cpu.state.segments[1]?.selector, cpu.state.rip]).toEqual([0x50, 0x5678n]);
  });

  it('shuts down when the table holds neither the vector nor a double-fault entry', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setField(IDTR_LIMIT, 0x1f);
    expect(deliverEvent(cpu, exception(13, 0))).toBe('shutdown');
    expect(cpu.state.field(ACTIVITY)).toBe(ACTIVITY_SHUTDOWN);
  });
});

describe('delivery in protected mode', () => {
  it.each([
    ['interrupt gate', 0x8e, 0],
    ['trap gate', 0x8f, FLAG_IF],
  ] as const)('through an %s at the same level pushes EFLAGS, CS, EIP, error code', (_name, access, interruptFlag) => {
    const cpu = new FakeCpu('protected');
    cpu.setGate(13, CODE32, HANDLER, access);
    cpu.state.rflags = FLAG_IF | FLAG_TF | FLAG_NT | 0x41 | 2;
    expect(deliverEvent(cpu, exception(13, 0x18))).toBe('delivered');
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 0x110));
    expect(frame32(cpu, 4)).toEqual([0x18, 0x4321, CODE32, FLAG_RF | FLAG_IF | FLAG_TF | FLAG_NT | 0x43]);
    expect(cpu.state.rip).toBe(BigInt(HANDLER));
    expect(cpu.state.rflags).toBe(interruptFlag | 0x43);
  });

  it('from ring 3 switches to SS0:ESP0 and pushes the old SS:ESP', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setGate(0x20, CODE32, HANDLER, 0x8e);
    cpu.state.rflags = FLAG_IF | 2;
    expect(deliverEvent(cpu, interrupt(0x20))).toBe('delivered');
    expect(cpu.state.cpl).toBe(0);
    expect([cpu.state.segments[2]?.selector, cpu.state.gpr(RSP)]).toEqual([DATA32, BigInt(STACK0 - 20)]);
    expect(frame32(cpu, 5)).toEqual([0x4321, 0x1b, FLAG_IF | 2, STACK3, USER_DATA32]);
    expect(cpu.state.segments[3]?.selector).toBe(USER_DATA32);
  });

  it('through a 16-bit gate pushes words, the error code too', () => {
    const cpu = new FakeCpu('protected');
    cpu.setGate(13, CODE32, 0xffff5000, 0x86);
    deliverEvent(cpu, exception(13, 0x18));
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 0x108));
    expect(cpu.state.rip).toBe(0x5000n);
  });

  it('keeps CPL in a conforming handler segment', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setDescriptor(FREE, segmentDescriptor(0, 0xfffff, 0x9f, 0xc));
    cpu.setGate(0x20, FREE, HANDLER, 0x8e);
    expect(deliverEvent(cpu, interrupt(0x20))).toBe('delivered');
    expect([cpu.state.cpl, cpu.state.segments[1]?.selector]).toEqual([3, FREE | 3]);
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK3 - 12));
  });

  it.each([
    ['the limit is one byte short', (c: FakeCpu) => c.state.setField(IDTR_LIMIT, 0x20 * 8 + 6), 13, 0x20 * 8 + 3],
    ['the gate is a call gate', (c: FakeCpu) => c.setGate(0x20, CODE32, HANDLER, 0x8c), 13, 0x20 * 8 + 3],
    ['the gate is a code segment', (c: FakeCpu) => c.setGate(0x20, CODE32, HANDLER, 0x9e), 13, 0x20 * 8 + 3],
    ['the gate is not present', (c: FakeCpu) => c.setGate(0x20, CODE32, HANDLER, 0x0e), 11, 0x20 * 8 + 3],
    ['the selector is null', (c: FakeCpu) => c.setGate(0x20, 3, HANDLER, 0x8e), 13, 1],
    ['the selector is outside the GDT', (c: FakeCpu) => c.setGate(0x20, 0x100, HANDLER, 0x8e), 13, 0x101],
    ['the selector is of data', (c: FakeCpu) => c.setGate(0x20, DATA32, HANDLER, 0x8e), 13, DATA32 + 1],
    ['the code is less privileged', (c: FakeCpu) => c.setGate(0x20, 0x18, HANDLER, 0x8e), 13, 0x19],
    [
      'the code segment is not present',
      (c: FakeCpu) => {
        c.setDescriptor(FREE, segmentDescriptor(0, 0xfffff, 0x1b, 0xc));
        c.setGate(0x20, FREE, HANDLER, 0x8e);
      },
      11,
      FREE + 1,
    ],
    [
      'EIP is beyond the limit of the code segment',
      (c: FakeCpu) => {
        c.setDescriptor(FREE, segmentDescriptor(0, HANDLER - 1, 0x9b, 0x4));
        c.setGate(0x20, FREE, HANDLER, 0x8e);
      },
      13,
      1,
    ],
    [
      'the stack has no room',
      (c: FakeCpu) => {
        c.setGate(0x20, CODE32, HANDLER, 0x8e);
        c.setDescriptor(FREE, segmentDescriptor(0, STACK0 - 0x106, 0x97, 0x4));
        c.loadFromTable(2, FREE);
      },
      12,
      1,
    ],
  ] as const)('raises an exception with EXT set when %s', (_name, prepare, vector, code) => {
    const cpu = new FakeCpu('protected');
    prepare(cpu);
    cpu.setGate(vector, CODE32, HANDLER + 0x100, 0x8e);
    if (vector === 12) cpu.setGate(12, CODE32, HANDLER + 0x100, 0x8e);
    deliverEvent(cpu, interrupt(0x20));
    const [first, second] = cpu.exceptionLog.entries;
    expect(first).toMatchObject({ vector: 0x20, kind: 'external', fate: 'failed' });
    expect([second?.vector, second?.errorCode]).toEqual([vector, code]);
  });

  it.each([
    ['the TSS is too small', (c: FakeCpu) => c.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), 8, 0x8b), 10, 0x49],
    ['SS0 is null', (c: FakeCpu) => c.view.setUint16(TSS + 8, 0, true), 10, 1],
    ['SS0 is outside the GDT', (c: FakeCpu) => c.view.setUint16(TSS + 8, 0x100, true), 10, 0x101],
    ['SS0 has RPL 3', (c: FakeCpu) => c.view.setUint16(TSS + 8, DATA32 | 3, true), 10, DATA32 + 1],
    ['SS0 is code', (c: FakeCpu) => c.view.setUint16(TSS + 8, CODE32, true), 10, CODE32 + 1],
    ['SS0 has DPL 3', (c: FakeCpu) => c.view.setUint16(TSS + 8, 0x20, true), 10, 0x21],
    [
      'SS0 is not present',
      (c: FakeCpu) => {
        c.setDescriptor(FREE, segmentDescriptor(0, 0xfffff, 0x13, 0xc));
        c.view.setUint16(TSS + 8, FREE, true);
      },
      12,
      FREE + 1,
    ],
    [
      'the inner stack has no room',
      (c: FakeCpu) => {
        c.setDescriptor(FREE, segmentDescriptor(0, STACK0 - 19, 0x97, 0x4));
        c.view.setUint16(TSS + 8, FREE, true);
      },
      12,
      FREE + 1,
    ],
  ] as const)('from ring 3 raises an exception when %s', (_name, prepare, vector, code) => {
    const cpu = new FakeCpu('protected', 3);
    prepare(cpu);
    cpu.setGate(0x20, CODE32, HANDLER, 0x8e);
    deliverEvent(cpu, interrupt(0x20));
    const second = cpu.exceptionLog.entries[1];
    expect([second?.vector, second?.errorCode]).toEqual([vector, code]);
  });
});

describe('delivery from virtual-8086 mode', () => {
  it('pushes the data segments first, nulls them, and clears VM', () => {
    const cpu = new FakeCpu('virtual-8086');
    cpu.setGate(13, CODE32, HANDLER, 0x8e);
    for (const [index, selector] of [
      [0, 0xe0],
      [1, 0xc0],
      [2, 0x50],
      [3, 0xd0],
      [4, 0xf0],
      [5, 0xf5],
    ] as const) {
      cpu.state.segments[index]?.loadRealMode(selector);
    }
    expect(deliverEvent(cpu, exception(13, 0))).toBe('delivered');
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 40));
    expect(frame32(cpu, 10)).toEqual([0, 0x4321, 0xc0, 0x30002, 0xa000, 0x50, 0xe0, 0xd0, 0xf0, 0xf5]);
    expect([0, 3, 4, 5].map((i) => cpu.state.segments[i]?.selector)).toEqual([0, 0, 0, 0]);
    expect([cpu.state.cpl, cpu.state.rflags]).toEqual([0, 2]);
  });

  it.each([
    ['conforming', 0x9f],
    ['of DPL 1', 0xbb],
  ] as const)('needs handler code that is not %s', (_name, access) => {
    const cpu = new FakeCpu('virtual-8086');
    cpu.setDescriptor(FREE, segmentDescriptor(0, 0xfffff, access, 0xc));
    cpu.setGate(0x20, FREE, HANDLER, 0x8e);
    deliverEvent(cpu, interrupt(0x20));
    expect(cpu.exceptionLog.entries[1]).toMatchObject({ vector: 13, errorCode: FREE + 1 });
  });
});

describe('delivery in IA-32e mode', () => {
  it('at the same level aligns the stack to 16 bytes and pushes SS:RSP, RFLAGS, CS:RIP, error code', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.setLongGate(14, CODE64, BigInt(HANDLER), 0x8e);
    cpu.state.setGpr(RSP, 0x7ffbn);
    cpu.state.rflags = FLAG_IF | FLAG_IOPL | 2;
    expect(deliverEvent(cpu, exception(14, 2))).toBe('delivered');
    expect(cpu.state.gpr(RSP)).toBe(0x7ff0n - 48n);
    expect(frame64(cpu, 6)).toEqual([
      2n,
      0x4321n,
      BigInt(CODE64),
      BigInt(FLAG_RF | FLAG_IF | FLAG_IOPL | 2),
      0x7ffbn,
      0x10n,
    ]);
    expect(cpu.state.segments[2]?.selector).toBe(DATA32);
    expect(cpu.state.rflags).toBe(FLAG_IOPL | 2);
  });

  it('from ring 3 takes RSP0 and a null SS', () => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8e);
    expect(deliverEvent(cpu, interrupt(0x20))).toBe('delivered');
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 40));
    expect(frame64(cpu, 5)).toEqual([0x4321n, BigInt(USER_CODE64), 2n, BigInt(STACK3), BigInt(USER_DATA32)]);
    expect([cpu.state.segments[2]?.selector, cpu.state.cpl]).toEqual([0, 0]);
  });

  it('takes the stack of the IST entry at either level, and keeps SS at the same level', () => {
    for (const cpl of [0, 3]) {
      const cpu = new FakeCpu('64-bit', cpl);
      cpu.setLongGate(8, CODE64, BigInt(HANDLER), 0x8e, 1);
      expect(deliverEvent(cpu, exception(8, 0))).toBe('delivered');
      expect(cpu.state.gpr(RSP)).toBe(BigInt(IST1 - 48));
      expect(cpu.state.segments[2]?.selector).toBe(cpl === 0 ? DATA32 : 0);
    }
  });

  it('from compatibility mode enters 64-bit mode', () => {
    const cpu = new FakeCpu('compatibility', 3);
    cpu.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8f);
    expect(deliverEvent(cpu, interrupt(0x20))).toBe('delivered');
    expect(cpu.codeSize).toBe(64);
    expect(frame64(cpu, 5)).toEqual([0x4321n, 0x1bn, 2n, BigInt(STACK3), BigInt(USER_DATA32)]);
  });

  it.each([
    ['the limit is one byte short', (c: FakeCpu) => c.state.setField(IDTR_LIMIT, 0x20 * 16 + 14), 13, 0x103],
    ['the gate is a task gate', (c: FakeCpu) => c.setLongGate(0x20, CODE64, 0n, 0x85), 13, 0x103],
    ['the gate is a 16-bit gate', (c: FakeCpu) => c.setLongGate(0x20, CODE64, 0n, 0x86), 13, 0x103],
    ['the code is 32-bit', (c: FakeCpu) => c.setLongGate(0x20, CODE32, 0n, 0x8e), 13, CODE32 + 1],
    ['the gate is not present', (c: FakeCpu) => c.setLongGate(0x20, CODE64, 0n, 0x0e), 11, 0x103],
    ['the handler is not canonical', (c: FakeCpu) => c.setLongGate(0x20, CODE64, 1n << 47n, 0x8e), 13, 1],
    [
      'the IST entry is not canonical',
      (c: FakeCpu) => {
        c.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8e, 1);
        c.view.setBigUint64(TSS + 0x24, 1n << 63n, true);
      },
      12,
      1,
    ],
    [
      'the IST entry is outside the TSS',
      (c: FakeCpu) => {
        c.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8e, 7);
        c.state.segments[TR_INDEX]?.load(0x48, BigInt(TSS), 0x5a, 0x8b);
      },
      10,
      0x49,
    ],
    [
      'RSP is not canonical',
      (c: FakeCpu) => {
        c.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8e);
        c.state.setGpr(RSP, 1n << 63n);
      },
      12,
      1,
    ],
  ] as const)('raises an exception with EXT set when %s', (_name, prepare, vector, code) => {
    const cpu = new FakeCpu('64-bit');
    prepare(cpu);
    deliverEvent(cpu, interrupt(0x20));
    const second = cpu.exceptionLog.entries[1];
    expect([second?.vector, second?.errorCode]).toEqual([vector, code]);
  });
});

describe('the RF flag of the saved image', () => {
  it.each([
    ['is set for faults', exception(6), 0, true],
    ['is clear for interrupts', interrupt(0x20), 0, false],
    ['is clear for debug traps', exception(1), 0, false],
    ['is what it was for interrupts', interrupt(0x20), FLAG_RF, true],
    ['is what it was for debug traps', exception(1), FLAG_RF, true],
  ] as const)('%s', (_name, event, before, isSet) => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.rflags = 2 | before;
    cpu.setLongGate(event.vector, CODE64, BigInt(HANDLER), 0x8e);
    deliverEvent(cpu, event);
    expect((Number(frame64(cpu, 3)[2]) & FLAG_RF) !== 0).toBe(isSet);
  });
});

describe('a delivered event', () => {
  it('wakes the processor and ends the interrupt shadow', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8e);
    cpu.state.setField(ACTIVITY, ACTIVITY_HALTED);
    cpu.state.setField(0x0b4, 1);
    deliverEvent(cpu, interrupt(0x20));
    expect([cpu.state.field(ACTIVITY), cpu.state.field(0x0b4)]).toEqual([0, 0]);
    expect(cpu.exceptionLog.entries).toEqual([]);
  });

  it('clears DR7.GD when it is #DB', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.setLongGate(1, CODE64, BigInt(HANDLER), 0x8e);
    cpu.state.setWideField(DR + 56, 0x2400n);
    deliverEvent(cpu, exception(1));
    expect(cpu.state.wideField(DR + 56)).toBe(0x400n);
  });
});

/** Which vectors are tried one after the other when `failing` have no gate. */
function attempts(first: ExceptionEvent, failing: ReadonlySet<number>): { tried: number[]; result: string } {
  const cpu = new FakeCpu('64-bit');
  for (let vector = 0; vector < 32; vector += 1) {
    cpu.setLongGate(vector, CODE64, BigInt(HANDLER), failing.has(vector) ? 0x0e : 0x8e);
  }
  const result = deliverEvent(cpu, first);
  return { tried: cpu.exceptionLog.entries.filter((e) => e.fate !== 'merged').map((e) => e.vector), result };
}

describe('an exception during delivery', () => {
  it.each([
    ['benign, then contributory: one after the other', exception(6), [6], [6, 11], 'delivered'],
    ['an interrupt, then contributory: one after the other', interrupt(3), [3], [3, 11], 'delivered'],
    ['contributory, then contributory: double fault', exception(13, 0), [13], [13, 8], 'delivered'],
    ['#DE is contributory', exception(0), [0], [0, 8], 'delivered'],
    ['#AC is benign', exception(17, 0), [17], [17, 11], 'delivered'],
    ['page fault, then contributory: double fault', exception(14, 0), [14], [14, 8], 'delivered'],
    ['benign, contributory, contributory', exception(6), [6, 11], [6, 11, 8], 'delivered'],
    ['contributory during a double fault: shutdown', exception(13, 0), [13, 8], [13, 8], 'shutdown'],
    ['contributory during a double fault of a page fault', exception(14, 0), [14, 8], [14, 8], 'shutdown'],
    ['benign, contributory, double fault, shutdown', exception(6), [6, 11, 8], [6, 11, 8], 'shutdown'],
  ] as const)('%s', (_name, first, failing, tried, result) => {
    expect(attempts(first, new Set(failing))).toEqual({ tried, result });
  });

  it.each([
    ['a page fault while #GP is delivered is handled by itself', exception(13, 0), [13, 14], 'delivered'],
    ['a page fault while #PF is delivered is a double fault', exception(14, 0), [14, 8], 'delivered'],
    ['a page fault while an interrupt is delivered is handled by itself', interrupt(0x20), [0x20, 14], 'delivered'],
  ] as const)('%s', (_name, first, tried, result) => {
    // The stack is not present; #PF and #DF have their own.
    const cpu = new FakeCpu('64-bit');
    for (const vector of [13, 14, 0x20]) cpu.setLongGate(vector, CODE64, BigInt(HANDLER), 0x8e, 0);
    if (first.vector !== 14) cpu.setLongGate(14, CODE64, BigInt(HANDLER), 0x8e, 1);
    cpu.setLongGate(8, CODE64, BigInt(HANDLER), 0x8e, 1);
    cpu.absent.add((STACK0 - 0x200) >> 12);
    expect(deliverEvent(cpu, first)).toBe(result);
    const entries = cpu.exceptionLog.entries.filter((e) => e.fate !== 'merged');
    expect(entries.map((e) => e.vector)).toEqual(tried);
  });

  it('a page fault during a double fault shuts down', () => {
    const cpu = new FakeCpu('64-bit');
    for (const vector of [14, 8]) cpu.setLongGate(vector, CODE64, BigInt(HANDLER), 0x8e);
    cpu.absent.add((STACK0 - 0x200) >> 12);
    expect(deliverEvent(cpu, exception(14, 0))).toBe('shutdown');
  });

  it('saves the RIP of the first event, and CR2 of the last page fault', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.setLongGate(14, CODE64, BigInt(HANDLER), 0x8e, 1);
    cpu.setLongGate(0x20, CODE64, BigInt(HANDLER), 0x8e);
    cpu.absent.add(IDT >> 12);
    cpu.absent.delete(IDT >> 12);
    cpu.absent.add((STACK0 - 0x200) >> 12);
    deliverEvent(cpu, interrupt(0x20));
    expect(frame64(cpu, 2)).toEqual([2n, RIP_AT_FAULT]);
    expect(cpu.state.wideField(CR2)).toBe(BigInt(STACK0 - 0x108));
  });

  it('changes nothing on shutdown but the activity state', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setField(IDTR_LIMIT, 0);
    const before = [cpu.state.rip, cpu.state.gpr(RSP), cpu.state.field(SYSTEM_FLAGS)];
    expect(deliverEvent(cpu, exception(6))).toBe('shutdown');
    expect([cpu.state.rip, cpu.state.gpr(RSP), cpu.state.field(SYSTEM_FLAGS)]).toEqual(before);
  });
});
