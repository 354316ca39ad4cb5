import { describe, expect, it } from 'vitest';
import { Host, NumberedMedium } from '../test/host.ts';

const READY = 0x50;
const DATA = 0x58;
const FAILED = 0x51;
const SECTORS = 200_000;

function bench(sectorCount = SECTORS, isReadOnly = false): { host: Host; medium: NumberedMedium } {
  const medium = new NumberedMedium(sectorCount, { isReadOnly });
  return { host: new Host([{ kind: 'disk', medium, model: 'a model', serial: 'S1' }]), medium };
}
const word = (bytes: Uint8Array, index: number): number => (bytes[2 * index] ?? 0) | ((bytes[2 * index + 1] ?? 0) << 8);
const number = (bytes: Uint8Array, index: number, words: number): number =>
  Array.from({ length: words }, (_, i) => word(bytes, index + i) * 0x1_0000 ** i).reduce((sum, part) => sum + part);
const text = (bytes: Uint8Array, index: number, words: number): string =>
  Array.from({ length: words }, (_, i) =>
    String.fromCharCode(word(bytes, index + i) >> 8, word(bytes, index + i) & 0xff),
  ).join('');
const identify = (host: Host): Uint8Array => {
  expect(host.command(0xec)).toBe(DATA);
  return host.take(512);
};
/** Error, count, and the address with the device's low bits on top. */
const registers = (host: Host): number[] => [
  host.in8(1),
  host.in8(2),
  host.in8(3),
  host.in8(4),
  host.in8(5),
  host.in8(6) & 0x0f,
];

describe('IDENTIFY DEVICE', () => {
  it('tells names, sizes and abilities', () => {
    const { host } = bench();
    const bytes = identify(host);
    expect([text(bytes, 10, 10), text(bytes, 23, 4), text(bytes, 27, 20)]).toEqual([
      'S1'.padStart(20),
      '1.0     ',
      'a model'.padEnd(40),
    ]);
    expect([1, 3, 6, 47, 49, 53].map((index) => word(bytes, index))).toEqual([198, 16, 63, 0x8010, 0x0b00, 7]);
    expect([number(bytes, 57, 2), number(bytes, 60, 2), number(bytes, 100, 4)]).toEqual([
      198 * 16 * 63,
      SECTORS,
      SECTORS,
    ]);
    expect([80, 82, 83, 84, 85, 86, 87].map((index) => word(bytes, index).toString(16))).toEqual([
      '70',
      '7068',
      '7400',
      '4000',
      '7068',
      '3400',
      '4000',
    ]);
    expect(bytes.reduce((sum, byte) => sum + byte, 0) & 0xff).toBe(0);
    expect(host.in8(8)).toBe(READY);
  });

  it.each([
    [2 ** 28 - 1, 0x0fff_ffff, 16383],
    [2 ** 28, 0x0fff_ffff, 16383],
    [2 ** 41, 0x0fff_ffff, 16383],
  ])('of %d sectors tells the size in both forms', (sectors, in28, cylinders) => {
    const bytes = identify(bench(sectors).host);
    expect([number(bytes, 60, 2), number(bytes, 100, 4), word(bytes, 1)]).toEqual([in28, sectors, cylinders]);
  });

  it('shows what SET FEATURES, SET MULTIPLE and INITIALIZE DEVICE PARAMETERS have set', () => {
    const { host } = bench();
    for (const [features, count] of [
      [0x82, 0],
      [0x55, 0],
      [0x03, 0x45],
    ] as const) {
      expect(host.command(0xef, { features, count })).toBe(READY);
    }
    host.command(0xc6, { count: 8 });
    host.command(0x91, { count: 32, device: 0xa7 });
    const bytes = identify(host);
    expect([54, 55, 56, 59, 63, 85, 88].map((index) => word(bytes, index))).toEqual([
      781, 8, 32, 0x0108, 0x0007, 0x7008, 0x203f,
    ]);
    host.command(0xef, { features: 0x03, count: 0x22 });
    expect([63, 88].map((index) => word(identify(host), index))).toEqual([0x0407, 0x003f]);
  });
});

describe('reading by the data register', () => {
  it.each([
    ['READ SECTORS', 0x20, 16],
    ['READ SECTORS, 32 bits at a time', 0x21, 32],
  ] as const)('%s gives a block and an interrupt for each sector', (_, command, width) => {
    const { host, medium } = bench();
    let status = host.command(command, { lba: 0x1234, count: 3 });
    for (const lba of [0x1234, 0x1235, 0x1236]) {
      expect([status, host.irq]).toEqual([DATA, true]);
      host.in8(7);
      expect(host.take(512, width)).toEqual(medium.sector(lba));
      status = host.ready();
    }
    expect([status, host.irqs]).toEqual([READY, 3]);
    expect(registers(host)).toEqual([0, 0, 0x36, 0x12, 0, 0]);
  });

  it('READ MULTIPLE gives a block for every so many sectors', () => {
    const { host, medium } = bench();
    host.command(0xc6, { count: 4 });
    host.irqs = 0;
    const blocks: number[] = [];
    host.command(0xc4, { lba: 7, count: 10 });
    for (let lba = 7; (host.ready() & 0x08) !== 0; ) {
      host.in8(7);
      const size = Math.min(4, 17 - lba);
      for (let i = 0; i < size; i++) expect(host.take(512)).toEqual(medium.sector(lba++));
      blocks.push(size);
    }
    expect([blocks, host.irqs]).toEqual([[4, 4, 2], 3]);
  });

  it('a count of 0 is 256 sectors, in LBA48 65,536', () => {
    const { host } = bench();
    const count = (): number => {
      let sectors = 0;
      for (; (host.ready() & 0x08) !== 0; sectors++) host.channel.restore(skipBlock(host));
      return sectors;
    };
    host.command(0x20, { lba: 0, count: 0 });
    expect(count()).toBe(256);
    host.command48(0x24, { lba: 0, count: 0 });
    expect(host.channel.snapshot().drives[0]?.remaining).toBe(65_535);
  });

  it('reaches all of a large disk by LBA48, and shows the high order bytes with HOB', () => {
    const lba = 2 ** 32 + 0x1234_5678;
    const { host, medium } = bench(2 ** 33);
    expect(host.command48(0x24, { lba, count: 2 })).toBe(DATA);
    expect(host.take(512)).toEqual(medium.sector(lba));
    host.ready();
    expect(host.take(512)).toEqual(medium.sector(lba + 1));
    expect(registers(host).slice(1, 5)).toEqual([0, 0x79, 0x56, 0x34]);
    host.out8(8, 0x80);
    expect(registers(host).slice(1, 5)).toEqual([0, 0x12, 0x01, 0x00]);
  });

  it.each([
    [0, 0, 1, 0],
    [0, 15, 63, 15 * 63 + 62],
    [3, 2, 1, (3 * 16 + 2) * 63],
  ])('by cylinder %i, head %i, sector %i reads sector %i', (cylinder, head, sector, lba) => {
    const { host, medium } = bench();
    const address = sector + cylinder * 0x100;
    expect(host.command(0x20, { lba: address, count: 1, device: 0xa0 | head })).toBe(DATA);
    expect(host.take(512)).toEqual(medium.sector(lba));
    expect(registers(host).slice(2)).toEqual([sector, cylinder, 0, head]);
  });
});

/** The state in which the host has taken all but two bytes of the block, and then takes those. */
function skipBlock(host: Host): ReturnType<Host['channel']['snapshot']> {
  const state = host.channel.snapshot();
  const drive = state.drives[0];
  if (drive) {
    drive.position += drive.block - 2;
    drive.block = 2;
  }
  host.channel.restore(state);
  host.take(2);
  return host.channel.snapshot();
}

describe('writing by the data register', () => {
  it.each([
    ['WRITE SECTORS', 0x30, 1],
    ['WRITE MULTIPLE', 0xc5, 4],
  ])('%s: no interrupt before the first block, one after each', (_, command, size) => {
    const { host, medium } = bench();
    host.command(0xc6, { count: 4 });
    host.in8(7);
    host.irqs = 0;
    const data = Uint8Array.from({ length: 8 * 512 }, (_byte, i) => (i * 3) & 0xff);
    expect([host.command(command, { lba: 100, count: 8 }), host.irq]).toEqual([DATA, false]);
    for (let sector = 0; sector < 8; sector += size) {
      host.give(data.subarray(sector * 512, (sector + size) * 512));
      host.ready();
      expect(host.irq).toBe(true);
      host.in8(7);
    }
    expect([host.in8(8), host.irqs]).toEqual([READY, 8 / size]);
    expect(Buffer.from(data).equals(medium.read(100, 8))).toBe(true);
  });

  it('nothing of a block is written before all of it is there', () => {
    const { host, medium } = bench();
    host.command(0x30, { lba: 5, count: 1 });
    host.give(new Uint8Array(510));
    host.wait(1_000_000);
    expect([host.in8(8), medium.written.size]).toEqual([DATA, 0]);
    host.out8(8, 0x04);
    host.out8(8, 0x00);
    expect([host.ready(), medium.written.size]).toEqual([READY, 0]);
  });

  it('WRITE BUFFER is read back by READ BUFFER', () => {
    const { host } = bench();
    const data = Uint8Array.from({ length: 512 }, (_byte, i) => i & 0xff);
    host.command(0xe8);
    host.give(data, 32);
    expect(host.ready()).toBe(READY);
    host.command(0xe4);
    expect(host.take(512)).toEqual(data);
  });
});

describe('bus master transfers', () => {
  it.each([
    ['READ DMA', false],
    ['READ DMA EXT', true],
  ])('%s fills regions of memory', (_, isExtended) => {
    const { host, medium } = bench();
    const regions = [
      [0x2_0000, 1000],
      [0x8_0000, 0x10000],
      [0x3_0000, 0x10000],
      [0x5_0002, 300 * 512 - 1000 - 0x20000],
    ] as const;
    const sectors = isExtended ? 300 : 256;
    host.startDma('in', regions);
    expect(host.channel.readPort(18, 8)).toBe(0x01);
    if (isExtended) host.command48(0x25, { lba: 50, count: sectors });
    else host.command(0xc8, { lba: 50, count: 0 });
    host.wait(1_000_000);
    const found = Buffer.concat(regions.map(([address, size]) => host.memory.subarray(address, address + size)));
    expect(found.subarray(0, sectors * 512).equals(medium.read(50, sectors))).toBe(true);
    // Of the shorter transfer the table is not at its end.
    expect([host.in8(8), host.irq, host.irqs, host.channel.readPort(18, 8)]).toEqual([
      READY,
      true,
      1,
      isExtended ? 4 : 5,
    ]);
    host.channel.writePort(16, 8, 0);
    host.channel.writePort(18, 8, 0x64);
    expect([host.channel.readPort(18, 8), host.channel.readPort(20, 32)]).toEqual([0x60, 0x1000]);
  });

  it('WRITE DMA empties them, and writes only what has come', () => {
    const { host, medium } = bench();
    for (let i = 0; i < 4096; i++) host.memory[0x2_0000 + i] = (i * 5) & 0xff;
    host.command(0xca, { lba: 9, count: 8 });
    expect([host.in8(8), medium.written.size]).toEqual([DATA, 0]);
    host.startDma('out', [[0x2_0000, 4096]]);
    host.wait(100_000);
    expect([host.in8(8), host.irq, host.channel.readPort(18, 8)]).toEqual([READY, true, 0x04]);
    expect(Buffer.from(medium.read(9, 8)).equals(host.memory.slice(0x2_0000, 0x2_1000))).toBe(true);
  });

  it('a table that is too short leaves the drive waiting, without an interrupt', () => {
    const { host } = bench();
    host.startDma('in', [[0x2_0000, 512]]);
    host.command(0xc8, { lba: 0, count: 2 });
    host.wait(1_000_000);
    expect([host.in8(8), host.irq, host.channel.readPort(18, 8)]).toEqual([DATA, false, 0x00]);
  });

  it.each([
    ['the bus master is not started', (host: Host) => host.channel.writePort(16, 8, 0x08)],
    ['it is started the other way', (host: Host) => host.startDma('out', [[0x2_0000, 512]])],
    [
      'PCI does not let it',
      (host: Host) => {
        host.isBusMasterEnabled = false;
        host.startDma('in', [[0x2_0000, 512]]);
      },
    ],
  ])('nothing moves while %s', (_, prepare) => {
    const { host } = bench();
    prepare(host);
    host.command(0xc8, { lba: 0, count: 1 });
    host.wait(1_000_000);
    expect([host.in8(8), host.irq]).toEqual([DATA, false]);
    host.isBusMasterEnabled = true;
    host.startDma('in', [[0x2_0000, 512]]);
    host.wait(1_000_000);
    expect([host.in8(8), host.irq, host.memory[0x2_0004]]).toEqual([READY, true, (4 * 13) & 0xff]);
  });
});

describe('errors', () => {
  it.each([
    ['an unknown command', 0xff, { lba: 0 }, 0x04],
    ['a packet', 0xa0, { lba: 0 }, 0x04],
    ['SET FEATURES of a mode that is none', 0xef, { features: 3, count: 0x13 }, 0x04],
    ['SET FEATURES of something else', 0xef, { features: 0x99 }, 0x04],
    ['SET MULTIPLE of 3', 0xc6, { count: 3 }, 0x04],
    ['SET MULTIPLE of 32', 0xc6, { count: 32 }, 0x04],
    ['READ MULTIPLE without SET MULTIPLE', 0xc4, { count: 1 }, 0x04],
    ['INITIALIZE DEVICE PARAMETERS without sectors', 0x91, { count: 0 }, 0x04],
    ['a read beyond the end', 0x20, { lba: SECTORS, count: 1 }, 0x10],
    ['a read across the end', 0x20, { lba: SECTORS - 1, count: 2 }, 0x10],
    ['a verify beyond the end', 0x40, { lba: SECTORS, count: 1 }, 0x10],
    ['a write across the end', 0x30, { lba: SECTORS - 1, count: 2 }, 0x10],
    ['sector 0 of a track', 0x20, { lba: 0, count: 1, device: 0xa0 }, 0x10],
    ['a sector beyond the track', 0x20, { lba: 64, count: 1, device: 0xa0 }, 0x10],
    ['a seek beyond the end', 0x70, { lba: SECTORS }, 0x10],
  ] as const)('%s', (_, command, fields, error) => {
    const { host, medium } = bench();
    expect([host.command(command, fields), host.in8(1), host.irq]).toEqual([FAILED, error, true]);
    expect(medium.written.size).toBe(0);
  });

  it('name the sector that cannot be read', () => {
    const { host, medium } = bench();
    medium.badFrom = 0x1002;
    expect(host.command(0x20, { lba: 0x1000, count: 4 })).toBe(DATA);
    host.take(512);
    expect(host.ready()).toBe(DATA);
    host.take(512);
    expect([host.ready(), ...registers(host)]).toEqual([FAILED, 0x40, 2, 0x02, 0x10, 0, 0]);
    host.command(0x40, { lba: 0x1000, count: 4 });
    expect([host.in8(8), ...registers(host)]).toEqual([FAILED, 0x40, 4, 0x02, 0x10, 0, 0]);
  });

  it.each([0x30, 0xc5, 0xca, 0x34])('a write-protected medium refuses command %i at once', (command) => {
    const { host } = bench(SECTORS, true);
    host.command(0xc6, { count: 4 });
    expect([host.command(command, { lba: 0, count: 1 }), host.in8(1)]).toEqual([FAILED, 0x44]);
  });

  it('a medium that does not take a write is a device fault', () => {
    const { host, medium } = bench();
    medium.isFull = true;
    host.command(0x30, { lba: 3, count: 2 });
    host.give(new Uint8Array(512));
    expect([host.ready(), host.in8(1), host.in8(3), host.irq]).toEqual([0x71, 0x04, 3, true]);
    expect(host.command(0xe7)).toBe(0x71);
  });
});

describe('other commands', () => {
  it.each([
    ['RECALIBRATE', 0x10, {}],
    ['SEEK', 0x70, { lba: SECTORS - 1 }],
    ['READ VERIFY', 0x40, { lba: 10, count: 200 }],
    ['IDLE', 0xe3, {}],
    ['FLUSH CACHE', 0xe7, {}],
    ['FLUSH CACHE EXT', 0xea, {}],
  ] as const)('%s ends well', (_, command, fields) => {
    const { host } = bench();
    expect([host.command(command, fields), host.in8(1), host.irq]).toEqual([READY, 0, true]);
  });

  it('FLUSH CACHE reaches the medium', () => {
    const { host, medium } = bench();
    host.command(0xe7);
    expect(medium.flushes).toBe(1);
  });

  it('READ NATIVE MAX ADDRESS gives the last sector', () => {
    const { host } = bench(2 ** 30 + 5);
    host.command(0xf8);
    expect(registers(host).slice(2)).toEqual([0xff, 0xff, 0xff, 0x0f]);
    host.command48(0x27, { lba: 0, count: 0 });
    expect(registers(host).slice(2, 5)).toEqual([4, 0, 0]);
    host.out8(8, 0x80);
    expect(registers(host).slice(2, 5)).toEqual([0x40, 0, 0]);
  });

  it('CHECK POWER MODE tells standby from activity', () => {
    const { host } = bench();
    const mode = () => {
      host.command(0xe5);
      return host.in8(2);
    };
    const found = [mode()];
    host.command(0xe0);
    found.push(mode());
    host.command(0x40, { count: 1 });
    found.push(mode());
    expect(found).toEqual([0xff, 0x00, 0xff]);
  });
});
