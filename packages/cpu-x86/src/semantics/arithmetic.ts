/** @source SDM Vol. 2, "ADD", "ADC", "SUB", "SBB", "CMP", "INC", "DEC", "NEG", "MUL", "IMUL", "DIV", "IDIV", "XADD", "CMPXCHG" */
import { VECTOR_DE } from '../state/exceptions.ts';
import { FLAG_AF, FLAG_CF, FLAG_OF, KIND_ADD, KIND_DEC, KIND_INC, KIND_SUB } from '../state/rflags.ts';
import type { Value, Width } from './language.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

/** The two operands of a binary instruction. */
const pair = (s: Semantics): [Operand, Operand] => [s.operands[0] as Operand, s.operands[1] as Operand];

export const ADD: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const a = dst.read();
  const b = src.read();
  const sum = s.let(s.truncate(s.add(a, b), s.width));
  dst.write(sum);
  s.setFlags(KIND_ADD, s.width, a, sum);
};

export const SUB: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const a = dst.read();
  const b = src.read();
  dst.write(s.truncate(s.sub(a, b), s.width));
  s.setFlags(KIND_SUB, s.width, a, b);
};

export const CMP: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  const a = dst.read();
  const b = src.read();
  s.setFlags(KIND_SUB, s.width, a, b);
};

/** CF, OF and AF of a sum or difference from the carries out of each bit; right with any carry in. */
const carryFlags = (s: Semantics, carries: Value, overflows: Value, halfCarry: Value): Value => {
  const cf = s.signBit(carries, s.width);
  const of = s.shl(s.signBit(overflows, s.width), s.i32(11));
  const af = s.and(s.wrap(halfCarry), s.i32(FLAG_AF));
  return s.let(s.or(s.or(cf, of), af));
};

export const ADC: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const a = dst.read();
  const b = src.read();
  const carry = s.resize(s.readCarry(), s.width);
  const sum = s.let(s.truncate(s.add(s.add(a, b), carry), s.width));
  const carries = s.or(s.and(a, b), s.and(s.or(a, b), s.not(sum)));
  const overflows = s.and(s.xor(a, sum), s.xor(b, sum));
  const bits = carryFlags(s, carries, overflows, s.xor(s.xor(a, b), sum));
  dst.write(sum);
  s.setResultFlags(bits, s.width, sum);
};

export const SBB: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const a = dst.read();
  const b = src.read();
  const borrow = s.resize(s.readCarry(), s.width);
  const difference = s.let(s.truncate(s.sub(s.sub(a, b), borrow), s.width));
  const borrows = s.or(s.and(s.not(a), b), s.and(s.or(s.not(a), b), difference));
  const overflows = s.and(s.xor(a, b), s.xor(a, difference));
  const bits = carryFlags(s, borrows, overflows, s.xor(s.xor(a, b), difference));
  dst.write(difference);
  s.setResultFlags(bits, s.width, difference);
};

const step =
  (delta: 1 | -1, kind: number): SemanticsFn =>
  (s) => {
    const dst = s.operands[0] as Operand;
    dst.open();
    const a = dst.read();
    const result = s.let(s.truncate(s.add(a, s.like(a, delta)), s.width));
    dst.write(result);
    s.setFlagsKeepingCarry(kind, s.width, result);
  };
/** INC and DEC leave CF as it was. */
export const INC: SemanticsFn = step(1, KIND_INC);
export const DEC: SemanticsFn = step(-1, KIND_DEC);

export const NEG: SemanticsFn = (s) => {
  const dst = s.operands[0] as Operand;
  dst.open();
  const a = dst.read();
  dst.write(s.truncate(s.neg(a), s.width));
  s.setFlags(KIND_SUB, s.width, s.like(a, 0), a);
};

/** High 64 bits of an unsigned 64 x 64 bit product, by four 32-bit multiplications. */
const multiplyHighUnsigned = (s: Semantics, a: Value, b: Value): Value => {
  const mask = s.i64(0xffffffff);
  const half = s.i32(32);
  const aLow = s.let(s.and(a, mask));
  const aHigh = s.let(s.shrU(a, half));
  const bLow = s.let(s.and(b, mask));
  const bHigh = s.let(s.shrU(b, half));
  const low = s.let(s.mul(aLow, bLow));
  const middle = s.let(s.add(s.mul(aHigh, bLow), s.shrU(low, half)));
  const middle2 = s.let(s.add(s.mul(aLow, bHigh), s.and(middle, mask)));
  return s.let(s.add(s.add(s.mul(aHigh, bHigh), s.shrU(middle, half)), s.shrU(middle2, half)));
};

/** High 64 bits of a signed 64 x 64 bit product: the unsigned one less each factor where the other is negative. */
const multiplyHighSigned = (s: Semantics, a: Value, b: Value): Value => {
  const high = multiplyHighUnsigned(s, a, b);
  const sign = s.i32(63);
  return s.let(s.sub(s.sub(high, s.and(s.shrS(a, sign), b)), s.and(s.shrS(b, sign), a)));
};

const OVERFLOW = FLAG_CF | FLAG_OF;
const overflowBits = (s: Semantics, condition: Value): Value => s.let(s.select(condition, s.i32(OVERFLOW), s.i32(0)));

/** Writes a double-width product to AX, DX:AX, EDX:EAX or RDX:RAX. */
const writeProduct = (s: Semantics, low: Value, high: Value): void => {
  if (s.width === 8) {
    s.writeGpr(0, 16, s.or(low, s.shl(high, s.i32(8))));
    return;
  }
  s.writeGpr(0, s.width, low);
  s.writeGpr(2, s.width, high);
};

const multiplyWide =
  (signed: boolean): SemanticsFn =>
  (s) => {
    const w = s.width;
    const b = (s.operands[0] as Operand).read();
    const a = s.readGpr(0, w);
    let low: Value;
    let high: Value;
    if (w === 64) {
      high = (signed ? multiplyHighSigned : multiplyHighUnsigned)(s, a, b);
      low = s.let(s.mul(a, b));
    } else {
      const widen = (v: Value): Value => (signed ? s.toSigned64(v, w) : s.zeroExtend64(v));
      const product = s.let(s.mul(widen(a), widen(b)));
      low = s.let(s.truncate(s.wrap(product), w));
      high = s.let(s.truncate(s.wrap(s.shrU(product, s.i32(w))), w));
    }
    const lost = signed
      ? s.ne(high, s.truncate(s.shrS(s.signExtend(low, w), s.i32(w === 64 ? 63 : 31)), w))
      : s.isNonZero(high);
    const bits = overflowBits(s, lost);
    writeProduct(s, low, high);
    s.setResultFlags(bits, w, low);
  };
export const MUL: SemanticsFn = multiplyWide(false);
export const IMUL_WIDE: SemanticsFn = multiplyWide(true);

/** The two- and three-operand forms: the destination register takes the truncated product. */
export const IMUL: SemanticsFn = (s) => {
  const w = s.width;
  const dst = s.operands[0] as Operand;
  const a = (s.operands.length === 3 ? (s.operands[1] as Operand) : dst).read();
  const b = (s.operands.at(-1) as Operand).read();
  let low: Value;
  let lost: Value;
  if (w === 64) {
    low = s.let(s.mul(a, b));
    lost = s.ne(multiplyHighSigned(s, a, b), s.shrS(low, s.i32(63)));
  } else {
    const product = s.let(s.mul(s.toSigned64(a, w), s.toSigned64(b, w)));
    low = s.let(s.truncate(s.wrap(product), w));
    lost = s.ne(product, s.toSigned64(low, w));
  }
  const bits = overflowBits(s, lost);
  dst.write(low);
  s.setResultFlags(bits, w, low);
};

/** Quotient and remainder go to AL and AH, or to the accumulator and the data register. */
const writeQuotient = (s: Semantics, quotient: Value, remainder: Value): void => {
  if (s.width === 8) {
    s.writeGpr(0, 16, s.or(s.and(quotient, s.i32(0xff)), s.shl(remainder, s.i32(8))));
    return;
  }
  s.writeGpr(0, s.width, quotient);
  s.writeGpr(2, s.width, remainder);
};

/** The dividend of the narrow forms as one i64: AX, DX:AX or EDX:EAX. */
const narrowDividend = (s: Semantics): Value => {
  if (s.width === 8) return s.zeroExtend64(s.readGpr(0, 16));
  const low = s.zeroExtend64(s.readGpr(0, s.width));
  const high = s.zeroExtend64(s.readGpr(2, s.width));
  return s.let(s.or(low, s.shl(high, s.i32(s.width))));
};

/** Divides a 128-bit number by a larger-than-`high` divisor, bit by bit where `high` is not zero. */
const divideUnsigned128 = (
  s: Semantics,
  high: Value,
  low: Value,
  divisor: Value,
): [quotient: Value, remainder: Value] => {
  const quotient = s.variable(s.i64(0));
  const remainder = s.variable(s.i64(0));
  s.if(
    s.eqz(high),
    () => {
      s.assign(quotient, s.divU(low, divisor));
      s.assign(remainder, s.remU(low, divisor));
    },
    () => {
      const bits = s.variable(s.i32(64));
      const rest = s.variable(low);
      s.assign(remainder, high);
      s.repeatWhile(() => {
        // The remainder may need 65 bits: remember the bit that the shift pushes out.
        const out = s.let(s.shrS(remainder, s.i32(63)));
        s.assign(remainder, s.or(s.shl(remainder, s.i32(1)), s.shrU(rest, s.i32(63))));
        s.assign(rest, s.shl(rest, s.i32(1)));
        s.assign(quotient, s.shl(quotient, s.i32(1)));
        s.if(s.or(s.isNonZero(out), s.geU(remainder, divisor)), () => {
          s.assign(remainder, s.sub(remainder, divisor));
          s.assign(quotient, s.or(quotient, s.i64(1)));
        });
        s.assign(bits, s.sub(bits, s.i32(1)));
        return bits;
      });
    },
  );
  return [quotient, remainder];
};

const maxUnsigned = (width: Width): number => 2 ** width - 1;

export const DIV: SemanticsFn = (s) => {
  const w = s.width;
  const divisor = (s.operands[0] as Operand).read();
  s.faultIf(s.eqz(divisor), VECTOR_DE);
  if (w === 64) {
    const low = s.readGpr(0, 64);
    const high = s.readGpr(2, 64);
    s.faultIf(s.geU(high, divisor), VECTOR_DE);
    const [quotient, remainder] = divideUnsigned128(s, high, low, divisor);
    writeQuotient(s, quotient, remainder);
    return;
  }
  const dividend = narrowDividend(s);
  const by = s.let(s.zeroExtend64(divisor));
  const quotient = s.let(s.divU(dividend, by));
  s.faultIf(s.gtU(quotient, s.i64(maxUnsigned(w))), VECTOR_DE);
  const remainder = s.let(s.wrap(s.remU(dividend, by)));
  writeQuotient(s, s.wrap(quotient), remainder);
};

export const IDIV: SemanticsFn = (s) => {
  const w = s.width;
  const divisor = (s.operands[0] as Operand).read();
  s.faultIf(s.eqz(divisor), VECTOR_DE);
  if (w === 64) {
    const low = s.readGpr(0, 64);
    const high = s.readGpr(2, 64);
    // Divide magnitudes; the dividend's is 128 bits wide.
    const dividendSign = s.let(s.shrS(high, s.i32(63)));
    const flippedLow = s.let(s.xor(low, dividendSign));
    const absLow = s.let(s.sub(flippedLow, dividendSign));
    const carry = s.zeroExtend64(s.and(s.wrap(dividendSign), s.eqz(absLow)));
    const absHigh = s.let(s.add(s.xor(high, dividendSign), s.and(carry, s.i64(1))));
    const divisorSign = s.let(s.shrS(divisor, s.i32(63)));
    const absDivisor = s.let(s.sub(s.xor(divisor, divisorSign), divisorSign));
    s.faultIf(s.geU(absHigh, absDivisor), VECTOR_DE);
    const [quotient, remainder] = divideUnsigned128(s, absHigh, absLow, absDivisor);
    const sign = s.let(s.xor(dividendSign, divisorSign));
    // The largest magnitude is 2^63 for a negative quotient and 2^63 - 1 for a positive one.
    s.faultIf(s.gtU(quotient, s.sub(s.i64(0x7fffffffffffffffn), sign)), VECTOR_DE);
    writeQuotient(
      s,
      s.let(s.sub(s.xor(quotient, sign), sign)),
      s.let(s.sub(s.xor(remainder, dividendSign), dividendSign)),
    );
    return;
  }
  const raw = narrowDividend(s);
  const dividend = s.let(w === 32 ? raw : w === 16 ? s.signExtend(raw, 32) : s.signExtend(raw, 16));
  const by = s.let(s.toSigned64(divisor, w));
  // The one quotient that wasm cannot represent does not fit the guest's registers either.
  s.faultIf(s.and(s.eq(by, s.i64(-1)), s.eq(dividend, s.i64(-0x8000000000000000n))), VECTOR_DE);
  const quotient = s.let(s.divS(dividend, by));
  s.faultIf(s.ne(quotient, s.signExtend(quotient, w)), VECTOR_DE);
  const remainder = s.let(s.truncate(s.wrap(s.remS(dividend, by)), w));
  writeQuotient(s, s.wrap(quotient), remainder);
};

export const XADD: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const a = dst.read();
  const b = src.read();
  const sum = s.let(s.truncate(s.add(a, b), s.width));
  src.write(a);
  dst.write(sum);
  s.setFlags(KIND_ADD, s.width, a, sum);
};

export const CMPXCHG: SemanticsFn = (s) => {
  const [dst, src] = pair(s);
  dst.open();
  const found = dst.read();
  const accumulator = s.readGpr(0, s.width);
  const isEqual = s.let(s.eq(accumulator, found));
  if (dst.isMemory) dst.write(s.select(isEqual, src.read(), found));
  // Of a register that is not exchanged the upper half stays as well.
  s.if(
    isEqual,
    () => {
      if (!dst.isMemory) dst.write(src.read());
    },
    () => s.writeGpr(0, s.width, found),
  );
  s.setFlags(KIND_SUB, s.width, accumulator, found);
};
