import { displacementLength, hasSib } from './address.ts';
import type { CodeSize, DecodeResult, Instruction, InvalidOpcode, NeedMoreBytes, Operand } from './instruction.ts';
import { choiceIndex, type Entry, lookUp, MAP_INDEX, SIZE_RULE } from './opcode-table.ts';
import { type Fields, isCodeSegment, readOperand } from './operand.ts';

/** No instruction is longer (SDM Vol. 2A "Instruction Prefixes"). */
export const MAX_INSTRUCTION_LENGTH = 15;

const NEED_MORE_BYTES: NeedMoreBytes = { kind: 'need-more-bytes' };
const TOO_LONG: InvalidOpcode = { kind: 'invalid-opcode', reason: '#GP', length: MAX_INSTRUCTION_LENGTH };
const NO_OPERANDS: readonly Operand[] = [];

const NOT_PREFIX = 0;
const SEGMENT_PREFIX = 1; // to 6: segment number + 1
const OPERAND_SIZE_PREFIX = 7;
const ADDRESS_SIZE_PREFIX = 8;
const LOCK_PREFIX = 9;
const REPEAT_PREFIX = 10;
const REX_PREFIX = 11;

const PREFIX_KINDS: Uint8Array = (() => {
  const kinds = new Uint8Array(256);
  [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65].forEach((byte, segment) => {
    kinds[byte] = SEGMENT_PREFIX + segment;
  });
  kinds[0x66] = OPERAND_SIZE_PREFIX;
  kinds[0x67] = ADDRESS_SIZE_PREFIX;
  kinds[0xf0] = LOCK_PREFIX;
  kinds[0xf2] = REPEAT_PREFIX;
  kinds[0xf3] = REPEAT_PREFIX;
  kinds.fill(REX_PREFIX, 0x40, 0x50);
  return kinds;
})();
const FS = 4;

/** The outcome when an instruction needs the bytes before `needed`, which are not all there. */
function bytesRanOut(offset: number, needed: number): DecodeResult {
  return needed - offset > MAX_INSTRUCTION_LENGTH ? TOO_LONG : NEED_MORE_BYTES;
}

function undefinedOpcode(length: number): InvalidOpcode {
  return { kind: 'invalid-opcode', reason: '#UD', length };
}

/**
 * Decodes one instruction.
 *
 * An undefined opcode is reported as soon as it is known; more than 15 bytes come before a misplaced LOCK or register.
 *
 * @param bytes code
 * @param offset where the instruction begins
 * @param end where the readable bytes end
 * @param codeSize 64 in 64-bit mode, else by the D flag of the code segment
 * @returns the instruction; that `end` is inside it; or that it raises #UD or, with more than 15 bytes, #GP. Never throws.
 * @source SDM Vol. 2A Chapter 2 "Instruction Format", Vol. 2D Appendix A
 */
export function decode(bytes: Uint8Array, offset: number, end: number, codeSize: CodeSize): DecodeResult {
  const limit = Math.min(end, bytes.length, offset + MAX_INSTRUCTION_LENGTH);
  const is64 = codeSize === 64;
  let at = offset;
  let segment = -1;
  let has66 = false;
  let has67 = false;
  let lock = false;
  let repeat: Instruction['repeat'] = 0;
  let rex = 0;

  // 1. Prefixes. REX counts only directly before the opcode.
  let opcode: number;
  for (;;) {
    if (at >= limit) return bytesRanOut(offset, at + 1);
    opcode = bytes[at++]!;
    const kind = PREFIX_KINDS[opcode]!;
    if (kind === NOT_PREFIX) break;
    if (kind === REX_PREFIX) {
      if (!is64) break;
      rex = opcode;
      continue;
    }
    rex = 0;
    if (kind === OPERAND_SIZE_PREFIX) has66 = true;
    else if (kind === ADDRESS_SIZE_PREFIX) has67 = true;
    else if (kind === LOCK_PREFIX) lock = true;
    else if (kind === REPEAT_PREFIX) repeat = opcode as 0xf2 | 0xf3;
    else if (!is64 || kind >= SEGMENT_PREFIX + FS) segment = kind - SEGMENT_PREFIX;
  }

  // 2. Opcode.
  let map: number = MAP_INDEX.ONE_BYTE;
  if (opcode === 0x0f) {
    if (at >= limit) return bytesRanOut(offset, at + 1);
    opcode = bytes[at++]!;
    map = MAP_INDEX.MAP_0F;
    if (opcode === 0x38 || opcode === 0x3a) {
      map = opcode === 0x38 ? MAP_INDEX.MAP_0F38 : MAP_INDEX.MAP_0F3A;
      if (at >= limit) return bytesRanOut(offset, at + 1);
      opcode = bytes[at++]!;
    }
  }
  const choice = lookUp(codeSize, map, opcode, choiceIndex(has66, repeat, rex));
  let entry = choice.entry;

  // 3. ModR/M, SIB and displacement.
  const modrmAt = at;
  if (choice.group !== undefined) {
    if (at >= limit) return bytesRanOut(offset, at + 1);
    entry = choice.group[bytes[at]!];
    if (entry === undefined) return undefinedOpcode(at + 1 - offset);
  } else if (entry === undefined) {
    return undefinedOpcode(at - offset);
  }
  const addressSize = is64 ? (has67 ? 32 : 64) : (codeSize === 32) === has67 ? 16 : 32;
  let isMemory = false;
  let modrm = 0;
  if (entry.hasModrm) {
    if (at >= limit) return bytesRanOut(offset, at + 1);
    modrm = bytes[at++]!;
    isMemory = modrm < 0xc0 && !entry.ignoresMod;
    if (isMemory) {
      let sib = 0;
      if (hasSib(modrm, addressSize)) {
        if (at >= limit) return bytesRanOut(offset, at + 1);
        sib = bytes[at++]!;
      }
      at += displacementLength(modrm, sib, addressSize);
    }
  }

  // 4. Immediates.
  const sizeIndex = operandSizeIndex(entry, codeSize, has66, rex);
  const immediateAt = at;
  at += entry.immediateBytes[sizeIndex] + (entry.hasAbsoluteOffset ? addressSize >> 3 : 0);
  if (at > limit) return bytesRanOut(offset, at);

  // 5. Operands.
  const length = at - offset;
  if (lock && !(isMemory && entry.isLockable)) return undefinedOpcode(length);
  const shapes = entry.operands;
  let operands: Operand[] | typeof NO_OPERANDS = NO_OPERANDS;
  if (shapes.length > 0) {
    const fields: Fields = { bytes, codeSize, addressSize, sizeIndex, opcode, rex, segment, modrm, modrmAt, isMemory };
    const list: Operand[] = [];
    let dataAt = immediateAt;
    for (const shape of shapes) {
      const operand = readOperand(shape, fields, dataAt);
      if (operand === undefined) return undefinedOpcode(length);
      list.push(operand);
      dataAt += shape.encodedBytes[sizeIndex];
    }
    if (entry.loadsSegment && isCodeSegment(list[0]!)) return undefinedOpcode(length);
    operands = list;
  }
  return {
    kind: 'instruction',
    encoding: entry.encoding,
    mnemonic: entry.mnemonics[entry.namedByAddressSize ? addressSize >> 5 : sizeIndex]!,
    length,
    modrm,
    operandSize: sizeIndex === 0 ? 16 : sizeIndex === 1 ? 32 : 64,
    addressSize,
    lock,
    repeat: entry.consumesRepeat ? 0 : repeat,
    operands,
  };
}

/**
 * The operand-size attribute as 0, 1 or 2 for 16, 32 or 64 bits.
 *
 * @source SDM Vol. 1 "Operand Size and Address Size in 64-Bit Mode"; APM Vol. 3 "Operand-Size Override Prefix"
 */
function operandSizeIndex(entry: Entry, codeSize: CodeSize, has66: boolean, rex: number): 0 | 1 | 2 {
  if (codeSize !== 64) return (codeSize === 32) === has66 ? 0 : 1;
  if (entry.sizeRule === SIZE_RULE.FORCE_64 || (rex & 8) !== 0) return 2;
  if (has66) return 0;
  return entry.sizeRule === SIZE_RULE.DEFAULT_64 ? 2 : 1;
}
