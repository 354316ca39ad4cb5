import type { CodeBuilder } from '@longmode/wasm-encoder';
import { Emitter, LocalPool, type Value } from '../../semantics/language.ts';
import { FLAGS_KIND, FLAGS_X, FLAGS_Y } from '../../state/layout.ts';
import {
  FLAG_AF,
  FLAG_CF,
  FLAG_OF,
  FLAG_PF,
  FLAG_SF,
  FLAG_ZF,
  KIND_ADD,
  KIND_DEC,
  KIND_EXPLICIT,
  KIND_INC,
  KIND_LOGIC,
  KIND_RESULT,
  KIND_SHL,
  KIND_SHR,
  KIND_SUB,
  KIND_WIDTH_BITS,
} from '../../state/rflags.ts';
import { CPU_BASE } from '../memory-plan.ts';

const emitterOf = (code: CodeBuilder): Emitter => new Emitter(code, new LocalPool(code));

function loadLazyFlags(e: Emitter): { packed: Value; kind: Value; x: Value; y: Value } {
  const zero = e.i32(0);
  const packed = e.loadFrom(zero, CPU_BASE + FLAGS_KIND, 32, 2);
  return {
    packed,
    kind: e.let(e.shrU(packed, e.i32(KIND_WIDTH_BITS))),
    x: e.loadFrom(zero, CPU_BASE + FLAGS_X, 64, 3),
    y: e.loadFrom(zero, CPU_BASE + FLAGS_Y, 64, 3),
  };
}

/** Writes `() -> i32`: evaluates the lazy flags; the same rules as `materializeArithmeticFlags`, which tests compare. */
export function writeFlagsFunction(code: CodeBuilder): void {
  const e = emitterOf(code);
  const { packed, kind, x, y } = loadLazyFlags(e);
  const isKind = (value: number): Value => e.eq(kind, e.i32(value));
  e.if(isKind(KIND_EXPLICIT), () => {
    e.push(e.wrap(x));
    code.op('return');
  });
  const top = e.let(e.sub(e.shl(e.i32(8), e.and(packed, e.i32(3))), e.i32(1)));
  const result = e.variable(y);
  const isZero = e.variable(e.eqz(y));
  const others = e.variable(e.i32(0));
  const topBit = (value: Value): Value => e.and(e.wrap(e.shrU(value, top)), e.i32(1));
  const overflow = (condition: Value): Value => e.select(condition, e.i32(FLAG_OF), e.i32(0));
  const half = (value: Value): Value => e.and(e.wrap(value), e.i32(FLAG_AF));
  const cf = (value: Value): Value => e.and(e.wrap(value), e.i32(FLAG_CF));
  const cases: [kind: number, body: () => void][] = [
    [
      KIND_SUB,
      () => {
        e.assign(result, e.sub(x, y));
        e.assign(isZero, e.eq(x, y));
        const of = overflow(topBit(e.and(e.xor(x, y), e.xor(x, result))));
        e.assign(others, e.or(e.or(e.ltU(x, y), of), half(e.xor(e.xor(x, y), result))));
      },
    ],
    [
      KIND_ADD,
      () => {
        const addend = e.let(e.sub(y, x));
        const of = overflow(topBit(e.and(e.xor(x, y), e.xor(addend, y))));
        e.assign(others, e.or(e.or(e.ltU(y, x), of), half(e.xor(e.xor(x, y), addend))));
      },
    ],
    [KIND_RESULT, () => e.assign(others, e.and(e.wrap(x), e.i32(FLAG_CF | FLAG_OF | FLAG_AF)))],
    [
      KIND_INC,
      () => {
        const af = e.select(e.eqz(e.and(y, e.i64(15))), e.i32(FLAG_AF), e.i32(0));
        const of = overflow(e.eq(y, e.shl(e.i64(-1), top)));
        e.assign(others, e.or(e.or(cf(x), of), af));
      },
    ],
    [
      KIND_DEC,
      () => {
        const af = e.select(e.eq(e.and(y, e.i64(15)), e.i64(15)), e.i32(FLAG_AF), e.i32(0));
        const of = overflow(e.eq(y, e.not(e.shl(e.i64(-1), top))));
        e.assign(others, e.or(e.or(cf(x), of), af));
      },
    ],
    [KIND_SHL, () => e.assign(others, e.or(e.ltS(x, e.i64(0)), overflow(e.ltS(e.xor(x, y), e.i64(0)))))],
    [KIND_SHR, () => e.assign(others, e.or(cf(x), overflow(e.ltS(e.xor(x, y), e.i64(0)))))],
  ];
  for (const [value, body] of cases) e.if(isKind(value), body);
  const low = e.let(e.and(e.wrap(result), e.i32(0xff)));
  const folded = e.and(e.xor(low, e.shrU(low, e.i32(4))), e.i32(15));
  const even = e.and(e.shrU(e.i32(0x9669), folded), e.i32(1));
  const zf = e.shl(isZero, e.i32(Math.log2(FLAG_ZF)));
  const sf = e.shl(topBit(result), e.i32(Math.log2(FLAG_SF)));
  const pf = e.shl(even, e.i32(Math.log2(FLAG_PF)));
  e.push(e.or(e.or(others, zf), e.or(sf, pf)));
}

/** Writes `() -> i32`: CF alone, which ADC, SBB, INC, DEC and RCL ask for. */
export function writeCarryFunction(code: CodeBuilder): void {
  const e = emitterOf(code);
  const { kind, x, y } = loadLazyFlags(e);
  const answer = (value: number, carry: Value): void =>
    e.if(e.eq(kind, e.i32(value)), () => {
      e.push(carry);
      code.op('return');
    });
  answer(KIND_SUB, e.ltU(x, y));
  answer(KIND_ADD, e.ltU(y, x));
  answer(KIND_LOGIC, e.i32(0));
  answer(KIND_SHL, e.ltS(x, e.i64(0)));
  e.push(e.and(e.wrap(x), e.i32(1)));
}

/** Writes `(code) -> i32`: a condition by its code, as 0 or 1, from all flags. */
export function writeConditionFunction(code: CodeBuilder, flagsFunction: number): void {
  const e = emitterOf(code);
  const condition = e.local('i32', 0);
  const flags = e.callFor(flagsFunction, 'i32');
  const has = (mask: number): Value => e.isNonZero(e.and(flags, e.i32(mask)));
  const less = (): Value => e.ne(has(FLAG_SF), has(FLAG_OF));
  const values = [
    has(FLAG_OF),
    has(FLAG_CF),
    has(FLAG_ZF),
    has(FLAG_CF | FLAG_ZF),
    has(FLAG_SF),
    has(FLAG_PF),
    less(),
    e.or(has(FLAG_ZF), less()),
  ];
  const group = e.let(e.shrU(condition, e.i32(1)));
  const result = e.variable(e.i32(0));
  values.forEach((value, index) => {
    e.if(e.eq(group, e.i32(index)), () => e.assign(result, value));
  });
  e.push(e.xor(result, e.and(condition, e.i32(1))));
}
