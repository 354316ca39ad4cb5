/**
 * The VESA modes and their customary numbers: up to 11Bh as the standard assigns them, above as the firmware of emulators
 * with the same display interface does, since guests know them by those.
 *
 * @source VESA BIOS Extension (VBE) Core Functions 2.0, "VBE Mode Numbers"
 */
import type { Display } from './display.ts';

/** One mode: a linear frame buffer, or four planes when a pixel has four bits. */
export interface VesaMode {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  /** 4, 8, 15, 16, 24 or 32. */
  readonly bitsPerPixel: number;
}

const DEPTHS = [4, 8, 15, 16, 24, 32] as const;

/** Width and height, and the number for each of the depths 4, 8, 15, 16, 24 and 32; 0 where there is none. */
// biome-ignore format: a table
const RESOLUTIONS: readonly (readonly number[])[] = [
  [320, 200, 0, 0x146, 0x10d, 0x10e, 0x10f, 0x140],
  [640, 400, 0, 0x100, 0, 0, 0, 0x141],
  [640, 480, 0, 0x101, 0x110, 0x111, 0x112, 0x142],
  [800, 600, 0x102, 0x103, 0x113, 0x114, 0x115, 0x143],
  [1024, 768, 0x104, 0x105, 0x116, 0x117, 0x118, 0x144],
  [1280, 1024, 0x106, 0x107, 0x119, 0x11a, 0x11b, 0x145],
  [1600, 1200, 0, 0x11c, 0x11d, 0x11e, 0x11f, 0x147],
  [1152, 864, 0, 0x148, 0x149, 0x14a, 0x14b, 0x14c],
  [1280, 768, 0, 0, 0, 0x175, 0x176, 0x177],
  [1280, 800, 0, 0, 0, 0x178, 0x179, 0x17a],
  [1280, 960, 0, 0, 0, 0x17b, 0x17c, 0x17d],
  [1440, 900, 0, 0, 0, 0x17e, 0x17f, 0x180],
  [1400, 1050, 0, 0, 0, 0x181, 0x182, 0x183],
  [1680, 1050, 0, 0, 0, 0x184, 0x185, 0x186],
  [1920, 1200, 0, 0, 0, 0x187, 0x188, 0x189],
  [2560, 1600, 0, 0, 0, 0x18a, 0x18b, 0x18c],
  [1280, 720, 0, 0, 0, 0x18d, 0x18e, 0x18f],
  [1920, 1080, 0, 0, 0, 0x190, 0x191, 0x192],
  [1600, 900, 0, 0, 0, 0x193, 0x194, 0x195],
  [2560, 1440, 0, 0, 0, 0x196, 0x197, 0x198],
];

/** Every mode, by rising number. */
export const VESA_MODES: readonly VesaMode[] = RESOLUTIONS.flatMap(([width = 0, height = 0, ...numbers]) =>
  DEPTHS.map((bitsPerPixel, i) => ({ number: numbers[i] ?? 0, width, height, bitsPerPixel })),
)
  .filter(({ number }) => number !== 0)
  .sort((a, b) => a.number - b.number);

/** @returns bytes that some pixels in a line take; in each plane where there are planes */
export function bytesOfPixels(pixels: number, bitsPerPixel: number): number {
  return bitsPerPixel === 4 ? pixels >> 3 : pixels * ((bitsPerPixel + 7) >> 3);
}

/** @returns bytes of one whole screen, all planes together */
export function screenSizeBytes({ width, height, bitsPerPixel }: VesaMode): number {
  return bytesOfPixels(width, bitsPerPixel) * height * (bitsPerPixel === 4 ? 4 : 1);
}

/** @returns the modes that the display has memory for */
export function modesOf(display: Display): VesaMode[] {
  return VESA_MODES.filter((mode) => screenSizeBytes(mode) <= display.memorySizeBytes);
}
