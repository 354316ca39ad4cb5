/** @source SDM Vol. 2, "AND", "OR", "XOR", "NOT", "TEST" */
import { KIND_LOGIC } from '../state/rflags.ts';
import type { Value } from './language.ts';
import type { Operand, Semantics, SemanticsFn } from './stage.ts';

const bitwise =
  (combine: (s: Semantics, a: Value, b: Value) => Value, writesBack: boolean): SemanticsFn =>
  (s) => {
    const dst = s.operands[0] as Operand;
    const src = s.operands[1] as Operand;
    if (writesBack) dst.open();
    const result = s.let(combine(s, dst.read(), src.read()));
    if (writesBack) dst.write(result);
    s.setFlags(KIND_LOGIC, s.width, s.like(result, 0), result);
  };
export const AND: SemanticsFn = bitwise((s, a, b) => s.and(a, b), true);
export const OR: SemanticsFn = bitwise((s, a, b) => s.or(a, b), true);
export const XOR: SemanticsFn = bitwise((s, a, b) => s.xor(a, b), true);
export const TEST: SemanticsFn = bitwise((s, a, b) => s.and(a, b), false);

/** NOT leaves all flags alone. */
export const NOT: SemanticsFn = (s) => {
  const dst = s.operands[0] as Operand;
  dst.open();
  dst.write(s.truncate(s.not(dst.read()), s.width));
};
