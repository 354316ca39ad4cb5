import { checkDevice, checkRestore, type DeviceWorld } from '@longmode/device-testing';
import { VirtualClock } from '@longmode/machine';
import { describe, expect, it } from 'vitest';
import { initializeKeyboard, Kbc8042, KbcError, KEY_NAMES, KEYBOARD_BYTE_TICKS, keysForText } from './index.ts';

interface Bench {
  clock: VirtualClock;
  kbc: Kbc8042;
  log: string[];
  command(command: number, ...data: number[]): void;
  data(...bytes: number[]): void;
  /** Waits for and reads all that comes within a second. */
  drain(): number[];
}

function bench(): Bench {
  const clock = new VirtualClock();
  const log: string[] = [];
  const line = (name: string): { set(level: boolean): void } => {
    let was = false;
    return {
      set: (level) => {
        if (level !== was) log.push(`${name} ${level ? 'rises' : 'falls'}`);
        was = level;
      },
    };
  };
  const kbc = new Kbc8042({
    clock,
    keyboardIrq: line('irq1'),
    auxIrq: line('irq12'),
    a20: { set: (level) => log.push(`a20 ${level ? 'on' : 'off'}`) },
    systemReset: () => log.push('reset'),
  });
  return {
    clock,
    kbc,
    log,
    command(command, ...data) {
      kbc.writePort(1, 8, command);
      for (const byte of data) kbc.writePort(0, 8, byte);
    },
    data(...bytes) {
      for (const byte of bytes) kbc.writePort(0, 8, byte);
    },
    drain() {
      const bytes: number[] = [];
      for (let i = 0; i < 100; i++) {
        if ((kbc.readPort(1, 8) & 1) !== 0) bytes.push(kbc.readPort(0, 8));
        else clock.advanceTo(clock.now + KEYBOARD_BYTE_TICKS);
      }
      clock.advanceTo(clock.now + 2_000_000);
      if ((kbc.readPort(1, 8) & 1) !== 0) bytes.push(kbc.readPort(0, 8));
      return bytes;
    },
  };
}

/** A controller as firmware leaves it. */
function running(): Bench {
  const all = bench();
  initializeKeyboard(all.kbc);
  all.log.length = 0;
  return all;
}

const description = {
  make: (world: DeviceWorld) =>
    new Kbc8042({
      clock: world.clock,
      keyboardIrq: world.line('irq1'),
      auxIrq: world.line('irq12'),
      a20: { set: (level) => world.log(`a20 ${level}`) },
      systemReset: () => world.log('reset'),
    }),
  ports: 2,
  actions: {
    press: (kbc: Kbc8042, random: { below(n: number): number }) =>
      kbc.press(KEY_NAMES[random.below(KEY_NAMES.length)] ?? 'a'),
    release: (kbc: Kbc8042) => {
      for (const key of kbc.snapshot().keyboard.pressed.slice(0, 1)) kbc.release(key);
    },
    initialize: (kbc: Kbc8042) => initializeKeyboard(kbc),
  },
  sequences: [
    [{ offset: 1, value: 0xae }],
    [
      { offset: 1, value: 0x60 },
      { offset: 0, value: 0x45 },
    ],
    [
      { offset: 0, value: 0xf0 },
      { offset: 0, value: 3 },
    ],
    [{ offset: 0, value: 0xff }],
  ],
  maxAdvanceTicks: 400_000_000,
};

describe('the device contract', () => {
  it('is kept on random traces', () => {
    expect(checkDevice(description).outputs).toBeGreaterThan(100);
  });

  it('holds against damaged snapshots', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(300);
  });
});

describe('what can be seen from outside', () => {
  it('is whether bytes are on their way to the host', () => {
    const { kbc, drain } = running();
    expect(kbc.hasOutput).toBe(false);
    kbc.press('a');
    expect(kbc.hasOutput).toBe(true);
    drain();
    expect(kbc.hasOutput).toBe(false);
  });

  it('is how often the host looks for a byte in vain', () => {
    const { kbc, drain, clock } = running();
    kbc.writePort(1, 8, 0xae);
    expect(kbc.vainReads).toBe(0);
    for (let i = 0; i < 70; i++) kbc.readPort(1, 8);
    kbc.readPort(0, 8);
    expect(kbc.vainReads).toBe(71);
    kbc.press('a');
    clock.advanceTo(clock.now + KEYBOARD_BYTE_TICKS);
    kbc.readPort(1, 8);
    expect(kbc.vainReads).toBe(0);
    drain();
    expect(kbc.vainReads).toBeGreaterThan(0);
    kbc.writePort(0, 8, 0xf4);
    expect(kbc.vainReads).toBe(0);
    drain();
    for (let i = 0; i < 0x10005; i++) kbc.readPort(1, 8);
    expect(kbc.vainReads).toBe(0xffff);
  });
});

describe('controller commands', () => {
  it.each([
    ['20h reads the command byte of power-on', 0x20, 0x30],
    ['A4h: no password', 0xa4, 0xf1],
    ['A9h: the auxiliary interface is fine', 0xa9, 0x00],
    ['AAh: the self-test passes', 0xaa, 0x55],
    ['ABh: the keyboard interface is fine', 0xab, 0x00],
    ['C0h: keyboard not locked', 0xc0, 0xa0],
    ['D0h: A20 on, no reset, nothing in the output buffer', 0xd0, 0xcf],
    ['E0h: both clocks high', 0xe0, 0x03],
  ])('%s', (_, command, answer) => {
    const { kbc, command: give } = bench();
    give(command);
    expect(kbc.readPort(1, 8) & 0x01).toBe(0x01);
    expect(kbc.readPort(0, 8)).toBe(answer);
    expect(kbc.readPort(1, 8) & 0x01).toBe(0x00);
  });

  it('20h to 3Fh and 60h to 7Fh reach 32 bytes of memory', () => {
    const { kbc, command } = bench();
    for (let at = 1; at < 32; at++) command(0x60 + at, 0x80 + at);
    const read = Array.from({ length: 31 }, (_, i) => {
      command(0x21 + i);
      return kbc.readPort(0, 8);
    });
    expect(read).toEqual(Array.from({ length: 31 }, (_, i) => 0x81 + i));
  });

  it.each([
    [0xa7, 0x20, 0x20],
    [0xa8, 0x20, 0x00],
    [0xad, 0x10, 0x10],
    [0xae, 0x10, 0x00],
  ])('%i changes its bit of the command byte only', (command, bit, value) => {
    for (const start of [0x00, 0x65, 0xff]) {
      const { kbc, command: give } = bench();
      give(0x60, start);
      give(command);
      give(0x20);
      expect(kbc.readPort(0, 8)).toBe((start & ~bit) | value);
    }
  });

  it('D1h drives A20 and the reset line', () => {
    const { kbc, log, command } = bench();
    expect(kbc.isA20Enabled).toBe(true);
    command(0xd1, 0xdd);
    expect(kbc.isA20Enabled).toBe(false);
    command(0xd1, 0xdf);
    command(0xd1, 0xfe);
    expect(log).toEqual(['a20 off', 'a20 on', 'a20 on', 'reset']);
  });

  it('DDh and DFh switch A20 alone', () => {
    const { log, command, kbc } = bench();
    command(0xdd);
    command(0xd0);
    expect(kbc.readPort(0, 8)).toBe(0xcd);
    command(0xdf);
    expect(log).toEqual(['a20 off', 'a20 on']);
  });

  it('F0h to FFh reset the machine when bit 0 is clear', () => {
    const resets = Array.from({ length: 16 }, (_, i) => {
      const { log, command } = bench();
      command(0xf0 + i);
      return log.length;
    });
    expect(resets).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  });

  it('D2h and D3h put a byte into the output buffer as if a device had sent it', () => {
    const { kbc, log, command } = bench();
    command(0x60, 0x47);
    command(0xd2, 0x5a);
    expect([kbc.readPort(1, 8) & 0x21, kbc.readPort(0, 8)]).toEqual([0x01, 0x5a]);
    command(0xd3, 0xa5);
    expect([kbc.readPort(1, 8) & 0x21, kbc.readPort(0, 8)]).toEqual([0x21, 0xa5]);
    expect(log).toEqual(['irq1 rises', 'irq1 falls', 'irq12 rises', 'irq12 falls']);
  });

  it('D4h finds no mouse: a time-out', () => {
    const { kbc, command } = bench();
    command(0xd4, 0xff);
    expect(kbc.readPort(1, 8) & 0x61).toBe(0x61);
    expect(kbc.readPort(0, 8)).toBe(0xfe);
    expect(kbc.readPort(1, 8) & 0x61).toBe(0x00);
  });

  it('A5h takes its password and no more', () => {
    const { kbc, command, drain, data } = bench();
    command(0xa5, 0x1e, 0x30, 0x00);
    data(0xee);
    expect(drain()).toEqual([0xee]);
    expect(kbc.readPort(1, 8) & 0x01).toBe(0);
  });
});

describe('the status', () => {
  it('tells command from data, shows no lock, and the system flag after the self-test', () => {
    const { kbc, command, data } = bench();
    expect(kbc.readPort(1, 8)).toBe(0x10);
    command(0xaa);
    expect(kbc.readPort(1, 8)).toBe(0x1d);
    kbc.readPort(0, 8);
    expect(kbc.readPort(1, 8)).toBe(0x1c);
    command(0x60);
    data(0x00);
    expect(kbc.readPort(1, 8)).toBe(0x10);
  });

  it('shows open bus above its eight bits', () => {
    const { kbc } = bench();
    expect(kbc.readPort(1, 16)).toBe(0xff10);
    expect(kbc.readPort(1, 32)).toBe(0xffffff10);
  });
});

describe('the way of a key', () => {
  it('is one byte after another, each with an edge of IRQ 1, each read once', () => {
    const { clock, kbc, log } = running();
    kbc.press('left');
    expect(kbc.readPort(1, 8) & 1).toBe(0);
    clock.advanceTo(clock.now + KEYBOARD_BYTE_TICKS);
    expect([kbc.readPort(1, 8) & 1, kbc.readPort(0, 8), kbc.readPort(1, 8) & 1]).toEqual([1, 0xe0, 0]);
    clock.advanceTo(clock.now + KEYBOARD_BYTE_TICKS - 1);
    expect(kbc.readPort(1, 8) & 1).toBe(0);
    clock.advanceTo(clock.now + 1);
    expect(kbc.readPort(0, 8)).toBe(0x4b);
    expect(log).toEqual(['irq1 rises', 'irq1 falls', 'irq1 rises', 'irq1 falls']);
  });

  it('shows the last byte again when nothing new is there', () => {
    const { kbc, drain } = running();
    kbc.press('a');
    drain();
    expect(kbc.readPort(0, 8)).toBe(0x1e);
  });

  it('waits while the keyboard interface is disabled', () => {
    const { kbc, command, drain } = running();
    command(0xad);
    kbc.press('a');
    kbc.release('a');
    expect(drain()).toEqual([]);
    command(0xae);
    expect(drain()).toEqual([0x1e, 0x9e]);
  });

  it('stops in the middle when the interface is disabled', () => {
    const { clock, kbc, command, drain } = running();
    kbc.press('a');
    clock.advanceTo(clock.now + KEYBOARD_BYTE_TICKS - 1);
    command(0xad);
    expect(drain()).toEqual([]);
  });

  it("lets the controller's answer pass", () => {
    const { clock, kbc, command, drain } = running();
    kbc.press('a');
    kbc.release('a');
    clock.advanceTo(clock.now + 10 * KEYBOARD_BYTE_TICKS);
    command(0x20);
    expect(drain()).toEqual([0x1e, 0x65, 0x9e]);
  });

  it('has no interrupt while bit 0 of the command byte is clear, and one as soon as it is set', () => {
    const { clock, kbc, log, command } = running();
    command(0x60, 0x64);
    kbc.press('a');
    clock.advanceTo(clock.now + KEYBOARD_BYTE_TICKS);
    expect(log).toEqual([]);
    command(0x60, 0x65);
    expect(log).toEqual(['irq1 rises']);
  });

  it('is in set 2 without translation', () => {
    const { kbc, command, drain } = running();
    command(0x60, 0x25);
    kbc.press('a');
    kbc.release('a');
    kbc.press('kp_enter');
    kbc.release('kp_enter');
    expect(drain()).toEqual([0x1c, 0xf0, 0x1c, 0xe0, 0x5a, 0xe0, 0xf0, 0x5a]);
  });

  it('turns a release that nobody pressed into nothing', () => {
    const { kbc, drain } = running();
    kbc.release('a');
    expect(drain()).toEqual([]);
  });

  it.each([
    [['alt'], [0x54], [0xd4]],
    [['ctrl'], [0xe0, 0x37], [0xe0, 0xb7]],
    [['shift_r'], [0xe0, 0x37], [0xe0, 0xb7]],
  ] as const)('of Print Screen depends on %s', (held, make, release) => {
    const { kbc, drain } = running();
    for (const key of held) kbc.press(key);
    drain();
    kbc.press('print');
    expect(drain()).toEqual(make);
    kbc.release('print');
    expect(drain()).toEqual(release);
  });

  it('of Pause with Ctrl is Break', () => {
    const { kbc, drain } = running();
    kbc.press('ctrl');
    drain();
    kbc.press('pause');
    expect(drain()).toEqual([0xe0, 0x46, 0xe0, 0xc6]);
  });

  it('takes raw scan codes', () => {
    const { kbc, drain } = running();
    kbc.sendScanCodes([0xe0, 0xf0, 0x75]);
    expect(drain()).toEqual([0xe0, 0xc8]);
  });

  it('ends for a name that is no key', () => {
    const { kbc } = running();
    expect(() => kbc.press('any' as 'a')).toThrow(KbcError);
    expect(() => kbc.press('constructor' as 'a')).toThrow('no key named "constructor"');
  });
});

describe('the keyboard buffer', () => {
  it('holds sixteen bytes; what does not fit leaves the overrun code', () => {
    const { kbc, command, drain } = running();
    command(0xad);
    expect(kbc.freeKeystrokeBytes).toBe(16);
    for (let i = 0; i < 5; i++) {
      kbc.press('a');
      kbc.release('a'); // 1 + 2 bytes each
    }
    expect(kbc.freeKeystrokeBytes).toBe(1);
    kbc.press('left');
    kbc.press('left');
    expect(kbc.freeKeystrokeBytes).toBe(0);
    command(0xae);
    expect(drain()).toEqual([...Array.from({ length: 5 }, () => [0x1e, 0x9e]).flat(), 0xff]);
    kbc.press('b');
    expect(drain()).toEqual([0x30]);
  });
});

describe('typematic repeat', () => {
  it('begins after half a second, 10.9 times a second, until the key is released', () => {
    const { clock, kbc } = running();
    const at: number[] = [];
    const start = clock.now;
    kbc.press('x');
    for (let i = 0; i < 1000; i++) {
      clock.advanceTo(start + i * 1_000_000);
      if ((kbc.readPort(1, 8) & 1) !== 0) at.push((kbc.readPort(0, 8) << 16) | i);
      if (i === 800) kbc.release('x');
    }
    const times = at.map((entry) => entry & 0xffff);
    expect(at.map((entry) => entry >> 16)).toEqual([0x2d, 0x2d, 0x2d, 0x2d, 0x2d, 0xad]);
    expect(times).toEqual([1, 501, 592, 684, 776, 801]);
  });

  it('moves on to the key that was pressed last, and stops with it', () => {
    const { clock, kbc, drain } = running();
    kbc.press('x');
    kbc.press('y');
    drain();
    clock.advanceTo(clock.now + 600_000_000);
    expect(kbc.readPort(0, 8)).toBe(0x15);
    kbc.release('y');
    drain();
    clock.advanceTo(clock.now + 2_000_000_000);
    expect(kbc.readPort(1, 8) & 1).toBe(0);
  });

  it('takes its delay and rate from command F3h', () => {
    const { clock, kbc, data, drain } = running();
    data(0xf3, 0x00); // 250 ms, 30 a second
    expect(drain()).toEqual([0xfa, 0xfa]);
    const start = clock.now;
    kbc.press('x');
    const times: number[] = [];
    for (let i = 0; i < 330; i++) {
      clock.advanceTo(start + i * 1_000_000);
      if ((kbc.readPort(1, 8) & 1) !== 0 && kbc.readPort(0, 8) === 0x2d) times.push(i);
    }
    expect(times).toEqual([1, 251, 284, 317]);
  });
});

describe('keyboard commands', () => {
  it.each([
    ['EEh: echo', [0xee], [0xee]],
    ['F2h: identity, translated', [0xf2], [0xfa, 0xab, 0x41]],
    ['EDh: lights', [0xed, 0x07], [0xfa, 0xfa]],
    ['EDh: an option that is none', [0xed, 0x08], [0xfa, 0xfe]],
    ['EDh: broken off by another command', [0xed, 0xee], [0xfa, 0xee]],
    ['F0h 00h: the scan code set, translated', [0xf0, 0x00], [0xfa, 0xfa, 0x41]],
    ['F0h: a set that is none', [0xf0, 0x04], [0xfa, 0xfe]],
    ['F4h, F5h, F6h', [0xf4, 0xf5, 0xf6], [0xfa, 0xfa, 0xfa]],
    ['F7h to FAh', [0xf7, 0xf8, 0xf9, 0xfa], [0xfa, 0xfa, 0xfa, 0xfa]],
    ['FBh: a list of keys', [0xfb, 0x1c, 0x32, 0xf4], [0xfa, 0xfa, 0xfa, 0xfa]],
    ['FFh: reset and self-test', [0xff], [0xfa, 0xaa]],
    ['00h, EFh, F1h: not commands', [0x00, 0xef, 0xf1], [0xfe, 0xfe, 0xfe]],
  ])('%s', (_, bytes, answers) => {
    const { data, drain } = running();
    data(...bytes);
    expect(drain()).toEqual(answers);
  });

  it('FEh sends the last byte again', () => {
    const { kbc, data, drain } = running();
    kbc.press('a');
    drain();
    data(0xfe);
    expect(drain()).toEqual([0x1e]);
  });

  it('EDh sets the lights, and a reset puts them out', () => {
    const { kbc, data } = running();
    data(0xed, 0x05);
    expect(kbc.leds).toBe(5);
    data(0xff);
    expect(kbc.leds).toBe(0);
  });

  it('F5h stops scanning and forgets keystrokes, F4h starts it', () => {
    const { kbc, data, drain } = running();
    kbc.press('a');
    data(0xf5);
    kbc.press('b');
    expect(drain()).toEqual([0xfa]);
    data(0xf4);
    drain();
    kbc.release('b');
    expect(drain()).toEqual([0xb0]);
  });

  it('FFh is deaf to keys until its self-test is over', () => {
    const { clock, kbc, data, drain } = running();
    data(0xff);
    clock.advanceTo(clock.now + 500_000);
    kbc.press('a');
    expect(drain()).toEqual([0xfa, 0xaa]);
    kbc.press('b');
    expect(drain()).toEqual([0x30]);
  });

  it('a byte to the keyboard enables its interface', () => {
    const { command, data, drain } = running();
    command(0xad);
    data(0xee);
    expect(drain()).toEqual([0xee]);
    command(0x20);
    expect(drain()).toEqual([0x65]);
  });

  it('set 3 has typematic keys, make-only keys and keys with break codes', () => {
    const { kbc, command, data, drain } = running();
    command(0x60, 0x05);
    data(0xf0, 0x03);
    drain();
    for (const key of ['a', 'shift', 'f1'] as const) {
      kbc.press(key);
      kbc.release(key);
    }
    expect(drain()).toEqual([0x1c, 0x12, 0xf0, 0x12, 0x07]);
    data(0xfc, 0x1c); // A: make and break
    drain();
    data(0xf4);
    drain();
    kbc.press('a');
    kbc.release('a');
    expect(drain()).toEqual([0x1c, 0xf0, 0x1c]);
  });

  it('answers are bounded for a host that never reads', () => {
    const { kbc, data } = running();
    for (let i = 0; i < 1000; i++) data(0xf2);
    expect(kbc.snapshot().keyboard.responses.length).toBeLessThanOrEqual(16);
  });
});

describe('initializeKeyboard', () => {
  it('leaves translation, IRQ 1 and the system flag on, the auxiliary port off, and nothing to read', () => {
    const { kbc, command } = running();
    expect(kbc.readPort(1, 8)).toBe(0x14);
    command(0x20);
    expect(kbc.readPort(0, 8)).toBe(0x65);
  });
});

describe('text', () => {
  it('becomes keys of the US layout', () => {
    expect(keysForText('aB\n').map(({ key, isPressed }) => `${isPressed ? '+' : '-'}${key}`)).toEqual([
      '+a',
      '-a',
      '+shift',
      '+b',
      '-b',
      '-shift',
      '+ret',
      '-ret',
    ]);
  });

  it('has a key for every printable character of ASCII', () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    const keys = keysForText(printable).filter((event) => event.isPressed && event.key !== 'shift');
    expect(keys).toHaveLength(95);
    expect(new Set(keys.map((event) => event.key)).size).toBe(48);
  });

  it('ends a line once for CR LF', () => {
    expect(keysForText('\r\n\n\r')).toHaveLength(6);
  });

  it('is refused with the offset of what no key types', () => {
    expect(() => keysForText('aé')).toThrow('no key of the US layout types "é" at offset 1');
    expect(() => keysForText('constructor')).not.toThrow();
  });
});
