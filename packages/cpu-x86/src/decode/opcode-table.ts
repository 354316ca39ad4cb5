import type { Encoding, OpcodeMap } from '../opcodes/encoding.ts';
import { ENCODINGS } from '../opcodes/opcodes.ts';
import type { Row } from '../opcodes/row.ts';
import type { CodeSize } from './instruction.ts';
import { type BySize, type OperandShape, parseOperands } from './operand-code.ts';

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

/** Index of the `Choice` for a combination of prefixes. F3 and F2 take precedence over 66 as mandatory prefixes. */
export function choiceIndex(has66: boolean, repeat: number, rex: number): number {
  const prefix = repeat === 0 ? (has66 ? 1 : 0) : repeat === 0xf3 ? 2 : 3;
  return prefix | ((rex & 8) >> 1) | ((rex & 1) << 3);
}

const PREFIXES = ['none', 0x66, 0xf3, 0xf2] as const;
const MAPS: readonly OpcodeMap[] = ['one-byte', '0f', '0f38', '0f3a'];
const UNDEFINED: Choice = { entry: undefined, group: undefined };

/** Number of a map for `lookUp`. */
export const MAP_INDEX = { ONE_BYTE: 0, MAP_0F: 1, MAP_0F38: 2, MAP_0F3A: 3 } as const;

/** Choices of an opcode in a code size by `choiceIndex`, as far as they have been looked up. */
type Choices = (Choice | undefined)[];
const CHOICE_COUNT = 16;

let rowsByOpcode: Map<number, Row[]> | undefined;
/** By code size, map and opcode. */
const choicesByOpcode: (Choices | undefined)[] = new Array(3 * MAPS.length * 256).fill(undefined);

/**
 * What an opcode means under a combination of prefixes; expanded from the rows at first use.
 *
 * @param map one of `MAP_INDEX`
 * @param index from `choiceIndex`
 */
export function lookUp(codeSize: CodeSize, map: number, opcode: number, index: number): Choice {
  const key = (((codeSize >> 5) * MAPS.length + map) << 8) | opcode;
  return choicesByOpcode[key]?.[index] ?? expand(codeSize, map, opcode, key, index);
}

function expand(codeSize: CodeSize, map: number, opcode: number, key: number, index: number): Choice {
  const rows = rowsOf(map, opcode).filter((row) => (codeSize === 64 ? !row.invalid64 : !row.only64));
  const choice = makeChoice(fittingRows(rows, index), codeSize);
  const choices = choicesByOpcode[key] ?? new Array<Choice | undefined>(CHOICE_COUNT).fill(undefined);
  choicesByOpcode[key] = choices;
  if (rows.some(dependsOnPrefixes)) choices[index] = choice;
  else choices.fill(choice);
  return choice;
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

function dependsOnPrefixes({ prefix, rexW, rexB }: Encoding): boolean {
  return prefix !== undefined || rexW !== undefined || rexB !== undefined;
}

/** The rows that fit the prefixes, those with an explicit prefix first. */
function fittingRows(rows: readonly Row[], index: number): readonly Row[] {
  const prefix = PREFIXES[index & 3];
  const rexW = (index >> 2) & 1;
  const rexB = index >> 3;
  const fitting = rows.filter((row) => (row.rexW ?? rexW) === rexW && (row.rexB ?? rexB) === rexB);
  return [...fitting.filter((row) => row.prefix === prefix), ...fitting.filter((row) => row.prefix === undefined)];
}

function makeChoice(rows: readonly Row[], codeSize: CodeSize): Choice {
  const [first] = rows;
  if (first === undefined) return UNDEFINED;
  if (!selectsByModrm(first)) return { entry: makeEntry(first, codeSize), group: undefined };
  const group: (Entry | undefined)[] = new Array(256).fill(undefined);
  for (const row of rows.toReversed()) fillGroup(group, row, makeEntry(row, codeSize));
  return { entry: undefined, group };
}

function selectsByModrm(row: Encoding): boolean {
  return row.reg !== undefined || row.mod !== undefined;
}

/** Enters a row at the ModR/M bytes that select it. */
function fillGroup(group: (Entry | undefined)[], { reg, rm, mod }: Encoding, entry: Entry): void {
  for (let modrm = mod === 'register' ? 0xc0 : 0; modrm < (mod === 'memory' ? 0xc0 : 0x100); modrm++) {
    const fits = (reg ?? (modrm >> 3) & 7) === ((modrm >> 3) & 7) && (rm ?? modrm & 7) === (modrm & 7);
    if (fits) group[modrm] = entry;
  }
}

function makeEntry(encoding: Row, codeSize: CodeSize): Entry {
  const { shapes, usesModrm, ignoresMod, immediateBytes, hasAbsoluteOffset } = parseOperands(
    encoding.operands,
    codeSize,
  );
  const [name16 = '', name32 = name16, name64 = name32] = encoding.mnemonic.split('/');
  return {
    encoding,
    mnemonics: [name16, name32, name64],
    namedByAddressSize: encoding.namedByAddressSize ?? false,
    hasModrm: usesModrm || selectsByModrm(encoding),
    ignoresMod,
    operands: encoding.semantics === 'NOP' ? shapes.map(withoutAccess) : shapes,
    immediateBytes,
    hasAbsoluteOffset,
    sizeRule: sizeRuleOf(encoding),
    isLockable: encoding.lockable ?? false,
    loadsSegment: encoding.semantics === 'MOV_TO_SEGMENT',
    consumesRepeat: encoding.prefix === 0xf3 || encoding.prefix === 0xf2,
  };
}

function sizeRuleOf(encoding: Encoding): Entry['sizeRule'] {
  if (encoding.force64) return SIZE_RULE.FORCE_64;
  return encoding.default64 ? SIZE_RULE.DEFAULT_64 : SIZE_RULE.ORDINARY;
}

/** Hints and prefetches compute an address but access nothing. */
function withoutAccess(operand: OperandShape): OperandShape {
  return { ...operand, memoryWidth: [0, 0, 0] };
}
