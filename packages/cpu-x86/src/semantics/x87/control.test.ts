import { describe, expect, it } from 'vitest';
import {
  CR0,
  FPU_CONTROL,
  FPU_DATA_POINTER,
  FPU_INSTRUCTION_POINTER,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
} from '../../state/layout.ts';
import { OUTCOME_NEXT } from '../system/context.ts';
import { FakeCpu, type FakeMode, faultOf, RAX } from '../system/fake-cpu.test.fixture.ts';

const NM = [7, -1];
const MF = [16, -1];
const CR0_MP = 2;
const CR0_EM = 4;
const CR0_TS = 8;
const DATA = 0x6000;

/** A processor after FNINIT, with RAX at the data. */
function initialized(mode: FakeMode = '64-bit'): FakeCpu {
  const cpu = new FakeCpu(mode);
  cpu.run(0xdb, 0xe3);
  cpu.state.setGpr(RAX, BigInt(DATA));
  return cpu;
}
/** ... with a zero-divide exception pending, of FDIV ST, ST(1) at 4006H. */
function pending(mode: FakeMode = '64-bit'): FakeCpu {
  const cpu = initialized(mode);
  cpu.state.setField(FPU_CONTROL, 0x37b);
  cpu.run(0xd9, 0xee); // fldz
  cpu.run(0xd9, 0xe8); // fld1
  cpu.run(0xd8, 0xf1); // fdiv st, st(1)
  return cpu;
}
const words = (cpu: FakeCpu, count: number): number[] =>
  Array.from({ length: count }, (_, i) => cpu.view.getUint16(DATA + 2 * i, true));
const dwords = (cpu: FakeCpu, count: number): number[] =>
  Array.from({ length: count }, (_, i) => cpu.view.getUint32(DATA + 4 * i, true));

describe('FERR# and IGNNE#', () => {
  const CR0_NE = 0x20;
  const FLD1 = [0xd9, 0xe8];
  const FWAIT = [0x9b];
  const FNCLEX = [0xdb, 0xe2];
  /** A processor with an exception pending, CR0.NE clear, and IGNNE# active. */
  function ignoring(): FakeCpu {
    const cpu = pending();
    cpu.state.setField(CR0, cpu.state.field(CR0) & ~CR0_NE);
    cpu.coprocessorError = {
      isIgnored: true,
      signal: () => {},
      release() {
        (this as { isIgnored: boolean }).isIgnored = false;
      },
    };
    return cpu;
  }

  it('let instructions go on while IGNNE# is active, and the exception stays', () => {
    const cpu = ignoring();
    for (const bytes of [FWAIT, FLD1]) expect(cpu.run(...bytes)).toBe(OUTCOME_NEXT);
    expect(cpu.state.field(FPU_STATUS) & 0x8084).toBe(0x8084);
    expect(cpu.coprocessorError?.isIgnored).toBe(true);
  });

  it('end with the exception: the next one is reported', () => {
    const cpu = ignoring();
    expect(cpu.run(...FNCLEX)).toBe(OUTCOME_NEXT);
    expect(cpu.run(...FWAIT)).toBe(OUTCOME_NEXT);
    expect(cpu.coprocessorError?.isIgnored).toBe(false);
    cpu.run(0xd8, 0xf1);
    expect(faultOf(cpu, ...FWAIT)).toEqual(MF);
  });

  it('mean nothing with CR0.NE set', () => {
    const cpu = ignoring();
    cpu.state.setField(CR0, cpu.state.field(CR0) | CR0_NE);
    expect(faultOf(cpu, ...FWAIT)).toEqual(MF);
  });
});

describe('CR0 and x87 instructions', () => {
  it.each([
    ['FLD1', [0xd9, 0xe8]],
    ['FNINIT', [0xdb, 0xe3]],
    ['FNSTSW AX', [0xdf, 0xe0]],
    ['FNSAVE', [0xdd, 0x30]],
    ['FLDCW', [0xd9, 0x28]],
    ['FNENI', [0xdb, 0xe0]],
  ] as const)('%s gives #NM while EM or TS is set', (_name, bytes) => {
    for (const bit of [CR0_EM, CR0_TS]) {
      const cpu = initialized();
      cpu.state.setField(CR0, cpu.state.field(CR0) | bit);
      expect(faultOf(cpu, ...bytes)).toEqual(NM);
    }
  });

  it('FWAIT gives #NM while MP and TS are set', () => {
    for (const [bits, traps] of [
      [0, false],
      [CR0_MP, false],
      [CR0_TS, false],
      [CR0_MP | CR0_TS, true],
      [CR0_EM, false],
    ] as const) {
      const cpu = new FakeCpu('64-bit', 3);
      cpu.state.setField(CR0, cpu.state.field(CR0) | bits);
      if (traps) expect(faultOf(cpu, 0x9b)).toEqual(NM);
      else expect(cpu.run(0x9b)).toBe(OUTCOME_NEXT);
    }
  });
});

describe('an exception that is not masked', () => {
  it('is reported by the next instruction that computes, moves, or waits', () => {
    for (const bytes of [[0x9b], [0xd9, 0xe8], [0xd9, 0xd0], [0xd9, 0x28], [0xd9, 0x20], [0xdd, 0x20], [0xdd, 0xc0]]) {
      expect(faultOf(pending(), ...bytes)).toEqual(MF);
    }
  });

  it('is left alone by the FN forms', () => {
    for (const bytes of [
      [0xdf, 0xe0],
      [0xd9, 0x38],
      [0xd9, 0x30],
      [0xdd, 0x30],
      [0xdb, 0xe2],
      [0xdb, 0xe3],
      [0xdb, 0xe4],
    ]) {
      expect(pending().run(...bytes)).toBe(OUTCOME_NEXT);
    }
  });

  it('leaves opcode and data pointer, which other instructions do not', () => {
    const cpu = pending();
    expect(cpu.state.field(FPU_STATUS)).toBe(0xb084);
    expect(cpu.state.field(FPU_OPCODE)).toBe(0x0f1);
    expect([FPU_INSTRUCTION_POINTER, FPU_DATA_POINTER].map((field) => cpu.state.wideField(field))).toEqual([
      0x4006n,
      0n,
    ]);
    cpu.run(0xdb, 0xe2); // fnclex
    cpu.run(0xdc, 0x30); // fdiv qword [rax]: 1 / 0
    expect([cpu.state.field(FPU_OPCODE), cpu.state.wideField(FPU_DATA_POINTER)]).toEqual([0x430, BigInt(DATA)]);
  });

  it('is pending when FLDCW takes its mask away', () => {
    const cpu = pending();
    cpu.run(0xd9, 0x38); // fnstcw
    cpu.run(0xdb, 0xe2);
    cpu.state.setField(FPU_CONTROL, 0x37f);
    cpu.run(0xd8, 0xf1);
    expect(cpu.state.field(FPU_STATUS) & 0x80).toBe(0);
    cpu.run(0xd9, 0x28); // fldcw 37b
    expect(cpu.state.field(FPU_STATUS) & 0x8080).toBe(0x8080);
  });
});

describe('the environment', () => {
  it('has 28 bytes in 64-bit mode and masks all exceptions once stored', () => {
    const cpu = pending();
    cpu.run(0xd9, 0x30);
    expect(dwords(cpu, 7)).toEqual([0xffff037b, 0xffffb084, 0xffff4fff, 0x4006, 0x0f1_0000, 0, 0xffff0000]);
    expect([cpu.state.field(FPU_CONTROL), cpu.state.field(FPU_STATUS)]).toEqual([0x37f, 0x3004]);
  });

  it('has 14 bytes with an operand size of 16', () => {
    const cpu = pending();
    cpu.run(0x66, 0xd9, 0x30);
    expect(words(cpu, 8)).toEqual([0x37b, 0xb084, 0x4fff, 0x4006, 0, 0, 0, 0]);
  });

  it('holds linear pointers and the opcode in real mode', () => {
    const cpu = pending('real');
    cpu.state.setWideField(FPU_INSTRUCTION_POINTER, 0x5_4321n);
    cpu.state.setWideField(FPU_DATA_POINTER, 0xa_9876n);
    cpu.state.setGpr(3, BigInt(DATA));
    cpu.run(0xd9, 0x37); // fnstenv [bx]
    expect(words(cpu, 7)).toEqual([0x37b, 0xb084, 0x4fff, 0x4321, 0x50f1, 0x9876, 0xa000]);
    cpu.run(0x66, 0xd9, 0x37);
    expect(dwords(cpu, 7).slice(3)).toEqual([0xffff4321, 0x50f1, 0xffff9876, 0xa000]);
    cpu.state.setWideField(FPU_INSTRUCTION_POINTER, 0n);
    cpu.run(0x66, 0xd9, 0x27); // fldenv
    expect(cpu.state.wideField(FPU_INSTRUCTION_POINTER)).toBe(0x5_4321n);
    expect(cpu.state.wideField(FPU_DATA_POINTER)).toBe(0xa_9876n);
  });

  it('is loaded, but of the tags only which registers are empty', () => {
    const cpu = initialized();
    [0x37f, 0x0800, 0b1101_1011_0001_1011, 0x1234, 0, 0x5678, 0].forEach((value, i) => {
      cpu.view.setUint32(DATA + 4 * i, value, true);
    });
    cpu.view.setUint32(DATA + 16, 0x7ff_0000, true);
    cpu.run(0xd9, 0x20);
    expect([cpu.state.field(FPU_STATUS), cpu.state.field(FPU_TAG)]).toEqual([0x0800, 0b0110_1110]);
    expect([cpu.state.field(FPU_OPCODE), cpu.state.wideField(FPU_DATA_POINTER)]).toEqual([0x7ff, 0x5678n]);
  });
});

describe('the whole state', () => {
  it('comes back as FNSAVE stored it, which begins anew', () => {
    const cpu = initialized();
    cpu.run(0xd9, 0xeb); // fldpi
    cpu.run(0xd9, 0xe8); // fld1
    const before = cpu.state.u32.slice();
    cpu.run(0xdd, 0x30);
    expect([FPU_CONTROL, FPU_STATUS, FPU_TAG].map((field) => cpu.state.field(field))).toEqual([0x37f, 0, 0]);
    expect([cpu.view.getUint16(DATA + 36, true), cpu.view.getBigUint64(DATA + 38, true)]).toEqual([
      0x3fff,
      0xc90f_daa2_2168_c235n,
    ]);
    cpu.run(0xdd, 0x20);
    const { rip } = cpu.state;
    cpu.state.u32.set(before);
    const expected = cpu.state.u32.slice();
    cpu.state.rip = rip;
    expect(cpu.state.u32.filter((value, i) => value !== expected[i]).length).toBeLessThanOrEqual(1);
  });

  it('takes 94 bytes with an operand size of 16', () => {
    const cpu = initialized();
    cpu.run(0xd9, 0xe8);
    cpu.bytes.fill(0xaa, DATA, DATA + 100);
    cpu.run(0x66, 0xdd, 0x30);
    expect(cpu.view.getUint16(DATA + 14 + 8, true)).toBe(0x3fff);
    expect([...cpu.bytes.subarray(DATA + 93, DATA + 96)]).toEqual([0, 0xaa, 0xaa]);
  });

  it('is not stored in part where the end of it faults', () => {
    const cpu = initialized();
    cpu.state.setGpr(RAX, 0x6fc0n);
    cpu.readOnly.add(7);
    expect(faultOf(cpu, 0xdd, 0x30)[0]).toBe(14);
    expect(cpu.view.getUint32(0x6fc0, true)).toBe(0);
  });
});

describe('memory operands that fault', () => {
  it.each([
    ['FLD m32', [0xd9, 0x00]],
    ['FLD m64', [0xdd, 0x00]],
    ['FLD m80', [0xdb, 0x28]],
    ['FILD m16', [0xdf, 0x00]],
    ['FADD m64', [0xdc, 0x00]],
    ['FST m32', [0xd9, 0x10]],
    ['FSTP m80', [0xdb, 0x38]],
    ['FISTP m64', [0xdf, 0x38]],
    ['FBLD', [0xdf, 0x20]],
    ['FBSTP', [0xdf, 0x30]],
    ['FLDCW', [0xd9, 0x28]],
    ['FNSTCW', [0xd9, 0x38]],
    ['FLDENV', [0xd9, 0x20]],
  ] as const)('%s changes nothing then', (_name, bytes) => {
    const cpu = initialized();
    cpu.run(0xd9, 0xe8);
    cpu.run(0xd9, 0xe5); // fxam: conditions to be kept
    cpu.absent.add(DATA >> 12);
    expect(faultOf(cpu, ...bytes)[0]).toBe(14);
  });

  it('FSTP m80 across a page stores nothing where the second one faults', () => {
    const cpu = initialized();
    cpu.run(0xd9, 0xe8);
    cpu.state.setGpr(RAX, 0x6ffan);
    cpu.readOnly.add(7);
    expect(faultOf(cpu, 0xdb, 0x38)[0]).toBe(14);
    expect(cpu.view.getUint32(0x6ffa, true)).toBe(0);
  });
});
