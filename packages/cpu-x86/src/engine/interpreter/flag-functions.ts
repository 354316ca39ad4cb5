import type { CodeBuilder } from '@longmode/wasm-encoder';
import { Emitter, LocalPool, type Value } from '../../semantics/language.ts';
import { FLAGS_KIND, FLAGS_X, FLAGS_Y } from '../../state/layout.ts';
import { KIND_ADD, KIND_EXPLICIT, KIND_LOGIC, KIND_SHL, KIND_SUB, KIND_WIDTH_BITS } from '../../state/rflags.ts';
import { carryOf, combineFlags, conditionOfFlags, FLAG_RULES } from '../flag-rules.ts';
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
  for (const [value, rule] of Object.entries(FLAG_RULES)) {
    e.if(isKind(Number(value)), () => {
      const found = rule(e, x, y, top);
      if (found.result) e.assign(result, found.result);
      if (found.isZero) e.assign(isZero, found.isZero);
      e.assign(others, found.others);
    });
  }
  e.push(combineFlags(e, { result, isZero, others }, top));
}

/** Writes `() -> i32`: CF alone, which ADC, SBB, INC, DEC and RCL ask for. */
export function writeCarryFunction(code: CodeBuilder): void {
  const e = emitterOf(code);
  const { kind, x, y } = loadLazyFlags(e);
  for (const value of [KIND_SUB, KIND_ADD, KIND_LOGIC, KIND_SHL]) {
    e.if(e.eq(kind, e.i32(value)), () => {
      e.push(carryOf(e, value, x, y));
      code.op('return');
    });
  }
  e.push(carryOf(e, KIND_EXPLICIT, x, y));
}

/** Writes `(code) -> i32`: a condition by its code, as 0 or 1, from all flags. */
export function writeConditionFunction(code: CodeBuilder, flagsFunction: number): void {
  const e = emitterOf(code);
  const condition = e.local('i32', 0);
  const flags = e.callFor(flagsFunction, 'i32');
  const group = e.let(e.shrU(condition, e.i32(1)));
  const result = e.variable(e.i32(0));
  for (let index = 0; index < 8; index++) {
    e.if(e.eq(group, e.i32(index)), () => e.assign(result, conditionOfFlags(e, index << 1, flags)));
  }
  e.push(e.xor(result, e.and(condition, e.i32(1))));
}
