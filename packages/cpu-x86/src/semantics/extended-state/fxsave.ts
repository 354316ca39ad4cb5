/** @source SDM Vol. 2A "FXSAVE", "FXRSTOR" */

import type { Instruction } from '../../decode/instruction.ts';
import { MXCSR_MASK } from '../../float/binary-float.ts';
import { CR0_EM, CR0_TS, CR4_OSFXSR } from '../../state/control-registers.ts';
import { CR0, CR4, MXCSR } from '../../state/layout.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT, type SystemCpu, type SystemOperation } from '../system/context.ts';
import { deviceNotAvailable, generalProtection, hex, refuse, undefinedOpcode } from '../system/fault.ts';
import {
  effectiveAddress,
  isAlignedAccess,
  linearAddress,
  refusalOfPlace,
  uncheckedLinearAddress,
} from '../system/linear-address.ts';
import { memoryOperand } from '../system/operand.ts';
import { dataAccess, is64BitMode } from '../system/processor-mode.ts';
import {
  LEGACY_SIZE_BYTES,
  type LegacyFormat,
  loadX87,
  loadXmm,
  MXCSR_AT,
  MXCSR_RANGE,
  readImage,
  storeMxcsr,
  storeX87,
  storeXmm,
  writeImage,
  X87_RANGES,
  xmmRange,
} from './legacy-region.ts';

/** The format of an instruction's image. */
export const formatOf = (cpu: SystemCpu, instruction: Instruction): LegacyFormat => ({
  xmmCount: is64BitMode(cpu.state) ? 16 : 8,
  hasWidePointers: instruction.operandSize === 64,
});

/**
 * The linear address of an image; undefined after a fault. As recorded: first the place of 4 bytes, whatever the segment
 * allows; then `alignment`, with #AC where alignment is checked and that of 4 is missed; then the last byte with its page, so
 * that a page fault there comes before the limit of a segment whose offsets wrap in between; then all of it.
 */
export function imageAddress(
  cpu: SystemCpu,
  instruction: Instruction,
  parts: { readonly sizeBytes: number; readonly alignment: number; readonly isWrite: boolean },
): bigint | undefined {
  const { sizeBytes, alignment, isWrite } = parts;
  const operand = memoryOperand(instruction);
  const { segment } = operand;
  const offset = effectiveAddress(cpu, instruction, operand);
  const refused = refusalOfPlace(cpu, segment, offset, 4);
  if (refused !== undefined) return refuse(cpu, refused.vector, 0, refused.reason);
  const linear = uncheckedLinearAddress(cpu, segment, offset);
  if (linear % BigInt(alignment) !== 0n) {
    const reason = `${instruction.mnemonic} at ${hex(linear)}, which is not a multiple of ${alignment}`;
    if (isAlignedAccess(cpu, linear, 4)) generalProtection(cpu, reason);
    return undefined;
  }
  const end = BigInt.asUintN(is64BitMode(cpu.state) ? 64 : 32, offset + BigInt(sizeBytes - 1));
  const last = linearAddress(cpu, segment, end, 1, isWrite);
  if (last === undefined) return undefined;
  const access = dataAccess(cpu.state);
  if (isWrite) cpu.memory.probeWrite(last, 1, access);
  else cpu.memory.read8(last, access);
  return cpu.memory.failed ? undefined : linearAddress(cpu, segment, offset, sizeBytes, isWrite);
}

/** Refuses an instruction that CR0 or the model withholds; @returns whether it did */
function isWithheld(cpu: SystemCpu, instruction: Instruction): boolean {
  const { mnemonic } = instruction;
  if (!cpu.model.features.has('FXSR')) undefinedOpcode(cpu, `${mnemonic} is not a feature of this processor`);
  else if ((cpu.state.field(CR0) & (CR0_EM | CR0_TS)) !== 0) {
    deviceNotAvailable(cpu, `${mnemonic} with CR0.EM or CR0.TS set`);
  } else return false;
  return true;
}
/** Without CR4.OSFXSR the SSE part of the image is left alone. */
const includesSse = ({ state }: SystemCpu): boolean => (state.field(CR4) & CR4_OSFXSR) !== 0;

export const FXSAVE: SystemOperation = (cpu, instruction) => {
  if (isWithheld(cpu, instruction)) return OUTCOME_FAULT;
  const linear = imageAddress(cpu, instruction, { sizeBytes: LEGACY_SIZE_BYTES, alignment: 16, isWrite: true });
  if (linear === undefined) return OUTCOME_FAULT;
  const { state } = cpu;
  if (!cpu.memory.probeWrite(linear, LEGACY_SIZE_BYTES, dataAccess(state))) return OUTCOME_FAULT;
  const format = formatOf(cpu, instruction);
  const image = new DataView(new ArrayBuffer(LEGACY_SIZE_BYTES));
  storeX87(state, image, format);
  storeMxcsr(state, image);
  storeXmm(state, image, format);
  writeImage(cpu, linear, image, [...X87_RANGES, ...(includesSse(cpu) ? [MXCSR_RANGE, xmmRange(format)] : [])]);
  return OUTCOME_NEXT;
};

/** #GP(0) for bits of MXCSR that do not exist; @returns whether the value is fit */
export function isMxcsrValid(cpu: SystemCpu, value: number): boolean {
  const reserved = (value & ~MXCSR_MASK) >>> 0;
  if (reserved === 0) return true;
  generalProtection(cpu, `MXCSR has no bits ${hex(reserved)}`);
  return false;
}

export const FXRSTOR: SystemOperation = (cpu, instruction) => {
  if (isWithheld(cpu, instruction)) return OUTCOME_FAULT;
  const linear = imageAddress(cpu, instruction, { sizeBytes: LEGACY_SIZE_BYTES, alignment: 16, isWrite: false });
  const image = linear === undefined ? undefined : readImage(cpu, linear, LEGACY_SIZE_BYTES);
  if (image === undefined) return OUTCOME_FAULT;
  const { state } = cpu;
  const mxcsr = image.getUint32(MXCSR_AT, true);
  const hasSse = includesSse(cpu);
  if (hasSse && !isMxcsrValid(cpu, mxcsr)) return OUTCOME_FAULT;
  const format = formatOf(cpu, instruction);
  loadX87(state, image, format);
  if (hasSse) {
    state.setField(MXCSR, mxcsr);
    loadXmm(state, image, format);
  }
  return OUTCOME_NEXT;
};
