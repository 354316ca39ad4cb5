/** The guest's screen as lines for a terminal: text cells in their colours, or graphics in half blocks. */
import { CODE_PAGE_437, type Frame, type TextScreen, textScreenToStrings } from '@longmode/vga';
import { type ColorDepth, colorParameters } from './colors.ts';

/** Terminals disagree on the width of the glyphs of these codes: the column is set anew after each. */
const SYMBOL_CODE_MAX = 0x1f;

/**
 * One row of a text screen.
 *
 * @param columns cells to show at most
 * @returns text and escape sequences that write it, beginning in column 1; attributes are reset at the end
 */
export function textRow(screen: TextScreen, row: number, columns: number, depth: ColorDepth): string {
  const width = Math.min(screen.columns, columns);
  let line = '';
  let style = '';
  for (let column = 0; column < width; column++) {
    const cell = screen.cells[row * screen.columns + column];
    if (cell === undefined) break;
    const colors = colorParameters(screen.palette[cell.foreground] ?? 0, screen.palette[cell.background] ?? 0, depth);
    const wanted = [0, ...(cell.isBlinking ? [5] : []), ...(colors === '' ? [] : [colors])].join(';');
    if (wanted !== style) {
      line += `\x1b[${wanted}m`;
      style = wanted;
    }
    line += screen.isBlanked ? ' ' : (CODE_PAGE_437[cell.code] ?? ' ');
    if (cell.code !== 0 && cell.code <= SYMBOL_CODE_MAX) line += `\x1b[${column + 2}G`;
  }
  return `${line}\x1b[0m`;
}

/** The first and the last row of a text screen that show anything, or null. */
export function usedRows(screen: TextScreen): { readonly first: number; readonly last: number } | null {
  let first = -1;
  let last = -1;
  screen.cells.forEach((cell, index) => {
    const isBlank = cell.code === 0 || cell.code === 0x20 || cell.code === 0xff;
    if (isBlank && (screen.palette[cell.background] ?? 0) === 0) return;
    last = Math.floor(index / screen.columns);
    if (first < 0) first = last;
  });
  return first < 0 ? null : { first, last };
}

/**
 * A graphics picture, two pixels a cell, as large as the terminal allows.
 *
 * @param frame as the adapter renders it
 * @returns one string a line
 */
export function graphicsRows(frame: Frame, columns: number, rows: number, depth: ColorDepth): string[] {
  if (frame.width === 0 || frame.height === 0 || columns < 1 || rows < 1) return [];
  // Every standard mode fills a screen of 4 by 3.
  const height = Math.min(rows * 2, Math.floor((columns * 3) / 4));
  const width = Math.floor((height * 4) / 3);
  const sample = (x: number, y: number): number => {
    const at = 4 * (Math.floor((y * frame.height) / height) * frame.width + Math.floor((x * frame.width) / width));
    const { rgba } = frame;
    return ((rgba[at] ?? 0) << 16) | ((rgba[at + 1] ?? 0) << 8) | (rgba[at + 2] ?? 0);
  };
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) => {
    let line = '';
    let style = '';
    for (let x = 0; x < width; x++) {
      const lower = 2 * row + 1 < height ? sample(x, 2 * row + 1) : 0;
      const wanted = colorParameters(sample(x, 2 * row), lower, depth);
      if (wanted !== style) {
        line += `\x1b[${wanted}m`;
        style = wanted;
      }
      line += '▀';
    }
    return `${line}\x1b[0m`;
  });
}

/** The used rows of a text screen, to be printed line by line. */
export function screenText(screen: TextScreen, columns: number, depth: ColorDepth): string {
  const used = usedRows(screen);
  if (used === null) return '';
  const plain = depth === 1 ? textScreenToStrings(screen) : [];
  return Array.from({ length: used.last - used.first + 1 }, (_, index) => {
    const row = used.first + index;
    return depth === 1 ? `${plain[row]?.trimEnd()}\n` : `${textRow(screen, row, columns, depth)}\n`;
  }).join('');
}
