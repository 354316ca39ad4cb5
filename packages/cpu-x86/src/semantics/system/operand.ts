import { joinWords, lowWord } from '@longmode/mmu';
import type { Instruction, MemoryOperand, Operand } from '../../decode/instruction.ts';
import type { SystemCpu } from './context.ts';
import { effectiveAddress, linearAddress, operandAddress } from './linear-address.ts';
import { dataAccess, segmentOf } from './processor-mode.ts';

/** Operand `index` of an instruction. The opcode tables guarantee that it is there. */
export function operandAt(instruction: Instruction, index: number): Operand {
  return instruction.operands[index] as Operand;
}

/** The memory operand of an instruction whose row only allows one. */
export function memoryOperand(instruction: Instruction): MemoryOperand {
  return instruction.operands.find((operand) => operand.kind === 'memory') as MemoryOperand;
}

/** Reads 8 to 64 bits at a linear address. @returns undefined after a fault */
export function readLinear(cpu: SystemCpu, linear: bigint, width: number, access: number): bigint | undefined {
  const memory = cpu.memory;
  let value: bigint;
  if (width === 64) value = memory.read64(linear, access);
  else if (width === 32) value = joinWords(memory.read32(linear, access), 0);
  else if (width === 16) value = joinWords(memory.read16(linear, access), 0);
  else value = joinWords(memory.read8(linear, access), 0);
  return memory.failed ? undefined : value;
}

/** Writes the low `width` bits of a value at a linear address. @returns false after a fault */
export function writeLinear(cpu: SystemCpu, linear: bigint, width: number, value: bigint, access: number): boolean {
  const memory = cpu.memory;
  if (width === 64) return memory.write64(linear, BigInt.asUintN(64, value), access);
  const low = lowWord(value);
  if (width === 32) return memory.write32(linear, low, access);
  return width === 16 ? memory.write16(linear, low & 0xffff, access) : memory.write8(linear, low & 0xff, access);
}

/**
 * Reads an operand as an unsigned value.
 *
 * @param width bits to read, where they differ from the operand's own
 * @returns undefined after a fault
 */
export function readOperand(
  cpu: SystemCpu,
  instruction: Instruction,
  operand: Operand,
  width?: number,
): bigint | undefined {
  switch (operand.kind) {
    case 'register':
      if (operand.file === 'segment') return BigInt(segmentOf(cpu.state, operand.index).selector);
      if (operand.file === 'gpr8high') return (cpu.state.gpr(operand.index) >> 8n) & 0xffn;
      return BigInt.asUintN(width ?? operand.width, cpu.state.gpr(operand.index));
    case 'memory': {
      const bits = width ?? operand.width;
      const linear = operandAddress(cpu, instruction, operand, bits / 8, false);
      return linear === undefined ? undefined : readLinear(cpu, linear, bits, dataAccess(cpu.state));
    }
    case 'immediate':
      return BigInt.asUintN(width ?? operand.width, (BigInt(operand.high) << 32n) | BigInt(operand.low >>> 0));
    case 'relative':
      return BigInt.asUintN(64, BigInt(operand.displacement));
    case 'far-pointer':
      return BigInt(operand.offset >>> 0);
  }
}

/** Writes a general register or memory operand. @returns false after a fault */
export function writeOperand(
  cpu: SystemCpu,
  instruction: Instruction,
  operand: Operand,
  width: number,
  value: bigint,
): boolean {
  if (operand.kind === 'register') {
    cpu.state.writeGpr(operand.index, width, value);
    return true;
  }
  const linear = operandAddress(cpu, instruction, operand as MemoryOperand, width / 8, true);
  return linear !== undefined && writeLinear(cpu, linear, width, value, dataAccess(cpu.state));
}

/** Reads `width` bits at a byte offset from a memory operand, such as the selector of a far pointer. */
export function readBeyond(
  cpu: SystemCpu,
  instruction: Instruction,
  operand: MemoryOperand,
  offsetBytes: number,
  width: number,
): bigint | undefined {
  const sum = effectiveAddress(cpu, instruction, operand) + BigInt(offsetBytes);
  const offset = BigInt.asUintN(instruction.addressSize, sum);
  const linear = linearAddress(cpu, operand.segment, offset, width / 8, false);
  return linear === undefined ? undefined : readLinear(cpu, linear, width, dataAccess(cpu.state));
}

/** Tests that a memory range can be written, without writing. @returns false after a fault */
export function probeWrite(cpu: SystemCpu, linear: bigint, sizeBytes: number, access: number): boolean {
  return cpu.memory.probeWrite(linear, sizeBytes, access);
}
