// The guests that do what hardware forbids: what QEMU makes of each case, beside what hardware does. A case that QEMU does not
// survive is left out of the next run.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder } from '../manifest.mjs';
import { casesOf, readStrict, strictName, withoutFirstCases, writeStrict } from '../strict/record.mjs';
import { lookAt, runToEnd } from './qemu.mjs';

const SUCCESS_STATUS = 33;
const FLOPPY_SIZE_BYTES = 2880 * 512;
/** The guest that never ends: what it says before it waits for ever. */
const LAST_WORD = { 'strict-missing-eoi.img': 'waiting' };

const floppy = (file) => ['-drive', `if=floppy,format=raw,file=${file}`, '-boot', 'a'];

/** What QEMU makes of each case, by its name. */
async function observe(image, file, names) {
  const found = {};
  for (let first = 0; first < names.length; ) {
    writeFileSync(file, withoutFirstCases(readFileSync(join(imagesFolder, image)), first));
    truncateSync(file, FLOPPY_SIZE_BYTES);
    const { status, signal, serial } = await runToEnd(floppy(file), { limitMs: 5000 });
    const cases = casesOf(serial);
    const count = Object.keys(cases).length;
    if (count === 0) throw new Error('the guest does not begin');
    first += count;
    Object.assign(found, cases);
    if (status === SUCCESS_STATUS && first === names.length) break;
    found[names[first - 1]] = endOf(status, signal);
  }
  return found;
}

function endOf(status, signal) {
  if (signal !== null) return 'QEMU aborts';
  if (status === null) return 'the machine hangs';
  return status === 0 ? 'the machine resets' : 'execution goes astray';
}

async function observeForEver(image, file) {
  copyFileSync(join(imagesFolder, image), file);
  truncateSync(file, FLOPPY_SIZE_BYTES);
  const { serial, end } = await lookAt(floppy(file), LAST_WORD[image]);
  if (end !== 'halted') throw new Error(`the guest is ${end}`);
  return casesOf(serial);
}

/** Compares what QEMU does with the record, or records it. Returns what differs, '' if nothing. */
export async function checkStrict(image, record) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  try {
    const file = join(work, 'floppy.img');
    const all = readStrict();
    const expected = all[strictName(image)] ?? {};
    const found = await (image in LAST_WORD ? observeForEver : observe)(image, file, Object.keys(expected));
    if (!record) {
      const wrong = Object.entries(found).find(
        ([name, what]) => what !== (expected[name]?.qemu ?? expected[name]?.hardware),
      );
      return wrong === undefined ? '' : wrong.join(': ');
    }
    const merged = Object.entries(found).map(([name, what]) => {
      const { qemu: _, ...rest } = expected[name] ?? {};
      return [name, what === rest.hardware ? rest : { ...rest, qemu: what }];
    });
    writeStrict({ ...all, [strictName(image)]: Object.fromEntries(merged) });
    return '';
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
