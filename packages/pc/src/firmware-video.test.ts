import { enlarge, FONT_8X8, FONT_8X14, FONT_8X16 } from '@longmode/vga';
import { beforeAll, describe, expect, it } from 'vitest';
import { Pc } from './index.ts';

const CODE = 0x7c00;
const BUFFER = 0x9000;
const FRAMEBUFFER = 0xe000_0000;

interface Registers {
  ax: number;
  bx?: number;
  cx?: number;
  dx?: number;
  di?: number;
}

/** A PC in real mode, whose boot sector loops, to call its firmware from. */
class FirmwareCaller {
  readonly pc: Pc;

  constructor() {
    const sector = new Uint8Array(512);
    sector.set([0xfa, 0xcd, 0x10, 0xeb, 0xfe]); // cli; int 10h; jmp $
    sector.set([0x55, 0xaa], 510);
    const disk = { sectorSizeBytes: 512, sectorCount: 1, read: () => sector };
    this.pc = new Pc({ ramSizeBytes: 0x20_0000, disks: { hardDisks: [disk] } });
    this.pc.run({ instructions: 50_000 });
  }

  /** INT 10h with ES = 0; @returns the registers after it */
  call({ ax, bx = 0, cx = 0, dx = 0, di = BUFFER }: Registers): Required<Registers> {
    const { state } = this.pc.cpu;
    [ax, cx, dx, bx].forEach((value, index) => {
      state.setGpr(index, BigInt(value));
    });
    state.setGpr(7, BigInt(di));
    state.rip = BigInt(CODE);
    this.pc.run({ instructions: 100 });
    expect(state.rip).toBe(BigInt(CODE + 3));
    const word = (index: number): number => Number(state.gpr(index) & 0xffffn);
    return { ax: word(0), cx: word(1), dx: word(2), bx: word(3), di: word(7) };
  }

  get memory() {
    return this.pc.cpu.memory;
  }
  words(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.memory.read16(at + 2 * i));
  }
  string(pointerAt: number): string {
    const at = this.memory.read16(pointerAt + 2) * 16 + this.memory.read16(pointerAt);
    const bytes = this.memory.read(at, 64);
    return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
  }
  modes(): number[] {
    this.call({ ax: 0x4f00 });
    const list = this.words(this.memory.read16(BUFFER + 0x10) * 16 + this.memory.read16(BUFFER + 0x0e), 120);
    return list.slice(0, list.indexOf(0xffff));
  }
}

let guest: FirmwareCaller;
beforeAll(() => {
  guest = new FirmwareCaller();
});

describe('the controller', () => {
  it('is described in 512 bytes to those who ask for version 2', () => {
    guest.memory.fill(BUFFER, 1024, 0xee);
    guest.memory.write(BUFFER, new TextEncoder().encode('VBE2'));
    expect(guest.call({ ax: 0x4f00 }).ax).toBe(0x004f);
    expect(new TextDecoder().decode(guest.memory.read(BUFFER, 4))).toBe('VESA');
    expect(guest.words(BUFFER + 4, 1)).toEqual([0x0200]);
    expect([guest.memory.read32(BUFFER + 0x0a), guest.memory.read16(BUFFER + 0x12)]).toEqual([1, 256]);
    expect([0x06, 0x16, 0x1a, 0x1e].map((at) => guest.string(BUFFER + at))).toEqual([
      'longmode VGA',
      'longmode',
      'longmode VGA BIOS',
      '1.0',
    ]);
    expect([guest.memory.read8(BUFFER + 511), guest.memory.read8(BUFFER + 512)]).toEqual([0, 0xee]);
  });

  it('is described in 256 bytes to others', () => {
    guest.memory.fill(BUFFER, 1024, 0xee);
    guest.call({ ax: 0x4f00 });
    expect([guest.memory.read8(BUFFER + 255), guest.memory.read8(BUFFER + 256)]).toEqual([0, 0xee]);
  });

  it('has no function 0Ah, nor any beyond', () => {
    for (const al of [0x0a, 0x10, 0x15]) expect(guest.call({ ax: 0x4f00 | al }).ax).toBe(0x0100);
  });
});

describe('the modes', () => {
  it('are as its list says, each of which can be set and shows a picture of its size', () => {
    const modes = guest.modes();
    expect(modes.length).toBeGreaterThan(70);
    expect([0x101, 0x105, 0x118, 0x18f, 0x18c].every((mode) => modes.includes(mode))).toBe(true);
    for (const mode of modes) {
      expect(guest.call({ ax: 0x4f01, cx: mode }).ax).toBe(0x004f);
      const { memory } = guest;
      const [attributes, pitch, width, height] = [0, 0x10, 0x12, 0x14].map((at) => memory.read16(BUFFER + at)) as [
        number,
        number,
        number,
        number,
      ];
      const bits = memory.read8(BUFFER + 0x19);
      expect(attributes & 0x1b).toBe(0x1b);
      expect(pitch).toBe(bits === 4 ? width / 8 : width * Math.ceil(bits / 8));
      const linear = (attributes & 0x80) !== 0;
      expect(memory.read32(BUFFER + 0x28)).toBe(linear ? FRAMEBUFFER : 0);
      expect(guest.call({ ax: 0x4f02, bx: mode | (linear ? 0x4000 : 0) }).ax).toBe(0x004f);
      expect(guest.call({ ax: 0x4f03 }).bx).toBe(mode | (linear ? 0x4000 : 0));
      const frame = guest.pc.vga.renderFrame();
      expect([mode, frame.width, frame.height]).toEqual([mode, width, height]);
    }
  });

  it.each([
    [0x111, [5, 11, 6, 5, 5, 0, 0, 0], 6],
    [0x110, [5, 10, 5, 5, 5, 0, 1, 15], 6],
    [0x112, [8, 16, 8, 8, 8, 0, 0, 0], 6],
    [0x142, [8, 16, 8, 8, 8, 0, 8, 24], 6],
    [0x101, [0, 0, 0, 0, 0, 0, 0, 0], 4],
    [0x102, [0, 0, 0, 0, 0, 0, 0, 0], 3],
  ])('%i has its colours where it says', (mode, fields, model) => {
    guest.call({ ax: 0x4f01, cx: mode });
    expect([...guest.memory.read(BUFFER + 0x1f, 8)]).toEqual(fields);
    expect(guest.memory.read8(BUFFER + 0x1b)).toBe(model);
  });

  it('that do not exist are refused, and change nothing', () => {
    guest.call({ ax: 0x4f02, bx: 0x4101 });
    expect(guest.call({ ax: 0x4f02, bx: 0x41ff }).ax).toBe(0x014f);
    expect(guest.call({ ax: 0x4f01, cx: 0x1ff }).ax).toBe(0x014f);
    expect(guest.call({ ax: 0x4f02, bx: 0x4102 }).ax).toBe(0x014f); // planes are not linear
    expect(guest.call({ ax: 0x4f03 }).bx).toBe(0x4101);
  });

  it('clear the memory unless told to keep it, and give way to those of the VGA', () => {
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    guest.memory.write16(FRAMEBUFFER + 2 * 640, 0xf800);
    guest.call({ ax: 0x4f02, bx: 0xc111 });
    expect(guest.call({ ax: 0x4f03 }).bx).toBe(0xc111);
    expect(guest.memory.read16(FRAMEBUFFER + 2 * 640)).toBe(0xf800);
    expect([...guest.pc.vga.renderFrame().rgba.subarray(4 * 640, 4 * 640 + 4)]).toEqual([255, 0, 0, 255]);
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    expect(guest.memory.read16(FRAMEBUFFER + 2 * 640)).toBe(0);
    expect(guest.call({ ax: 0x4f02, bx: 0x0003 }).ax).toBe(0x004f);
    expect([guest.call({ ax: 0x4f03 }).bx, guest.pc.vga.isExtended, guest.pc.vga.textScreen().columns]).toEqual([
      3,
      false,
      80,
    ]);
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    guest.call({ ax: 0x0013 });
    expect([guest.pc.vga.isExtended, guest.pc.vga.renderFrame().width]).toEqual([false, 320]);
  });
});

describe('inside a mode', () => {
  it('the window moves, unless the frame buffer is linear', () => {
    guest.call({ ax: 0x4f02, bx: 0x0111 });
    expect(guest.call({ ax: 0x4f05, bx: 0x0000, dx: 3 }).ax).toBe(0x004f);
    guest.memory.write16(0xa0002, 0x1234);
    expect(guest.memory.read16(FRAMEBUFFER + 0x30002)).toBe(0x1234);
    expect(guest.call({ ax: 0x4f05, bx: 0x0100 })).toMatchObject({ ax: 0x004f, dx: 3 });
    expect(guest.call({ ax: 0x4f05, bx: 0x0000, dx: 256 }).ax).toBe(0x014f);
    expect(guest.call({ ax: 0x4f05, bx: 0x0001, dx: 0 }).ax).toBe(0x014f); // window B
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    expect(guest.call({ ax: 0x4f05, bx: 0x0000, dx: 1 }).ax).toBe(0x034f);
  });

  it('lines can be longer than the screen', () => {
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    expect(guest.call({ ax: 0x4f06, bx: 0x01 })).toMatchObject({ ax: 0x004f, bx: 1280, cx: 640, dx: 13107 });
    expect(guest.call({ ax: 0x4f06, bx: 0x00, cx: 1000 })).toMatchObject({ ax: 0x004f, bx: 2000, cx: 1000, dx: 8388 });
    expect(guest.call({ ax: 0x4f06, bx: 0x02, cx: 2049 })).toMatchObject({ ax: 0x004f, bx: 2064, cx: 1032 });
    expect(guest.call({ ax: 0x4f06, bx: 0x00, cx: 600 }).ax).toBe(0x024f);
    expect(guest.call({ ax: 0x4f06, bx: 0x03 })).toMatchObject({ ax: 0x004f, bx: 34944, cx: 17472, dx: 480 });
    expect(guest.call({ ax: 0x4f06, bx: 0x00, cx: 17480 }).ax).toBe(0x024f);
    expect(guest.call({ ax: 0x4f06, bx: 0x01 }).cx).toBe(1032);
  });

  it('the picture moves over the virtual screen', () => {
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    guest.memory.write16(FRAMEBUFFER + 2 * (640 * 7 + 5), 0x07e0);
    expect(guest.call({ ax: 0x4f07, bx: 0x00, cx: 5, dx: 7 }).ax).toBe(0x004f);
    expect([...guest.pc.vga.renderFrame().rgba.subarray(0, 4)]).toEqual([0, 255, 0, 255]);
    expect(guest.call({ ax: 0x4f07, bx: 0xff01 })).toMatchObject({ ax: 0x004f, bx: 0x0001, cx: 5, dx: 7 });
    expect(guest.call({ ax: 0x4f07, bx: 0x80, cx: 0, dx: 13107 }).ax).toBe(0x014f);
    expect(guest.call({ ax: 0x4f07, bx: 0x01 })).toMatchObject({ cx: 5, dx: 7 });
  });

  it('the DAC has six bits or eight, and colours that can be set', () => {
    guest.call({ ax: 0x4f02, bx: 0x4101 });
    expect(guest.call({ ax: 0x4f08, bx: 0x0001 }).bx).toBe(0x0601);
    expect(guest.call({ ax: 0x4f08, bx: 0x0800 })).toMatchObject({ ax: 0x004f, bx: 0x0800 });
    guest.memory.write(BUFFER, Uint8Array.of(0x11, 0x22, 0xf3, 0, 0x44, 0x55, 0x66, 0));
    expect(guest.call({ ax: 0x4f09, bx: 0x00, cx: 2, dx: 254 }).ax).toBe(0x004f);
    guest.memory.write8(FRAMEBUFFER, 254);
    expect([...guest.pc.vga.renderFrame().rgba.subarray(0, 4)]).toEqual([0xf3, 0x22, 0x11, 255]);
    guest.call({ ax: 0x4f09, bx: 0x01, cx: 1, dx: 255, di: BUFFER + 0x100 });
    expect([...guest.memory.read(BUFFER + 0x100, 4)]).toEqual([0x44, 0x55, 0x66, 0]);
    expect(guest.call({ ax: 0x4f09, bx: 0x00, cx: 2, dx: 255 }).ax).toBe(0x014f);
    guest.call({ ax: 0x4f02, bx: 0x4111 });
    expect(guest.call({ ax: 0x4f08, bx: 0x0800 }).ax).toBe(0x034f);
  });

  it('outside of VESA modes there is none of this', () => {
    guest.call({ ax: 0x0003 });
    for (const al of [5, 6, 7, 8]) expect(guest.call({ ax: 0x4f00 | al, bx: 1 }).ax).toBe(0x034f);
  });
});

describe('the frame buffer', () => {
  it('is where base address 0 of PCI device 1234:1111 puts it', () => {
    const { pc, memory } = guest;
    const config = (register: number, value?: number): number => {
      pc.ports.write(0xcf8, 32, 0x8000_1000 + register);
      if (value !== undefined) pc.ports.write(0xcfc, 32, value);
      return pc.ports.read(0xcfc, 32);
    };
    expect([config(0x00), config(0x08), config(0x10)]).toEqual([0x1111_1234, 0x0300_0002, 0xe000_0008]);
    guest.call({ ax: 0x4f02, bx: 0x4142 });
    memory.write32(FRAMEBUFFER, 0x00112233);
    config(0x10, 0xfd00_0000);
    expect([memory.read32(0xfd00_0000), memory.read32(FRAMEBUFFER)]).toEqual([0x00112233, 0xffffffff]);
    guest.call({ ax: 0x4f01, cx: 0x142 });
    expect(memory.read32(BUFFER + 0x28)).toBe(0xfd00_0000);
    const saved = structuredClone(pc.snapshot());
    config(0x04, 0);
    expect(memory.read32(0xfd00_0000)).toBe(0xffffffff);
    guest.call({ ax: 0x4f01, cx: 0x142 });
    expect([memory.read16(BUFFER) & 0x80, memory.read32(BUFFER + 0x28)]).toEqual([0, 0]);
    const other = new FirmwareCaller();
    other.pc.restore(saved);
    expect(other.memory.read32(0xfd00_0000)).toBe(0x00112233);
    config(0x04, 3);
    config(0x10, FRAMEBUFFER);
  });
});

describe('the state of the display', () => {
  it('comes back from a buffer: mode, registers, colours and data area', () => {
    guest.call({ ax: 0x0003 });
    guest.call({ ax: 0x0103, cx: 0x0607 });
    guest.call({ ax: 0x4f02, bx: 0x4101 });
    guest.call({ ax: 0x4f06, bx: 0, cx: 1024 });
    guest.call({ ax: 0x4f07, bx: 0, cx: 8, dx: 3 });
    guest.call({ ax: 0x4f08, bx: 0x0800 });
    guest.memory.write(BUFFER, Uint8Array.of(0xc1, 0xc2, 0xc3, 0));
    guest.call({ ax: 0x4f09, bx: 0, cx: 1, dx: 77 });
    const before = guest.pc.vga.snapshot();
    const blocks = guest.call({ ax: 0x4f04, dx: 0, cx: 0x0f }).bx;
    expect(blocks).toBe(14);
    expect(guest.call({ ax: 0x4f04, dx: 1, cx: 0x0f, bx: BUFFER }).ax).toBe(0x004f);
    guest.call({ ax: 0x0013 });
    expect(guest.call({ ax: 0x4f04, dx: 2, cx: 0x0f, bx: BUFFER }).ax).toBe(0x004f);
    const after = guest.pc.vga.snapshot();
    for (const field of ['sequencer', 'crtc', 'graphics', 'attribute', 'dac'] as const) {
      expect([field, ...after[field]]).toEqual([field, ...before[field]]);
    }
    expect({ ...after.dispi, index: 0 }).toEqual({ ...before.dispi, index: 0, enable: before.dispi.enable | 0x80 });
    expect(guest.memory.read8(0x449)).toBe(3);
    expect(guest.call({ ax: 0x4f04, dx: 3, cx: 0x0f }).ax).toBe(0x014f);
  });

  it('is kept by the function of the VGA too', () => {
    guest.call({ ax: 0x0003 });
    expect(guest.call({ ax: 0x1c00, cx: 0x07 })).toMatchObject({ ax: 0x1c1c, bx: 14 });
    guest.call({ ax: 0x1c01, cx: 0x07, bx: BUFFER });
    guest.call({ ax: 0x0012 });
    guest.call({ ax: 0x1c02, cx: 0x07, bx: BUFFER });
    expect(guest.pc.vga.textScreen().columns).toBe(80);
  });
});

describe('text modes', () => {
  it.each([
    [0x03, 2, 0x14, '80x25', 720, 400, 16],
    [0x03, 2, 0x11, '80x28', 720, 392, 14],
    [0x03, 2, 0x12, '80x50', 720, 400, 8],
    [0x01, 2, 0x14, '40x25', 720, 400, 16],
    [0x03, 1, 0x11, '80x25', 640, 350, 14],
    [0x03, 1, 0x12, '80x43', 640, 344, 8],
    [0x03, 0, 0x12, '80x25', 640, 400, 8],
    [0x01, 1, 0x12, '40x43', 640, 344, 8],
    [0x07, 2, 0x14, '80x25', 720, 400, 16],
  ])(
    '%i with line choice %i and font %i: %s on %i by %i',
    (mode, lines, font, cells, width, height, characterHeight) => {
      expect(guest.call({ ax: 0x1200 | lines, bx: 0x30 }).ax).toBe(0x1212);
      guest.call({ ax: mode });
      guest.call({ ax: 0x1100 | font });
      const screen = guest.pc.vga.textScreen();
      const frame = enlarge(guest.pc.vga.renderFrame());
      expect([`${screen.columns}x${screen.rows}`, frame.width, frame.height]).toEqual([cells, width, height]);
      expect([screen.characterHeight, guest.memory.read8(0x484) + 1]).toEqual([characterHeight, screen.rows]);
      expect(guest.call({ ax: 0x1202, bx: 0x30 }).ax).toBe(0x1212);
    },
  );

  it('show the glyphs of the ROM', () => {
    for (const [lines, font, height] of [
      [2, FONT_8X16, 16],
      [1, FONT_8X14, 14],
      [0, FONT_8X8, 8],
    ] as const) {
      guest.call({ ax: 0x1200 | lines, bx: 0x30 });
      guest.call({ ax: 0x0003 });
      guest.memory.write16(0xb8000 + 2 * 7, 0x0f40);
      const { width, rgba } = guest.pc.vga.renderFrame();
      const cell = width / 80;
      const rows = Array.from({ length: height }, (_, y) =>
        Array.from({ length: 8 }, (_x, x) => (rgba[4 * (y * width + 7 * cell + x)] ? 0x80 >> x : 0)).reduce(
          (a, b) => a | b,
        ),
      );
      expect(rows).toEqual([...font.subarray(0x40 * height, 0x41 * height)]);
    }
    guest.call({ ax: 0x1202, bx: 0x30 });
  });
});
