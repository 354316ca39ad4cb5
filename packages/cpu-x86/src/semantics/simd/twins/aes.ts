/** The rounds of AES. @source FIPS 197 "Advanced Encryption Standard"; SDM Vol. 2A "AESENC" and its relatives */
import { OUTCOME_NEXT } from '../../system/context.ts';
import { immediateByte, registerNumber, sourceOf, type Twin, xmm } from './twin.ts';

/** Times x in the field of 2^8 elements. */
const double = (value: number): number => ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff;
function product(a: number, b: number): number {
  let sum = 0;
  for (let factor = a, rest = b; rest !== 0; rest >>= 1) {
    if (rest & 1) sum ^= factor;
    factor = double(factor);
  }
  return sum;
}

/** The substitution: the inverse in the field, then an affine map. */
function makeSubstitution(): Uint8Array {
  const box = new Uint8Array(256);
  for (let value = 0; value < 256; value++) {
    let inverse = 0;
    for (let candidate = 1; candidate < 256 && value !== 0; candidate++) {
      if (product(value, candidate) === 1) inverse = candidate;
    }
    const rotated = (count: number): number => ((inverse << count) | (inverse >> (8 - count))) & 0xff;
    box[value] = inverse ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63;
  }
  return box;
}
const tables: { forward?: Uint8Array; inverse?: Uint8Array } = {};
const substitution = (): Uint8Array => {
  tables.forward ??= makeSubstitution();
  return tables.forward;
};
function inverseSubstitution(): Uint8Array {
  if (tables.inverse === undefined) {
    const box = new Uint8Array(256);
    substitution().forEach((to, from) => {
      box[to] = from;
    });
    tables.inverse = box;
  }
  return tables.inverse;
}

/** ShiftRows: byte 4c + r of the result comes from column c + r, or c - r for the inverse. */
const shiftRows = (state: Uint8Array, direction: 1 | -1): Uint8Array =>
  state.map((_, i) => state[(i + 4 * direction * (i & 3) + 16) & 15] as number);
const substitute = (state: Uint8Array, box: Uint8Array): Uint8Array => state.map((byte) => box[byte] as number);
/** MixColumns: each column times a circulant matrix. */
const mixColumns = (state: Uint8Array, matrix: readonly number[]): Uint8Array =>
  state.map((_, i) => {
    const column = i & ~3;
    return matrix.reduce((sum, factor, j) => sum ^ product(state[column | ((i + j) & 3)] as number, factor), 0);
  });
const FORWARD = [2, 3, 1, 1];
const INVERSE = [14, 11, 13, 9];

/** A round: the destination is the state, the source the round key. */
const round =
  (isInverse: boolean, isLast: boolean): Twin =>
  (cpu, instruction) => {
    const dst = xmm(cpu, registerNumber(instruction)).bytes;
    const key = sourceOf(cpu).bytes;
    const shifted = shiftRows(dst, isInverse ? -1 : 1);
    const substituted = substitute(shifted, isInverse ? inverseSubstitution() : substitution());
    const mixed = isLast ? substituted : mixColumns(substituted, isInverse ? INVERSE : FORWARD);
    dst.set(mixed.map((byte, i) => byte ^ (key[i] as number)));
    return OUTCOME_NEXT;
  };

const AESIMC: Twin = (cpu, instruction) => {
  xmm(cpu, registerNumber(instruction)).bytes.set(mixColumns(sourceOf(cpu).bytes, INVERSE));
  return OUTCOME_NEXT;
};

const AESKEYGENASSIST: Twin = (cpu, instruction) => {
  const word = substitute(sourceOf(cpu).bytes, substitution());
  const [a, b] = [word.subarray(4, 8), word.subarray(12, 16)];
  const rotated = (bytes: Uint8Array): number[] => [1, 2, 3, 0].map((i) => bytes[i] as number);
  const result = [...a, ...rotated(a), ...b, ...rotated(b)];
  const constant = immediateByte(instruction);
  for (const at of [4, 12]) result[at] = (result[at] as number) ^ constant;
  xmm(cpu, registerNumber(instruction)).bytes.set(result);
  return OUTCOME_NEXT;
};

export const AES_TWINS: Readonly<Record<string, Twin>> = {
  AESENC: round(false, false),
  AESENCLAST: round(false, true),
  AESDEC: round(true, false),
  AESDECLAST: round(true, true),
  AESIMC,
  AESKEYGENASSIST,
};
