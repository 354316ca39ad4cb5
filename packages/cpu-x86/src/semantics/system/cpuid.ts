import { CR4_OSXSAVE, CR4_PKE } from '../../state/control-registers.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { CR4, MSR_MISC_ENABLE, XCR0 } from '../../state/layout.ts';
import { COMPONENT_PKRU, componentsOf } from '../extended-state/xcr.ts';
import { areaSizeOf, PKRU_AT, PKRU_SIZE_BYTES } from '../extended-state/xsave.ts';
import { OUTCOME_NEXT, type SystemCpu, type SystemOperation } from './context.ts';
import { CPU_FEATURES, type CpuFeature, type FeatureRegister, featureWord, signatureOf } from './cpu-model.ts';
import { hasMonitor } from './monitor.ts';
import { isXdDisabled } from './msr.ts';

/** EAX, EBX, ECX, EDX. */
export type CpuidResult = readonly [number, number, number, number];

const LAST_BASIC_LEAF = 0x16;
const LAST_EXTENDED_LEAF = 0x80000008;
const LAST_HYPERVISOR_LEAF = 0x40000000;
const MISC_ENABLE_LIMIT_CPUID = 1n << 22n;
const FEATURE_OSXSAVE = 1 << 27;
const FEATURE_NX = 1 << 20;
const FEATURE_OSPKE = 1 << 4;
const FEATURE_MONITOR = 1 << 3;
/** MWAIT's extensions can be asked for, and interrupts may end it with IF clear; there are no states of less power. */
const MONITOR_LINE_SIZE_BYTES = 64;
const MWAIT_EXTENSIONS = 3;
const CLFLUSH_LINE_QUADWORDS = 8;
const HYPERVISOR_SIGNATURE = 'longmode    ';

const word = (text: string, offset: number): number => {
  let value = 0;
  for (let i = 3; i >= 0; i -= 1) value = (value << 8) | (text.charCodeAt(offset + i) & 0xff || 0);
  return value >>> 0;
};

function brandLeaf(brand: string, part: number): CpuidResult {
  const text = brand.slice(0, 47).padEnd(48, '\0');
  const at = part * 16;
  return [word(text, at), word(text, at + 4), word(text, at + 8), word(text, at + 12)];
}

/**
 * The registers that CPUID gives.
 *
 * @param leaf EAX
 * @param subleaf ECX
 * @source SDM Vol. 2A "CPUID"
 */
export function cpuid(cpu: SystemCpu, leaf: number, subleaf: number): CpuidResult {
  const { model, state } = cpu;
  const limited = (state.wideField(MSR_MISC_ENABLE) & MISC_ENABLE_LIMIT_CPUID) !== 0n;
  const lastBasic = limited ? 2 : LAST_BASIC_LEAF;
  let wanted = leaf >>> 0;
  // An unknown leaf gives the data of the highest basic leaf.
  if (wanted > 0x80000000 ? wanted > LAST_EXTENDED_LEAF : wanted > lastBasic && wanted !== 0x80000000) {
    const isHypervisorLeaf = wanted >= 0x40000000 && wanted <= LAST_HYPERVISOR_LEAF && model.features.has('HYPERVISOR');
    if (!isHypervisorLeaf) wanted = lastBasic;
  }
  switch (wanted) {
    case 0: {
      const vendor = model.vendor.padEnd(12, ' ');
      return [lastBasic, word(vendor, 0), word(vendor, 8), word(vendor, 4)];
    }
    case 1: {
      const osxsave = (state.field(CR4) & CR4_OSXSAVE) !== 0 ? FEATURE_OSXSAVE : 0;
      const ebx = ((1 << 16) | (model.features.has('CLFSH') ? CLFLUSH_LINE_QUADWORDS << 8 : 0)) >>> 0;
      return [
        signatureOf(model),
        ebx,
        ((featureWord(model, 1, 'ecx') & ~absentApicBits(cpu, 'ecx') & ~(hasMonitor(cpu) ? 0 : FEATURE_MONITOR)) |
          osxsave) >>>
          0,
        (featureWord(model, 1, 'edx') & ~absentApicBits(cpu, 'edx')) >>> 0,
      ];
    }
    case 2:
      return [0x00000001, 0, 0, 0]; // one iteration, no descriptor: nothing is known of caches
    case 5:
      if (!model.features.has('MONITOR')) return [0, 0, 0, 0];
      return [MONITOR_LINE_SIZE_BYTES, MONITOR_LINE_SIZE_BYTES, MWAIT_EXTENSIONS, 0];
    case 7:
      if (subleaf !== 0) return [0, 0, 0, 0];
      return [0, featureWord(model, 7, 'ebx'), (featureWord(model, 7, 'ecx') | ospke(state)) >>> 0, 0];
    case 0xd:
      return extendedState(cpu, subleaf);
    case 0x15: {
      const hertz = model.tscFrequencyHz;
      return hertz === 0 ? [0, 0, 0, 0] : [1, 1, hertz >>> 0, 0];
    }
    case 0x16: {
      const megahertz = Math.floor(model.tscFrequencyHz / 1e6) & 0xffff;
      return [megahertz, megahertz, 0, 0];
    }
    case 0x40000000:
      return [
        LAST_HYPERVISOR_LEAF,
        word(HYPERVISOR_SIGNATURE, 0),
        word(HYPERVISOR_SIGNATURE, 4),
        word(HYPERVISOR_SIGNATURE, 8),
      ];
    case 0x80000000:
      return [LAST_EXTENDED_LEAF, 0, 0, 0];
    case 0x80000001:
      return [
        0,
        0,
        featureWord(model, 0x80000001, 'ecx'),
        (featureWord(model, 0x80000001, 'edx') & ~(isXdDisabled(state) ? FEATURE_NX : 0)) >>> 0,
      ];
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
      return brandLeaf(model.brand, wanted - 0x80000002);
    case 0x80000007:
      return [0, 0, 0, model.tscFrequencyHz === 0 ? 0 : 1 << 8]; // invariant TSC
    case 0x80000008:
      return [(cpu.maxPhyAddr | ((model.features.has('LA57') ? 57 : 48) << 8)) >>> 0, 0, 0, 0];
    default:
      return [0, 0, 0, 0];
  }
}

const ospke = (state: CpuState): number => ((state.field(CR4) & CR4_PKE) !== 0 ? FEATURE_OSPKE : 0);

const APIC_FEATURES: readonly CpuFeature[] = ['APIC', 'X2APIC', 'TSC_DEADLINE'];

/** Bits of leaf 1 that the model has and this processor has not: without a local APIC, or with it disabled. */
function absentApicBits({ localApic }: SystemCpu, register: FeatureRegister): number {
  let bits = 0;
  for (const name of APIC_FEATURES) {
    const isThere = name === 'APIC' ? localApic?.isEnabled : localApic;
    const feature = CPU_FEATURES[name];
    if (!isThere && feature.register === register) bits |= 1 << feature.bit;
  }
  return bits;
}

/** Sizes of the XSAVE area, what there is beside XSAVE, and where the components behind the header are. */
function extendedState({ model, state }: SystemCpu, subleaf: number): CpuidResult {
  if (!model.features.has('XSAVE')) return [0, 0, 0, 0];
  const components = componentsOf(model);
  const enabled = state.field(XCR0);
  if (subleaf === 0) return [components, areaSizeOf(enabled), areaSizeOf(components), 0];
  if (subleaf === 1) return [featureWord(model, 0xd, 'eax'), enabled === 0 ? 0 : areaSizeOf(enabled), 0, 0];
  const isPkru = (components & COMPONENT_PKRU) !== 0 && 1 << subleaf === COMPONENT_PKRU;
  return isPkru ? [PKRU_SIZE_BYTES, PKRU_AT, 0, 0] : [0, 0, 0, 0];
}

/** CPUID. */
export const CPUID: SystemOperation = (cpu) => {
  const result = cpuid(cpu, cpu.state.gpr32(0), cpu.state.gpr32(1));
  cpu.state.setGpr(0, BigInt(result[0]));
  cpu.state.setGpr(3, BigInt(result[1]));
  cpu.state.setGpr(1, BigInt(result[2]));
  cpu.state.setGpr(2, BigInt(result[3]));
  return OUTCOME_NEXT;
};
