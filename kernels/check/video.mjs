// The guests that show a picture: what QEMU's monitor dumps of the screen is the record, as a hash of its pixels.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder, sha256 } from '../manifest.mjs';
import { bootArguments, dumpScreen } from './qemu.mjs';

const expectedFile = join(kernelsFolder, 'video/expected.json');
/** A disk of one MiB, so that firmware makes nothing of its size. */
const DISK_SIZE_BYTES = 2 ** 20;

/** Width, height, and a hash of the pixels: red, green and blue, line by line. */
function describePicture(ppm) {
  const [header, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 40));
  return { width: Number(width), height: Number(height), sha256: sha256(ppm.subarray(header.length)) };
}

/** Compares the picture that an image shows in QEMU with the record, or records it. Returns what differs, '' if nothing. */
export async function checkVideo(image, record) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  try {
    const disk = join(work, 'disk.img');
    const contents = readFileSync(join(imagesFolder, image));
    writeFileSync(disk, Buffer.concat([contents, Buffer.alloc(DISK_SIZE_BYTES - contents.length)]));
    const found = describePicture(await dumpScreen(bootArguments(disk, true), 'picture complete'));
    const expected = JSON.parse(readFileSync(expectedFile, 'utf8'));
    if (record) {
      writeFileSync(expectedFile, `${JSON.stringify({ ...expected, [image]: found }, null, 2)}\n`);
      return '';
    }
    const differs = Object.keys(found).find((key) => found[key] !== expected[image]?.[key]);
    return differs === undefined ? '' : `${differs} is ${found[differs]}`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
