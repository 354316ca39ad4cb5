import { beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../test/fake-machine.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine().powerOn();
});

/** Takes all keys through AH=10h. */
function keys(): number[] {
  const taken: number[] = [];
  while (!machine.call(0x16, { eax: 0x1100 }).zero) taken.push(machine.call(0x16, { eax: 0x1000 }).ax);
  return taken;
}

const press = (...codes: number[]): number[] => codes.flatMap((code) => [code, code | 0x80]);
const LSHIFT = 0x2a;
const CTRL = 0x1d;
const ALT = 0x38;
const held = (modifier: number, ...codes: number[]): number[] => [modifier, ...press(...codes), modifier | 0x80];

describe('INT 09h', () => {
  it.each([
    ['a', press(0x1e), [0x1e61]],
    ['Shift+a', held(LSHIFT, 0x1e), [0x1e41]],
    ['Ctrl+a', held(CTRL, 0x1e), [0x1e01]],
    ['Alt+a', held(ALT, 0x1e), [0x1e00]],
    ['AltGr+a', [0xe0, ...[ALT], ...press(0x1e), 0xe0, ALT | 0x80], [0x1e00]],
    ['digits and Shift', [...press(0x02), ...held(LSHIFT, 0x02, 0x0b)], [0x0231, 0x0221, 0x0b29]],
    [
      'Caps Lock, then a, Shift+a and 1',
      [...press(0x3a), ...press(0x1e), ...held(LSHIFT, 0x1e), ...press(0x02)],
      [0x1e41, 0x1e61, 0x0231],
    ],
    [
      'keypad 5 with and without Num Lock',
      [...press(0x4c), ...press(0x45), ...press(0x4c), ...held(LSHIFT, 0x4b)],
      [0x4c00, 0x4c35, 0x4b00],
    ],
    [
      'function keys',
      [...press(0x3b, 0x44, 0x57), ...held(LSHIFT, 0x3b), ...held(CTRL, 0x3c), ...held(ALT, 0x58)],
      [0x3b00, 0x4400, 0x8500, 0x5400, 0x5f00, 0x8c00],
    ],
    ['grey arrow with its invented shift', [0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0xaa], [0x48e0]],
    ['keypad Enter and /', [0xe0, 0x1c, 0xe0, 0x9c, 0xe0, 0x35, 0xe0, 0xb5], [0xe00d, 0xe02f]],
    ['Alt and a number on the keypad', [ALT, ...press(0x4f), ...press(0x47), ...press(0x4f), ALT | 0x80], [0x00ab]],
    ['a key that repeats', [0x1e, 0x1e, 0x1e, 0x9e], [0x1e61, 0x1e61, 0x1e61]],
    ['an acknowledge and a self-test result', [0xfa, 0xaa, 0xfe, 0x00, 0xff], []],
    ['a combination without a code', held(CTRL, 0x02), []],
  ])('translates %s', (_, codes, expected) => {
    machine.type(...codes);
    expect(keys()).toEqual(expected);
  });

  it('ends the interrupt and keeps every register', () => {
    machine.chips.keyboardBytes.push([0x1e, false]);
    machine.chips.inService = 0x02;
    expect(machine.call(0x09, { eax: 0xdead_beef, flags: 0x0247 })).toMatchObject({ eax: 0xdead_beef, flags: 0x0247 });
    expect(machine.chips.inService).toBe(0);
  });

  it('leaves bytes of the mouse alone', () => {
    machine.chips.keyboardBytes.push([0x1e, true]);
    machine.call(0x09);
    expect(machine.chips.keyboardBytes.length).toBe(1);
    expect(keys()).toEqual([]);
  });

  it('tells of keys that it stores, and INT 16h of requests that find none', () => {
    machine.type(LSHIFT, 0x1e);
    expect(machine.keyBufferEvents).toEqual(['stored']);
    expect(keys().length).toBe(1);
    expect(machine.keyBufferEvents).toEqual(['stored', 'wanted']);
    machine.type(...new Array<number>(16).fill(0x1e));
    expect(machine.keyBufferEvents.length).toBe(2 + 15);
  });

  it('keeps fifteen keys and drops the rest', () => {
    machine.type(...new Array<number>(20).fill(0x1e));
    expect(keys().length).toBe(15);
  });

  it('toggles a lock once however long the key is held, and keeps the lamps’ state', () => {
    machine.type(0x3a, 0x3a, 0x3a);
    expect(machine.memory.read8(0x417)).toBe(0x40);
    expect(machine.memory.read8(0x418)).toBe(0x40);
    expect(machine.memory.read8(0x497) & 7).toBe(4);
    machine.type(0xba, 0x3a, 0xba);
    expect(machine.memory.read8(0x417)).toBe(0);
  });

  it('shows shift states in AH=02h and AH=12h', () => {
    machine.type(LSHIFT, CTRL, 0xe0, ALT, 0x52);
    expect(machine.call(0x16, { eax: 0x0200 }).al).toBe(0x0e);
    expect(machine.call(0x16, { eax: 0x1200 }).ax).toBe(0x090e);
    machine.type(0xe0, ALT | 0x80, CTRL | 0x80);
    expect(machine.call(0x16, { eax: 0x1200 }).ax).toBe(0x0002);
  });

  it('holds Ctrl while one of the two Ctrl keys is down', () => {
    machine.type(CTRL, 0xe0, CTRL, CTRL | 0x80);
    expect(machine.memory.read8(0x417) & 4).toBe(4);
    machine.type(0xe0, CTRL | 0x80);
    expect(machine.memory.read8(0x417) & 4).toBe(0);
  });

  it('toggles Insert', () => {
    machine.type(...press(0x52));
    expect(machine.memory.read8(0x417)).toBe(0x80);
    machine.type(0xe0, 0x52, 0xe0, 0xd2);
    expect(machine.memory.read8(0x417)).toBe(0);
    expect(keys()).toEqual([0x5200, 0x52e0]);
  });

  it.each([
    ['replace a scan code', [0xfe, 0xc0, 0xf9], [0x1f73]],
    ['swallow a scan code', [0xf8], []],
  ])('lets INT 15h AH=4Fh %s', (_, code, expected) => {
    const oldVector = machine.memory.read32(4 * 0x15);
    machine.memory.writeBytes(0x700, Uint8Array.of(...code, 0xca, 0x02, 0x00)); // … retf 2
    machine.memory.write32(4 * 0x15, 0x0070_0000);
    machine.type(0x1e);
    machine.memory.write32(4 * 0x15, oldVector);
    expect(keys()).toEqual(expected);
  });

  it('calls INT 1Bh for Ctrl-Break, with an empty key in a cleared buffer', () => {
    machine.memory.writeBytes(0x700, Uint8Array.of(0xb4, 0x77, 0xcf));
    machine.memory.write32(4 * 0x1b, 0x0070_0000);
    machine.type(...press(0x1e), CTRL, 0xe0, 0x46, 0xe0, 0xc6, CTRL | 0x80);
    expect(machine.cpu.executed.has(0x700)).toBe(true);
    expect(machine.memory.read8(0x471)).toBe(0x80);
    expect(keys()).toEqual([0x0000]);
  });

  it('calls INT 05h for Print Screen', () => {
    machine.memory.writeBytes(0x700, Uint8Array.of(0xcf));
    machine.memory.write32(4 * 0x05, 0x0070_0000);
    machine.type(0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa);
    expect(machine.cpu.executed.has(0x700)).toBe(true);
    expect(keys()).toEqual([]);
  });

  it('calls INT 15h AH=85h for System Request, on press and on release', () => {
    const before = machine.bios.trap.writePort;
    const seen: number[] = [];
    machine.bios.trap.writePort = (offset, width, value) => {
      if (machine.cpu.eax >>> 8 === 0x85) seen.push(machine.cpu.eax & 0xff);
      before(offset, width, value);
    };
    machine.type(ALT, 0x54, 0x54, 0xd4, ALT | 0x80);
    expect([...new Set(seen)]).toEqual([0, 1]);
  });

  it('pauses until the next key, which is lost', () => {
    let halts = 0;
    machine.onHalt = () => {
      halts++;
      if (halts === 1) return machine.nextInterrupt();
      machine.chips.keyboardBytes.push([0x1e, false]);
      return 0x09;
    };
    machine.type(0xe1, 0x1d, 0x45);
    expect(halts).toBe(2);
    machine.type(0xe1, 0x9d, 0xc5);
    expect(halts).toBe(2);
    expect(keys()).toEqual([]);
    expect(machine.memory.read8(0x418) & 8).toBe(0);
  });

  it('restarts the machine for Ctrl-Alt-Del', () => {
    machine.type(CTRL, ALT);
    machine.chips.writes.length = 0;
    machine.chips.keyboardBytes.push([0x53, false]);
    machine.cpu.interrupt(0x09);
    machine.cpu.runUntil(0xf000, 0xfff0);
    expect(machine.chips.writes).toContainEqual([0x64, 0xfe]);
    expect(machine.memory.read16(0x472)).toBe(0x1234);
    machine.cpu.runUntil(0xf000, 0xe6f2);
    expect(machine.memory.read16(0x472)).toBe(0x1234);
    expect(machine.memory.read8(0x417)).toBe(0);
  });
});
