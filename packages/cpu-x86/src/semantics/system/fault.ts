import { formatHex } from '@longmode/mmu';
import { VECTOR_GP, VECTOR_NM, VECTOR_UD } from '../../state/exceptions.ts';
import { NO_ERROR_CODE, type Outcome, type SystemCpu } from './context.ts';

/**
 * Raises an exception and tells the exception log why, in words for the person whose kernel it is.
 *
 * @param errorCode as it will be pushed, or `NO_ERROR_CODE`
 * @param reason a clause without capital and full stop
 */
export function fault(cpu: SystemCpu, vector: number, errorCode: number, reason: string): Outcome {
  cpu.exceptionLog.explain(vector, errorCode, reason);
  return cpu.raise(vector, errorCode);
}

/** As `fault`, for functions that give `undefined` when they have raised something. */
export function refuse(cpu: SystemCpu, vector: number, errorCode: number, reason: string): undefined {
  fault(cpu, vector, errorCode, reason);
}

/** Raises #GP, with error code 0 unless told. */
export function generalProtection(cpu: SystemCpu, reason: string, errorCode = 0): Outcome {
  return fault(cpu, VECTOR_GP, errorCode, reason);
}

/** Raises #UD. */
export function undefinedOpcode(cpu: SystemCpu, reason: string): Outcome {
  return fault(cpu, VECTOR_UD, NO_ERROR_CODE, reason);
}

/** Raises #NM. */
export function deviceNotAvailable(cpu: SystemCpu, reason: string): Outcome {
  return fault(cpu, VECTOR_NM, NO_ERROR_CODE, reason);
}

/** The error code that names a selector: index and TI, and EXT in bit 0. @source SDM Vol. 3A "Error Code" */
export function selectorError(selector: number, ext = 0): number {
  return (selector & 0xfffc) | ext;
}

/** `0x28`, `0xffff_8000`: a number as the reasons of faults print it. */
export function hex(value: number | bigint): string {
  return formatHex(value);
}
