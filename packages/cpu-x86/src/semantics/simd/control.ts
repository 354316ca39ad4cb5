/** @source SDM Vol. 2A "LDMXCSR", Vol. 2B "STMXCSR" */
import { MXCSR_MASK } from '../../float/binary-float.ts';
import { VECTOR_GP } from '../../state/exceptions.ts';
import { MXCSR } from '../../state/layout.ts';
import type { SemanticsFn } from '../stage.ts';
import { operandOf } from './operands.ts';

/** #GP(0) for bits that do not exist. */
export const LDMXCSR: SemanticsFn = (s) => {
  s.requireSse();
  const value = operandOf(s, 0).read();
  s.faultIf(s.and(value, s.i32(~MXCSR_MASK)), VECTOR_GP);
  s.writeField(MXCSR, 32, value);
};
export const STMXCSR: SemanticsFn = (s) => {
  s.requireSse();
  operandOf(s, 0).write(s.readField(MXCSR, 32));
};
