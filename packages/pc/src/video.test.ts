import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { enlarge } from '@longmode/vga';
import { describe, expect, it } from 'vitest';
import { Pc } from './index.ts';

const KERNELS = new URL('../../../kernels/', import.meta.url);

interface Picture {
  width: number;
  height: number;
  sha256: string;
}

/** What QEMU shows of the same guests, as `kernels/check.mjs` recorded it. */
const expected = JSON.parse(readFileSync(new URL('video/expected.json', KERNELS), 'utf8')) as Record<string, Picture>;

function pcWith(image: string): Pc {
  const contents = readFileSync(new URL(`images/${image}`, KERNELS));
  const bytes = new Uint8Array(2 ** 20);
  bytes.set(contents);
  const read = (lba: number, count: number): Uint8Array => bytes.subarray(512 * lba, 512 * (lba + count));
  const disk = { sectorSizeBytes: 512, sectorCount: bytes.length / 512, read };
  return new Pc({ engine: 'jit', ramSizeBytes: 2 ** 24, disks: { hardDisks: [disk] } });
}

/** Size, and a hash of red, green and blue line by line, of what a monitor would show. */
function pictureOf(pc: Pc): Picture {
  const { width, height, rgba } = enlarge(pc.vga.renderFrame());
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) rgb.set(rgba.subarray(from, from + 3), to);
  return { width, height, sha256: createHash('sha256').update(rgb).digest('hex') };
}

describe('a guest shows, dot by dot, what QEMU shows of it', () => {
  it.each(Object.keys(expected))('%s', (image) => {
    const pc = pcWith(image);
    expect(pc.run({ instructions: 100_000_000 }).kind).toBe('halted');
    expect(pictureOf(pc)).toEqual(expected[image]);
  });
});

it('a picture in the linear frame buffer is in snapshots, and goes on from there', () => {
  const image = 'video-vesa-1280x720.img';
  const pc = pcWith(image);
  pc.run({ instructions: 5_000_000 });
  const middle = pictureOf(pc);
  const other = pcWith(image);
  other.restore(structuredClone(pc.snapshot()));
  expect(pictureOf(other)).toEqual(middle);
  expect(middle).not.toEqual(expected[image]);
  other.run({ instructions: 100_000_000 });
  expect(pictureOf(other)).toEqual(expected[image]);
});
