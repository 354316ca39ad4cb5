import { describe, expect, it } from 'vitest';
import { OUTCOME_BRANCH } from './context.ts';
import {
  CODE16,
  CODE32,
  CODE64,
  DATA32,
  FakeCpu,
  FREE,
  faultOf,
  GDT,
  gateDescriptor,
  HANDLER,
  RSP,
  STACK0,
  STACK3,
  segmentDescriptor,
  TSS,
  TSS_SELECTOR,
  USER_CODE32,
  USER_CODE64,
  USER_DATA32,
} from './fake-cpu.test.fixture.ts';

const TS = 10;
const NP = 11;
const SS = 12;
const GP = 13;
const GATE = FREE;
const TARGET = FREE + 16;

const bytes32 = (value: number): number[] => [value, value >>> 8, value >>> 16, value >>> 24].map((b) => b & 0xff);
const jump32 = (selector: number, offset: number): number[] => [
  0xea,
  ...bytes32(offset),
  selector & 0xff,
  selector >> 8,
];
const call32 = (selector: number, offset: number): number[] => [
  0x9a,
  ...bytes32(offset),
  selector & 0xff,
  selector >> 8,
];

const cs = (cpu: FakeCpu): number => cpu.state.segments[1]?.selector ?? -1;
const ss = (cpu: FakeCpu): number => cpu.state.segments[2]?.selector ?? -1;
const words32 = (cpu: FakeCpu, count: number): number[] =>
  Array.from({ length: count }, (_, i) => cpu.view.getUint32(Number(cpu.state.gpr(RSP)) + 4 * i, true));
const words64 = (cpu: FakeCpu, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => cpu.view.getBigUint64(Number(cpu.state.gpr(RSP)) + 8 * i, true));

/** Puts a far pointer of the operand size at 0x6000. */
function pointerAt6000(cpu: FakeCpu, selector: number, offset: bigint, width: 16 | 32 | 64): void {
  if (width === 64) cpu.view.setBigUint64(0x6000, offset, true);
  else if (width === 32) cpu.view.setUint32(0x6000, Number(offset), true);
  else cpu.view.setUint16(0x6000, Number(offset), true);
  cpu.view.setUint16(0x6000 + width / 8, selector, true);
}

describe('far JMP in real mode', () => {
  it('loads CS with a paragraph and IP with 16 bits', () => {
    const cpu = new FakeCpu('real');
    expect(cpu.run(0xea, 0x5b, 0xe0, 0x00, 0xf0)).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.segments[1]?.base, cpu.state.rip]).toEqual([0xf000, 0xf0000n, 0xe05bn]);
  });

  it('with a 32-bit offset beyond the limit faults with #GP(0)', () => {
    expect(faultOf(new FakeCpu('real'), 0x66, 0xea, 0, 0, 1, 0, 0, 0)).toEqual([GP, 0]);
  });
});

describe('far JMP in protected mode', () => {
  it('goes to code of the same level, RPL becoming CPL', () => {
    const cpu = new FakeCpu('protected', 3);
    expect(cpu.run(...jump32(USER_CODE32 & ~3, 0x12345))).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.state.cpl]).toEqual([USER_CODE32, 0x12345n, 3]);
  });

  it('from real mode with CR0.PE just set is how protected mode is entered', () => {
    const cpu = new FakeCpu('real');
    cpu.buildTables(false);
    cpu.state.setField(0x200, 0x11);
    expect(cpu.run(0x66, ...jump32(CODE32, 0x12345))).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.codeSize, cpu.modeChanges]).toEqual([CODE32, 0x12345n, 32, 1]);
  });

  it('to 64-bit code from compatibility mode is how 64-bit mode is entered', () => {
    const cpu = new FakeCpu('compatibility');
    expect(cpu.run(...jump32(CODE64, 0xffff0000))).toBe(OUTCOME_BRANCH);
    expect([cpu.codeSize, cpu.state.rip]).toEqual([64, 0xffff0000n]);
  });

  it('to conforming code of more privilege keeps CPL', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setDescriptor(TARGET, segmentDescriptor(0, 0xfffff, 0x9f, 0xc));
    cpu.run(...jump32(TARGET, 0x100));
    expect([cs(cpu), cpu.state.cpl]).toEqual([TARGET | 3, 3]);
  });

  it('sets the accessed flag of the code segment', () => {
    const cpu = new FakeCpu('protected');
    cpu.setDescriptor(TARGET, segmentDescriptor(0, 0xfffff, 0x9a, 0xc));
    cpu.run(...jump32(TARGET, 0x100));
    expect(cpu.bytes[GDT + TARGET + 5]).toBe(0x9b);
  });

  const code =
    (access: number, flags = 0xc, limit = 0xfffff) =>
    (cpu: FakeCpu): void =>
      cpu.setDescriptor(TARGET, segmentDescriptor(0, limit, access, flags));
  it.each([
    ['a null selector', 'protected', 0, 3, undefined, GP, 0],
    ['a selector outside the GDT', 'protected', 0, 0x100, undefined, GP, 0x100],
    ['a data segment', 'protected', 0, DATA32, undefined, GP, DATA32],
    ['an LDT', 'protected', 0, 0x58, undefined, GP, 0x58],
    ['RPL above CPL', 'protected', 0, CODE32 | 3, undefined, GP, CODE32],
    ['more privilege', 'protected', 3, CODE32 | 3, undefined, GP, CODE32],
    ['less privilege', 'protected', 0, USER_CODE32 & ~3, undefined, GP, USER_CODE32 & ~3],
    ['conforming code of less privilege', 'protected', 0, TARGET, code(0xff), GP, TARGET],
    ['a segment that is not present', 'protected', 0, TARGET, code(0x1b), NP, TARGET],
    ['an offset beyond the limit', 'protected', 0, TARGET, code(0x9b, 4, 0xff), GP, 0],
    ['both L and D in IA-32e mode', 'compatibility', 0, TARGET, code(0x9b, 0xe), GP, TARGET],
    ['a TSS in IA-32e mode', 'compatibility', 0, TSS_SELECTOR, undefined, GP, TSS_SELECTOR],
  ] as const)('refuses %s', (_name, mode, cpl, selector, prepare, vector, error) => {
    const cpu = new FakeCpu(mode, cpl);
    prepare?.(cpu);
    expect(faultOf(cpu, ...jump32(selector, 0x100))).toEqual([vector, error]);
  });

  it('through memory with a 64-bit offset needs REX.W', () => {
    const cpu = new FakeCpu('64-bit');
    pointerAt6000(cpu, CODE64, 0x0000123456789abcn, 64);
    expect(cpu.run(0x48, 0xff, 0x2c, 0x25, 0x00, 0x60, 0, 0)).toBe(OUTCOME_BRANCH); // jmp far [0x6000]
    expect(cpu.state.rip).toBe(0x0000123456789abcn);
  });

  it('to an address that is not canonical faults with #GP(0)', () => {
    const cpu = new FakeCpu('64-bit');
    pointerAt6000(cpu, CODE64, 0x0000800000000000n, 64);
    expect(faultOf(cpu, 0x48, 0xff, 0x2c, 0x25, 0x00, 0x60, 0, 0)).toEqual([GP, 0]);
  });
});

describe('far JMP through a call gate', () => {
  it('goes to the offset of the gate, not of the pointer', () => {
    const cpu = new FakeCpu('protected');
    cpu.setDescriptor(GATE, gateDescriptor(CODE32, HANDLER, 0x8c));
    cpu.run(...jump32(GATE, 0xdeadbeef));
    expect([cs(cpu), cpu.state.rip]).toEqual([CODE32, BigInt(HANDLER)]);
  });

  it('cannot change to more privilege', () => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setDescriptor(GATE, gateDescriptor(CODE32, HANDLER, 0xec));
    expect(faultOf(cpu, ...jump32(GATE, 0))).toEqual([GP, CODE32]);
  });
});

describe('far CALL and RET on one level', () => {
  it('round trip in real mode', () => {
    const cpu = new FakeCpu('real');
    cpu.state.setGpr(RSP, 0x7000n);
    cpu.run(0x9a, 0x00, 0x02, 0x00, 0x10); // call 1000:0200
    expect([cs(cpu), cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([0x1000, 0x200n, 0x6ffcn]);
    expect(cpu.view.getUint32(0x6ffc, true)).toBe(0x00004005);
    expect(cpu.run(0xca, 0x06, 0x00)).toBe(OUTCOME_BRANCH); // retf 6
    expect([cs(cpu), cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([0, 0x4005n, 0x7006n]);
  });

  it('round trip in protected mode', () => {
    const cpu = new FakeCpu('protected');
    cpu.setDescriptor(TARGET, segmentDescriptor(0, 0xfffff, 0x9b, 0xc));
    const before = cpu.state.gpr(RSP);
    cpu.run(...call32(TARGET, 0x5000));
    expect(words32(cpu, 2)).toEqual([0x4007, CODE32]);
    cpu.run(0xcb);
    expect([cs(cpu), cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([CODE32, 0x4007n, before]);
  });

  it('round trip in 64-bit mode with 64-bit operands, to compatibility mode and back', () => {
    const cpu = new FakeCpu('64-bit');
    const before = cpu.state.gpr(RSP);
    pointerAt6000(cpu, CODE32, 0x5000n, 64);
    cpu.run(0x48, 0xff, 0x1c, 0x25, 0x00, 0x60, 0, 0); // call far [0x6000]
    expect([cpu.codeSize, cpu.state.rip, before - cpu.state.gpr(RSP)]).toEqual([32, 0x5000n, 16n]);
    expect(words64(cpu, 2)).toEqual([0x4008n, BigInt(CODE64)]);
    cpu.loadFromTable(1, CODE64); // 64-bit RETF needs 64-bit mode
    cpu.state.rip = 0x5000n;
    cpu.run(0x48, 0xcb);
    expect([cs(cpu), cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([CODE64, 0x4008n, before]);
  });

  it('loads CS for a new GDT by RETFQ, as 64-bit kernels do', () => {
    const cpu = new FakeCpu('64-bit');
    cpu.state.setGpr(RSP, 0x7000n);
    cpu.view.setBigUint64(0x7000, 0x4abcn, true);
    cpu.view.setBigUint64(0x7008, BigInt(CODE64), true);
    expect(cpu.run(0x48, 0xcb)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([0x4abcn, 0x7010n]);
  });

  it('CALL without room on the stack faults with #SS(0)', () => {
    const cpu = new FakeCpu('protected');
    cpu.setDescriptor(TARGET, segmentDescriptor(0, 0xfff, 0x97, 0x4)); // expand-down: offsets from 0x1000
    cpu.loadFromTable(2, TARGET);
    cpu.state.setGpr(RSP, 0x1004n);
    expect(faultOf(cpu, ...call32(CODE32, 0x5000))).toEqual([SS, 0]);
  });

  it('CALL that meets a page fault leaves everything alone', () => {
    const cpu = new FakeCpu('protected');
    cpu.readOnly.add((STACK0 - 0x200) >> 12);
    expect(faultOf(cpu, ...call32(CODE32, 0x5000))).toEqual([14, 3]);
  });
});

describe('far RET', () => {
  const returning = (cpl: number, selector: number, prepare?: (cpu: FakeCpu) => void): FakeCpu => {
    const cpu = new FakeCpu('protected', cpl);
    const pointer = Number(cpu.state.gpr(RSP));
    cpu.view.setUint32(pointer, 0x1000, true);
    cpu.view.setUint32(pointer + 4, selector, true);
    cpu.view.setUint32(pointer + 8, STACK3, true);
    cpu.view.setUint32(pointer + 12, USER_DATA32, true);
    prepare?.(cpu);
    return cpu;
  };
  const target =
    (access: number, limit = 0xfffff, flags = 0xc) =>
    (cpu: FakeCpu): void =>
      cpu.setDescriptor(TARGET, segmentDescriptor(0, limit, access, flags));
  const stackSelector =
    (selector: number) =>
    (cpu: FakeCpu): void =>
      cpu.view.setUint32(STACK0 - 0x100 + 12, selector, true);

  it.each([
    ['a null CS', 0, 2, undefined, GP, 0],
    ['a CS outside the GDT', 0, 0x100, undefined, GP, 0x100],
    ['data', 0, DATA32, undefined, GP, DATA32],
    ['more privilege', 3, CODE32, undefined, GP, CODE32],
    ['DPL other than RPL', 0, USER_CODE32 & ~3, undefined, GP, USER_CODE32 & ~3],
    ['conforming code of a DPL above RPL', 0, TARGET, target(0xff), GP, TARGET],
    ['code that is not present', 0, TARGET, target(0x1b), NP, TARGET],
    ['an offset beyond the limit', 0, TARGET, target(0x9b, 0xff, 4), GP, 0],
    ['a null SS for an outer level', 0, USER_CODE32, stackSelector(3), GP, 0],
    ['an SS of another RPL', 0, USER_CODE32, stackSelector(USER_DATA32 & ~3), GP, USER_DATA32 & ~3],
    ['an SS of another DPL', 0, USER_CODE32, stackSelector(DATA32 | 3), GP, DATA32],
    ['an SS that is code', 0, USER_CODE32, stackSelector(USER_CODE32), GP, USER_CODE32 & ~3],
  ] as const)('refuses %s', (_name, cpl, selector, prepare, vector, error) => {
    expect(faultOf(returning(cpl, selector, prepare), 0xcb)).toEqual([vector, error]);
  });

  it('to an outer level loads SS:ESP, releases parameters on both stacks, and nulls inner data segments', () => {
    const cpu = new FakeCpu('protected');
    const BASE_OF_DS = 0x1230n;
    const ds = cpu.state.segments[3];
    if (ds !== undefined) ds.base = BASE_OF_DS;
    const pointer = STACK0 - 0x100;
    cpu.view.setUint32(pointer, 0x1000, true);
    cpu.view.setUint32(pointer + 4, USER_CODE32, true);
    cpu.view.setUint32(pointer + 16, STACK3, true);
    cpu.view.setUint32(pointer + 20, USER_DATA32, true);
    cpu.loadFromTable(4, USER_DATA32);
    cpu.setDescriptor(TARGET, segmentDescriptor(0, 0xfffff, 0x9f, 0xc)); // conforming code may stay
    cpu.loadFromTable(5, TARGET);
    expect(cpu.run(0xca, 0x08, 0x00)).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.state.cpl]).toEqual([USER_CODE32, 0x1000n, 3]);
    expect([ss(cpu), cpu.state.gpr(RSP)]).toEqual([USER_DATA32, BigInt(STACK3 + 8)]);
    expect([0, 3, 4, 5].map((i) => cpu.state.segments[i]?.selector)).toEqual([0, 0, USER_DATA32, TARGET]);
    expect(cpu.state.segments[3]?.rights).toBe(0);
    expect(cpu.state.segments[3]?.base).toBe(BASE_OF_DS);
  });
});

describe('CALL through a 32-bit call gate to more privilege', () => {
  const PARAMETERS = [0x11111111, 0x22222222, 0x33333333];
  const userWithGate = (access = 0xec, count = 3, selector = CODE32): FakeCpu => {
    const cpu = new FakeCpu('protected', 3);
    cpu.setDescriptor(GATE, gateDescriptor(selector, HANDLER, access, count));
    PARAMETERS.forEach((value, i) => {
      cpu.view.setUint32(STACK3 - 12 + 4 * i, value, true);
    });
    cpu.state.setGpr(RSP, BigInt(STACK3 - 12));
    return cpu;
  };

  it('switches stacks, copies the parameters, and RET goes all the way back', () => {
    const cpu = userWithGate();
    expect(cpu.run(...call32(GATE | 3, 0))).toBe(OUTCOME_BRANCH);
    expect([cs(cpu), cpu.state.rip, cpu.state.cpl, ss(cpu)]).toEqual([CODE32, BigInt(HANDLER), 0, DATA32]);
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 28));
    expect(words32(cpu, 7)).toEqual([0x4007, USER_CODE32, ...PARAMETERS, STACK3 - 12, USER_DATA32]);
    expect(cpu.run(0xca, 0x0c, 0x00)).toBe(OUTCOME_BRANCH); // retf 12
    expect([cs(cpu), cpu.state.rip, cpu.state.cpl]).toEqual([USER_CODE32, 0x4007n, 3]);
    expect([ss(cpu), cpu.state.gpr(RSP)]).toEqual([USER_DATA32, BigInt(STACK3)]);
  });

  it('through a 16-bit gate copies and pushes words', () => {
    const cpu = userWithGate(0xe4, 2);
    cpu.run(...call32(GATE, 0));
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 12));
    expect(words32(cpu, 3)).toEqual([0x001b4007, 0x11111111, 0x00239ff4]);
  });

  it('to conforming code stays on the stack and the level', () => {
    const cpu = userWithGate(0xec, 3, TARGET);
    cpu.setDescriptor(TARGET, segmentDescriptor(0, 0xfffff, 0x9f, 0xc));
    cpu.run(...call32(GATE, 0));
    expect([cs(cpu), cpu.state.cpl, cpu.state.gpr(RSP)]).toEqual([TARGET | 3, 3, BigInt(STACK3 - 20)]);
  });

  it.each([
    ['a gate of DPL 0', (c: FakeCpu) => c.setDescriptor(GATE, gateDescriptor(CODE32, HANDLER, 0x8c)), GP, GATE],
    ['a gate that is not present', (c: FakeCpu) => c.setDescriptor(GATE, gateDescriptor(CODE32, 0, 0x6c)), NP, GATE],
    ['a null code segment', (c: FakeCpu) => c.setDescriptor(GATE, gateDescriptor(0, HANDLER, 0xec)), GP, 0],
    ['a data segment', (c: FakeCpu) => c.setDescriptor(GATE, gateDescriptor(DATA32, 0, 0xec)), GP, DATA32],
    ['a TSS that is too small', (c: FakeCpu) => c.state.segments[7]?.load(0x48, BigInt(TSS), 8, 0x8b), TS, 0x48],
    ['a null SS0', (c: FakeCpu) => c.view.setUint16(TSS + 8, 0, true), TS, 0],
    ['an SS0 of RPL 3', (c: FakeCpu) => c.view.setUint16(TSS + 8, DATA32 | 3, true), TS, DATA32],
    ['an SS0 of DPL 3', (c: FakeCpu) => c.view.setUint16(TSS + 8, 0x20, true), TS, 0x20],
    [
      'an SS0 that is not present',
      (c: FakeCpu) => {
        c.setDescriptor(TARGET, segmentDescriptor(0, 0xfffff, 0x13, 0xc));
        c.view.setUint16(TSS + 8, TARGET, true);
      },
      SS,
      TARGET,
    ],
    [
      'an inner stack without room for the parameters',
      (c: FakeCpu) => {
        c.setDescriptor(TARGET, segmentDescriptor(0, STACK0 - 28, 0x97, 0x4));
        c.view.setUint16(TSS + 8, TARGET, true);
      },
      SS,
      TARGET,
    ],
  ] as const)('refuses %s', (_name, prepare, vector, error) => {
    const cpu = userWithGate();
    prepare(cpu);
    expect(faultOf(cpu, ...call32(GATE, 0))).toEqual([vector, error]);
  });
});

describe('CALL through a 64-bit call gate', () => {
  const withGate = (cpl: number, upper = 0n, selector = CODE64): FakeCpu => {
    const cpu = new FakeCpu('64-bit', cpl);
    cpu.setDescriptor(GATE, gateDescriptor(selector, HANDLER, 0xec));
    cpu.view.setBigUint64(GDT + GATE + 8, upper, true);
    pointerAt6000(cpu, GATE, 0n, 32);
    return cpu;
  };
  const CALL = [0xff, 0x1c, 0x25, 0x00, 0x60, 0x00, 0x00] as const; // call far [0x6000]

  it('from ring 3 takes RSP0 and a null SS, pushes quadwords, and RETFQ goes back', () => {
    const cpu = withGate(3);
    expect(cpu.run(...CALL)).toBe(OUTCOME_BRANCH);
    expect([cpu.state.rip, cpu.state.cpl, ss(cpu)]).toEqual([BigInt(HANDLER), 0, 0]);
    expect(cpu.state.gpr(RSP)).toBe(BigInt(STACK0 - 32));
    expect(words64(cpu, 4)).toEqual([0x4007n, BigInt(USER_CODE64), BigInt(STACK3), BigInt(USER_DATA32)]);
    cpu.run(0x48, 0xcb);
    expect([cs(cpu), ss(cpu), cpu.state.rip, cpu.state.gpr(RSP)]).toEqual([
      USER_CODE64,
      USER_DATA32,
      0x4007n,
      BigInt(STACK3),
    ]);
  });

  it.each([
    ['an upper half whose type is not 0', 0x10000000000n, CODE64, GP, GATE],
    ['an offset that is not canonical', 0x8000n, CODE64, GP, 0],
    ['32-bit code', 0n, CODE32, GP, CODE32],
    ['16-bit code', 0n, CODE16, GP, CODE16],
  ] as const)('refuses %s', (_name, upper, selector, vector, error) => {
    expect(faultOf(withGate(3, upper, selector), ...CALL)).toEqual([vector, error]);
  });
});
