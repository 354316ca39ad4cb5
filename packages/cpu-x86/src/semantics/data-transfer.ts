/** @source SDM Vol. 2, "MOV", "MOVZX", "MOVSX/MOVSXD", "LEA", "XCHG", "CMOVcc", "SETcc", "CBW/CWDE/CDQE", "CWD/CDQ/CQO", "XLAT/XLATB", "CMPXCHG8B/CMPXCHG16B" */
import { FLAG_ZF } from '../state/rflags.ts';
import type { Value, Width } from './language.ts';
import { highQuadword, lane, lowQuadword, splat } from './simd/vector.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

const pair = (s: Semantics): [Operand, Operand] => [s.operands[0] as Operand, s.operands[1] as Operand];

export const MOV: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.write(src.read());
};
/** MOV with the bytes in reverse order. */
export const MOVBE: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  const a = src.read();
  let reversed = s.like(a, 0);
  for (let bit = 0; bit < s.width; bit += 8) {
    const byte = s.and(s.shrU(a, s.i32(bit)), s.like(a, 0xff));
    reversed = s.or(reversed, s.shl(byte, s.i32(s.width - 8 - bit)));
  }
  dst.write(reversed);
};

/** The non-temporal hint changes nothing that a program can see. */
export const MOVNTI: SemanticsFn = MOV;

export const MOVZX: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.write(s.resize(src.read(), dst.width));
};

export const MOVSX: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  const a = src.read();
  dst.write(dst.width === 64 ? s.toSigned64(a, src.width) : s.truncate(s.signExtend(a, src.width), dst.width));
};
export const MOVSXD: SemanticsFn = MOVSX;

export const LEA: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.write(s.resize(src.address(), dst.width));
};

/** A memory operand is locked whether or not LOCK is given; with one processor at a time that is no matter. */
export const XCHG: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const a = dst.read();
  const b = src.read();
  src.write(a);
  dst.write(b);
};

/** The source is read, and may fault, whatever the condition; a 32-bit destination is always zero-extended. */
export const CMOVcc: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  const b = src.read();
  const a = dst.read();
  dst.write(s.select(s.readCondition(s.conditionCode), b, a));
};

export const SETcc: SemanticsFn = (s) => {
  (s.operands[0] as Operand).write(s.readCondition(s.conditionCode));
};

export const CBW: SemanticsFn = (s) => {
  const half = (s.width / 2) as Width;
  const a = s.readGpr(0, half);
  s.writeGpr(0, s.width, s.width === 64 ? s.toSigned64(a, half) : s.truncate(s.signExtend(a, half), s.width));
};

export const CWD: SemanticsFn = (s) => {
  const a = s.readGpr(0, s.width);
  const sign = s.shrS(s.signExtend(a, s.width), s.i32(s.width === 64 ? 63 : 31));
  s.writeGpr(2, s.width, s.truncate(sign, s.width));
};

export const XLAT: SemanticsFn = (s) => {
  const table = s.readGpr(3, s.addressWidth);
  const index = s.resize(s.readGpr(0, 8), s.addressWidth);
  const value = s.load('operand', s.let(s.truncate(s.add(table, index), s.addressWidth)), 8);
  s.writeGpr(0, 8, value);
};

/** What both widths do with the pair that they found in memory. @returns the pair to store */
function exchangePair(
  s: Semantics,
  half: 32 | 64,
  low: Value,
  high: Value,
): { readonly low: Value; readonly high: Value } {
  const isEqual = s.let(s.and(s.eq(s.readGpr(0, half), low), s.eq(s.readGpr(2, half), high)));
  const stored = {
    low: s.let(s.select(isEqual, s.readGpr(3, half), low)),
    high: s.let(s.select(isEqual, s.readGpr(1, half), high)),
  };
  s.if(s.eqz(isEqual), () => {
    s.writeGpr(0, half, low);
    s.writeGpr(2, half, high);
  });
  const kept = s.and(s.readFlags(), s.i32(~FLAG_ZF));
  s.setExplicitFlags(s.let(s.or(kept, s.select(isEqual, s.i32(FLAG_ZF), s.i32(0)))));
  return stored;
}

/** Compares EDX:EAX with one access of 64 bits; the write happens either way, so it needs write access either way. */
export const CMPXCHG8B: SemanticsFn = (s) => {
  const slot = s.openMemory('operand', (s.operands[0] as Operand).address(), 64);
  const found = s.let(slot.read());
  const { low, high } = exchangePair(s, 32, s.let(s.wrap(found)), s.let(s.wrap(s.shrU(found, s.i64(32)))));
  slot.write(s.or(s.zeroExtend64(low), s.shl(s.zeroExtend64(high), s.i64(32))));
};

/** Compares RDX:RAX with one access of 128 bits, whose linear address must be a multiple of 16. */
export const CMPXCHG16B: SemanticsFn = (s) => {
  const slot = s.openMemory('operand', (s.operands[0] as Operand).address(), 128, 'aligned');
  const found = slot.read();
  const { low, high } = exchangePair(s, 64, s.let(lowQuadword(found)), s.let(highQuadword(found)));
  slot.write(lane('i64x2.replace_lane', 1, splat(64, low), high));
};

export const NOP: SemanticsFn = () => {};
