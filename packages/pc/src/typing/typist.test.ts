import { describe, expect, it } from 'vitest';
import { type GuestName, guestDisk } from '../../test/guests.ts';
import { readImage } from '../../test/images.ts';
import { loadImage } from '../load.ts';
import type { Pc } from '../pc.ts';
import { hashMachine } from '../state-hash.ts';
import { parseKeys } from './parse-keys.ts';
import { TypingError, type TypingStep } from './step.ts';

const MS = 1_000_000;
/** When the self-test is over and a boot sector begins. */
const BOOT = 165 * MS;

interface Running {
  readonly pc: Pc;
  readonly serial: number[];
}

function start(image: Uint8Array, typing: readonly TypingStep[]): Running {
  const serial: number[] = [];
  const events = { onSerial: (byte: number) => void serial.push(byte) };
  const { pc } = loadImage(image, { ramSizeBytes: 16 * 2 ** 20 }, { engine: 'jit', typing, events });
  return { pc, serial };
}
const startGuest = (name: GuestName, script: string): Running => start(guestDisk(name), parseKeys(script));
const textOf = ({ serial }: Running): string => String.fromCharCode(...serial);
const hexOf = ({ serial }: Running): string => Buffer.from(serial).toString('hex');

describe('a script is typed', () => {
  it('as fast as a guest asks INT 16h, however slow that is', () => {
    // More than the firmware's buffer of fifteen keys holds.
    const text = 'The quick brown fox jumps over the lazy dog 0123456789!';
    const running = startGuest('asking', `type:"${text}\\n"`);
    const { pc } = running;
    expect(pc.run({ untilTick: BOOT + 200 * MS }).kind).toBe('limit');
    expect(textOf(running)).toBe(`${text}\r`);
    expect(pc.typist.current).toBeUndefined();
  });

  it('to a guest that polls the controller', () => {
    const running = startGuest('polling', 'a shift-b pause');
    running.pc.run({ untilTick: BOOT + 3 * MS });
    expect(hexOf(running)).toBe('1e9e2a30b0aae11d45e19dc5');
  });

  it('to a guest that halts until a key comes', () => {
    const running = startGuest('keyboard', 'ctrl-alt-delete up');
    running.pc.run({ untilTick: BOOT + 30 * MS });
    expect(hexOf(running)).toBe('1d38e053e0d3b89de048e0c8');
  });

  it('to a guest that never halts, after a tenth of a second', () => {
    const running = startGuest('spinning', 'a b');
    running.pc.run({ untilTick: BOOT + 90 * MS });
    expect(hexOf(running)).toBe('');
    running.pc.run({ untilTick: BOOT + 140 * MS });
    expect(hexOf(running)).toBe('1e9e30b0');
  });

  it('to a kernel with an executor', { timeout: 60_000 }, () => {
    const typing = parseKeys('wait:"async number: 42" type:"Async Keys, 1 - 2 = 3\\nWoken!" wait:Woken quit');
    const { pc } = start(readImage('chapter-12.elf'), typing);
    expect(pc.run({ untilTick: BOOT + 3000 * MS }).kind).toBe('stopped');
    expect(pc.typist.hasQuit).toBe(true);
    expect(pc.vga.toStrings().join('\n')).toContain('Keys, 1 - 2 = 3');
  });

  it('with keys that are held, and repeat', () => {
    const running = startGuest('keyboard', 'a:600ms');
    running.pc.run({ untilTick: BOOT + 700 * MS });
    expect(hexOf(running)).toBe('1e1e1e9e'); // the first repeat after half a second, the next after 92 ms
  });

  it('at instants, whether the guest is ready or not', () => {
    const { pc } = startGuest('asking', '@250ms a +1ms');
    pc.run({ untilTick: 250 * MS - 1 });
    expect(pc.keyboard.hasOutput).toBe(false);
    pc.run({ untilTick: 250 * MS });
    expect(pc.keyboard.hasOutput).toBe(true);
  });

  it('at an instruction, to the instruction', () => {
    const { pc } = startGuest('polling', '@1234567 a');
    pc.run({ instructions: 1_234_566 });
    expect(pc.keyboard.hasOutput).toBe(false);
    pc.run({ instructions: 1 });
    expect(pc.keyboard.hasOutput).toBe(true);
    expect(pc.cpu.instructionCount).toBe(1_234_567);
  });

  it('after a text from COM1', () => {
    const running = startGuest('asking', 'a wait:a b c wait:bc d wait:d');
    running.pc.run({ untilTick: BOOT + 30 * MS });
    expect(textOf(running)).toBe('abcd');
    expect(running.pc.typist.current).toBeUndefined();
  });

  it('later, when it is given later', () => {
    const running = startGuest('asking', '');
    running.pc.run({ untilTick: BOOT + 20 * MS });
    running.pc.typist.type(parseKeys('x'));
    running.pc.run({ untilTick: BOOT + 30 * MS });
    expect(textOf(running)).toBe('x');
  });

  it('across a reset of the machine', () => {
    const running = startGuest('asking', 'ctrl-alt-delete a');
    expect(running.pc.run({ untilTick: BOOT + 50 * MS }).kind).toBe('reset');
    running.pc.reset();
    running.pc.run({ untilTick: 2 * BOOT + 20 * MS });
    expect(textOf(running)).toBe('a');
  });
});

describe('a script', () => {
  it('makes the same run in any slices, and after a snapshot', () => {
    const script = 'a wait:a shift-b +1ms c @1500k d wait:never';
    const whole = startGuest('asking', script);
    whole.pc.run({ untilTick: BOOT + 30 * MS });
    const expected = hashMachine(whole.pc);
    expect(textOf(whole)).toBe('aBcd');

    const sliced = startGuest('asking', script);
    while (sliced.pc.virtualTimeNs < BOOT + 30 * MS) {
      sliced.pc.run({ untilTick: Math.min(BOOT + 30 * MS, sliced.pc.virtualTimeNs + 123_457) });
    }
    expect(hashMachine(sliced.pc)).toBe(expected);

    for (const tick of [1, 165.2, 167.3, 175].map((ms) => ms * MS)) {
      const first = startGuest('asking', script);
      first.pc.run({ untilTick: tick });
      const second = startGuest('asking', '');
      second.pc.restore(structuredClone(first.pc.snapshot()));
      second.pc.run({ untilTick: BOOT + 30 * MS });
      expect(hashMachine(second.pc)).toBe(expected);
    }
  });

  it('that waits for what never comes does not keep a guest from being idle', () => {
    const { pc } = startGuest('keyboard', 'wait:never a');
    pc.run({ untilTick: BOOT + 20 * MS });
    pc.ports.write(0x21, 8, 0xfd); // no timer
    expect(pc.run().kind).toBe('idle');
    expect(pc.typist.current).toBe('wait:"never"');
    expect(pc.run().kind).toBe('idle');
    pc.typist.cancel();
    expect(pc.typist.remaining).toEqual([]);
  });

  it('is refused whole when one step is bad', () => {
    const { pc } = startGuest('asking', '');
    const bad: unknown[] = [null, 1, {}, { kind: 'x' }, { kind: 'keys', keys: [] }, { kind: 'keys', keys: ['nokey'] }];
    bad.push({ kind: 'keys', keys: ['a'], holdTicks: -1 }, { kind: 'text', text: '' }, { kind: 'text', text: 'é' });
    bad.push({ kind: 'wait', text: 1 }, { kind: 'at-tick', tick: 0.5 }, { kind: 'at-instruction' }, { kind: 'pause' });
    for (const step of bad) {
      const steps = [{ kind: 'quit' }, step] as TypingStep[];
      expect(() => pc.typist.type(steps)).toThrow(TypingError);
    }
    const many = new Array<TypingStep>(100_001).fill({ kind: 'quit' });
    expect(() => pc.typist.type(many)).toThrow(TypingError);
    expect(pc.typist.remaining).toEqual([]);
  });

  it('is refused from a damaged snapshot', () => {
    const { pc } = startGuest('asking', 'type:abc wait:x');
    pc.run({ untilTick: BOOT + MS });
    const state = pc.typist.snapshot();
    const damages: Record<string, unknown>[] = [
      { steps: null },
      { steps: [{ kind: 'text', text: 'ab' }], textOffset: 2 },
      { steps: [{ kind: 'wait', text: 'ab' }], textOffset: 0, events: [{ key: 'a', isPressed: true }] },
      { events: [{ key: 'nokey', isPressed: true }] },
      { events: [null] },
      { releaseAt: -1 },
      { pauseEnd: 'soon' },
      { isTimed: 0 },
      { heard: 1 },
      { heard: 'x'.repeat(200_000) },
      { hasQuit: undefined },
      { readiness: null },
      { readiness: { ...state.readiness, openSince: Number.NaN } },
      { readiness: { ...state.readiness, isAsked: 1 } },
    ];
    for (const damage of damages) {
      expect(() => pc.typist.restore({ ...state, ...damage } as never)).toThrow(TypingError);
    }
    expect(() => pc.typist.restore(null as never)).toThrow(TypingError);
    expect(pc.typist.snapshot()).toEqual(state);
  });
});
