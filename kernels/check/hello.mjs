// The hello guest: the same screen, serial text and exit status in every form that QEMU can load.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';
import { ownCd, ownDisk } from './own-disk.mjs';
import { bootArguments, readScreen, runToEnd } from './qemu.mjs';

const SUCCESS_STATUS = 33;
const folder = join(kernelsFolder, 'hello', 'expected');

/** 25 lines of 80 cells, each as two bytes in hexadecimal: attribute, then character. */
function cellsOf(screen) {
  const cells = Array.from({ length: 2000 }, (_, index) =>
    screen
      .readUInt16LE(index * 2)
      .toString(16)
      .padStart(4, '0'),
  );
  return Array.from({ length: 25 }, (_, row) => `${cells.slice(row * 80, row * 80 + 80).join(' ')}\n`).join('');
}

/** 25 lines of text without the blanks at their ends. */
function textOf(screen) {
  const row = (index) =>
    screen
      .toString('latin1', index * 160, index * 160 + 160)
      .replaceAll(/(.)./gs, '$1')
      .trimEnd();
  return Array.from({ length: 25 }, (_, index) => `${row(index)}\n`).join('');
}

/** What QEMU shows of a boot, by the names of the recorded files; a text if it does not end well. */
async function look(boot) {
  const { status, serial, errors } = await runToEnd(boot);
  if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors}`;
  const screen = await readScreen(boot, serial.trimEnd());
  return { 'serial.txt': serial, 'screen.txt': textOf(screen), 'cells.hex': cellsOf(screen) };
}

/** Compares one form with the recorded files, or records the files from it. Returns what differs, '' if nothing. */
export async function checkHello(image, record) {
  // QEMU loads no ELF64 without a Multiboot header: it gets a disk.
  const disk = image === 'hello.elf' ? await ownDisk(image) : null;
  const boots = { '': bootArguments(disk ?? join(imagesFolder, image), disk !== null || image.endsWith('.img')) };
  if (image.includes('-mb1-')) boots[' from a CD'] = ['-cdrom', await ownCd(image)];
  const complaints = [];
  for (const [how, boot] of Object.entries(boots)) {
    const found = await look(boot);
    if (typeof found === 'string') return found + how;
    if (record) {
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(found)) writeFileSync(join(folder, name), text, 'latin1');
      return '';
    }
    for (const [name, text] of Object.entries(found)) {
      if (readFileSync(join(folder, name), 'latin1') !== text) complaints.push(`${name} differs${how}`);
    }
  }
  return complaints.join(', ');
}
