import type { MemoryOperand } from '../../../decode/instruction.ts';
import { OUTCOME_FAULT, OUTCOME_NEXT } from '../../system/context.ts';
import { isAlignedAccess, operandAddress } from '../../system/linear-address.ts';
import { dataAccess } from '../../system/processor-mode.ts';
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

/** Stores the bytes whose mask has bit 7 set; all of them can be written before the first is. */
const MASKMOVDQU: Twin = (cpu, instruction) => {
  const data = xmm(cpu, registerNumber(instruction)).bytes;
  const mask = xmm(cpu, registerNumber(instruction, 1)).bytes;
  const operand = instruction.operands[2] as MemoryOperand;
  const linear = operandAddress(cpu, instruction, operand, 16, true);
  if (linear === undefined || !isAlignedAccess(cpu, linear, 8)) return OUTCOME_FAULT;
  const chosen = [...mask.keys()].filter((i) => (mask[i] as number) >= 0x80);
  const access = dataAccess(cpu.state);
  for (const i of chosen) if (!cpu.memory.probeWrite(linear + BigInt(i), 1, access)) return OUTCOME_FAULT;
  for (const i of chosen) cpu.memory.write8(linear + BigInt(i), data[i] as number, access);
  return OUTCOME_NEXT;
};

export const BYTE_TWINS: Readonly<Record<string, Twin>> = { MPSADBW, MASKMOVDQU };
