// The chapters: what is on the screen, what COM1 said, and how it ended. Kernels stand still in the end and are watched,
// some while keys are typed; test binaries leave.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { diskOf, imagesFolder, kernelsFolder } from '../manifest.mjs';
import { ownDisk } from './own-disk.mjs';
import { bootArguments, runToEnd, watchScreen } from './qemu.mjs';

const folder = join(kernelsFolder, 'chapters');
const expectedFile = join(folder, 'expected.json');
/** Kernels that are also checked on a disk by longmode's own boot loader: it must make no difference. */
const ON_OWN_DISKS = ['chapter-08', 'chapter-09', 'chapter-09-recursive', 'chapter-12'];
const options = (name) => (name.endsWith('recursive') ? { mapPhysicalMemory: false, recursivePageTable: true } : {});
const ROW_COUNT = 25;
const COLUMN_COUNT = 80;

const NON_ASCII = /[\u0080-\uffff]/g;
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** What to wait for, what to type: see the README. */
const scenarios = JSON.parse(readFileSync(join(folder, 'scenarios.json'), 'utf8'));

const OTHER_KEYS = {
  ' ': ['spc'],
  '\n': ['ret'],
  ',': ['comma'],
  '-': ['minus'],
  '=': ['equal'],
  '+': ['shift', 'equal'],
  '!': ['shift', '1'],
  '(': ['shift', '9'],
  ')': ['shift', '0'],
};

/** QEMU's key codes for a character. */
function keysOf(character) {
  if (/[a-z0-9]/.test(character)) return [character];
  if (/[A-Z]/.test(character)) return ['shift', character.toLowerCase()];
  return OTHER_KEYS[character];
}

/** The rows of the screen: characters without the blanks at their ends, and their attributes. */
function rowsOf(screen) {
  return Array.from({ length: ROW_COUNT }, (_, row) => {
    const cells = screen.subarray(row * COLUMN_COUNT * 2, (row + 1) * COLUMN_COUNT * 2);
    const text = cells.toString('latin1').replaceAll(/(.)./gs, '$1').replaceAll('\0', ' ').trimEnd();
    return { text, attributes: Array.from(text, (_, column) => cells[column * 2 + 1]) };
  });
}

/** Runs of equal attributes, each with its length: `0e*12`. */
function runsOf(attributes) {
  const runs = [];
  for (const attribute of attributes) {
    const last = runs.at(-1);
    if (last?.attribute === attribute) last.length += 1;
    else runs.push({ attribute, length: 1 });
  }
  return runs.map(({ attribute, length }) => `${attribute.toString(16).padStart(2, '0')}*${length}`).join(' ');
}

/**
 * The lines of a screen that a timer prints dots on, without the dots: they come when they come, at the beginning of a
 * line, and fill rows.
 */
function linesWithoutDots(rows) {
  const lines = [{ text: '', attributes: [] }];
  for (const { text, attributes } of rows) {
    const line = lines.at(-1);
    for (const [column, character] of Array.from(text).entries()) {
      if (character === '.') continue;
      line.text += character;
      line.attributes.push(attributes[column]);
    }
    if (text.length < COLUMN_COUNT) lines.push({ text: '', attributes: [] });
  }
  return lines.filter(({ text }) => text.trim() !== '');
}

/** All lines as one text, for a look whether something is there. */
const textOf = (screen) =>
  linesWithoutDots(rowsOf(screen))
    .map(({ text }) => text)
    .join('\n');

/** A screen as it is recorded: rows by their numbers, those that are blank left out. */
function describeScreen(screen, hasTimer) {
  const rows = rowsOf(screen);
  if (hasTimer) return { lines: linesWithoutDots(rows).map((row) => `${row.text} [${runsOf(row.attributes)}]`) };
  const written = rows.map((row, index) => [index, row]).filter(([, { text }]) => text !== '');
  return {
    screen: Object.fromEntries(written.map(([index, { text }]) => [index, text])),
    attributes: Object.fromEntries(written.map(([index, { attributes }]) => [index, runsOf(attributes)])),
  };
}

const contains =
  (text) =>
  ({ screen }) =>
    textOf(screen).includes(text);

async function observe(boot, { until, type = '', then = until, timer = false }) {
  if (until === undefined) {
    const { status, serial, errors } = await runToEnd(boot, { limitMs: 300_000 });
    if (status === null || errors !== '') throw new Error(`exit status ${status} ${errors}`);
    const { screen } = await watchScreen(boot, { isReady: (seen) => seen.serial === serial });
    return { status, serial, ...describeScreen(screen, timer) };
  }
  const keys = Array.from(type, keysOf);
  const { screen, serial, end } = await watchScreen(boot, { isReady: contains(until), keys, isDone: contains(then) });
  return { end, serial, ...describeScreen(screen, timer) };
}

/** Compares one guest with its record, or records it. Returns what is wrong, '' if nothing, null without its disk. */
export async function checkChapter(image, record) {
  const [, name, isDisk] = image.match(/^(.*)\.(?:elf|(img))$/);
  const isCommittedAsDisk = existsSync(join(imagesFolder, `${name}.img`));
  if (!isDisk && isCommittedAsDisk && !ON_OWN_DISKS.includes(name)) return null;
  const disk = isDisk
    ? join(imagesFolder, image)
    : isCommittedAsDisk
      ? await ownDisk(image, options(name))
      : diskOf(image);
  if (disk === null) return null;
  const found = await observe(bootArguments(disk, true), scenarios[name] ?? {});
  const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, 'utf8')) : {};
  if (!record) return isDeepStrictEqual(found, expected[name]) ? '' : JSON.stringify(found);
  const all = Object.entries({ ...expected, [name]: found }).sort(([a], [b]) => (a < b ? -1 : 1));
  const json = JSON.stringify(Object.fromEntries(all), null, 2).replaceAll(NON_ASCII, escaped);
  writeFileSync(expectedFile, `${json}\n`);
  return '';
}
