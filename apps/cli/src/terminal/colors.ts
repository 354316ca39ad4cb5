/** Colours of the guest in the colours that a terminal has. */

/** Bits of colour that a terminal shows, as `tty.WriteStream.getColorDepth` counts: 1, 4, 8 or 24. */
export type ColorDepth = 1 | 4 | 8 | 24;

/** The sixteen colours of a terminal by ANSI's numbers, as most show them: what palettes of 4 bits are matched with. */
const ANSI_16 = [
  0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa, 0x555555, 0xff5555, 0x55ff55,
  0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
] as const;
/** Intensities of the 6 by 6 by 6 cube of 256 colours. */
const CUBE_LEVELS = [0, 95, 135, 175, 215, 255] as const;

/**
 * The parameters of "Select Graphic Rendition" for a pair of colours.
 *
 * @param foreground, background as RRGGBBh
 * @returns without the sequence's beginning and end; empty for a terminal without colours
 * @source ECMA-48 "SGR"; xterm "Control Sequences"
 */
export function colorParameters(foreground: number, background: number, depth: ColorDepth): string {
  if (depth === 1) return '';
  const key = (foreground * 2 ** 24 + background) * 2 + (depth === 8 ? 1 : 0);
  if (depth === 24) return parameters(foreground, background, depth);
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= CACHE_SIZE_MAX) cache.clear();
  const made = parameters(foreground, background, depth);
  cache.set(key, made);
  return made;
}

/** Matching a palette takes time, and a screen has few pairs of colours. */
const cache = new Map<number, string>();
const CACHE_SIZE_MAX = 4096;

function parameters(foreground: number, background: number, depth: ColorDepth): string {
  if (depth === 24) return `38;2;${components(foreground).join(';')};48;2;${components(background).join(';')}`;
  if (depth === 8) return `38;5;${cubeColor(foreground)};48;5;${cubeColor(background)}`;
  const [front, back] = [ansiColor(foreground), ansiColor(background)];
  return `${front < 8 ? 30 + front : 82 + front};${back < 8 ? 40 + back : 92 + back}`;
}

/** Red, green and blue, 0 to 255. */
export function components(color: number): [number, number, number] {
  return [(color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff];
}

function ansiColor(color: number): number {
  return nearest(ANSI_16.map((candidate) => distance(components(color), components(candidate))));
}

function cubeColor(color: number): number {
  const [red, green, blue] = components(color).map((value) =>
    nearest(CUBE_LEVELS.map((level) => Math.abs(level - value))),
  ) as [number, number, number];
  return 16 + 36 * red + 6 * green + blue;
}

function nearest(distances: readonly number[]): number {
  return distances.indexOf(Math.min(...distances));
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + (value - (b[index] ?? 0)) ** 2, 0);
}
