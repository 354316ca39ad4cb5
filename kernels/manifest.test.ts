import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hashSources, imagesFolder, kernelsFolder, listImages, readManifest, sha256 } from './manifest.mjs';

interface ImageEntry {
  readonly kind: string;
  readonly size: number;
  readonly sha256: string;
  readonly sources: readonly string[];
  readonly sourcesSha256: string;
  readonly recipe: string;
  readonly tools: Readonly<Record<string, string>>;
}

const manifest = readManifest() as Readonly<Record<string, ImageEntry>>;
const entries = Object.entries(manifest);

/** Every file below a folder of guests, relative to `kernels`. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(kernelsFolder, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

describe('images', () => {
  it('are exactly those that the manifest lists', () => {
    expect(listImages().sort()).toEqual(Object.keys(manifest).sort());
  });

  it.each(entries)('%s is the one that was recorded', (image, entry) => {
    const bytes = readFileSync(join(imagesFolder, image));
    expect({ size: bytes.length, sha256: sha256(bytes) }).toEqual({ size: entry.size, sha256: entry.sha256 });
  });

  it.each(entries)('%s belongs to its sources (else: ./build.sh)', (_image, entry) => {
    expect(hashSources(entry.sources)).toBe(entry.sourcesSha256);
  });

  it.each(entries)('%s says nothing about the machine that built it', (image) => {
    const text = readFileSync(join(imagesFolder, image), 'latin1');
    expect(text.match(/\/(?:home|root|tmp|usr|work|var|Users)\/[\w./-]*|index\.(?!rs\b)[\w.-]+/g)).toBeNull();
  });

  it('are small', () => {
    const bytesOf = (image: string) => readFileSync(join(imagesFolder, image));
    const total = listImages().reduce((sum, image) => sum + deflateSync(bytesOf(image)).length, 0);
    expect(total).toBeLessThan(2 << 20); // about half of that in a pack of git's
  });
});

describe('sources', () => {
  it('are all in an image: none is forgotten, none is left over', () => {
    const notCompiled = ['chapters/expected.json', 'chapters/scenarios.json'];
    const listed = new Set([...notCompiled, ...entries.flatMap(([, entry]) => entry.sources)]);
    const present = [
      'hello/src',
      'bench/src',
      'faults/src',
      'chapters',
      'multiboot2/src',
      'devices/src',
      'strict/src',
      'bootloader-api/src',
    ].flatMap(filesBelow);
    expect(present.filter((path) => !listed.has(path))).toEqual([]);
  });
});

describe('the hash of sources', () => {
  it('does not depend on their order, but on their names and contents', () => {
    const sources = ['Cargo.toml', 'Cargo.lock'];
    expect(hashSources(sources)).toBe(hashSources([...sources].reverse()));
    expect(hashSources(sources)).not.toBe(hashSources(['Cargo.toml']));
  });
});
