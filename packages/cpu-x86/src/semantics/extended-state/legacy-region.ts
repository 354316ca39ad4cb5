/**
 * The 512 bytes of FXSAVE, with which the image of XSAVE begins too: x87 state, MXCSR and XMM registers.
 *
 * @source SDM Vol. 2A "FXSAVE" (layout of the image), SDM Vol. 1 "Legacy Region of an XSAVE Area"
 */
import { MXCSR_MASK } from '../../float/binary-float.ts';
import type { CpuState } from '../../state/cpu-state.ts';
import {
  FPR,
  FPR_EXPONENT,
  FPR_SIGNIFICAND,
  FPR_SIZE_BYTES,
  FPU_CONTROL,
  FPU_DATA_POINTER,
  FPU_INSTRUCTION_POINTER,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
  MXCSR,
  XMM,
  XMM_SIZE_BYTES,
} from '../../state/layout.ts';
import type { SystemCpu } from '../system/context.ts';
import { dataAccess } from '../system/processor-mode.ts';

export const LEGACY_SIZE_BYTES = 512;
/** Offsets in the image. */
const CONTROL = 0;
const STATUS = 2;
const TAG = 4;
const OPCODE = 6;
const INSTRUCTION_POINTER = 8;
const DATA_POINTER = 16;
const X87_WORDS_SIZE_BYTES = 24;
export const MXCSR_AT = 24;
const MXCSR_MASK_AT = 28;
const STACK_AT = 32;
const XMM_AT = 160;

/** State after initialization. @source SDM Vol. 1 "XSAVE-Managed State" */
const CONTROL_INITIAL = 0x037f;
const MXCSR_INITIAL = 0x1f80;

/** How an image is laid out: in 64-bit mode with 16 XMM registers, and with REX.W with pointers of 64 bits. */
export interface LegacyFormat {
  readonly xmmCount: 8 | 16;
  readonly hasWidePointers: boolean;
}

const top = (state: CpuState): number => (state.field(FPU_STATUS) >> 11) & 7;
/** Offset in the state of ST(i). */
const stackRegister = (state: CpuState, index: number): number => FPR + FPR_SIZE_BYTES * ((top(state) + index) & 7);

/** Bits of the control word that can be loaded. */
const CONTROL_LOADED = 0x1f3f;

/** Puts the x87 state into an image. */
export function storeX87(state: CpuState, image: DataView, format: LegacyFormat): void {
  image.setUint16(CONTROL, state.field(FPU_CONTROL), true);
  image.setUint16(STATUS, state.field(FPU_STATUS), true);
  image.setUint8(TAG, state.field(FPU_TAG));
  image.setUint16(OPCODE, state.field(FPU_OPCODE), true);
  const mask = format.hasWidePointers ? (1n << 64n) - 1n : 0xffffffffn;
  // Where there is room for selectors, they are zero: the processor keeps none.
  image.setBigUint64(INSTRUCTION_POINTER, state.wideField(FPU_INSTRUCTION_POINTER) & mask, true);
  image.setBigUint64(DATA_POINTER, state.wideField(FPU_DATA_POINTER) & mask, true);
  for (let i = 0; i < 8; i++) {
    const from = stackRegister(state, i);
    image.setBigUint64(STACK_AT + 16 * i, state.wideField(from + FPR_SIGNIFICAND), true);
    image.setBigUint64(STACK_AT + 16 * i + 8, BigInt(state.field(from + FPR_EXPONENT) & 0xffff), true);
  }
}

/** Takes the x87 state from an image. */
export function loadX87(state: CpuState, image: DataView, format: LegacyFormat): void {
  state.setField(FPU_CONTROL, (image.getUint16(CONTROL, true) & CONTROL_LOADED) | 0x40);
  state.setField(FPU_STATUS, withSummary(image.getUint16(STATUS, true), image.getUint16(CONTROL, true)));
  state.setField(FPU_TAG, image.getUint8(TAG));
  state.setField(FPU_OPCODE, image.getUint16(OPCODE, true) & 0x7ff);
  const mask = format.hasWidePointers ? (1n << 64n) - 1n : 0xffffffffn;
  state.setWideField(FPU_INSTRUCTION_POINTER, image.getBigUint64(INSTRUCTION_POINTER, true) & mask);
  state.setWideField(FPU_DATA_POINTER, image.getBigUint64(DATA_POINTER, true) & mask);
  for (let i = 0; i < 8; i++) {
    const to = stackRegister(state, i);
    state.setWideField(to + FPR_SIGNIFICAND, image.getBigUint64(STACK_AT + 16 * i, true));
    state.setField(to + FPR_EXPONENT, image.getUint16(STACK_AT + 16 * i + 8, true));
  }
}
/** ES and B follow from flags and masks. */
function withSummary(status: number, control: number): number {
  const isPending = (status & ~control & 0x3f) !== 0;
  return isPending ? status | 0x8080 : status & ~0x8080;
}

/** The initial configuration of the x87 state. */
export function initializeX87(state: CpuState): void {
  state.setField(FPU_CONTROL, CONTROL_INITIAL);
  for (const field of [FPU_STATUS, FPU_TAG, FPU_OPCODE]) state.setField(field, 0);
  for (const field of [FPU_INSTRUCTION_POINTER, FPU_DATA_POINTER]) state.setWideField(field, 0n);
  for (let i = 0; i < 8; i++) {
    state.setWideField(FPR + FPR_SIZE_BYTES * i + FPR_SIGNIFICAND, 0n);
    state.setField(FPR + FPR_SIZE_BYTES * i + FPR_EXPONENT, 0);
  }
}
/** Whether the x87 state is in its initial configuration. */
export function isX87Initial(state: CpuState): boolean {
  const isZero = [FPU_STATUS, FPU_TAG, FPU_OPCODE].every((field) => state.field(field) === 0);
  if (!isZero || state.field(FPU_CONTROL) !== CONTROL_INITIAL) return false;
  if (!state.isZero(FPU_INSTRUCTION_POINTER) || !state.isZero(FPU_DATA_POINTER)) return false;
  return Array.from({ length: 8 }, (_, i) => FPR + FPR_SIZE_BYTES * i).every(
    (at) => state.isZero(at + FPR_SIGNIFICAND) && state.field(at + FPR_EXPONENT) === 0,
  );
}

/** Puts MXCSR and the mask of its bits into an image. */
export function storeMxcsr(state: CpuState, image: DataView): void {
  image.setUint32(MXCSR_AT, state.field(MXCSR), true);
  image.setUint32(MXCSR_MASK_AT, MXCSR_MASK, true);
}
/** Puts XMM registers into an image. */
export function storeXmm(state: CpuState, image: DataView, { xmmCount }: LegacyFormat): void {
  for (let i = 0; i < 2 * xmmCount; i++) image.setBigUint64(XMM_AT + 8 * i, state.wideField(XMM + 8 * i), true);
}
/** Takes XMM registers from an image. */
export function loadXmm(state: CpuState, image: DataView, { xmmCount }: LegacyFormat): void {
  for (let i = 0; i < 2 * xmmCount; i++) state.setWideField(XMM + 8 * i, image.getBigUint64(XMM_AT + 8 * i, true));
}
/** Clears XMM registers. */
export function initializeXmm(state: CpuState, { xmmCount }: LegacyFormat): void {
  for (let i = 0; i < 2 * xmmCount; i++) state.setWideField(XMM + 8 * i, 0n);
}
/** Whether all XMM registers are zero. */
export const areXmmZero = (state: CpuState): boolean =>
  Array.from({ length: (16 * XMM_SIZE_BYTES) / 8 }, (_, i) => XMM + 8 * i).every((at) => state.isZero(at));
export const isMxcsrInitial = (state: CpuState): boolean => state.field(MXCSR) === MXCSR_INITIAL;
export const initializeMxcsr = (state: CpuState): void => state.setField(MXCSR, MXCSR_INITIAL);

/** Ranges of an image, first byte and end, that belong to a part of the state. */
export const X87_RANGES: readonly (readonly [number, number])[] = [
  [0, X87_WORDS_SIZE_BYTES],
  [STACK_AT, XMM_AT],
];
export const MXCSR_RANGE: readonly [number, number] = [MXCSR_AT, STACK_AT];
export const xmmRange = ({ xmmCount }: LegacyFormat): readonly [number, number] => [XMM_AT, XMM_AT + 16 * xmmCount];

/** Reads an image whose address is a multiple of 8. @returns undefined after a fault */
export function readImage(cpu: SystemCpu, linear: bigint, sizeBytes: number): DataView | undefined {
  const image = new DataView(new ArrayBuffer(sizeBytes));
  const access = dataAccess(cpu.state);
  for (let at = 0; at < sizeBytes; at += 8) {
    const value = cpu.memory.read64(linear + BigInt(at), access);
    if (cpu.memory.failed) return undefined;
    image.setBigUint64(at, value, true);
  }
  return image;
}
/** Writes ranges of an image; all of it has been found writable. */
export function writeImage(
  cpu: SystemCpu,
  linear: bigint,
  image: DataView,
  ranges: readonly (readonly [number, number])[],
): void {
  const access = dataAccess(cpu.state);
  for (const [first, end] of ranges) {
    for (let at = first; at < end; at += 8)
      cpu.memory.write64(linear + BigInt(at), image.getBigUint64(at, true), access);
  }
}
