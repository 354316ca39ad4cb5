import { type CpuFeature, type CpuModel, DEFAULT_CPU_MODEL } from './cpu-model.ts';

/** What every processor with long mode has. @source System V ABI, AMD64 supplement, "Micro-Architecture Levels"; AMD64 APM */
const X86_64: readonly CpuFeature[] = [
  ...(['FPU', 'VME', 'DE', 'PSE', 'TSC', 'MSR', 'PAE', 'MCE', 'CX8', 'APIC', 'SEP', 'MTRR', 'PGE'] as const),
  ...(['MCA', 'CMOV', 'PAT'] as const),
  ...(['PSE36', 'CLFSH', 'FXSR', 'SSE', 'SSE2', 'SYSCALL', 'NX', 'LM', 'HYPERVISOR'] as const),
];
const X86_64_V2: readonly CpuFeature[] = [
  ...X86_64,
  ...(['SSE3', 'SSSE3', 'CX16', 'SSE4_1', 'SSE4_2', 'POPCNT', 'LAHF64'] as const),
];

/** A model that has of some features those that are emulated. */
function model(
  brand: string,
  signature: readonly [family: number, model: number, stepping: number],
  features: readonly CpuFeature[],
): CpuModel {
  const [family, number, stepping] = signature;
  const offered = features.filter((name) => DEFAULT_CPU_MODEL.features.has(name));
  return {
    ...DEFAULT_CPU_MODEL,
    brand,
    family,
    model: number,
    stepping,
    features: new Set(offered),
  };
}

/** A model that is known by name. */
export type CpuModelName = 'default' | 'x86-64' | 'x86-64-v2' | 'pentium' | '486';

/**
 * Processor models by name: `default` has all that is emulated; the others what their level or their ancestor had, and no
 * instruction that came later.
 */
export const CPU_MODELS: Readonly<Record<CpuModelName, CpuModel>> = {
  default: DEFAULT_CPU_MODEL,
  'x86-64': model('longmode x86-64 processor', [15, 4, 1], X86_64),
  'x86-64-v2': model('longmode x86-64-v2 processor', [6, 26, 3], X86_64_V2),
  pentium: model('', [5, 2, 12], ['FPU', 'VME', 'DE', 'PSE', 'TSC', 'MSR', 'MCE', 'CX8', 'APIC']),
  '486': model('', [4, 8, 0], ['FPU']),
};
