/** The instruction decoder and disassembler. Needs neither a CPU nor WebAssembly. */
export type { Encoding, OpcodeMap } from '../opcodes/encoding.ts';
export { ENCODINGS } from '../opcodes/opcodes.ts';
export type { Row } from '../opcodes/row.ts';
export { SEMANTICS_KEYS, type SemanticsKey } from '../opcodes/semantics-key.ts';
export { decode, MAX_INSTRUCTION_LENGTH } from './decode.ts';
export { type DisassembledLine, type DisassembleOptions, disassemble } from './disassemble.ts';
export { type FormatOptions, formatInstruction, formatRegister } from './format.ts';
export {
  BASE_RIP,
  type CodeSize,
  CS,
  type DecodeResult,
  DS,
  ES,
  type FarPointerOperand,
  FS,
  GS,
  type ImmediateOperand,
  type Instruction,
  type InvalidOpcode,
  type MemoryOperand,
  type NeedMoreBytes,
  NO_REGISTER,
  type Operand,
  type RegisterFile,
  type RegisterOperand,
  type RelativeOperand,
  type SegmentIndex,
  SS,
} from './instruction.ts';
