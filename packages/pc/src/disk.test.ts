import { describe, expect, it } from 'vitest';
import { DISK_CLUSTER_SIZE_BYTES, ImageDisk, type ImageSource, OverlayDisk, type WritableImage } from './disk.ts';

/** Every byte tells its sector. */
function image(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => 1 + (Math.floor(index / 512) % 200));
}
const filled = (value: number, count = 1): Uint8Array => new Uint8Array(512 * count).fill(value);

describe('OverlayDisk', () => {
  it('has the image in its sectors, the last one padded with zeros', () => {
    const disk = new OverlayDisk(image(1000));
    expect(disk.sectorCount).toBe(2);
    expect(disk.read(0, 1)).toEqual(filled(1));
    expect([...new Set(disk.read(1, 1))]).toEqual([2, 0]);
    expect(disk.read(1, 1).indexOf(0)).toBe(1000 - 512);
  });

  it('reads back what was written, and leaves the image as it was', () => {
    const bytes = image(20 * 512);
    const before = bytes.slice();
    const disk = new OverlayDisk(bytes);
    expect(disk.write?.(6, filled(99, 5))).toBe(true);
    expect(disk.read(5, 1)).toEqual(filled(6));
    expect(disk.read(6, 5)).toEqual(filled(99, 5));
    expect(disk.read(11, 1)).toEqual(filled(12));
    expect(bytes).toEqual(before);
  });

  it('writes into the padding after a short image', () => {
    const disk = new OverlayDisk(image(100));
    disk.write?.(0, filled(7));
    expect(disk.read(0, 1)).toEqual(filled(7));
  });

  it('hands out copies', () => {
    const disk = new OverlayDisk(image(512));
    disk.read(0, 1).fill(0);
    expect(disk.read(0, 1)).toEqual(filled(1));
  });

  it('refuses writes without remembering anything once it has no room', () => {
    const disk = new OverlayDisk(image(100 * 512), { overlayLimitBytes: 2 * DISK_CLUSTER_SIZE_BYTES });
    expect(disk.write?.(0, filled(9, 8))).toBe(true);
    expect(disk.write?.(8, filled(9, 16))).toBe(false);
    expect(disk.overlaySizeBytes).toBe(DISK_CLUSTER_SIZE_BYTES);
    expect(disk.read(8, 1)).toEqual(filled(9));
    expect(disk.read(10, 1)).toEqual(filled(11));
    expect(disk.write?.(8, filled(1))).toBe(true);
  });

  it('cannot be written when it is protected', () => {
    expect(new OverlayDisk(image(4096), { sectorSizeBytes: 2048, isWritable: false }).write).toBeUndefined();
  });

  it('reports read errors of the source as missing bytes, and as failing writes', () => {
    const source: ImageSource = { sizeBytes: 8192, read: () => new Uint8Array(3) };
    const disk = new OverlayDisk(source);
    expect(disk.read(0, 2).length).toBe(0);
    expect(disk.write?.(0, filled(1))).toBe(false);
  });

  it('reads no more of the source than it must', () => {
    const calls: [number, number][] = [];
    const source: ImageSource = {
      sizeBytes: 2 ** 45,
      read: (offset, sizeBytes) => {
        calls.push([offset, sizeBytes]);
        return new Uint8Array(sizeBytes);
      },
    };
    const disk = new OverlayDisk(source);
    disk.read(2 ** 35, 2);
    disk.write?.(2 ** 35, filled(5));
    expect(disk.read(2 ** 35, 1)).toEqual(filled(5));
    expect(calls).toEqual([
      [2 ** 44, 1024],
      [2 ** 44, 4096],
      [2 ** 44, 512],
    ]);
  });

  it('goes back to a snapshot, which is a copy', () => {
    const disk = new OverlayDisk(image(20 * 512));
    disk.write?.(9, filled(50));
    const state = structuredClone(disk.snapshot());
    disk.write?.(9, filled(60));
    disk.write?.(1, filled(61));
    disk.restore(state);
    expect([disk.read(9, 1), disk.read(1, 1)]).toEqual([filled(50), filled(2)]);
    expect(disk.snapshot()).toEqual(state);
  });

  it.each([
    ['beyond the end', { index: 3, bytes: new Uint8Array(4096) }],
    ['before the beginning', { index: -1, bytes: new Uint8Array(4096) }],
    ['of another size', { index: 0, bytes: new Uint8Array(10) }],
  ])('refuses a snapshot with a cluster %s and keeps what it has', (_what, cluster) => {
    const disk = new OverlayDisk(image(20 * 512));
    disk.write?.(0, filled(50));
    expect(() => disk.restore({ clusters: [cluster] })).toThrow(RangeError);
    expect(disk.read(0, 1)).toEqual(filled(50));
  });
});

describe('an ImageDisk', () => {
  /** An image of bytes that can be changed and grows. */
  function imageOf(sizeBytes: number): {
    bytes: Uint8Array;
    image: WritableImage;
    log: string[];
    fail: { now: boolean };
  } {
    const bytes = new Uint8Array(4096);
    const log: string[] = [];
    const fail = { now: false };
    const image: WritableImage = {
      sizeBytes,
      read: (offset, size) => bytes.slice(offset, offset + size),
      write: (offset, written) => {
        log.push(`${offset}+${written.length}`);
        if (!fail.now) bytes.set(written, offset);
        return !fail.now;
      },
      flush: () => !fail.now,
    };
    return { bytes, image, log, fail };
  }

  it('writes to the image, and reads what it has written', () => {
    const { bytes, image, log } = imageOf(2048);
    const disk = new ImageDisk(image);
    expect([disk.sectorCount, disk.write(1, new Uint8Array(1024).fill(7)), disk.flush()]).toEqual([4, true, true]);
    expect([log, bytes[511], bytes[512], bytes[1535], bytes[1536]]).toEqual([['512+1024'], 0, 7, 7, 0]);
    expect(disk.read(1, 2)).toEqual(new Uint8Array(1024).fill(7));
  });

  it('pads its last sector, until that is written', () => {
    const { bytes, image } = imageOf(1000);
    bytes.fill(9);
    const disk = new ImageDisk(image);
    expect(disk.sectorCount).toBe(2);
    expect([disk.read(1, 1)[487], disk.read(1, 1)[488]]).toEqual([9, 0]);
    disk.write(1, new Uint8Array(512).fill(5));
    expect(disk.read(1, 1)).toEqual(new Uint8Array(512).fill(5));
  });

  it('reports what fails', () => {
    const { image, fail } = imageOf(1024);
    const disk = new ImageDisk(image);
    fail.now = true;
    expect([disk.write(0, new Uint8Array(512)), disk.flush()]).toEqual([false, false]);
    expect(new ImageDisk({ ...image, read: () => new Uint8Array() }).read(0, 1)).toHaveLength(0);
  });
});
