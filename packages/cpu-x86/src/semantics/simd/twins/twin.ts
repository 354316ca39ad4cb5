import type { Instruction } from '../../../decode/instruction.ts';
import { BinaryEnvironment, MXCSR_BEFORE_RESULT } from '../../../float/binary-float.ts';
import { CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT } from '../../../state/control-registers.ts';
import type { CpuState } from '../../../state/cpu-state.ts';
import { VECTOR_MF, VECTOR_XM } from '../../../state/exceptions.ts';
import {
  ASSIST_MISALIGNED,
  ASSIST_REASON,
  ASSIST_SOURCE,
  ASSIST_UNAVAILABLE,
  CR0,
  CR4,
  MXCSR,
  XMM,
  XMM_SIZE_BYTES,
} from '../../../state/layout.ts';
import {
  NO_ERROR_CODE,
  OUTCOME_NEXT,
  type Outcome,
  type SystemCpu,
  type SystemOperation,
} from '../../system/context.ts';
import { deviceNotAvailable, fault, generalProtection, hex, undefinedOpcode } from '../../system/fault.ts';
import { effectiveAddress, uncheckedLinearAddress } from '../../system/linear-address.ts';
import { memoryOperand } from '../../system/operand.ts';
import { RBP, RSP } from '../../system/stack.ts';

/**
 * What the emitted code of an instruction leaves to TypeScript: the whole instruction, its source operand read. The state
 * is written last.
 */
export type Twin = (cpu: SystemCpu, instruction: Instruction) => Outcome;

/** A vector in the state, by elements of any width. */
export class VectorView {
  readonly #state: CpuState;
  readonly #offset: number;

  constructor(state: CpuState, offset: number) {
    this.#state = state;
    this.#offset = offset;
  }
  /** An element, unsigned. */
  get(width: 32 | 64, index: number): bigint {
    const { u32, u64 } = this.#state;
    if (width === 64) return u64[(this.#offset >> 3) + index] as bigint;
    return BigInt(u32[(this.#offset >> 2) + index] as number);
  }
  set(width: 32 | 64, index: number, value: bigint): void {
    const { u32, u64 } = this.#state;
    if (width === 64) u64[(this.#offset >> 3) + index] = value;
    else u32[(this.#offset >> 2) + index] = Number(value);
  }
  /** All 16 bytes, to read and to write. */
  get bytes(): Uint8Array {
    const { buffer, byteOffset } = this.#state.u32;
    return new Uint8Array(buffer, byteOffset + this.#offset, XMM_SIZE_BYTES);
  }
}

/** The source operand, as the emitted code has read it. */
export const sourceOf = ({ state }: SystemCpu): VectorView => new VectorView(state, ASSIST_SOURCE);
/** An XMM register by number. */
export const xmm = ({ state }: SystemCpu, index: number): VectorView =>
  new VectorView(state, XMM + XMM_SIZE_BYTES * index);
/** The number of the register that an operand names. */
export function registerNumber(instruction: Instruction, index = 0): number {
  const operand = instruction.operands[index];
  return operand?.kind === 'register' ? operand.index : 0;
}
/** The immediate byte. */
export function immediateByte(instruction: Instruction): number {
  const operand = instruction.operands.at(-1);
  return operand?.kind === 'immediate' ? operand.low & 0xff : 0;
}

export const environmentOf = ({ state }: SystemCpu): BinaryEnvironment => new BinaryEnvironment(state.field(MXCSR));

/**
 * Enters what an operation has raised in MXCSR.
 *
 * @returns `OUTCOME_FAULT` where an exception is not masked: nothing else may change then
 * @source SDM Vol. 1 "SIMD Floating-Point Exception Conditions", "Handling SIMD Floating-Point Exceptions in Software"
 */
export function raiseExceptions(cpu: SystemCpu, instruction: Instruction, env: BinaryEnvironment): Outcome {
  const { state } = cpu;
  const isRefused = (env.flags & MXCSR_BEFORE_RESULT & ~env.masks) !== 0;
  const flags = isRefused ? env.flags & MXCSR_BEFORE_RESULT : env.flags;
  state.setField(MXCSR, state.field(MXCSR) | flags);
  const unmasked = flags & ~env.masks;
  if (unmasked === 0) return OUTCOME_NEXT;
  const reason = `${instruction.mnemonic} raises exceptions ${hex(unmasked)} that MXCSR does not mask`;
  if ((state.field(CR4) & CR4_OSXMMEXCPT) === 0) return undefinedOpcode(cpu, `${reason}, and CR4.OSXMMEXCPT is clear`);
  return fault(cpu, VECTOR_XM, NO_ERROR_CODE, reason);
}

/** Computes elements of the destination register, all of them before the first is written. */
export function computeElements(
  cpu: SystemCpu,
  instruction: Instruction,
  width: 32 | 64,
  count: number,
  compute: (env: BinaryEnvironment, index: number) => bigint,
): Outcome {
  const env = environmentOf(cpu);
  const results = Array.from({ length: count }, (_, index) => compute(env, index));
  const outcome = raiseExceptions(cpu, instruction, env);
  if (outcome !== OUTCOME_NEXT) return outcome;
  const dst = xmm(cpu, registerNumber(instruction));
  results.forEach((value, index) => {
    dst.set(width, index, value);
  });
  return OUTCOME_NEXT;
}

const names = ({ operands }: Instruction, file: string): boolean =>
  operands.some((operand) => operand.kind === 'register' && operand.file === file);

/** Why SSE or MMX is withheld, as an exception. */
function refuseUnavailable(cpu: SystemCpu, instruction: Instruction): Outcome {
  const { state } = cpu;
  const { mnemonic } = instruction;
  const needsSse = names(instruction, 'xmm') || !(names(instruction, 'mmx') || mnemonic === 'EMMS');
  if ((state.field(CR0) & CR0_EM) !== 0) return undefinedOpcode(cpu, `${mnemonic} with CR0.EM set`);
  if (needsSse && (state.field(CR4) & CR4_OSFXSR) === 0)
    return undefinedOpcode(cpu, `${mnemonic} with CR4.OSFXSR clear`);
  if ((state.field(CR0) & CR0_TS) !== 0) return deviceNotAvailable(cpu, `${mnemonic} with CR0.TS set`);
  return fault(cpu, VECTOR_MF, NO_ERROR_CODE, `${mnemonic} finds an x87 exception pending`);
}

/** Alignment comes before the limit of the segment, and is #GP through SS too. */
export const REFUSE_MISALIGNED: SystemOperation = (cpu, instruction) => {
  const operand = memoryOperand(instruction);
  const linear = uncheckedLinearAddress(cpu, operand.segment, effectiveAddress(cpu, instruction, operand));
  // Compilers rely on a stack that is aligned at every call.
  const isStack = operand.base === RSP || operand.base === RBP;
  const cure = isStack ? ': RSP must be a multiple of 16 where a function is called' : '';
  const place = `${instruction.mnemonic} at ${hex(linear)}, which is not a multiple of ${operand.width / 8}`;
  return generalProtection(cpu, `${place}${cure}`);
};

/** The operation of an instruction whose emitted code has left it: refuses it, or runs its twin. */
export const assisted =
  (twin: Twin): SystemOperation =>
  (cpu, instruction) => {
    switch (cpu.state.field(ASSIST_REASON)) {
      case ASSIST_UNAVAILABLE:
        return refuseUnavailable(cpu, instruction);
      case ASSIST_MISALIGNED:
        return REFUSE_MISALIGNED(cpu, instruction);
      default:
        return twin(cpu, instruction);
    }
  };

/** For instructions whose emitted code does everything that is allowed. */
export const NO_TWIN: Twin = (_cpu, instruction) => {
  throw new Error(`${instruction.mnemonic} has no twin`);
};
