/** What displays do with frames: as large as on a monitor, and what has changed since the last one. */
import type { Frame } from './frame.ts';

function wordsOf({ rgba }: Frame): Uint32Array {
  return new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
}

/** @returns the frame dot by dot and scan line by scan line, as the monitor shows it: 640 by 400 in mode 13h */
export function enlarge(frame: Frame): Frame {
  const { width, height, pixelWidth, pixelHeight } = frame;
  if (pixelWidth === 1 && pixelHeight === 1) return frame;
  const from = wordsOf(frame);
  const wide = width * pixelWidth;
  const to = new Uint32Array(wide * height * pixelHeight);
  for (let y = 0; y < height; y++) {
    const first = y * pixelHeight * wide;
    for (let x = 0; x < wide; x++) to[first + x] = from[y * width + Math.floor(x / pixelWidth)] as number;
    for (let copy = 1; copy < pixelHeight; copy++) to.copyWithin(first + copy * wide, first, first + wide);
  }
  return {
    width: wide,
    height: height * pixelHeight,
    pixelWidth: 1,
    pixelHeight: 1,
    rgba: new Uint8ClampedArray(to.buffer),
  };
}

/** A rectangle of a frame, in its pixels. */
export interface FrameRectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Lines that are looked at together: changed rectangles begin and end at multiples of it. */
const BAND_LINES = 16;

/** Columns from the first to the last pixel that differ in a band, or `null`. */
function changedColumns(
  a: Uint32Array,
  b: Uint32Array,
  width: number,
  top: number,
  end: number,
): [number, number] | null {
  let left = width;
  let right = -1;
  for (let y = top; y < end; y++) {
    const line = y * width;
    let x = 0;
    while (x < left && a[line + x] === b[line + x]) x++;
    if (x === width) continue;
    left = Math.min(left, x);
    x = width - 1;
    while (x > right && a[line + x] === b[line + x]) x--;
    right = Math.max(right, x);
  }
  return right < 0 ? null : [left, right];
}

/**
 * Compares two frames.
 *
 * @param before `undefined` when there was none: everything has changed, as when the size has
 * @returns rectangles from top to bottom that hold every pixel that differs; none when the frames are alike
 */
export function changedRectangles(before: Frame | undefined, after: Frame): FrameRectangle[] {
  const { width, height } = after;
  if (before === undefined || before.width !== width || before.height !== height)
    return [{ x: 0, y: 0, width, height }];
  const [a, b] = [wordsOf(before), wordsOf(after)];
  const found: FrameRectangle[] = [];
  for (let y = 0; y < height; y += BAND_LINES) {
    const end = Math.min(y + BAND_LINES, height);
    const columns = changedColumns(a, b, width, y, end);
    if (columns === null) continue;
    const [left, right] = columns;
    const last = found.at(-1);
    if (last !== undefined && last.x === left && last.width === right - left + 1 && last.y + last.height === y) {
      last.height += end - y;
    } else found.push({ x: left, y, width: right - left + 1, height: end - y });
  }
  return found;
}
