import {
  CS,
  FS,
  type Instruction,
  type MemoryOperand,
  NO_REGISTER,
  type Operand,
  type RegisterFile,
} from '../../decode/instruction.ts';
import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import type { Width } from '../../semantics/language.ts';
import { MODE_CODE_64, MODE_CODE_MASK, MODE_FLAT, MODE_STACK_32 } from '../../state/mode.ts';

/** How a memory operand's linear address comes about. */
export interface Addressing {
  readonly width: 16 | 32 | 64;
  readonly hasIndex: boolean;
  /** `none`: the offset is the linear address; `base`: the segment base is added; `full`: limit and rights are checked too. */
  readonly segmentation: 'none' | 'base' | 'full';
}

/** An operand as a handler sees it: where to find it in the record. */
export type OperandShape =
  | { readonly kind: 'register'; readonly slot: 0 | 1 | 2; readonly width: Width; readonly file: RegisterFile }
  | { readonly kind: 'memory'; readonly width: Width }
  | { readonly kind: 'immediate'; readonly width: Width }
  | { readonly kind: 'immediate64'; readonly width: Width };

/**
 * Everything about an instruction that is a constant of its handler; the rest (registers, displacement, immediate) is in
 * the record. Instructions of equal shape share a handler.
 */
export interface Shape {
  readonly key: string;
  readonly semantics: SemanticsKey;
  readonly width: Width;
  readonly addressWidth: 16 | 32 | 64;
  readonly stackWidth: 16 | 32 | 64;
  readonly is64BitMode: boolean;
  /** Segmentation of implicit accesses: stack and strings. */
  readonly implicitSegmentation: 'none' | 'full';
  readonly conditionCode: number;
  readonly repeat: 0 | 0xf2 | 0xf3;
  readonly operands: readonly OperandShape[];
  readonly addressing: Addressing | undefined;
  /** The flags that the instruction sets are overwritten before anything can see them. */
  readonly flagsDead: boolean;
}

/** Registers in keys of shapes; 'r' for general ones. */
const FILE_LETTER: Readonly<Partial<Record<RegisterFile, string>>> = { xmm: 'x', mmx: 'm' };

/** Ends the key of a shape whose flags are dead. */
export const FLAGS_DEAD_SUFFIX = ' nf';

const STRING_KEYS: ReadonlySet<SemanticsKey> = new Set(['MOVS', 'CMPS', 'STOS', 'LODS', 'SCAS']);
const CONDITIONAL_KEYS: ReadonlySet<SemanticsKey> = new Set(['Jcc', 'SETcc', 'CMOVcc']);

/** @returns the operands that handlers see: implicit ones of string instructions and branch targets are left out */
export function explicitOperands(instruction: Instruction): readonly Operand[] {
  const key = instruction.encoding.semantics as SemanticsKey;
  if (STRING_KEYS.has(key) || key === 'XLAT') return [];
  return instruction.operands.filter((operand) => operand.kind !== 'relative' && operand.kind !== 'far-pointer');
}

const RSI = 6;

/** @returns the memory operand whose segment counts for the instruction: of a string instruction's two, the source */
export function memoryOperand(instruction: Instruction): MemoryOperand | undefined {
  let found: MemoryOperand | undefined;
  for (const operand of instruction.operands) {
    if (operand.kind !== 'memory') continue;
    if (found === undefined || operand.base === RSI) found = operand;
  }
  return found;
}

function operandWidth(instruction: Instruction): Width {
  const key = instruction.encoding.semantics as SemanticsKey;
  const first = instruction.operands[0];
  if (key === 'PUSH' || key === 'RET' || key === 'AAM' || key === 'AAD') return instruction.operandSize;
  if (first === undefined || first.kind === 'relative' || first.kind === 'far-pointer') return instruction.operandSize;
  if (first.width === 8 || first.width === 16 || first.width === 32 || first.width === 64) return first.width;
  return instruction.operandSize;
}

/** @returns the shape of a decoded instruction under a decode key (`MODE_*`) */
export function shapeOf(instruction: Instruction, mode: number, flagsDead: boolean): Shape {
  const semantics = instruction.encoding.semantics as SemanticsKey;
  const is64BitMode = (mode & MODE_CODE_MASK) === MODE_CODE_64;
  const isFlat = is64BitMode || (mode & MODE_FLAT) !== 0;
  const stackWidth = is64BitMode ? 64 : (mode & MODE_STACK_32) !== 0 ? 32 : 16;
  const width = operandWidth(instruction);
  const memory = memoryOperand(instruction);
  let addressing: Addressing | undefined;
  if (memory !== undefined) {
    const hasIndex = memory.index !== NO_REGISTER;
    let segmentation: Addressing['segmentation'] = isFlat ? 'none' : 'full';
    if (memory.segment >= FS) segmentation = is64BitMode ? 'base' : 'full';
    // A flat machine's data segments are flat; nothing is known of CS, which nobody may write through.
    else if (memory.segment === CS && !is64BitMode) segmentation = 'full';
    addressing = { width: instruction.addressSize, hasIndex, segmentation };
  }
  let slot = 0;
  const operands = explicitOperands(instruction).map((operand): OperandShape => {
    switch (operand.kind) {
      case 'register':
        return { kind: 'register', slot: slot++ as 0 | 1 | 2, width: operand.width as Width, file: operand.file };
      case 'memory':
        return { kind: 'memory', width: (operand.width || width) as Width };
      case 'immediate': {
        const isWide = operand.width === 64 && operand.high !== operand.low >> 31;
        return { kind: isWide ? 'immediate64' : 'immediate', width: operand.width as Width };
      }
      default:
        throw new Error(`unexpected operand ${operand.kind} in ${instruction.mnemonic}`);
    }
  });
  const conditionCode = CONDITIONAL_KEYS.has(semantics) ? instruction.encoding.opcode & 15 : 0;
  const repeat = STRING_KEYS.has(semantics) ? instruction.repeat : 0;
  const addressText = addressing
    ? `[${addressing.width}${addressing.hasIndex ? 'x' : ''}${addressing.segmentation}]`
    : `a${instruction.addressSize}`;
  const operandText = operands
    .map((o) => `${o.kind === 'register' ? `${FILE_LETTER[o.file] ?? 'r'}${o.slot}` : o.kind}${o.width}`)
    .join();
  const modeText = is64BitMode ? '' : ` ${isFlat ? 'flat' : 'seg'}/s${stackWidth}`;
  const key = `${semantics}${conditionCode || ''}/${width} ${operandText} ${addressText}${repeat || ''}${modeText}${flagsDead ? FLAGS_DEAD_SUFFIX : ''}`;
  return {
    key,
    semantics,
    width,
    addressWidth: instruction.addressSize,
    stackWidth,
    is64BitMode,
    implicitSegmentation: isFlat ? 'none' : 'full',
    conditionCode,
    repeat,
    operands,
    addressing,
    flagsDead,
  };
}
