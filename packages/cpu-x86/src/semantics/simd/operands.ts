import type { Value, Width } from '../language.ts';
import type { Alignment, Operand, Semantics, SemanticsFn } from '../stage.ts';
import { fromInteger, lane, lowQuadword, vector } from './vector.ts';

/** An operand that the row guarantees. */
export const operandOf = (s: Semantics, index: number): Operand => s.operands[index] as Operand;

/** An immediate byte as i32: a constant where the engine knows it. */
export const immediateOf = (s: Semantics): Value => (s.operands.at(-1) as Operand).read();

/** Its value, where the engine knows it. */
export function knownImmediate(s: Semantics): number | undefined {
  const value = immediateOf(s);
  return value.kind === 'const' ? Number(value.value) : undefined;
}

/** Reads an operand as a vector, fixed; the bits above an MMX register or a memory operand of less than 128 are zero. */
export function readVector(s: Semantics, operand: Operand, alignment: Alignment = 'aligned'): Value {
  const value = operand.read(operand.width === 128 ? alignment : 'unaligned');
  return value.type === 'v128' ? value : s.let(fromInteger(value));
}

/** Reads the low bits of a vector register, or a memory operand of that width, as an integer. */
export function readLow(s: Semantics, operand: Operand, width: Width): Value {
  const value = operand.read();
  if (value.type !== 'v128') return value.type === 'i64' && width !== 64 ? s.resize(value, width) : value;
  if (width === 64) return s.let(lowQuadword(value));
  const low = lane('i32x4.extract_lane', 0, value);
  return s.let(width === 32 ? low : s.truncate(low, width));
}

/** dst = compute(dst, src), on vectors that must be aligned in memory. */
export const binary =
  (compute: (a: Value, b: Value, s: Semantics) => Value): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const dst = operandOf(s, 0);
    const b = readVector(s, operandOf(s, 1));
    const a = readVector(s, dst);
    dst.write(compute(a, b, s));
  };

/** dst = compute(src), on vectors that must be aligned in memory if they have 128 bits there. */
export const unary =
  (compute: (a: Value, s: Semantics) => Value): SemanticsFn =>
  (s) => {
    requireRegisters(s);
    const a = readVector(s, operandOf(s, 1));
    operandOf(s, 0).write(compute(a, s));
  };

/** dst = op(dst, src), an instruction of WebAssembly. */
export const direct = (op: Parameters<typeof vector>[0]): SemanticsFn => binary((a, b) => vector(op, a, b));

/** Whether an instruction names an MMX register. */
export const usesMmx = (s: Semantics): boolean => s.operands.some(({ file }) => file === 'mmx');

/** Faults where the control registers, or an x87 exception that is pending, withhold the registers that are named. */
export function requireRegisters(s: Semantics): void {
  const isMmx = usesMmx(s);
  if (!isMmx || s.operands.some(({ file }) => file === 'xmm')) s.requireSse();
  if (isMmx) s.requireMmx();
}

/** What is always left to TypeScript: the source has been read. */
export const inTypeScript: SemanticsFn = (s) => {
  requireRegisters(s);
  const source = readVector(s, operandOf(s, 1));
  s.assistIf(s.i32(1), source);
};
