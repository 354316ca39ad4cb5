// Disks with longmode's own boot loader around guests that have none.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';

const folder = join(kernelsFolder, 'target', 'own-disks');

/** Builds one with the package as it was compiled last. Returns its path. */
export async function ownDisk(image, options = {}) {
  const { buildDiskImage } = await import('@longmode/bootloader');
  const disk = join(folder, image.replace(/\.elf$/, '.img'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(disk, buildDiskImage(readFileSync(join(imagesFolder, image)), options));
  return disk;
}
