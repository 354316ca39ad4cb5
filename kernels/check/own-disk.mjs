// Disks and CDs with longmode's own boot loaders around guests that have none.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';

const folder = join(kernelsFolder, 'target', 'own-disks');

/** Builds one with the package as it was compiled last. Returns its path. */
export async function ownDisk(image, options = {}) {
  const { buildDiskImage } = await import('@longmode/bootloader');
  return write(image.replace(/\.elf$/, '.img'), buildDiskImage(readFileSync(join(imagesFolder, image)), options));
}

/** Builds a CD with a Multiboot kernel. Returns its path. */
export async function ownCd(image, options = {}) {
  const { buildMultibootCd } = await import('@longmode/bootloader');
  return write(`${image}.iso`, buildMultibootCd(readFileSync(join(imagesFolder, image)), options));
}

function write(name, bytes) {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
