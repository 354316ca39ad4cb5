import { describe, expect, it } from 'vitest';
import { FakeMachine, numberedDisk } from '../../test/fake-machine.ts';

const SECTORS = 40960;
const machine = new FakeMachine(
  {
    disks: {
      hardDisks: [
        numberedDisk(SECTORS, { ata: { ioBase: 0x1f0, controlBase: 0x3f6, irq: 14, isSlave: false } }),
        numberedDisk(10),
      ],
      cdRoms: [
        numberedDisk(100, {
          sectorSizeBytes: 2048,
          isReadOnly: true,
          ata: {
            ioBase: 0x170,
            controlBase: 0x376,
            irq: 15,
            isSlave: true,
            pci: { bus: 0, device: 1, function: 1, channel: 1 },
          },
        }),
      ],
    },
  },
  0x400_0000,
).powerOn();
const PACKET = 0x6000;

function packet(fields: {
  size?: number;
  count: number;
  offset?: number;
  segment?: number;
  lba: bigint;
  flat?: bigint;
}): void {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint8(0, fields.size ?? 16);
  view.setUint16(2, fields.count, true);
  view.setUint16(4, fields.offset ?? 0, true);
  view.setUint16(6, fields.segment ?? 0x1000, true);
  view.setBigUint64(8, fields.lba, true);
  view.setBigUint64(16, fields.flat ?? 0n, true);
  machine.memory.writeBytes(PACKET, new Uint8Array(view.buffer));
}

const run = (ah: number, drive = 0x80) => machine.call(0x13, { eax: ah << 8, edx: drive, esi: PACKET });
const transferred = () => machine.memory.read16(PACKET + 2);

describe('packet transfers', () => {
  it.each([1, 104, 127, 128, 200, 1000])('read %i sectors in one call', (count) => {
    packet({ count, lba: 7n });
    expect(run(0x42)).toMatchObject({ ah: 0, carry: false, edx: 0x80 });
    expect(transferred()).toBe(count);
    expect(machine.memory.read32(0x10000)).toBe(7);
    expect(machine.memory.read32(0x10000 + (count - 1) * 512)).toBe(count + 6);
  });

  it('cross the end of a segment without wrapping', () => {
    packet({ count: 2, offset: 0xff00, segment: 0x2000, lba: 5n });
    machine.memory.write32(0x20000, 0);
    run(0x42);
    expect([machine.memory.read32(0x2ff00), machine.memory.read32(0x30100), machine.memory.read32(0x20000)]).toEqual([
      5, 6, 0,
    ]);
  });

  it('go to a flat 64-bit address when the pointer is FFFF:FFFF and the packet long enough', () => {
    packet({ size: 24, count: 1, offset: 0xffff, segment: 0xffff, lba: 9n, flat: 0x200_0000n });
    expect(run(0x42).carry).toBe(false);
    expect(machine.memory.read32(0x200_0000)).toBe(9);
  });

  it.each([
    ['nothing', { count: 0, lba: 7n }, 0x00, 0],
    ['the last sector', { count: 1, lba: BigInt(SECTORS - 1) }, 0x00, 1],
    ['the sector after the last', { count: 1, lba: BigInt(SECTORS) }, 0x01, 0],
    ['two from the last on', { count: 2, lba: BigInt(SECTORS - 1) }, 0x04, 1],
    ['a block number of 64 bits', { count: 1, lba: 0xffff_ffff_ffff_ffffn }, 0x01, 0],
    [
      'a buffer above 4 GiB',
      { size: 24, count: 1, offset: 0xffff, segment: 0xffff, lba: 1n, flat: 0x1_0000_0000n },
      0x09,
      0,
    ],
    [
      'a buffer across 4 GiB',
      { size: 24, count: 2, offset: 0xffff, segment: 0xffff, lba: 1n, flat: 0xffff_fe00n },
      0x09,
      0,
    ],
    ['a short packet', { size: 15, count: 1, lba: 1n }, 0x01, 1],
    ['a packet of 0 bytes', { size: 0, count: 1, lba: 1n }, 0x01, 1],
  ])('of %s', (_, fields, status, count) => {
    packet(fields);
    expect(run(0x42)).toMatchObject({ ah: status, carry: status !== 0 });
    expect(transferred()).toBe(count);
  });

  it('write and verify', () => {
    packet({ count: 1, lba: 30n });
    machine.memory.write32(0x10000, 0x1234_5678);
    expect(run(0x43)).toMatchObject({ ah: 0, carry: false });
    machine.memory.write32(0x10000, 0);
    expect(run(0x44)).toMatchObject({ ah: 0, carry: false });
    expect(machine.memory.read32(0x10000)).toBe(0);
    run(0x42);
    expect(machine.memory.read32(0x10000)).toBe(0x1234_5678);
  });

  it('use sectors of 2048 bytes on a CD, which is write-protected', () => {
    packet({ count: 2, lba: 16n });
    expect(run(0x42, 0xe0)).toMatchObject({ ah: 0, carry: false, edx: 0xe0 });
    expect([machine.memory.read32(0x10000), machine.memory.read32(0x10800)]).toEqual([16, 17]);
    expect(run(0x43, 0xe0)).toMatchObject({ ah: 0x03, carry: true });
  });

  it('reach memory above 1 MiB from a high segment', () => {
    packet({ count: 1, offset: 0x0010, segment: 0xffff, lba: 3n });
    expect(run(0x42).carry).toBe(false);
    expect(machine.memory.read32(0x10_0000)).toBe(3);
  });
});

describe('AH=41h', () => {
  it('needs its signature', () => {
    expect(machine.call(0x13, { eax: 0x4100, ebx: 0x55ab, edx: 0x80 })).toMatchObject({
      ah: 1,
      carry: true,
      ebx: 0x55ab,
    });
    expect(machine.call(0x13, { eax: 0x4100, ebx: 0x55aa, edx: 0x80 })).toMatchObject({
      ah: 0x30,
      carry: false,
      ebx: 0xaa55,
    });
  });
});

describe('AH=48h', () => {
  const ask = (size: number, drive = 0x80) => {
    machine.memory.writeBytes(PACKET, new Uint8Array(128).fill(0xee));
    machine.memory.write16(PACKET, size);
    const result = run(0x48, drive);
    const bytes = machine.memory.readBytes(PACKET, 128);
    let written = 128;
    while (written > 0 && bytes[written - 1] === 0xee) written--;
    return { result, bytes, written };
  };

  it.each([
    [25, 0x01, 2],
    [26, 0x00, 26],
    [29, 0x00, 26],
    [30, 0x00, 30],
    [65, 0x00, 30],
    [66, 0x00, 66],
    [0xffff, 0x00, 66],
  ])('with a buffer of %i bytes', (size, status, length) => {
    const { result, bytes, written } = ask(size);
    expect(result).toMatchObject({ ah: status, carry: status !== 0 });
    expect(written).toBe(length);
    if (status === 0) expect((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)).toBe(length);
  });

  it('has a device path with a checksum for an ATA drive, and none for others', () => {
    const { bytes } = ask(66);
    expect(String.fromCharCode(...bytes.subarray(0x24, 0x30))).toBe('ISA ATA     ');
    expect([...bytes.subarray(0x1e, 0x22)]).toEqual([0xdd, 0xbe, 0x24, 0]);
    expect([bytes[0x30], bytes[0x31], bytes[0x38]]).toEqual([0xf0, 0x01, 0]);
    expect(bytes.subarray(0x1e, 0x42).reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
    expect(ask(66, 0x81).written).toBe(30);
  });

  it('has the place of a controller on PCI in the device path', () => {
    const { bytes } = ask(66, 0xe0);
    expect(String.fromCharCode(...bytes.subarray(0x24, 0x30))).toBe('PCI ATA     ');
    expect([...bytes.subarray(0x30, 0x39)]).toEqual([0, 1, 1, 1, 0, 0, 0, 0, 1]);
    expect(bytes.subarray(0x1e, 0x42).reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
  });

  // As SeaBIOS fills it, but for byte 5, which is firmware's own, and that transfers of 32 bits and DMA are offered.
  it.each([
    [0x80, [0xf0, 0x01, 0xf6, 0x03, 0xe0, 0, 14, 1, 0, 0, 0x90, 0x00, 0, 0, 0x11]],
    [0xe0, [0x70, 0x01, 0x76, 0x03, 0xf0, 0, 15, 1, 0, 0, 0xe2, 0x00, 0, 0, 0x11]],
  ])('points at a parameter table extension: drive %i', (drive, expected) => {
    const { bytes } = ask(30, drive);
    const view = new DataView(bytes.buffer);
    const table = machine.memory.readBytes(view.getUint16(0x1c, true) * 16 + view.getUint16(0x1a, true), 16);
    expect([...table.subarray(0, 15)]).toEqual(expected);
    expect(table.reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
  });

  it('has no such table of a drive that is on no channel', () => {
    const { bytes } = ask(30, 0x81);
    expect([...bytes.subarray(0x1a, 0x1e)]).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  it('describes a CD as removable, without a geometry', () => {
    const { bytes } = ask(26, 0xe0);
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(4, true), view.getUint32(16, true), view.getUint16(24, true)]).toEqual([
      0xffff_ffff, 100, 2048,
    ]);
    expect(view.getUint16(2, true) & 4).toBe(4);
  });
});

describe('AH=4Eh', () => {
  it.each([
    [0x00, 1],
    [0x01, 0],
    [0x05, 1],
    [0x06, 0],
    [0x07, 1],
  ])('AL=%i', (al, status) => {
    expect(machine.call(0x13, { eax: 0x4e00 + al, edx: 0x80 })).toMatchObject({ ah: status, carry: status !== 0 });
  });
});
