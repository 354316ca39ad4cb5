// What guests say on the serial port, line by line, against a file that holds it by image.
import { readFileSync, writeFileSync } from 'node:fs';

/** Compares what an image said with its record, or records it. Returns what differs, '' if nothing. */
export function checkSerial(expectedFile, image, serial, record) {
  const expected = JSON.parse(readFileSync(expectedFile, 'utf8'));
  const found = serial.trimEnd().split('\n');
  if (record) {
    writeFileSync(expectedFile, `${JSON.stringify({ ...expected, [image]: found }, null, 2)}\n`);
    return '';
  }
  const at = found.findIndex((line, index) => line !== expected[image]?.[index]);
  return at < 0 ? '' : `line ${at + 1} differs: ${found[at]}`;
}
