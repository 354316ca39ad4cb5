// The bench guests: the result that programs of the build machine found.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskOf, imagesFolder, kernelsFolder } from '../manifest.mjs';
import { bootArguments, runToEnd } from './qemu.mjs';

const SUCCESS_STATUS = 33;

/** Runs one guest. Returns what is wrong, '' if nothing, null if QEMU has no way to load it. */
export async function checkBench(image) {
  const expected = JSON.parse(readFileSync(join(kernelsFolder, 'bench', 'expected.json'), 'utf8'));
  const [, workload, form] = image.match(/^bench-([a-z0-9]+)(-\w+)?\.elf$/);
  const disk = form === undefined ? diskOf(image) : null;
  if (form === undefined && disk === null) return null;
  const boot = disk === null ? bootArguments(join(imagesFolder, image), false) : bootArguments(disk, true);
  const { status, serial, errors } = await runToEnd(boot);
  if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors}`;
  const line = `${workload} ${expected[workload]}\r\n`;
  return serial === line ? '' : `COM1 said ${JSON.stringify(serial)} instead of ${JSON.stringify(line)}`;
}
