import { describe, expect, it } from 'vitest';
import type { Cpu } from '../../cpu.ts';
import { longModeMachine, RAX } from '../../machines.test.fixture.ts';
import { CR0, CR4, FPR, FPU_CONTROL, FPU_STATUS, FPU_TAG, IDTR_LIMIT, MXCSR, XMM } from '../../state/layout.ts';

const CODE = 0x1000;
const CR0_EM = 4;
const CR0_TS = 8;
const CR4_OSFXSR = 0x200;

/** Runs one instruction in 64-bit mode. @returns the vector of its exception, or undefined */
function run(cpu: Cpu, ...bytes: number[]): number | undefined {
  cpu.memory.write(CODE, Uint8Array.from(bytes));
  cpu.state.rip = BigInt(CODE);
  cpu.state.setField(IDTR_LIMIT, 0);
  cpu.synchronize();
  const before = cpu.exceptionLog.entries.length;
  cpu.run(1);
  return cpu.exceptionLog.entries[before]?.vector;
}
function machine(): Cpu {
  const { cpu } = longModeMachine();
  cpu.state.setField(CR4, cpu.state.field(CR4) | CR4_OSFXSR);
  cpu.state.setField(FPU_CONTROL, 0x37f);
  cpu.state.setField(FPU_STATUS, 0x3800);
  cpu.state.setField(FPU_TAG, 0);
  return cpu;
}
const mm = (cpu: Cpu, index: number): bigint => cpu.state.wideField(FPR + 16 * index);

describe('MMX instructions', () => {
  it.each([
    ['CR0.EM', 6, (cpu: Cpu) => cpu.state.setField(CR0, cpu.state.field(CR0) | CR0_EM)],
    ['CR0.TS', 7, (cpu: Cpu) => cpu.state.setField(CR0, cpu.state.field(CR0) | CR0_TS)],
    ['a pending x87 exception', 16, (cpu: Cpu) => cpu.state.setField(FPU_STATUS, 0x8081)],
  ] as const)('are refused by %s with vector %i', (_name, vector, prepare) => {
    for (const bytes of [
      [0x0f, 0xfc, 0xc1],
      [0x0f, 0x77],
      [0x0f, 0x2a, 0xc1],
      [0x0f, 0xf7, 0xc1],
    ]) {
      const cpu = machine();
      prepare(cpu);
      expect(run(cpu, ...bytes)).toBe(vector);
    }
  });

  it('need no CR4.OSFXSR, but those that name an XMM register too do', () => {
    const cpu = machine();
    cpu.state.setField(CR4, cpu.state.field(CR4) & ~CR4_OSFXSR);
    expect(run(cpu, 0x0f, 0xfc, 0xc1)).toBeUndefined();
    expect(run(cpu, 0xf2, 0x0f, 0xd6, 0xc1)).toBe(6);
  });

  it('that only read a register make all of them valid, with register 0 at the top', () => {
    const cpu = machine();
    expect(run(cpu, 0x0f, 0x7e, 0xc8)).toBeUndefined(); // movd eax, mm1
    expect([cpu.state.field(FPU_STATUS), cpu.state.field(FPU_TAG)]).toEqual([0, 0xff]);
    run(cpu, 0x0f, 0x77);
    expect(cpu.state.field(FPU_TAG)).toBe(0);
  });

  it('leave the tags alone where a store faults', () => {
    const cpu = machine();
    cpu.state.setGpr(RAX, 1n << 40n);
    expect(run(cpu, 0x0f, 0x7f, 0x08)).toBe(14); // movq [rax], mm1
    expect([cpu.state.field(FPU_STATUS), cpu.state.field(FPU_TAG)]).toEqual([0x3800, 0]);
  });
});

describe('conversions between MMX and XMM registers', () => {
  const floats = (a: number, b: number): bigint => new BigUint64Array(Float32Array.of(a, b).buffer)[0] as bigint;
  const PAIR = 0xffff_fffd_0000_0007n; // -3, 7

  it('CVTPI2PS keeps the upper half, CVTPI2PD replaces all', () => {
    const cpu = machine();
    cpu.state.setWideField(FPR + 16, PAIR);
    cpu.state.setWideField(XMM + 8, 99n);
    expect(run(cpu, 0x0f, 0x2a, 0xc1)).toBeUndefined();
    expect([cpu.state.wideField(XMM), cpu.state.wideField(XMM + 8)]).toEqual([floats(7, -3), 99n]);
    expect([cpu.state.field(FPU_STATUS), cpu.state.field(FPU_TAG)]).toEqual([0, 0xff]);
    run(cpu, 0x66, 0x0f, 0x2a, 0xc1);
    expect([...new Float64Array(cpu.state.u64.slice(XMM >> 3, (XMM >> 3) + 2).buffer)]).toEqual([7, -3]);
  });

  it('from memory they leave the x87 registers alone', () => {
    const cpu = machine();
    cpu.state.setGpr(RAX, 0x2000n);
    cpu.memory.write(0x2000, new Uint8Array(BigUint64Array.of(PAIR).buffer));
    expect(run(cpu, 0x0f, 0x2a, 0x00)).toBeUndefined();
    expect([cpu.state.wideField(XMM), cpu.state.field(FPU_STATUS), cpu.state.field(FPU_TAG)]).toEqual([
      floats(7, -3),
      0x3800,
      0,
    ]);
  });

  it('CVTPS2PI rounds as MXCSR says, CVTTPS2PI to zero', () => {
    for (const [opcode, expected] of [
      [0x2d, 0xffff_fffc_0000_0002n],
      [0x2c, 0xffff_fffd_0000_0002n],
    ] as const) {
      const cpu = machine();
      cpu.state.setWideField(XMM, floats(2.5, -3.5));
      expect(run(cpu, 0x0f, opcode, 0xc0)).toBeUndefined();
      expect([mm(cpu, 0), cpu.state.field(FPR + 8)]).toEqual([expected, 0xffff]);
      expect(cpu.state.field(MXCSR) & 0x3f).toBe(0x20);
    }
  });

  it('MOVDQ2Q and MOVQ2DQ move 64 bits', () => {
    const cpu = machine();
    cpu.state.setWideField(XMM, PAIR);
    expect(run(cpu, 0xf2, 0x0f, 0xd6, 0xd8)).toBeUndefined(); // movdq2q mm3, xmm0
    expect(mm(cpu, 3)).toBe(PAIR);
    cpu.state.setWideField(XMM + 24, 1n);
    run(cpu, 0xf3, 0x0f, 0xd6, 0xcb); // movq2dq xmm1, mm3
    expect([cpu.state.wideField(XMM + 16), cpu.state.wideField(XMM + 24)]).toEqual([PAIR, 0n]);
  });
});
