/**
 * LGDT, LIDT, SGDT, SIDT, LLDT, SLDT, LTR, STR.
 *
 * @source SDM Vol. 2A "LGDT/LIDT", "LLDT", "LTR"; SDM Vol. 2B "SGDT", "SIDT", "SLDT", "STR"
 */
import { type Instruction, SS } from '../../decode/instruction.ts';
import { VECTOR_GP, VECTOR_NP, VECTOR_SS } from '../../state/exceptions.ts';
import { GDTR_BASE, GDTR_LIMIT, IDTR_BASE, IDTR_LIMIT, LDTR_INDEX, TR_INDEX } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type Outcome, type SystemCpu, type SystemOperation } from './context.ts';
import { permitsUserModeStore } from './control-register.ts';
import {
  describeDescriptor,
  describeSelector,
  isNullSelector,
  isPresent,
  isSystem,
  readDescriptor,
  readSystemBase,
  TYPE_LDT,
  TYPE_TSS_16,
  TYPE_TSS_32,
  typeOf,
  writeBusy,
} from './descriptor.ts';
import { fault, generalProtection, hex, selectorError, undefinedOpcode } from './fault.ts';
import { effectiveAddress, linearAddress } from './linear-address.ts';
import { memoryOperand, operandAt, probeWrite, readBeyond, readOperand, writeLinear, writeOperand } from './operand.ts';
import {
  dataAccess,
  hasParagraphSegments,
  is64BitMode,
  isCanonicalAddress,
  isLongMode,
  requireCpl0,
  segmentOf,
} from './processor-mode.ts';

interface TableRegister {
  readonly base: number;
  readonly limit: number;
}

const GDTR: TableRegister = { base: GDTR_BASE, limit: GDTR_LIMIT };
const IDTR: TableRegister = { base: IDTR_BASE, limit: IDTR_LIMIT };

/** Loads GDTR or IDTR from 2 bytes of limit and 4 or 8 of base; a 16-bit operand size uses 24 bits of the base. */
function loadTable(cpu: SystemCpu, instruction: Instruction, register: TableRegister, mnemonic: string): Outcome {
  const operand = operandAt(instruction, 0);
  if (operand.kind !== 'memory') return undefinedOpcode(cpu, `${mnemonic} needs a memory operand`);
  if (!requireCpl0(cpu, mnemonic)) return OUTCOME_FAULT;
  const limit = readOperand(cpu, instruction, operand, 16);
  if (limit === undefined) return OUTCOME_FAULT;
  const isLong = is64BitMode(cpu.state);
  let base = readBeyond(cpu, instruction, operand, 2, isLong ? 64 : 32);
  if (base === undefined) return OUTCOME_FAULT;
  if (!isLong && instruction.operandSize === 16) base &= 0xffffffn;
  if (isLong && !isCanonicalAddress(cpu, base)) {
    const vector = operand.segment === SS ? VECTOR_SS : VECTOR_GP;
    return fault(cpu, vector, 0, `${mnemonic} with the base ${hex(base)}, not canonical`);
  }
  cpu.state.setWideField(register.base, base);
  cpu.state.setField(register.limit, Number(limit));
  return OUTCOME_NEXT;
}

/** Stores GDTR or IDTR: 6 bytes, 10 in 64-bit mode; all of the base whatever the operand size, as processors do. */
function storeTable(cpu: SystemCpu, instruction: Instruction, register: TableRegister, mnemonic: string): Outcome {
  if (operandAt(instruction, 0).kind !== 'memory') return undefinedOpcode(cpu, `${mnemonic} needs a memory operand`);
  if (!permitsUserModeStore(cpu, mnemonic)) return OUTCOME_FAULT;
  const operand = memoryOperand(instruction);
  const width = is64BitMode(cpu.state) ? 64 : 32;
  const size = 2 + width / 8;
  const offset = effectiveAddress(cpu, instruction, operand);
  const linear = linearAddress(cpu, operand.segment, offset, size, true);
  const access = dataAccess(cpu.state);
  if (linear === undefined || !probeWrite(cpu, linear, size, access)) return OUTCOME_FAULT;
  const limit = BigInt(cpu.state.field(register.limit));
  if (!writeLinear(cpu, linear, 16, limit, access)) return OUTCOME_FAULT;
  const stored = writeLinear(cpu, linear + 2n, width, cpu.state.wideField(register.base), access);
  return stored ? OUTCOME_NEXT : OUTCOME_FAULT;
}

export const LGDT: SystemOperation = (cpu, instruction) => loadTable(cpu, instruction, GDTR, 'LGDT');
export const LIDT: SystemOperation = (cpu, instruction) => loadTable(cpu, instruction, IDTR, 'LIDT');
export const SGDT: SystemOperation = (cpu, instruction) => storeTable(cpu, instruction, GDTR, 'SGDT');
export const SIDT: SystemOperation = (cpu, instruction) => storeTable(cpu, instruction, IDTR, 'SIDT');

/** The selector operand of LLDT and LTR after the checks of mode and privilege; undefined after a fault. */
function systemSelector(cpu: SystemCpu, instruction: Instruction, mnemonic: string): number | undefined {
  if (hasParagraphSegments(cpu.state)) {
    undefinedOpcode(cpu, `${mnemonic} does not exist in real-address and virtual-8086 mode`);
    return undefined;
  }
  if (!requireCpl0(cpu, mnemonic)) return undefined;
  const selector = readOperand(cpu, instruction, operandAt(instruction, 0), 16);
  return selector === undefined ? undefined : Number(selector);
}

/** LLDT: a null selector makes LDT references fault. */
export const LLDT: SystemOperation = (cpu, instruction) => {
  const selector = systemSelector(cpu, instruction, 'LLDT');
  if (selector === undefined) return OUTCOME_FAULT;
  const ldtr = segmentOf(cpu.state, LDTR_INDEX);
  if (isNullSelector(selector)) {
    ldtr.loadNull(selector);
    return OUTCOME_NEXT;
  }
  const code = selectorError(selector);
  const name = describeSelector(selector);
  if ((selector & 4) !== 0) return generalProtection(cpu, `LLDT with ${name}: it must be in the GDT`, code);
  const d = readDescriptor(cpu, selector);
  if (d === undefined) return OUTCOME_FAULT;
  if (!isSystem(d) || typeOf(d) !== TYPE_LDT) {
    return generalProtection(cpu, `LLDT with ${name}, ${describeDescriptor(d)}`, code);
  }
  if (!isPresent(d)) return fault(cpu, VECTOR_NP, code, `LLDT with ${name}, which is not present`);
  const whole = readSystemBase(cpu, d);
  if (whole === undefined) return OUTCOME_FAULT;
  ldtr.load(selector, whole.base, whole.limit, whole.attributes);
  return OUTCOME_NEXT;
};

/** LTR: the TSS becomes busy, in memory too. */
export const LTR: SystemOperation = (cpu, instruction) => {
  const selector = systemSelector(cpu, instruction, 'LTR');
  if (selector === undefined) return OUTCOME_FAULT;
  if (isNullSelector(selector)) return generalProtection(cpu, 'LTR with a null selector');
  const code = selectorError(selector);
  const name = describeSelector(selector);
  if ((selector & 4) !== 0) return generalProtection(cpu, `LTR with ${name}: it must be in the GDT`, code);
  const d = readDescriptor(cpu, selector);
  if (d === undefined) return OUTCOME_FAULT;
  const type = typeOf(d);
  const isAvailable = type === TYPE_TSS_32 || (type === TYPE_TSS_16 && !isLongMode(cpu.state));
  if (!isSystem(d) || !isAvailable) {
    return generalProtection(cpu, `LTR with ${name}, ${describeDescriptor(d)}, not an available TSS`, code);
  }
  if (!isPresent(d)) return fault(cpu, VECTOR_NP, code, `LTR with ${name}, which is not present`);
  const whole = readSystemBase(cpu, d);
  if (whole === undefined || !writeBusy(cpu, whole, true)) return OUTCOME_FAULT;
  segmentOf(cpu.state, TR_INDEX).load(selector, whole.base, whole.limit, whole.attributes | 2);
  return OUTCOME_NEXT;
};

/** Stores LDTR or TR: 16 bits to memory, zero-extended to the operand size in a register. */
function storeSelector(cpu: SystemCpu, instruction: Instruction, index: number, mnemonic: string): Outcome {
  if (hasParagraphSegments(cpu.state)) {
    return undefinedOpcode(cpu, `${mnemonic} does not exist in real-address and virtual-8086 mode`);
  }
  if (!permitsUserModeStore(cpu, mnemonic)) return OUTCOME_FAULT;
  const destination = operandAt(instruction, 0);
  const width = destination.kind === 'register' ? instruction.operandSize : 16;
  const selector = BigInt(segmentOf(cpu.state, index).selector);
  return writeOperand(cpu, instruction, destination, width, selector) ? OUTCOME_NEXT : OUTCOME_FAULT;
}

export const SLDT: SystemOperation = (cpu, instruction) => storeSelector(cpu, instruction, LDTR_INDEX, 'SLDT');
export const STR: SystemOperation = (cpu, instruction) => storeSelector(cpu, instruction, TR_INDEX, 'STR');
