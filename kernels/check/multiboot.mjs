// The guest that says what it was handed: GRUB boots it from a CD, the record is what it says then. From a CD with
// longmode's boot loader it must say the same where loaders agree. The machines of the tests hand over less (no APM), and
// are compared where they should agree.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imagesFolder, kernelsFolder } from '../manifest.mjs';
import { ownCd } from './own-disk.mjs';
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

/** What does not depend on the loader: not its name, what it asked of the APM BIOS, where it put things, and whether it says so. */
const common = (lines) =>
  lines
    .filter((line) => !/^tag (2|10|21),/.test(line))
    .map((line) => line.replace(/bytes of information \d+|module at 0x\w+/, ''));

/** Compares what an image says from our own CD with its record. Returns what differs, '' if nothing. */
async function checkOwnCd(image) {
  const { commandLine, modules } = JSON.parse(readFileSync(join(folder, 'scenario.json'), 'utf8'));
  const cd = await ownCd(image, {
    commandLine,
    modules: modules.map(({ name, arguments: words, content }) => ({
      bytes: Buffer.from(content),
      text: `${name} ${words}`.trimEnd(),
    })),
  });
  const { status, serial, errors } = await runToEnd(['-cdrom', cd]);
  if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors} from our own CD`;
  const found = common(serial.trimEnd().split('\n'));
  const expected = common(JSON.parse(readFileSync(expectedFile, 'utf8'))[image] ?? []);
  const at = expected.findIndex((line, index) => line !== found[index]);
  return at < 0 ? '' : `from our own CD differs: ${found[at]}, not ${expected[at]}`;
}

/** Compares what an image says under GRUB with the record, or records it, then under our own loader. Returns what differs, '' if nothing. */
export async function checkMultiboot(image, record) {
  const work = mkdtempSync(join(tmpdir(), 'longmode-check-'));
  try {
    const { status, serial, errors } = await runToEnd(['-cdrom', makeCd(image, work)]);
    if (status !== SUCCESS_STATUS) return `exit status ${status} ${errors}`;
    return checkSerial(expectedFile, image, serial, record) || (await checkOwnCd(image));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
