/**
 * The standard VGA modes: what the BIOS data area says about each, and the register values that set it up.
 *
 * Register rows hold: miscellaneous output; sequencer 1-4; CRTC 00-18; graphics controller 0-8; attribute controller 00-13.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", register tables of the BIOS modes
 */

/** How a mode's pixels or characters are stored. */
export type VideoMemoryModel = 'text' | 'cga' | 'planar' | 'linear';

/** One mode. */
export interface VideoMode {
  readonly number: number;
  readonly model: VideoMemoryModel;
  /** Characters per row and rows, also in graphics modes. */
  readonly columns: number;
  readonly rows: number;
  /** Scan lines of a character. */
  readonly characterHeight: number;
  /** Physical address of the display memory. */
  readonly base: number;
  readonly pageSizeBytes: number;
  readonly pageCount: number;
  /** Bits of one pixel; 4 in text modes (the palette's size). */
  readonly bitsPerPixel: number;
  readonly palette: 'text' | 'cga' | 'ega' | 'vga256' | 'mono';
  /** Hexadecimal register row; see the file header. */
  readonly registers: string;
}

const TEXT_ATTRIBUTES = '000102030405140738393a3b3c3d3e3f0c000f08';
const EGA_ATTRIBUTES = '000102030405140738393a3b3c3d3e3f01000f00';
const LOW_ATTRIBUTES = '000102030405060710111213141516170100';

const text = (number: number, columns: number): VideoMode => ({
  number,
  model: 'text',
  columns,
  rows: 25,
  characterHeight: 16,
  base: 0xb8000,
  pageSizeBytes: columns * 25 * 2 > 0x800 ? 0x1000 : 0x800,
  pageCount: 8,
  bitsPerPixel: 4,
  palette: 'text',
  registers:
    columns === 40
      ? `67 08030002 2d2728902ba0bf1f004f0d0e000000009c8e8f141f96b9a3ff 0000000000100e00ff ${TEXT_ATTRIBUTES}`
      : `67 00030002 5f4f50825581bf1f004f0d0e000000009c8e8f281f96b9a3ff 0000000000100e00ff ${TEXT_ATTRIBUTES}`,
});

const graphics = (
  number: number,
  model: VideoMemoryModel,
  columns: number,
  rows: number,
  characterHeight: number,
  pageSizeBytes: number,
  pageCount: number,
  bitsPerPixel: number,
  palette: VideoMode['palette'],
  registers: string,
): VideoMode => ({
  number,
  model,
  columns,
  rows,
  characterHeight,
  base: model === 'cga' ? 0xb8000 : 0xa0000,
  pageSizeBytes,
  pageCount,
  bitsPerPixel,
  palette,
  registers,
});

const CGA_ATTRIBUTES = '0013151702040607101112131415161701000300';
const CGA_MONO_ATTRIBUTES = '0017171717171717171717171717171701000100';
const MODE_11_ATTRIBUTES = '003f3f3f3f3f3f3f3f3f3f3f3f3f3f3f01000f00';
const MODE_13_ATTRIBUTES = '000102030405060708090a0b0c0d0e0f41000f00';
const MONO_ATTRIBUTES = '00080808080808081018181818181818 0e000f08';

/** Every mode that the firmware can set, by number. */
export const VIDEO_MODES: ReadonlyMap<number, VideoMode> = new Map(
  [
    text(0x00, 40),
    text(0x01, 40),
    text(0x02, 80),
    text(0x03, 80),
    {
      ...text(0x07, 80),
      base: 0xb0000,
      palette: 'mono' as const,
      registers: `66 00030002 5f4f50825581bf1f004f0d0e000000009c8e8f280f96b9a3ff 0000000000100a00ff ${MONO_ATTRIBUTES}`,
    },
    ...[0x04, 0x05].map((number) =>
      graphics(
        number,
        'cga',
        40,
        25,
        8,
        0x4000,
        1,
        2,
        'cga',
        `63 09030002 2d2728902b80bf1f00c1000000000000 9c8e8f140096b9a2ff 0000000000300f0fff ${CGA_ATTRIBUTES}`,
      ),
    ),
    graphics(
      0x06,
      'cga',
      80,
      25,
      8,
      0x4000,
      1,
      1,
      'cga',
      `63 01010006 5f4f50825480bf1f00c1000000000000 9c8e8f280096b9c2ff 0000000000000d0fff ${CGA_MONO_ATTRIBUTES}`,
    ),
    graphics(
      0x0d,
      'planar',
      40,
      25,
      8,
      0x2000,
      8,
      4,
      'cga',
      `63 090f0006 2d2728902b80bf1f00c0000000000000 9c8e8f140096b9e3ff 000000000000050fff ${LOW_ATTRIBUTES}0f00`,
    ),
    graphics(
      0x0e,
      'planar',
      80,
      25,
      8,
      0x4000,
      4,
      4,
      'cga',
      `63 010f0006 5f4f50825480bf1f00c0000000000000 9c8e8f280096b9e3ff 000000000000050fff ${LOW_ATTRIBUTES}0f00`,
    ),
    graphics(
      0x10,
      'planar',
      80,
      25,
      14,
      0x8000,
      2,
      4,
      'ega',
      `a3 010f0006 5f4f50825480bf1f0040000000000000 83855d280f63bae3ff 000000000000050fff ${EGA_ATTRIBUTES}`,
    ),
    graphics(
      0x11,
      'planar',
      80,
      30,
      16,
      0xa000,
      1,
      1,
      'ega',
      `e3 010f0006 5f4f508254800b3e0040000000000000 ea8cdf2800e704e3ff 000000000000050fff ${MODE_11_ATTRIBUTES}`,
    ),
    graphics(
      0x12,
      'planar',
      80,
      30,
      16,
      0xa000,
      1,
      4,
      'ega',
      `e3 010f0006 5f4f508254800b3e0040000000000000 ea8cdf2800e704e3ff 000000000000050fff ${EGA_ATTRIBUTES}`,
    ),
    graphics(
      0x13,
      'linear',
      40,
      25,
      8,
      0x2000,
      1,
      8,
      'vga256',
      `63 010f000e 5f4f50825480bf1f0041000000000000 9c8e8f284096b9a3ff 000000000040050fff ${MODE_13_ATTRIBUTES}`,
    ),
  ].map((mode) => [mode.number, mode] as const),
);

/** How many scan lines text modes can have. */
export type TextLines = 200 | 350 | 400;

/** Rows of the text modes below 400 lines, as the CGA and the EGA had them: cells of eight dots. */
// biome-ignore format: a table
const FEWER_LINES: Readonly<Record<200 | 350, { height: number; registers: Readonly<Record<number, string>> }>> = {
  200: {
    height: 8,
    registers: {
      40: `63 09030002 2d2728902ba0bf1f00c7060700000000 9c8e8f141f96b9a3ff 0000000000100e00ff ${TEXT_ATTRIBUTES.slice(0, -2)}00`,
      80: `63 01030002 5f4f50825581bf1f00c7060700000000 9c8e8f281f96b9a3ff 0000000000100e00ff ${TEXT_ATTRIBUTES.slice(0, -2)}00`,
    },
  },
  350: {
    height: 14,
    registers: {
      40: `a3 09030002 2d2728902ba0bf1f004d0b0c00000000 83855d141f63baa3ff 0000000000100e00ff ${TEXT_ATTRIBUTES.slice(0, -2)}00`,
      80: `a3 01030002 5f4f50825581bf1f004d0b0c00000000 83855d281f63baa3ff 0000000000100e00ff ${TEXT_ATTRIBUTES.slice(0, -2)}00`,
    },
  },
};

/** @returns a mode with so many scan lines; as it is when it is no colour text mode */
export function withTextLines(mode: VideoMode, lines: TextLines): VideoMode {
  if (lines === 400 || mode.palette !== 'text') return mode;
  const { height, registers } = FEWER_LINES[lines];
  return { ...mode, characterHeight: height, registers: registers[mode.columns] ?? mode.registers };
}

/** Register values of one mode, by register file. */
export interface VideoRegisters {
  readonly misc: number;
  /** Index 1 to 4. */
  readonly sequencer: readonly number[];
  readonly crtc: readonly number[];
  readonly graphics: readonly number[];
  readonly attribute: readonly number[];
}

/** Splits a mode's register row. */
export function videoRegisters(mode: VideoMode): VideoRegisters {
  const digits = mode.registers.replaceAll(' ', '');
  const values = Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
  return {
    misc: values[0] ?? 0,
    sequencer: values.slice(1, 5),
    crtc: values.slice(5, 30),
    graphics: values.slice(30, 39),
    attribute: values.slice(39, 59),
  };
}
