/**
 * The character generators of the adapter's ROM, for code page 437, in cells of 8, 14 and 16 scan lines. Drawn for this
 * project; the taller two share one design, with a blank line above and below in cells of 16.
 */
import { CODE_PAGE_437 } from '../code-page-437.ts';
import { accented } from './accents.ts';
import { boxDrawing } from './box-drawing.ts';
import { GLYPHS_8 } from './glyphs-8.ts';
import { GLYPHS_14 } from './glyphs-14.ts';

/** Characters per font. */
const CHARACTER_COUNT = 256;
/** Characters from one glyph to the next in the pictures. */
const PICTURE_PITCH = 9;
/** In the pictures, whose text is delimited by the real one. */
const GRAVE = '‵';

/** Glyphs that are another one in negative, the whole cell over. */
const NEGATIVES: Readonly<Record<string, string>> = { '◘': '•', '◙': '○' };
/** Halves of a sign that run on into the cell below or above. */
const [UPPER_INTEGRAL, LOWER_INTEGRAL] = ['⌠', '⌡'];

function parsePictures(pictures: string, height: number): Map<string, Uint8Array> {
  const glyphs = new Map<string, Uint8Array>();
  const lines = pictures.split('\n').filter((line) => line !== '');
  for (let band = 0; band < lines.length; band += height + 1) {
    const heading = lines[band] as string;
    for (let at = 0; at < heading.length; at += PICTURE_PITCH) {
      const bytes = new Uint8Array(height);
      for (let row = 0; row < height; row++) {
        const line = lines[band + 1 + row] as string;
        for (let dot = 0; dot < 8; dot++)
          if (line[at + dot] === '#') bytes[row] = (bytes[row] as number) | (0x80 >> dot);
      }
      const character = heading.charAt(at);
      glyphs.set(character === GRAVE ? '`' : character, bytes);
    }
  }
  return glyphs;
}

/** Puts a glyph of the design's height into a cell that may be two lines higher. */
function inCell(glyph: Uint8Array, character: string, height: number): Uint8Array {
  const margin = (height - glyph.length) >> 1;
  const cell = new Uint8Array(height);
  cell.set(glyph, margin);
  if (character === LOWER_INTEGRAL) cell.fill(glyph[0] as number, 0, margin);
  if (character === UPPER_INTEGRAL) cell.fill(glyph[glyph.length - 1] as number, height - margin);
  return cell;
}

function buildFont(drawn: ReadonlyMap<string, Uint8Array>, design: 8 | 14, height: number): Uint8Array {
  const blank = new Uint8Array(design);
  const plain = (character: string): Uint8Array => drawn.get(character) ?? blank;
  const font = new Uint8Array(CHARACTER_COUNT * height);
  CODE_PAGE_437.forEach((character, code) => {
    const negative = NEGATIVES[character];
    let cell: Uint8Array;
    if (code >= 0xb0 && code <= 0xdf) cell = boxDrawing(code, height);
    else if (negative !== undefined) cell = inCell(plain(negative), negative, height).map((row) => row ^ 0xff);
    else cell = inCell(accented(character, design, plain) ?? plain(character), character, height);
    font.set(cell, code * height);
  });
  return font;
}

/** 8 by 8 pixels: 2,048 bytes, a byte per scan line, leftmost pixel in bit 7. */
export const FONT_8X8: Uint8Array = buildFont(parsePictures(GLYPHS_8, 8), 8, 8);
const DRAWN_14 = parsePictures(GLYPHS_14, 14);
/** 8 by 14 pixels: 3,584 bytes. */
export const FONT_8X14: Uint8Array = buildFont(DRAWN_14, 14, 14);
/** 8 by 16 pixels: 4,096 bytes. */
export const FONT_8X16: Uint8Array = buildFont(DRAWN_14, 14, 16);
