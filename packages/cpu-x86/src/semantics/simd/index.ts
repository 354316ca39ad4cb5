import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import { FPU_STATUS, FPU_TAG } from '../../state/layout.ts';
import type { SemanticsFn } from '../stage.ts';
import type { SystemOperation } from '../system/context.ts';
import { STATUS_TOP } from '../x87/x87-unit.ts';
import * as blendVariable from './blend-variable.ts';
import * as carryLess from './carry-less.ts';
import * as control from './control.ts';
import * as floatArithmetic from './float-arithmetic.ts';
import * as floatCompare from './float-compare.ts';
import * as floatConvert from './float-convert.ts';
import * as inTypescript from './in-typescript.ts';
import * as integer from './integer.ts';
import * as move from './move.ts';
import { usesMmx } from './operands.ts';
import * as shuffle from './shuffle.ts';
import { AES_TWINS } from './twins/aes.ts';
import { APPROXIMATE_TWINS } from './twins/approximate.ts';
import { BYTE_TWINS } from './twins/byte-twins.ts';
import { FLOAT_TWINS } from './twins/float-twins.ts';
import { MMX_TWINS } from './twins/mmx.ts';
import { STRING_TWINS } from './twins/string-compare.ts';
import { assisted, NO_TWIN, type Twin } from './twins/twin.ts';

type SimdModules = typeof blendVariable &
  typeof carryLess &
  typeof control &
  typeof floatArithmetic &
  typeof floatCompare &
  typeof floatConvert &
  typeof inTypescript &
  typeof integer &
  typeof move &
  typeof shuffle;
/** Keys of the instructions of SSE and its successors. */
export type SimdSemanticsKey = Extract<keyof SimdModules, SemanticsKey>;

const MEANINGS: Readonly<Record<SimdSemanticsKey, SemanticsFn>> = {
  ...blendVariable,
  ...carryLess,
  ...control,
  ...floatArithmetic,
  ...floatCompare,
  ...floatConvert,
  ...inTypescript,
  ...integer,
  ...move,
  ...shuffle,
};

/** What they mean: with MMX registers also that these are the x87's, of which none is empty then. */
export const SIMD_SEMANTICS: typeof MEANINGS = Object.fromEntries(
  Object.entries(MEANINGS).map(([key, meaning]) => [key, withMmx(meaning)]),
) as unknown as typeof MEANINGS;

/** @source SDM Vol. 1 "MMX Registers and the x87 FPU" (effect of MMX instructions on the x87 FPU tag word) */
function withMmx(meaning: SemanticsFn): SemanticsFn {
  return (s) => {
    meaning(s);
    if (!usesMmx(s)) return;
    s.writeField(FPU_TAG, 32, s.i32(0xff));
    s.writeField(FPU_STATUS, 32, s.and(s.readField(FPU_STATUS, 32), s.i32(~STATUS_TOP)));
  };
}

const TWINS: Readonly<Record<string, Twin>> = {
  ...FLOAT_TWINS,
  ...STRING_TWINS,
  ...AES_TWINS,
  ...APPROXIMATE_TWINS,
  ...BYTE_TWINS,
  ...MMX_TWINS,
};

/** What TypeScript does for them, by key: refuse them, or what their emitted code leaves to it. */
export const SIMD_OPERATIONS: ReadonlyMap<string, SystemOperation> = new Map(
  Object.keys(SIMD_SEMANTICS).map((key) => [key, assisted(TWINS[key] ?? NO_TWIN)]),
);
