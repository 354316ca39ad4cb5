// The kernels for the bootloader crate 0.11: what they say they were handed, by that crate's own loader. Their disks are made
// as the README says, and are not part of this repository.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskOf, kernelsFolder } from '../manifest.mjs';
import { bootArguments, runToEnd } from './qemu.mjs';

const SUCCESS_STATUS = 33;
const expectedFile = join(kernelsFolder, 'bootloader-api/expected.json');
/** QEMU reports memory at 1012 GiB for processors of the default's vendor, which moves everything else. */
const PROCESSOR = ['-cpu', 'qemu64,vendor=GenuineIntel'];

/** Compares what a kernel says with the record, or records it. Returns what differs, '' if nothing, null without disk. */
export async function checkApi(image, record) {
  const disk = diskOf(image);
  if (disk === null) return null;
  const { status, serial, errors } = await runToEnd([...PROCESSOR, ...bootArguments(disk, true)]);
  if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors}`;
  const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, 'utf8')) : {};
  const found = serial.trimEnd().split('\n');
  if (record) {
    writeFileSync(expectedFile, `${JSON.stringify({ ...expected, [image]: found }, null, 2)}\n`);
    return '';
  }
  const at = found.findIndex((line, index) => line !== expected[image]?.[index]);
  return at < 0 ? '' : `line ${at + 1} differs: ${found[at]}`;
}
