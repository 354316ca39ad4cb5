import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import { KIND_ADD, KIND_LOGIC, KIND_SUB } from '../../state/rflags.ts';
import type { Shape } from './shape.ts';

/**
 * Fusion: a handler that runs a flag-setting instruction and the conditional branch behind it. The branch then needs no
 * flags from memory: it compares what the first half has just set. Two forms of conditions serve all: equality (Z, NZ), and
 * order (B, BE, L, LE and their negations), which looks the condition up in a truth table that the branch's record holds.
 */
export type ConditionForm = 'equality' | 'order';

/** Conditions by code >> 1. */
const CONDITION_B = 1;
const CONDITION_Z = 2;
const CONDITION_BE = 3;
const CONDITION_S = 4;
const CONDITION_L = 6;
const CONDITION_LE = 7;

/** Instructions that can be a first half, and the lazy kind that they leave. */
const FIRST_HALVES: Readonly<Partial<Record<SemanticsKey, number>>> = {
  CMP: KIND_SUB,
  SUB: KIND_SUB,
  ADD: KIND_ADD,
  TEST: KIND_LOGIC,
  AND: KIND_LOGIC,
};

/** @returns how a branch with this condition code can be fused behind an instruction, or undefined if it cannot */
export function conditionFormAfter(first: SemanticsKey, code: number): ConditionForm | undefined {
  const kind = FIRST_HALVES[first];
  const condition = code >> 1;
  if (kind === undefined) return undefined;
  if (condition === CONDITION_Z) return 'equality';
  const isUnsigned = condition === CONDITION_B || condition === CONDITION_BE;
  const isSigned = condition === CONDITION_L || condition === CONDITION_LE;
  if (kind === KIND_SUB) return isUnsigned || isSigned ? 'order' : undefined;
  // A sum's signed order is not that of its operands; a logical result's sign is its order against zero.
  if (kind === KIND_LOGIC) return isUnsigned || isSigned || condition === CONDITION_S ? 'order' : undefined;
  return isUnsigned ? 'order' : undefined;
}

/** @returns the key of a fused handler */
export function fusedKey(first: Shape, form: ConditionForm): string {
  return `${first.key} + ${form}`;
}

/** @returns the truth table of a condition, see `RECORD_TRUTH`; conditions that no order decides have none (0) */
export function truthOfCondition(code: number): number {
  return TRUTH[code] as number;
}

function computeTruth(code: number): number {
  let table = 0;
  for (let n = 0; n < 8; n++) {
    const below = (n & 1) !== 0;
    const equal = (n & 2) !== 0;
    const less = (n & 4) !== 0;
    const values: Readonly<Record<number, boolean>> = {
      [CONDITION_B]: below,
      [CONDITION_Z]: equal,
      [CONDITION_BE]: below || equal,
      [CONDITION_S]: less,
      [CONDITION_L]: less,
      [CONDITION_LE]: less || equal,
    };
    const value = values[code >> 1];
    if (value === undefined) return 0;
    if (value !== ((code & 1) !== 0)) table |= 1 << n;
  }
  return table;
}

const TRUTH: readonly number[] = Array.from({ length: 16 }, (_, code) => computeTruth(code));
