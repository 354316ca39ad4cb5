/** @source SDM Vol. 2A "EMMS", "LDMXCSR", Vol. 2B "STMXCSR" */
import { MXCSR_MASK } from '../../float/binary-float.ts';
import { VECTOR_GP } from '../../state/exceptions.ts';
import { FPU_STATUS, FPU_TAG, MXCSR } from '../../state/layout.ts';
import type { SemanticsFn } from '../stage.ts';
import { STATUS_TOP } from '../x87/x87-unit.ts';
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
/** Makes all x87 registers empty, with register 0 at the top. */
export const EMMS: SemanticsFn = (s) => {
  s.requireMmx();
  s.writeField(FPU_TAG, 32, s.i32(0));
  s.writeField(FPU_STATUS, 32, s.and(s.readField(FPU_STATUS, 32), s.i32(~STATUS_TOP)));
};
