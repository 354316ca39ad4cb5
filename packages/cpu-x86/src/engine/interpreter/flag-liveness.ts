import type { Instruction } from '../../decode/instruction.ts';
import type { SemanticsKey } from '../../opcodes/semantics-key.ts';

/** Instructions that set all arithmetic flags and read none. */
const FLAG_WRITERS: ReadonlySet<string> = new Set<SemanticsKey>([
  'ADD',
  'SUB',
  'CMP',
  'AND',
  'OR',
  'XOR',
  'TEST',
  'NEG',
]);
/** Instructions that neither read nor write arithmetic flags. */
const FLAG_NEUTRAL: ReadonlySet<string> = new Set<SemanticsKey>([
  'MOV',
  'MOVZX',
  'MOVSX',
  'MOVSXD',
  'LEA',
  'NOP',
  'NOT',
  'BSWAP',
  'XCHG',
  'CBW',
  'CWD',
]);
/** Instructions worth a variant that sets no flags. */
const FLAG_SETTERS: ReadonlySet<string> = new Set<SemanticsKey>([
  'ADD',
  'SUB',
  'AND',
  'OR',
  'XOR',
  'INC',
  'DEC',
  'SHL',
  'SHR',
  'SAR',
  'IMUL',
]);

const touchesMemory = (instruction: Instruction): boolean =>
  instruction.operands.some((operand) => operand.kind === 'memory' && instruction.encoding.semantics !== 'LEA');

/** Whether the flags that earlier instructions have set are certainly dead, or certainly seen, once this one has run. */
export function settlesFlags(instruction: Instruction): boolean {
  const { semantics } = instruction.encoding;
  return touchesMemory(instruction) || FLAG_WRITERS.has(semantics) || !FLAG_NEUTRAL.has(semantics);
}

/**
 * Whether nothing can see the flags that an instruction sets: another one in the same block overwrites them all, and what
 * lies between, that one included, cannot fault. (An exception would show them.) Behind an access to memory anything may
 * follow: an interrupt that a device raises, or other code than was decoded.
 */
export function areFlagsDead(block: readonly Instruction[], index: number): boolean {
  const setter = block[index] as Instruction;
  if (!FLAG_SETTERS.has(setter.encoding.semantics) || touchesMemory(setter)) return false;
  for (let i = index + 1; i < block.length; i++) {
    const next = block[i] as Instruction;
    if (touchesMemory(next)) return false;
    if (FLAG_WRITERS.has(next.encoding.semantics)) return true;
    if (!FLAG_NEUTRAL.has(next.encoding.semantics)) return false;
  }
  return false;
}
