import type { SemanticsKey } from '../../opcodes/semantics-key.ts';
import type { SemanticsFn } from '../stage.ts';
import type { SystemOperation } from '../system/context.ts';
import * as blendVariable from './blend-variable.ts';
import * as carryLess from './carry-less.ts';
import * as control from './control.ts';
import * as floatArithmetic from './float-arithmetic.ts';
import * as floatCompare from './float-compare.ts';
import * as floatConvert from './float-convert.ts';
import * as inTypescript from './in-typescript.ts';
import * as integer from './integer.ts';
import * as move from './move.ts';
import * as shuffle from './shuffle.ts';
import { AES_TWINS } from './twins/aes.ts';
import { APPROXIMATE_TWINS } from './twins/approximate.ts';
import { BYTE_TWINS } from './twins/byte-twins.ts';
import { FLOAT_TWINS } from './twins/float-twins.ts';
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

/** What they mean. */
export const SIMD_SEMANTICS: Readonly<Record<SimdSemanticsKey, SemanticsFn>> = {
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

const TWINS: Readonly<Record<string, Twin>> = {
  ...FLOAT_TWINS,
  ...STRING_TWINS,
  ...AES_TWINS,
  ...APPROXIMATE_TWINS,
  ...BYTE_TWINS,
};

/** What TypeScript does for them, by key: refuse them, or what their emitted code leaves to it. */
export const SIMD_OPERATIONS: ReadonlyMap<string, SystemOperation> = new Map(
  Object.keys(SIMD_SEMANTICS).map((key) => [key, assisted(TWINS[key] ?? NO_TWIN)]),
);
