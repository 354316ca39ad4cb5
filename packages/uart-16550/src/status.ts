import {
  FCR_ENABLE,
  FIFO_SIZE,
  IER_LINE_STATUS,
  IER_MODEM_STATUS,
  IER_RDA,
  IER_THRE,
  IIR_LINE_STATUS,
  IIR_MODEM_STATUS,
  IIR_NONE,
  IIR_RDA,
  IIR_THRE,
  IIR_TIMEOUT,
  LSR_DR,
  LSR_FIFO_ERROR,
  LSR_TEMT,
  LSR_THRE,
  MCR_LOOP,
  MCR_OUT2,
} from './registers.ts';
import type { UartRegisters } from './uart-state.ts';

const TRIGGER_LEVELS = [1, 4, 8, 14] as const;

/** @returns whether FCR has switched the FIFOs on */
export function hasFifos(s: UartRegisters): boolean {
  return (s.fcr & FCR_ENABLE) !== 0;
}

/** @returns how many characters each direction holds: 16, or one */
export function fifoSize(s: UartRegisters): number {
  return hasFifos(s) ? FIFO_SIZE : 1;
}

/** @returns LSR as it reads now; reading it clears the errors, which is the reader's business */
export function lineStatus(s: UartRegisters): number {
  let status = s.lineErrors;
  if (s.received.length > 0) status |= LSR_DR;
  if (s.transmitting.length === 0) status |= s.shifting === null ? LSR_THRE | LSR_TEMT : LSR_THRE;
  if (hasFifos(s) && s.receivedErrors.some((errors) => errors !== 0)) status |= LSR_FIFO_ERROR;
  return status;
}

/** @returns IIR without the FIFO bits: the enabled cause of highest priority */
export function interruptCause(s: UartRegisters): number {
  if (s.ier & IER_LINE_STATUS && s.lineErrors !== 0) return IIR_LINE_STATUS;
  if (s.ier & IER_RDA && s.isTimedOut) return IIR_TIMEOUT;
  const triggerLevel = hasFifos(s) ? (TRIGGER_LEVELS[s.fcr >> 6] ?? 1) : 1;
  if (s.ier & IER_RDA && s.received.length >= triggerLevel) return IIR_RDA;
  if (s.ier & IER_THRE && s.isThrePending) return IIR_THRE;
  if (s.ier & IER_MODEM_STATUS && s.modemDeltas !== 0) return IIR_MODEM_STATUS;
  return IIR_NONE;
}

/** @returns whether the interrupt passes OUT2, which is inactive in loopback whatever the register says */
export function wantsInterrupt(s: UartRegisters): boolean {
  return (s.mcr & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2 && interruptCause(s) !== IIR_NONE;
}
