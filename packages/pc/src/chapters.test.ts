import { buildDiskImage } from '@longmode/bootloader';
import { describe, expect, it } from 'vitest';
import { chapterExpectations, runChapter } from '../test/chapters.ts';
import { imageNames, isFullRun, readImage } from '../test/images.ts';
import { loadImage } from './load.ts';

const allImages = imageNames().filter((name) => name.startsWith('chapter-'));
/** For a short run: without those that take some seconds and do much the same as others. */
const images = allImages.filter((name) => isFullRun || !/05-test-library|11-test-linked-list/.test(name));
const nameOf = (image: string): string => image.replace(/\.\w+$/, '');
/** What a kernel without debug information does not say. */
const featuresOf = (image: string): { mapPhysicalMemory?: boolean; recursivePageTable?: boolean } =>
  nameOf(image).endsWith('recursive') ? { mapPhysicalMemory: false, recursivePageTable: true } : {};

// A record is for the disk; the same kernel without the loader must do the same.
describe('a kernel of a chapter does what it does in QEMU:', () => {
  it.each(images)('%s', { timeout: 600_000 }, (image) => {
    const shown = runChapter(nameOf(image), (onSerial) => {
      const options = { direct64: featuresOf(image) };
      return loadImage(readImage(image), options, { engine: 'jit', events: { onSerial } }).pc;
    });
    expect(shown).toEqual(chapterExpectations[nameOf(image)]);
  });
});

describe('a kernel of a chapter on a disk of our own does the same:', () => {
  const kernels = images.filter((image) => image.endsWith('.elf') && (isFullRun || !image.includes('-test-')));
  it.each(kernels)('%s', { timeout: 600_000 }, (image) => {
    const shown = runChapter(nameOf(image), (onSerial) => {
      const disk = buildDiskImage(readImage(image), featuresOf(image));
      return loadImage(disk, {}, { engine: 'jit', events: { onSerial } }).pc;
    });
    expect(shown).toEqual(chapterExpectations[nameOf(image)]);
  });
});

it('What is recorded are the images that are there', () => {
  const names = new Set(allImages.map(nameOf));
  expect(Object.keys(chapterExpectations).sort()).toEqual([...names].sort());
});
