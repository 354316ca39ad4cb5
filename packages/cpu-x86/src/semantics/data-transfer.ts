/** @source SDM Vol. 2, "MOV", "MOVZX", "MOVSX/MOVSXD", "LEA", "XCHG", "CMOVcc", "SETcc", "CBW/CWDE/CDQE", "CWD/CDQ/CQO", "XLAT/XLATB", "CMPXCHG8B/CMPXCHG16B" */
import { VECTOR_GP } from '../state/exceptions.ts';
import { FLAG_ZF } from '../state/rflags.ts';
import type { Width } from './language.ts';
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

/** Compares EDX:EAX or RDX:RAX with memory; the write happens either way, so it needs write access either way. */
const compareExchangePair =
  (half: 32 | 64): SemanticsFn =>
  (s) => {
    const address = s.let((s.operands[0] as Operand).address());
    const size = half / 8;
    if (half === 64) s.faultIf(s.isNonZero(s.and(s.wrap(address), s.i32(15))), VECTOR_GP);
    const second = s.let(s.truncate(s.add(address, s.like(address, size)), s.addressWidth));
    // Both halves are checked for writing before anything is read, as the one access that they are on hardware.
    s.openMemory('operand', address, half);
    s.openMemory('operand', second, half);
    const low = s.load('operand', address, half);
    const high = s.load('operand', second, half);
    const a = s.readGpr(0, half);
    const d = s.readGpr(2, half);
    const isEqual = s.let(s.and(s.eq(a, low), s.eq(d, high)));
    s.store('operand', address, half, s.select(isEqual, s.readGpr(3, half), low));
    s.store('operand', second, half, s.select(isEqual, s.readGpr(1, half), high));
    s.if(s.eqz(isEqual), () => {
      s.writeGpr(0, half, low);
      s.writeGpr(2, half, high);
    });
    const kept = s.and(s.readFlags(), s.i32(~FLAG_ZF));
    s.setExplicitFlags(s.let(s.or(kept, s.select(isEqual, s.i32(FLAG_ZF), s.i32(0)))));
  };
export const CMPXCHG8B: SemanticsFn = compareExchangePair(32);
export const CMPXCHG16B: SemanticsFn = compareExchangePair(64);

export const NOP: SemanticsFn = () => {};
