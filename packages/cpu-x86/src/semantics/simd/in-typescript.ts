import type { SemanticsFn } from '../stage.ts';
import { inTypeScript, operandOf, readVector, requireRegisters } from './operands.ts';

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
  requireRegisters(s);
  s.assistIf(s.i32(1));
};
export const MASKMOVQ: SemanticsFn = MASKMOVDQU;

/** Between XMM and MMX registers. */
export const CVTPI2PS: SemanticsFn = inTypeScript;
export const CVTPI2PD: SemanticsFn = inTypeScript;
export const CVTPS2PI: SemanticsFn = inTypeScript;
export const CVTPD2PI: SemanticsFn = inTypeScript;
export const CVTTPS2PI: SemanticsFn = inTypeScript;
export const CVTTPD2PI: SemanticsFn = inTypeScript;
