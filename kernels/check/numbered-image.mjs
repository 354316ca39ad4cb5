// Images whose sectors tell their number: bytes 0 to 3 are the number, byte i behind them is 7 times the number and 13 times i.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** What the sector with that number holds. */
export function numberedSector(lba, sizeBytes) {
  const sector = Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, i) => (lba * 7 + i * 13) & 0xff));
  sector.writeUInt32LE(lba % 2 ** 32);
  return sector;
}

/** Makes an image in which the named runs of sectors, `[first, count]`, are written and the rest is a hole. */
export function writeNumberedImage(path, { sectorSizeBytes, sectorCount, runs }) {
  const file = openSync(path, 'w');
  ftruncateSync(file, sectorCount * sectorSizeBytes);
  for (const [first, count] of runs) {
    const bytes = Buffer.concat(Array.from({ length: count }, (_, i) => numberedSector(first + i, sectorSizeBytes)));
    writeSync(file, bytes, 0, bytes.length, first * sectorSizeBytes);
  }
  closeSync(file);
}
