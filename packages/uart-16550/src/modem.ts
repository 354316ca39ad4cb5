import {
  LCR_BREAK,
  MCR_DTR,
  MCR_LOOP,
  MCR_OUT1,
  MCR_OUT2,
  MCR_RTS,
  MSR_CTS,
  MSR_DCD,
  MSR_DSR,
  MSR_RI,
  MSR_TERI,
} from './registers.ts';
import type { UartRegisters } from './uart-state.ts';

/** Levels at the modem inputs; true is asserted. */
export interface ModemInputs {
  cts: boolean;
  dsr: boolean;
  ri: boolean;
  dcd: boolean;
}

/** Levels that the guest drives; true is asserted. In loopback they are all false. */
export interface ModemOutputs {
  dtr: boolean;
  rts: boolean;
  out1: boolean;
  out2: boolean;
  /** The line is held in the break condition. */
  isBreak: boolean;
}

/** @returns the levels at their places in MSR; what `lines` does not name keeps its place in `otherwise` */
export function modemBits(lines: Partial<ModemInputs>, otherwise = 0): number {
  const bit = (level: boolean | undefined, mask: number): number => ((level ?? (otherwise & mask) !== 0) ? mask : 0);
  return bit(lines.cts, MSR_CTS) | bit(lines.dsr, MSR_DSR) | bit(lines.ri, MSR_RI) | bit(lines.dcd, MSR_DCD);
}

/** @returns what the upper half of MSR shows: the inputs, or in loopback the own outputs */
export function modemLines(s: UartRegisters): number {
  if ((s.mcr & MCR_LOOP) === 0) return s.modemInputs;
  return modemBits({
    cts: (s.mcr & MCR_RTS) !== 0,
    dsr: (s.mcr & MCR_DTR) !== 0,
    ri: (s.mcr & MCR_OUT1) !== 0,
    dcd: (s.mcr & MCR_OUT2) !== 0,
  });
}

/** Sets the deltas of MSR for what has changed since `before`. The ring indicator counts when it ends, the others always. */
export function noteModemChange(s: UartRegisters, before: number): void {
  const after = modemLines(s);
  s.modemDeltas |= ((before ^ after) >> 4) & ~MSR_TERI;
  if (before & ~after & MSR_RI) s.modemDeltas |= MSR_TERI;
}

/** @returns what the guest drives */
export function modemOutputs(s: UartRegisters): ModemOutputs {
  const isLoop = (s.mcr & MCR_LOOP) !== 0;
  const lines = isLoop ? 0 : s.mcr;
  return {
    dtr: (lines & MCR_DTR) !== 0,
    rts: (lines & MCR_RTS) !== 0,
    out1: (lines & MCR_OUT1) !== 0,
    out2: (lines & MCR_OUT2) !== 0,
    isBreak: !isLoop && (s.lcr & LCR_BREAK) !== 0,
  };
}
