import { describe, expect, it } from 'vitest';
import {
  FLAG_AC,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_OF,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VM,
} from '../../state/rflags.ts';
import { OUTCOME_BRANCH, OUTCOME_NEXT } from './context.ts';
import {
  CODE16,
  CODE32,
  CODE64,
  DATA32,
  FakeCpu,
  faultOf,
  HANDLER,
  RAX,
  RSP,
  STACK0,
  STACK3,
  USER_CODE32,
  USER_CODE64,
  USER_DATA32,
} from './fake-cpu.test.fixture.ts';

const GP = 13;
const cs = (cpu: FakeCpu): number => cpu.state.segments[1]?.selector ?? -1;
const ss = (cpu: FakeCpu): number => cpu.state.segments[2]?.selector ?? -1;

function push32(cpu: FakeCpu, ...items: number[]): void {
  const at = STACK0 - 0x100;
  cpu.state.setGpr(RSP, BigInt(at));
  items.forEach((item, i) => {
    cpu.view.setUint32(at + 4 * i, item, true);
  });
}
function push64(cpu: FakeCpu, ...items: bigint[]): void {
  const at = STACK0 - 0x100;
  cpu.state.setGpr(RSP, BigInt(at));
  items.forEach((item, i) => {
    cpu.view.setBigUint64(at + 8 * i, item, true);
  });
}

describe('INT n', () => {
  it('in real mode and IRET back restore everything', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 0x7000n);
    cpu.state.rflags = FLAG_IF | FLAG_OF | 2;
    cpu.view.setUint32(0x10 * 4, 0xc0001234, true);
    expect(cpu.run(0xcd, 0x10)).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.state.rflags]).toEqual([0xc000, 0x1234n, FLAG_OF | 2]);
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.state.rflags]).toEqual([0, 0x4002n, FLAG_IF | FLAG_OF | 2]);
    expect([cpu.state.gpr(RSP), cpu.attention]).toEqual([0x7000n, 1]);
  });

  it.each([
    ['protected', 0],
    ['protected', 3],
  ] as const)('in %s mode from CPL %i and IRETD back', (mode, cpl) => {
    const cpu = new FakeCpu(mode, cpl);
    cpu.setGate(0x80, CODE32, HANDLER, 0xee);
    cpu.state.rflags = FLAG_IF | 2;
    const before = [cs(cpu), ss(cpu), cpu.state.gpr(RSP), cpl];
    cpu.run(0xcd, 0x80);
    expect([cpu.state.cpl, cpu.state.rip]).toEqual([0, BigInt(HANDLER)]);
    cpu.run(0xcf);
    expect([cs(cpu), ss(cpu), cpu.state.gpr(RSP), cpu.state.cpl]).toEqual(before);
    expect([cpu.state.rip, cpu.state.rflags]).toEqual([0x4002n, FLAG_IF | 2]);
  });

  it.each([
    ['64-bit', 0],
    ['64-bit', 3],
    ['compatibility', 3],
  ] as const)('in %s mode from CPL %i and IRETQ back', (mode, cpl) => {
    const cpu = new FakeCpu(mode, cpl);
    cpu.setLongGate(0x80, CODE64, BigInt(HANDLER), 0xee);
    cpu.state.setGpr(RSP, cpu.state.gpr(RSP) - 3n);
    const before = [cs(cpu), ss(cpu), cpu.state.gpr(RSP), cpl];
    cpu.run(0xcd, 0x80);
    expect([cpu.state.cpl, cpu.codeSize]).toEqual([0, 64]);
    cpu.run(0x48, 0xcf);
    expect([cs(cpu), ss(cpu), cpu.state.gpr(RSP), cpu.state.cpl]).toEqual(before);
    expect(cpu.state.rip).toBe(0x4002n);
  });

  it('from virtual-8086 mode with IOPL 3, and IRETD back to it', () => {
    const cpu = new FakeCpu('virtual-8086');
    cpu.setGate(0x21, CODE32, HANDLER, 0xee);
    cpu.state.rflags = FLAG_VM | FLAG_IOPL | FLAG_IF | 2;
    const selectors = [0x100, 0x200, 0x300, 0x400, 0x500, 0x600];
    selectors.forEach((selector, i) => {
      cpu.state.segments[i]?.loadRealMode(selector);
    });
    cpu.run(0xcd, 0x21);
    expect([cpu.state.cpl, cpu.codeSize]).toEqual([0, 32]);
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.segments.slice(0, 6).map((s) => s.selector)).toEqual(selectors);
    expect(cpu.state.segments.slice(0, 6).map((s) => s.base)).toEqual(selectors.map((s) => BigInt(s * 16)));
    expect(cpu.state.segments.slice(0, 6).map((s) => [s.limit, s.attributes])).toEqual(
      selectors.map(() => [0xffff, 0xf3]),
    );
    expect([cpu.state.rip, cpu.state.gpr(RSP), cpu.state.cpl]).toEqual([0x4002n, 0xa000n, 3]);
    expect(cpu.state.rflags).toBe(FLAG_VM | FLAG_IOPL | FLAG_IF | 2);
  });

  it('in virtual-8086 mode with IOPL below 3 faults with #GP(0)', () => {
    expect(faultOf(new FakeCpu('virtual-8086'), 0xcd, 0x21)).toEqual([GP, 0]);
  });

  it.each([
    ['a gate of DPL 0', 0x8e, GP, 0x402],
    ['a gate that is not present', 0x6e, 11, 0x402],
    ['an empty entry', 0, GP, 0x402],
  ] as const)('from ring 3 faults on %s, with EXT clear', (_name, access, vector, code) => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setGate(0x80, CODE32, HANDLER, access);
    expect(faultOf(cpu, 0xcd, 0x80)).toEqual([vector, code]);
  });

  it('whose handler has no stack faults without EXT', () => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.setLongGate(0x80, CODE64, BigInt(HANDLER), 0xee);
    cpu.view.setBigUint64(0x3004, 1n << 63n, true);
    expect(faultOf(cpu, 0xcd, 0x80)).toEqual([12, 0]);
  });
});

describe('INT3, INTO, INT1, BOUND', () => {
  it('INT3 needs a gate of the right DPL and saves the RIP after it', () => {
    const cpu = new FakeCpu('64-bit', 3);
    cpu.setLongGate(3, CODE64, BigInt(HANDLER), 0x8e);
    expect(faultOf(cpu, 0xcc)).toEqual([GP, 3 * 8 + 2]);
    cpu.setLongGate(3, CODE64, BigInt(HANDLER), 0xee);
    expect(cpu.run(0xcc)).toBe(OUTCOME_BRANCH);
    expect(cpu.view.getBigUint64(Number(cpu.state.gpr(RSP)), true)).toBe(0x4001n);
    expect(cpu.exceptionLog.lastChain).toMatchObject([{ vector: 3, kind: 'software-exception', fate: 'delivered' }]);
  });

  it('INT3 is not sensitive to IOPL in virtual-8086 mode', () => {
    const cpu = new FakeCpu('virtual-8086');
    cpu.setGate(3, CODE32, HANDLER, 0xee);
    expect(cpu.run(0xcc)).toBe(OUTCOME_BRANCH);
  });

  it('INTO does nothing while OF is clear', () => {
    const cpu = new FakeCpu('protected');
    cpu.setGate(4, CODE32, HANDLER, 0x8e);
    expect(cpu.run(0xce)).toBe(OUTCOME_NEXT);
    cpu.state.rflags = FLAG_OF | 2;
    expect(cpu.run(0xce)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.rip).toBe(BigInt(HANDLER));
  });

  it('INT1 does not look at the DPL of the gate', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setGate(1, CODE32, HANDLER, 0x8e);
    expect(cpu.run(0xf1)).toBe(OUTCOME_BRANCH);
  });

  it.each([
    [5, true],
    [-5, true],
    [6, false],
    [-6, false],
    [0x7fffffff, false],
  ])('BOUND with bounds -5 and 5 and index %i', (index, isInside) => {
    const cpu = new FakeCpu('protected');
    cpu.view.setInt32(0x6000, -5, true);
    cpu.view.setInt32(0x6004, 5, true);
    cpu.state.setGpr(RAX, BigInt(index >>> 0));
    const bytes = [0x62, 0x05, 0x00, 0x60, 0, 0];
    if (isInside) expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    else expect(faultOf(cpu, ...bytes)).toEqual([5, -1]);
  });
});

describe('IRET in protected mode', () => {
  it.each([
    [
      'CPL 0 changes everything but VM',
      0,
      0,
      0,
      FLAG_IF | FLAG_IOPL | FLAG_AC | FLAG_ID | FLAG_VIF | FLAG_RF | FLAG_TF,
    ],
    [
      'CPL 3 above IOPL changes neither IF nor IOPL nor VIF',
      3,
      0,
      FLAG_IF,
      FLAG_IF | FLAG_AC | FLAG_ID | FLAG_RF | FLAG_TF,
    ],
    [
      'CPL 3 at IOPL 3 changes IF',
      3,
      FLAG_IOPL,
      FLAG_IOPL,
      FLAG_IF | FLAG_IOPL | FLAG_AC | FLAG_ID | FLAG_RF | FLAG_TF,
    ],
  ] as const)('%s', (_name, cpl, iopl, before, after) => {
    const cpu = new FakeCpu('protected', cpl);
    cpu.state.rflags = iopl | before | 2;
    const image = FLAG_IF | FLAG_IOPL | FLAG_AC | FLAG_ID | FLAG_VIF | FLAG_RF | FLAG_TF | 2;
    push32(cpu, 0x1000, cpl === 0 ? CODE32 : USER_CODE32, image);
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.rflags).toBe(after | 2);
  });

  it('with 16-bit operands keeps the upper half of EFLAGS', () => {
    const cpu = new FakeCpu('protected');
    cpu.state.rflags = FLAG_AC | FLAG_ID | 2;
    const at = STACK0 - 0x100;
    cpu.view.setUint16(at, 0x1000, true);
    cpu.view.setUint16(at + 2, CODE32, true);
    cpu.view.setUint16(at + 4, 0x202, true);
    expect(cpu.run(0x66, 0xcf)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rflags, cpu.state.gpr(RSP)]).toEqual([FLAG_AC | FLAG_ID | FLAG_IF | 2, BigInt(at + 6)]);
  });

  it('to a 16-bit stack loads SP only', () => {
    const cpu = new FakeCpu('protected');
    cpu.setDescriptor(0x68, 0x0000f30000000000n | 0xffffn | (0xf3n << 40n));
    push32(cpu, 0x1000, USER_CODE32, 2, 0x12345678, 0x6b);
    cpu.state.setGpr(RSP, BigInt(STACK0 - 0x100));
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.gpr(RSP)).toBe(0x5678n);
  });

  it.each([
    ['a null CS', [0x1000, 0, 2], GP, 0],
    ['data for CS', [0x1000, DATA32, 2], GP, DATA32],
    ['EIP beyond the limit', [0x10000, CODE16, 2], GP, 0],
    ['a null SS', [0x1000, USER_CODE32, 2, 0, 3], GP, 0],
    ['SS of the wrong level', [0x1000, USER_CODE32, 2, 0, DATA32], GP, DATA32],
  ] as const)('refuses %s', (_name, items, vector, code) => {
    const cpu = new FakeCpu('protected');
    push32(cpu, ...items);
    expect(faultOf(cpu, 0xcf)).toEqual([vector, code]);
  });
});

describe('IRET in IA-32e mode', () => {
  it('always pops SS:RSP in 64-bit mode', () => {
    const cpu = new FakeCpu('64-bit');
    push64(cpu, 0x1000n, BigInt(CODE64), 2n, 0x7123n, BigInt(DATA32));
    expect(cpu.run(0x48, 0xcf)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.gpr(RSP), cpu.state.rip]).toEqual([0x7123n, 0x1000n]);
  });

  it('takes a null SS to 64-bit code at CPL 0', () => {
    const cpu = new FakeCpu('64-bit');
    push64(cpu, 0x1000n, BigInt(CODE64), 2n, 0x7000n, 0n);
    expect(cpu.run(0x48, 0xcf)).toBe(OUTCOME_BRANCH);
    expect(ss(cpu)).toBe(0);
  });

  it('does not pop SS:RSP at the same level of compatibility mode', () => {
    const cpu = new FakeCpu('compatibility');
    push32(cpu, 0x1000, CODE32, 2);
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 0x100 + 12));
  });

  it('goes to user code in either code size, nulling inner data segments and keeping null FS with its base', () => {
    for (const [selector, size] of [
      [USER_CODE64, 64],
      [USER_CODE32, 32],
    ] as const) {
      const cpu = new FakeCpu('64-bit');
      cpu.state.segments[4]?.loadNull(0);
      Object.assign(cpu.state.segments[4] as object, { base: 0x7fff12340000n });
      push64(cpu, 0x1000n, BigInt(selector), 0x202n, BigInt(STACK3), BigInt(USER_DATA32));
      expect(cpu.run(0x48, 0xcf)).toBe(OUTCOME_BRANCH);
      expect([cpu.codeSize, cpu.state.cpl, cpu.state.gpr(RSP)]).toEqual([size, 3, BigInt(STACK3)]);
      expect(cpu.state.segments[3]?.selector).toBe(0);
      expect(cpu.state.segments[4]?.base).toBe(0x7fff12340000n);
    }
  });

  it.each([
    ['RIP that is not canonical', [1n << 47n, BigInt(CODE64), 2n, 0n, 0n], GP, 0],
    ['a null SS for CPL 3', [0x1000n, BigInt(USER_CODE64), 2n, 0n, 3n], GP, 0],
    ['a null SS for compatibility mode', [0x1000n, BigInt(CODE32), 2n, 0n, 0n], GP, 0],
    ['a null SS of the wrong RPL', [0x1000n, BigInt(CODE64), 2n, 0n, 1n], GP, 0],
  ] as const)('refuses %s', (_name, items, vector, code) => {
    const cpu = new FakeCpu('64-bit');
    push64(cpu, ...items);
    expect(faultOf(cpu, 0x48, 0xcf)).toEqual([vector, code]);
  });

  it('with NT set faults with #GP(0)', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.rflags = FLAG_NT | 2;
    push64(cpu, 0x1000n, BigInt(CODE64), 2n, 0n, 0n);
    expect(faultOf(cpu, 0x48, 0xcf)).toEqual([GP, 0]);
  });
});

describe('IRET in virtual-8086 mode', () => {
  it('with IOPL 3 keeps IOPL and VM', () => {
    const cpu = new FakeCpu('virtual-8086');
    cpu.state.rflags = FLAG_VM | FLAG_IOPL | 2;
    cpu.state.setGpr(RSP, 0x7000n);
    cpu.view.setUint16(0x7000, 0x1234, true);
    cpu.view.setUint16(0x7002, 0x5678, true);
    cpu.view.setUint16(0x7004, 0x0202, true);
    expect(cpu.run(0xcf)).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.state.rflags]).toEqual([0x5678, 0x1234n, FLAG_VM | FLAG_IOPL | FLAG_IF | 2]);
  });

  it('with IOPL below 3 faults with #GP(0)', () => {
    expect(faultOf(new FakeCpu('virtual-8086'), 0xcf)).toEqual([GP, 0]);
  });
});
