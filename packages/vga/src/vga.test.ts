import { checkDevice, checkRestore } from '@longmode/device-testing';
import type { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import {
  DISPI_PORT_COUNT,
  DISPI_PORT_OFFSET,
  MODE_3_REGISTERS,
  MODE_12_REGISTERS,
  MODE_13_REGISTERS,
  programMode,
  VGA_MEMORY_SIZE,
  Vga,
  VgaError,
} from './index.ts';

const make = (): Vga => new Vga({ clock: { now: 0 }, videoMemory: new Uint8Array(0x40000) });

function indexed(vga: Vga, port: number, index: number, value?: number): number {
  vga.writePort(port, 8, index);
  if (value !== undefined) vga.writePort(port + 1, 8, value);
  return vga.readPort(port + 1, 8);
}

describe('the device contract', () => {
  const description = {
    make: ({ clock }: { clock: VirtualClock }) => new Vga({ clock, videoMemory: new Uint8Array(0x50000) }),
    ports: DISPI_PORT_OFFSET + DISPI_PORT_COUNT,
    memory: VGA_MEMORY_SIZE,
    actions: {
      mode3: (vga: Vga) => programMode(vga, MODE_3_REGISTERS),
      mode12: (vga: Vga) => programMode(vga, MODE_12_REGISTERS),
      mode13: (vga: Vga) => programMode(vga, MODE_13_REGISTERS),
      extended: (vga: Vga) => {
        for (const [index, value] of [
          [1, 160],
          [2, 100],
          [3, 16],
          [4, 0x41],
          [5, 2],
        ] as const) {
          vga.writePort(DISPI_PORT_OFFSET, 16, index);
          vga.writePort(DISPI_PORT_OFFSET + 1, 16, value);
        }
      },
    },
    runs: 4,
    steps: 60,
  };

  it('is kept on random traces', () => {
    expect(checkDevice(description).operations).toBeGreaterThan(200);
  });

  it('holds against damaged snapshots', () => {
    const { refused, taken } = checkRestore({ ...description, steps: 20 });
    expect(refused).toBeGreaterThan(taken);
  }, 30_000); // a thousand snapshots of 256 KiB
});

describe('power-on', () => {
  it('has the I/O addresses of a monochrome adapter and memory off', () => {
    const vga = make();
    expect(vga.readPort(0x1c, 8)).toBe(0);
    vga.writePort(0x04, 8, 0x0e);
    expect(vga.readPort(0x04, 8)).toBe(0x0e);
    expect(vga.readPort(0x24, 8)).toBe(0xff);
    expect(vga.readMemory(0, 32)).toBe(0xffffffff);
  });
});

describe('the ports', () => {
  it('move with Miscellaneous Output bit 0', () => {
    const vga = make();
    vga.writePort(0x12, 8, 0x01);
    indexed(vga, 0x24, 0x0f, 0x55);
    expect(vga.readPort(0x05, 8)).toBe(0xff);
    vga.writePort(0x12, 8, 0x00);
    expect(indexed(vga, 0x04, 0x0f)).toBe(0x55);
    expect(vga.readPort(0x25, 8)).toBe(0xff);
  });

  it('are all deaf but 3C3h while Video Subsystem Enable is clear', () => {
    const vga = make();
    programMode(vga, MODE_3_REGISTERS);
    vga.writePort(0x13, 8, 0);
    expect([vga.readPort(0x1c, 8), vga.readPort(0x13, 8), vga.readMemory(0x18000, 8)]).toEqual([0xff, 0, 0xff]);
    vga.writePort(0x12, 8, 0);
    vga.writePort(0x13, 8, 1);
    expect(vga.readPort(0x1c, 8)).toBe(MODE_3_REGISTERS.miscOutput);
  });

  it('take index and data in one 16-bit write and give both in one read', () => {
    const vga = make();
    vga.writePort(0x1e, 16, 0x5a08);
    expect(vga.readPort(0x1e, 16)).toBe(0x5a08);
  });

  it('read as open bus where there is no register, and past the end', () => {
    const vga = make();
    expect([0x00, 0x1b, 0x1d, 0x2f].map((offset) => vga.readPort(offset, 8))).toEqual([0xff, 0xff, 0xff, 0xff]);
    expect(vga.readPort(0x2f, 32)).toBe(0xffffffff);
  });

  it.each([
    ['sequencer', 0x14, [0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0]],
    ['graphics controller', 0x1e, [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff, 0]],
  ])('keep only the bits that exist: %s', (_, port, masks) => {
    const vga = make();
    expect(masks.map((_mask, index) => indexed(vga, port, index, 0xff))).toEqual(masks);
    expect(masks.map((_mask, index) => indexed(vga, port, index, 0x00))).toEqual(masks.map(() => 0));
  });

  it('read back every CRTC register, and nothing above 18h', () => {
    const vga = make();
    for (let index = 0x18; index >= 0; index--) indexed(vga, 0x04, index, 0x40 | index);
    const read = Array.from({ length: 0x1a }, (_, index) => indexed(vga, 0x04, index));
    expect(read).toEqual(Array.from({ length: 0x1a }, (_, index) => (index < 0x19 ? 0x40 | index : 0)));
  });

  it('protect CRTC registers 0 to 7, but not bit 8 of Line Compare', () => {
    const vga = make();
    indexed(vga, 0x04, 0x00, 0x5f);
    indexed(vga, 0x04, 0x11, 0x80);
    expect(indexed(vga, 0x04, 0x00, 0x00)).toBe(0x5f);
    expect(indexed(vga, 0x04, 0x07, 0xff)).toBe(0x10);
    expect(indexed(vga, 0x04, 0x08, 0x12)).toBe(0x12);
    indexed(vga, 0x04, 0x11, 0x00);
    expect(indexed(vga, 0x04, 0x00, 0x77)).toBe(0x77);
  });
});

describe('the attribute controller', () => {
  it('takes index and data in turn at one port; reading Input Status 1 starts over', () => {
    const vga = make();
    vga.readPort(0x0a, 8);
    vga.writePort(0x10, 8, 0x05);
    vga.writePort(0x10, 8, 0x2a);
    vga.writePort(0x10, 8, 0x11);
    expect([vga.readPort(0x10, 8), vga.readPort(0x11, 8)]).toEqual([0x11, 0]);
    vga.readPort(0x0a, 8);
    vga.writePort(0x10, 8, 0x25);
    expect([vga.readPort(0x10, 8), vga.readPort(0x11, 8)]).toEqual([0x25, 0x2a]);
  });

  it('is not started over by Input Status 1 at the deselected address', () => {
    const vga = make();
    vga.writePort(0x10, 8, 0x01);
    vga.readPort(0x2a, 8);
    vga.writePort(0x10, 8, 0x3f);
    expect(vga.readPort(0x11, 8)).toBe(0x3f);
  });
});

describe('the DAC', () => {
  const write = (vga: Vga, ...bytes: number[]): void => {
    for (const byte of bytes) vga.writePort(0x19, 8, byte);
  };
  const read = (vga: Vga, count: number): number[] => Array.from({ length: count }, () => vga.readPort(0x19, 8));

  it('goes from colour to colour by itself, and from 255 to 0', () => {
    const vga = make();
    vga.writePort(0x18, 8, 255);
    write(vga, 1, 2, 3, 4, 5, 6);
    expect(vga.readPort(0x18, 8)).toBe(1);
    vga.writePort(0x17, 8, 255);
    expect(read(vga, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('has six bits a component', () => {
    const vga = make();
    vga.writePort(0x18, 8, 7);
    write(vga, 0xff, 0x40, 0x7f);
    vga.writePort(0x17, 8, 7);
    expect(read(vga, 3)).toEqual([0x3f, 0x00, 0x3f]);
  });

  it('takes a colour only when its blue arrives', () => {
    const vga = make();
    vga.writePort(0x18, 8, 7);
    write(vga, 1, 2);
    vga.writePort(0x17, 8, 7);
    expect(read(vga, 3)).toEqual([0, 0, 0]);
  });

  it('tells which index was written last', () => {
    const vga = make();
    vga.writePort(0x18, 8, 0);
    expect(vga.readPort(0x17, 8)).toBe(0);
    vga.writePort(0x17, 8, 0);
    expect(vga.readPort(0x17, 8)).toBe(3);
  });

  it('has a PEL mask that the guest may read', () => {
    const vga = make();
    expect(vga.readPort(0x16, 8)).toBe(0xff);
    vga.writePort(0x16, 8, 0x3c);
    expect(vga.readPort(0x16, 8)).toBe(0x3c);
  });
});

describe('a snapshot', () => {
  it('holds the planes byte by byte: offset first, plane second', () => {
    const vga = make();
    programMode(vga, MODE_3_REGISTERS);
    vga.writeMemory(0x18000 + 2 * 5, 16, 0x1f41);
    const { videoMemory } = vga.snapshot();
    expect(videoMemory.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([[0, 4096]]);
    expect([...(videoMemory[0]?.bytes.subarray(40, 44) ?? [])]).toEqual([0x41, 0x1f, 0, 0]);
  });

  it('that cannot be is refused with the field that is wrong', () => {
    const vga = make();
    const bad = { ...vga.snapshot(), crtc: new Uint8Array(3) };
    expect(() => vga.restore(bad)).toThrow(VgaError);
    expect(() => vga.restore(bad)).toThrow("field 'crtc' must be 25 bytes");
  });
});

describe('programming a mode', () => {
  it.each([MODE_3_REGISTERS, MODE_12_REGISTERS, MODE_13_REGISTERS])('leaves its registers: $description', (mode) => {
    const vga = make();
    programMode(vga, MODE_3_REGISTERS); // with the CRTC protected
    programMode(vga, mode);
    const state = vga.snapshot();
    expect(state.miscOutput).toBe(mode.miscOutput);
    for (const part of ['sequencer', 'crtc', 'graphics', 'attribute'] as const) {
      expect([...state[part]]).toEqual([...mode[part]]);
    }
    const colors = mode.palette.flatMap((color) => [color >> 16, (color >> 8) & 0xff, color & 0xff]);
    expect([...state.dac.subarray(0, colors.length)]).toEqual(colors);
    expect(vga.textScreen().isBlanked).toBe(false);
  });
});
