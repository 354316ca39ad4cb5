/** The picture of an extended mode: one linear frame buffer of 8 to 32 bits a pixel, or the planes of four. */
import { attributeColors, dacColors } from './color.ts';
import { type ExtendedMode, extendedMode } from './dispi.ts';
import { type Frame, packColor } from './frame.ts';
import type { VgaRegisters } from './state.ts';
import type { VideoMemory } from './video-memory.ts';

/** Draws one line: `to` are as many pixels as the mode is wide, `at` is the first byte of the line. */
type DrawLine = (to: Uint32Array, at: number) => void;

function drawIndexed({ bytes }: VideoMemory, colors: readonly number[]): DrawLine {
  const packed = Uint32Array.from(colors, packColor);
  return (to, at) => {
    for (let x = 0; x < to.length; x++) to[x] = packed[bytes[at + x] as number] as number;
  };
}

function drawPlanar({ words }: VideoMemory, colors: readonly number[]): DrawLine {
  const packed = Uint32Array.from(colors, packColor);
  return (to, at) => {
    for (let x = 0; x < to.length; x++) {
      const bits = (words[at + (x >> 3)] as number) >>> (7 - (x & 7));
      to[x] = packed[(bits & 1) | ((bits >> 7) & 2) | ((bits >> 14) & 4) | ((bits >> 21) & 8)] as number;
    }
  };
}

/** A component of five or six bits as eight, so that the largest is 255. */
const fromFive = (component: number): number => (component << 3) | (component >> 2);
const fromSix = (component: number): number => (component << 2) | (component >> 4);

/** All 65,536 colours of a pixel of 16 bits, one table for each depth, made when first needed. */
const tables = new Map<number, Uint32Array>();

function colorTable(bitsPerPixel: 15 | 16): Uint32Array {
  let table = tables.get(bitsPerPixel);
  if (table === undefined) {
    table = Uint32Array.from({ length: 0x10000 }, (_, pixel) => {
      const blue = fromFive(pixel & 0x1f);
      if (bitsPerPixel === 16) {
        return packColor((fromFive(pixel >> 11) << 16) | (fromSix((pixel >> 5) & 0x3f) << 8) | blue);
      }
      return packColor((fromFive((pixel >> 10) & 0x1f) << 16) | (fromFive((pixel >> 5) & 0x1f) << 8) | blue);
    });
    tables.set(bitsPerPixel, table);
  }
  return table;
}

function draw16({ bytes }: VideoMemory, bitsPerPixel: 15 | 16): DrawLine {
  const table = colorTable(bitsPerPixel);
  return (to, at) => {
    for (let x = 0; x < to.length; x++, at += 2) {
      to[x] = table[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
    }
  };
}

function draw24({ bytes }: VideoMemory): DrawLine {
  return (to, at) => {
    for (let x = 0; x < to.length; x++, at += 3) {
      to[x] = packColor(((bytes[at + 2] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at] as number));
    }
  };
}

function draw32({ words }: VideoMemory): DrawLine {
  return (to, at) => {
    for (let x = 0, word = at >> 2; x < to.length; x++, word++) to[x] = packColor(words[word] as number);
  };
}

function drawLine({ bitsPerPixel }: ExtendedMode, registers: VgaRegisters, memory: VideoMemory): DrawLine {
  switch (bitsPerPixel) {
    case 4:
      return drawPlanar(memory, attributeColors(registers));
    case 15:
    case 16:
      return draw16(memory, bitsPerPixel);
    case 24:
      return draw24(memory);
    case 32:
      return draw32(memory);
    default:
      return drawIndexed(memory, dacColors(registers));
  }
}

/** @returns a new frame of the extended mode that is on */
export function renderExtended(registers: VgaRegisters, memory: VideoMemory): Frame {
  const mode = extendedMode(registers.dispi, memory.sizeBytes);
  const { width, height, pitchBytes, startBytes } = mode;
  const pixels = new Uint32Array(width * height);
  const draw = drawLine(mode, registers, memory);
  for (let y = 0; y < height; y++) draw(pixels.subarray(y * width, (y + 1) * width), startBytes + y * pitchBytes);
  return { width, height, pixelWidth: 1, pixelHeight: 1, rgba: new Uint8ClampedArray(pixels.buffer) };
}
