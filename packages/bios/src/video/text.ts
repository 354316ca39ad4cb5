/** Characters and attributes in text modes: one word a cell. */
import type { Firmware } from '../firmware.ts';
import type { CursorPosition, Screen } from './screen.ts';

/** Text modes see 32 KiB; what would lie behind wraps around. */
const WINDOW_MASK = 0x7fff;

/** A rectangle of cells, borders included. */
export interface TextWindow {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function cellAddress(screen: Screen, page: number, row: number, column: number): number {
  const offset = page * screen.pageSizeBytes + (row * screen.columns + column) * 2;
  return screen.mode.base + (offset & WINDOW_MASK);
}

/** @returns character in the low byte, attribute in the high byte */
export function readCell({ memory }: Firmware, screen: Screen, page: number, { row, column }: CursorPosition): number {
  return memory.read16(cellAddress(screen, page, row, column));
}

/** Writes a character; the attribute stays as it is when none is given. */
export function writeCell(
  { memory }: Firmware,
  screen: Screen,
  page: number,
  { row, column }: CursorPosition,
  character: number,
  attribute: number | undefined,
): void {
  const address = cellAddress(screen, page, row, column);
  if (attribute === undefined) memory.write8(address, character);
  else memory.write16(address, (attribute << 8) | character);
}

/** Moves the rows of a window up (or down, with negative `lines`) and fills what becomes free with blanks. */
export function scrollCells(
  firmware: Firmware,
  screen: Screen,
  page: number,
  window: TextWindow,
  lines: number,
  attribute: number,
): void {
  const { memory } = firmware;
  const { top, left, bottom, right } = window;
  const height = bottom - top + 1;
  const step = lines < 0 ? -1 : 1;
  const blank = (attribute << 8) | 0x20;
  for (let index = 0; index < height; index++) {
    const row = step > 0 ? top + index : bottom - index;
    const source = row + lines;
    const isMoved = source >= top && source <= bottom;
    for (let column = left; column <= right; column++) {
      const cell = isMoved ? memory.read16(cellAddress(screen, page, source, column)) : blank;
      memory.write16(cellAddress(screen, page, row, column), cell);
    }
  }
}
