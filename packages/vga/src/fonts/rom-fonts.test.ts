import { describe, expect, it } from 'vitest';
import { CODE_PAGE_437, FONT_8X8, FONT_8X14, FONT_8X16 } from '../index.ts';

const FONTS = [
  ['8 by 8', FONT_8X8, 8],
  ['8 by 14', FONT_8X14, 14],
  ['8 by 16', FONT_8X16, 16],
] as const;

const codeOf = (character: string): number => CODE_PAGE_437.indexOf(character);
const glyph = (font: Uint8Array, height: number, character: string): Uint8Array =>
  font.subarray(codeOf(character) * height, (codeOf(character) + 1) * height);
const picture = (rows: Iterable<number>): string[] =>
  Array.from(rows, (row) => row.toString(2).padStart(8, '0').replaceAll('0', '.').replaceAll('1', '#'));

describe.each(FONTS)('the font of %s', (_, font, height) => {
  it('has 256 glyphs, of which only the spaces are blank', () => {
    expect(font.length).toBe(256 * height);
    const blank = CODE_PAGE_437.map((_character, code) => code).filter((code) =>
      font.subarray(code * height, (code + 1) * height).every((row) => row === 0),
    );
    expect(blank).toEqual([0x00, 0x20, 0xff]);
  });

  it('has no two glyphs alike', () => {
    const seen = new Map<string, string>();
    CODE_PAGE_437.forEach((character, code) => {
      if (character === ' ' || code === 0xff) return;
      const rows = String(font.subarray(code * height, (code + 1) * height));
      expect(`${character} is like ${seen.get(rows) ?? 'none'}`).toBe(`${character} is like none`);
      seen.set(rows, character);
    });
  });

  it('leaves a column between letters and digits', () => {
    for (const character of 'abcdefghijklmnopqrsuvwxyzABCDEFGHJKLMNOPQRSUVWXZ0123456789') {
      expect([character, glyph(font, height, character).reduce((all, row) => all | row, 0) & 1]).toEqual([
        character,
        0,
      ]);
    }
  });

  it('has lines that go on in the neighbouring cells', () => {
    const edges = (character: string): { left: string; right: string; top: number; bottom: number } => {
      const rows = glyph(font, height, character);
      const column = (bit: number): string => Array.from(rows, (row) => (row >> bit) & 1).join('');
      return { left: column(7), right: column(0), top: rows[0] as number, bottom: rows[height - 1] as number };
    };
    const single = edges('┼');
    const double = edges('╬');
    for (const character of '├┴┬┼└╞╟╧╤╨╥╓╙╫╪╒╘') {
      const { right, top, bottom } = edges(character);
      expect([character, [single.right, double.right].includes(right)]).toEqual([character, true]);
      expect([character, [0, single.top, double.top].includes(top)]).toEqual([character, true]);
      expect([character, [0, single.bottom, double.bottom].includes(bottom)]).toEqual([character, true]);
    }
    expect(edges('═')).toMatchObject({ left: double.right, right: double.right, top: 0, bottom: 0 });
    expect(edges('║')).toMatchObject({ top: double.bottom, bottom: double.top });
    expect([edges('⌠').bottom, edges('⌡').top]).toEqual([0x18, 0x18]);
  });
});

it('has letters that one can read', () => {
  expect(picture(glyph(FONT_8X16, 16, 'Å'))).toEqual(
    // biome-ignore format: a picture
    [
      '........',
      '..###...',
      '.##.##..',
      '..###...',
      '...#....',
      '..###...',
      '.##.##..',
      '.##.##..',
      '##...##.',
      '#######.',
      '##...##.',
      '##...##.',
      '........',
      '........',
      '........',
      '........',
    ],
  );
});

it('joins double lines without filling the corners', () => {
  expect(picture(glyph(FONT_8X8, 8, '╬'))).toEqual([
    '..#..#..',
    '..#..#..',
    '###..###',
    '........',
    '###..###',
    '..#..#..',
    '..#..#..',
    '..#..#..',
  ]);
});
