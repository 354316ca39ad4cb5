/**
 * Where the beam is: derived from virtual time and the CRTC's totals alone, so that it costs nothing while nobody
 * looks.
 *
 * @source IBM VGA technical reference, "CRT Controller Registers"; "Input Status Register 1"
 */
import {
  CRTC_HORIZONTAL_DISPLAY_END,
  CRTC_HORIZONTAL_TOTAL,
  CRTC_MODE_CONTROL,
  CRTC_MODE_HALVE_LINE_CLOCK,
  CRTC_OVERFLOW,
  CRTC_VERTICAL_DISPLAY_END,
  CRTC_VERTICAL_RETRACE_END,
  CRTC_VERTICAL_RETRACE_START,
  CRTC_VERTICAL_TOTAL,
  MISC_CLOCK_SELECT,
  SEQ_CLOCKING_8_DOTS,
  SEQ_CLOCKING_HALF_DOT_CLOCK,
  SEQ_CLOCKING_MODE,
  STATUS_1_DISPLAY_DISABLED,
  STATUS_1_VERTICAL_RETRACE,
} from './registers.ts';
import type { VgaRegisters } from './state.ts';

/** The raster that the registers describe. Lengths in dots or scan lines, frequency in kHz. */
export interface VgaTiming {
  dotClockKhz: number;
  /** Dots in one scan line, blanking included. */
  lineDots: number;
  displayedDots: number;
  /** Scan lines in one frame, blanking included. */
  frameLines: number;
  displayedLines: number;
  retraceStartLine: number;
  retraceLines: number;
}

/** Width of a character cell in dots: 8 or 9. */
export function characterWidth(registers: VgaRegisters): 8 | 9 {
  return ((registers.sequencer[SEQ_CLOCKING_MODE] as number) & SEQ_CLOCKING_8_DOTS) !== 0 ? 8 : 9;
}

/** Displayed scan lines, 1 to 2,048. */
export function displayedLines(registers: VgaRegisters): number {
  const { crtc } = registers;
  const overflow = crtc[CRTC_OVERFLOW] as number;
  const end = (crtc[CRTC_VERTICAL_DISPLAY_END] as number) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3);
  return (end + 1) * lineClocks(registers);
}

function lineClocks(registers: VgaRegisters): number {
  return ((registers.crtc[CRTC_MODE_CONTROL] as number) & CRTC_MODE_HALVE_LINE_CLOCK) !== 0 ? 2 : 1;
}

/** @returns the raster of the current mode; well defined for any register contents */
export function vgaTiming(registers: VgaRegisters): VgaTiming {
  const { crtc, sequencer } = registers;
  const overflow = crtc[CRTC_OVERFLOW] as number;
  const clocks = lineClocks(registers);
  const total = (crtc[CRTC_VERTICAL_TOTAL] as number) | ((overflow & 0x01) << 8) | ((overflow & 0x20) << 4);
  const retrace = (crtc[CRTC_VERTICAL_RETRACE_START] as number) | ((overflow & 0x04) << 6) | ((overflow & 0x80) << 2);
  const retraceEnd = crtc[CRTC_VERTICAL_RETRACE_END] as number;
  const width = characterWidth(registers);
  const isHalved = ((sequencer[SEQ_CLOCKING_MODE] as number) & SEQ_CLOCKING_HALF_DOT_CLOCK) !== 0;
  const dotScale = isHalved ? 2 : 1;
  return {
    dotClockKhz: (registers.miscOutput & MISC_CLOCK_SELECT) === 0x04 ? 28_322 : 25_175,
    lineDots: ((crtc[CRTC_HORIZONTAL_TOTAL] as number) + 5) * width * dotScale,
    displayedDots: ((crtc[CRTC_HORIZONTAL_DISPLAY_END] as number) + 1) * width * dotScale,
    frameLines: (total + 2) * clocks,
    displayedLines: displayedLines(registers),
    retraceStartLine: retrace * clocks,
    retraceLines: ((retraceEnd - retrace) & 0x0f || 16) * clocks,
  };
}

/** A moment of the raster: frames since tick 0, the scan line in the frame and the dot in the line. */
export interface BeamPosition {
  frame: number;
  line: number;
  dot: number;
}

/** @param now virtual time in nanoseconds; integer arithmetic throughout, exact up to 2^53 */
export function beamPosition(timing: VgaTiming, now: number): BeamPosition {
  const milliseconds = Math.floor(now / 1_000_000);
  const dots = milliseconds * timing.dotClockKhz + Math.floor(((now % 1_000_000) * timing.dotClockKhz) / 1_000_000);
  const lines = Math.floor(dots / timing.lineDots);
  return {
    frame: Math.floor(lines / timing.frameLines),
    line: lines % timing.frameLines,
    dot: dots % timing.lineDots,
  };
}

/** Bits 0 and 3 of Input Status 1 at one moment. */
export function retraceStatus(registers: VgaRegisters, now: number): number {
  const timing = vgaTiming(registers);
  const { line, dot } = beamPosition(timing, now);
  const isDisplayed = line < timing.displayedLines && dot < timing.displayedDots;
  const isRetrace = line >= timing.retraceStartLine && line < timing.retraceStartLine + timing.retraceLines;
  return (isDisplayed ? 0 : STATUS_1_DISPLAY_DISABLED) | (isRetrace ? STATUS_1_VERTICAL_RETRACE : 0);
}
