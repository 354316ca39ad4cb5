// The guest that says what it was handed: GRUB boots it from a CD, the record is what it says then. The machines of the
// tests hand over less (no ACPI, no APM), and are compared where they should agree.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';
import { runToEnd } from './qemu.mjs';
import { checkSerial } from './serial-record.mjs';

const SUCCESS_STATUS = 33;
const folder = join(kernelsFolder, 'multiboot2');
const expectedFile = join(folder, 'expected.json');

/** Makes a CD on which GRUB boots an image at once. Debian's packages: grub-pc-bin grub-common xorriso mtools. */
function makeCd(image, work) {
  const { commandLine, modules } = JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8'));
  const boot = join(work, 'cd/boot');
  mkdirSync(join(boot, 'grub'), { recursive: true });
  copyFileSync(join(imagesFolder, image), join(boot, 'guest.elf'));
  const lines = ['set timeout=0', 'menuentry guest {', `  multiboot2 /boot/guest.elf ${commandLine}`];
  for (const { name, arguments: words, content } of modules) {
    writeFileSync(join(boot, name), content);
    lines.push(`  module2 /boot/${name} ${name} ${words}`.trimEnd());
  }
  writeFileSync(join(boot, 'grub/grub.cfg'), [...lines, '}', ''].join('\n'));
  const cd = join(work, 'cd.iso');
  const { status, stderr, error } = spawnSync('grub-mkrescue', ['-o', cd, join(work, 'cd')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`grub-mkrescue: ${error?.message ?? stderr.trim()}`);
  return cd;
}

/** Compares what an image says under GRUB with the record, or records it. Returns what differs, '' if nothing. */
export async function checkMultiboot(image, record) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  try {
    const { status, serial, errors } = await runToEnd(['-cdrom', makeCd(image, work)]);
    if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors}`;
    return checkSerial(expectedFile, image, serial, record);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
