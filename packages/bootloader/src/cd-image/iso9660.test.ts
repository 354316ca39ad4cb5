import { describe, expect, it } from 'vitest';
import { CD_SECTOR, type CdFile, placeFiles, writeBootableCd } from './iso9660.ts';

interface Listed {
  readonly name: string;
  readonly sector: number;
  readonly size: number;
}

/** The root directory as a reader finds it: from the primary volume descriptor on, record by record. */
function list(image: Uint8Array<ArrayBuffer>): Listed[] {
  const view = new DataView(image.buffer);
  const root = 16 * CD_SECTOR + 156;
  const start = view.getUint32(root + 2, true) * CD_SECTOR;
  const end = start + view.getUint32(root + 10, true);
  const listed: Listed[] = [];
  for (let at = start; at < end; ) {
    const length = image[at] ?? 0;
    if (length === 0) {
      at = (Math.floor(at / CD_SECTOR) + 1) * CD_SECTOR;
      continue;
    }
    expect(Math.floor(at / CD_SECTOR)).toBe(Math.floor((at + length - 1) / CD_SECTOR));
    expect(view.getUint32(at + 2, true)).toBe(view.getUint32(at + 6, false));
    expect(view.getUint32(at + 10, true)).toBe(view.getUint32(at + 14, false));
    const name = String.fromCharCode(...image.subarray(at + 33, at + 33 + (image[at + 32] ?? 0)));
    listed.push({ name, sector: view.getUint32(at + 2, true), size: view.getUint32(at + 10, true) });
    at += length;
  }
  return listed;
}

const file = (name: string, size: number, value: number): CdFile => ({ name, bytes: new Uint8Array(size).fill(value) });

describe('a CD', () => {
  const files = placeFiles([
    file('BOOT.BIN', 2048, 1),
    file('Z.TXT', 3000, 2),
    file('EMPTY', 0, 3),
    file('A.TXT', 1, 4),
  ]);
  const image = writeBootableCd('VOLUME', files);
  const view = new DataView(image.buffer);

  it('has its files in the order of their names, each where the directory says', () => {
    const listed = list(image);
    expect(listed.map(({ name, size }) => [name, size])).toEqual([
      ['\0', 2048],
      ['\x01', 2048],
      ['A.TXT;1', 1],
      ['BOOT.BIN;1', 2048],
      ['BOOT.CAT;1', 2048],
      ['EMPTY;1', 0],
      ['Z.TXT;1', 3000],
    ]);
    const at = (name: string): Uint8Array => {
      const { sector = 0, size = 0 } = listed.find((entry) => entry.name === name) ?? {};
      return image.subarray(sector * CD_SECTOR, sector * CD_SECTOR + size);
    };
    expect(at('Z.TXT;1')).toEqual(files[1]?.bytes);
    expect(at('A.TXT;1')).toEqual(files[3]?.bytes);
    expect(image.length).toBe(((files[3]?.sector ?? 0) + 1) * CD_SECTOR);
  });

  it('has volume descriptors for the file system, the boot image, and the end', () => {
    const types = [16, 17, 18].map((sector) => {
      const at = sector * CD_SECTOR;
      return [image[at], String.fromCharCode(...image.subarray(at + 1, at + 6)), image[at + 6]];
    });
    expect(types).toEqual([1, 0, 255].map((type) => [type, 'CD001', 1]));
    expect(view.getUint32(16 * CD_SECTOR + 80, true)).toBe(image.length / CD_SECTOR);
  });

  it('has a boot catalog whose words together are 0, and that leads to the first file', () => {
    const catalog = view.getUint32(17 * CD_SECTOR + 71, true) * CD_SECTOR;
    expect(list(image).find(({ name }) => name === 'BOOT.CAT;1')?.sector).toBe(catalog / CD_SECTOR);
    const words = Array.from({ length: 16 }, (_, index) => view.getUint16(catalog + 2 * index, true));
    expect(words.reduce((sum, word) => sum + word, 0) % 2 ** 16).toBe(0);
    expect([image[catalog + 30], image[catalog + 31], image[catalog + 32]]).toEqual([0x55, 0xaa, 0x88]);
    expect(view.getUint16(catalog + 38, true)).toBe(4);
    expect(view.getUint32(catalog + 40, true)).toBe(files[0]?.sector);
  });

  it('may have more files than fit into one sector of its directory', () => {
    const many = placeFiles(Array.from({ length: 200 }, (_, index) => file(`F${1000 + index}.BIN`, index, index)));
    const listed = list(writeBootableCd('MANY', many));
    expect(listed.length).toBe(203);
    expect(listed[0]?.size).toBe(5 * CD_SECTOR);
    expect(listed.find(({ name }) => name === 'F1150.BIN;1')).toMatchObject({ size: 150, sector: many[150]?.sector });
  });
});
