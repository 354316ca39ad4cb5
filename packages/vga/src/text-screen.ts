/**
 * The text screen as data: what the CRTC would fetch for each character cell, and what the attribute controller would
 * make of it, without any pixel drawn.
 *
 * @source IBM VGA technical reference, "Alphanumeric Modes"; "Attribute Controller Registers"
 */
import { CODE_PAGE_437 } from './code-page-437.ts';
import { attributeColors } from './color.ts';
import { isDispiEnabled } from './dispi.ts';
import {
  ATC_INDEX_PALETTE_ADDRESS_SOURCE,
  ATC_MODE_BLINK,
  ATC_MODE_CONTROL,
  ATC_MODE_GRAPHICS,
  CRTC_CURSOR_DISABLE,
  CRTC_CURSOR_END,
  CRTC_CURSOR_LOCATION_HIGH,
  CRTC_CURSOR_LOCATION_LOW,
  CRTC_CURSOR_START,
  CRTC_MODE_CONTROL,
  CRTC_MODE_RUN,
  GC_MISC_GRAPHICS,
  GC_MISCELLANEOUS,
  SEQ_CLOCKING_MODE,
  SEQ_CLOCKING_SCREEN_OFF,
  SEQ_RESET,
  SEQ_RESET_RUN,
} from './registers.ts';
import { displayAddress, displayedCharacters, rowHeight, type ScanLine, scanLines } from './scan.ts';
import type { VgaRegisters } from './state.ts';

/** One character cell. */
export interface TextCell {
  /** Character code, 0 to 255: an index into the font, usually code page 437. */
  code: number;
  /** The attribute byte as it is in memory. */
  attribute: number;
  /** Index into {@link TextScreen.palette}. */
  foreground: number;
  /** Index into {@link TextScreen.palette}; 0 to 7 while attributes blink, else 0 to 15. */
  background: number;
  isBlinking: boolean;
}

/** The hardware cursor. */
export interface TextCursor {
  /** Cell of the cursor, from 0; −1 while it lies outside the screen. */
  row: number;
  column: number;
  /** Whether it is enabled, has any scan line, and lies on the screen. Blinking is not counted in. */
  isVisible: boolean;
  /** First and last scan line inside the cell, 0 to 31. */
  startScanLine: number;
  endScanLine: number;
}

/** A whole text screen; plain data. */
export interface TextScreen {
  /** 0 by 0 while the adapter is not in a text mode. */
  columns: number;
  rows: number;
  /** Scan lines of one character row. */
  characterHeight: number;
  /** Whether the adapter shows nothing now: sequencer stopped, screen off, or no palette connected. */
  isBlanked: boolean;
  /** Row by row, `columns * rows` of them. */
  cells: TextCell[];
  cursor: TextCursor;
  /** The sixteen colours as RRGGBBh. */
  palette: number[];
}

/** Whether no extended mode is on, the CRTC runs, and both graphics and attribute controller are in alphanumeric mode. */
export function isTextMode(registers: VgaRegisters): boolean {
  return (
    !isDispiEnabled(registers.dispi) &&
    ((registers.crtc[CRTC_MODE_CONTROL] as number) & CRTC_MODE_RUN) !== 0 &&
    ((registers.graphics[GC_MISCELLANEOUS] as number) & GC_MISC_GRAPHICS) === 0 &&
    ((registers.attribute[ATC_MODE_CONTROL] as number) & ATC_MODE_GRAPHICS) === 0
  );
}

/** Whether nothing of the video memory reaches the monitor. */
export function isBlanked(registers: VgaRegisters): boolean {
  return (
    ((registers.sequencer[SEQ_RESET] as number) & SEQ_RESET_RUN) !== SEQ_RESET_RUN ||
    ((registers.sequencer[SEQ_CLOCKING_MODE] as number) & SEQ_CLOCKING_SCREEN_OFF) !== 0 ||
    ((registers.crtc[CRTC_MODE_CONTROL] as number) & CRTC_MODE_RUN) === 0 ||
    (registers.attributeIndex & ATC_INDEX_PALETTE_ADDRESS_SOURCE) === 0
  );
}

/** Cursor Location, in character clocks. */
export function cursorLocation(registers: VgaRegisters): number {
  const { crtc } = registers;
  return ((crtc[CRTC_CURSOR_LOCATION_HIGH] as number) << 8) | (crtc[CRTC_CURSOR_LOCATION_LOW] as number);
}

/** Whether the cursor is enabled and covers one scan line of its cell. */
export function isCursorLine(registers: VgaRegisters, rowScan: number): boolean {
  const start = registers.crtc[CRTC_CURSOR_START] as number;
  const end = (registers.crtc[CRTC_CURSOR_END] as number) & 0x1f;
  return (start & CRTC_CURSOR_DISABLE) === 0 && rowScan >= (start & 0x1f) && rowScan <= end;
}

/** The rows that fit into the display wholly, by their first scan lines. */
function textRows(registers: VgaRegisters): ScanLine[] {
  const lines = scanLines(registers);
  const starts = lines.filter((line) => line.isRowStart);
  const last = lines.at(-1);
  const isLastCut = last !== undefined && last.rowScan !== rowHeight(registers) - 1 && starts.length > 1;
  return isLastCut ? starts.slice(0, -1) : starts;
}

function textCell(word: number, hasBlink: boolean): TextCell {
  const code = word & 0xff;
  const attribute = (word >>> 8) & 0xff;
  return {
    code,
    attribute,
    foreground: attribute & 0x0f,
    background: hasBlink ? (attribute >> 4) & 7 : attribute >> 4,
    isBlinking: hasBlink && attribute >= 0x80,
  };
}

/**
 * Reads the text screen out of the adapter.
 *
 * @param planes 65,536 words, one per plane offset
 * @returns the screen; of no rows and columns while the adapter is not in a text mode
 */
export function readTextScreen(registers: VgaRegisters, planes: Uint32Array): TextScreen {
  const isText = isTextMode(registers);
  const rows = isText ? textRows(registers) : [];
  const columns = isText ? displayedCharacters(registers) : 0;
  const hasBlink = ((registers.attribute[ATC_MODE_CONTROL] as number) & ATC_MODE_BLINK) !== 0;
  const location = cursorLocation(registers);
  const characterHeight = rowHeight(registers);
  const startScanLine = (registers.crtc[CRTC_CURSOR_START] as number) & 0x1f;
  const endScanLine = (registers.crtc[CRTC_CURSOR_END] as number) & 0x1f;
  const cursor: TextCursor = { row: -1, column: -1, isVisible: false, startScanLine, endScanLine };
  const cells: TextCell[] = [];
  rows.forEach(({ counter }, row) => {
    for (let column = 0; column < columns; column++) {
      const at = (counter + column) & 0xffff;
      cells.push(textCell(planes[displayAddress(registers, at, 0)] as number, hasBlink));
      if (at === location && cursor.row < 0) {
        cursor.row = row;
        cursor.column = column;
        cursor.isVisible = isCursorLine(registers, startScanLine) && startScanLine < characterHeight;
      }
    }
  });
  return {
    columns,
    rows: rows.length,
    characterHeight,
    isBlanked: isBlanked(registers),
    cells,
    cursor,
    palette: attributeColors(registers),
  };
}

/**
 * The characters of a screen in Unicode, by code page 437.
 *
 * @returns one string per row, each `columns` UTF-16 units long; trailing spaces are kept
 */
export function textScreenToStrings(screen: TextScreen): string[] {
  return Array.from({ length: screen.rows }, (_, row) =>
    screen.cells
      .slice(row * screen.columns, (row + 1) * screen.columns)
      .map((cell) => CODE_PAGE_437[cell.code])
      .join(''),
  );
}
