/** @source SDM Vol. 2D "XGETBV", "XSETBV"; SDM Vol. 1 "Enabling the XSAVE Feature Set and XSAVE-Enabled Features" */
import { CR4_OSXSAVE } from '../../state/control-registers.ts';
import { CR4, PKRU, XCR0 } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from '../system/context.ts';
import type { CpuModel } from '../system/cpu-model.ts';
import { generalProtection, hex, undefinedOpcode } from '../system/fault.ts';
import { requireCpl0, serialize } from '../system/processor-mode.ts';
import { areXmmZero, isMxcsrInitial, isX87Initial } from './legacy-region.ts';

/** State components: bits of XCR0. */
export const COMPONENT_X87 = 1;
export const COMPONENT_SSE = 2;
export const COMPONENT_PKRU = 0x200;

/** Components that a model has. */
export const componentsOf = ({ features }: CpuModel): number =>
  COMPONENT_X87 | COMPONENT_SSE | (features.has('PKU') ? COMPONENT_PKRU : 0);

/** #UD without CR4.OSXSAVE; @returns whether the instruction is there */
export function isXsaveEnabled(cpu: SystemCpu, mnemonic: string): boolean {
  if ((cpu.state.field(CR4) & CR4_OSXSAVE) !== 0) return true;
  undefinedOpcode(cpu, `${mnemonic} with CR4.OSXSAVE clear`);
  return false;
}

/** Components that are not in their initial configuration. */
export function componentsInUse({ state }: SystemCpu): number {
  const sse = areXmmZero(state) && isMxcsrInitial(state) ? 0 : COMPONENT_SSE;
  const pkru = state.field(PKRU) === 0 ? 0 : COMPONENT_PKRU;
  return (isX87Initial(state) ? 0 : COMPONENT_X87) | sse | pkru;
}

/** XGETBV: XCR0, or with ECX = 1 which of its components are in use. */
export const XGETBV: SystemOperation = (cpu) => {
  if (!isXsaveEnabled(cpu, 'XGETBV')) return OUTCOME_FAULT;
  const index = cpu.state.gpr32(1);
  if (index !== 0 && !(index === 1 && cpu.model.features.has('XGETBV1'))) {
    return generalProtection(cpu, `XGETBV: there is no extended control register ${hex(index)}`);
  }
  const xcr0 = cpu.state.field(XCR0);
  cpu.state.setGpr(0, BigInt(index === 0 ? xcr0 : xcr0 & componentsInUse(cpu)));
  cpu.state.setGpr(2, 0n);
  return OUTCOME_NEXT;
};

/** XSETBV: of XCR0 the x87 bit is always set. */
export const XSETBV: SystemOperation = (cpu) => {
  if (!isXsaveEnabled(cpu, 'XSETBV') || !requireCpl0(cpu, 'XSETBV')) return OUTCOME_FAULT;
  const index = cpu.state.gpr32(1);
  if (index !== 0) return generalProtection(cpu, `XSETBV: there is no extended control register ${hex(index)}`);
  const low = cpu.state.gpr32(0);
  const components = componentsOf(cpu.model);
  if (cpu.state.gpr32(2) !== 0 || (low & ~components) !== 0) {
    return generalProtection(cpu, `XCR0 has only bits ${hex(components)} on this processor`);
  }
  if ((low & COMPONENT_X87) === 0) return generalProtection(cpu, 'XCR0 bit 0 (x87) cannot be cleared');
  cpu.state.setField(XCR0, low);
  return serialize(cpu);
};
