import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../test/fake-machine.ts';

describe('POST', () => {
  const machine = new FakeMachine({
    disks: { hardDisks: [numberedDisk(10), numberedDisk(10)], floppies: [numberedDisk(2880), numberedDisk(2400)] },
  }).powerOn();
  const vector = (number: number): number => machine.memory.read32(4 * number);

  it('leaves the interrupt controllers at 08h and 70h with the usual masks', () => {
    expect(machine.chips.bases).toEqual([0x08, 0x70]);
    expect(machine.chips.masks).toEqual([0xb8, 0x8e]);
  });

  it('turns the caches on, and limits the table of vectors', () => {
    expect(machine.cpu.cr0).toBe(0x10);
    expect(machine.cpu.idtr).toEqual({ base: 0, limit: 0x3ff });
  });

  it('points every vector into the ROM, but those that are for users', () => {
    for (let number = 0; number < 256; number++) {
      const isEmpty = (number >= 0x60 && number <= 0x67) || number === 0x79;
      expect(vector(number) >>> 16, number.toString(16)).toBe(isEmpty ? 0 : 0xf000);
    }
    expect([vector(0x10), vector(0x13), vector(0x1e), vector(0x41), vector(0x46), vector(0x01)]).toEqual([
      0xf000f065, 0xf000e3fe, 0xf000efc7, 0xf000e401, 0xf000e411, 0xf000ff53,
    ]);
  });

  it('starts the timer at 18.2 Hz', () => {
    const writes: number[][] = [];
    const again = new FakeMachine();
    again.cpu.runUntil(0xf000, 0xe6f2);
    for (const [port, value] of again.chips.writes) if (port === 0x43 || port === 0x40) writes.push([port, value]);
    expect(writes.slice(0, 3)).toEqual([
      [0x43, 0x36],
      [0x40, 0],
      [0x40, 0],
    ]);
  });

  it('enables the keyboard’s interrupt and translation, and leaves no byte behind', () => {
    expect(machine.chips.commandByte).toBe(0x65);
    expect(machine.chips.keyboardBytes).toEqual([]);
  });

  it('fills in the equipment word', () => {
    // Two floppies, one serial port, 80x25 colour, coprocessor.
    expect(machine.call(0x11).ax).toBe(0x0263);
    expect(machine.memory.read16(0x400)).toBe(0x3f8);
    expect(machine.memory.read16(0x402)).toBe(0);
    expect(machine.memory.read8(0x475)).toBe(2);
  });

  it('stores drives, memory and a right checksum in CMOS memory', () => {
    const { cmos } = machine.chips;
    expect([cmos[0x10], cmos[0x12], cmos[0x14]]).toEqual([0x42, 0xff, 0x63]);
    expect([cmos[0x15], cmos[0x16], cmos[0x17], cmos[0x18]]).toEqual([0x80, 0x02, 0x00, 0x3c]);
    const sum = cmos.subarray(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
    expect([cmos[0x2e], cmos[0x2f]]).toEqual([sum >> 8, sum & 0xff]);
    expect([cmos[0x0a], cmos[0x0b]]).toEqual([0x26, 0x02]);
  });

  it('sets mode 3 and an empty keyboard buffer', () => {
    expect(machine.call(0x10, { eax: 0x0f00 })).toMatchObject({ ax: 0x5003, ebx: 0 });
    expect(machine.call(0x16, { eax: 0x0100 }).zero).toBe(true);
  });

  it('opens the A20 gate', () => {
    expect(machine.chips.systemA & 2).toBe(2);
  });

  it('waits for a slow keyboard by halting until the next tick', () => {
    const slow = new FakeMachine();
    slow.chips.keyboardDelayReads = 3;
    let halts = 0;
    slow.onHalt = () => {
      halts++;
      return slow.nextInterrupt();
    };
    slow.cpu.runUntil(0xf000, 0xe6f2);
    expect(halts).toBeGreaterThan(2);
    expect(slow.chips.commandByte).toBe(0x65);
    expect(slow.chips.keyboardBytes).toEqual([]);
  });

  it('gives up on a keyboard that does not answer', () => {
    const mute = new FakeMachine();
    mute.chips.keyboardDelayReads = Number.POSITIVE_INFINITY;
    mute.cpu.runUntil(0xf000, 0xe6f2);
    expect(mute.clock.now).toBeLessThan(3_000_000_000);
    expect(mute.chips.masks).toEqual([0xb8, 0x8e]);
  });

  it('does without a keyboard controller', () => {
    const none = new FakeMachine();
    none.chips.hasKeyboardController = false;
    none.onHalt = () => {
      throw new Error('halted');
    };
    none.cpu.runUntil(0xf000, 0xe6f2);
    expect(none.chips.writes.some(([port]) => port === 0x64)).toBe(false);
  });

  it('comes to the same end without the processor', () => {
    const direct = new FakeMachine();
    direct.bios.post();
    const stepped = new FakeMachine().powerOn();
    direct.memory.bytes.copyWithin(0x6f00, 0x6f00, 0x7000);
    const differences = direct.memory.bytes.reduce(
      (count, byte, index) =>
        count + (byte !== stepped.memory.bytes[index] && (index < 0x6f00 || index >= 0x7000) ? 1 : 0),
      0,
    );
    expect(differences).toBe(0);
    expect(direct.chips.masks).toEqual([0xb8, 0x8e]);
    expect(direct.bios.snapshot().postStep).toBe(0);
  });
});
