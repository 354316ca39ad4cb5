import type { Encoding, OpcodeMap } from '../opcodes/encoding.ts';
import { ENCODINGS } from '../opcodes/opcodes.ts';
import type { Row } from '../opcodes/row.ts';
import type { CodeSize } from './instruction.ts';
import { type BySize, METHOD, type OperandShape, parseOperands } from './operand-code.ts';

/** Operand-size rule of a row in 64-bit mode. */
export const SIZE_RULE = { ORDINARY: 0, DEFAULT_64: 1, FORCE_64: 2 } as const;

/** A row, prepared for one code size. */
export interface Entry {
  readonly encoding: Row;
  /** Mnemonic by operand size (or address size) of 16, 32 and 64 bits. */
  readonly mnemonics: readonly [string, string, string];
  readonly namedByAddressSize: boolean;
  readonly hasModrm: boolean;
  /** The instruction takes ModR/M.mod as 11B whatever it is (moves to and from control and debug registers). */
  readonly ignoresMod: boolean;
  readonly operands: readonly OperandShape[];
  /** Bytes of immediate data by operand size, without absolute offsets. */
  readonly immediateBytes: BySize;
  readonly hasAbsoluteOffset: boolean;
  readonly sizeRule: (typeof SIZE_RULE)[keyof typeof SIZE_RULE];
  readonly isLockable: boolean;
  /** A move to a segment register, which must not be CS. */
  readonly loadsSegment: boolean;
  /** F3 or F2 is part of the opcode. */
  readonly consumesRepeat: boolean;
}

/** What one opcode means under one combination of prefixes: an entry, or a group that ModR/M selects from. */
export interface Choice {
  readonly entry: Entry | undefined;
  /** 256 entries by ModR/M byte. */
  readonly group: readonly (Entry | undefined)[] | undefined;
}

/** Choices of one opcode, by `choiceIndex`. */
export type OpcodeChoices = readonly Choice[];

/** Index of the `Choice` for a combination of prefixes. F3 and F2 take precedence over 66 as mandatory prefixes. */
export function choiceIndex(has66: boolean, repeat: number, rex: number): number {
  const prefix = repeat === 0 ? (has66 ? 1 : 0) : repeat === 0xf3 ? 2 : 3;
  return prefix | ((rex & 8) >> 1) | ((rex & 1) << 3);
}

const PREFIXES = ['none', 0x66, 0xf3, 0xf2] as const;
const MAPS: readonly OpcodeMap[] = ['one-byte', '0f', '0f38', '0f3a'];
const UNDEFINED: Choice = { entry: undefined, group: undefined };
const CHOICE_COUNT = 16;

/** Number of a map for `lookUp`. */
export const MAP_INDEX = { ONE_BYTE: 0, MAP_0F: 1, MAP_0F38: 2, MAP_0F3A: 3 } as const;

/** Rows by map and opcode. */
let rowsByOpcode: Map<number, Row[]> | undefined;
const choices: (OpcodeChoices | undefined)[] = new Array(3 * MAPS.length * 256);

/**
 * The choices for one opcode, expanded from the rows at first use.
 *
 * @param map one of `MAP_INDEX`
 */
export function lookUp(codeSize: CodeSize, map: number, opcode: number): OpcodeChoices {
  const key = (((codeSize >> 5) * MAPS.length + map) << 8) | opcode;
  const known = choices[key];
  if (known !== undefined) return known;
  const expanded = expandOpcode(codeSize, map, opcode);
  choices[key] = expanded;
  return expanded;
}

function rowsOf(map: number, opcode: number): readonly Row[] {
  if (rowsByOpcode === undefined) {
    rowsByOpcode = new Map();
    for (const row of ENCODINGS) {
      const key = (MAPS.indexOf(row.map) << 8) | row.opcode;
      const rows = rowsByOpcode.get(key);
      if (rows) rows.push(row);
      else rowsByOpcode.set(key, [row]);
    }
  }
  return rowsByOpcode.get((map << 8) | opcode) ?? [];
}

function expandOpcode(codeSize: CodeSize, map: number, opcode: number): OpcodeChoices {
  const valid = rowsOf(map, opcode).filter((row) => (codeSize === 64 ? !row.invalid64 : !row.only64));
  const entries = new Map(valid.map((row) => [row, makeEntry(row, codeSize)]));
  const made = new Map<string, Choice>();
  return Array.from({ length: CHOICE_COUNT }, (_, index) => {
    const prefix = PREFIXES[index & 3];
    const rexW = (index >> 2) & 1;
    const rexB = index >> 3;
    const candidates = valid
      .filter((row) => row.prefix === undefined || row.prefix === prefix)
      .filter((row) => (row.rexW ?? rexW) === rexW && (row.rexB ?? rexB) === rexB)
      .sort((a, b) => Number(a.prefix === undefined) - Number(b.prefix === undefined));
    const key = candidates.map((row) => valid.indexOf(row)).join();
    const choice = made.get(key) ?? makeChoice(candidates, entries);
    made.set(key, choice);
    return choice;
  });
}

function makeChoice(candidates: readonly Row[], entries: ReadonlyMap<Row, Entry>): Choice {
  const [first] = candidates;
  if (first === undefined) return UNDEFINED;
  if (!selectsByModrm(first)) return { entry: entries.get(first), group: undefined };
  const group = Array.from({ length: 256 }, (_, modrm) => {
    const row = candidates.find((candidate) => matchesModrm(candidate, modrm));
    return row && entries.get(row);
  });
  return { entry: undefined, group };
}

function selectsByModrm(row: Encoding): boolean {
  return row.reg !== undefined || row.mod !== undefined;
}

function matchesModrm(row: Encoding, modrm: number): boolean {
  if (row.mod !== undefined && (row.mod === 'register') !== modrm >= 0xc0) return false;
  return (row.reg ?? (modrm >> 3) & 7) === ((modrm >> 3) & 7) && (row.rm ?? modrm & 7) === (modrm & 7);
}

function makeEntry(encoding: Row, codeSize: CodeSize): Entry {
  const operands = parseOperands(encoding.operands, codeSize);
  const uses = (first: number, last: number): boolean =>
    operands.some(({ method }) => method >= first && method <= last);
  const names = encoding.mnemonic.split('/');
  const name = (i: number): string => names[Math.min(i, names.length - 1)]!;
  const bytes = (i: 0 | 1 | 2): number => operands.reduce((sum, operand) => sum + operand.encodedBytes[i], 0);
  const usesModrm = operands.some(({ method }) => method <= METHOD.RM_ST && method !== METHOD.OPCODE_GENERAL);
  return {
    encoding,
    mnemonics: [name(0), name(1), name(2)],
    namedByAddressSize: encoding.namedByAddressSize ?? false,
    hasModrm: usesModrm || selectsByModrm(encoding),
    ignoresMod: uses(METHOD.REG_CONTROL, METHOD.REG_DEBUG),
    operands: encoding.semantics === 'NOP' ? operands.map(withoutAccess) : operands,
    immediateBytes: [bytes(0), bytes(1), bytes(2)],
    hasAbsoluteOffset: uses(METHOD.ABSOLUTE, METHOD.ABSOLUTE),
    sizeRule: encoding.force64 ? SIZE_RULE.FORCE_64 : encoding.default64 ? SIZE_RULE.DEFAULT_64 : SIZE_RULE.ORDINARY,
    isLockable: encoding.lockable ?? false,
    loadsSegment: encoding.semantics === 'MOV_TO_SEGMENT',
    consumesRepeat: encoding.prefix === 0xf3 || encoding.prefix === 0xf2,
  };
}

/** Hints and prefetches compute an address but access nothing. */
function withoutAccess(operand: OperandShape): OperandShape {
  return { ...operand, memoryWidth: [0, 0, 0] };
}
