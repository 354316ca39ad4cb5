import { DEFAULT_PALETTE_16, type TextCell, type TextScreen } from '@longmode/vga';
import { describe, expect, it } from 'vitest';
import { colorParameters } from './colors.ts';
import { aspectOf, graphicsRows, pictureSize, screenText, textRow, usedRows } from './picture.ts';
import { plainLines, plainText } from './plain-text.ts';

/** The DAC counts to 63. */
const VGA_16 = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f].map((index) =>
  Math.round(((DEFAULT_PALETTE_16[index] ?? 0) * 255) / 63),
);

function screen(lines: readonly string[], attribute = 0x07): TextScreen {
  const columns = lines[0]?.length ?? 0;
  const cells = [...lines.join('')].map((character): TextCell => {
    const foreground = attribute & 15;
    return {
      code: character.charCodeAt(0),
      attribute,
      foreground,
      background: (attribute >> 4) & 7,
      isBlinking: attribute > 127,
    };
  });
  const cursor = { row: -1, column: -1, isVisible: false, startScanLine: 0, endScanLine: 0 };
  return { columns, rows: lines.length, characterHeight: 16, isBlanked: false, cells, cursor, palette: VGA_16 };
}

describe('colours', () => {
  it('are exact where the terminal has them', () => {
    expect(colorParameters(0xffff55, 0x0000aa, 24)).toBe('38;2;255;255;85;48;2;0;0;170');
  });
  it('are the nearest of the cube of 256', () =>
    expect(colorParameters(0xaaaaaa, 0x000000, 8)).toBe('38;5;145;48;5;16'));
  it('do not exist without colours', () => expect(colorParameters(0xffffff, 0, 1)).toBe(''));

  // ANSI counts red first, the VGA blue; and brown is the dark yellow.
  it.each([0, 4, 2, 6, 1, 5, 3, 7].map((vga, ansi) => [vga, ansi]))('VGA %i is ANSI %i of sixteen', (vga, ansi) => {
    expect(colorParameters(VGA_16[vga] ?? 0, VGA_16[vga + 8] ?? 0, 4)).toBe(`${30 + ansi};${100 + ansi}`);
    expect(colorParameters(VGA_16[vga + 8] ?? 0, VGA_16[vga] ?? 0, 4)).toBe(`${90 + ansi};${40 + ansi}`);
  });
});

describe('a text row', () => {
  it('sets colours once for cells that share them', () => {
    expect(textRow(screen(['Hi!']), 0, 80, 4)).toBe('\x1b[0;37;40mHi!\x1b[0m');
  });
  it('is cut at the width', () => expect(textRow(screen(['Hi!']), 0, 2, 1)).toBe('\x1b[0mHi\x1b[0m'));
  it('blinks', () => expect(textRow(screen(['x'], 0x87), 0, 80, 4)).toBe('\x1b[0;5;37;40mx\x1b[0m'));
  it('sets the column again after a symbol', () => {
    expect(textRow(screen(['\x01x']), 0, 80, 1)).toBe('\x1b[0m☺\x1b[2Gx\x1b[0m');
  });
  // biome-ignore-start lint/suspicious/noControlCharactersInRegex: they are what must not be there
  it('never sends what the guest wrote as it is', () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    expect(textRow(screen([all]), 0, 256, 1).replace(/\x1b\[(?:\d+G|0m)/g, '')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });
  // biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above
});

describe('a printed screen', () => {
  it('has the used rows only', () => {
    const printed = screen(['   ', 'a  ', '   ', ' b ', '\0\0\0']);
    expect(usedRows(printed)).toEqual({ first: 1, last: 3 });
    expect(screenText(printed, 80, 1)).toBe('a\n\n b\n');
  });
  it('is nothing when it is blank, or in graphics modes', () => {
    expect(screenText(screen(['   ']), 80, 4)).toBe('');
    expect(screenText({ ...screen([]), columns: 0 }, 80, 4)).toBe('');
  });
});

describe('a graphics picture', () => {
  it('has two pixels a cell', () => {
    const rgba = new Uint8ClampedArray([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]);
    const rows = graphicsRows({ width: 2, height: 2, pixelWidth: 1, pixelHeight: 1, rgba }, 8, 3, 24);
    expect(rows.length).toBe(3);
    expect(rows[0]).toBe(
      `\x1b[38;2;255;0;0;48;2;255;0;0m${'▀'.repeat(4)}\x1b[38;2;0;255;0;48;2;0;255;0m${'▀'.repeat(4)}\x1b[0m`,
    );
    expect(rows[1]).toContain('\x1b[38;2;255;0;0;48;2;0;0;255m');
  });
  it('has the mean of the pixels that share a place', () => {
    const rgba = new Uint8ClampedArray(64 * 36 * 4).map((_, at) => (Math.floor(at / 4) % 2 === 0 ? 200 : 100));
    const frame = { width: 64, height: 36, pixelWidth: 1, pixelHeight: 1, rgba };
    expect(graphicsRows(frame, 32, 9, 24, aspectOf(frame, true))).toEqual(
      Array.from({ length: 9 }, () => `\x1b[38;2;150;150;150;48;2;150;150;150m${'▀'.repeat(32)}\x1b[0m`),
    );
  });
  it.each([
    [80, 24, 4 / 3, 64, 48],
    [40, 24, 4 / 3, 40, 30],
    [80, 24, 16 / 9, 80, 45],
    [200, 10, 16 / 9, 35, 20],
  ])('in %i by %i cells at %f is %i by %i', (columns, rows, aspect, width, height) => {
    expect(pictureSize(columns, rows, aspect)).toEqual({ width, height });
  });
  it.each([
    [0, 5],
    [5, 0],
    [1, 1],
  ])('fits into %i by %i', (columns, rows) => {
    const rgba = new Uint8ClampedArray(320 * 200 * 4);
    const frame = { width: 320, height: 200, pixelWidth: 2, pixelHeight: 2, rgba };
    expect(graphicsRows(frame, columns, rows, 24).length).toBeLessThanOrEqual(rows);
  });
});

describe('text from a guest', () => {
  it.each([
    ['plain\r\n', 'plain\n'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1b]0;title\x07x', 'x'],
    ['a\x1b[2Jb\x1bcc', 'abc'],
    ['tab\tbell\x07', 'tab\tbell'],
    ['\x9b31m', '31m'],
    ['é ✓', 'é ✓'],
  ])('%j is shown as %j', (text, shown) => expect(plainText(text)).toBe(shown));

  it('is broken at the width', () => expect(plainLines('abcdef\n\ng\n', 4)).toEqual(['abcd', 'ef', '', 'g']));
});
