import { beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../test/fake-machine.ts';
import { VIDEO_MODES, videoRegisters } from './modes.ts';
import { paletteOf } from './palettes.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine().powerOn();
});

const int10 = (eax: number, registers: object = {}) => machine.call(0x10, { eax, ...registers });
const print = (text: string): void => {
  for (const character of text) int10(0x0e00 | character.charCodeAt(0));
};
const cursor = () => int10(0x0300).edx;
const crtc = (index: number) => machine.chips.vga.get(`3d4:${index}`);

describe('modes', () => {
  it.each([...VIDEO_MODES.values()].map((mode) => [mode.number, mode] as const))(
    '%i has a full register row',
    (_, mode) => {
      const registers = videoRegisters(mode);
      expect([
        registers.sequencer.length,
        registers.crtc.length,
        registers.graphics.length,
        registers.attribute.length,
      ]).toEqual([4, 25, 9, 20]);
      expect(
        Object.values(registers)
          .flat()
          .every((value) => value >= 0 && value <= 0xff),
      ).toBe(true);
    },
  );

  it('3 programs the adapter as the tables of the VGA say', () => {
    const { vga } = machine.chips;
    expect(vga.get('misc')).toBe(0x67);
    expect([0, 1, 2, 3, 4].map((index) => vga.get(`3c4:${index}`))).toEqual([3, 0, 3, 0, 2]);
    expect([1, 9, 0x12, 0x13].map(crtc)).toEqual([0x4f, 0x4f, 0x8f, 0x28]);
    expect([crtc(0x0a), crtc(0x0b)]).toEqual([0x0d, 0x0e]);
    expect([5, 6].map((index) => vga.get(`3ce:${index}`))).toEqual([0x10, 0x0e]);
    expect([0x06, 0x10, 0x12].map((index) => vga.get(`at${index}`))).toEqual([0x14, 0x0c, 0x0f]);
    expect([...machine.chips.dac.subarray(0, 6)]).toEqual([0, 0, 0, 0, 0, 0x2a]);
    expect([...machine.chips.dac.subarray(0x14 * 3, 0x14 * 3 + 3)]).toEqual([0x2a, 0x15, 0]);
  });

  it('writes the protected CRTC registers with the protection off, and turns it on again', () => {
    machine.chips.writes.length = 0;
    int10(0x0003);
    const crtcWrites = machine.chips.writes
      .filter(([port]) => port === 0x3d4 || port === 0x3d5)
      .map(([, value]) => value);
    expect(crtcWrites.slice(0, 4)).toEqual([0x11, 0x0e, 0x00, 0x5f]);
    expect(crtc(0x11)).toBe(0x8e);
  });

  it('clears the screen unless bit 7 of AL is set', () => {
    print('abc');
    int10(0x0083);
    expect(machine.screen()[0]).toBe('abc');
    expect(cursor()).toBe(0);
    int10(0x0003);
    expect(machine.screen()[0]).toBe('');
    expect(machine.memory.read16(0xbfffe)).toBe(0x0720);
  });

  it('that do not exist change nothing', () => {
    print('abc');
    expect(int10(0x0055).ax).toBe(0x0055);
    expect(int10(0x0f00).al).toBe(3);
    expect(machine.screen()[0]).toBe('abc');
    expect(machine.events).toEqual([{ kind: 'unsupported-function', vector: 0x10, ax: 0x0055 }]);
  });

  it('go to the injected adapter', () => {
    const asked: number[] = [];
    const own = new FakeMachine({ video: { setMode: (mode) => asked.push(mode) > 0 && mode !== 0x13 } }).powerOn();
    expect(own.call(0x10, { eax: 0x0013 }).ax).toBe(0x0013);
    expect(own.call(0x10, { eax: 0x0092 }).ax).toBe(0x0020);
    expect(asked).toEqual([0x03, 0x13, 0x12]);
  });

  it('load the font into plane 2', () => {
    const rows16 = new Uint8Array(4096).map((_, index) => (index >> 4) ^ index);
    const own = new FakeMachine({ fonts: { rows16 } });
    const seen = new Map<number, number>();
    const { memory } = own;
    const write8 = memory.write8.bind(memory);
    memory.write8 = (address, value) => {
      const isFont = own.chips.vga.get('3c4:2') === 4 && own.chips.vga.get('3ce:6') === 4;
      if (address >= 0xa0000 && address < 0xc0000 && isFont) seen.set(address, value);
      write8(address, value);
    };
    own.powerOn();
    expect(seen.size).toBe(4096);
    expect(seen.get(0xa0000 + 0x41 * 32 + 5)).toBe(rows16[0x41 * 16 + 5]);
    expect(own.chips.vga.get('3c4:4')).toBe(3);
    expect(own.chips.vga.get('3ce:6')).toBe(0x0e);
    expect(own.call(0x10, { eax: 0x1130, ebx: 0x0600 })).toMatchObject({ es: 0xf000, ebp: 0x4000, ecx: 16, edx: 24 });
  });
});

describe('palettes', () => {
  it.each([
    ['text', 64],
    ['ega', 64],
    ['cga', 64],
    ['mono', 64],
    ['vga256', 256],
  ] as const)('%s has %i entries of 6 bits', (kind, entries) => {
    const palette = paletteOf(kind);
    expect(palette.length).toBe(3 * entries);
    expect(Math.max(...palette)).toBe(0x3f);
  });

  it('of mode 13h run from blue through the hues', () => {
    const entry = (index: number): number[] => [...paletteOf('vga256').subarray(3 * index, 3 * index + 3)];
    expect([entry(32), entry(40), entry(48), entry(56), entry(104), entry(247), entry(255)]).toEqual([
      [0, 0, 63],
      [63, 0, 0],
      [0, 63, 0],
      [31, 31, 63],
      [0, 0, 28],
      [11, 12, 16],
      [0, 0, 0],
    ]);
  });
});

describe('teletype', () => {
  it('writes text, keeps attributes, and moves the cursor and the blinking one', () => {
    machine.memory.write8(0xb8003, 0x4e);
    print('hi');
    expect(machine.memory.read32(0xb8000)).toBe(0x4e69_0768);
    expect(cursor()).toBe(2);
    expect([crtc(0x0e), crtc(0x0f)]).toEqual([0, 2]);
  });

  it.each([
    ['carriage return and line feed', 'ab\r\ncd', ['ab', 'cd'], 0x0102],
    ['line feed alone', 'ab\ncd', ['ab', '  cd'], 0x0104],
    ['backspace, which erases nothing', 'ab\b\bX', ['Xb'], 0x0001],
    ['backspace at the left border', '\b\bX', ['X'], 0x0001],
    ['bell', 'a\x07b', ['ab'], 0x0002],
    ['the end of a row', `${'x'.repeat(79)}yz`, [`${'x'.repeat(79)}y`, 'z'], 0x0101],
  ])('handles %s', (_, text, rows, position) => {
    print(text);
    expect(machine.screen().slice(0, rows.length)).toEqual(rows);
    expect(cursor()).toBe(position);
  });

  it('scrolls at the last row, with the attribute of the row below the cursor', () => {
    print('top\r\nsecond');
    int10(0x0200, { edx: 0x1800 });
    machine.memory.write8(0xb8000 + 24 * 160 + 1, 0x2e);
    print('\n');
    expect(machine.screen()[0]).toBe('second');
    expect(machine.memory.read16(0xb8000 + 24 * 160 + 158)).toBe(0x2e20);
    expect(cursor()).toBe(0x1800);
  });

  it('scrolls when the last cell is filled', () => {
    int10(0x0200, { edx: 0x184f });
    print('Z!');
    expect(machine.screen()[23]?.at(79)).toBe('Z');
    expect(machine.screen()[24]).toBe('!');
  });

  it('comes back from a cursor outside of the screen', () => {
    int10(0x0200, { edx: 0xffff });
    print('A');
    expect(cursor()).toBe(0x1800);
  });

  it('writes to the active page', () => {
    int10(0x0502);
    print('two');
    expect(machine.memory.text(0xba000, 1)).toBe('t');
    expect(machine.memory.read16(0xb8000)).toBe(0x0720);
    expect(int10(0x0300, { ebx: 0x0200 }).edx).toBe(3);
    expect([crtc(0x0c), crtc(0x0d)]).toEqual([0x10, 0x00]);
    expect([crtc(0x0e), crtc(0x0f)]).toEqual([0x10, 0x03]);
    int10(0x0508);
    expect(int10(0x0f00).ebx).toBe(0x0200);
  });
});

describe('scrolling a window', () => {
  const fill = (): void => {
    for (let row = 0; row < 25; row++) {
      int10(0x0200, { edx: row << 8 });
      int10(0x0900 | (0x41 + row), { ebx: 0x07, ecx: 80 });
    }
  };
  const column = (x: number): string =>
    machine
      .screen()
      .map((row) => row.padEnd(80).at(x))
      .join('');
  const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXY';

  it.each([
    ['up by 1', 0x0601, 0x0202, 0x0404, 'ABDE FGHIJKLMNOPQRSTUVWXY'],
    ['up by 2', 0x0602, 0x0202, 0x0404, 'ABE  FGHIJKLMNOPQRSTUVWXY'],
    ['down by 1', 0x0701, 0x0202, 0x0404, 'AB CDFGHIJKLMNOPQRSTUVWXY'],
    ['0: clear', 0x0600, 0x0202, 0x0404, 'AB   FGHIJKLMNOPQRSTUVWXY'],
    ['more than it has: clear', 0x06ff, 0x0202, 0x0404, 'AB   FGHIJKLMNOPQRSTUVWXY'],
    ['down by more than it has', 0x07ff, 0x0202, 0x0404, 'AB   FGHIJKLMNOPQRSTUVWXY'],
    ['past the bottom', 0x0601, 0x1702, 0xff04, 'ABCDEFGHIJKLMNOPQRSTUVWY '],
    ['upside down: nothing', 0x0601, 0x0402, 0x0204, LETTERS],
    ['mirrored: nothing', 0x0601, 0x0204, 0x0402, LETTERS],
    ['below the screen: nothing', 0x0601, 0x1900, 0xffff, LETTERS],
  ])('%s', (_, eax, ecx, edx, expected) => {
    fill();
    int10(eax, { ecx, edx, ebx: 0x1f00 });
    expect(column(2 + ((edx & 0xff) > 2 ? 1 : 0))).toBe(expected);
    expect(column(1)).toBe(LETTERS);
    expect(column(60)).toBe(LETTERS);
  });

  it('fills with the attribute in BH', () => {
    int10(0x0600, { ecx: 0, edx: 0x0000, ebx: 0x9a00 });
    expect(machine.memory.read32(0xb8000)).toBe(0x0720_9a20);
  });
});

describe('the cursor', () => {
  it.each([
    [0x0607, 0x0d, 0x0e],
    [0x0007, 0x00, 0x0f],
    [0x0d0e, 0x0d, 0x0e],
    [0x2000, 0x20, 0x01],
    [0x000f, 0x00, 0x0f],
  ])('shape %i in 16-line cells', (ecx, start, end) => {
    int10(0x0100, { ecx });
    expect([crtc(0x0a), crtc(0x0b)]).toEqual([start, end]);
    expect(int10(0x0300).ecx).toBe(ecx);
  });
});

describe('graphics', () => {
  const fonts = { rows8: new Uint8Array(2048).map((_, index) => (index >> 3 === 0x41 ? 0x81 : 0)) };

  it('mode 13h: draws characters and pixels, and scrolls', () => {
    machine = new FakeMachine({ fonts }).powerOn();
    int10(0x0013);
    int10(0x0e41, { ebx: 0x2c });
    expect([...machine.memory.readBytes(0xa0000, 9)]).toEqual([0x2c, 0, 0, 0, 0, 0, 0, 0x2c, 0]);
    expect(machine.memory.read8(0xa0000 + 7 * 320)).toBe(0x2c);
    expect(cursor()).toBe(1);
    int10(0x0cfe, { ecx: 319, edx: 199 });
    expect(machine.memory.read8(0xa0000 + 63999)).toBe(0xfe);
    expect(int10(0x0d00, { ecx: 319, edx: 199 }).al).toBe(0xfe);
    int10(0x0cfe, { ecx: 320, edx: 0 });
    expect(machine.memory.read8(0xa0000 + 320)).toBe(0x2c);
    int10(0x0601, { ecx: 0, edx: 0x1827, ebx: 0x0300 });
    expect(machine.memory.read8(0xa0000)).toBe(0);
    expect(machine.memory.read8(0xa0000 + 63999)).toBe(0x03);
    expect(machine.memory.read8(0xa0000 + 191 * 320 + 319)).toBe(0xfe);
  });

  it('CGA modes: two banks, two bits a pixel', () => {
    machine = new FakeMachine({ fonts }).powerOn();
    int10(0x0004);
    int10(0x0c02, { ecx: 5, edx: 3 });
    expect(machine.memory.read8(0xb8000 + 0x2000 + 80 + 1)).toBe(0x20);
    int10(0x0c81, { ecx: 5, edx: 3 });
    expect(int10(0x0d00, { ecx: 5, edx: 3 }).al).toBe(3);
    int10(0x0006);
    int10(0x0c01, { ecx: 639, edx: 198 });
    expect(machine.memory.read8(0xb8000 + 99 * 80 + 79)).toBe(0x01);
  });

  it('planar modes: one byte of eight pixels through the bit mask', () => {
    int10(0x0012);
    machine.chips.writes.length = 0;
    int10(0x0c05, { ecx: 10, edx: 1 });
    const { writes } = machine.chips;
    const indexed = (port: number, index: number) =>
      writes.flatMap(([at, value], i) => (at === port && value === index ? [writes[i + 1]?.[1]] : []));
    expect(indexed(0x3ce, 0)).toEqual([5, 0]);
    expect(indexed(0x3ce, 8)).toEqual([0x20, 0xff]);
    expect(indexed(0x3ce, 1)).toEqual([0x0f, 0]);
    int10(0x0c85, { ecx: 10, edx: 1 });
    expect(indexed(0x3ce, 3)).toContain(0x18);
    int10(0x0c01, { ecx: 640, edx: 0 });
    int10(0x0c01, { ecx: 0, edx: 480 });
    expect(int10(0x0f00).ax).toBe(0x5012);
  });
});

describe('strings, palettes and information', () => {
  it('AH=13h writes at a position, with attributes in between, and moves the cursor if asked', () => {
    machine.memory.writeBytes(0x5000, Uint8Array.of(0x41, 0x1e, 0x42, 0x2e));
    int10(0x1302, { ecx: 2, edx: 0x0105, ebp: 0x5000 });
    expect(machine.memory.read32(0xb8000 + 160 + 10)).toBe(0x2e42_1e41);
    expect(cursor()).toBe(0);
    int10(0x1301, { ebx: 0x4f, ecx: 2, edx: 0xff00, ebp: 0x5000 });
    expect(machine.memory.read16(0xb8000)).toBe(0x4f41);
    expect(cursor()).toBe(2);
  });

  it('AH=10h sets and returns palette registers and DAC entries', () => {
    int10(0x1000, { ebx: 0x3f01 });
    expect(int10(0x1007, { ebx: 0x0001 }).ebx).toBe(0x3f01);
    int10(0x1010, { ebx: 5, ecx: 0x2233, edx: 0x1100 });
    expect([...machine.chips.dac.subarray(15, 18)]).toEqual([0x11, 0x22, 0x33]);
    machine.memory.writeBytes(0x5000, Uint8Array.of(1, 2, 3, 4, 5, 6));
    int10(0x1012, { ebx: 8, ecx: 2, edx: 0x5000 });
    int10(0x1017, { ebx: 8, ecx: 2, edx: 0x5100 });
    expect([...machine.memory.readBytes(0x5100, 6)]).toEqual([1, 2, 3, 4, 5, 6]);
    int10(0x101b, { ebx: 8, ecx: 1 });
    expect([...machine.chips.dac.subarray(24, 27)]).toEqual([2, 2, 2]);
    int10(0x1018, { ebx: 0x0f });
    expect(machine.chips.writes).toContainEqual([0x3c6, 0x0f]);
  });

  it('AH=10h keeps the display on after each register', () => {
    machine.chips.writes.length = 0;
    int10(0x1001, { ebx: 0x0400 });
    expect(machine.chips.writes.at(-1)).toEqual([0x3c0, 0x20]);
  });

  it('AH=10h AL=03h chooses between blinking and bright backgrounds', () => {
    int10(0x1003, { ebx: 0 });
    expect(machine.chips.vga.get('at16')).toBe(0x04);
    int10(0x1003, { ebx: 1 });
    expect(machine.chips.vga.get('at16')).toBe(0x0c);
  });

  it('AH=11h AL=12h gives 50 rows', () => {
    int10(0x1112);
    expect(machine.memory.read8(0x484)).toBe(49);
    expect(crtc(9)).toBe(0x47);
    expect(machine.call(0x10, { eax: 0x1130, ebx: 0x0300 })).toMatchObject({
      ecx: 8,
      edx: 49,
      es: 0xf000,
      ebp: 0x2000,
    });
    for (let i = 0; i < 60; i++) print(`${i}\r\n`);
    expect(machine.screen(0xb8000, 80, 50)[48]).toBe('59');
  });

  it('AH=1Bh fills 64 bytes', () => {
    machine.memory.writeBytes(0x5000, new Uint8Array(80).fill(0xee));
    expect(int10(0x1b00, { edi: 0x5000 }).al).toBe(0x1b);
    const table = machine.memory.readBytes(0x5000, 65);
    expect([table[4], table[5], table[0x22], table[0x23], table[0x25], table[0x3f], table[0x40]]).toEqual([
      3, 80, 25, 16, 8, 0, 0xee,
    ]);
    expect(machine.memory.read32(0x5000)).toBe(0xf000_5000);
  });

  it('AH=4Fh does not say that the VESA extensions exist without the display interface', () => {
    for (const al of [0x00, 0x01, 0x02, 0x4f]) expect(int10(0x4f00 | al).ax).toBe(0x0100);
  });
});
