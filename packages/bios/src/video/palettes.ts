/**
 * The DAC contents that go with the standard modes, three 6-bit levels per entry.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", "Video DAC"; levels as measured on a VGA BIOS
 */
import type { VideoMode } from './modes.ts';

const TWO_THIRDS = 0x2a;
const ONE_THIRD = 0x15;

/** @returns red, green, blue, one after the other, for entries from 0 */
export function paletteOf(kind: VideoMode['palette']): Uint8Array {
  return Uint8Array.from(PALETTES[kind]());
}

/** Text and 64-colour modes: index bits rgbRGB, two thirds for a capital and one third for a small letter. */
function egaPalette(): number[] {
  return Array.from({ length: 64 }, (_, index) =>
    [2, 1, 0].map((bit) => ((index >> bit) & 1) * TWO_THIRDS + ((index >> (bit + 3)) & 1) * ONE_THIRD),
  ).flat();
}

/** The sixteen RGBI colours, with brown for dark yellow. */
function cgaColour(index: number): number[] {
  const intensity = (index & 0x10) !== 0 ? ONE_THIRD : 0;
  if ((index & 0x17) === 0x06) return [TWO_THIRDS, ONE_THIRD, 0];
  return [2, 1, 0].map((bit) => ((index >> bit) & 1) * TWO_THIRDS + intensity);
}

function cgaPalette(): number[] {
  return Array.from({ length: 64 }, (_, index) => cgaColour(index)).flat();
}

function monoPalette(): number[] {
  return Array.from({ length: 64 }, (_, index) => {
    const level = [0x00, TWO_THIRDS, TWO_THIRDS, 0x3f][(index >> 3) & 3] ?? 0;
    return [level, level, level];
  }).flat();
}

const GREYS = [0x00, 0x05, 0x08, 0x0b, 0x0e, 0x11, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x2d, 0x32, 0x38, 0x3f];
/** For three intensities and three saturations, the five levels from the least to the most of a primary. */
const HUE_LEVELS = [
  [0x00, 0x10, 0x1f, 0x2f, 0x3f],
  [0x1f, 0x27, 0x2f, 0x37, 0x3f],
  [0x2d, 0x31, 0x36, 0x3a, 0x3f],
  [0x00, 0x07, 0x0e, 0x15, 0x1c],
  [0x0e, 0x11, 0x15, 0x18, 0x1c],
  [0x14, 0x16, 0x18, 0x1a, 0x1c],
  [0x00, 0x04, 0x08, 0x0c, 0x10],
  [0x08, 0x0a, 0x0c, 0x0e, 0x10],
  [0x0b, 0x0c, 0x0d, 0x0f, 0x10],
];
const HUES = 24;

/** Which of the five levels a primary has at a hue: up over four steps, full for eight, down over four, none for eight. */
function hueStep(hue: number): number {
  const position = ((hue % HUES) + HUES) % HUES;
  if (position <= 4) return position;
  if (position <= 12) return 4;
  return position < 16 ? 16 - position : 0;
}

function vga256Palette(): number[] {
  const levels = GREYS.flatMap((grey) => [grey, grey, grey]);
  const colours = Array.from({ length: 16 }, (_, index) => cgaColour((index & 7) | ((index & 8) << 1))).flat();
  const hues = HUE_LEVELS.flatMap((steps) =>
    Array.from({ length: HUES }, (_, hue) =>
      // Blue is full at hue 0; red rises from there, green last.
      [hue, hue - 8, hue + 8].map((position) => steps[hueStep(position)] ?? 0),
    ).flat(),
  );
  return [...colours, ...levels, ...hues, ...new Array<number>(3 * 8).fill(0)];
}

const PALETTES: Readonly<Record<VideoMode['palette'], () => number[]>> = {
  text: egaPalette,
  ega: egaPalette,
  cga: cgaPalette,
  mono: monoPalette,
  vga256: vga256Palette,
};
