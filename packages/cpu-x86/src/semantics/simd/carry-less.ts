/** @source SDM Vol. 2B "PCLMULQDQ", Vol. 2A "CRC32" */
import type { Value } from '../language.ts';
import type { Semantics, SemanticsFn } from '../stage.ts';
import { immediateOf, operandOf, readVector } from './operands.ts';
import { highQuadword, lane, lowQuadword, splat } from './vector.ts';

/** Runs `body` with the numbers from 0 to below `count`. */
function repeat(s: Semantics, count: number, body: (index: Value) => void): void {
  const index = s.variable(s.i32(0));
  s.repeatWhile(() => {
    body(index);
    s.assign(index, s.add(index, s.i32(1)));
    return s.ltU(index, s.i32(count));
  });
}

/** The product of two quadwords, chosen by bits 0 and 4 of the immediate, without carries. */
export const PCLMULQDQ: SemanticsFn = (s) => {
  s.requireSse();
  const dst = operandOf(s, 0);
  const source = readVector(s, operandOf(s, 1));
  const before = dst.read();
  const imm = s.let(immediateOf(s));
  const chosen = (value: Value, bit: number): Value =>
    s.let(s.select(s.and(imm, s.i32(bit)), highQuadword(value), lowQuadword(value)));
  const a = chosen(before, 0x01);
  const b = chosen(source, 0x10);
  const low = s.variable(s.i64(0));
  const high = s.variable(s.i64(0));
  repeat(s, 64, (index) => {
    const mask = s.let(s.neg(s.and(s.shrU(b, index), s.i64(1))));
    s.assign(low, s.xor(low, s.and(s.shl(a, index), mask)));
    s.assign(high, s.xor(high, s.and(s.shrU(s.shrU(a, s.i64(1)), s.sub(s.i32(63), index)), mask)));
  });
  dst.write(lane('i64x2.replace_lane', 1, splat(64, low), high));
};

/** The polynomial 11EDC6F41H, its bits in reverse. */
const POLYNOMIAL = 0x82f6_3b78;

/** Accumulates the checksum of the source in the destination, of which 32 bits count. */
export const CRC32: SemanticsFn = (s) => {
  const [dst, src] = [operandOf(s, 0), operandOf(s, 1)];
  const value = src.read();
  const sum = s.variable(s.wrap(dst.read()));
  const accumulate = (part: Value, width: number): void => {
    s.assign(sum, s.xor(sum, part));
    repeat(s, width, () => {
      const reduced = s.and(s.neg(s.and(sum, s.i32(1))), s.i32(POLYNOMIAL));
      s.assign(sum, s.xor(s.shrU(sum, s.i32(1)), reduced));
    });
  };
  if (src.width === 64) {
    accumulate(s.wrap(value), 32);
    accumulate(s.wrap(s.shrU(value, s.i32(32))), 32);
  } else accumulate(value, src.width);
  dst.write(s.resize(sum, dst.width));
};
