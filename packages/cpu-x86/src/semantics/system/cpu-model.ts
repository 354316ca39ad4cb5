import {
  CR4_DE,
  CR4_FSGSBASE,
  CR4_LA57,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PKE,
  CR4_PSE,
  CR4_PVI,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  CR4_VME,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
} from '../../state/control-registers.ts';

/** A register that CPUID returns. */
export type FeatureRegister = 'eax' | 'ebx' | 'ecx' | 'edx';

/** Where CPUID reports a feature, and the control bits that exist because of it. */
export interface FeatureRow {
  readonly leaf: number;
  readonly register: FeatureRegister;
  readonly bit: number;
  readonly cr4?: number;
  readonly efer?: number;
}

const row = (
  leaf: number,
  register: FeatureRegister,
  bit: number,
  controls: { cr4?: number; efer?: number } = {},
): FeatureRow => ({ leaf, register, bit, ...controls });

/** The name of a feature, as the manual's table of CPUID has it. */
// biome-ignore format: a list
export type CpuFeature =
  | 'FPU' | 'VME' | 'DE' | 'PSE' | 'TSC' | 'MSR' | 'PAE' | 'MCE' | 'CX8' | 'APIC' | 'SEP' | 'MTRR' | 'PGE' | 'MCA' | 'CMOV'
  | 'PAT' | 'PSE36' | 'CLFSH' | 'MMX' | 'FXSR' | 'SSE' | 'SSE2' | 'SSE3' | 'MONITOR' | 'PCLMULQDQ' | 'SSSE3' | 'CX16' | 'PCID' | 'SSE4_1'
  | 'SSE4_2' | 'MOVBE' | 'X2APIC' | 'POPCNT' | 'TSC_DEADLINE' | 'AES' | 'XSAVE' | 'RDRAND' | 'HYPERVISOR' | 'FSGSBASE' | 'BMI1' | 'SMEP' | 'BMI2'
  | 'ERMS' | 'INVPCID' | 'RDSEED' | 'SMAP' | 'CLFLUSHOPT' | 'CLWB' | 'UMIP' | 'PKU' | 'LA57' | 'XSAVEOPT' | 'XSAVEC' | 'XGETBV1' | 'XSAVES' | 'LAHF64' | 'LZCNT' | 'SYSCALL' | 'NX'
  | 'PAGE_1G' | 'RDTSCP' | 'LM' | 'FDP_EXCPTN_ONLY' | 'NO_FPU_CS_DS';

/**
 * Every feature that a model may claim. Leaf 7 means subleaf 0, leaf 0DH subleaf 1.
 *
 * @source SDM Vol. 2A "CPUID"; SDM Vol. 3A "Control Registers"; APM Vol. 3 Appendix E
 */
// biome-ignore format: one feature per line
export const CPU_FEATURES: Readonly<Record<CpuFeature, FeatureRow>> = {
  FPU: row(1, 'edx', 0),
  VME: row(1, 'edx', 1, { cr4: CR4_VME | CR4_PVI }),
  DE: row(1, 'edx', 2, { cr4: CR4_DE }),
  PSE: row(1, 'edx', 3, { cr4: CR4_PSE }),
  TSC: row(1, 'edx', 4, { cr4: CR4_TSD }),
  MSR: row(1, 'edx', 5),
  PAE: row(1, 'edx', 6, { cr4: CR4_PAE }),
  MCE: row(1, 'edx', 7, { cr4: CR4_MCE }),
  CX8: row(1, 'edx', 8),
  APIC: row(1, 'edx', 9),
  SEP: row(1, 'edx', 11),
  MTRR: row(1, 'edx', 12),
  PGE: row(1, 'edx', 13, { cr4: CR4_PGE }),
  MCA: row(1, 'edx', 14),
  CMOV: row(1, 'edx', 15),
  PAT: row(1, 'edx', 16),
  PSE36: row(1, 'edx', 17),
  CLFSH: row(1, 'edx', 19),
  MMX: row(1, 'edx', 23),
  FXSR: row(1, 'edx', 24, { cr4: CR4_OSFXSR }),
  SSE: row(1, 'edx', 25, { cr4: CR4_OSXMMEXCPT }),
  SSE2: row(1, 'edx', 26),
  SSE3: row(1, 'ecx', 0),
  PCLMULQDQ: row(1, 'ecx', 1),
  MONITOR: row(1, 'ecx', 3),
  SSSE3: row(1, 'ecx', 9),
  CX16: row(1, 'ecx', 13),
  PCID: row(1, 'ecx', 17, { cr4: CR4_PCIDE }),
  SSE4_1: row(1, 'ecx', 19),
  SSE4_2: row(1, 'ecx', 20),
  MOVBE: row(1, 'ecx', 22),
  X2APIC: row(1, 'ecx', 21),
  POPCNT: row(1, 'ecx', 23),
  TSC_DEADLINE: row(1, 'ecx', 24),
  AES: row(1, 'ecx', 25),
  XSAVE: row(1, 'ecx', 26, { cr4: CR4_OSXSAVE }),
  RDRAND: row(1, 'ecx', 30),
  HYPERVISOR: row(1, 'ecx', 31),
  FSGSBASE: row(7, 'ebx', 0, { cr4: CR4_FSGSBASE }),
  BMI1: row(7, 'ebx', 3),
  FDP_EXCPTN_ONLY: row(7, 'ebx', 6),
  SMEP: row(7, 'ebx', 7, { cr4: CR4_SMEP }),
  BMI2: row(7, 'ebx', 8),
  ERMS: row(7, 'ebx', 9),
  INVPCID: row(7, 'ebx', 10),
  NO_FPU_CS_DS: row(7, 'ebx', 13),
  RDSEED: row(7, 'ebx', 18),
  SMAP: row(7, 'ebx', 20, { cr4: CR4_SMAP }),
  CLFLUSHOPT: row(7, 'ebx', 23),
  CLWB: row(7, 'ebx', 24),
  UMIP: row(7, 'ecx', 2, { cr4: CR4_UMIP }),
  PKU: row(7, 'ecx', 3, { cr4: CR4_PKE }),
  LA57: row(7, 'ecx', 16, { cr4: CR4_LA57 }),
  XSAVEOPT: row(0xd, 'eax', 0),
  XSAVEC: row(0xd, 'eax', 1),
  XGETBV1: row(0xd, 'eax', 2),
  XSAVES: row(0xd, 'eax', 3),
  LAHF64: row(0x80000001, 'ecx', 0),
  LZCNT: row(0x80000001, 'ecx', 5),
  SYSCALL: row(0x80000001, 'edx', 11, { efer: EFER_SCE }),
  NX: row(0x80000001, 'edx', 20, { efer: EFER_NXE }),
  PAGE_1G: row(0x80000001, 'edx', 26),
  RDTSCP: row(0x80000001, 'edx', 27),
  LM: row(0x80000001, 'edx', 29, { efer: EFER_LME }),
};

/** What a processor says of itself. */
export interface CpuModel {
  /** 12 characters of leaf 0. */
  readonly vendor: string;
  /** Up to 47 characters of leaves 80000002H to 80000004H. */
  readonly brand: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly features: ReadonlySet<CpuFeature>;
  /** Hertz of the time-stamp counter, 0 when it is not to be reported. */
  readonly tscFrequencyHz: number;
}

/**
 * The default: a 64-bit processor with what is emulated and nothing else, so that a kernel that asks first is never
 * misled. Family 6 gives kernels the architectural MSRs that they expect of it.
 */
export const DEFAULT_CPU_MODEL: CpuModel = {
  vendor: 'GenuineIntel',
  brand: 'longmode x86-64 processor',
  family: 6,
  model: 26,
  stepping: 3,
  // biome-ignore format: grouped by CPUID leaf
  features: new Set<CpuFeature>([
    'FPU', 'VME', 'DE', 'PSE', 'TSC', 'MSR', 'PAE', 'MCE', 'CX8', 'APIC', 'SEP', 'MTRR', 'PGE', 'MCA', 'CMOV', 'PAT', 'PSE36', 'CLFSH', 'MMX', 'FXSR', 'SSE', 'SSE2',
    'SSE3', 'PCLMULQDQ', 'MONITOR', 'SSSE3', 'CX16', 'PCID', 'SSE4_1', 'SSE4_2', 'X2APIC', 'MOVBE', 'POPCNT', 'TSC_DEADLINE', 'AES', 'XSAVE', 'RDRAND',
    'HYPERVISOR', 'FSGSBASE', 'FDP_EXCPTN_ONLY', 'NO_FPU_CS_DS', 'SMEP', 'INVPCID', 'RDSEED', 'SMAP', 'CLFLUSHOPT', 'CLWB', 'UMIP', 'PKU', 'LA57', 'XSAVEOPT', 'XSAVEC', 'XGETBV1', 'XSAVES',
    'LAHF64', 'SYSCALL', 'NX', 'PAGE_1G', 'RDTSCP', 'LM',
  ]),
  tscFrequencyHz: 1_000_000_000,
};

/** CR4 bits that exist on a model; the others are reserved. */
export function cr4Mask(model: CpuModel): number {
  let mask = CR4_PCE;
  for (const name of model.features) mask |= CPU_FEATURES[name].cr4 ?? 0;
  return mask >>> 0;
}

/** EFER bits that software may write on a model. */
export function eferMask(model: CpuModel): number {
  let mask = 0;
  for (const name of model.features) mask |= CPU_FEATURES[name].efer ?? 0;
  return mask;
}

/** Family, model and stepping as CPUID's leaf 1 packs them in EAX. */
export function signatureOf({ family, model, stepping }: CpuModel): number {
  const base = Math.min(family, 15);
  const extended = base === 15 ? family - 15 : 0;
  return ((extended << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 15) << 4) | (stepping & 15)) >>> 0;
}

/** The feature bits of one CPUID register. */
export function featureWord(model: CpuModel, leaf: number, register: FeatureRegister): number {
  let word = 0;
  for (const name of model.features) {
    const feature: FeatureRow = CPU_FEATURES[name];
    if (feature.leaf === leaf && feature.register === register) word |= 1 << feature.bit;
  }
  return word >>> 0;
}
