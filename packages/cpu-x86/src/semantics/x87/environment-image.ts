/**
 * The x87 environment in memory, in its four formats: 16 or 32 bits, real or protected mode.
 *
 * Selectors are stored as zero, as CPUID says that they are (deprecation of FPU CS and FPU DS).
 *
 * @source SDM Vol. 1 "x87 FPU State Image" (figures)
 */
import { lowWord } from '@longmode/mmu';
import type { Instruction } from '../../decode/instruction.ts';
import { CLASS_NORMAL, CLASS_ZERO, classOf } from '../../float/extended/extended-float.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import { FPU_DATA_POINTER, FPU_INSTRUCTION_POINTER, FPU_OPCODE } from '../../state/layout.ts';
import type { SystemCpu } from '../system/context.ts';
import { hasParagraphSegments } from '../system/processor-mode.ts';
import type { X87Unit } from './x87-unit.ts';

/** Bytes of a register in memory. */
export const REGISTER_SIZE_BYTES = 10;
/** Bytes of the environment, by operand size. */
export const ENVIRONMENT_SIZES: { readonly 16: number; readonly 32: number } = { 16: 14, 32: 28 };

/** The operand size that an instruction's image has: in 64-bit mode too it is 32 bits, unless a prefix makes it 16. */
export function environmentFormat(_cpu: SystemCpu, instruction: Instruction): 16 | 32 {
  return instruction.operandSize === 16 ? 16 : 32;
}

const TAG_VALID = 0;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;

/** The tag word with two bits for each register, worked out from their contents. */
export function fullTags(fpu: X87Unit): number {
  let word = 0;
  for (let i = 0; i < 8; i++) {
    let tag = TAG_EMPTY;
    if (((fpu.tags >> i) & 1) !== 0) {
      fpu.readPhysical(i, fpu.a);
      const kind = classOf(fpu.a);
      tag = kind === CLASS_NORMAL ? TAG_VALID : kind === CLASS_ZERO ? TAG_ZERO : TAG_SPECIAL;
    }
    word |= tag << (2 * i);
  }
  return word;
}

/** Of a full tag word only counts which registers are empty. */
function setFullTags(fpu: X87Unit, word: number): void {
  let tags = 0;
  for (let i = 0; i < 8; i++) if (((word >> (2 * i)) & 3) !== TAG_EMPTY) tags |= 1 << i;
  fpu.tags = tags;
}

const pointer = (state: CpuState, field: number): number => lowWord(state.wideField(field));

/** Writes the environment to the beginning of an image. */
export function writeEnvironment(cpu: SystemCpu, instruction: Instruction, image: Uint8Array): void {
  const { x87: fpu, state } = cpu;
  const view = new DataView(image.buffer);
  const isReal = hasParagraphSegments(state);
  const ip = pointer(state, FPU_INSTRUCTION_POINTER);
  const dp = pointer(state, FPU_DATA_POINTER);
  const opcode = state.field(FPU_OPCODE);
  if (environmentFormat(cpu, instruction) === 16) {
    const ipHigh = isReal ? (((ip >>> 16) & 0xf) << 12) | opcode : 0;
    const dpHigh = isReal ? ((dp >>> 16) & 0xf) << 12 : 0;
    [fpu.control, fpu.status, fullTags(fpu), ip, ipHigh, dp, dpHigh].forEach((value, i) => {
      view.setUint16(2 * i, value & 0xffff, true);
    });
    return;
  }
  const reserved = 0xffff_0000;
  const pointers = isReal
    ? [reserved | (ip & 0xffff), ((ip >>> 16) << 12) | opcode, reserved | (dp & 0xffff), (dp >>> 16) << 12]
    : [ip, opcode << 16, dp, reserved];
  const words = [reserved | fpu.control, reserved | fpu.status, reserved | fullTags(fpu), ...pointers];
  words.forEach((value, i) => {
    view.setUint32(4 * i, value >>> 0, true);
  });
}

/** Loads the environment from the beginning of an image. */
export function readEnvironment(cpu: SystemCpu, instruction: Instruction, image: Uint8Array): void {
  const { x87: fpu, state } = cpu;
  const view = new DataView(image.buffer);
  const isReal = hasParagraphSegments(state);
  const size = environmentFormat(cpu, instruction) / 8;
  const at = (index: number): number =>
    size === 2 ? view.getUint16(2 * index, true) : view.getUint32(4 * index, true);
  let ip = at(3);
  let dp = at(5);
  let opcode = size === 2 && !isReal ? 0 : size === 4 && !isReal ? at(4) >>> 16 : at(4);
  if (isReal) {
    ip = ((ip & 0xffff) | (((at(4) >>> 12) & 0xffff) << 16)) >>> 0;
    dp = ((dp & 0xffff) | (((at(6) >>> 12) & 0xffff) << 16)) >>> 0;
  }
  opcode &= 0x7ff;
  fpu.control = at(0);
  fpu.status = at(1) & 0xffff;
  setFullTags(fpu, at(2));
  state.setField(FPU_OPCODE, opcode);
  state.setWideField(FPU_INSTRUCTION_POINTER, BigInt(ip));
  state.setWideField(FPU_DATA_POINTER, BigInt(dp));
}
