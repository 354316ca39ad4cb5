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

/** Width over height of the monitor: every mode of the VGA fills one of 4 by 3, pixels of larger modes are square. */
export function aspectOf(frame: Frame, isExtended: boolean): number {
  return isExtended && frame.height > 0 ? frame.width / frame.height : 4 / 3;
}

/** Half cells, as high as they are wide, of the largest picture that fits: columns, and twice the rows. */
export function pictureSize(columns: number, rows: number, aspect: number): { width: number; height: number } {
  const height = Math.min(rows * 2, Math.floor(columns / aspect));
  return { width: Math.min(columns, Math.floor(height * aspect)), height };
}

/** The mean colour of the part of a frame that one of `width` by `height` samples stands for. */
function sample(frame: Frame, width: number, height: number, x: number, y: number): number {
  const [left, top] = [Math.floor((x * frame.width) / width), Math.floor((y * frame.height) / height)];
  const right = Math.max(left + 1, Math.floor(((x + 1) * frame.width) / width));
  const bottom = Math.max(top + 1, Math.floor(((y + 1) * frame.height) / height));
  const sums = [0, 0, 0];
  for (let row = top; row < bottom; row++) {
    for (let at = 4 * (row * frame.width + left), end = 4 * (row * frame.width + right); at < end; at += 4) {
      for (let part = 0; part < 3; part++) sums[part] = (sums[part] ?? 0) + (frame.rgba[at + part] ?? 0);
    }
  }
  const count = (right - left) * (bottom - top);
  return sums.reduce((color, sum) => color * 256 + Math.round(sum / count), 0);
}

/**
 * A graphics picture, two pixels a cell, as large as the terminal allows.
 *
 * @param frame as the adapter renders it
 * @param aspect width over height of the monitor
 * @returns one string a line
 */
export function graphicsRows(
  frame: Frame,
  columns: number,
  rows: number,
  depth: ColorDepth,
  aspect: number = 4 / 3,
): string[] {
  if (frame.width === 0 || frame.height === 0 || columns < 1 || rows < 1) return [];
  const { width, height } = pictureSize(columns, rows, aspect);
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) => {
    let line = '';
    let style = '';
    for (let x = 0; x < width; x++) {
      const lower = 2 * row + 1 < height ? sample(frame, width, height, x, 2 * row + 1) : 0;
      const wanted = colorParameters(sample(frame, width, height, x, 2 * row), lower, depth);
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
