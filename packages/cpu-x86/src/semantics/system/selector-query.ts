/**
 * LAR, LSL, VERR, VERW, ARPL: asking about selectors without a fault.
 *
 * @source SDM Vol. 2A "LAR", "LSL", "ARPL"; SDM Vol. 2D "VERR/VERW"
 */
import { ACCESS_IMPLICIT } from '@longmode/mmu';
import type { Instruction, RegisterOperand } from '../../decode/instruction.ts';
import { FLAG_ZF } from '../../state/rflags.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import {
  type Descriptor,
  descriptorAddress,
  dplOf,
  isCode,
  isConforming,
  isNullSelector,
  isReadable,
  isSystem,
  isWritableData,
  parseDescriptor,
  typeOf,
} from './descriptor.ts';
import { undefinedOpcode } from './fault.ts';
import { operandAt, readOperand, writeOperand } from './operand.ts';
import { hasParagraphSegments, isLongMode } from './processor-mode.ts';

/** System types that LAR and LSL accept, as bit sets by type number. */
const LAR_TYPES = 0b0001_1010_0011_1110;
const LAR_TYPES_LONG = 0b0001_1010_0000_0100;
const LSL_TYPES = 0b0000_1010_0000_1110;
const LSL_TYPES_LONG = 0b0000_1010_0000_0100;

function setZero(cpu: SystemCpu, isSet: boolean): Outcome {
  const flags = cpu.state.rflags;
  cpu.state.rflags = (isSet ? flags | FLAG_ZF : flags & ~FLAG_ZF) >>> 0;
  return OUTCOME_NEXT;
}

/**
 * The descriptor of the selector operand, if it can be seen at the current privilege level.
 *
 * @returns undefined when it cannot; `fault` when an exception has been raised
 */
function visibleDescriptor(cpu: SystemCpu, instruction: Instruction, index: number): Descriptor | undefined | 'fault' {
  if (hasParagraphSegments(cpu.state)) {
    undefinedOpcode(cpu, `${instruction.mnemonic} does not exist in real-address and virtual-8086 mode`);
    return 'fault';
  }
  const operand = readOperand(cpu, instruction, operandAt(instruction, index), 16);
  if (operand === undefined) return 'fault';
  const selector = Number(operand);
  if (isNullSelector(selector)) return undefined;
  const address = descriptorAddress(cpu, selector, 8);
  if (address === undefined) return undefined;
  const quad = cpu.memory.read64(address, ACCESS_IMPLICIT);
  if (cpu.memory.failed) return 'fault';
  const d = parseDescriptor(selector, address, Number(quad & 0xffffffffn), Number(quad >> 32n));
  if (isCode(d) && isConforming(d)) return d;
  return dplOf(d) >= cpu.state.cpl && dplOf(d) >= (selector & 3) ? d : undefined;
}

/** LAR and LSL: a value from the descriptor, if its type is among those that have one. */
function load(cpu: SystemCpu, instruction: Instruction, types: number, read: (d: Descriptor) => number): Outcome {
  const d = visibleDescriptor(cpu, instruction, 1);
  if (d === 'fault') return OUTCOME_FAULT;
  if (d === undefined || (isSystem(d) && ((types >> typeOf(d)) & 1) === 0)) return setZero(cpu, false);
  const { index } = operandAt(instruction, 0) as RegisterOperand;
  cpu.state.writeGpr(index, instruction.operandSize, BigInt(read(d)));
  return setZero(cpu, true);
}

/**
 * LAR: the access rights, in the places that they have in the descriptor's upper word. Bits 19:16, which the manual leaves
 * undefined, are the limit's, as on recorded processors and in APM Vol. 3.
 */
export const LAR: SystemOperation = (cpu, instruction) =>
  load(cpu, instruction, isLongMode(cpu.state) ? LAR_TYPES_LONG : LAR_TYPES, (d) => d.high & 0x00ffff00);

/** LSL: the limit in bytes. */
export const LSL: SystemOperation = (cpu, instruction) =>
  load(cpu, instruction, isLongMode(cpu.state) ? LSL_TYPES_LONG : LSL_TYPES, (d) => d.limit);

function verify(cpu: SystemCpu, instruction: Instruction, allows: (d: Descriptor) => boolean): Outcome {
  const d = visibleDescriptor(cpu, instruction, 0);
  if (d === 'fault') return OUTCOME_FAULT;
  return setZero(cpu, d !== undefined && allows(d));
}

export const VERR: SystemOperation = (cpu, instruction) => verify(cpu, instruction, isReadable);
export const VERW: SystemOperation = (cpu, instruction) => verify(cpu, instruction, isWritableData);

/** ARPL: raises the RPL of the destination to that of the source. */
export const ARPL: SystemOperation = (cpu, instruction) => {
  if (hasParagraphSegments(cpu.state)) {
    return undefinedOpcode(cpu, 'ARPL does not exist in real-address and virtual-8086 mode');
  }
  const destination = readOperand(cpu, instruction, operandAt(instruction, 0), 16);
  if (destination === undefined) return OUTCOME_FAULT;
  const source = readOperand(cpu, instruction, operandAt(instruction, 1), 16) as bigint;
  const rpl = source & 3n;
  if ((destination & 3n) >= rpl) return setZero(cpu, false);
  const raised = (destination & ~3n) | rpl;
  if (!writeOperand(cpu, instruction, operandAt(instruction, 0), 16, raised)) return OUTCOME_FAULT;
  return setZero(cpu, true);
};
