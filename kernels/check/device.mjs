// The guests that drive a part by its ports. The record is what QEMU's part answers; where the manual says otherwise, the
// tests of the machine say so.
import { copyFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';
import { writeNumberedImage } from './numbered-image.mjs';
import { runToEnd } from './qemu.mjs';
import { checkSerial } from './serial-record.mjs';

const SUCCESS_STATUS = 33;
/** Guests that turn the machine off. */
const STATUS_OF = { 'device-acpi.img': 0 };
/** Guests for a part that QEMU 7.2 does not emulate: `null` is their check. */
const NOT_IN_QEMU = ['device-x2apic.img'];
const FLOPPY_SIZE_BYTES = 2880 * 512;
/** What is attached besides, by image. */
const OTHER_DRIVES = {
  'device-storage.img': (work) => {
    const [disk, cd] = [join(work, 'disk.img'), join(work, 'cd.iso')];
    // 300 GiB, with a hole between what the guest reads.
    const runs = [
      [0, 4096],
      [0x2000_0003, 1],
    ];
    writeNumberedImage(disk, { sectorSizeBytes: 512, sectorCount: 300 * 2 ** 21, runs });
    writeNumberedImage(cd, { sectorSizeBytes: 2048, sectorCount: 300, runs: [[0, 300]] });
    const options = ['if=ide,index=0', 'if=ide,index=2,media=cdrom'];
    return [disk, cd].flatMap((file, i) => ['-drive', `file=${file},format=raw,${options[i]}`]);
  },
};
const expectedFile = join(kernelsFolder, 'devices/expected.json');

/** Compares what an image says in QEMU with the record, or records it. Returns what differs, '' if nothing, `null` for what QEMU cannot run. */
export async function checkDevice(image, record) {
  if (NOT_IN_QEMU.includes(image)) return null;
  const work = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  try {
    const floppy = join(work, 'floppy.img');
    copyFileSync(join(imagesFolder, image), floppy);
    truncateSync(floppy, FLOPPY_SIZE_BYTES);
    const drive = ['-drive', `if=floppy,format=raw,file=${floppy}`, '-boot', 'a'];
    const { status, serial, errors } = await runToEnd([...drive, ...(OTHER_DRIVES[image]?.(work) ?? [])]);
    if (status !== (STATUS_OF[image] ?? SUCCESS_STATUS)) return `exit status ${status} ${errors}`;
    return checkSerial(expectedFile, image, serial, record);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
