import { describe, expect, it } from 'vitest';
import { CR4, MSR_MISC_ENABLE } from '../../state/layout.ts';
import { CPU_FEATURES, type CpuFeature, cr4Mask, DEFAULT_CPU_MODEL, eferMask, featureWord } from './cpu-model.ts';
import { cpuid } from './cpuid.ts';
import { FakeCpu, RAX, RBX, RCX, RDX } from './fake-cpu.test.fixture.ts';

const text = (...words: number[]): string =>
  words.map((w) => String.fromCharCode(w & 0xff, (w >>> 8) & 0xff, (w >>> 16) & 0xff, w >>> 24)).join('');

const cpu = new FakeCpu('64-bit');

describe('CPUID', () => {
  it('leaf 0 gives the last basic leaf and the vendor in EBX, EDX, ECX', () => {
    const [eax, ebx, ecx, edx] = cpuid(cpu, 0, 0);
    expect([eax, text(ebx, edx, ecx)]).toEqual([0x16, 'GenuineIntel']);
  });

  it('leaf 1 packs family 6, model 26, stepping 3 as 106A3', () => {
    expect(cpuid(cpu, 1, 0)[0]).toBe(0x106a3);
  });

  it('packs families above 15', () => {
    const other = new FakeCpu('64-bit');
    other.model = { ...DEFAULT_CPU_MODEL, family: 0x17, model: 0x31, stepping: 0 };
    expect(cpuid(other, 1, 0)[0]).toBe(0x830f10);
  });

  it('leaves 80000002 to 80000004 give the brand, ended by a zero', () => {
    const brand = [0x80000002, 0x80000003, 0x80000004].map((leaf) => text(...cpuid(cpu, leaf, 0))).join('');
    expect(brand.replace(/\0+$/, '')).toBe(DEFAULT_CPU_MODEL.brand);
    expect(brand).toHaveLength(48);
  });

  // biome-ignore format: by register
  it.each([
    ['FPU', 1, 3, 0], ['MMX', 1, 3, 23], ['PAE', 1, 3, 6], ['PSE', 1, 3, 3], ['MSR', 1, 3, 5], ['CX8', 1, 3, 8], ['PGE', 1, 3, 13], ['CMOV', 1, 3, 15],
    ['CX16', 1, 2, 13], ['PCID', 1, 2, 17], ['POPCNT', 1, 2, 23],
    ['VME', 1, 3, 1], ['FSGSBASE', 7, 1, 0], ['SMEP', 7, 1, 7], ['SMAP', 7, 1, 20], ['UMIP', 7, 2, 2],
    ['SYSCALL', 0x80000001, 3, 11], ['NX', 0x80000001, 3, 20], ['PAGE_1G', 0x80000001, 3, 26],
    ['RDTSCP', 0x80000001, 3, 27], ['LM', 0x80000001, 3, 29], ['LAHF64', 0x80000001, 2, 0],
    ['FXSR', 1, 3, 24], ['SSE', 1, 3, 25], ['SSE2', 1, 3, 26], ['SSE3', 1, 2, 0], ['PCLMULQDQ', 1, 2, 1], ['SSSE3', 1, 2, 9],
    ['SSE4_1', 1, 2, 19], ['SSE4_2', 1, 2, 20], ['MOVBE', 1, 2, 22], ['AES', 1, 2, 25], ['XSAVE', 1, 2, 26],
    ['RDRAND', 1, 2, 30], ['RDSEED', 7, 1, 18], ['INVPCID', 7, 1, 10], ['CLFLUSHOPT', 7, 1, 23], ['CLWB', 7, 1, 24], ['PKU', 7, 2, 3],
  ] as const)('reports %s', (_name, leaf, register, bit) => {
    expect((cpuid(cpu, leaf, 0)[register] as number) >>> bit & 1).toBe(1);
  });

  // biome-ignore format: by register
  it.each([
    ['APIC', 1, 3, 9],
  ] as const)('does not claim %s, which is not emulated', (_name, leaf, register, bit) => {
    expect((cpuid(cpu, leaf, 0)[register] as number) >>> bit & 1).toBe(0);
  });

  it('gives the state components and the size of their area', () => {
    expect(cpuid(cpu, 0xd, 0)).toEqual([0x203, 576, 584, 0]);
    expect(cpuid(cpu, 0xd, 1)[0]).toBe(0b1111);
    expect(cpuid(cpu, 0xd, 2)).toEqual([0, 0, 0, 0]);
  });

  it('gives the physical and linear address widths', () => {
    expect(cpuid(cpu, 0x80000008, 0)[0]).toBe(0x3928);
  });

  it.each([0x17, 0x3fffffff, 0x40000001, 0x80000009, 0xffffffff])(
    'unknown leaf %x gives the last basic leaf',
    (leaf) => {
      expect(cpuid(cpu, leaf, 0)).toEqual(cpuid(cpu, 0x16, 0));
    },
  );

  it('has no subleaf 1 of leaf 7', () => {
    expect(cpuid(cpu, 7, 1)).toEqual([0, 0, 0, 0]);
  });

  it('shows OSXSAVE when CR4 has it', () => {
    const other = new FakeCpu('64-bit');
    other.state.setField(CR4, 0x40020);
    expect(cpuid(other, 1, 0)[2] & (1 << 27)).not.toBe(0);
  });

  it('is limited to leaf 2 by MISC_ENABLE', () => {
    const other = new FakeCpu('64-bit');
    other.state.setWideField(MSR_MISC_ENABLE, 1n << 22n);
    expect([cpuid(other, 0, 0)[0], cpuid(other, 7, 0)]).toEqual([2, cpuid(other, 2, 0)]);
  });

  it('as an instruction writes four registers, zero-extended, at any CPL', () => {
    const user = new FakeCpu('64-bit', 3);
    for (const register of [RAX, RBX, RCX, RDX]) user.state.setGpr(register, 0xffffffff00000000n);
    user.run(0x0f, 0xa2);
    expect([RAX, RBX, RCX, RDX].map((r) => user.state.gpr(r))).toEqual(cpuid(user, 0, 0).map(BigInt));
  });
});

describe('a processor model', () => {
  it('has control bits for the features that it has, and no others', () => {
    const only = (...names: CpuFeature[]) => ({ ...DEFAULT_CPU_MODEL, features: new Set(names) });
    expect(cr4Mask(only('PAE', 'PGE'))).toBe(0x1a0);
    expect(eferMask(only('NX', 'LM'))).toBe(0x900);
    expect(cr4Mask(DEFAULT_CPU_MODEL)).toBe(0x771_fff);
  });

  it('gives no two features one bit', () => {
    const places = Object.values(CPU_FEATURES).map(({ leaf, register, bit }) => `${leaf} ${register} ${bit}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('can be extended by naming features', () => {
    const model = { ...DEFAULT_CPU_MODEL, features: new Set([...DEFAULT_CPU_MODEL.features, 'SSE' as const]) };
    expect(featureWord(model, 1, 'edx') & (1 << 25)).not.toBe(0);
  });
});
