import { describe, expect, it } from 'vitest';
import { isFullRun, readExpected, readImage } from '../test/images.ts';
import { type ImageSource, OverlayDisk } from './disk.ts';
import { loadImage } from './load.ts';
import { Pc } from './pc.ts';
import { layOutStorage } from './storage.ts';

const disk = (sectors: number): OverlayDisk =>
  new OverlayDisk(Uint8Array.from({ length: sectors * 512 }, (_, i) => (i >> 9) & 0xff));
const cd = (sectors: number): OverlayDisk =>
  new OverlayDisk(new Uint8Array(sectors * 2048), { sectorSizeBytes: 2048, isWritable: false });

describe('drives', () => {
  const places = (hardDisks: number, cdRoms: number): string => {
    const { drives } = layOutStorage({
      hardDisks: Array.from({ length: hardDisks }, (_, i) => disk(i + 1)),
      cdRoms: Array.from({ length: cdRoms }, (_, i) => cd(i + 1)),
    });
    return drives.map((drive) => (drive === null ? '-' : `${drive.kind[0]}${drive.medium.sectorCount}`)).join(' ');
  };
  it.each([
    [0, 0, '- - - -'],
    [1, 1, 'd1 - c1 -'],
    [2, 2, 'd1 d2 c1 c2'],
    [3, 1, 'd1 d2 c1 d3'],
    [5, 0, 'd1 d2 d3 d4'],
    [0, 3, '- - c1 c2'],
  ])('%i hard disks and %i CD-ROMs are at their customary places', (hardDisks, cdRoms, expected) => {
    expect(places(hardDisks, cdRoms)).toBe(expected);
  });

  it('keep all that they can, and know their place', () => {
    const large = Object.assign(disk(10), { geometry: { cylinders: 1, heads: 2, sectorsPerTrack: 5 } });
    const { disks } = layOutStorage({ hardDisks: [disk(1), large], cdRoms: [cd(1)], floppies: [disk(2880)] });
    expect(disks.hardDisks?.[1]).toMatchObject({ geometry: large.geometry, ata: { ioBase: 0x1f0, isSlave: true } });
    expect(disks.cdRoms?.[0]).toMatchObject({ ata: { ioBase: 0x170, isSlave: false } });
    expect(disks.cdRoms?.[0]?.write).toBe(undefined);
    expect(disks.floppies).toHaveLength(1);
  });
});

/** Waits until a drive is not busy. */
function ready(pc: Pc, status = 0x3f6): number {
  for (let i = 0; i < 1000 && (pc.ports.read(status, 8) & 0x80) !== 0; i++) pc.clock.advanceTo(pc.clock.now + 1000);
  return pc.ports.read(status, 8);
}
function command(pc: Pc, base: number, values: readonly number[]): void {
  [6, 1, 2, 3, 4, 5, 7].forEach((register, i) => {
    pc.ports.write(base + register, 8, values[i] ?? 0);
  });
}

describe('a PC', () => {
  it('has both channels, whose interrupts are IRQ 14 and 15', () => {
    const pc = new Pc({ disks: { hardDisks: [disk(100)], cdRoms: [cd(10)] } });
    pc.bios.post();
    const requests = (): number => {
      pc.ports.write(0xa0, 8, 0x0a);
      return pc.ports.read(0xa0, 8) & 0xc0;
    };
    command(pc, 0x1f0, [0xe0, 0, 1, 5, 0, 0, 0x20]);
    expect([ready(pc), requests(), pc.ports.read(0x1f0, 16), pc.ports.read(0x1f0, 32)]).toEqual([
      0x58, 0x40, 0x0505, 0x0505_0505,
    ]);
    command(pc, 0x170, [0xa0, 0, 0, 0, 0, 0, 0xa1]);
    expect([ready(pc, 0x376), requests() & 0x80, pc.ports.read(0x170, 16)]).toEqual([0x58, 0x80, 0x85c0]);
  });

  it('moves data by bus master, at ports that PCI places, into RAM', () => {
    const pc = new Pc({ disks: { hardDisks: [disk(100)] } });
    pc.bios.post();
    const config = (register: number): void => pc.ports.write(0xcf8, 32, 0x8000_0900 + register);
    config(0x20);
    expect(pc.ports.read(0xcfc, 32)).toBe(0xc001);
    pc.ports.write(0xcfc, 32, 0xd100);
    pc.cpu.memory.write32(0x5000, 0x1_2000);
    pc.cpu.memory.write32(0x5004, 0x8000_0400);
    pc.ports.write(0xd104, 32, 0x5000);
    pc.ports.write(0xd100, 8, 0x09);
    command(pc, 0x1f0, [0xe0, 0, 2, 7, 0, 0, 0xc8]);
    ready(pc);
    pc.clock.advanceTo(pc.clock.now + 100_000);
    expect([pc.ports.read(0xd102, 8), pc.cpu.memory.read32(0x1_2000), pc.cpu.memory.read32(0x1_2200)]).toEqual([
      0x04, 0x0707_0707, 0x0808_0808,
    ]);
    config(0x04);
    pc.ports.write(0xcfc, 16, 0);
    expect(pc.ports.read(0xd102, 8)).toBe(0xff);
  });

  it('has one disk for the firmware and the controller', () => {
    const written = disk(100);
    const pc = new Pc({ disks: { hardDisks: [written] } });
    command(pc, 0x1f0, [0xe0, 0, 1, 9, 0, 0, 0x30]);
    ready(pc);
    for (let i = 0; i < 256; i++) pc.ports.write(0x1f0, 16, 0xbeef);
    expect(ready(pc)).toBe(0x50);
    expect([...written.read(9, 1).subarray(0, 4)]).toEqual([0xef, 0xbe, 0xef, 0xbe]);
  });

  it('is restored in the middle of a transfer', () => {
    const make = (): Pc => new Pc({ disks: { hardDisks: [disk(100)] } });
    const first = make();
    command(first, 0x1f0, [0xe0, 0, 2, 1, 0, 0, 0x20]);
    ready(first);
    for (let i = 0; i < 100; i++) first.ports.read(0x1f0, 16);
    const second = make();
    second.restore(structuredClone(first.snapshot()));
    const rest = (pc: Pc): number[] => {
      const words = Array.from({ length: 156 }, () => pc.ports.read(0x1f0, 16));
      return [...words, ready(pc), pc.ports.read(0x1f0, 16), pc.picSlave.isRequesting ? 1 : 0];
    };
    expect(rest(second)).toEqual(rest(first));
  });

  it('reaches the end of a disk larger than LBA28', () => {
    const sizeBytes = 300 * 2 ** 30;
    const image: ImageSource = {
      sizeBytes,
      read: (offset, size) => new Uint8Array(size).fill(Math.trunc(offset / 2 ** 30) % 251),
    };
    const pc = new Pc({ disks: { hardDisks: [new OverlayDisk(image)] } });
    const lba = sizeBytes / 512 - 1;
    const byte = (index: number): number => Math.trunc(lba / 2 ** (8 * index)) & 0xff;
    for (const [register, index] of [
      [2, -1],
      [3, 3],
      [4, 4],
      [5, 5],
    ] as const) {
      pc.ports.write(0x1f0 + register, 8, index < 0 ? 0 : byte(index));
    }
    command(pc, 0x1f0, [0x40, 0, 1, byte(0), byte(1), byte(2), 0x24]);
    expect([ready(pc), pc.ports.read(0x1f0, 8), pc.ports.read(0x1f0, 16)]).toEqual([0x58, 0xff, 0x3030]);
  });
});

describe('a guest that drives PCI and both channels', () => {
  const NAME = 'device-storage.img';
  const saidInQemu =
    (JSON.parse(readExpected('devices/expected.json')) as Record<string, readonly string[]>)[NAME] ?? [];

  /** The sectors that the guest had in QEMU: each tells its number. */
  function numbered(sectorSizeBytes: number, sectorCount: number): ImageSource {
    const read = (offset: number, size: number): Uint8Array => {
      const bytes = Uint8Array.from({ length: size }, (_, at) => {
        const lba = Math.trunc((offset + at) / sectorSizeBytes);
        const i = (offset + at) % sectorSizeBytes;
        return i < 4 ? (lba >>> (8 * i)) & 0xff : (lba * 7 + i * 13) & 0xff;
      });
      return bytes;
    };
    return { sizeBytes: sectorSizeBytes * sectorCount, read };
  }

  function make(engine: 'interpreter' | 'jit' | 'check'): { pc: Pc; said: () => string[] } {
    const floppy = new Uint8Array(2880 * 512);
    floppy.set(readImage(NAME));
    let text = '';
    const disks = {
      hardDisks: [new OverlayDisk(numbered(512, 300 * 2 ** 21))],
      cdRoms: [new OverlayDisk(numbered(2048, 300), { sectorSizeBytes: 2048, isWritable: false })],
    };
    const onSerial = (byte: number): void => {
      text += String.fromCharCode(byte);
    };
    const { pc } = loadImage(floppy, { as: 'floppy', disks, ramSizeBytes: 2 ** 21 }, { engine, events: { onSerial } });
    return { pc, said: () => text.trimEnd().split('\n') };
  }

  const expected = saidInQemu.map((line) => line.replace('command status 41', 'command status 51'));

  it.each(['interpreter', 'jit', 'check'] as const)(
    'hears what QEMU answers, but for DSC after an error (%s)',
    (engine) => {
      const { pc, said } = make(engine);
      expect(pc.run({ instructions: 10_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
      expect(saidInQemu).toContain('an unknown command status 41 error 04 irqs 0001');
      expect(said()).toEqual(expected);
    },
  );

  it('goes on from a snapshot at any moment of it', () => {
    const first = make('interpreter');
    const second = make('interpreter');
    const end = (pc: Pc) => [pc.run({ instructions: 10_000_000 }), pc.virtualTimeNs, pc.snapshot().disks];
    // From the first words on COM1 on, some thousand instructions apart.
    const step = isFullRun ? 7_919 : 29_989;
    while (first.said().length < 3) first.pc.run({ instructions: 1000 });
    const states: unknown[] = [];
    let outcome = first.pc.run({ instructions: 1 });
    for (; outcome.kind === 'limit'; outcome = first.pc.run({ instructions: step })) {
      states.push(first.pc.snapshot());
    }
    const finished = [outcome, first.pc.virtualTimeNs, first.pc.snapshot().disks];
    expect(states.length).toBeGreaterThan(4);
    for (const state of states) {
      second.pc.restore(state);
      expect(end(second.pc)).toEqual(finished);
    }
  });
});

/** Asks the disk to verify 200 sectors, halts, and leaves with 10h and how often IRQ 14 came. */
const WAITER = `
  31 c0 8e d8 8e d0 bc 00 7c ; xor ax, ax; mov ds, ax; mov ss, ax; mov sp, 0x7c00
  c7 06 d8 01 3f 7c          ; mov word [0x76 * 4], irq
  a3 da 01                   ; mov [0x76 * 4 + 2], ax
  b0 bf e6 a1 b0 fb e6 21    ; open IRQ 14 and the cascade only
  ba f6 01 b0 e0 ee          ; device 0 by LBA
  ba f2 01 b0 c8 ee          ; 200 sectors
  42 30 c0 ee 42 ee 42 ee    ; from sector 0 on
  ba f7 01 b0 40 ee          ; READ VERIFY SECTORS
  fb f4 fa                   ; sti; hlt; cli
  a0 4e 7c 04 10 e6 f4 f4    ; leave with 10h + count
  fe 06 4e 7c                ; irq: inc byte [count]
  ba f7 01 ec                ; acknowledge
  b0 20 e6 a0 e6 20 cf       ; end of interrupt; iret
  00                         ; count
`;

it('the end of a command wakes a processor that halts', () => {
  const bytes = WAITER.split('\n').flatMap((line) =>
    line
      .replace(/;.*/, '')
      .split(' ')
      .filter((byte) => byte !== ''),
  );
  const image = new Uint8Array(2048 * 512);
  image.set(bytes.map((byte) => Number.parseInt(byte, 16)));
  image.set([0x55, 0xaa], 510);
  const { pc } = loadImage(image);
  expect(pc.run({ instructions: 10_000_000 })).toEqual({ kind: 'debug-exit', value: 0x11 });
});
