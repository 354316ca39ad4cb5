import { describe, expect, it } from 'vitest';
import {
  MODE_3_NARROW_REGISTERS,
  MODE_3_REGISTERS,
  MODE_12_REGISTERS,
  MODE_13_REGISTERS,
  programMode,
  Vga,
} from './index.ts';
import { beamPosition, vgaTiming } from './timing.ts';

function running(mode = MODE_3_REGISTERS): { clock: { now: number }; vga: Vga } {
  const clock = { now: 0 };
  const vga = new Vga({ clock });
  programMode(vga, mode);
  return { clock, vga };
}

describe('the raster', () => {
  it.each([
    [MODE_3_REGISTERS, 720, 400, 70.09, 31.47],
    [MODE_3_NARROW_REGISTERS, 640, 400, 70.09, 31.47],
    [MODE_12_REGISTERS, 640, 480, 59.94, 31.47],
    [MODE_13_REGISTERS, 640, 400, 70.09, 31.47],
  ])('has the standard frequencies: $description', (mode, dots, lines, frameHz, lineKhz) => {
    const timing = vgaTiming(running(mode).vga.snapshot());
    expect([timing.displayedDots, timing.displayedLines]).toEqual([dots, lines]);
    expect(timing.dotClockKhz / timing.lineDots).toBeCloseTo(lineKhz, 1);
    expect((1000 * timing.dotClockKhz) / timing.lineDots / timing.frameLines).toBeCloseTo(frameHz, 1);
  });

  it('has a place for the beam at any time', () => {
    const timing = vgaTiming(running().vga.snapshot());
    expect(beamPosition(timing, 0)).toEqual({ frame: 0, line: 0, dot: 0 });
    // 28.322 MHz: 28,322 dots in a millisecond, of 900 a line
    expect(beamPosition(timing, 1_000_000)).toEqual({ frame: 0, line: 31, dot: 422 });
    expect(beamPosition(timing, 1_000_000_000)).toEqual({ frame: 70, line: 38, dot: 800 });
    const { frame, line, dot } = beamPosition(timing, 2 ** 53 - 1);
    expect([frame, line, dot].every(Number.isSafeInteger)).toBe(true);
  });
});

describe('Input Status 1', () => {
  it('shows one vertical retrace a frame, two lines long, inside the blanking', () => {
    const { clock, vga } = running();
    let retraces = 0;
    let retraceSamples = 0;
    let wasRetrace = false;
    for (clock.now = 0; clock.now < 100_000_000; clock.now += 5_000) {
      const status = vga.readPort(0x2a, 8);
      expect(status & ~0x09).toBe(0);
      const isRetrace = (status & 0x08) !== 0;
      if (isRetrace) expect(status & 0x01).toBe(0x01);
      if (isRetrace && !wasRetrace) retraces++;
      if (isRetrace) retraceSamples++;
      wasRetrace = isRetrace;
    }
    expect(retraces).toBe(7);
    expect((retraceSamples * 5_000) / retraces / 31_778).toBeCloseTo(2, 0);
  });

  it('shows the horizontal blanking of each line', () => {
    const { clock, vga } = running();
    clock.now = 10_000; // 283 dots into the first line
    expect(vga.readPort(0x2a, 8)).toBe(0x00);
    clock.now = 26_000; // 736 dots into it
    expect(vga.readPort(0x2a, 8)).toBe(0x01);
  });

  it('is well defined before any mode is set', () => {
    const clock = { now: 0 };
    const vga = new Vga({ clock });
    for (; clock.now < 10_000; clock.now += 100) expect(vga.readPort(0x0a, 8) & ~0x09).toBe(0);
  });
});
