/**
 * The register contents of the standard video modes, and the way to program them through the ports, for firmware and
 * loaders.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", register values per mode
 */
import type { MemoryDevice, PortDevice } from '@longmode/device';
import { DEFAULT_PALETTE_16, DEFAULT_PALETTE_256 } from './palettes.ts';
import {
  ATC_INDEX_PALETTE_ADDRESS_SOURCE,
  CRTC_PROTECT,
  CRTC_VERTICAL_RETRACE_END,
  MISC_COLOR_ADDRESSES,
  PORT_ATTRIBUTE,
  PORT_CRTC_DATA_COLOR,
  PORT_CRTC_DATA_MONO,
  PORT_CRTC_INDEX_COLOR,
  PORT_CRTC_INDEX_MONO,
  PORT_DAC_DATA,
  PORT_DAC_WRITE_INDEX,
  PORT_GRAPHICS_INDEX,
  PORT_INPUT_STATUS_1_COLOR,
  PORT_INPUT_STATUS_1_MONO,
  PORT_MISC_OUTPUT,
  PORT_PEL_MASK,
  PORT_SEQUENCER_DATA,
  PORT_SEQUENCER_INDEX,
  PORT_VIDEO_ENABLE,
  SEQ_RESET,
} from './registers.ts';

/** All registers of one video mode, each list by register index. */
export interface ModeRegisters {
  /** What the mode is, for people: `80x25 text, 9x16 characters`. */
  readonly description: string;
  readonly miscOutput: number;
  readonly sequencer: readonly number[];
  readonly crtc: readonly number[];
  readonly graphics: readonly number[];
  readonly attribute: readonly number[];
  /** DAC colours from entry 0 on as RRGGBBh of six-bit components. */
  readonly palette: readonly number[];
}

const EGA_ATTRIBUTES = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f];

/** Mode 3: 80x25 colour text in 9x16 cells, 720x400 at 70 Hz, memory at B8000h. */
export const MODE_3_REGISTERS: ModeRegisters = {
  description: '80x25 text, 9x16 characters',
  miscOutput: 0x67,
  sequencer: [0x03, 0x00, 0x03, 0x00, 0x02],
  // biome-ignore format: a table
  crtc: [
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
  ],
  graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff],
  attribute: [...EGA_ATTRIBUTES, 0x0c, 0x00, 0x0f, 0x08, 0x00],
  palette: DEFAULT_PALETTE_16,
};

/**
 * Mode 3 in 8x16 cells: 640x400 at 70 Hz, for displays that scale badly. Not a standard mode's timing, but a usual one.
 */
export const MODE_3_NARROW_REGISTERS: ModeRegisters = {
  ...MODE_3_REGISTERS,
  description: '80x25 text, 8x16 characters',
  miscOutput: 0x63,
  sequencer: [0x03, 0x01, 0x03, 0x00, 0x02],
  attribute: [...EGA_ATTRIBUTES, 0x0c, 0x00, 0x0f, 0x00, 0x00],
};

/** Mode 12h: 640x480 graphics in 16 colours, four planes at A0000h. */
export const MODE_12_REGISTERS: ModeRegisters = {
  description: '640x480 graphics, 16 colours',
  miscOutput: 0xe3,
  sequencer: [0x03, 0x01, 0x0f, 0x00, 0x06],
  // biome-ignore format: a table
  crtc: [
    0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff,
  ],
  graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff],
  attribute: [...EGA_ATTRIBUTES, 0x01, 0x00, 0x0f, 0x00, 0x00],
  palette: DEFAULT_PALETTE_16,
};

/** Mode 13h: 320x200 graphics in 256 colours, a byte per pixel at A0000h. */
export const MODE_13_REGISTERS: ModeRegisters = {
  description: '320x200 graphics, 256 colours',
  miscOutput: 0x63,
  sequencer: [0x03, 0x01, 0x0f, 0x00, 0x0e],
  // biome-ignore format: a table
  crtc: [
    0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff,
  ],
  graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff],
  attribute: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x41, 0x00, 0x0f, 0x00, 0x00],
  palette: DEFAULT_PALETTE_256,
};

/** Reset register: the clocks stop in an orderly way, and memory keeps its contents. */
const SEQ_SYNCHRONOUS_RESET = 0x01;

function writeIndexed(device: PortDevice, indexOffset: number, values: readonly number[]): void {
  values.forEach((value, index) => {
    device.writePort(indexOffset, 8, index);
    device.writePort(indexOffset + 1, 8, value);
  });
}

/**
 * Programs a whole mode through the ports, as firmware does. Video memory keeps its contents: clearing it and loading a
 * font ({@link loadFont}) is the caller's.
 *
 * @param device the adapter, or anything that answers its ports at the same offsets from 3B0h
 */
export function programMode(device: PortDevice, mode: ModeRegisters): void {
  const isColor = (mode.miscOutput & MISC_COLOR_ADDRESSES) !== 0;
  const crtcIndex = isColor ? PORT_CRTC_INDEX_COLOR : PORT_CRTC_INDEX_MONO;
  const crtcData = isColor ? PORT_CRTC_DATA_COLOR : PORT_CRTC_DATA_MONO;
  const inputStatus1 = isColor ? PORT_INPUT_STATUS_1_COLOR : PORT_INPUT_STATUS_1_MONO;
  device.writePort(PORT_VIDEO_ENABLE, 8, 1);
  writeIndexed(device, PORT_SEQUENCER_INDEX, [SEQ_SYNCHRONOUS_RESET]);
  device.writePort(PORT_MISC_OUTPUT, 8, mode.miscOutput);
  writeIndexed(device, PORT_SEQUENCER_INDEX, [SEQ_SYNCHRONOUS_RESET, ...mode.sequencer.slice(1)]);
  device.writePort(PORT_SEQUENCER_INDEX, 8, SEQ_RESET);
  device.writePort(PORT_SEQUENCER_DATA, 8, mode.sequencer[SEQ_RESET] as number);
  device.writePort(crtcIndex, 8, CRTC_VERTICAL_RETRACE_END);
  device.writePort(crtcData, 8, (mode.crtc[CRTC_VERTICAL_RETRACE_END] as number) & ~CRTC_PROTECT);
  writeIndexed(device, crtcIndex, mode.crtc);
  writeIndexed(device, PORT_GRAPHICS_INDEX, mode.graphics);
  device.readPort(inputStatus1, 8);
  mode.attribute.forEach((value, index) => {
    device.writePort(PORT_ATTRIBUTE, 8, index);
    device.writePort(PORT_ATTRIBUTE, 8, value);
  });
  device.writePort(PORT_PEL_MASK, 8, 0xff);
  device.writePort(PORT_DAC_WRITE_INDEX, 8, 0);
  for (const color of mode.palette) {
    for (const shift of [16, 8, 0]) device.writePort(PORT_DAC_DATA, 8, (color >> shift) & 0x3f);
  }
  device.writePort(PORT_ATTRIBUTE, 8, ATC_INDEX_PALETTE_ADDRESS_SOURCE);
}

/** Sequencer and graphics controller while plane 2 is written linearly at A0000h, as `[index port, index, value]`. */
const FONT_ACCESS = [
  [PORT_SEQUENCER_INDEX, 2, 0x04],
  [PORT_SEQUENCER_INDEX, 4, 0x06],
  [PORT_GRAPHICS_INDEX, 1, 0x00],
  [PORT_GRAPHICS_INDEX, 3, 0x00],
  [PORT_GRAPHICS_INDEX, 5, 0x00],
  [PORT_GRAPHICS_INDEX, 6, 0x04],
  [PORT_GRAPHICS_INDEX, 8, 0xff],
] as const;

/**
 * Loads a text font into plane 2 through ports and memory window, as firmware does, and puts the registers back.
 *
 * @param device the adapter: ports at offsets from 3B0h, memory at offsets from A0000h
 * @param font glyph after glyph from character 0 on, a byte per scan line, leftmost pixel in bit 7; at most 256 glyphs
 * @param height scan lines per glyph, 1 to 32
 */
export function loadFont(device: PortDevice & MemoryDevice, font: Uint8Array, height: number): void {
  const saved = FONT_ACCESS.map(([port, index, value]) => {
    device.writePort(port, 8, index);
    const old = device.readPort(port + 1, 8);
    device.writePort(port + 1, 8, value);
    return [port, index, old] as const;
  });
  font.subarray(0, 256 * height).forEach((bits, i) => {
    device.writeMemory(32 * Math.floor(i / height) + (i % height), 8, bits);
  });
  for (const [port, index, old] of saved) {
    device.writePort(port, 8, index);
    device.writePort(port + 1, 8, old);
  }
}
