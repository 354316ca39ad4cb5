import { describe, expect, it } from 'vitest';
import { readExpected, readImage } from '../test/images.ts';
import { OverlayDisk } from './disk.ts';
import { loadImage } from './load.ts';
import { Pc } from './pc.ts';

const saidInQemu = JSON.parse(readExpected('devices/expected.json')) as Record<string, readonly string[]>;
const NAME = 'device-floppy.img';
const FLOPPY_SIZE_BYTES = 2880 * 512;

function floppyOf(name: string): Uint8Array {
  const image = new Uint8Array(FLOPPY_SIZE_BYTES);
  image.set(readImage(name));
  return image;
}

describe('the floppy controller with DMA', () => {
  it.each(['interpreter', 'jit'] as const)('answers a guest as QEMU’s does (%s)', (engine) => {
    let said = '';
    const onSerial = (byte: number): void => {
      said += String.fromCharCode(byte);
    };
    const { pc } = loadImage(floppyOf(NAME), {}, { engine, events: { onSerial } });
    expect(pc.run({ instructions: 100_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    const expected = [...(saidInQemu[NAME] ?? [])];
    // QEMU formats nothing by DMA; the guest gave 00 as the byte to fill with.
    const formatted = expected.indexOf('format a track 00 00 00');
    expect(expected[formatted + 2]).toBe(' sum 6d 5a');
    expected[formatted + 2] = ' sum 00 00';
    expect(said.trimEnd().split('\n')).toEqual(expected);
  });

  it('goes on from a snapshot in the middle of a transfer', () => {
    const options = { events: {} };
    const first = loadImage(floppyOf(NAME), {}, options).pc;
    for (let at = 0; at < 100_000 && first.floppy.snapshot().transfer?.kind !== 'read'; at++) {
      first.run({ untilTick: first.virtualTimeNs + 50_000 });
    }
    expect(first.floppy.snapshot().transfer?.kind).toBe('read');
    const second = loadImage(floppyOf(NAME), {}, options).pc;
    second.restore(structuredClone(first.snapshot()));
    expect(first.run({ instructions: 100_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(second.run({ instructions: 100_000_000 })).toEqual({ kind: 'debug-exit', value: 0x10 });
    expect(second.virtualTimeNs).toBe(first.virtualTimeNs);
    expect(second.snapshot().disks).toEqual(first.snapshot().disks);
  });
});

describe('a floppy that is changed', () => {
  it('is another one for firmware and controller', () => {
    const pc = new Pc({ disks: { floppies: [new OverlayDisk(floppyOf(NAME))] } });
    const other = new OverlayDisk(new Uint8Array(1440 * 512));
    pc.insertFloppy(0, other);
    expect(pc.floppy.medium(0)).toBe(other);
    pc.insertFloppy(0, null);
    expect(pc.snapshot().disks).toEqual({});
    expect(() => pc.insertFloppy(1, other)).toThrow('no drive 1');
  });
});

it('port 80h reads back what was written, like the other page registers', () => {
  const pc = new Pc();
  pc.ports.write(0x80, 8, 0x5a);
  pc.ports.write(0x8f, 8, 0x77);
  expect([pc.ports.read(0x80, 8), pc.ports.read(0x8f, 8), pc.ports.read(0x81, 8)]).toEqual([0x5a, 0x77, 0]);
});
