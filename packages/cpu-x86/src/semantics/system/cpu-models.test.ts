import { describe, expect, it } from 'vitest';
import { Cpu } from '../../cpu.ts';
import { place, protectedModeMachine } from '../../machines.test.fixture.ts';
import { ENCODINGS } from '../../opcodes/opcodes.ts';
import { CPU_MODELS } from './cpu-models.ts';
import { hasInstruction, requiredFeature } from './required-feature.ts';

/** Executes an instruction on a model. @returns the exception's vector and reason, or undefined */
function run(name: keyof typeof CPU_MODELS, code: string): string | undefined {
  const cpu = protectedModeMachine({ model: CPU_MODELS[name] });
  place(cpu, 0x1000, code);
  cpu.run(1);
  const [entry] = cpu.exceptionLog.entries;
  return entry === undefined ? undefined : `${entry.vector} ${entry.reason ?? ''}`;
}

describe('processor models', () => {
  it.each([
    ['486', '0fc8', undefined], // bswap eax
    ['486', '0f31', '6 RDTSC is not an instruction of this processor: it has no TSC'],
    ['pentium', '0f31', undefined],
    ['486', '0fa2', undefined],
    ['pentium', '0f44c1', '6 CMOVE is not an instruction of this processor: it has no CMOV'],
    ['x86-64', '0f44c1', undefined],
    ['x86-64', 'f30fb8c1', '6 POPCNT is not an instruction of this processor: it has no POPCNT'],
    ['x86-64-v2', 'f30fb8c1', undefined],
    ['x86-64-v2', '0f38f00500300000', '6 MOVBE is not an instruction of this processor: it has no MOVBE'],
    ['x86-64-v2', 'f20f38f0c1', undefined],
    ['x86-64', 'f20f38f0c1', '6 CRC32 is not an instruction of this processor: it has no SSE4_2'],
    ['x86-64-v2', '0fc7f0', '6 RDRAND is not a feature of this processor'],
  ] as const)('%s executes %s: %s', (name, code, expected) => {
    expect(run(name, code)).toBe(expected);
  });

  it('have nothing that is not emulated', () => {
    for (const { features } of Object.values(CPU_MODELS)) {
      expect([...features].filter((feature) => !CPU_MODELS.default.features.has(feature))).toEqual([]);
    }
  });

  it('identify themselves in EDX at reset', () => {
    expect(new Cpu({ ramSizeBytes: 0x10_0000, model: CPU_MODELS['486'] }).state.gpr(2)).toBe(0x480n);
  });

  it('of level 2 have every instruction of SSE4.2 and before', () => {
    const later = ENCODINGS.filter((row) => !hasInstruction(CPU_MODELS['x86-64-v2'], row));
    const features = new Set(later.map((row) => requiredFeature(row)));
    expect([...features].filter((feature) => feature !== 'MMX').sort()).toEqual(['AES', 'MOVBE', 'PCLMULQDQ']);
  });
});

describe('the feature of an instruction', () => {
  it.each([
    ['MOVAPS', 'Vps,Wps', 'SSE'],
    ['MOVAPD', 'Vpd,Wpd', 'SSE2'],
    ['MOVSS', 'Vss,Wss', 'SSE'],
    ['MOVDQU', 'Vdq,Wdq', 'SSE2'],
    ['CVTTPS2DQ', 'Vdq,Wps', 'SSE2'],
    ['HADDPS', 'Vps,Wps', 'SSE3'],
    ['PSHUFB', 'Vdq,Wdq', 'SSSE3'],
    ['PABSB', 'Vdq,Wdq', 'SSSE3'],
    ['PTEST', 'Vdq,Wdq', 'SSE4_1'],
    ['PCMPGTQ', 'Vdq,Wdq', 'SSE4_2'],
    ['PCMPISTRI', 'Vdq,Wdq,Ib', 'SSE4_2'],
    ['AESENC', 'Vdq,Wdq', 'AES'],
    ['PSHUFW', 'Pq,Qq,Ib', 'SSE'],
    ['PADDQ', 'Pq,Qq', 'SSE2'],
    ['PADDB', 'Pq,Qq', 'MMX'],
    ['ADD', 'Ev,Gv', undefined],
  ])('%s %s is %s', (mnemonic, operands, expected) => {
    const row = ENCODINGS.find((one) => one.mnemonic === mnemonic && one.operands === operands);
    expect(row && requiredFeature(row)).toBe(expected);
  });
});
