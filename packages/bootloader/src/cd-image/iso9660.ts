/**
 * ISO 9660 as far as a CD with a boot image needs it: one volume, files in the root directory.
 *
 * Sectors of 2048 bytes: 0 to 15 are left to the system, then come the volume descriptors, both path tables, the root
 * directory, the boot catalog, and the files, each from a sector of its own on.
 *
 * @source ECMA-119 (ISO 9660); "El Torito" Bootable CD-ROM Format Specification 1.0
 */
import { alignUp } from '../free-space.ts';

/** Bytes of a sector. */
export const CD_SECTOR = 2048;

/** A file in the root directory. */
export interface CdFile {
  /** In ISO 9660's level 1: up to eight capitals, digits and underscores, a dot, and up to three more. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A file and its place. */
export interface PlacedCdFile extends CdFile {
  /** Its first sector. */
  readonly sector: number;
}

const PRIMARY_DESCRIPTOR_SECTOR = 16;
const BOOT_DESCRIPTOR_SECTOR = 17;
const LAST_DESCRIPTOR_SECTOR = 18;
const PATH_TABLE_LITTLE_SECTOR = 19;
const PATH_TABLE_BIG_SECTOR = 20;
const ROOT_SECTOR = 21;
const CATALOG_NAME = 'BOOT.CAT';
const PATH_TABLE_SIZE = 10;
const RECORD_SIZE_WITHOUT_NAME = 33;
const ROOT_RECORD_OFFSET = 156;
const FLAG_DIRECTORY = 2;
/** The names of a directory itself and of the one above it. */
const SELF = '\0';
const PARENT = '\x01';
/** Sectors of 512 bytes that the BIOS loads. */
const BOOT_SECTORS = 4;

/**
 * Gives files their places on a CD, which do not depend on what is in them.
 *
 * @param files with the boot image first; of the contents only the lengths matter
 * @returns the files in the same order, the boot catalog not among them
 */
export function placeFiles(files: readonly CdFile[]): PlacedCdFile[] {
  let sector = catalogSector(files) + 1;
  return files.map((file) => {
    const placed = { ...file, sector };
    sector += Math.ceil(file.bytes.length / CD_SECTOR);
    return placed;
  });
}

/**
 * Writes a CD whose first file a BIOS loads and starts, without the emulation of another drive.
 *
 * @param volume its name: up to 32 capitals, digits and underscores
 * @param files from {@link placeFiles}, and no longer than they were there; the first has 2048 bytes
 * @returns the image; no dates are in it
 */
export function writeBootableCd(volume: string, files: readonly PlacedCdFile[]): Uint8Array<ArrayBuffer> {
  const catalog = { name: CATALOG_NAME, bytes: bootCatalog(files[0]?.sector ?? 0), sector: catalogSector(files) };
  const last = files.at(-1) ?? catalog;
  const image = new Uint8Array((last.sector + Math.ceil(last.bytes.length / CD_SECTOR)) * CD_SECTOR);
  const put = (sector: number, bytes: Uint8Array): void => image.set(bytes, sector * CD_SECTOR);
  const root = rootDirectory([catalog, ...files]);
  put(PRIMARY_DESCRIPTOR_SECTOR, primaryDescriptor(volume, image.length / CD_SECTOR, root.length));
  put(BOOT_DESCRIPTOR_SECTOR, bootDescriptor(catalog.sector));
  put(LAST_DESCRIPTOR_SECTOR, descriptor(255).bytes);
  put(PATH_TABLE_LITTLE_SECTOR, pathTable(true));
  put(PATH_TABLE_BIG_SECTOR, pathTable(false));
  put(ROOT_SECTOR, root);
  for (const { sector, bytes } of [catalog, ...files]) put(sector, bytes);
  return image;
}

function catalogSector(files: readonly CdFile[]): number {
  const names = [CATALOG_NAME, ...files.map((file) => file.name)];
  return (
    ROOT_SECTOR + rootDirectory(names.map((name) => ({ name, bytes: new Uint8Array(), sector: 0 }))).length / CD_SECTOR
  );
}

/** A volume descriptor of a type, blank. @source ECMA-119 8.1 */
function descriptor(type: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(CD_SECTOR);
  bytes[0] = type;
  putText(bytes, 1, 'CD001');
  bytes[6] = 1; // version
  return { bytes, view: new DataView(bytes.buffer) };
}

/** @source ECMA-119 8.4 "Primary Volume Descriptor" */
function primaryDescriptor(volume: string, sectors: number, rootSize: number): Uint8Array {
  const { bytes, view } = descriptor(1);
  putText(bytes, 8, ''.padEnd(32)); // system
  putText(bytes, 40, volume.padEnd(32));
  putBoth32(view, 80, sectors);
  putBoth16(view, 120, 1); // volumes in the set
  putBoth16(view, 124, 1); // the number of this one
  putBoth16(view, 128, CD_SECTOR);
  putBoth32(view, 132, PATH_TABLE_SIZE);
  view.setUint32(140, PATH_TABLE_LITTLE_SECTOR, true);
  view.setUint32(148, PATH_TABLE_BIG_SECTOR, false);
  bytes.set(directoryRecord(SELF, ROOT_SECTOR, rootSize, FLAG_DIRECTORY), ROOT_RECORD_OFFSET);
  putText(bytes, 190, ''.padEnd(623)); // who made it, and which files tell of that: nobody, none
  for (const date of [813, 830, 847, 864]) putText(bytes, date, '0'.repeat(16)); // not given
  bytes[881] = 1; // version of the file structure
  return bytes;
}

/** @source El Torito 1.0, figure 7 "Boot Record Volume Descriptor" */
function bootDescriptor(sector: number): Uint8Array {
  const { bytes, view } = descriptor(0);
  putText(bytes, 7, 'EL TORITO SPECIFICATION');
  view.setUint32(71, sector, true);
  return bytes;
}

/** The root alone. @source ECMA-119 9.4 "Format of a Path Table Record" */
function pathTable(isLittleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(PATH_TABLE_SIZE);
  const view = new DataView(bytes.buffer);
  bytes[0] = 1; // length of the name
  view.setUint32(2, ROOT_SECTOR, isLittleEndian);
  view.setUint16(6, 1, isLittleEndian); // the directory above it
  return bytes;
}

/** Records do not cross the end of a sector, and are in order of their names. @source ECMA-119 6.8.1, 9.3 */
function rootDirectory(files: readonly PlacedCdFile[]): Uint8Array {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const build = (size: number): Uint8Array[] => [
    directoryRecord(SELF, ROOT_SECTOR, size, FLAG_DIRECTORY),
    directoryRecord(PARENT, ROOT_SECTOR, size, FLAG_DIRECTORY),
    ...sorted.map(({ name, sector, bytes }) => directoryRecord(`${name};1`, sector, bytes.length, 0)),
  ];
  let end = 0;
  const offsets = build(0).map((record) => {
    const rest = CD_SECTOR - (end % CD_SECTOR);
    const offset = record.length > rest ? end + rest : end;
    end = offset + record.length;
    return offset;
  });
  const directory = new Uint8Array(alignUp(end, CD_SECTOR));
  for (const [index, record] of build(directory.length).entries()) directory.set(record, offsets[index]);
  return directory;
}

/** @source ECMA-119 9.1 "Format of a Directory Record" */
function directoryRecord(name: string, sector: number, size: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(alignUp(RECORD_SIZE_WITHOUT_NAME + name.length, 2));
  const view = new DataView(bytes.buffer);
  bytes[0] = bytes.length;
  putBoth32(view, 2, sector);
  putBoth32(view, 10, size);
  bytes[25] = flags;
  putBoth16(view, 28, 1); // number of the volume
  bytes[32] = name.length;
  putText(bytes, 33, name);
  return bytes;
}

/** One entry: to be booted, no emulation. @source El Torito 1.0, figures 2 and 3 */
function bootCatalog(imageSector: number): Uint8Array {
  const bytes = new Uint8Array(CD_SECTOR);
  const view = new DataView(bytes.buffer);
  bytes[0] = 1; // validation entry, for 80x86
  view.setUint16(30, 0xaa55, true);
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum += view.getUint16(at, true);
  view.setUint16(28, -sum, true); // all words together are 0
  bytes[32] = 0x88; // bootable
  view.setUint16(38, BOOT_SECTORS, true);
  view.setUint32(40, imageSector, true);
  return bytes;
}

/** A number in both byte orders. @source ECMA-119 7.2.3, 7.3.3 */
function putBoth16(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, value, true);
  view.setUint16(offset + 2, value, false);
}

function putBoth32(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value, true);
  view.setUint32(offset + 4, value, false);
}

function putText(bytes: Uint8Array, offset: number, text: string): void {
  for (let index = 0; index < text.length; index += 1) bytes[offset + index] = text.charCodeAt(index);
}
