/** Writing characters at the cursor: teletype, repeated characters, strings, and scrolling. */
import type { Firmware } from '../firmware.ts';
import { drawCharacter, scrollPixels } from './graphics.ts';
import { activePage, type CursorPosition, readCursor, readScreen, type Screen, writeCursor } from './screen.ts';
import { readCell, scrollCells, type TextWindow, writeCell } from './text.ts';

const BEL = 0x07;
const BS = 0x08;
const LF = 0x0a;
const CR = 0x0d;
const DEFAULT_ATTRIBUTE = 0x07;

/**
 * AH=0Eh: writes a character at the cursor and moves it on, scrolling at the last row. BEL is silent.
 *
 * @param attribute in text modes, undefined keeps what the cell has; in graphics modes the colour
 */
export function teletype(firmware: Firmware, character: number, page: number, attribute: number | undefined): void {
  const screen = readScreen(firmware);
  let { row, column } = clampCursor(screen, readCursor(firmware, page));
  switch (character) {
    case BEL:
      return;
    case BS:
      column = Math.max(0, column - 1);
      break;
    case LF:
      row++;
      break;
    case CR:
      column = 0;
      break;
    default:
      putCharacter(firmware, screen, page, { row, column }, character, attribute);
      column++;
  }
  if (column >= screen.columns) {
    column = 0;
    row++;
  }
  if (row >= screen.rows) {
    row = screen.rows - 1;
    // The new row gets the attribute of the cell that the cursor leaves, as on the PC.
    const fill = screen.mode.model === 'text' ? readCell(firmware, screen, page, { row, column }) >> 8 : 0;
    scrollWindow(firmware, screen, page, fullWindow(screen), 1, fill);
  }
  writeCursor(firmware, page, { row, column });
}

/** Writes 7-bit text at the cursor of the page that is shown. */
export function printText(firmware: Firmware, text: string): void {
  const isText = readScreen(firmware).mode.model === 'text';
  for (const character of text) {
    teletype(firmware, character.charCodeAt(0) & 0xff, activePage(firmware), isText ? undefined : DEFAULT_ATTRIBUTE);
  }
}

/** Puts one character into a cell without moving the cursor. */
export function putCharacter(
  firmware: Firmware,
  screen: Screen,
  page: number,
  position: CursorPosition,
  character: number,
  attribute: number | undefined,
): void {
  if (screen.mode.model === 'text') writeCell(firmware, screen, page, position, character, attribute);
  else drawCharacter(firmware, screen, page, position, character, attribute ?? DEFAULT_ATTRIBUTE);
}

/** AH=06h and 07h. `lines` is negative for down; 0, or as many as the window has, clears it. Bad windows are ignored. */
export function scrollWindow(
  firmware: Firmware,
  screen: Screen,
  page: number,
  window: TextWindow,
  lines: number,
  attribute: number,
): void {
  const bottom = Math.min(window.bottom, screen.rows - 1);
  const right = Math.min(window.right, screen.columns - 1);
  const { top, left } = window;
  if (top > bottom || left > right) return;
  const height = bottom - top + 1;
  const distance = lines === 0 || Math.abs(lines) > height ? height : lines;
  const scroll = screen.mode.model === 'text' ? scrollCells : scrollPixels;
  scroll(firmware, screen, page, { top, left, bottom, right }, distance, attribute);
}

function fullWindow(screen: Screen): TextWindow {
  return { top: 0, left: 0, bottom: screen.rows - 1, right: screen.columns - 1 };
}

function clampCursor(screen: Screen, { row, column }: CursorPosition): CursorPosition {
  return { row: Math.min(row, screen.rows - 1), column: Math.min(column, screen.columns - 1) };
}
