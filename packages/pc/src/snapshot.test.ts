import { describe, expect, it } from 'vitest';
import { guestDisk } from '../test/guests.ts';
import { readImage } from '../test/images.ts';
import type { PcConfig } from './config.ts';
import { OverlayDisk } from './disk.ts';
import { loadImage } from './load.ts';
import { Pc } from './pc.ts';
import { hashMachine, hashProcessor } from './state-hash.ts';

const RAM = 8 * 2 ** 20;

/** A machine with an image in it, and what it says. */
function start(image: Uint8Array, config: PcConfig = {}): { readonly pc: Pc; readonly serial: number[] } {
  const serial: number[] = [];
  const events = { onSerial: (byte: number) => serial.push(byte) };
  const { pc } = loadImage(image, { ramSizeBytes: RAM }, { ...config, events });
  return { pc, serial };
}

/** What a machine is and does from here on. */
function continuation({ pc, serial }: { readonly pc: Pc; readonly serial: number[] }, instructions: number): unknown {
  serial.length = 0;
  const looks = Array.from({ length: 10 }, () => {
    const { kind } = pc.run({ instructions: instructions / 10 });
    return `${kind} ${pc.cpu.instructionCount} ${pc.virtualTimeNs} ${hashProcessor(pc.cpu)}`;
  });
  return { looks, end: hashMachine(pc), serial: [...serial] };
}

describe('a machine that takes a snapshot', () => {
  const guests: readonly [string, Uint8Array, number][] = [
    ['a boot loader at work', readImage('hello-bios.img'), 123_457],
    ['a kernel at work', readImage('hello.elf'), 12_345],
    ['a program under a fast timer', guestDisk('busy'), 54_321],
    ['a machine before its first instruction', guestDisk('busy'), 0],
  ];

  it.each(guests)('goes on as the one that gave it: %s', (_what, image, instructions) => {
    const giver = start(image);
    giver.pc.run({ instructions });
    const state = giver.pc.snapshot();
    const expected = continuation(giver, 100_000);

    const fresh = start(image);
    fresh.pc.restore(structuredClone(state));
    expect(continuation(fresh, 100_000)).toEqual(expected);

    // One that has run something else has decoded code and translations of its own.
    const used = start(image);
    used.pc.run({ instructions: 300_000 });
    used.pc.restore(state);
    expect(continuation(used, 100_000)).toEqual(expected);
    giver.pc.restore(state);
    expect(continuation(giver, 100_000)).toEqual(expected);
  });

  it('is equal to the one that gave it', () => {
    const giver = start(readImage('hello-bios.img'));
    giver.pc.run({ instructions: 100_000 });
    const state = giver.pc.snapshot();
    const taker = start(readImage('hello-bios.img'));
    taker.pc.restore(state);
    expect(hashMachine(taker.pc)).toBe(hashMachine(giver.pc));
    expect(taker.pc.snapshot()).toEqual(state);
  });

  it('waits in HLT as long as the other would have', () => {
    const giver = start(guestDisk('timer'));
    giver.pc.run({ untilTick: 600_000_000 });
    const state = giver.pc.snapshot();
    const taker = start(guestDisk('timer'));
    taker.pc.restore(state);
    expect(continuation(taker, 100_000)).toEqual(continuation(giver, 100_000));
  });

  it('sees an interrupt that was requested and not yet taken', () => {
    const giver = start(guestDisk('keyboard'));
    giver.pc.run({ untilTick: 1e9 });
    giver.pc.keyboard.press('a');
    // Right after the keyboard's byte has arrived, before the processor has looked.
    giver.pc.clock.advanceTo(giver.pc.virtualTimeNs + 20_000);
    expect(giver.pc.picMaster.isRequesting).toBe(true);
    const state = giver.pc.snapshot();
    const taker = start(guestDisk('keyboard'));
    taker.pc.restore(state);
    taker.pc.run({ untilTick: taker.pc.virtualTimeNs + 1_000_000 });
    expect(taker.serial).toEqual([0x1e]);
  });

  it('has the A20 gate as it was', () => {
    const { pc } = start(guestDisk('a20'));
    const states = [];
    for (let i = 0; i < 400 && pc.run({ instructions: 1 }).kind === 'limit'; i++) {
      if (!pc.cpu.memory.isA20Enabled) states.push(pc.snapshot());
    }
    const closed = states.at(0);
    expect(closed?.isA20Enabled).toBe(false);
    const taker = start(guestDisk('a20'));
    taker.pc.restore(closed);
    taker.pc.run({ instructions: 100_000 });
    expect(String.fromCharCode(...taker.serial)).toMatch(/L?LH$/);
  });
});

describe('a snapshot', () => {
  it('holds what the guest wrote to a disk', () => {
    const disk = new OverlayDisk(guestDisk('timer'));
    const pc = new Pc({ ramSizeBytes: RAM, disks: { hardDisks: [disk] } });
    disk.write?.(3, new Uint8Array(512).fill(7));
    const state = pc.snapshot();
    expect(Object.keys(state.disks)).toEqual(['hard-disk-0']);
    disk.write?.(3, new Uint8Array(512).fill(9));
    pc.restore(structuredClone(state));
    expect(disk.read(3, 1)).toEqual(new Uint8Array(512).fill(7));
  });

  it('is small while most of memory is zero', () => {
    const { memory } = start(readImage('hello.elf')).pc.snapshot();
    const size = memory.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(size).toBeLessThan(RAM / 4);
    expect(memory.every(({ bytes }) => bytes.length === bytes.buffer.byteLength)).toBe(true);
  });

  it('does not change afterwards', () => {
    const { pc } = start(readImage('hello.elf'));
    const state = pc.snapshot();
    const copy = structuredClone(state);
    pc.run({ instructions: 20_000 });
    expect(state).toEqual(copy);
  });
});

describe('a bad snapshot', () => {
  const { pc } = start(readImage('hello.elf'));
  pc.run({ instructions: 10_000 });
  const good = pc.snapshot();
  const page = new Uint8Array(4096);
  const bad: readonly [string, unknown][] = [
    ['nothing', null],
    ['another format', { ...good, format: 'longmode-machine' }],
    ['another version', { ...good, version: 1 }],
    ['another memory size', { ...good, ramSizeBytes: RAM * 2 }],
    ['another speed', { ...good, nanosecondsPerInstruction: 2 }],
    ['a time before time', { ...good, idleTicks: -1 }],
    ['no gate', { ...good, isA20Enabled: undefined }],
    ['no processor', { ...good, cpu: null }],
    ['a processor of bytes', { ...good, cpu: { ...good.cpu, state: new Uint8Array(4096) } }],
    ['a processor at no address', { ...good, cpu: { ...good.cpu, state: { ...good.cpu.state, rip: -1n } } }],
    ['a processor without a count', { ...good, cpu: { ...good.cpu, retired: Number.NaN } }],
    ['a processor without an NMI flag', { ...good, cpu: { ...good.cpu, nmiPending: 1 } }],
    ['no memory', { ...good, memory: 'zero' }],
    ['memory past the end', { ...good, memory: [{ address: RAM, bytes: page }] }],
    ['memory at an odd place', { ...good, memory: [{ address: 1, bytes: page }] }],
    ['a part of a page', { ...good, memory: [{ address: 0, bytes: new Uint8Array(100) }] }],
    [
      'a page twice',
      {
        ...good,
        memory: [
          { address: 0, bytes: page },
          { address: 0, bytes: page },
        ],
      },
    ],
    ['a page below zero', { ...good, memory: [{ address: -4096, bytes: page }] }],
    ['a machine without its parts', { ...good, machine: { ...good.machine, components: {} } }],
    [
      'a part in a state it cannot have',
      { ...good, machine: { ...good.machine, components: { ...good.machine.components, pit: 1 } } },
    ],
    ['a disk that is not here', { ...good, disks: { 'hard-disk-7': {} } }],
  ];

  it.each(bad)('is refused and changes nothing: %s', (_what, state) => {
    const before = hashMachine(pc);
    expect(() => pc.restore(state)).toThrow(expect.objectContaining({ name: 'MachineError', code: 'bad-snapshot' }));
    expect(hashMachine(pc)).toBe(before);
  });

  it('leaves the disks alone when the machine refuses', () => {
    const disk = new OverlayDisk(guestDisk('timer'));
    const withDisk = new Pc({ ramSizeBytes: RAM, disks: { hardDisks: [disk] } });
    const state = withDisk.snapshot();
    disk.write?.(0, new Uint8Array(512).fill(1));
    expect(() => withDisk.restore({ ...state, machine: { ...state.machine, version: 9 } })).toThrow();
    expect(disk.read(0, 1)).toEqual(new Uint8Array(512).fill(1));
  });

  it('leaves the machine alone when a disk refuses', () => {
    const withDisk = new Pc({ ramSizeBytes: RAM, disks: { hardDisks: [new OverlayDisk(guestDisk('timer'))] } });
    const state = withDisk.snapshot();
    withDisk.run({ instructions: 1000 });
    const before = hashMachine(withDisk);
    const clusters = [{ index: 99, bytes: page }];
    expect(() => withDisk.restore({ ...state, disks: { 'hard-disk-0': { clusters } } })).toThrow(RangeError);
    expect(hashMachine(withDisk)).toBe(before);
  });
});
