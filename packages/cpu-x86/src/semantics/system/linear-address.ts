import { BASE_RIP, FS, GS, type Instruction, type MemoryOperand, NO_REGISTER, SS } from '../../decode/instruction.ts';
import { VECTOR_AC, VECTOR_GP, VECTOR_SS } from '../../state/exceptions.ts';
import { RIGHT_READ, RIGHT_WRITE } from '../../state/segment-register.ts';
import type { SystemCpu } from './context.ts';
import { hex, refuse } from './fault.ts';
import {
  checksAlignment,
  dataAccess,
  hasParagraphSegments,
  is64BitMode,
  isCanonicalAddress,
  isCanonicalRange,
  segmentOf,
} from './processor-mode.ts';

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

/** Why an access is refused, and by which exception. */
export interface Refusal {
  readonly vector: number;
  readonly reason: string;
}

/** What segmentation refuses an access to `sizeBytes` bytes for, if it does. */
export function refusalOf(
  cpu: SystemCpu,
  segment: number,
  offset: bigint,
  sizeBytes: number,
  isWrite: boolean,
): Refusal | undefined {
  const register = segmentOf(cpu.state, segment);
  // Paragraph segments have no rights: what CS last was in protected mode does not make it read-only here.
  const hasRights = !is64BitMode(cpu.state) && !hasParagraphSegments(cpu.state);
  if (!hasRights || (register.rights & (isWrite ? RIGHT_WRITE : RIGHT_READ)) !== 0) {
    return refusalOfPlace(cpu, segment, offset, sizeBytes);
  }
  const what = register.isPresent ? `is not ${isWrite ? 'writable' : 'readable'}` : 'holds a null selector';
  return refusal(segment, `${SEGMENT_NAMES[segment]} ${what} (access at offset ${hex(offset)})`);
}

/** As {@link refusalOf}, whatever the access does: the canonical form in 64-bit mode, the segment's limit otherwise. */
export function refusalOfPlace(
  cpu: SystemCpu,
  segment: number,
  offset: bigint,
  sizeBytes: number,
): Refusal | undefined {
  if (is64BitMode(cpu.state)) {
    const linear = uncheckedLinearAddress(cpu, segment, offset);
    if (isCanonicalRange(cpu, linear, sizeBytes)) return undefined;
    return refusal(segment, `the address ${hex(linear)} is not canonical`);
  }
  const register = segmentOf(cpu.state, segment);
  const first = Number(offset);
  const { low, high } = register;
  if (first >= low && (first + sizeBytes - 1 <= high || (low === 0 && high === 0xffffffff && register.hasBaseZero))) {
    return undefined;
  }
  const expands = low > 0 ? ', expanding down' : '';
  const name = SEGMENT_NAMES[segment];
  return refusal(segment, `offset ${hex(offset)} is outside ${name} (limit ${hex(register.limit)}${expands})`);
}

const refusal = (segment: number, reason: string): Refusal => ({
  vector: segment === SS ? VECTOR_SS : VECTOR_GP,
  reason,
});

/** #AC(0) where alignment is checked and an address is no multiple of `alignment`. @returns whether the access may go on */
export function isAlignedAccess(cpu: SystemCpu, linear: bigint, alignment: number): boolean {
  if (linear % BigInt(alignment) === 0n || !checksAlignment(cpu.state)) return true;
  refuse(cpu, VECTOR_AC, 0, `${hex(linear)} is not a multiple of ${alignment}`);
  return false;
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
  const refused = refusalOf(cpu, segment, offset, sizeBytes, isWrite);
  const linear = uncheckedLinearAddress(cpu, segment, offset);
  if (refused === undefined) return linear;
  // In 64-bit mode alignment comes before the last byte.
  const comesFirst = is64BitMode(cpu.state) && sizeBytes <= 10 && isCanonicalAddress(cpu, linear);
  if (comesFirst && !isAlignedAccess(cpu, linear, Math.min(sizeBytes, 8))) return undefined;
  return refuse(cpu, refused.vector, 0, refused.reason);
}

/**
 * The checked linear address of a memory operand that the processor accesses in pieces. The exception is that of the first
 * piece that fails, so that the page of one comes before the segment's limit behind it; alignment is that of a piece.
 *
 * @param pieceSizeBytes bytes of a piece, and what the first is aligned to where that is checked
 * @returns undefined after a fault
 * @source recorded processors; the manual leaves it open
 */
export function addressOfPieces(
  cpu: SystemCpu,
  instruction: Instruction,
  operand: MemoryOperand,
  parts: { readonly sizeBytes: number; readonly pieceSizeBytes: number; readonly isWrite: boolean },
): bigint | undefined {
  const { sizeBytes, pieceSizeBytes, isWrite } = parts;
  const { segment } = operand;
  const offset = effectiveAddress(cpu, instruction, operand);
  const linear = linearAddress(cpu, segment, offset, pieceSizeBytes, isWrite);
  if (linear === undefined || !isAlignedAccess(cpu, linear, pieceSizeBytes)) return undefined;
  if (refusalOf(cpu, segment, offset, sizeBytes, isWrite) === undefined) return linear;
  const access = dataAccess(cpu.state);
  for (let at = 0; at < sizeBytes; at += pieceSizeBytes) {
    const size = Math.min(pieceSizeBytes, sizeBytes - at);
    const piece = linearAddress(cpu, segment, offset + BigInt(at), size, isWrite);
    if (piece === undefined) return undefined;
    if (isWrite) cpu.memory.probeWrite(piece, size, access);
    else cpu.memory.read8(piece, access);
    if (cpu.memory.failed) return undefined;
  }
  return linear;
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
