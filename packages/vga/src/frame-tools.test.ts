import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { changedRectangles, encodePng, enlarge, type Frame } from './index.ts';
import { deflate } from './png/deflate.ts';

/** A frame of colours RRGGBBh. */
function frame(width: number, height: number, color: (x: number, y: number) => number, scale = [1, 1]): Frame {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < width * height; at++) {
    const value = color(at % width, Math.floor(at / width));
    rgba.set(
      [value >> 16, value >> 8, value, 255].map((byte) => byte & 0xff),
      4 * at,
    );
  }
  return { width, height, pixelWidth: scale[0] ?? 1, pixelHeight: scale[1] ?? 1, rgba };
}

/** A generator of numbers below 2^32 that are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

describe('deflate', () => {
  const next = numbers(1);
  it.each<readonly [string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(200)],
    ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['a long run', new Uint8Array(100_000).fill(7)],
    ['noise', Uint8Array.from({ length: 200_000 }, () => next() >>> 24)],
    ['words from a small alphabet', Uint8Array.from({ length: 200_000 }, () => 65 + (next() >>> 30))],
    [
      'matches at every distance',
      Uint8Array.from({ length: 150_000 }, (_, at) => (at % 1000 < 9 ? at % 1000 : next() >>> 24)),
    ],
  ])('gives zlib back %s', (_, bytes) => {
    expect(Buffer.compare(inflateSync(deflate(bytes)), bytes)).toBe(0);
  });

  it('makes runs small', () => {
    expect(deflate(new Uint8Array(1_000_000)).length).toBeLessThan(10_000);
  });
});

describe('a PNG', () => {
  /** Reads what {@link encodePng} writes, and nothing else. */
  function decode(file: Uint8Array): { width: number; height: number; rgb: number[]; types: string[] } {
    const view = Buffer.from(file);
    expect(view.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    const types: string[] = [];
    let data = Buffer.alloc(0);
    for (let at = 8; at < view.length; at += 12 + view.readUInt32BE(at)) {
      types.push(view.toString('latin1', at + 4, at + 8));
      if (types.at(-1) === 'IDAT') data = inflateSync(view.subarray(at + 8, at + 8 + view.readUInt32BE(at)));
    }
    const [width, height] = [view.readUInt32BE(16), view.readUInt32BE(20)];
    const rgb: number[] = [];
    for (let y = 0; y < height; y++) {
      expect(data[y * (3 * width + 1)]).toBe(2);
      for (let i = 0; i < 3 * width; i++) {
        rgb.push(((data[y * (3 * width + 1) + 1 + i] as number) + (rgb[rgb.length - 3 * width] ?? 0)) & 0xff);
      }
    }
    return { width, height, rgb, types };
  }

  it('holds the pixels', () => {
    const next = numbers(2);
    const picture = frame(37, 11, () => next() >>> 8);
    const { width, height, rgb, types } = decode(encodePng(picture));
    expect([width, height, types]).toEqual([37, 11, ['IHDR', 'IDAT', 'IEND']]);
    expect(rgb).toEqual([...picture.rgba].filter((_, i) => i % 4 !== 3));
  });

  it('has the checksums of the specification', () => {
    // The customary trailer, and the header of a picture of one pixel as other encoders write it.
    const file = Buffer.from(encodePng(frame(1, 1, () => 0)));
    expect(file.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
    expect(file.subarray(8, 33).toString('hex')).toBe('0000000d4948445200000001000000010802000000907753de');
  });
});

describe('a frame on a monitor', () => {
  it('has each pixel as often as it takes dots and scan lines', () => {
    const large = enlarge(frame(2, 2, (x, y) => 2 * y + x, [2, 3]));
    expect([large.width, large.height, large.pixelWidth, large.pixelHeight]).toEqual([4, 6, 1, 1]);
    const blue = Array.from({ length: 24 }, (_, at) => large.rgba[4 * at + 2]);
    expect(blue).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3, 2, 2, 3, 3]);
  });

  it('stays as it is when they are alike already', () => {
    const same = frame(3, 3, () => 5);
    expect(enlarge(same)).toBe(same);
  });
});

describe('changed rectangles', () => {
  const before = frame(100, 50, () => 0);
  const changed = (...pixels: readonly (readonly [number, number])[]): unknown =>
    changedRectangles(
      before,
      frame(100, 50, (x, y) => (pixels.some(([px, py]) => px === x && py === y) ? 1 : 0)),
    );

  it('are none for frames that are alike', () => {
    expect(changed()).toEqual([]);
  });
  it('are the whole frame for the first, and for one of another size', () => {
    const whole = [{ x: 0, y: 0, width: 100, height: 50 }];
    expect(changedRectangles(undefined, before)).toEqual(whole);
    expect(
      changedRectangles(
        frame(50, 100, () => 0),
        before,
      ),
    ).toEqual(whole);
  });
  it.each([
    [[[7, 3]], [[7, 0, 1, 16]]],
    [
      [
        [7, 3],
        [20, 9],
      ],
      [[7, 0, 14, 16]],
    ],
    [
      [
        [7, 3],
        [7, 20],
      ],
      [[7, 0, 1, 32]],
    ],
    [
      [
        [7, 3],
        [7, 40],
      ],
      [
        [7, 0, 1, 16],
        [7, 32, 1, 16],
      ],
    ],
    [
      [
        [0, 49],
        [99, 48],
      ],
      [[0, 48, 100, 2]],
    ],
  ] as const)('hold the pixels %j', (pixels, rectangles) => {
    expect(changed(...pixels)).toEqual(rectangles.map(([x, y, width, height]) => ({ x, y, width, height })));
  });

  it('hold every pixel that differs, whatever differs', () => {
    const next = numbers(3);
    for (let round = 0; round < 200; round++) {
      const after = frame(40, 40, () => (next() % 300 === 0 ? 1 : 0));
      const old = frame(40, 40, () => 0);
      const found = changedRectangles(old, after);
      for (let at = 0; at < 1600; at++) {
        if (after.rgba[4 * at + 2] === 0) continue;
        const [x, y] = [at % 40, Math.floor(at / 40)];
        expect(found.some((r) => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height)).toBe(true);
      }
    }
  });
});
