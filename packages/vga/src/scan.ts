/**
 * What the CRTC fetches for each displayed scan line: the memory counter at its left edge and the row scan counter,
 * through start address, row offset, double scan and the split screen of Line Compare.
 *
 * @source IBM VGA technical reference, "CRT Controller Registers"
 */
import {
  CRTC_DOUBLE_SCAN,
  CRTC_DOUBLEWORD,
  CRTC_HORIZONTAL_DISPLAY_END,
  CRTC_LINE_COMPARE,
  CRTC_MAXIMUM_SCAN_LINE,
  CRTC_MODE_ADDRESS_WRAP,
  CRTC_MODE_BYTE,
  CRTC_MODE_CONTROL,
  CRTC_MODE_ROW_SCAN_13,
  CRTC_MODE_ROW_SCAN_14,
  CRTC_OFFSET,
  CRTC_OVERFLOW,
  CRTC_PRESET_ROW_SCAN,
  CRTC_START_ADDRESS_HIGH,
  CRTC_START_ADDRESS_LOW,
  CRTC_UNDERLINE_LOCATION,
} from './registers.ts';
import type { VgaRegisters } from './state.ts';
import { displayedLines } from './timing.ts';

/** One displayed scan line. */
export interface ScanLine {
  /** Memory counter at the left edge, in character clocks, 16 bits. */
  counter: number;
  /** Scan line inside the character row, 0 to 31. */
  rowScan: number;
  /** Whether this is the first scan line of its row. */
  isRowStart: boolean;
  /** Whether it lies under the line of Line Compare. */
  isAfterSplit: boolean;
}

/** Scan lines of one character row, 1 to 32, before double scan. */
export function rowHeight(registers: VgaRegisters): number {
  return ((registers.crtc[CRTC_MAXIMUM_SCAN_LINE] as number) & 0x1f) + 1;
}

/** Whether each row scan is shown on two scan lines. */
export function isDoubleScanned(registers: VgaRegisters): boolean {
  return ((registers.crtc[CRTC_MAXIMUM_SCAN_LINE] as number) & CRTC_DOUBLE_SCAN) !== 0;
}

/** Character clocks displayed in one scan line, 1 to 256. */
export function displayedCharacters(registers: VgaRegisters): number {
  return (registers.crtc[CRTC_HORIZONTAL_DISPLAY_END] as number) + 1;
}

/** The displayed scan lines from top to bottom. */
export function scanLines(registers: VgaRegisters): ScanLine[] {
  const { crtc } = registers;
  const preset = crtc[CRTC_PRESET_ROW_SCAN] as number;
  const overflow = crtc[CRTC_OVERFLOW] as number;
  const maximum = crtc[CRTC_MAXIMUM_SCAN_LINE] as number;
  const compare = (crtc[CRTC_LINE_COMPARE] as number) | ((overflow & 0x10) << 4) | ((maximum & 0x40) << 3);
  const lastRowScan = maximum & 0x1f;
  const pitch = 2 * (crtc[CRTC_OFFSET] as number);
  const isDouble = isDoubleScanned(registers);
  const lines: ScanLine[] = [];
  let row = ((crtc[CRTC_START_ADDRESS_HIGH] as number) << 8) | (crtc[CRTC_START_ADDRESS_LOW] as number);
  let rowScan = preset & 0x1f;
  let bytePanning = (preset >> 5) & 3;
  let isRowStart = true;
  let isAfterSplit = false;
  let isSecondScan = false;
  for (let y = 0, end = displayedLines(registers); y < end; y++) {
    lines.push({ counter: (row + bytePanning) & 0xffff, rowScan, isRowStart, isAfterSplit });
    isRowStart = false;
    if (y === compare) {
      row = rowScan = bytePanning = 0;
      isRowStart = isAfterSplit = true;
      isSecondScan = false;
    } else if (isDouble && !isSecondScan) {
      isSecondScan = true;
    } else {
      isSecondScan = false;
      isRowStart = rowScan === lastRowScan;
      row = isRowStart ? (row + pitch) & 0xffff : row;
      rowScan = isRowStart ? 0 : (rowScan + 1) & 0x1f;
    }
  }
  return lines;
}

/**
 * The plane offset that the CRTC addresses for one value of its memory counter: byte, word or doubleword addressing,
 * then the row scan bits that stand in for address bits 13 and 14 in CGA- and Hercules-like modes.
 */
export function displayAddress(registers: VgaRegisters, counter: number, rowScan: number): number {
  const mode = registers.crtc[CRTC_MODE_CONTROL] as number;
  let address = counter & 0xffff;
  if (((registers.crtc[CRTC_UNDERLINE_LOCATION] as number) & CRTC_DOUBLEWORD) !== 0) {
    address = ((address << 2) | (address >> 14)) & 0xffff;
  } else if ((mode & CRTC_MODE_BYTE) === 0) {
    const wrapBit = (mode & CRTC_MODE_ADDRESS_WRAP) !== 0 ? 15 : 13;
    address = ((address << 1) | ((address >> wrapBit) & 1)) & 0xffff;
  }
  if ((mode & CRTC_MODE_ROW_SCAN_13) === 0) address = (address & ~0x2000) | ((rowScan & 1) << 13);
  if ((mode & CRTC_MODE_ROW_SCAN_14) === 0) address = (address & ~0x4000) | ((rowScan & 2) << 13);
  return address;
}

/**
 * Whether the row scan counter takes part in addressing, so that the scan lines of one row differ in graphics modes.
 */
export function isRowScanAddressed(registers: VgaRegisters): boolean {
  const both = CRTC_MODE_ROW_SCAN_13 | CRTC_MODE_ROW_SCAN_14;
  return ((registers.crtc[CRTC_MODE_CONTROL] as number) & both) !== both;
}
