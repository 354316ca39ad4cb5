import { highWord, joinWords, lowWord } from '@longmode/mmu';
import type { Instruction } from '../../decode/instruction.ts';
import type { ExtendedFloat } from '../../float/extended/extended-float.ts';
import { fromInteger, type IntegerWords } from '../../float/extended/integer.ts';
import { fromDouble, fromSingle } from '../../float/extended/narrow.ts';
import type { SystemCpu } from '../system/context.ts';
import { addressOfPieces, operandAddress } from '../system/linear-address.ts';
import { memoryOperand } from '../system/operand.ts';
import { dataAccess } from '../system/processor-mode.ts';

/** The operand cannot be read: an exception has been raised. */
export const READ_FAULT = -1;
/** It has been read; and it was a denormal of single or double precision, which is an exception of its own. */
export const READ_DONE = 0;
export const READ_DENORMAL = 1;

/** The address of an operand of 10 bytes, of which 8 come first; undefined after a fault. */
const tenByteAddress = (cpu: SystemCpu, instruction: Instruction, isWrite: boolean): bigint | undefined =>
  addressOfPieces(cpu, instruction, memoryOperand(instruction), { sizeBytes: 10, pieceSizeBytes: 8, isWrite });

/** Reads a floating-point operand of 32, 64 or 80 bits, SNaNs as they are. @returns `READ_*` */
export function readReal(cpu: SystemCpu, instruction: Instruction, into: ExtendedFloat): number {
  const operand = memoryOperand(instruction);
  const linear =
    operand.width === 80
      ? tenByteAddress(cpu, instruction, false)
      : operandAddress(cpu, instruction, operand, operand.width / 8, false);
  if (linear === undefined) return READ_FAULT;
  const { memory, state } = cpu;
  const access = dataAccess(state);
  if (operand.width === 32) {
    const bits = memory.read32(linear, access);
    if (memory.failed) return READ_FAULT;
    return fromSingle(bits, into) ? READ_DENORMAL : READ_DONE;
  }
  const bits = memory.read64(linear, access);
  if (memory.failed) return READ_FAULT;
  if (operand.width === 64) return fromDouble(highWord(bits) | 0, lowWord(bits) | 0, into) ? READ_DENORMAL : READ_DONE;
  const signExponent = memory.read16(linear + 8n, access);
  if (memory.failed) return READ_FAULT;
  into.set(signExponent >> 15, signExponent & 0x7fff, highWord(bits) | 0, lowWord(bits) | 0);
  return READ_DONE;
}

/** Reads an integer operand of 16, 32 or 64 bits. @returns false after a fault */
export function readInteger(cpu: SystemCpu, instruction: Instruction, into: ExtendedFloat): boolean {
  const operand = memoryOperand(instruction);
  const linear = operandAddress(cpu, instruction, operand, operand.width / 8, false);
  if (linear === undefined) return false;
  const { memory, state } = cpu;
  const access = dataAccess(state);
  let high: number;
  let low: number;
  if (operand.width === 64) {
    const bits = memory.read64(linear, access);
    high = highWord(bits) | 0;
    low = lowWord(bits) | 0;
  } else {
    low = operand.width === 32 ? memory.read32(linear, access) | 0 : (memory.read16(linear, access) << 16) >> 16;
    high = low >> 31;
  }
  if (memory.failed) return false;
  fromInteger(high, low, into);
  return true;
}

/** Stores the low 16, 32 or 64 bits of two words, as wide as the operand is. @returns false after a fault */
export function writeWords(cpu: SystemCpu, instruction: Instruction, { high, low }: IntegerWords): boolean {
  const operand = memoryOperand(instruction);
  const linear = operandAddress(cpu, instruction, operand, operand.width / 8, true);
  if (linear === undefined) return false;
  const { memory, state } = cpu;
  const access = dataAccess(state);
  if (operand.width === 64) return memory.write64(linear, joinWords(low >>> 0, high >>> 0), access);
  if (operand.width === 32) return memory.write32(linear, low >>> 0, access);
  return memory.write16(linear, low & 0xffff, access);
}

/** Stores 80 bits: two words, and 16 bits behind them. @returns false after a fault, with nothing stored */
export function writeTenBytes(
  cpu: SystemCpu,
  instruction: Instruction,
  high: number,
  low: number,
  last: number,
): boolean {
  const linear = tenByteAddress(cpu, instruction, true);
  if (linear === undefined) return false;
  const { memory, state } = cpu;
  const access = dataAccess(state);
  if (!memory.probeWrite(linear, 10, access)) return false;
  memory.write64(linear, joinWords(low >>> 0, high >>> 0), access);
  memory.write16(linear + 8n, last, access);
  return true;
}

/** Reads 10 bytes. @returns false after a fault */
export function readTenBytes(cpu: SystemCpu, instruction: Instruction, into: Uint8Array): boolean {
  const linear = tenByteAddress(cpu, instruction, false);
  if (linear === undefined) return false;
  const access = dataAccess(cpu.state);
  for (let i = 0; i < 10 && !cpu.memory.failed; i++) into[i] = cpu.memory.read8(linear + BigInt(i), access);
  return !cpu.memory.failed;
}
