import { BASE_RIP, FS, GS, type Instruction, type MemoryOperand, NO_REGISTER, SS } from '../../decode/instruction.ts';
import { VECTOR_AC, VECTOR_GP, VECTOR_SS } from '../../state/exceptions.ts';
import { RIGHT_READ, RIGHT_WRITE } from '../../state/segment-register.ts';
import type { SystemCpu } from './context.ts';
import { hex, refuse } from './fault.ts';
import { checksAlignment, hasParagraphSegments, is64BitMode, isCanonicalAddress, segmentOf } from './processor-mode.ts';

const SEGMENT_NAMES = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];

/**
 * The effective address of a memory operand, wrapped to the address size.
 *
 * @source SDM Vol. 1 "Specifying an Offset"
 */
export function effectiveAddress(cpu: SystemCpu, instruction: Instruction, operand: MemoryOperand): bigint {
  let sum = (BigInt(operand.displacementHigh) << 32n) + BigInt(operand.displacement >>> 0);
  if (operand.base === BASE_RIP) sum += cpu.nextRip;
  else if (operand.base !== NO_REGISTER) sum += cpu.state.gpr(operand.base);
  if (operand.index !== NO_REGISTER) sum += cpu.state.gpr(operand.index) * BigInt(operand.scale);
  return BigInt.asUintN(instruction.addressSize, sum);
}

/**
 * Adds the segment base to an effective address, without any check.
 *
 * @returns 64 bits in 64-bit mode (only FS and GS have a base), otherwise 32
 */
export function uncheckedLinearAddress(cpu: SystemCpu, segment: number, offset: bigint): bigint {
  if (is64BitMode(cpu.state)) {
    return segment === FS || segment === GS ? BigInt.asUintN(64, segmentOf(cpu.state, segment).base + offset) : offset;
  }
  return BigInt.asUintN(32, segmentOf(cpu.state, segment).base + offset);
}

/**
 * Segmentation with its checks: the canonical form in 64-bit mode, rights and limit of the segment otherwise. In a flat
 * segment of 4 GiB an access may wrap around its end; the manual lets processors choose, and recorded ones raise nothing.
 *
 * @param offset effective address
 * @param sizeBytes bytes accessed, at least 1
 * @returns the linear address; undefined after #GP(0), or #SS(0) for the stack segment
 * @source SDM Vol. 3A "Limit Checking", "Type Checking"; SDM Vol. 1 "Canonical Addressing"
 */
export function linearAddress(
  cpu: SystemCpu,
  segment: number,
  offset: bigint,
  sizeBytes: number,
  isWrite: boolean,
): bigint | undefined {
  const linear = uncheckedLinearAddress(cpu, segment, offset);
  const vector = segment === SS ? VECTOR_SS : VECTOR_GP;
  if (is64BitMode(cpu.state)) {
    const last = linear + BigInt(sizeBytes - 1);
    if (isCanonicalAddress(cpu, linear) && last < 1n << 64n && isCanonicalAddress(cpu, last)) return linear;
    // Alignment comes before the last byte.
    const isAligned = linear % BigInt(Math.min(sizeBytes, 8)) === 0n || sizeBytes > 10;
    if (!isAligned && isCanonicalAddress(cpu, linear) && checksAlignment(cpu.state)) {
      return refuse(cpu, VECTOR_AC, 0, `${sizeBytes} bytes at ${hex(linear)} are not aligned`);
    }
    return refuse(cpu, vector, 0, `the address ${hex(linear)} is not canonical`);
  }
  const register = segmentOf(cpu.state, segment);
  const name = SEGMENT_NAMES[segment];
  // Paragraph segments have no rights: what CS last was in protected mode does not make it read-only here.
  if (!hasParagraphSegments(cpu.state) && (register.rights & (isWrite ? RIGHT_WRITE : RIGHT_READ)) === 0) {
    const what = register.isPresent ? `is not ${isWrite ? 'writable' : 'readable'}` : 'holds a null selector';
    return refuse(cpu, vector, 0, `${name} ${what} (access at offset ${hex(offset)})`);
  }
  const first = Number(offset);
  const { low, high } = register;
  if (first >= low && (first + sizeBytes - 1 <= high || (low === 0 && high === 0xffffffff && register.hasBaseZero))) {
    return linear;
  }
  return refuse(cpu, vector, 0, `offset ${hex(offset)} is outside ${name} (limit ${hex(register.limit)})`);
}

/** The checked linear address of a memory operand; undefined after a fault. */
export function operandAddress(
  cpu: SystemCpu,
  instruction: Instruction,
  operand: MemoryOperand,
  sizeBytes: number,
  isWrite: boolean,
): bigint | undefined {
  return linearAddress(cpu, operand.segment, effectiveAddress(cpu, instruction, operand), sizeBytes, isWrite);
}
