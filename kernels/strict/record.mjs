// The record of the guests that do what hardware forbids: for each case what hardware does, whether the processor of the
// recording machine did it, and what QEMU and Bochs do where that is something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelsFolder } from '../manifest.mjs';

const LINE_WIDTH = 120;
const file = join(kernelsFolder, 'strict/expected.json');

/** The record: guest -> case -> `{ hardware, silicon?, qemu?, bochs?, source? }`. */
export const readStrict = () => JSON.parse(readFileSync(file, 'utf8'));

/** A line for each case. */
export function writeStrict(all) {
  const guests = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([guest, cases]) => {
      const lines = Object.entries(cases).map(([name, what]) => lineOf(name, what));
      return `  ${JSON.stringify(guest)}: {\n${lines.join(',\n')}\n  }`;
    });
  writeFileSync(file, `{\n${guests.join(',\n')}\n}\n`);
}

/** As the formatter has it. */
function lineOf(name, what) {
  const fields = Object.entries(what).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const line = `    ${JSON.stringify(name)}: { ${fields.join(', ')} }`;
  if (line.length < LINE_WIDTH) return line;
  return `    ${JSON.stringify(name)}: {\n${fields.map((field) => `      ${field}`).join(',\n')}\n    }`;
}

/** `strict-NAME.img` -> `NAME`. */
export const strictName = (image) => image.replace(/^strict-(.*)\.img$/, '$1');

/** What a guest said: what came of each case, by the case's name. */
export function casesOf(serial) {
  const lines = serial.split('\n').map((line) => line.match(/^([\w-]+): (.*)$/));
  return Object.fromEntries(lines.filter((match) => match !== null).map(([, name, what]) => [name, what]));
}

/** The image with the number of its first case set: those before it are left out. */
export function withoutFirstCases(image, count) {
  const at = image.indexOf('strict cases');
  if (at < 0) {
    if (count > 0) throw new Error('the guest has no cases to leave out');
    return image;
  }
  const changed = Buffer.from(image);
  changed.writeUInt32LE(count, at - 4);
  return changed;
}
