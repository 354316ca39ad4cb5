/**
 * The colours that firmware loads into the DAC, computed from how IBM's are built up.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Digital-to-Analog Converter"
 */

function rgb(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue;
}

/** The 64 colours of an EGA monitor: bits 2–0 drive red, green and blue with 2/3 of full, bits 5–3 with 1/3. */
export const DEFAULT_PALETTE_16: readonly number[] = Array.from({ length: 64 }, (_, color) => {
  const level = (bit: number): number => ((color >> bit) & 1) * 0x2a + ((color >> (bit + 3)) & 1) * 0x15;
  return rgb(level(2), level(1), level(0));
});

const GRAYS = [0, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 56, 63];

/** Rising intensities from the palest to the full component, for three brightnesses with three saturations each. */
const RAMPS = [
  [0, 16, 31, 47, 63],
  [31, 39, 47, 55, 63],
  [45, 49, 54, 58, 63],
  [0, 7, 14, 21, 28],
  [14, 17, 21, 24, 28],
  [20, 22, 24, 26, 28],
  [0, 4, 8, 12, 16],
  [8, 10, 12, 14, 16],
  [11, 12, 13, 15, 16],
] as const;

/** One of 24 hues, from blue over red and green back to blue, on one ramp. */
function hue(ramp: (typeof RAMPS)[number], step: number): number {
  const sector = Math.floor(step / 4);
  const rising = ramp[step % 4] as number;
  const falling = ramp[4 - (step % 4)] as number;
  const [low, high] = [ramp[0], ramp[4]];
  switch (sector) {
    case 0:
      return rgb(rising, low, high);
    case 1:
      return rgb(high, low, falling);
    case 2:
      return rgb(high, rising, low);
    case 3:
      return rgb(falling, high, low);
    case 4:
      return rgb(low, high, rising);
    default:
      return rgb(low, falling, high);
  }
}

/** The 256 colours of mode 13h: sixteen of text, sixteen grays, nine circles of 24 hues, eight times black. */
export const DEFAULT_PALETTE_256: readonly number[] = [
  ...[0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f].map(
    (color) => DEFAULT_PALETTE_16[color] as number,
  ),
  ...GRAYS.map((level) => rgb(level, level, level)),
  ...RAMPS.flatMap((ramp) => Array.from({ length: 24 }, (_, step) => hue(ramp, step))),
  ...Array.from({ length: 8 }, () => 0),
];
