/**
 * Boots other people's software, as Debian packages it, and looks at what it shows: `npm run test:payloads [NAME...]`.
 *
 * Packages are fetched with `apt-get download` and unpacked into a temporary folder; nothing is installed. Images are made
 * with what is on this computer. What cannot be had is skipped, and said so.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMAND = join(ROOT, 'apps/cli/bin/longmode.js');
const TIMEOUT_SECONDS = 180;
/** Runs at a time. */
const PARALLEL = 2;
const FLOPPY_SIZE_BYTES = 1_474_560;
const MODULES = 'usr/lib/syslinux/modules/bios';

/** Thrown for what this computer does not have. */
class Missing extends Error {}

const folder = mkdtempSync(join(tmpdir(), 'longmode-payloads-'));
/** @type {Map<string, string>} */
const unpacked = new Map();

/**
 * The folder into which a package is unpacked.
 *
 * @param {string} name
 * @returns {string}
 */
function packageFolder(name) {
  const known = unpacked.get(name);
  if (known !== undefined) return known;
  const into = join(folder, name);
  mkdirSync(into);
  const got = spawnSync('apt-get', ['download', '-qq', name], { cwd: into, encoding: 'utf8' });
  const file = existsSync(into) ? readdirSync(into).find((entry) => entry.endsWith('.deb')) : undefined;
  if (got.status !== 0 || file === undefined) throw new Missing(`the package ${name} cannot be fetched`);
  tool('dpkg-deb', ['-x', join(into, file), into]);
  unpacked.set(name, into);
  return into;
}

/**
 * Runs a program of this computer.
 *
 * @param {string} name
 * @param {string[]} args
 */
function tool(name, args) {
  const { error, status, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Missing(`${name} is not installed`);
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`);
}

/**
 * @param {string} name
 * @param {string} path
 */
const inPackage = (name, path) => join(packageFolder(name), path);

/**
 * @param {string} name
 * @param {string | Uint8Array} bytes
 */
const made = (name, bytes) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

/**
 * @param {string} name
 * @param {Uint8Array[]} parts
 */
function floppyWith(name, parts) {
  const image = new Uint8Array(FLOPPY_SIZE_BYTES);
  let at = 0;
  for (const part of parts) {
    image.set(part, at);
    at += part.length;
  }
  return made(name, image);
}

/**
 * A floppy with a FAT and SYSLINUX.
 *
 * @param {string} name
 * @param {string[]} modules
 * @param {string} config its `syslinux.cfg`
 */
function syslinuxFloppy(name, modules, config) {
  const image = floppyWith(name, []);
  tool('mformat', ['-i', image, '-f', '1440', '::']);
  tool(inPackage('syslinux', 'usr/bin/syslinux'), ['--install', image]);
  const files = ['ldlinux.c32', ...modules].map((file) => inPackage('syslinux-common', join(MODULES, file)));
  tool('mcopy', ['-o', '-i', image, ...files, made('syslinux.cfg', config), '::/']);
  return image;
}

/**
 * A hard disk with one partition of FAT, SYSLINUX in it, and SYSLINUX's own master boot record.
 *
 * @param {string} name
 * @param {string[]} format options of `mformat`
 * @param {number} type of the partition
 * @param {string[]} modules
 * @param {string} config its `syslinux.cfg`
 */
function syslinuxDisk(name, format, type, modules, config) {
  const [start, sectors] = [2048, 131_072];
  const image = new Uint8Array((start + sectors) * 512);
  image.set(readFileSync(inPackage('syslinux-common', 'usr/lib/syslinux/mbr/mbr.bin')));
  const entry = new DataView(image.buffer, 446, 16);
  // Active, and cylinders, heads and sectors beyond reach: by block addresses.
  for (const [at, byte] of [0x80, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff].entries()) entry.setUint8(at, byte);
  entry.setUint32(8, start, true);
  entry.setUint32(12, sectors, true);
  image.set([0x55, 0xaa], 510);
  const path = made(name, image);
  const partition = `${path}@@${start * 512}`;
  tool('mformat', [
    '-i',
    partition,
    '-H',
    String(start),
    '-h',
    '16',
    '-s',
    '63',
    '-T',
    String(sectors),
    ...format,
    '::',
  ]);
  tool(inPackage('syslinux', 'usr/bin/syslinux'), ['--offset', String(start * 512), '--install', path]);
  const files = ['ldlinux.c32', ...modules].map((file) => inPackage('syslinux-common', join(MODULES, file)));
  tool('mcopy', ['-o', '-i', partition, ...files, made('syslinux.cfg', config), '::/']);
  return path;
}

/**
 * A CD with ISOLINUX.
 *
 * @param {string} name
 * @param {string[]} modules
 * @param {string} config its `isolinux.cfg`
 * @param {Record<string, string>} others further files, and where they come from
 */
function isolinuxCd(name, modules, config, others = {}) {
  const tree = join(folder, `${name}.d`);
  mkdirSync(tree);
  for (const [file, path] of Object.entries(others)) writeFileSync(join(tree, file), readFileSync(path));
  writeFileSync(join(tree, 'isolinux.cfg'), config);
  writeFileSync(join(tree, 'isolinux.bin'), readFileSync(inPackage('isolinux', 'usr/lib/ISOLINUX/isolinux.bin')));
  for (const file of ['ldlinux.c32', ...modules]) {
    writeFileSync(join(tree, file), readFileSync(inPackage('syslinux-common', join(MODULES, file))));
  }
  const image = join(folder, name);
  const boot = ['-b', 'isolinux.bin', '-c', 'boot.cat', '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'];
  tool('xorriso', ['-as', 'mkisofs', '-quiet', '-o', image, ...boot, tree]);
  return image;
}

/**
 * A CD with GRUB, as `grub-mkrescue` makes it.
 *
 * @param {string} name
 * @param {string} config
 * @param {Record<string, string>} files names under `/boot`, and where they come from
 */
function grubCd(name, config, files) {
  const tree = join(folder, `${name}.d`);
  mkdirSync(join(tree, 'boot/grub'), { recursive: true });
  writeFileSync(join(tree, 'boot/grub/grub.cfg'), config);
  for (const [file, path] of Object.entries(files)) writeFileSync(join(tree, 'boot', file), readFileSync(path));
  if (!existsSync('/usr/lib/grub/i386-pc')) throw new Missing('grub-pc-bin is not installed');
  tool('grub-mkrescue', ['-o', join(folder, name), tree]);
  return join(folder, name);
}

/** A floppy with GRUB legacy alone. */
function grubLegacyFloppy() {
  const stage = (/** @type {string} */ name) =>
    readFileSync(inPackage('grub-legacy', `usr/lib/grub/x86_64-pc/${name}`));
  return floppyWith('legacy.img', [stage('stage1'), stage('stage2')]);
}

/** @param {string} name */
const kernel = (name) => join(ROOT, 'kernels/images', name);
const MEMINFO = ['meminfo.c32', 'libcom32.c32', 'libutil.c32'];
const MEMINFO_CONFIG = 'PROMPT 1\nDEFAULT mem\nLABEL mem\n  COM32 meminfo.c32\n';
/** What 128 MiB are, with ACPI's tables at their end: INT 12h, 15h AH=88h, AX=E801h, and E820h. */
const MEMINFO_TABLES = [
  /DOS RAM: 639K \(0x9fc00\) {2}INT 12h: 639K \(0x9fc00\)/,
  /INT 15 88: 0xfc00 \(64512K\) {2}INT 15 E801: 0x3c00 \(15360K\) 0x06ff \(114624K\)/,
  /0 0+x 0+9fc00x 0+9fc00x 1 \[1\] usable/,
  /1 0+9fc00x 0+400x 0+a0000x 2 \[1\] reserved/,
  /2 0+f0000x 0+10000x 0+100000x 2 \[1\] reserved/,
  /3 0+100000x 0+7efc000x 0+7ffc000x 1 \[1\] usable/,
  /4 0+7ffc000x 0+3000x 0+7fff000x 3 \[1\] ACPI/,
  /5 0+7fff000x 0+1000x 0+8000000x 4 \[1\] ACPI NVS/,
];
const MENU_CONFIG = (/** @type {string} */ menu) => `UI ${menu}
MENU TITLE What is there?
LABEL nothing
  MENU LABEL ^Nothing
  LOCALBOOT -1
LABEL memory
  MENU LABEL ^Memory
  COM32 meminfo.c32
`;
const HDT = ['hdt.c32', 'libcom32.c32', 'libgpl.c32', 'libmenu.c32', 'libutil.c32'];
const GFXTERM_CONFIG = `insmod all_video
insmod gfxterm
loadfont unicode
set gfxmode=640x480
terminal_output gfxterm
set timeout=-1
menuentry "to text" { terminal_output console; echo back in text; sleep 60 }
`;
const GRUB_CONFIG = `set timeout=60
menuentry "first" { multiboot2 /boot/nothing }
menuentry "second" { multiboot2 /boot/multiboot2.elf from GRUB }
menuentry "third" { multiboot /boot/example hello world }
`;

/**
 * What is booted: the arguments, the script of keys (one that ends with `quit` leaves with 0), the exit code of others,
 * and what the output must show: the last screen, and COM1.
 *
 * @type {Record<string, { args: () => string[], keys?: string, code?: number, shows: RegExp[] }>}
 */
const PAYLOADS = {
  'multiboot-example': {
    args: () => [inPackage('multiboot', 'usr/lib/multiboot/examples/kernel')],
    code: 102,
    shows: [
      /^mem_lower = 639KB, mem_upper = 130032KB/m,
      /mmap_length = 0x90/,
      /length = 0x007efc000, type = 0x1/,
      /^Halted\./m,
    ],
  },
  'grub-invaders': {
    args: () => [inPackage('grub-invaders', 'boot/invaders.exec')],
    keys: 'wait:-*- +200ms left:500ms +100ms quit',
    shows: [/-\*-/, /^ {0,37}\/ \\/m], // the ship begins in column 39
  },
  'grub-rescue-floppy': {
    args: () => ['--fda', inPackage('grub-rescue-pc', 'usr/lib/grub-rescue/grub-rescue-floppy.img')],
    keys: 'wait:"Change the colors" c wait:"grub>" type:"ls\\n" wait:"(fd0)" quit',
    shows: [/^grub> ls/m],
  },
  'grub-rescue-cd': {
    args: () => ['--cdrom', inPackage('grub-rescue-pc', 'usr/lib/grub-rescue/grub-rescue-cdrom.iso')],
    keys: 'wait:"Change the colors" down down end +50ms quit',
    shows: [/GNU GRUB {2}version 2\.06/, /^.? ?│ GNU\/Linux/m, /│\*Change the colors/],
  },
  'grub-legacy': {
    args: () => ['--fda', grubLegacyFloppy()],
    keys: 'wait:"grub>" type:"geometry (fd0)\\n" wait:"drive 0x0" type:"displaymem\\n" wait:Usable quit',
    shows: [
      /GNU GRUB {2}version 0\.97 {2}\(639K lower \/ 1300\d\dK upper memory\)/,
      /drive 0x0: C\/H\/S = 80\/2\/18, The number of sectors = 2880/,
      /Usable RAM/,
    ],
  },
  syslinux: {
    args: () => ['--fda', syslinuxFloppy('syslinux.img', MEMINFO, MEMINFO_CONFIG)],
    keys: 'wait:boot: type:"mem\\n" wait:7efc000 +5ms quit',
    shows: [/^SYSLINUX 6\.04/m, ...MEMINFO_TABLES],
  },
  isolinux: {
    args: () => ['--cdrom', isolinuxCd('isolinux.iso', MEMINFO, MEMINFO_CONFIG)],
    keys: 'wait:boot: type:"mem\\n" wait:7efc000 +5ms quit',
    shows: [/^ISOLINUX 6\.04/m, ...MEMINFO_TABLES],
  },
  'syslinux-menu': {
    args: () => ['--fda', syslinuxFloppy('menu.img', ['menu.c32', ...MEMINFO], MENU_CONFIG('menu.c32'))],
    keys: 'wait:"What is there?" down ret wait:7efc000 +5ms quit',
    shows: MEMINFO_TABLES,
  },
  // In graphics, where no text can be waited for.
  'isolinux-vesamenu': {
    args: () => ['--cdrom', isolinuxCd('vesa.iso', ['vesamenu.c32', ...MEMINFO], MENU_CONFIG('vesamenu.c32'))],
    keys: '@4s m ret wait:7efc000 +5ms quit',
    shows: MEMINFO_TABLES,
  },
  hdt: {
    args: () => ['--cdrom', isolinuxCd('hdt.iso', HDT, 'PROMPT 1\nDEFAULT hdt\nLABEL hdt\n  COM32 hdt.c32\n')],
    keys: 'wait:boot: ret wait:"Main Menu" down ret wait:"Bank 0" quit',
    shows: [/Hardware Detection Tool/, /PCI Devices\( \d+\)/, /128 MB detected/],
  },
  'syslinux-fat16-disk': {
    args: () => ['--hda', syslinuxDisk('fat16.img', [], 0x0e, MEMINFO, MEMINFO_CONFIG)],
    keys: 'wait:boot: type:"mem\\n" wait:7efc000 +5ms quit',
    shows: [/^SYSLINUX 6\.04/m, ...MEMINFO_TABLES],
  },
  'syslinux-fat32-disk': {
    args: () => ['--hda', syslinuxDisk('fat32.img', ['-F'], 0x0c, MEMINFO, MEMINFO_CONFIG)],
    keys: 'wait:boot: type:"mem\\n" wait:7efc000 +5ms quit',
    shows: [/^SYSLINUX 6\.04/m, ...MEMINFO_TABLES],
  },
  memdisk: {
    args: () => {
      const memdisk = inPackage('syslinux-common', 'usr/lib/syslinux/memdisk');
      const config = 'DEFAULT floppy\nLABEL floppy\n  KERNEL memdisk\n  INITRD floppy.img\n';
      return ['--cdrom', isolinuxCd('memdisk.iso', [], config, { memdisk, 'floppy.img': grubLegacyFloppy() })];
    },
    keys: 'wait:"grub>" type:"geometry (fd0)\\n" wait:"sectors = 2880" quit',
    shows: [/GNU GRUB {2}version 0\.97/, /drive 0x0: C\/H\/S = 80\/2\/18, The number of sectors = 2880/],
  },
  'grub-gfxterm': {
    args: () => [grubCd('gfxterm.iso', GFXTERM_CONFIG, {})],
    keys: '@1200ms ret wait:"back in text" quit',
    shows: [/back in text/],
  },
  'memtest86+': {
    args: () => ['--cdrom', inPackage('memtest86+', 'usr/lib/memtest86+/memtest86+x64.iso'), '-m', '8M'],
    keys: 'wait:"start testing" ret wait:"Test #1" +1s quit',
    shows: [/Memtest86\+ v6\.10/, /Errors: 0/],
  },
  'grub-multiboot2': {
    args: () => [grubCd('multiboot2.iso', GRUB_CONFIG, { 'multiboot2.elf': kernel('multiboot2-elf64.elf') })],
    keys: 'wait:"*first" down wait:"*second" ret',
    code: 33,
    shows: [/from GRUB/],
  },
};

/**
 * Runs longmode.
 *
 * @param {string[]} args
 * @param {string | undefined} keys
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function boot(args, keys) {
  const options = ['--display', 'none', '--screen', '--timeout', String(TIMEOUT_SECONDS)];
  const child = spawn(process.execPath, [
    COMMAND,
    'run',
    ...options,
    ...(keys === undefined ? [] : ['--keys', keys]),
    ...args,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

/**
 * @param {string} name
 * @param {(typeof PAYLOADS)[string]} payload
 */
async function check(name, { args, keys, code: wanted = 0, shows }) {
  const started = performance.now();
  const { code, output } = await boot(args(), keys);
  const missing = shows.filter((text) => !text.test(output)).map(String);
  if (code !== wanted) missing.push(`exit code ${wanted}, not ${code}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${missing.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (missing.length > 0)
    console.log(`  without ${missing.join('\n  without ')}\n${output.replaceAll(/^\s*\n/gm, '')}`);
  return missing.length === 0;
}

const asked = process.argv.slice(2);
const queue = Object.entries(PAYLOADS).filter(([name]) => asked.length === 0 || asked.includes(name));
const counts = { passed: 0, failed: 0, skipped: 0 };
async function work() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, payload] = next;
    try {
      counts[(await check(name, payload)) ? 'passed' : 'failed'] += 1;
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      counts.skipped += 1;
      console.log(`skipped ${name}: ${error.message}`);
    }
  }
}
try {
  await Promise.all(Array.from({ length: PARALLEL }, work));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
