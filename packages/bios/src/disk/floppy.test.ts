import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../../test/fake-machine.ts';
import type { FirmwareDisk } from '../host.ts';

const MOTOR = 0x43f;
const MOTOR_TICKS = 0x440;

/** A drive whose medium can be changed. */
function drive(): FirmwareDisk & { change(sectorCount: number): void } {
  let sectorCount = 2880;
  let isChanged = false;
  const disk = numberedDisk(2880);
  return {
    sectorSizeBytes: 512,
    get sectorCount() {
      return sectorCount;
    },
    read: (lba, count) => disk.read(lba, count),
    write: (lba, bytes) => disk.write?.(lba, bytes) ?? false,
    takeChange: () => {
      const was = isChanged;
      isChanged = false;
      return was;
    },
    change: (count) => {
      sectorCount = count;
      isChanged = true;
    },
  };
}

const read = { eax: 0x0201, ecx: 0x0001, edx: 0, ebx: 0x5000 };

describe('a drive with a change line', () => {
  it('says so, and tells a change once', () => {
    const floppy = drive();
    const machine = new FakeMachine({ disks: { floppies: [floppy] } }).powerOn();
    expect(machine.call(0x13, { eax: 0x1500, edx: 0 })).toMatchObject({ ah: 2, carry: false });
    expect(machine.call(0x13, { eax: 0x1600, edx: 0 })).toMatchObject({ ah: 0, carry: false });
    floppy.change(1440);
    expect(machine.call(0x13, { eax: 0x1600, edx: 0 })).toMatchObject({ ah: 6, carry: true });
    floppy.change(720);
    expect(machine.call(0x13, read)).toMatchObject({ ah: 6, al: 0, carry: true });
    expect(machine.call(0x13, read)).toMatchObject({ ah: 0, al: 1, carry: false });
    // The geometry is the new medium's.
    expect(machine.call(0x13, { ...read, ecx: 0x000a })).toMatchObject({ ah: 1, carry: true });
  });

  it('is not ready without a medium', () => {
    const floppy = drive();
    const machine = new FakeMachine({ disks: { floppies: [floppy] } }).powerOn();
    floppy.change(0);
    expect(machine.call(0x13, read)).toMatchObject({ ah: 0x80, carry: true });
    expect(machine.call(0x13, { eax: 0x1600, edx: 0 })).toMatchObject({ ah: 0x80, carry: true });
  });
});

describe('motors', () => {
  it('run from a transfer until the disk parameter table says so', () => {
    const machine = new FakeMachine({ disks: { floppies: [drive(), drive()] } }).powerOn();
    machine.call(0x13, { ...read, edx: 1 });
    expect([machine.memory.read8(MOTOR), machine.memory.read8(MOTOR_TICKS)]).toEqual([2, 0x25]);
    expect(machine.chips.writes.at(-1)).toEqual([0x3f2, 0x2d]);
    for (let tick = 0; tick < 0x25; tick++) machine.call(0x08, {});
    expect([machine.memory.read8(MOTOR), machine.memory.read8(MOTOR_TICKS)]).toEqual([0, 0]);
    expect(machine.chips.writes.filter(([port]) => port === 0x3f2).at(-1)).toEqual([0x3f2, 0x0c]);
  });
});

describe('formatting', () => {
  it('takes its byte from the table at INT 1Eh', () => {
    const machine = new FakeMachine({ disks: { floppies: [drive()] } }).powerOn();
    machine.memory.write32(4 * 0x1e, 0x0060_0000);
    machine.memory.write8(0x608, 0xe5);
    machine.call(0x13, { eax: 0x0512, ecx: 0x0301, edx: 0x0100 });
    machine.call(0x13, { eax: 0x0201, ecx: 0x0312, edx: 0x0100, ebx: 0x5000 });
    expect(machine.memory.read32(0x51fc)).toBe(0xe5e5_e5e5);
  });
});
