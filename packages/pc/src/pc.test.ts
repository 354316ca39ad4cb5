import { describe, expect, it } from 'vitest';
import { type GuestName, guestDisk } from '../test/guests.ts';
import { isFullRun, readExpected, readImage } from '../test/images.ts';
import type { PcConfig } from './config.ts';
import { loadImage } from './load.ts';
import type { Pc } from './pc.ts';

const MIB = 2 ** 20;

interface Running {
  readonly pc: Pc;
  /** What left COM1 so far. */
  readonly serial: () => string;
}

/** Boots an image and keeps what it says. */
function start(image: Uint8Array, config: PcConfig = {}, ramSizeBytes = 16 * MIB): Running {
  let text = '';
  const onSerial = (byte: number): void => {
    text += String.fromCharCode(byte);
    config.events?.onSerial?.(byte);
  };
  const { pc } = loadImage(image, { ramSizeBytes }, { ...config, events: { ...config.events, onSerial } });
  return { pc, serial: () => text };
}

const startGuest = (name: GuestName, config: PcConfig = {}, ramSizeBytes?: number): Running =>
  start(guestDisk(name), config, ramSizeBytes);

/** 25 lines of 80 cells, each as attribute and character in hexadecimal. */
function cellsOf(pc: Pc): string {
  const { cells, columns, rows } = pc.vga.textScreen();
  const words = cells.map(({ attribute, code }) => ((attribute << 8) | code).toString(16).padStart(4, '0'));
  return Array.from(
    { length: rows },
    (_, row) => `${words.slice(row * columns, (row + 1) * columns).join(' ')}\n`,
  ).join('');
}

const textOf = (pc: Pc): string =>
  pc.vga
    .toStrings()
    .map((row) => `${row.trimEnd()}\n`)
    .join('');

describe('the hello guest', () => {
  const forms = [
    'hello-bios.img',
    'hello.elf',
    'hello-mb1-elf32.elf',
    'hello-mb1-elf64.elf',
    'hello-mb1-address.bin',
    'hello-bootsector.img',
  ];

  describe.each(forms)('as %s', (name) => {
    const { pc, serial } = start(readImage(name));
    const outcome = pc.run({ instructions: 2_000_000 });

    it('leaves with success', () => expect(outcome).toEqual({ kind: 'debug-exit', value: 0x10 }));
    it('says the same on COM1 as in QEMU', () => expect(serial()).toBe(readExpected('hello/expected/serial.txt')));
    it('shows the same text as in QEMU', () => expect(textOf(pc)).toBe(readExpected('hello/expected/screen.txt')));
    it('leaves the same cells as in QEMU', () => expect(cellsOf(pc)).toBe(readExpected('hello/expected/cells.hex')));
    it('raises no exception', () => expect(pc.cpu.exceptionLog.entries).toEqual([]));
  });
});

describe('a benchmark guest', () => {
  const results = Object.entries(JSON.parse(readExpected('bench/expected.json')) as Record<string, string>);
  const forms = isFullRun ? ['', '-mb1', '-i386'] : [''];
  const guests = results
    .filter(([name]) => isFullRun || name === 'checksum')
    .flatMap(([name, result]) => forms.map((form) => ({ name, image: `bench-${name}${form}.elf`, result })));

  it.each(guests)('finds the expected result: $image', ({ name, image, result }) => {
    const { pc, serial } = start(readImage(image));
    expect(pc.run({ instructions: 2e9 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(serial()).toBe(`${name} ${result}\r\n`);
  });
});

describe('the timer', () => {
  it('interrupts 18.2065 times a second of virtual time, through HLT', () => {
    const ticks: number[] = [];
    const { pc, serial } = startGuest('timer', { events: { onSerial: () => ticks.push(pc.virtualTimeNs) } });
    expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(serial()).toBe('T'.repeat(ticks.length));
    expect(ticks.length).toBeGreaterThanOrEqual(18);
    const period = (65536 * 1e9) / 1_193_182;
    // The first one may have waited for STI; the others find the processor halted.
    const regular = ticks.slice(1).map((tick, i) => tick - (ticks[1] as number) - i * period);
    for (const deviation of regular) expect(Math.abs(deviation)).toBeLessThan(2);
  });

  it('costs no instructions while the guest waits', () => {
    const { pc } = startGuest('timer');
    pc.run({ instructions: 1_000_000 });
    expect(pc.virtualTimeNs).toBeGreaterThan(980_000_000);
    expect(pc.cpu.instructionCount).toBeLessThan(100_000);
  });
});

describe('input', () => {
  const codes = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

  it('arrives from the keyboard in scan code set 1, as the firmware leaves the controller', () => {
    const { pc, serial } = startGuest('keyboard');
    pc.run({ untilTick: 1e9 });
    pc.keyboard.press('a');
    pc.keyboard.release('a');
    expect(pc.run({ untilTick: 1.1e9 })).toEqual({ kind: 'limit' });
    expect(codes(serial())).toEqual([0x1e, 0x9e]);
    pc.keyboard.press('up');
    pc.run({ untilTick: 1.2e9 });
    expect(codes(serial()).slice(2)).toEqual([0xe0, 0x48]);
  });

  it('repeats a key that stays down', () => {
    const { pc, serial } = startGuest('keyboard');
    pc.run({ untilTick: 1e9 });
    pc.keyboard.press('a');
    pc.run({ untilTick: 2e9 });
    pc.keyboard.release('a');
    pc.run({ untilTick: 3e9 });
    const all = codes(serial());
    expect(all.length).toBeGreaterThan(5);
    expect(new Set(all.slice(0, -1))).toEqual(new Set([0x1e]));
    expect(all.at(-1)).toBe(0x9e);
  });

  it('arrives at COM1 by interrupt, nothing lost', () => {
    const { pc, serial } = startGuest('serial');
    pc.run({ untilTick: 1e9 });
    for (const byte of codes('HAL 9000')) pc.com1.receive(byte);
    pc.run({ untilTick: 2e9 });
    expect(serial()).toBe('IBM!:111');
  });
});

describe('the A20 gate', () => {
  it('opens and closes through port 92h when the keyboard controller holds it closed', () => {
    const { pc, serial } = startGuest('a20');
    expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    // Open: 100500h is not 500h. Closed: it is. Open again: what was written is still there.
    expect(serial()).toBe('LLH');
  });
});

describe('an access that nobody answers', () => {
  const ports: unknown[] = [];
  const memory: unknown[] = [];
  const events = {
    onUnclaimedPort: (access: unknown) => ports.push(access),
    onUnclaimedMemory: (access: unknown) => memory.push(access),
  };
  const { pc } = startGuest('nowhere', { events }, MIB);
  pc.run({ instructions: 1_000_000 });

  it('is reported once for each port and direction', () => {
    expect(ports).toContainEqual({ port: 0x1234, width: 16, value: null });
    expect(ports).toContainEqual({ port: 0x1234, width: 8, value: 0xff });
  });
  it('is reported for memory past the end of RAM', () => {
    expect(memory).toEqual([expect.objectContaining({ address: 0x100000 })]);
  });
  it('reads ones', () => {
    expect(pc.cpu.state.gpr32(0) & 0xff00).toBe(0xff00);
    expect(pc.cpu.state.gpr32(3) & 0xffff).toBe(0xffff);
  });
});

describe('a reset by the guest', () => {
  it('ends the run', () => {
    const { pc, serial } = startGuest('reboot');
    expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'reset' });
    expect(serial()).toBe('B');
  });

  it('boots again when so configured, and the limit counts on', () => {
    const { pc, serial } = startGuest('reboot', { onReset: 'reboot' });
    expect(pc.run({ instructions: 2000 })).toEqual({ kind: 'limit' });
    const boots = serial().length;
    expect(boots).toBeGreaterThan(2);
    expect(pc.cpu.instructionCount).toBeLessThan(2000 / boots);
  });

  it('happens at the port of the chipset, and at the keyboard controller', () => {
    for (const name of ['fault-reset-cf9.elf', 'fault-reset-keyboard.elf']) {
      const { pc } = start(readImage(name));
      expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'reset' });
    }
  });
});

describe('run', () => {
  it('stops at an exact number of instructions', () => {
    const { pc } = start(readImage('hello-bios.img'));
    for (const count of [1, 2, 3, 997, 10_000]) {
      const before = pc.cpu.instructionCount;
      expect(pc.run({ instructions: count })).toEqual({ kind: 'limit' });
      expect(pc.cpu.instructionCount - before).toBe(count);
    }
  });

  it('stops at an exact virtual time while an instruction takes a nanosecond', () => {
    const { pc } = start(readImage('hello-bios.img'));
    expect(pc.run({ untilTick: 12_345 })).toEqual({ kind: 'limit' });
    expect(pc.virtualTimeNs).toBe(12_345);
  });

  it('stops at the first instruction at or after a time that lies within an instruction', () => {
    const { pc } = start(readImage('hello-bios.img'), { nanosecondsPerInstruction: 7, portAccessNanoseconds: 0 });
    pc.run({ untilTick: 100 });
    expect(pc.cpu.instructionCount).toBe(15);
    expect(pc.virtualTimeNs).toBe(105);
  });

  it('lets a microsecond pass with each access to a port, or what it is told', () => {
    const timeOf = (config: PcConfig): number => {
      const { pc } = startGuest('polling', config);
      pc.run({ untilTick: 170_000_000 }); // past the firmware
      const before = { ticks: pc.virtualTimeNs, instructions: pc.cpu.instructionCount };
      pc.run({ instructions: 3000 }); // in, test, jz
      expect(pc.cpu.instructionCount - before.instructions).toBe(3000);
      return pc.virtualTimeNs - before.ticks;
    };
    expect(timeOf({})).toBe(3000 + 1000 * 1000);
    expect(timeOf({ portAccessNanoseconds: 250 })).toBe(3000 + 1000 * 250);
    expect(timeOf({ portAccessNanoseconds: 0 })).toBe(3000);
  });

  it('comes to a moment among accesses to ports', () => {
    const { pc } = startGuest('polling');
    pc.run({ untilTick: 170_000_000 });
    for (let tick = pc.virtualTimeNs + 777; tick < 170_100_000; tick += 777) {
      pc.run({ untilTick: tick });
      expect(pc.virtualTimeNs - tick).toBeGreaterThanOrEqual(0);
      expect(pc.virtualTimeNs - tick).toBeLessThanOrEqual(1000);
    }
  });

  it('stops when an event asks it to, after the instruction that caused it', () => {
    const { pc, serial } = startGuest('timer', { events: { onSerial: () => pc.requestStop() } });
    expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'stopped' });
    expect(serial()).toBe('T');
    expect(pc.run({ instructions: 1_000_000 })).toEqual({ kind: 'stopped' });
    expect(serial()).toBe('TT');
  });

  it('does nothing without room', () => {
    const { pc } = start(readImage('hello-bios.img'));
    expect(pc.run({ instructions: 0 })).toEqual({ kind: 'limit' });
    expect(pc.run({ untilTick: 0 })).toEqual({ kind: 'limit' });
    expect(pc.cpu.instructionCount).toBe(0);
  });
});

it('A kernel that is loaded without the firmware finds a keyboard that waits for keys, with no answer left over', () => {
  const { pc } = start(readImage('fault-endless-loop.elf'));
  const hasByte = (): boolean => (pc.ports.read(0x64, 8) & 1) !== 0;
  pc.run({ untilTick: 20_000_000 });
  expect(hasByte()).toBe(false);
  pc.keyboard.press('a');
  pc.run({ untilTick: 21_000_000 });
  expect(hasByte()).toBe(true);
  expect(pc.ports.read(0x60, 8)).toBe(0x1e);
  expect(hasByte()).toBe(false);
});
