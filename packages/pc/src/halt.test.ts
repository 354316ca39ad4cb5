import { describe, expect, it } from 'vitest';
import { explainOutcome } from './explain.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';

const MIB = 2 ** 20;

/** A boot sector of these instructions, in hexadecimal. */
function boot(code: string): Pc {
  const sector = new Uint8Array(512);
  sector.set((code.replace(/\s/g, '').match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
  sector.set([0x55, 0xaa], 510);
  return loadImage(sector, { ramSizeBytes: 16 * MIB }, {}).pc;
}

/** cli; mov al, master; out 0x21, al; mov al, slave; out 0xa1, al; sti; again: hlt; jmp again */
const haltWithMasks = (master: string, slave: string): Pc => boot(`fa b0${master} e621 b0${slave} e6a1 fb f4 ebfd`);

describe('a guest that halts with interrupts on', () => {
  it.each([
    ['only the keyboard open, which nobody presses', 'fd', 'ff'],
    ['only COM1 open, which nothing arrives at', 'ef', 'ff'],
    ['only the mouse open, which nobody moves', 'fb', 'ef'],
  ])('is idle with %s', (_, master, slave) => {
    const pc = haltWithMasks(master, slave);
    const outcome = pc.run();
    expect(outcome.kind).toBe('idle');
    expect(pc.waitsFor).toBe('input');
    // Where HLT stood, and again when nothing has come.
    expect(pc.run()).toEqual(outcome);
    expect(pc.run({ untilTick: pc.virtualTimeNs + 5e9 })).toEqual({ kind: 'limit' });
  });

  it.each([
    ['all inputs masked', 'ff', 'ff'],
    ['only the second controller open, all of whose inputs are masked', 'fb', 'ff'],
    ['the clock open behind a masked cascade', 'ff', 'fe'],
  ])('is halted for ever with %s', (_, master, slave) => {
    const pc = haltWithMasks(master, slave);
    const outcome = pc.run({ untilTick: 5e9 });
    expect(outcome.kind).toBe('halted');
    expect(pc.waitsFor).toBe('nothing');
    expect(explainOutcome(pc, outcome)).toEqual([
      'halted for ever: HLT with every interrupt masked that could come at 0x0000:0x7c0a',
    ]);
  });

  it('is woken by the timer as long as that is not masked', () => {
    const pc = haltWithMasks('fe', 'ff');
    expect(pc.run({ instructions: 100_000 })).toEqual({ kind: 'limit' });
  });

  it('is woken by input although it was idle', () => {
    const pc = haltWithMasks('fd', 'ff');
    const before = pc.run();
    const count = pc.cpu.instructionCount;
    pc.keyboard.press('a');
    pc.keyboard.release('a');
    expect(pc.run()).toEqual(before);
    expect(pc.cpu.instructionCount).toBeGreaterThan(count + 5);
  });
});

describe('the time-stamp counter', () => {
  it('goes on during HLT at the rate of virtual time', () => {
    // mov al, 0xfe; out 0x21, al; sti; hlt; hlt; rdtsc; cli; hlt
    const pc = boot('b0fe e621 fb f4 f4 0f31 fa f4');
    expect(pc.run().kind).toBe('halted');
    const { cpu } = pc;
    const ticks = cpu.state.gpr(0) | (cpu.state.gpr(2) << 32n);
    // Two periods of the timer, 54.9 ms each at most, of which the first had begun.
    expect(Number(ticks)).toBeGreaterThan(54.9e6);
    expect(pc.virtualTimeNs - Number(ticks)).toBeGreaterThanOrEqual(0);
    expect(Number(cpu.timeStampCounter) - Number(ticks)).toBeLessThan(100);
  });

  it('is the same after a snapshot is restored', () => {
    const pc = boot('b0fe e621 fb f4 f4 fa f4');
    pc.run();
    const other = boot('f4');
    other.restore(structuredClone(pc.snapshot()));
    expect(other.cpu.timeStampCounter).toBe(pc.cpu.timeStampCounter);
  });
});

describe('power off', () => {
  it.each([
    ['604h', '0406', '0020'],
    ['B004h', '04b0', '0020'],
    ['4004h', '0440', '0034'],
  ])('at port %s', (_, port, value) => {
    // mov dx, port; mov ax, 1; out dx, ax; mov ax, value; out dx, ax; hlt
    const pc = boot(`ba${port} b80100 ef b8${value} ef fa f4`);
    expect(pc.run()).toEqual({ kind: 'power-off' });
    // Whoever runs on sees what stands behind.
    expect(pc.run().kind).not.toBe('power-off');
  });
});

describe('limits', () => {
  it('of time are whole nanoseconds', () => {
    const pc = boot('f4');
    expect(() => pc.run({ untilTick: 1.5 })).toThrow(RangeError);
    expect(() => pc.run({ untilTick: Number.NaN })).toThrow(RangeError);
  });
});
