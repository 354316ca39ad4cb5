import { BASE_RIP, type CodeSize, DS, type MemoryOperand, NO_REGISTER, type SegmentIndex, SS } from './instruction.ts';

const BX = 3;
const SP = 4;
const BP = 5;
const SI = 6;
const DI = 7;

/** Base and index of the 16-bit forms by ModR/M.rm (SDM Vol. 2A Table 2-1). */
const BASES_16: readonly number[] = [BX, BX, BP, BP, SI, DI, BP, BX];
const INDEXES_16: readonly number[] = [SI, DI, SI, DI, NO_REGISTER, NO_REGISTER, NO_REGISTER, NO_REGISTER];

/** Whether a SIB byte follows this ModR/M byte, which has mod below 11B. */
export function hasSib(modrm: number, addressSize: number): boolean {
  return addressSize !== 16 && (modrm & 7) === 4;
}

/**
 * Length of the displacement of a memory form, in bytes.
 *
 * @param modrm with mod below 11B
 * @param sib the byte after it; any value if it is no SIB
 */
export function displacementLength(modrm: number, sib: number, addressSize: number): number {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 1) return 1;
  if (addressSize === 16) return mod === 2 || rm === 6 ? 2 : 0;
  return mod === 2 || rm === 5 || (rm === 4 && (sib & 7) === 5) ? 4 : 0;
}

function signedByte(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) >> 24;
}

function signedWord(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! | (bytes[at + 1]! << 8)) << 16) >> 16;
}

/** Four bytes as a signed number. */
export function signedDword(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** `length` bytes (1, 2 or 4; 0 gives 0), sign-extended. */
export function signedNumber(bytes: Uint8Array, at: number, length: number): number {
  switch (length) {
    case 0:
      return 0;
    case 1:
      return signedByte(bytes, at);
    case 2:
      return signedWord(bytes, at);
    default:
      return signedDword(bytes, at);
  }
}

/**
 * Reads the memory operand of a ModR/M byte with mod below 11B. All of its bytes must be there.
 *
 * @param at where the ModR/M byte is
 * @param rex the REX prefix, or 0
 * @param segment segment override, or -1
 * @param width bits accessed
 * @source SDM Vol. 2A Tables 2-1 to 2-3 and "RIP-Relative Addressing"
 */
export function readMemoryOperand(
  bytes: Uint8Array,
  at: number,
  addressSize: number,
  codeSize: CodeSize,
  rex: number,
  segment: number,
  width: number,
): MemoryOperand {
  const modrm = bytes[at]!;
  const mod = modrm >> 6;
  const rm = modrm & 7;
  let displacementAt = at + 1;
  let sib = 0;
  let base: number;
  let index = NO_REGISTER;
  let scale: MemoryOperand['scale'] = 1;
  if (addressSize === 16) {
    base = mod === 0 && rm === 6 ? NO_REGISTER : BASES_16[rm]!;
    index = INDEXES_16[rm]!;
  } else if (rm === 4) {
    sib = bytes[displacementAt++]!;
    base = mod === 0 && (sib & 7) === 5 ? NO_REGISTER : (sib & 7) | ((rex & 1) << 3);
    const number = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (number !== 4) {
      index = number;
      scale = (1 << (sib >> 6)) as MemoryOperand['scale'];
    }
  } else if (mod === 0 && rm === 5) {
    base = codeSize === 64 ? BASE_RIP : NO_REGISTER;
  } else {
    base = rm | ((rex & 1) << 3);
  }
  const displacement = signedNumber(bytes, displacementAt, displacementLength(modrm, sib, addressSize));
  return {
    kind: 'memory',
    width,
    segment: segment >= 0 ? (segment as SegmentIndex) : defaultSegment(base),
    base,
    index,
    scale,
    displacement,
    displacementHigh: displacement >> 31,
  };
}

/**
 * The segment of a memory operand without an override: SS for the bases rSP and rBP, else DS.
 *
 * @source SDM Vol. 1 "Specifying a Segment Selector"
 */
export function defaultSegment(base: number): SegmentIndex {
  return base === SP || base === BP ? SS : DS;
}
