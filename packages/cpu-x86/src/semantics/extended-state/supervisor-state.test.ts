/** XSAVES, XRSTORS and IA32_XSS. What is said of headers a Xeon of family 6, model 207 does with XRSTOR as well. */
import { describe, expect, it } from 'vitest';
import type { Cpu } from '../../cpu.ts';
import { place, RAX, RBX, RCX, RDX } from '../../machines.test.fixture.ts';
import { CR0_TS, CR4_OSFXSR, CR4_PKE } from '../../state/control-registers.ts';
import { CR4, FPU_CONTROL, MXCSR, PKRU, XCR0, XMM } from '../../state/layout.ts';
import { CPU_MODELS } from '../system/cpu-models.ts';
import { AREA, ask, machine, quad, run } from './extended-state.test.fixture.ts';

const XSAVES64 = '480fc72c25 00300000';
const XRSTORS64 = '480fc71c25 00300000';
const XSAVES = '0fc72c25 00300000';
const XRSTORS = '0fc71c25 00300000';
const XRSTOR64 = '480fae2c25 00300000';
const RDMSR = '0f32';
const WRMSR = '0f30';
const CPUID = '0fa2';
const IA32_XSS = 0xda0n;
const COMPACTED = 1n << 63n;
const XSTATE_BV = 512;
const XCOMP_BV = 520;

const put = (cpu: Cpu, at: number, value: bigint): void =>
  cpu.memory.write(AREA + at, new Uint8Array(new BigUint64Array([value]).buffer));

/** A processor with an area that XSAVES has written, asked for x87 and SSE. */
function saved(bits: Parameters<typeof machine>[0] = {}): Cpu {
  const cpu = ask(machine(bits), 3n);
  cpu.memory.fill(AREA, 640, 0);
  return cpu;
}

describe('XSAVES', () => {
  it('writes a compacted area, and of its header only the two bitmaps', () => {
    const cpu = saved();
    cpu.memory.fill(AREA, 640, 0xee);
    expect(run(cpu, XSAVES64)).toBeUndefined();
    expect([quad(cpu, XSTATE_BV), quad(cpu, XCOMP_BV), quad(cpu, 528)]).toEqual([
      3n,
      COMPACTED | 3n,
      0xeeeeeeeeeeeeeeeen,
    ]);
    expect([cpu.memory.read16(AREA), cpu.memory.read32(AREA + 24)]).toEqual([0x027f, 0x9fa0]);
    expect([quad(cpu, 160), quad(cpu, 160 + 8 * 31)]).toEqual([0x1000n, 0x101fn]);
  });

  it('leaves out what is in its initial configuration, and says so', () => {
    const cpu = saved();
    for (let i = 0; i < 32; i++) cpu.state.setWideField(XMM + 8 * i, 0n);
    cpu.state.setField(MXCSR, 0x1f80);
    put(cpu, 160, 7n);
    expect(run(cpu, XSAVES64)).toBeUndefined();
    expect([quad(cpu, XSTATE_BV), quad(cpu, XCOMP_BV), quad(cpu, 160)]).toEqual([1n, COMPACTED | 3n, 7n]);
  });

  it('puts PKRU right behind the header, where CPUID.0DH.1 says that the area ends', () => {
    const cpu = ask(saved(), ~0n & 0xffff_ffff_ffff_ffffn);
    cpu.state.setField(CR4, (cpu.state.field(CR4) | CR4_PKE) >>> 0);
    cpu.state.setField(XCR0, 0x203);
    cpu.state.setField(PKRU, 0x5555_5554);
    expect(run(cpu, XSAVES64)).toBeUndefined();
    expect([quad(cpu, XSTATE_BV), quad(cpu, XCOMP_BV), quad(cpu, 576)]).toEqual([
      0x203n,
      COMPACTED | 0x203n,
      0x5555_5554n,
    ]);
    cpu.state.setGpr(RAX, 0xdn);
    cpu.state.setGpr(RCX, 1n);
    run(cpu, CPUID);
    expect([RAX, RBX, RCX, RDX].map((register) => cpu.state.gpr(register))).toEqual([0xfn, 584n, 0n, 0n]);
  });
});

describe.each(['interpreter', 'jit', 'check'] as const)('XSAVES and XRSTORS in %s', (engine) => {
  it('change contexts in a loop', () => {
    const cpu = ask(machine({}, { engine, jit: { threshold: 1, warmUp: 0 } }), 3n);
    cpu.memory.fill(AREA, 1280, 0);
    // mov ecx, 50; again: movq rbx, xmm0; inc rbx; movq xmm0, rbx; xsaves64 [3000h]; pxor xmm0, xmm0; fninit;
    // xrstors64 [3000h]; loop again; hlt
    const code = `b932000000 66480f7ec3 48ffc3 66480f6ec3 ${XSAVES64} 660fefc0 dbe3 ${XRSTORS64} e2d9 f4`;
    place(cpu, 0x1000, code);
    cpu.state.rip = 0x1000n;
    cpu.synchronize();
    expect(cpu.run(1000)).toBe('halted');
    expect([cpu.state.wideField(XMM), cpu.state.field(FPU_CONTROL)]).toEqual([0x1000n + 50n, 0x027f]);
  });
});

describe('XRSTORS', () => {
  it('brings back what XSAVES has stored, and initializes what is not in the area', () => {
    const cpu = saved();
    run(cpu, XSAVES64);
    put(cpu, XSTATE_BV, 1n);
    cpu.state.setField(FPU_CONTROL, 0x037f);
    expect(run(cpu, XRSTORS64)).toBeUndefined();
    expect([cpu.state.field(FPU_CONTROL), cpu.state.field(MXCSR), cpu.state.wideField(XMM)]).toEqual([
      0x027f,
      0x1f80,
      0n,
    ]);
  });

  it('leaves alone what is not asked for', () => {
    const cpu = saved();
    run(cpu, XSAVES64);
    cpu.state.setField(FPU_CONTROL, 0x037f);
    expect(run(ask(cpu, 2n), XRSTORS64)).toBeUndefined();
    expect(cpu.state.field(FPU_CONTROL)).toBe(0x037f);
  });

  it('needs a compacted area', () => {
    const cpu = saved();
    run(cpu, XSAVES64);
    put(cpu, XCOMP_BV, 0n);
    expect(run(cpu, XRSTORS64)).toMatch(/^13 XRSTORS64: XCOMP_BV says that the area is not compacted/);
    expect(run(cpu, XRSTOR64)).toBeUndefined();
  });

  it.each([
    ['XCOMP_BV bit that XCR0 has not', XCOMP_BV, COMPACTED | 7n],
    ['XCOMP_BV bit 62', XCOMP_BV, COMPACTED | (1n << 62n) | 3n],
    ['XSTATE_BV bit that XCOMP_BV has not', XCOMP_BV, COMPACTED | 1n],
    ['XSTATE_BV bit 63', XSTATE_BV, COMPACTED | 3n],
    ['header byte 16', 528, 1n],
    ['header byte 63', 568, 1n << 63n],
    ['MXCSR bit that there is not', 24, 0x1_1f80n],
  ])('refuses, as the compacted form of XRSTOR does, a %s', (_name, at, value) => {
    for (const code of [XRSTORS64, XRSTOR64]) {
      const cpu = saved();
      run(cpu, XSAVES64);
      put(cpu, at, value);
      cpu.state.setWideField(XMM, 5n);
      expect(run(cpu, code)).toMatch(/^13 /);
      expect(cpu.state.wideField(XMM)).toBe(5n);
    }
  });

  it('does not look at the MXCSR of an area without SSE', () => {
    const cpu = saved();
    run(cpu, XSAVES64);
    put(cpu, XSTATE_BV, 1n);
    put(cpu, 24, 0x1_1f80n);
    expect(run(cpu, XRSTORS64)).toBeUndefined();
  });
});

describe('the standard form of XRSTOR', () => {
  it.each([
    [520, false],
    [528, false],
    [536, true],
    [568, true],
  ])('wants bytes 8 to 23 of the header to be zero: byte %i set is fine: %s', (at, isFine) => {
    const cpu = saved();
    put(cpu, 24, 0x1f80n);
    put(cpu, at, 1n);
    expect(run(cpu, XRSTOR64) === undefined).toBe(isFine);
  });
});

describe.each([XSAVES, XSAVES64, XRSTORS, XRSTORS64])('%s', (code) => {
  it('is #UD without CR4.OSXSAVE or the feature, then #NM with CR0.TS, then #GP(0) above CPL 0 or off its alignment', () => {
    expect(run(machine({ cr4: CR4_OSFXSR, cr0: CR0_TS, cpl: 3 }), code)).toMatch(/^6 .* with CR4.OSXSAVE clear/);
    expect(run(machine({ cr0: CR0_TS, cpl: 3 }), code)).toMatch(/^7 /);
    expect(run(machine({ cpl: 3 }), code)).toMatch(/^13 .* needs CPL 0/);
    expect(run(machine(), code.replace('00300000', '10300000'))).toMatch(/^13 .* not a multiple of 64/);
    expect(run(machine({}, { model: CPU_MODELS['x86-64-v2'] }), code)).toMatch(/^6 .* not a feature/);
  });

  it.each(['66', 'f3', 'f2', 'f0'])('is #UD behind %s, and with a register', (prefix) => {
    expect(run(machine(), prefix + code)).toMatch(/^6 /);
    const register = code.replace(
      /(0fc7)(2c|1c)25 00300000/,
      (_, opcode, modrm) => opcode + (modrm === '2c' ? 'e8' : 'd8'),
    );
    expect(run(machine(), register)).toMatch(/^6 /);
  });
});

describe('IA32_XSS', () => {
  const access = (code: string, value: bigint, model: 'default' | 'x86-64-v2' = 'default'): string | undefined => {
    const cpu = ask(machine({}, { model: CPU_MODELS[model] }), value);
    cpu.state.setGpr(RCX, IA32_XSS);
    return run(cpu, code) ?? (code === RDMSR ? `${cpu.state.gpr(RDX)}:${cpu.state.gpr(RAX)}` : undefined);
  };

  it('is zero: there are no state components for the supervisor', () => {
    expect(access(RDMSR, 5n)).toBe('0:0');
    expect(access(WRMSR, 0n)).toBeUndefined();
    for (const value of [1n, 1n << 8n, 1n << 11n, 1n << 63n]) expect(access(WRMSR, value)).toMatch(/^13 /);
  });

  it('comes with XSAVES', () => {
    expect(access(RDMSR, 0n, 'x86-64-v2')).toMatch(/^13 /);
    expect(access(WRMSR, 0n, 'x86-64-v2')).toMatch(/^13 /);
  });
});
