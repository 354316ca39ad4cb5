import { describe, expect, it } from 'vitest';
import {
  CODE_PAGE_437,
  MODE_3_NARROW_REGISTERS,
  MODE_3_REGISTERS,
  MODE_13_REGISTERS,
  programMode,
  textScreenToStrings,
  Vga,
} from './index.ts';

const TEXT_MEMORY = 0x18000;

function textVga(mode = MODE_3_REGISTERS): Vga {
  const vga = new Vga({ clock: { now: 0 } });
  programMode(vga, mode);
  return vga;
}

function put(vga: Vga, row: number, column: number, text: string, attribute = 0x07): void {
  [...text].forEach((character, i) => {
    const code = CODE_PAGE_437.indexOf(character);
    vga.writeMemory(TEXT_MEMORY + 2 * (80 * row + column + i), 16, code | (attribute << 8));
  });
}

function crtc(vga: Vga, index: number, value: number): void {
  vga.writePort(0x24, 16, index | (value << 8));
}

function attribute(vga: Vga, index: number, value: number): void {
  vga.readPort(0x2a, 8);
  vga.writePort(0x10, 8, index);
  vga.writePort(0x10, 8, value);
  vga.writePort(0x10, 8, 0x20);
}

describe('the text screen', () => {
  it('is 0 by 0 at power-on and in graphics modes', () => {
    const vga = new Vga({ clock: { now: 0 } });
    expect(vga.textScreen()).toMatchObject({ columns: 0, rows: 0, cells: [], isBlanked: true });
    programMode(vga, MODE_13_REGISTERS);
    expect(vga.textScreen()).toMatchObject({ columns: 0, rows: 0, cells: [], isBlanked: false });
  });

  it.each([MODE_3_REGISTERS, MODE_3_NARROW_REGISTERS])('has 80 columns and 25 rows in mode 3: $description', (mode) => {
    const screen = textVga(mode).textScreen();
    expect(screen).toMatchObject({ columns: 80, rows: 25, characterHeight: 16, isBlanked: false });
    expect(screen.cells).toHaveLength(2000);
  });

  it('has the character at even and the attribute at odd addresses from B8000h', () => {
    const vga = textVga();
    put(vga, 0, 0, 'H', 0x1f);
    put(vga, 24, 79, 'e', 0x0a);
    const { cells } = vga.textScreen();
    expect(cells[0]).toEqual({ code: 72, attribute: 0x1f, foreground: 15, background: 1, isBlinking: false });
    expect(cells[1999]).toEqual({ code: 101, attribute: 0x0a, foreground: 10, background: 0, isBlinking: false });
    expect(vga.readMemory(TEXT_MEMORY, 8)).toBe(72);
    expect(vga.readMemory(TEXT_MEMORY + 1, 8)).toBe(0x1f);
    expect(vga.readMemory(TEXT_MEMORY + 3998, 16)).toBe(0x0a65);
  });

  it('turns into strings of full width with code page 437 as Unicode', () => {
    const vga = textVga();
    put(vga, 1, 2, 'Größe: π≈3 ░▒▓ ☺⌂■');
    const lines = vga.toStrings();
    expect(lines).toHaveLength(25);
    expect(lines.every((line) => line.length === 80)).toBe(true);
    expect(lines[1]).toBe('  Größe: π≈3 ░▒▓ ☺⌂■'.padEnd(80));
    expect(lines[2]).toBe(' '.repeat(80));
    expect(textScreenToStrings(vga.textScreen())).toEqual(lines);
  });

  it('takes attribute bit 7 as blinking or as a bright background', () => {
    const vga = textVga();
    put(vga, 0, 0, 'x', 0xf4);
    expect(vga.textScreen().cells[0]).toMatchObject({ foreground: 4, background: 7, isBlinking: true });
    attribute(vga, 0x10, 0x04);
    expect(vga.textScreen().cells[0]).toMatchObject({ foreground: 4, background: 15, isBlinking: false });
  });

  it('has the sixteen EGA colours, through attribute palette, PEL mask and DAC', () => {
    const vga = textVga();
    expect(vga.textScreen().palette).toEqual([
      0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55,
      0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff,
    ]);
    attribute(vga, 1, 0x3f);
    expect(vga.textScreen().palette[1]).toBe(0xffffff);
    attribute(vga, 0x12, 0x07);
    expect(vga.textScreen().palette[15]).toBe(0xaaaaaa);
    vga.writePort(0x16, 8, 0x00);
    expect(new Set(vga.textScreen().palette)).toEqual(new Set([0]));
  });

  it('takes palette bits 7–4 from Color Select when told to', () => {
    const vga = textVga();
    vga.writePort(0x18, 8, 0x9f);
    for (const component of [0x3f, 0x20, 0x00]) vga.writePort(0x19, 8, component);
    attribute(vga, 0x10, 0x8c);
    attribute(vga, 0x14, 0x09);
    expect(vga.textScreen().palette[15]).toBe(0xff8200);
  });

  it('starts at Start Address and wraps at the end of memory', () => {
    const vga = textVga();
    put(vga, 1, 0, 'second');
    crtc(vga, 0x0d, 80);
    expect(vga.toStrings()[0]?.trim()).toBe('second');
    expect(vga.textScreen().cursor.isVisible).toBe(false);
    crtc(vga, 0x0c, 0xff);
    crtc(vga, 0x0d, 0xb0);
    expect(vga.toStrings()[2]?.trim()).toBe('second');
  });

  it('goes from row to row by Offset', () => {
    const vga = textVga();
    put(vga, 2, 0, 'third');
    crtc(vga, 0x13, 80);
    expect(vga.toStrings()[1]?.trim()).toBe('third');
  });

  it('begins again at address 0 under Line Compare', () => {
    const vga = textVga();
    put(vga, 0, 0, 'status');
    put(vga, 100, 0, 'page');
    crtc(vga, 0x0c, 8000 >> 8);
    crtc(vga, 0x0d, 8000 & 0xff);
    crtc(vga, 0x07, 0x0f);
    crtc(vga, 0x09, 0x0f);
    crtc(vga, 0x18, 10 * 16 - 1);
    const lines = vga.toStrings();
    expect(lines).toHaveLength(25);
    expect([lines[0]?.trim(), lines[10]?.trim()]).toEqual(['page', 'status']);
  });

  it.each([
    [8, 50],
    [14, 28],
    [16, 25],
    [32, 12],
  ])('of characters %i scan lines high has %i whole rows', (height, rows) => {
    const vga = textVga();
    crtc(vga, 0x09, 0x40 | (height - 1));
    expect(vga.textScreen()).toMatchObject({ rows, characterHeight: height });
  });

  it('has 40 columns when half of them are displayed', () => {
    const vga = textVga();
    crtc(vga, 0x11, 0x0e);
    crtc(vga, 0x01, 39);
    crtc(vga, 0x13, 20);
    put(vga, 0, 40, 'row 1');
    expect(vga.toStrings()[1]).toBe('row 1'.padEnd(40));
  });

  it('is blanked by screen off, by a stopped sequencer, and while the palette is being loaded', () => {
    const vga = textVga();
    vga.writePort(0x14, 16, 0x2001);
    expect(vga.textScreen().isBlanked).toBe(true);
    vga.writePort(0x14, 16, 0x0001);
    expect(vga.textScreen().isBlanked).toBe(false);
    vga.writePort(0x14, 16, 0x0100);
    expect(vga.textScreen().isBlanked).toBe(true);
    vga.writePort(0x14, 16, 0x0300);
    vga.readPort(0x2a, 8);
    vga.writePort(0x10, 8, 0x00);
    expect(vga.textScreen().isBlanked).toBe(true);
  });
});

describe('the cursor', () => {
  it('is at the upper left in mode 3, an underline', () => {
    expect(textVga().textScreen().cursor).toEqual({
      row: 0,
      column: 0,
      isVisible: true,
      startScanLine: 13,
      endScanLine: 14,
    });
  });

  it('moves with Cursor Location, relative to the start address', () => {
    const vga = textVga();
    crtc(vga, 0x0e, 0x03);
    crtc(vga, 0x0f, 0xcf);
    expect(vga.textScreen().cursor).toMatchObject({ row: 12, column: 15, isVisible: true });
    crtc(vga, 0x0d, 80);
    expect(vga.textScreen().cursor).toMatchObject({ row: 11, column: 15, isVisible: true });
  });

  it('is off the screen when its location is not fetched', () => {
    const vga = textVga();
    crtc(vga, 0x0e, 2000 >> 8);
    crtc(vga, 0x0f, 2000 & 0xff);
    expect(vga.textScreen().cursor).toMatchObject({ row: -1, column: -1, isVisible: false });
  });

  it.each([
    ['disabled', 0x2d, 0x0e],
    ['given a start after its end', 0x0e, 0x0d],
    ['given a start under the character', 0x10, 0x1f],
  ])('is invisible when %s', (_, start, end) => {
    const vga = textVga();
    crtc(vga, 0x0a, start);
    crtc(vga, 0x0b, end);
    expect(vga.textScreen().cursor).toMatchObject({ row: 0, column: 0, isVisible: false });
  });
});

describe('the change counter', () => {
  it('grows when a cell, the cursor or a colour changes and stays when nothing does', () => {
    const vga = textVga();
    const grows = (change: () => void): boolean => {
      const before = vga.changeCount;
      change();
      return vga.changeCount > before;
    };
    expect(grows(() => put(vga, 3, 3, 'a'))).toBe(true);
    expect(grows(() => put(vga, 3, 3, 'a'))).toBe(false);
    expect(grows(() => vga.readMemory(TEXT_MEMORY, 32))).toBe(false);
    expect(grows(() => crtc(vga, 0x0f, 7))).toBe(true);
    expect(grows(() => crtc(vga, 0x0f, 7))).toBe(false);
    expect(grows(() => attribute(vga, 7, 7))).toBe(true); // off and on again
    expect(grows(() => vga.readPort(0x2a, 8))).toBe(false);
    expect(grows(() => vga.writePort(0x14, 16, 0x0f02))).toBe(false); // Map Mask
    expect(grows(() => vga.reset())).toBe(true);
    expect(grows(() => vga.restore(vga.snapshot()))).toBe(true);
  });
});
