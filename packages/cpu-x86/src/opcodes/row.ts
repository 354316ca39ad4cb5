import type { Encoding, OpcodeMap } from './encoding.ts';
import type { SemanticsKey } from './semantics-key.ts';

/** A row of the tables: an encoding whose semantics key is one that the semantics table must have. */
export type Row = Encoding<SemanticsKey>;

/** What a row says beyond its opcode, mnemonic and operands. */
export type Trait = Partial<Omit<Row, 'map' | 'opcode' | 'mnemonic' | 'operands'>>;

/** A trait that names the semantics. */
export type SemanticsTrait = Trait & { readonly semantics: SemanticsKey };

/**
 * Makes one row. The mnemonic is the semantics key unless the first trait names another key.
 *
 * @param operands operand codes, comma-separated
 */
export interface RowConstructor {
  (opcode: number, mnemonic: SemanticsKey, operands: string, ...traits: Trait[]): Row;
  (opcode: number, mnemonic: string, operands: string, semantics: SemanticsTrait, ...traits: Trait[]): Row;
}

/** May take LOCK when the destination is memory. */
export const LOCK: Trait = { lockable: true };
/** Superscript d64 of Appendix A. */
export const D64: Trait = { default64: true };
/** Superscript f64 of Appendix A. */
export const F64: Trait = { force64: true };
/** Superscript o64 of Appendix A. */
export const O64: Trait = { only64: true };
/** Superscript i64 of Appendix A. */
export const I64: Trait = { invalid64: true };
/** Memory forms only. */
export const MEM: Trait = { mod: 'memory' };
/** Register forms only (mod = 11B). */
export const REG: Trait = { mod: 'register' };
/** No 66, F3 or F2 prefix: `NP` in the instruction pages. */
export const NP: Trait = { prefix: 'none' };
export const P66: Trait = { prefix: 0x66 };
export const PF3: Trait = { prefix: 0xf3 };
export const PF2: Trait = { prefix: 0xf2 };
export const W0: Trait = { rexW: 0 };
export const W1: Trait = { rexW: 1 };

/** Names semantics other than the mnemonic. */
export function as(semantics: SemanticsKey): SemanticsTrait {
  return { semantics };
}

/** Selects by ModR/M.reg (`/digit` of the instruction pages), and by ModR/M.rm with mod = 3 where it is given. */
export function ext(reg: number, rm?: number): Trait {
  return rm === undefined ? { reg } : { reg, rm, mod: 'register' };
}

/** A row under construction. Every row has every field, so that all have one shape. */
type RowDraft = { -readonly [Key in keyof Required<Row>]: Row[Key] };

/** A row constructor for one map. */
export function rowsOf(map: OpcodeMap): RowConstructor {
  return (opcode: number, mnemonic: string, operands: string, ...traits: Trait[]): Row => {
    const row: RowDraft = {
      map,
      opcode,
      prefix: undefined,
      reg: undefined,
      rm: undefined,
      mod: impliedMod(operands),
      rexW: undefined,
      rexB: undefined,
      mnemonic,
      namedByAddressSize: undefined,
      operands,
      semantics: mnemonic as SemanticsKey,
      lockable: undefined,
      default64: undefined,
      force64: undefined,
      only64: undefined,
      invalid64: undefined,
    };
    for (const trait of traits) Object.assign(row, trait);
    return row;
  };
}

/**
 * The mod restriction that operand codes imply: M is memory; N, U and R are registers. Moves to and from control and debug
 * registers (C and D) ignore mod.
 */
function impliedMod(operands: string): Encoding['mod'] {
  if (operands.startsWith('M') || operands.includes(',M')) return 'memory';
  if (/^R[vy]$|^[NU]|,[NU]/.test(operands)) return 'register';
  return undefined;
}

/** Rows for `count` opcodes that name a register or segment in their low bits. */
export function eachOpcode(first: number, count: number, row: (opcode: number) => Row): Row[] {
  return Array.from({ length: count }, (_, i) => row(first + i));
}

/** Condition suffixes by the low nibble of the opcode (`Jcc`, `SETcc`, `CMOVcc`). */
export const CONDITIONS: readonly string[] = [
  ...['O', 'NO', 'B', 'AE', 'E', 'NE', 'BE', 'A'],
  ...['S', 'NS', 'P', 'NP', 'L', 'GE', 'LE', 'G'],
];

/** Sixteen rows, one for each condition. */
export function eachCondition(first: number, row: (opcode: number, condition: string) => Row): Row[] {
  return CONDITIONS.map((condition, i) => row(first + i, condition));
}
