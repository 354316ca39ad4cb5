import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../test/fake-machine.ts';
import type { AttachedDisks, FirmwareDisk } from './index.ts';

const bootable = (sectorCount: number): FirmwareDisk & { bytes: Uint8Array } => {
  const disk = numberedDisk(sectorCount);
  disk.bytes.set([0x55, 0xaa], 510);
  return disk;
};

/** A CD with an El Torito catalogue at sector 20 and an image at sector 24. */
function cd(mediaType: number, changes: (bytes: Uint8Array) => void = () => {}): FirmwareDisk & { bytes: Uint8Array } {
  const disk = numberedDisk(2000, { sectorSizeBytes: 2048, isReadOnly: true });
  const put = (offset: number, ...bytes: number[]): void => disk.bytes.set(bytes, offset);
  const text = (offset: number, value: string): void => put(offset, ...Array.from(value, (c) => c.charCodeAt(0)));
  disk.bytes.fill(0, 17 * 2048, 18 * 2048);
  text(17 * 2048, '\0CD001\x01EL TORITO SPECIFICATION');
  put(17 * 2048 + 0x47, 20);
  const catalogue = 20 * 2048;
  disk.bytes.fill(0, catalogue, catalogue + 2048);
  put(catalogue, 1);
  put(catalogue + 28, 0xaa, 0x55, 0x55, 0xaa); // checksum 55AAh, key AA55h
  put(catalogue + 28, (0x10000 - 0xaa55 - 1) & 0xff, (0x10000 - 0xaa55 - 1) >> 8);
  put(catalogue + 32, 0x88, mediaType, 0, 0, 0, 0, 4, 0, 24, 0, 0, 0);
  changes(disk.bytes);
  return disk;
}

/** Boots up to the first instruction of what was loaded, or to the message. */
function bootFrom(
  disks: AttachedDisks,
  bootOrder?: readonly number[],
  address: readonly [number, number] = [0, 0x7c00],
) {
  const machine = new FakeMachine({ disks, ...(bootOrder === undefined ? {} : { bootOrder }) }).powerOn();
  machine.onHalt = () => null;
  const end = machine.cpu.runUntil(...address);
  return { machine, isBooted: end === 'reached' };
}

describe('a boot sector', () => {
  it('starts at 0000:7C00 with documented registers', () => {
    const disk = bootable(100);
    const { machine, isBooted } = bootFrom({ hardDisks: [disk] });
    expect(isBooted).toBe(true);
    const { eax, ebx, ecx, edx, esi, edi, ebp, esp, ds, es, fs, gs, ss, flags } = machine.cpu;
    expect({ eax, edx, esp, flags }).toEqual({ eax: 0xaa55, edx: 0x80, esp: 0x7c00, flags: 0x0202 });
    expect([ebx, ecx, esi, edi, ebp, ds, es, fs, gs, ss]).toEqual(new Array(10).fill(0));
    expect(machine.memory.readBytes(0x7c00, 512)).toEqual(disk.bytes.slice(0, 512));
    expect(machine.events).toEqual([{ kind: 'boot', drive: 0x80 }]);
  });

  it.each([
    ['hard disk before floppy', { hardDisks: [bootable(9)], floppies: [bootable(2880)] }, undefined, 0x80],
    [
      'floppy when the hard disk has no signature',
      { hardDisks: [numberedDisk(9)], floppies: [bootable(2880)] },
      undefined,
      0,
    ],
    ['second hard disk', { hardDisks: [numberedDisk(9), bootable(9)] }, undefined, 0x81],
    ['what the order names first', { hardDisks: [bootable(9)], floppies: [bootable(2880)] }, [0x00, 0x80], 0],
    ['past a drive that does not exist', { hardDisks: [bootable(9)] }, [0x05, 0x80], 0x80],
  ])('boots: %s', (_, disks, order, drive) => {
    const { machine, isBooted } = bootFrom(disks, order);
    expect(isBooted).toBe(true);
    expect(machine.cpu.edx).toBe(drive);
  });
});

describe('nothing to boot', () => {
  it('says why on the screen and to the embedder, and waits for a key', () => {
    const empty = { sectorSizeBytes: 512, sectorCount: 0, read: () => new Uint8Array(0) };
    const { machine, isBooted } = bootFrom({ hardDisks: [numberedDisk(9)], floppies: [empty] }, [0x80, 0x00, 0x01]);
    expect(isBooted).toBe(false);
    expect(machine.screen().slice(0, 4)).toEqual([
      'drive 80h: the first sector does not end in 55 AA',
      'drive 00h: no medium',
      'drive 01h: no such drive',
      'No bootable device. Press a key to try again.',
    ]);
    expect(machine.events).toEqual([
      {
        kind: 'not-bootable',
        reasons: [
          'drive 80h: the first sector does not end in 55 AA',
          'drive 00h: no medium',
          'drive 01h: no such drive',
        ],
      },
    ]);
  });

  it('tries again after a key', () => {
    const disk = numberedDisk(9);
    const { machine } = bootFrom({ hardDisks: [disk] });
    disk.bytes.set([0x55, 0xaa], 510);
    machine.onHalt = () => {
      machine.chips.keyboardBytes.push([0x1c, false]);
      return 0x09;
    };
    // The processor is at the instruction after HLT: the next interrupt wakes it.
    machine.cpu.interrupt(machine.onHalt() ?? 0);
    expect(machine.cpu.runUntil(0, 0x7c00)).toBe('reached');
  });
});

describe('a CD', () => {
  it('without emulation: loads the asked sectors and passes its own drive number', () => {
    const disc = cd(0);
    const { machine, isBooted } = bootFrom({ cdRoms: [disc] });
    expect(isBooted).toBe(true);
    expect(machine.cpu.edx).toBe(0xe0);
    expect(machine.memory.readBytes(0x7c00, 2048)).toEqual(disc.bytes.slice(24 * 2048, 25 * 2048));
    const status = machine.call(0x13, { eax: 0x4b01, edx: 0xe0, esi: 0x6000 });
    expect(status).toMatchObject({ ax: 0, carry: false });
    expect([...machine.memory.readBytes(0x6000, 19)]).toEqual([
      19, 0, 0xe0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0xc0, 7, 4, 0, 0, 0, 0,
    ]);
  });

  it('with a load segment: starts there', () => {
    const disc = cd(0, (bytes) => bytes.set([0x34, 0x12], 20 * 2048 + 34));
    const { machine, isBooted } = bootFrom({ cdRoms: [disc] }, undefined, [0x1000, 0x2340]);
    expect(isBooted).toBe(true);
    expect(machine.memory.read32(0x12340)).toBe(24);
  });

  it('with floppy emulation: is drive 0, and pushes the real floppy to drive 1', () => {
    const { machine, isBooted } = bootFrom({ cdRoms: [cd(2)], floppies: [numberedDisk(720)] }, [0xe0]);
    expect(isBooted).toBe(true);
    expect(machine.cpu.edx).toBe(0);
    expect(machine.call(0x13, { eax: 0x0800, edx: 0 })).toMatchObject({ ebx: 4, ecx: 0x4f12, edx: 0x0102 });
    expect(machine.call(0x13, { eax: 0x0800, edx: 1 })).toMatchObject({ ebx: 1, ecx: 0x2709 });
    // Sector 5 of the image lies in CD sector 25, at 512 bytes.
    expect(machine.call(0x13, { eax: 0x0204, ecx: 0x0005, ebx: 0x5000, edx: 0 })).toMatchObject({
      ax: 4,
      carry: false,
    });
    expect(machine.memory.read32(0x5000)).toBe(25);
    expect(machine.memory.read32(0x5600)).toBe(0);
    expect(machine.memory.read16(0x410) & 0xc1).toBe(0x41);
    expect(machine.call(0x13, { eax: 0x0301, ecx: 0x0001, edx: 0 })).toMatchObject({ ah: 3, carry: true });
    // The emulation ends with AX=4B00h.
    expect(machine.call(0x13, { eax: 0x4b00, edx: 0x7f, esi: 0x6000 })).toMatchObject({ ah: 0, carry: false });
    expect(machine.memory.read8(0x6002)).toBe(0);
    expect(machine.call(0x13, { eax: 0x0800, edx: 0 })).toMatchObject({ ebx: 1, ecx: 0x2709, edx: 0x0101 });
  });

  it('with hard disk emulation: is drive 80h, as long as its first partition says', () => {
    const disc = cd(4, (bytes) => bytes.set([63, 0, 0, 0, 0xe8, 3, 0, 0], 24 * 2048 + 0x1be + 8));
    const { machine, isBooted } = bootFrom({ cdRoms: [disc], hardDisks: [numberedDisk(9)] }, [0xe0]);
    expect(isBooted).toBe(true);
    expect(machine.cpu.edx).toBe(0x80);
    machine.memory.write16(0x6000, 26);
    machine.call(0x13, { eax: 0x4800, edx: 0x80, esi: 0x6000 });
    expect(machine.memory.read32(0x6010)).toBe(1063);
    expect(machine.memory.read8(0x475)).toBe(2);
  });

  it('with hard disk emulation: has the geometry that its first partition ends with', () => {
    const disc = cd(4, (bytes) =>
      bytes.set([0x80, 1, 1, 0, 6, 3, 0x40 | 17, 9, 17, 0, 0, 0, 0xe8, 3], 24 * 2048 + 0x1be),
    );
    const { machine } = bootFrom({ cdRoms: [disc] }, [0xe0]);
    expect(machine.call(0x13, { eax: 0x0800, edx: 0x80 })).toMatchObject({ ecx: 0x0951, edx: 0x0301 });
    machine.call(0x13, { eax: 0x0201, ecx: 0x0105, edx: 0x0280, ebx: 0x5000 });
    // Cylinder 1, head 2, sector 5 is sector 106 of the image, in sector 26 behind its first.
    expect(machine.memory.read32(0x5000)).toBe(0);
    machine.call(0x13, { eax: 0x0201, ecx: 0x0103, edx: 0x0280, ebx: 0x5000 });
    expect(machine.memory.read32(0x5000)).toBe(24 + 26);
  });

  it('says which controller its drive is on', () => {
    const disc = Object.assign(cd(0), {
      ata: {
        ioBase: 0x170,
        controlBase: 0x376,
        irq: 15,
        isSlave: true,
        pci: { bus: 0, device: 1, function: 1, channel: 1 },
      },
    });
    const { machine } = bootFrom({ cdRoms: [disc] });
    machine.call(0x13, { eax: 0x4b01, edx: 0xe0, esi: 0x6000 });
    expect([machine.memory.read8(0x6003), machine.memory.read16(0x6008)]).toEqual([1, 1]);
  });

  it('gives its boot catalogue to AH=4Dh', () => {
    const disc = cd(0);
    const { machine } = bootFrom({ cdRoms: [disc] });
    const ask = (size: number, first: number) => {
      machine.memory.writeBytes(0x6000, Uint8Array.from([size, 1, 0, 0, 0x00, 0x20, first & 0xff, first >> 8]));
      return machine.call(0x13, { eax: 0x4d00, edx: 0xe0, esi: 0x6000 });
    };
    expect(ask(8, 0)).toMatchObject({ ah: 0, carry: false });
    expect(machine.memory.readBytes(0x2_0000, 2048)).toEqual(disc.bytes.slice(20 * 2048, 21 * 2048));
    expect(ask(7, 0)).toMatchObject({ ah: 1, carry: true });
    expect(ask(8, 0x7fff)).toMatchObject({ ah: 1, carry: true });
  });

  it.each([
    ['no boot record', (bytes: Uint8Array) => bytes.fill(0, 17 * 2048, 17 * 2048 + 8), 'no El Torito boot record'],
    ['a wrong checksum', (bytes: Uint8Array) => bytes.set([9], 20 * 2048 + 4), 'no valid boot catalogue'],
    [
      'a catalogue off the disc',
      (bytes: Uint8Array) => bytes.set([0xff, 0xff], 17 * 2048 + 0x47),
      'no valid boot catalogue',
    ],
    [
      'an entry that is not bootable',
      (bytes: Uint8Array) => bytes.set([0], 20 * 2048 + 32),
      'the default boot entry is not bootable',
    ],
    ['an unknown medium', (bytes: Uint8Array) => bytes.set([5], 20 * 2048 + 33), 'boot media type 5 is unknown'],
    [
      'an image off the disc',
      (bytes: Uint8Array) => bytes.set([0xff, 0xff], 20 * 2048 + 40),
      'the boot image is outside of the disc or of memory',
    ],
  ])('with %s is not booted', (_, change, reason) => {
    const { machine, isBooted } = bootFrom({ cdRoms: [cd(0, change)] });
    expect(isBooted).toBe(false);
    expect(machine.events).toEqual([{ kind: 'not-bootable', reasons: [`drive e0h: ${reason}`] }]);
  });

  it('that asks for more than fits is loaded up to the end of conventional memory', () => {
    const disc = cd(0, (bytes) => bytes.set([0xff, 0xff], 20 * 2048 + 38));
    const { machine, isBooted } = bootFrom({ cdRoms: [disc] });
    expect(isBooted).toBe(true);
    expect(machine.memory.read8(0x9fc00)).toBe(1); // the EBDA is untouched
  });
});
