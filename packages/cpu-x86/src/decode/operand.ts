import { readMemoryOperand, signedDword, signedNumber } from './address.ts';
import {
  type CodeSize,
  CS,
  DS,
  ES,
  type MemoryOperand,
  NO_REGISTER,
  type Operand,
  type SegmentIndex,
} from './instruction.ts';
import { METHOD, type OperandShape } from './operand-code.ts';
import {
  CONTROL_REGISTERS_32,
  CONTROL_REGISTERS_64,
  DEBUG_REGISTERS_32,
  DEBUG_REGISTERS_64,
  generalRegister,
  MMX_REGISTERS,
  SEGMENT_REGISTERS,
  ST_REGISTERS,
  XMM_REGISTERS,
} from './registers.ts';

/** What the decoder knows of an instruction when it reads the operands. All of the instruction's bytes are there. */
export interface Fields {
  readonly bytes: Uint8Array;
  readonly codeSize: CodeSize;
  readonly addressSize: number;
  /** Operand-size attribute: 0, 1, 2 for 16, 32, 64 bits. */
  readonly sizeIndex: 0 | 1 | 2;
  readonly opcode: number;
  /** The REX prefix, or 0. */
  readonly rex: number;
  /** Segment override in effect, or -1. */
  readonly segment: number;
  readonly modrm: number;
  readonly modrmAt: number;
  /** ModR/M names memory. */
  readonly isMemory: boolean;
}

/** CR0, CR2, CR3, CR4 and CR8. */
const CONTROL_REGISTER_MASK = 0b1_0001_1101;

/**
 * Reads one operand.
 *
 * @param dataAt where its immediate data begin, if it has any
 * @returns `undefined` if it names a register that does not exist (#UD)
 */
export function readOperand(shape: OperandShape, fields: Fields, dataAt: number): Operand | undefined {
  const { bytes, sizeIndex, rex, modrm } = fields;
  const width = shape.width[sizeIndex];
  const regLow = (modrm >> 3) & 7;
  switch (shape.method) {
    case METHOD.RM_GENERAL:
      if (fields.isMemory) return modrmMemory(shape, fields);
      return generalRegister((modrm & 7) | ((rex & 1) << 3), width, rex !== 0);
    case METHOD.REG_GENERAL:
      return generalRegister(regLow | ((rex & 4) << 1), width, rex !== 0);
    case METHOD.OPCODE_GENERAL:
      return generalRegister((fields.opcode & 7) | ((rex & 1) << 3), width, rex !== 0);
    case METHOD.RM_XMM:
      return fields.isMemory ? modrmMemory(shape, fields) : XMM_REGISTERS[(modrm & 7) | ((rex & 1) << 3)];
    case METHOD.REG_XMM:
      return XMM_REGISTERS[regLow | ((rex & 4) << 1)];
    case METHOD.RM_MMX:
      return fields.isMemory ? modrmMemory(shape, fields) : MMX_REGISTERS[modrm & 7];
    case METHOD.REG_MMX:
      return MMX_REGISTERS[regLow];
    case METHOD.REG_SEGMENT:
      return SEGMENT_REGISTERS[regLow];
    case METHOD.REG_CONTROL: {
      const index = regLow | ((rex & 4) << 1);
      if (((CONTROL_REGISTER_MASK >> index) & 1) === 0) return undefined;
      return (width === 64 ? CONTROL_REGISTERS_64 : CONTROL_REGISTERS_32)[index];
    }
    case METHOD.REG_DEBUG:
      if ((rex & 4) !== 0) return undefined;
      return (width === 64 ? DEBUG_REGISTERS_64 : DEBUG_REGISTERS_32)[regLow];
    case METHOD.RM_ST:
      return ST_REGISTERS[modrm & 7];
    case METHOD.IMMEDIATE: {
      const low = shape.encodedBytes[sizeIndex] === 1 ? bytes[dataAt]! : bytes[dataAt]! | (bytes[dataAt + 1]! << 8);
      return { kind: 'immediate', width, low, high: 0 };
    }
    case METHOD.SIGNED_IMMEDIATE: {
      const length = shape.encodedBytes[sizeIndex];
      const low = signedNumber(bytes, dataAt, length);
      return { kind: 'immediate', width, low, high: length === 8 ? signedDword(bytes, dataAt + 4) : low >> 31 };
    }
    case METHOD.RELATIVE:
      return { kind: 'relative', displacement: signedNumber(bytes, dataAt, shape.encodedBytes[sizeIndex]) };
    case METHOD.FAR_POINTER: {
      const offsetLength = shape.encodedBytes[sizeIndex] - 2;
      const selectorAt = dataAt + offsetLength;
      const signed = signedNumber(bytes, dataAt, offsetLength);
      return {
        kind: 'far-pointer',
        selector: bytes[selectorAt]! | (bytes[selectorAt + 1]! << 8),
        offset: offsetLength === 2 ? signed & 0xffff : signed >>> 0,
      };
    }
    case METHOD.ABSOLUTE: {
      const low = signedNumber(bytes, dataAt, fields.addressSize >> 3);
      const high = fields.addressSize === 64 ? signedDword(bytes, dataAt + 4) : low >> 31;
      return registerMemory(width, fields.segment, NO_REGISTER, low, high);
    }
    case METHOD.IMPLICIT_MEMORY:
      return registerMemory(width, shape.alwaysEs ? ES : fields.segment, shape.fixed, 0, 0);
    case METHOD.FIXED_GENERAL:
      return generalRegister(shape.fixed, width, true);
    case METHOD.FIXED_SEGMENT:
      return SEGMENT_REGISTERS[shape.fixed];
    case METHOD.FIXED_ST:
      return ST_REGISTERS[0];
    case METHOD.ONE:
      return { kind: 'immediate', width, low: 1, high: 0 };
  }
}

function modrmMemory(shape: OperandShape, fields: Fields): MemoryOperand {
  const { bytes, modrmAt, addressSize, codeSize, rex, segment, sizeIndex } = fields;
  return readMemoryOperand(bytes, modrmAt, addressSize, codeSize, rex, segment, shape.memoryWidth[sizeIndex]);
}

/** Memory at a register (or none) plus a constant, in DS without an override. */
function registerMemory(width: number, segment: number, base: number, low: number, high: number): MemoryOperand {
  return {
    kind: 'memory',
    width,
    segment: segment >= 0 ? (segment as SegmentIndex) : DS,
    base,
    index: NO_REGISTER,
    scale: 1,
    displacement: low,
    displacementHigh: high,
  };
}

/** Whether the operand is CS, which no move may load. */
export function isCodeSegment(operand: Operand): boolean {
  return operand.kind === 'register' && operand.file === 'segment' && operand.index === CS;
}
