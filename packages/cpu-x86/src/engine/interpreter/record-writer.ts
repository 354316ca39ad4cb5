import {
  BASE_RIP,
  type Instruction,
  type MemoryOperand,
  NO_REGISTER,
  type RegisterOperand,
} from '../../decode/instruction.ts';
import { FPR, FPR_SIZE_BYTES, GPR, RIP_BASE, XMM, XMM_SIZE_BYTES, ZERO } from '../../state/layout.ts';
import { truthOfCondition } from './fusion.ts';
import {
  RECORD_A,
  RECORD_B,
  RECORD_BASE,
  RECORD_COUNT,
  RECORD_DISPLACEMENT,
  RECORD_HANDLER,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_INSTRUCTION,
  RECORD_LENGTH,
  RECORD_NEGATION,
  RECORD_OFFSET,
  RECORD_SCALE,
  RECORD_SEGMENT,
  RECORD_SIZE_BYTES,
  RECORD_TRUTH,
} from './record.ts';
import { explicitOperands, memoryOperand } from './shape.ts';

const REGISTER_FIELDS = [RECORD_A, RECORD_B, RECORD_BASE] as const;

/** Place of an instruction in its block and page. */
export interface RecordPlace {
  readonly handler: number;
  /** Offset in the page. */
  readonly offset: number;
  /** Instructions of the block up to and including this one. */
  readonly count: number;
  /** `RECORD_NO_LINK` or 0. */
  readonly flags: number;
  /** Number in the code cache's list of instructions. */
  readonly number: number;
}

function slotOf({ file, index }: RegisterOperand): number {
  if (file === 'xmm') return XMM + XMM_SIZE_BYTES * index;
  if (file === 'mmx') return FPR + FPR_SIZE_BYTES * index;
  return file === 'gpr8high' ? GPR + 8 * index + 1 : GPR + 8 * index;
}

/** Writes records into the memory. */
export class RecordWriter {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(buffer: ArrayBufferLike) {
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** A record that only has a place: the end of a block, or a system operation's. */
  writePlace(at: number, place: RecordPlace, length: number): void {
    const view = this.#view;
    this.#bytes.fill(0, at, at + RECORD_SIZE_BYTES);
    view.setUint16(at + RECORD_HANDLER, place.handler, true);
    view.setUint16(at + RECORD_OFFSET, place.offset, true);
    view.setUint8(at + RECORD_LENGTH, length);
    view.setUint8(at + RECORD_COUNT, place.count);
    view.setUint8(at + RECORD_SEGMENT, place.flags);
    view.setInt32(at + RECORD_INSTRUCTION, place.number, true);
  }

  /** The record of an instruction whose meaning is emitted. */
  write(at: number, instruction: Instruction, place: RecordPlace): void {
    this.writePlace(at, place, instruction.length);
    const view = this.#view;
    const next = place.offset + instruction.length;
    const memory = memoryOperand(instruction);
    if (memory) this.#writeMemory(at, memory, next, place.flags);
    let registers = 0;
    for (const operand of explicitOperands(instruction)) {
      if (operand.kind === 'register') {
        view.setUint16(at + (REGISTER_FIELDS[registers++] as number), slotOf(operand), true);
      } else if (operand.kind === 'immediate') {
        const isWide = operand.width === 64 && operand.high !== operand.low >> 31;
        if (isWide) {
          view.setInt32(at + RECORD_DISPLACEMENT, operand.low, true);
          view.setInt32(at + RECORD_DISPLACEMENT + 4, operand.high, true);
        } else {
          const mask = operand.width >= 32 ? -1 : (1 << operand.width) - 1;
          view.setInt32(at + RECORD_IMMEDIATE, operand.low & mask, true);
        }
      }
    }
    const target = instruction.operands[0];
    if (target?.kind === 'relative') {
      this.#writeWide(at + RECORD_DISPLACEMENT, next + target.displacement);
      view.setUint8(at + RECORD_SCALE, 64 - instruction.operandSize);
      if (instruction.encoding.semantics === 'Jcc') {
        view.setUint8(at + RECORD_TRUTH, truthOfCondition(instruction.encoding.opcode & 15));
        view.setUint8(at + RECORD_NEGATION, instruction.encoding.opcode & 1);
      }
    }
  }

  #writeMemory(at: number, memory: MemoryOperand, next: number, flags: number): void {
    const view = this.#view;
    const { base, index } = memory;
    view.setUint8(at + RECORD_SCALE, Math.log2(memory.scale));
    view.setUint8(at + RECORD_SEGMENT, memory.segment | flags);
    view.setUint16(at + RECORD_BASE, base === BASE_RIP ? RIP_BASE : base === NO_REGISTER ? ZERO : GPR + 8 * base, true);
    view.setUint16(at + RECORD_INDEX, index === NO_REGISTER ? ZERO : GPR + 8 * index, true);
    if (base === BASE_RIP) this.#writeWide(at + RECORD_DISPLACEMENT, next + memory.displacement);
    else {
      view.setInt32(at + RECORD_DISPLACEMENT, memory.displacement, true);
      view.setInt32(at + RECORD_DISPLACEMENT + 4, memory.displacementHigh, true);
    }
  }

  #writeWide(at: number, value: number): void {
    this.#view.setInt32(at, value | 0, true);
    this.#view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }
}
