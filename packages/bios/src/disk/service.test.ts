import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../../test/fake-machine.ts';
import { floppyDriveType, floppyGeometry, hardDiskGeometry } from './geometry.ts';

const disk = numberedDisk(40960);
const machine = new FakeMachine({
  disks: { hardDisks: [disk, numberedDisk(100, { isReadOnly: true })], floppies: [numberedDisk(720)] },
}).powerOn();

describe('geometry', () => {
  it.each([
    [320, 40, 1, 8, 1],
    [360, 40, 1, 9, 1],
    [640, 40, 2, 8, 1],
    [720, 40, 2, 9, 1],
    [1440, 80, 2, 9, 3],
    [2400, 80, 2, 15, 2],
    [2880, 80, 2, 18, 4],
    [5760, 80, 2, 36, 5],
    [1000, 80, 2, 18, 4], // no known size: a 1.44 MB drive
  ])('of a floppy of %i sectors', (sectorCount, cylinders, heads, sectorsPerTrack, type) => {
    const floppy = { sectorSizeBytes: 512, sectorCount, read: () => new Uint8Array(0) };
    expect(floppyGeometry(floppy)).toMatchObject({ cylinders, heads, sectorsPerTrack });
    expect(floppyDriveType(floppy)).toBe(type);
  });

  it.each([
    [1, 1, 16],
    [1008, 1, 16],
    [40960, 40, 16],
    [16 * 63 * 1024, 1024, 16],
    [16 * 63 * 1024 + 1, 512, 32],
    [0x20_0000, 520, 64],
    [255 * 63 * 1024 + 1, 1024, 255],
    [0xffff_ffff, 1024, 255],
  ])('of a hard disk of %i sectors', (sectorCount, cylinders, heads) => {
    const hardDisk = { sectorSizeBytes: 512, sectorCount, read: () => new Uint8Array(0) };
    expect(hardDiskGeometry(hardDisk)).toEqual({ cylinders, heads, sectorsPerTrack: 63 });
  });

  it('is the embedder’s where there is one', () => {
    const geometry = { cylinders: 306, heads: 4, sectorsPerTrack: 17 };
    const own = new FakeMachine({ disks: { hardDisks: [numberedDisk(20808, { geometry })] } }).powerOn();
    expect(own.call(0x13, { eax: 0x0800, edx: 0x80 })).toMatchObject({ ecx: 0x3151, edx: 0x0301 });
    // Cylinder 1, head 2, sector 3 = (1 * 4 + 2) * 17 + 2.
    own.call(0x13, { eax: 0x0201, ecx: 0x0103, edx: 0x0280, ebx: 0x5000 });
    expect(own.memory.read32(0x5000)).toBe(104);
  });
});

describe('cylinder, head, sector', () => {
  it('reads the sector that the geometry gives', () => {
    const result = machine.call(0x13, { eax: 0x0203, ecx: 0x0502, edx: 0x0780, ebx: 0x5000 });
    expect(result).toMatchObject({ ax: 0x0003, carry: false, edx: 0x0780 });
    expect(machine.memory.read32(0x5000)).toBe((5 * 16 + 7) * 63 + 1);
    expect(machine.memory.read32(0x5400)).toBe((5 * 16 + 7) * 63 + 3);
  });

  it('takes bits 8 and 9 of the cylinder from CL', () => {
    const large = new FakeMachine({
      disks: {
        hardDisks: [
          {
            ...numberedDisk(1),
            sectorCount: 1008 * 1000,
            read: (lba) => Uint8Array.from({ length: 512 }, () => lba & 0xff),
          },
        ],
      },
    }).powerOn();
    large.call(0x13, { eax: 0x0201, ecx: 0x2c81, edx: 0x80, ebx: 0x5000 });
    expect(large.memory.read8(0x5000)).toBe((0x22c * 1008) & 0xff);
  });

  it('writes, and reads back', () => {
    machine.memory.write32(0x5000, 0xcafe_f00d);
    expect(machine.call(0x13, { eax: 0x0301, ecx: 0x0009, edx: 0x0280, ebx: 0x5000 })).toMatchObject({
      ax: 1,
      carry: false,
    });
    machine.call(0x13, { eax: 0x0201, ecx: 0x0009, edx: 0x0280, ebx: 0x5200 });
    expect(machine.memory.read32(0x5200)).toBe(0xcafe_f00d);
  });

  it.each([
    ['no sectors', 0x0200, 0x0001, 0x0080, 0x01, 0],
    ['sector 0', 0x0201, 0x0000, 0x0080, 0x01, 1],
    ['a sector past the track', 0x0201, 0x0a00 | 10, 0x0000, 0x01, 1],
    ['a head too many', 0x0201, 0x0001, 0x1080, 0x01, 1],
    ['a cylinder too many', 0x0201, 0x2801, 0x0080, 0x01, 1],
    ['no such drive', 0x0201, 0x0001, 0x0082, 0x01, 1],
    ['writing to a write-protected disk', 0x0301, 0x0001, 0x0081, 0x03, 0],
    ['reading past the end of the disk', 0x0202, 0x0125, 0x0081, 0x01, 2],
    ['more than 64 KiB', 0x0281, 0x0001, 0x0080, 0x01, 0x81],
  ])('fails for %s', (_, eax, ecx, edx, status, al) => {
    const result = machine.call(0x13, { eax, ecx, edx, ebx: 0x5000 });
    expect(result).toMatchObject({ ah: status, al, carry: true, edx });
    // The status is kept for AH=01h.
    expect(machine.call(0x13, { eax: 0x0100, edx })).toMatchObject({ ah: status, carry: true });
  });

  it('transfers what exists when the disk ends in between', () => {
    const result = machine.call(0x13, { eax: 0x020a, ecx: 0x0020, edx: 0x0181, ebx: 0x5000 });
    // Sector (1 * 63 + 31) = 94: six of ten.
    expect(result).toMatchObject({ ah: 0x04, al: 6, carry: true });
    expect(machine.memory.read32(0x5000 + 5 * 512)).toBe(99);
  });

  it('clears the status with the next success', () => {
    machine.call(0x13, { eax: 0x0200, ecx: 0x0001, edx: 0x80 });
    machine.call(0x13, { eax: 0x0000, edx: 0x80 });
    expect(machine.call(0x13, { eax: 0x0100, edx: 0x80 })).toMatchObject({ ah: 0, carry: false });
  });
});

describe('a disk that fails', () => {
  const failing = new FakeMachine({
    disks: {
      hardDisks: [
        {
          sectorSizeBytes: 512,
          sectorCount: 1000,
          read: (lba) => new Uint8Array(lba < 128 ? 128 * 512 : 700),
          write: () => false,
        },
      ],
    },
  }).powerOn();

  it('reports a read error after the whole sectors that it gave', () => {
    failing.memory.writeBytes(0x6000, Uint8Array.of(16, 0, 200, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(failing.call(0x13, { eax: 0x4200, edx: 0x80, esi: 0x6000 })).toMatchObject({ ah: 0x10, carry: true });
    expect(failing.memory.read16(0x6002)).toBe(129);
  });

  it('reports a write fault', () => {
    expect(failing.call(0x13, { eax: 0x0301, ecx: 1, edx: 0x80 })).toMatchObject({ ah: 0xcc, al: 0, carry: true });
  });
});

describe('drive information', () => {
  it('counts drives in AH=08h', () => {
    expect(machine.call(0x13, { eax: 0x0800, edx: 0x80 })).toMatchObject({ ecx: 0x273f, edx: 0x0f02, carry: false });
    expect(machine.call(0x13, { eax: 0x0800, edx: 0x00 })).toMatchObject({
      ebx: 1,
      ecx: 0x2709,
      edx: 0x0101,
      es: 0xf000,
      edi: 0xefc7,
    });
  });

  it('says in AH=15h that a drive is absent, without an error', () => {
    expect(machine.call(0x13, { eax: 0x15ff, edx: 0x83 })).toMatchObject({ ah: 0, carry: false });
  });

  it('accepts a floppy’s own format in AH=18h, and no other', () => {
    expect(machine.call(0x13, { eax: 0x1800, ecx: 0x2709, edx: 0 })).toMatchObject({ ah: 0, carry: false, es: 0xf000 });
    expect(machine.call(0x13, { eax: 0x1800, ecx: 0x4f12, edx: 0 })).toMatchObject({ ah: 0x0c, carry: true, es: 0 });
  });

  it('formats a track of a floppy', () => {
    expect(machine.call(0x13, { eax: 0x0509, ecx: 0x0301, edx: 0x0100 })).toMatchObject({ ah: 0, carry: false });
    machine.call(0x13, { eax: 0x0201, ecx: 0x0301, edx: 0x0100, ebx: 0x5000 });
    expect(machine.memory.read32(0x5000)).toBe(0xf6f6_f6f6);
    machine.call(0x13, { eax: 0x0201, ecx: 0x0301, edx: 0x0000, ebx: 0x5000 });
    expect(machine.memory.read32(0x5000)).toBe(3 * 18);
  });
});
