/**
 * The picture as pixels: the character generator with the fonts in plane 2, the three shift modes of the graphics
 * controller, panning, split screen, cursor and blinking.
 *
 * @source IBM VGA technical reference, "Alphanumeric Modes", "Graphics Modes", "Attribute Controller Registers"
 */
import { attributeColors, dacColors } from './color.ts';
import {
  ATC_MODE_8_BIT,
  ATC_MODE_BLINK,
  ATC_MODE_CONTROL,
  ATC_MODE_LINE_GRAPHICS,
  ATC_MODE_MONO,
  ATC_MODE_PANNING_COMPATIBLE,
  ATC_PEL_PANNING,
  CRTC_UNDERLINE_LOCATION,
  GC_MODE,
  GC_MODE_SHIFT_256,
  GC_MODE_SHIFT_INTERLEAVE,
  SEQ_CHARACTER_MAP_SELECT,
  SEQ_CLOCKING_HALF_DOT_CLOCK,
  SEQ_CLOCKING_MODE,
} from './registers.ts';
import {
  displayAddress,
  displayedCharacters,
  isDoubleScanned,
  isRowScanAddressed,
  rowHeight,
  type ScanLine,
  scanLines,
} from './scan.ts';
import type { VgaRegisters } from './state.ts';
import { cursorLocation, isBlanked, isCursorLine, isTextMode } from './text-screen.ts';
import { beamPosition, characterWidth, vgaTiming } from './timing.ts';

/**
 * One picture. Scan lines that the adapter merely repeats (double scan, 200-line graphics) are in it once, and so are the
 * dots of a slow dot clock.
 */
export interface Frame {
  /** Pixels. */
  width: number;
  height: number;
  /** Dots and scan lines of one pixel on the monitor: 2 by 2 in the modes of 320 by 200. */
  pixelWidth: number;
  pixelHeight: number;
  /** `4 * width * height` bytes, row by row from the top left: red, green, blue, alpha 255. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** A colour RRGGBBh as the word that four bytes of RGBA make, opaque; the upper byte is ignored. */
export function packColor(color: number): number {
  return 0xff000000 | ((color & 0xff) << 16) | (color & 0xff00) | ((color >> 16) & 0xff);
}

/** Frames between two changes of the cursor's and of blinking characters' visibility. */
const CURSOR_BLINK_FRAMES = 8;
const CHARACTER_BLINK_FRAMES = 16;

/** Colour indices of one scan line, with one character more than is displayed, for panning. */
type DrawLine = (line: ScanLine, pixels: Uint8Array) => void;

/** Plane 2 offset of font 0 to 7, as Character Map Select numbers them. */
function fontOffset(number: number): number {
  return ((number & 3) << 14) | ((number & 4) << 11);
}

function drawText(registers: VgaRegisters, planes: Uint32Array, frame: number): DrawLine {
  const select = registers.sequencer[SEQ_CHARACTER_MAP_SELECT] as number;
  const fontA = fontOffset(((select >> 2) & 3) | ((select >> 3) & 4));
  const fontB = fontOffset((select & 3) | ((select >> 2) & 4));
  const mode = registers.attribute[ATC_MODE_CONTROL] as number;
  const hasBlink = (mode & ATC_MODE_BLINK) !== 0;
  const isMono = (mode & ATC_MODE_MONO) !== 0;
  const isCharacterOff = Math.floor(frame / CHARACTER_BLINK_FRAMES) % 2 === 1;
  const isCursorOn = Math.floor(frame / CURSOR_BLINK_FRAMES) % 2 === 0;
  const underline = (registers.crtc[CRTC_UNDERLINE_LOCATION] as number) & 0x1f;
  const location = cursorLocation(registers);
  const width = characterWidth(registers);
  const columns = displayedCharacters(registers) + 1;

  /** The nine dots of one cell's scan line, leftmost in bit 8. */
  const dots = (code: number, attribute: number, rowScan: number): number => {
    const font = (attribute & 0x08) !== 0 ? fontA : fontB;
    const row = ((planes[(font + 32 * code + rowScan) & 0xffff] as number) >>> 16) & 0xff;
    const isJoined = (mode & ATC_MODE_LINE_GRAPHICS) !== 0 && (code & 0xe0) === 0xc0;
    return (row << 1) | (isJoined ? row & 1 : 0);
  };

  return ({ counter, rowScan }, pixels) => {
    const hasCursor = isCursorOn && isCursorLine(registers, rowScan);
    for (let column = 0, x = 0; column < columns; column++) {
      const at = (counter + column) & 0xffff;
      const word = planes[displayAddress(registers, at, rowScan)] as number;
      const attribute = (word >>> 8) & 0xff;
      const background = hasBlink ? (attribute >> 4) & 7 : attribute >> 4;
      let bits = dots(word & 0xff, attribute, rowScan);
      if (isMono && rowScan === underline && (attribute & 7) === 1) bits = 0x1ff;
      if (hasBlink && attribute >= 0x80 && isCharacterOff) bits = 0;
      if (hasCursor && at === location) bits = 0x1ff;
      for (let dot = 0; dot < width; dot++) {
        pixels[x++] = (bits & (0x100 >> dot)) !== 0 ? attribute & 0x0f : background;
      }
    }
  };
}

/** Eight pixels of four bits from one bit of each plane, leftmost first. */
function planarPixel(word: number, x: number): number {
  const bits = word >>> (7 - x);
  return (bits & 1) | ((bits >> 7) & 2) | ((bits >> 14) & 4) | ((bits >> 21) & 8);
}

/** Eight pixels of two bits from planes 0 then 1, with two more bits from planes 2 then 3. */
function interleavedPixel(word: number, x: number): number {
  const pair = x < 4 ? word : word >>> 8;
  const shift = 6 - 2 * (x & 3);
  return ((pair >>> shift) & 3) | (((pair >>> (16 + shift)) & 3) << 2);
}

function drawGraphics(registers: VgaRegisters, planes: Uint32Array): DrawLine {
  const mode = registers.graphics[GC_MODE] as number;
  const columns = displayedCharacters(registers) + 1;
  const isInterleaved = (mode & GC_MODE_SHIFT_INTERLEAVE) !== 0;
  const is256 = isEightBit(registers);
  return ({ counter, rowScan }, pixels) => {
    for (let column = 0, x = 0; column < columns; column++) {
      const word = planes[displayAddress(registers, counter + column, rowScan)] as number;
      if (is256) {
        for (let plane = 0; plane < 4; plane++) pixels[x++] = (word >>> (8 * plane)) & 0xff;
      } else {
        for (let i = 0; i < 8; i++) pixels[x++] = isInterleaved ? interleavedPixel(word, i) : planarPixel(word, i);
      }
    }
  };
}

/** Whether a pixel has eight bits: four pixels a character clock, and no attribute palette. */
function isEightBit(registers: VgaRegisters): boolean {
  return (
    !isTextMode(registers) &&
    ((registers.graphics[GC_MODE] as number) & GC_MODE_SHIFT_256) !== 0 &&
    ((registers.attribute[ATC_MODE_CONTROL] as number) & ATC_MODE_8_BIT) !== 0
  );
}

/** Pixels by which a line moves to the left. */
function panning(registers: VgaRegisters, dotsPerCharacter: number, line: ScanLine): number {
  const mode = registers.attribute[ATC_MODE_CONTROL] as number;
  if (line.isAfterSplit && (mode & ATC_MODE_PANNING_COMPATIBLE) !== 0) return 0;
  const value = registers.attribute[ATC_PEL_PANNING] as number;
  if (dotsPerCharacter === 4) return (value & 7) >> 1;
  if (dotsPerCharacter === 9) return value >= 8 ? 0 : value + 1;
  return value & 7;
}

/** How many scan lines in succession are the same picture line. */
function lineRepeat(registers: VgaRegisters): number {
  const double = isDoubleScanned(registers) ? 2 : 1;
  return isTextMode(registers) || isRowScanAddressed(registers) ? double : double * rowHeight(registers);
}

/** Dots of one pixel: the slow dot clock makes them twice as wide, and so do pixels of eight bits. */
function dotsPerPixel(registers: VgaRegisters): number {
  const isSlow = ((registers.sequencer[SEQ_CLOCKING_MODE] as number) & SEQ_CLOCKING_HALF_DOT_CLOCK) !== 0;
  return (isSlow ? 2 : 1) * (isEightBit(registers) ? 2 : 1);
}

/**
 * Draws the current picture.
 *
 * @param planes 65,536 words, one per plane offset
 * @param now virtual time in nanoseconds, for blinking
 * @returns a new frame; black while the adapter shows nothing
 */
export function renderFrame(registers: VgaRegisters, planes: Uint32Array, now: number): Frame {
  const isText = isTextMode(registers);
  const is256 = isEightBit(registers);
  const dotsPerCharacter = is256 ? 4 : isText ? characterWidth(registers) : 8;
  const width = displayedCharacters(registers) * dotsPerCharacter;
  const repeat = lineRepeat(registers);
  const lines = scanLines(registers).filter((_, y) => y % repeat === 0);
  const height = lines.length;
  const to = new Uint32Array(width * height);
  const rgba = new Uint8ClampedArray(to.buffer);
  const picture = { width, height, pixelWidth: dotsPerPixel(registers), pixelHeight: repeat, rgba };
  if (isBlanked(registers)) {
    to.fill(packColor(0));
    return picture;
  }
  const colors = Uint32Array.from(is256 ? dacColors(registers) : attributeColors(registers), packColor);
  const { frame } = beamPosition(vgaTiming(registers), now);
  const draw = isText ? drawText(registers, planes, frame) : drawGraphics(registers, planes);
  const pixels = new Uint8Array(width + dotsPerCharacter);
  let at = 0;
  for (const line of lines) {
    draw(line, pixels);
    const pan = panning(registers, dotsPerCharacter, line);
    for (let x = 0; x < width; x++) to[at++] = colors[pixels[x + pan] as number] as number;
  }
  return picture;
}
