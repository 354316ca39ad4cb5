import type { CpuState } from './cpu-state.ts';
import { FLAGS_KIND, FLAGS_X, FLAGS_Y } from './layout.ts';
import {
  FLAG_AF,
  FLAG_CF,
  FLAG_OF,
  FLAG_PF,
  FLAG_SF,
  FLAG_ZF,
  FLAGS_ARITHMETIC,
  KIND_ADD,
  KIND_DEC,
  KIND_EXPLICIT,
  KIND_INC,
  KIND_RESULT,
  KIND_SHL,
  KIND_SHR,
  KIND_SUB,
  KIND_WIDTH_BITS,
} from './rflags.ts';

const isEvenParity = (byte: bigint): boolean => {
  let bits = Number(byte & 0xffn);
  bits ^= bits >> 4;
  return ((0x9669 >> (bits & 0xf)) & 1) === 1;
};

/** Evaluates the lazy flags of `state` without changing them. @returns CF, PF, AF, ZF, SF and OF in place */
export function materializeArithmeticFlags(state: CpuState): number {
  const packed = state.field(FLAGS_KIND);
  const kind = packed >> KIND_WIDTH_BITS;
  const x = BigInt.asIntN(64, state.wideField(FLAGS_X));
  let y = BigInt.asIntN(64, state.wideField(FLAGS_Y));
  if (kind === KIND_EXPLICIT) return Number(x) & FLAGS_ARITHMETIC;
  const width = 8 << (packed & 3);
  const sign = 1n << BigInt(width - 1);
  let flags = 0;
  switch (kind) {
    case KIND_SUB: {
      const result = BigInt.asIntN(width, x - y);
      if (BigInt.asUintN(64, x) < BigInt.asUintN(64, y)) flags |= FLAG_CF;
      if (((x ^ y) & (x ^ result) & sign) !== 0n) flags |= FLAG_OF;
      if (((x ^ y ^ result) & 0x10n) !== 0n) flags |= FLAG_AF;
      y = result;
      break;
    }
    case KIND_ADD: {
      const addend = y - x;
      if (BigInt.asUintN(64, y) < BigInt.asUintN(64, x)) flags |= FLAG_CF;
      if (((x ^ y) & (addend ^ y) & sign) !== 0n) flags |= FLAG_OF;
      if (((x ^ y ^ addend) & 0x10n) !== 0n) flags |= FLAG_AF;
      break;
    }
    case KIND_RESULT:
      flags = Number(x) & (FLAG_CF | FLAG_OF | FLAG_AF);
      break;
    case KIND_INC:
      flags = Number(x) & FLAG_CF;
      if (y === -sign) flags |= FLAG_OF;
      if ((y & 0xfn) === 0n) flags |= FLAG_AF;
      break;
    case KIND_DEC:
      flags = Number(x) & FLAG_CF;
      if (y === sign - 1n) flags |= FLAG_OF;
      if ((y & 0xfn) === 0xfn) flags |= FLAG_AF;
      break;
    case KIND_SHL:
      if (x < 0n) flags |= FLAG_CF;
      if ((x ^ y) < 0n) flags |= FLAG_OF;
      break;
    case KIND_SHR:
      if ((x & 1n) !== 0n) flags |= FLAG_CF;
      if ((x ^ y) < 0n) flags |= FLAG_OF;
      break;
  }
  if (y === 0n) flags |= FLAG_ZF;
  if (y < 0n) flags |= FLAG_SF;
  if (isEvenParity(y)) flags |= FLAG_PF;
  return flags;
}
