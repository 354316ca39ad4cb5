import type { SemanticsFn } from '../stage.ts';
import { inTypeScript, operandOf, readVector } from './operands.ts';

/** Instructions that are rare and long: their twins do them. */
export const RCPPS: SemanticsFn = inTypeScript;
export const RCPSS: SemanticsFn = inTypeScript;
export const RSQRTPS: SemanticsFn = inTypeScript;
export const RSQRTSS: SemanticsFn = inTypeScript;
export const DPPS: SemanticsFn = inTypeScript;
export const DPPD: SemanticsFn = inTypeScript;
export const MPSADBW: SemanticsFn = inTypeScript;
export const AESENC: SemanticsFn = inTypeScript;
export const AESENCLAST: SemanticsFn = inTypeScript;
export const AESDEC: SemanticsFn = inTypeScript;
export const AESDECLAST: SemanticsFn = inTypeScript;
export const AESIMC: SemanticsFn = inTypeScript;
export const AESKEYGENASSIST: SemanticsFn = inTypeScript;

/** The strings may lie anywhere. */
const strings: SemanticsFn = (s) => {
  s.requireSse();
  s.assistIf(s.i32(1), readVector(s, operandOf(s, 1), 'unaligned'));
};
export const PCMPESTRI: SemanticsFn = strings;
export const PCMPESTRM: SemanticsFn = strings;
export const PCMPISTRI: SemanticsFn = strings;
export const PCMPISTRM: SemanticsFn = strings;

/** The memory operand is written, if at all. */
export const MASKMOVDQU: SemanticsFn = (s) => {
  s.requireSse();
  s.assistIf(s.i32(1));
};
