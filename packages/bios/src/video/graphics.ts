/**
 * Pixels and characters in graphics modes: CGA (two interleaved banks), planar (through the graphics controller) and linear.
 *
 * @source IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", "Graphics Controller Registers"
 */
import type { Firmware } from '../firmware.ts';
import { PORT_VGA_GRAPHICS, PORT_VGA_SEQUENCER } from '../ports.ts';
import type { VideoMode } from './modes.ts';
import type { CursorPosition, Screen } from './screen.ts';
import type { TextWindow } from './text.ts';
import { writeIndexed } from './vga.ts';

const SEQUENCER_MAP_MASK = 2;
const GC_SET_RESET = 0;
const GC_ENABLE_SET_RESET = 1;
const GC_FUNCTION = 3;
const GC_READ_MAP = 4;
const GC_MODE = 5;
const GC_BIT_MASK = 8;
const FUNCTION_REPLACE = 0x00;
const FUNCTION_XOR = 0x18;
/** Bit of a colour that asks for exclusive or, in modes of up to 16 colours. */
const COLOUR_XOR = 0x80;
/** Vectors that point at the character generators. */
const VECTOR_1FH = 4 * 0x1f;
const VECTOR_43H = 4 * 0x43;

/** Fills the whole memory of a mode with colour 0. */
export function clearGraphics(firmware: Firmware, mode: VideoMode): void {
  const size = mode.model === 'cga' ? 0x4000 : 0x10000;
  if (mode.model === 'planar') selectPlanes(firmware, 0x00, 0x0f, 0xff, FUNCTION_REPLACE);
  firmware.memory.writeBytes(mode.base, new Uint8Array(size));
  if (mode.model === 'planar') restorePlanes(firmware);
}

/** Sets one pixel; outside of the screen nothing happens. */
export function writePixel(
  firmware: Firmware,
  screen: Screen,
  page: number,
  x: number,
  y: number,
  colour: number,
): void {
  const { mode } = screen;
  if (x >= mode.columns * 8 || y >= pixelRows(mode)) return;
  const { memory } = firmware;
  const address = pixelAddress(screen, page, x, y);
  if (mode.model === 'linear') {
    memory.write8(address, colour);
  } else if (mode.model === 'cga') {
    const shift = cgaShift(mode, x);
    const mask = (1 << mode.bitsPerPixel) - 1;
    const old = memory.read8(address);
    const bits = (colour & mask) << shift;
    memory.write8(address, (colour & COLOUR_XOR) !== 0 ? old ^ bits : (old & ~(mask << shift)) | bits);
  } else {
    planarWrite(firmware, address, 0x80 >> (x & 7), colour);
  }
}

/** @returns the colour of one pixel, 0 outside of the screen */
export function readPixel(firmware: Firmware, screen: Screen, page: number, x: number, y: number): number {
  const { mode } = screen;
  if (x >= mode.columns * 8 || y >= pixelRows(mode)) return 0;
  const { memory, ports } = firmware;
  const address = pixelAddress(screen, page, x, y);
  if (mode.model === 'linear') return memory.read8(address);
  if (mode.model === 'cga') return (memory.read8(address) >> cgaShift(mode, x)) & ((1 << mode.bitsPerPixel) - 1);
  let colour = 0;
  for (let plane = 0; plane < 4; plane++) {
    writeIndexed(ports, PORT_VGA_GRAPHICS, GC_READ_MAP, plane);
    colour |= ((memory.read8(address) >> (7 - (x & 7))) & 1) << plane;
  }
  writeIndexed(ports, PORT_VGA_GRAPHICS, GC_READ_MAP, 0);
  return colour;
}

/** Draws a character from the generator that INT 43h (and 1Fh in CGA modes) points at, on a background of 0 unless XORed. */
export function drawCharacter(
  firmware: Firmware,
  screen: Screen,
  page: number,
  { row, column }: CursorPosition,
  character: number,
  colour: number,
): void {
  const { mode, characterHeight } = screen;
  if (column >= mode.columns) return;
  const glyph = glyphAddress(firmware, mode, character, characterHeight);
  const isXor = mode.model !== 'linear' && (colour & COLOUR_XOR) !== 0;
  for (let line = 0; line < characterHeight; line++) {
    const y = row * characterHeight + line;
    if (y >= pixelRows(mode)) return;
    const bits = firmware.memory.read8((glyph + line) >>> 0);
    if (mode.model === 'planar') {
      const address = pixelAddress(screen, page, column * 8, y);
      if (!isXor) planarWrite(firmware, address, 0xff, 0);
      if (bits !== 0) planarWrite(firmware, address, bits, colour);
      continue;
    }
    for (let bit = 0; bit < 8; bit++) {
      const isSet = (bits & (0x80 >> bit)) !== 0;
      if (isSet || !isXor) writePixel(firmware, screen, page, column * 8 + bit, y, isSet ? colour : 0);
    }
  }
}

/** Moves the character rows of a window and fills what becomes free with a colour; see `scrollCells`. */
export function scrollPixels(
  firmware: Firmware,
  screen: Screen,
  page: number,
  window: TextWindow,
  lines: number,
  colour: number,
): void {
  const { mode, characterHeight } = screen;
  const { memory, ports } = firmware;
  const top = window.top * characterHeight;
  const bottom = Math.min((window.bottom + 1) * characterHeight, pixelRows(mode)) - 1;
  const left = window.left * 8;
  const bytes = (window.right - window.left + 1) * (mode.model === 'planar' ? 1 : mode.bitsPerPixel);
  const distance = lines * characterHeight;
  const isPlanar = mode.model === 'planar';
  const fill = fillByte(mode, colour);
  for (let index = 0; index <= bottom - top; index++) {
    const y = distance < 0 ? bottom - index : top + index;
    const target = pixelAddress(screen, page, left, y);
    const isMoved = y + distance >= top && y + distance <= bottom;
    const source = isMoved ? pixelAddress(screen, page, left, y + distance) : target;
    if (isPlanar) {
      // Write mode 1 copies all four planes at once through the latches.
      if (isMoved) writeIndexed(ports, PORT_VGA_GRAPHICS, GC_MODE, 1);
      else selectPlanes(firmware, colour & 0x0f, 0x0f, 0xff, FUNCTION_REPLACE);
    }
    for (let i = 0; i < bytes; i++) memory.write8(target + i, isMoved ? memory.read8(source + i) : fill);
    if (isPlanar) restorePlanes(firmware);
  }
}

function pixelRows(mode: VideoMode): number {
  return mode.rows * mode.characterHeight;
}

function pixelAddress({ mode, pageSizeBytes }: Screen, page: number, x: number, y: number): number {
  switch (mode.model) {
    case 'linear':
      return mode.base + y * mode.columns * 8 + x;
    case 'cga':
      return mode.base + (y & 1) * 0x2000 + (y >> 1) * 80 + Math.trunc((x * mode.bitsPerPixel) / 8);
    default:
      return mode.base + ((page * pageSizeBytes + y * mode.columns + (x >> 3)) & 0xffff);
  }
}

function cgaShift(mode: VideoMode, x: number): number {
  const perByte = 8 / mode.bitsPerPixel;
  return (perByte - 1 - (x % perByte)) * mode.bitsPerPixel;
}

function fillByte(mode: VideoMode, colour: number): number {
  if (mode.model !== 'cga') return colour & 0xff;
  return mode.bitsPerPixel === 2 ? (colour & 3) * 0x55 : (colour & 1) * 0xff;
}

function glyphAddress({ memory }: Firmware, mode: VideoMode, character: number, height: number): number {
  const isUpperHalf = mode.model === 'cga' && character >= 0x80;
  const pointer = memory.read32(isUpperHalf ? VECTOR_1FH : VECTOR_43H);
  return (pointer >>> 16) * 16 + (pointer & 0xffff) + (isUpperHalf ? character - 0x80 : character) * height;
}

/** Writes the pixels of one byte that are set in `mask`, in all planes. */
function planarWrite(firmware: Firmware, address: number, mask: number, colour: number): void {
  const isXor = (colour & COLOUR_XOR) !== 0;
  selectPlanes(firmware, colour & 0x0f, 0x0f, mask, isXor ? FUNCTION_XOR : FUNCTION_REPLACE);
  firmware.memory.read8(address); // fills the latches
  firmware.memory.write8(address, 0xff);
  restorePlanes(firmware);
}

function selectPlanes({ ports }: Firmware, colour: number, enable: number, mask: number, operation: number): void {
  writeIndexed(ports, PORT_VGA_SEQUENCER, SEQUENCER_MAP_MASK, 0x0f);
  writeIndexed(ports, PORT_VGA_GRAPHICS, GC_SET_RESET, colour);
  writeIndexed(ports, PORT_VGA_GRAPHICS, GC_ENABLE_SET_RESET, enable);
  writeIndexed(ports, PORT_VGA_GRAPHICS, GC_FUNCTION, operation);
  writeIndexed(ports, PORT_VGA_GRAPHICS, GC_MODE, 0);
  writeIndexed(ports, PORT_VGA_GRAPHICS, GC_BIT_MASK, mask);
}

/** The graphics controller as programs expect it between calls. */
function restorePlanes(firmware: Firmware): void {
  selectPlanes(firmware, 0, 0, 0xff, FUNCTION_REPLACE);
}
