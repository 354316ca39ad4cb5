import { OUTCOME_FAULT, OUTCOME_NEXT } from '../../system/context.ts';
import { maskedStoreAddress, storeMasked } from './masked-store.ts';
import { immediateByte, registerNumber, sourceOf, type Twin, xmm } from './twin.ts';

/** Sums of absolute differences of four bytes of the source with four at each of eight places of the destination. */
const MPSADBW: Twin = (cpu, instruction) => {
  const imm = immediateByte(instruction);
  const dst = xmm(cpu, registerNumber(instruction)).bytes;
  const source = sourceOf(cpu).bytes;
  const [from, to] = [4 * (imm & 3), imm & 4];
  const sums = Array.from({ length: 8 }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < 4; j++) sum += Math.abs((dst[to + i + j] as number) - (source[from + j] as number));
    return sum;
  });
  dst.set(sums.flatMap((sum) => [sum & 0xff, sum >> 8]));
  return OUTCOME_NEXT;
};

/** Stores the bytes whose mask has bit 7 set, in two halves of which the upper one comes first, as recorded. */
const MASKMOVDQU: Twin = (cpu, instruction) => {
  const data = xmm(cpu, registerNumber(instruction)).bytes;
  const mask = xmm(cpu, registerNumber(instruction, 1)).bytes;
  const upper = maskedStoreAddress(cpu, instruction, 8);
  const lower = upper === undefined ? undefined : maskedStoreAddress(cpu, instruction, 0);
  if (upper === undefined || lower === undefined) return OUTCOME_FAULT;
  storeMasked(cpu, upper, data.subarray(8), mask.subarray(8));
  storeMasked(cpu, lower, data, mask);
  return OUTCOME_NEXT;
};

export const BYTE_TWINS: Readonly<Record<string, Twin>> = { MPSADBW, MASKMOVDQU };
