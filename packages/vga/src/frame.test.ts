import { describe, expect, it } from 'vitest';
import {
  type Frame,
  loadFont,
  MODE_3_NARROW_REGISTERS,
  MODE_3_REGISTERS,
  MODE_12_REGISTERS,
  MODE_13_REGISTERS,
  type ModeRegisters,
  programMode,
  Vga,
} from './index.ts';

interface Bench {
  clock: { now: number };
  vga: Vga;
}

function running(mode: ModeRegisters): Bench {
  const clock = { now: 0 };
  const vga = new Vga({ clock });
  programMode(vga, mode);
  return { clock, vga };
}

/** A font whose character `code` is made of rows that all equal `code`, but for its first row, which is full. */
function testFont(height: number): Uint8Array {
  return Uint8Array.from({ length: 256 * height }, (_, i) => (i % height === 0 ? 0xff : Math.floor(i / height)));
}

function textBench(mode = MODE_3_REGISTERS): Bench {
  const bench = running(mode);
  loadFont(bench.vga, testFont(16), 16);
  return bench;
}

function cell(vga: Vga, column: number, code: number, attribute: number): void {
  vga.writeMemory(0x18000 + 2 * column, 16, code | (attribute << 8));
}

const graphics = (vga: Vga, index: number, value: number): void => vga.writePort(0x1e, 16, index | (value << 8));
const sequencer = (vga: Vga, index: number, value: number): void => vga.writePort(0x14, 16, index | (value << 8));
const crtc = (vga: Vga, index: number, value: number): void => vga.writePort(0x24, 16, index | (value << 8));

function attribute(vga: Vga, index: number, value: number): void {
  vga.readPort(0x2a, 8);
  vga.writePort(0x10, 8, index);
  vga.writePort(0x10, 8, value);
  vga.writePort(0x10, 8, 0x20);
}

/** `count` pixels from (x, y) as RRGGBB. */
function pixels(frame: Frame, x: number, y: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const at = 4 * (y * frame.width + x + i);
    return Buffer.from(frame.rgba.subarray(at, at + 3)).toString('hex');
  });
}

/** The same as one letter each: `.` for black, `#` for anything else. */
const row = (frame: Frame, x: number, y: number, count: number): string =>
  pixels(frame, x, y, count)
    .map((color) => (color === '000000' ? '.' : '#'))
    .join('');

describe('a frame', () => {
  it.each([
    [MODE_3_REGISTERS, 720, 400],
    [MODE_3_NARROW_REGISTERS, 640, 400],
    [MODE_12_REGISTERS, 640, 480],
    [MODE_13_REGISTERS, 320, 200],
  ])('has the size of its mode: $description', (mode, width, height) => {
    const frame = running(mode).vga.renderFrame();
    expect([frame.width, frame.height, frame.rgba.length]).toEqual([width, height, 4 * width * height]);
    expect(frame.rgba.every((byte, i) => i % 4 !== 3 || byte === 0xff)).toBe(true);
  });

  it('is small and black before a mode is set, and never larger than the registers can say', () => {
    const vga = new Vga({ clock: { now: 0 } });
    const first = vga.renderFrame();
    expect([first.width, first.height, [...first.rgba.subarray(0, 4)]]).toEqual([8, 1, [0, 0, 0, 255]]);
    vga.writePort(0x12, 8, 1);
    for (let index = 0x18; index >= 0; index--) crtc(vga, index, 0xff);
    const { width, height } = vga.renderFrame();
    expect(width * height).toBeLessThanOrEqual(2304 * 2048);
  });

  it('is black while the screen is off', () => {
    const { vga } = textBench();
    cell(vga, 0, 0xff, 0x1f);
    sequencer(vga, 1, 0x20);
    expect(row(vga.renderFrame(), 0, 0, 9)).toBe('.........');
  });
});

describe('text', () => {
  it('has the glyphs of plane 2 in the colours of the attribute', () => {
    const { vga } = textBench();
    cell(vga, 1, 0xa5, 0x1e);
    const frame = vga.renderFrame();
    const [blue, yellow] = ['0000aa', 'ffff55'];
    expect(pixels(frame, 9, 0, 9)).toEqual([...Array.from({ length: 8 }, () => yellow), blue]);
    expect(pixels(frame, 9, 5, 9)).toEqual([yellow, blue, yellow, blue, blue, yellow, blue, yellow, blue]);
    expect(row(frame, 0, 5, 9)).toBe('.........');
  });

  it('has a ninth column like the eighth for characters C0h to DFh, if told to', () => {
    const { vga } = textBench();
    [0xbf, 0xc1, 0xdf, 0xe1].forEach((code, column) => {
      cell(vga, column, code, 0x07);
    });
    const ninth = (): string => [0, 1, 2, 3].map((column) => row(vga.renderFrame(), 9 * column + 8, 2, 1)).join('');
    expect(ninth()).toBe('.##.');
    attribute(vga, 0x10, 0x08);
    expect(ninth()).toBe('....');
  });

  it('has cells of eight dots when the sequencer says so', () => {
    const { vga } = textBench(MODE_3_NARROW_REGISTERS);
    cell(vga, 1, 0xa5, 0x07);
    expect(row(vga.renderFrame(), 8, 3, 9)).toBe('#.#..#.#.');
  });

  it('has glyphs as high as the character row', () => {
    const { vga } = running(MODE_3_REGISTERS);
    loadFont(vga, testFont(8), 8);
    crtc(vga, 9, 0x47);
    vga.writeMemory(0x18000 + 2 * 80, 16, 0x0781);
    const frame = vga.renderFrame();
    expect([row(frame, 0, 8, 9), row(frame, 0, 15, 9)]).toEqual(['########.', '#......#.']);
  });

  it('takes the second font for attribute bit 3 when two are selected', () => {
    const { vga } = textBench();
    sequencer(vga, 2, 0x04);
    sequencer(vga, 4, 0x06);
    graphics(vga, 5, 0x00);
    graphics(vga, 6, 0x04);
    vga.writeMemory(0x2000 + 32 * 1 + 4, 8, 0xf0); // font 4 lies at 8 KiB
    programMode(vga, MODE_3_REGISTERS);
    sequencer(vga, 3, 0x20); // map A: 4, map B: 0
    cell(vga, 0, 1, 0x07);
    cell(vga, 1, 1, 0x0f);
    const frame = vga.renderFrame();
    expect([row(frame, 0, 4, 9), row(frame, 9, 4, 9)]).toEqual(['.......#.', '####.....']);
  });

  it('blinks characters every 16 frames when attribute bit 7 says so', () => {
    const { clock, vga } = textBench();
    cell(vga, 0, 0xff, 0x87);
    const frameTicks = (900 * 449 * 1_000_000) / 28_322;
    const shows = (frame: number): string => {
      clock.now = Math.ceil(frame * frameTicks);
      return row(vga.renderFrame(), 0, 2, 3);
    };
    expect([0, 15, 16, 31, 32].map(shows)).toEqual(['###', '###', '...', '...', '###']);
    attribute(vga, 0x10, 0x04);
    expect(shows(16)).toBe('###');
    expect(pixels(vga.renderFrame(), 8, 2, 1)).toEqual(['555555']);
  });

  it('shows the cursor on its scan lines, 8 frames of 16', () => {
    const { clock, vga } = textBench();
    cell(vga, 3, 0x20, 0x07);
    crtc(vga, 0x0f, 3);
    const column = (): string => Array.from({ length: 16 }, (_, y) => row(vga.renderFrame(), 27, y, 1)).join('');
    expect(column()).toBe('#............##.'); // the first row belongs to the test font
    clock.now = Math.ceil((8 * 900 * 449 * 1_000_000) / 28_322);
    expect(column()).toBe('#...............');
  });

  it('underlines attribute 1 in monochrome emulation', () => {
    const { vga } = textBench();
    crtc(vga, 0x14, 0x0c);
    cell(vga, 0, 0x00, 0x01);
    cell(vga, 1, 0x00, 0x07);
    expect(row(vga.renderFrame(), 0, 12, 18)).toBe('.'.repeat(18));
    attribute(vga, 0x10, 0x0e);
    expect(row(vga.renderFrame(), 0, 12, 18)).toBe('#########.........');
  });

  it('scrolls smoothly by Preset Row Scan and PEL panning', () => {
    const { vga } = textBench();
    vga.writeMemory(0x18000 + 2 * 80, 16, 0x0781);
    crtc(vga, 8, 10);
    expect(row(vga.renderFrame(), 0, 6, 9)).toBe('########.');
    attribute(vga, 0x13, 0x01); // two dots to the left
    expect(row(vga.renderFrame(), 0, 7, 9)).toBe('.....#...');
    attribute(vga, 0x13, 0x08);
    expect(row(vga.renderFrame(), 0, 7, 9)).toBe('#......#.');
  });
});

describe('16-colour graphics', () => {
  it('takes a bit of each plane, the leftmost pixel from bit 7', () => {
    const { vga } = running(MODE_12_REGISTERS);
    graphics(vga, 5, 2);
    [0, 1, 2, 4, 8, 15, 6, 9].forEach((color, x) => {
      graphics(vga, 8, 0x80 >> x);
      vga.readMemory(80 * 479 + 79, 8);
      vga.writeMemory(80 * 479 + 79, 8, color);
    });
    expect(pixels(vga.renderFrame(), 632, 479, 8)).toEqual([
      '000000',
      '0000aa',
      '00aa00',
      'aa0000',
      '555555',
      'ffffff',
      'aa5500',
      '5555ff',
    ]);
  });

  it('pans by pixels, and not under the split if told so', () => {
    const { vga } = running(MODE_12_REGISTERS);
    vga.writeMemory(0, 8, 0x20);
    crtc(vga, 0x18, 99);
    crtc(vga, 0x07, 0x2e);
    crtc(vga, 0x09, 0x00);
    attribute(vga, 0x13, 2);
    const both = (): string[] => [0, 100].map((y) => row(vga.renderFrame(), 0, y, 4));
    expect(both()).toEqual(['#...', '#...']);
    attribute(vga, 0x10, 0x21);
    expect(both()).toEqual(['#...', '..#.']);
  });
});

describe('256-colour graphics', () => {
  it('takes a byte for each pixel, through PEL mask and DAC', () => {
    const { vga } = running(MODE_13_REGISTERS);
    vga.writeMemory(320 * 199 + 316, 32, 0x2c282004);
    expect(pixels(vga.renderFrame(), 316, 199, 4)).toEqual(['aa0000', '0000ff', 'ff0000', 'ffff00']);
    vga.writePort(0x16, 8, 0x0f);
    expect(pixels(vga.renderFrame(), 316, 199, 4)).toEqual(['aa0000', '000000', '555555', 'ff5555']);
  });

  it('works without chain 4 too, a byte of each plane in turn', () => {
    const { vga } = running(MODE_13_REGISTERS);
    sequencer(vga, 4, 0x06);
    crtc(vga, 0x14, 0x00);
    crtc(vga, 0x17, 0xe3);
    for (let plane = 0; plane < 4; plane++) {
      sequencer(vga, 2, 1 << plane);
      vga.writeMemory(80 * 10 + 1, 8, plane + 1);
    }
    expect(pixels(vga.renderFrame(), 4, 10, 4)).toEqual(['0000aa', '00aa00', '00aaaa', 'aa0000']);
  });
});

describe('CGA-like graphics', () => {
  it('takes two bits a pixel, odd rows from 8 KiB up', () => {
    // Mode 4: 320x200 in four colours.
    const { vga } = running({
      ...MODE_3_REGISTERS,
      miscOutput: 0x63,
      sequencer: [0x03, 0x09, 0x03, 0x00, 0x02],
      // biome-ignore format: a table
      crtc: [
        0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff,
      ],
      graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x0f, 0xff],
      attribute: [0, 0x3b, 0x3d, 0x3f, ...MODE_3_REGISTERS.attribute.slice(4, 16), 1, 0, 3, 0, 0],
    });
    vga.writeMemory(0x18000, 16, 0xe41b);
    vga.writeMemory(0x18000 + 0x2000, 8, 0xff);
    const frame = vga.renderFrame();
    expect([frame.width, frame.height]).toEqual([320, 200]);
    const [black, cyan, magenta, white] = ['000000', '55ffff', 'ff55ff', 'ffffff'];
    expect(pixels(frame, 0, 0, 9)).toEqual([black, cyan, magenta, white, white, magenta, cyan, black, black]);
    expect(pixels(frame, 0, 1, 5)).toEqual([white, white, white, white, black]);
  });
});

describe('loadFont', () => {
  it('leaves the registers as they were', () => {
    const { vga } = running(MODE_3_REGISTERS);
    const registers = (): unknown => {
      const { videoMemory: _, sequencerIndex: __, graphicsIndex: ___, ...rest } = vga.snapshot();
      return rest;
    };
    const before = registers();
    loadFont(vga, testFont(16), 16);
    expect(registers()).toEqual(before);
  });
});
