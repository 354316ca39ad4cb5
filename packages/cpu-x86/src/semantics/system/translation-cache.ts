/**
 * INVLPG and INVPCID.
 *
 * @source SDM Vol. 2A "INVLPG", "INVPCID"; SDM Vol. 3A "Operations that Invalidate TLBs and Paging-Structure Caches"
 */
import type { MemoryOperand, RegisterOperand } from '../../decode/instruction.ts';
import { CR4_PCIDE } from '../../state/control-registers.ts';
import { CR3, CR4 } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from './context.ts';
import { generalProtection, hex, undefinedOpcode } from './fault.ts';
import { effectiveAddress, operandAddress, uncheckedLinearAddress } from './linear-address.ts';
import { operandAt } from './operand.ts';
import { dataAccess, is64BitMode, isCanonicalAddress, requireCpl0, serialize } from './processor-mode.ts';

/** INVLPG: drops the translations of a page. No segmentation checks; an address that is not canonical does nothing. */
export const INVLPG: SystemOperation = (cpu, instruction) => {
  const operand = operandAt(instruction, 0);
  if (operand.kind !== 'memory') return undefinedOpcode(cpu, 'INVLPG needs a memory operand');
  if (!requireCpl0(cpu, 'INVLPG')) return OUTCOME_FAULT;
  const linear = uncheckedLinearAddress(cpu, operand.segment, effectiveAddress(cpu, instruction, operand));
  if (is64BitMode(cpu.state) && !isCanonicalAddress(cpu, linear)) return OUTCOME_NEXT;
  cpu.invalidatePage(linear);
  return serialize(cpu);
};

/** Types of INVPCID. */
const INDIVIDUAL_ADDRESS = 0;
const SINGLE_CONTEXT = 1;
const ALL_WITH_GLOBAL = 2;
const ALL_BUT_GLOBAL = 3;
const DESCRIPTOR_SIZE_BYTES = 16;
const PCID = 0xfffn;

/** What is wrong with a descriptor, or undefined. */
function descriptorRefusal(cpu: SystemCpu, type: number, low: bigint, linear: bigint): string | undefined {
  if ((low & ~PCID) !== 0n) return `bits 63:12 of the descriptor are ${hex(low & ~PCID)}, not 0`;
  const isPcidUsed = type === INDIVIDUAL_ADDRESS || type === SINGLE_CONTEXT;
  if (isPcidUsed && low !== 0n && (cpu.state.field(CR4) & CR4_PCIDE) === 0) {
    return `PCID ${hex(low)} while CR4.PCIDE is clear`;
  }
  if (type === INDIVIDUAL_ADDRESS && !isCanonicalAddress(cpu, linear)) return `${hex(linear)} is not canonical`;
  return undefined;
}

/** INVPCID: translations of the current address space are the only ones that are cached. */
export const INVPCID: SystemOperation = (cpu, instruction) => {
  if (!cpu.model.features.has('INVPCID')) return undefinedOpcode(cpu, 'INVPCID is not a feature of this processor');
  const { state, memory } = cpu;
  if (!requireCpl0(cpu, 'INVPCID')) return OUTCOME_FAULT;
  const { index, width } = operandAt(instruction, 0) as RegisterOperand;
  const type = BigInt.asUintN(width, state.gpr(index));
  if (type > BigInt(ALL_BUT_GLOBAL)) return generalProtection(cpu, `INVPCID has no type ${hex(type)}`);
  const operand = operandAt(instruction, 1) as MemoryOperand;
  const at = operandAddress(cpu, instruction, operand, DESCRIPTOR_SIZE_BYTES, false);
  if (at === undefined) return OUTCOME_FAULT;
  const access = dataAccess(state);
  const low = memory.read64(at, access);
  const linear = memory.failed ? 0n : memory.read64(at + 8n, access);
  if (memory.failed) return OUTCOME_FAULT;
  const refusal = descriptorRefusal(cpu, Number(type), low, linear);
  if (refusal !== undefined) return generalProtection(cpu, `INVPCID: ${refusal}`);
  const isCurrent = (state.field(CR4) & CR4_PCIDE) === 0 || (state.wideField(CR3) & PCID) === low;
  if (type === BigInt(ALL_WITH_GLOBAL)) cpu.pagingChanged({ keepGlobal: false });
  else if (type === BigInt(ALL_BUT_GLOBAL)) cpu.pagingChanged({ keepGlobal: true });
  else if (isCurrent && type === BigInt(SINGLE_CONTEXT)) cpu.pagingChanged({ keepGlobal: true });
  else if (isCurrent) cpu.invalidatePage(linear);
  return serialize(cpu);
};
