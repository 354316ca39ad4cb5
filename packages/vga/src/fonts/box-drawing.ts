/**
 * The characters B0h to DFh of code page 437 for any cell height: shades, box drawing and blocks, drawn by rule so that
 * they join at the cells' borders.
 */

/** Weights of the four arms of B3h to DAh: up, down, left, right; 0 none, 1 single, 2 double. */
const ARMS = [
  '1100 1110 1120 2210 0210 0120 2220 2200 0220 2020 2010 1020 0110 1001 1011 0111 1101 0011 1111 1102',
  '2201 2002 0202 2022 0222 2202 0022 2222 1022 2011 0122 0211 2001 1002 0102 0201 2211 1122 1010 0101',
]
  .join(' ')
  .split(' ');

const FIRST_LINE = 0xb3;
const SHADES = [
  [0x22, 0x88],
  [0x55, 0xaa],
  [0xdd, 0x77],
] as const;

/** Columns of a single vertical line and of the two strokes of a double one. */
const SINGLE_COLUMNS = [3, 4] as const;
const LEFT_STROKE = 2;
const RIGHT_STROKE = 5;
const LAST_COLUMN = 7;

/** Pixels of one cell. */
class Canvas {
  readonly rows: Uint8Array;

  constructor(height: number) {
    this.rows = new Uint8Array(height);
  }
  horizontal(y: number, from: number, to: number): void {
    for (let x = from; x <= to; x++) this.rows[y] = (this.rows[y] as number) | (0x80 >> x);
  }
  vertical(x: number, from: number, to: number): void {
    for (let y = from; y <= to; y++) this.horizontal(y, x, x);
  }
}

/** Where both directions are double, each stroke turns into the neighbouring arm's stroke, if there is one. */
function drawDouble(canvas: Canvas, arms: readonly number[], middle: number): void {
  const [up, down, left, right] = arms as [number, number, number, number];
  const last = canvas.rows.length - 1;
  const [above, below] = [middle - 1, middle + 1];
  if (up !== 0) {
    canvas.vertical(LEFT_STROKE, 0, left !== 0 ? above : below);
    canvas.vertical(RIGHT_STROKE, 0, right !== 0 ? above : below);
  }
  if (down !== 0) {
    canvas.vertical(LEFT_STROKE, left !== 0 ? below : above, last);
    canvas.vertical(RIGHT_STROKE, right !== 0 ? below : above, last);
  }
  if (left !== 0) {
    canvas.horizontal(above, 0, up !== 0 ? LEFT_STROKE : RIGHT_STROKE);
    canvas.horizontal(below, 0, down !== 0 ? LEFT_STROKE : RIGHT_STROKE);
  }
  if (right !== 0) {
    canvas.horizontal(above, up !== 0 ? RIGHT_STROKE : LEFT_STROKE, LAST_COLUMN);
    canvas.horizontal(below, down !== 0 ? RIGHT_STROKE : LEFT_STROKE, LAST_COLUMN);
  }
}

/** Where at most one direction is double: lines end at the other direction's nearest stroke, or at its farthest in corners. */
function drawMixed(canvas: Canvas, arms: readonly number[], middle: number): void {
  const [up, down, left, right] = arms as [number, number, number, number];
  const last = canvas.rows.length - 1;
  const isDoubleVertical = Math.max(up, down) === 2;
  const isDoubleHorizontal = Math.max(left, right) === 2;
  const half = isDoubleHorizontal ? 1 : 0;
  const columns = isDoubleVertical ? [LEFT_STROKE, RIGHT_STROKE] : SINGLE_COLUMNS;
  const isCorner = (up === 0) !== (down === 0) && (left === 0) !== (right === 0);
  const reachY = isCorner ? half : -half;
  for (const x of columns) {
    if (up !== 0) canvas.vertical(x, 0, down !== 0 ? middle : middle + reachY);
    if (down !== 0) canvas.vertical(x, up !== 0 ? middle : middle - reachY, last);
  }
  const [nearLeft, nearRight] = [columns[0], columns[columns.length - 1]] as [number, number];
  const isThrough = left !== 0 && right !== 0;
  for (const y of isDoubleHorizontal ? [middle - 1, middle + 1] : [middle]) {
    if (left !== 0) canvas.horizontal(y, 0, isThrough || isCorner ? nearRight : nearLeft);
    if (right !== 0) canvas.horizontal(y, isThrough || isCorner ? nearLeft : nearRight, LAST_COLUMN);
  }
}

function drawBlock(canvas: Canvas, code: number): void {
  const { length } = canvas.rows;
  const half = length >> 1;
  const [top, bottom] = code === 0xdc ? [half, length] : code === 0xdf ? [0, half] : [0, length];
  const [from, to] = code === 0xdd ? [0, 3] : code === 0xde ? [4, 7] : [0, 7];
  for (let y = top; y < bottom; y++) canvas.horizontal(y, from, to);
}

/**
 * Draws one of the characters B0h to DFh.
 *
 * @param height scan lines of the cell, at least 8
 * @returns a byte per scan line, leftmost pixel in bit 7
 */
export function boxDrawing(code: number, height: number): Uint8Array {
  const canvas = new Canvas(height);
  if (code < FIRST_LINE) {
    const shade = SHADES[code - 0xb0] as (typeof SHADES)[number];
    return canvas.rows.map((_, y) => shade[y & 1] as number);
  }
  const digits = ARMS[code - FIRST_LINE];
  if (digits === undefined) {
    drawBlock(canvas, code);
    return canvas.rows;
  }
  const arms = Array.from(digits, Number);
  const middle = (height >> 1) - 1;
  const isDouble = Math.max(arms[0] as number, arms[1] as number) !== 1 && !arms.slice(2).includes(1);
  if (isDouble) drawDouble(canvas, arms, middle);
  else drawMixed(canvas, arms, middle);
  return canvas.rows;
}
