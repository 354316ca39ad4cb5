// The guests that drive a part by its ports. The record is what QEMU's part answers; where the manual says otherwise, the
// tests of the machine say so.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';
import { runToEnd } from './qemu.mjs';

const SUCCESS_STATUS = 33;
const FLOPPY_SIZE_BYTES = 2880 * 512;
const expectedFile = join(kernelsFolder, 'devices/expected.json');

/** Compares what an image says in QEMU with the record, or records it. Returns what differs, '' if nothing. */
export async function checkDevice(image, record) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  try {
    const floppy = join(work, 'floppy.img');
    copyFileSync(join(imagesFolder, image), floppy);
    truncateSync(floppy, FLOPPY_SIZE_BYTES);
    const drive = ['-drive', `if=floppy,format=raw,file=${floppy}`, '-boot', 'a'];
    const { status, serial, errors } = await runToEnd(drive);
    if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors}`;
    const expected = JSON.parse(readFileSync(expectedFile, 'utf8'));
    const found = serial.trimEnd().split('\n');
    if (record) {
      writeFileSync(expectedFile, `${JSON.stringify({ ...expected, [image]: found }, null, 2)}\n`);
      return '';
    }
    const at = found.findIndex((line, index) => line !== expected[image]?.[index]);
    return at < 0 ? '' : `line ${at + 1} differs: ${found[at]}`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
