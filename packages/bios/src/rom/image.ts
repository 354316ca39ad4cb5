/** The 64 KiB ROM image: stubs, the tables that programs look up in it, character generators, and the customary last bytes. */
import type { VideoFonts } from '../host.ts';
import { RomAssembler } from './assembler.ts';
import { CUSTOMARY_ENTRY, emitStubs, type TrapEntry } from './stubs.ts';

/** Size of the ROM in bytes. */
export const ROM_SIZE_BYTES = 0x10000;
/** Physical address at which the machine must map the ROM, besides the copy that ends at 4 GiB. */
export const ROM_BASE = 0xf0000;
/** Segment through which all vectors point into the ROM. */
export const ROM_SEGMENT = 0xf000;

/** Offsets of the tables in the ROM. Those with a customary address have it. */
export const ROM_TABLE = {
  /** Parameter table extensions of drives on ATA channels, 16 bytes each. */
  ataDrives: 0x1000,
  font8: 0x2000,
  font14: 0x2800,
  font16: 0x4000,
  /** Static functionality table of INT 10h AH=1Bh, 16 bytes. */
  videoFunctionality: 0x5000,
  /** The VESA_STRINGS, each with a zero behind it. */
  vesaStrings: 0x5010,
  name: 0xe000,
  hardDisk0: 0xe401,
  hardDisk1: 0xe411,
  configuration: 0xe6f5,
  floppy: 0xefc7,
  videoParameters: 0xf0a4,
  font8Low: 0xfa6e,
  date: 0xfff5,
  model: 0xfffe,
} as const;

/** Geometry for the fixed disk tables of INT 41h and 46h. */
export interface FixedDiskTable {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** The finished image and the addresses in it. */
export interface RomImage {
  /** {@link ROM_SIZE_BYTES} bytes whose 8-bit sum is 0. */
  readonly bytes: Uint8Array;
  readonly entries: ReadonlyMap<number, TrapEntry>;
  readonly vectors: ReadonlyMap<number, number>;
  /** @returns the offset of a continuation's label */
  offsetOf(label: string): number;
}

/** Bytes for the guest to find at a physical address. */
export interface FirmwareTable {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Whether a table belongs in the ROM. */
export function isInRom({ address, bytes }: FirmwareTable): boolean {
  return address >= ROM_BASE && address + bytes.length <= ROM_BASE + ROM_SIZE_BYTES;
}

/** What differs from ROM to ROM. */
export interface RomContents {
  readonly fonts: VideoFonts;
  /** Of the first two hard disks. */
  readonly fixedDisks: readonly FixedDiskTable[];
  readonly ataTables?: readonly Uint8Array[];
  /** All within the ROM. */
  readonly tables?: readonly FirmwareTable[];
}

/**
 * INT 15h AH=C0h: length 8, model FCh (AT), submodel 0, revision 1; feature byte 1: second PIC, real-time clock, the keyboard
 * intercept, an EBDA; feature byte 2: INT 16h AH=09h.
 *
 * @source RBIL INT 15/AH=C0h "Get Configuration", table of the ROM configuration
 */
const CONFIGURATION = [0x08, 0x00, 0xfc, 0x00, 0x01, 0x74, 0x40, 0x00, 0x00, 0x00];

/** INT 1Eh, 1.44 MB drive: step rate, head load, motor off 37 ticks, 512 bytes, 18 sectors, gaps, fill byte, settle, start. */
const FLOPPY_PARAMETERS = [0xaf, 0x02, 0x25, 0x02, 0x12, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08];

/** AH=1Bh: modes 0-3 and 7, 0Dh-13h; 200/350/400 lines; and the functions that exist here. */
const VIDEO_FUNCTIONALITY = [0xff, 0xe0, 0x0f, 0, 0, 0, 0, 0x07, 0x02, 0x08, 0xe7, 0x0c, 0, 0, 0, 0];

/** What AX=4F00h of INT 10h tells: the OEM, the vendor, the product and its revision. */
export const VESA_STRINGS = ['longmode VGA', 'longmode', 'longmode VGA BIOS', '1.0'] as const;

/** Initial offsets of the vectors 08h to 1Fh, as at F000:FEF3 of every PC. */
const FIRST_LISTED_VECTOR = 0x08;
const LAST_LISTED_VECTOR = 0x1f;

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function fixedDiskTable(disk: FixedDiskTable): number[] {
  const { cylinders, heads, sectorsPerTrack } = disk;
  const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
  const control = heads > 8 ? 0x08 : 0;
  // Reduced write current, precompensation (FFFFh: none) and timeouts have no meaning for ATA drives.
  return [
    ...word(cylinders),
    heads & 0xff,
    0,
    0,
    0xff,
    0xff,
    0,
    control,
    0,
    0,
    0,
    ...word(cylinders),
    sectorsPerTrack,
    0,
  ];
}

/** Builds the image. The same contents give the same bytes. */
export function buildRom(contents: RomContents): RomImage {
  const asm = new RomAssembler(ROM_SIZE_BYTES);
  const stubs = emitStubs(asm);
  asm.link();
  const bytes = asm.bytes;
  const place = (offset: number, data: ArrayLike<number>): void => bytes.set(data, offset);

  place(ROM_TABLE.name, ascii('longmode BIOS'));
  contents.fixedDisks.slice(0, 2).forEach((disk, index) => {
    place(ROM_TABLE.hardDisk0 + 16 * index, fixedDiskTable(disk));
  });
  place(
    ROM_TABLE.ataDrives,
    (contents.ataTables ?? []).flatMap((table) => [...table]),
  );
  place(ROM_TABLE.configuration, CONFIGURATION);
  place(ROM_TABLE.floppy, FLOPPY_PARAMETERS);
  place(ROM_TABLE.videoFunctionality, VIDEO_FUNCTIONALITY);
  place(ROM_TABLE.vesaStrings, ascii(VESA_STRINGS.map((text) => `${text}\0`).join('')));
  const { rows8, rows14, rows16 } = contents.fonts;
  if (rows8 !== undefined) {
    place(ROM_TABLE.font8, rows8.subarray(0, 2048));
    place(ROM_TABLE.font8Low, rows8.subarray(0, 1024));
  }
  if (rows14 !== undefined) place(ROM_TABLE.font14, rows14.subarray(0, 3584));
  if (rows16 !== undefined) place(ROM_TABLE.font16, rows16.subarray(0, 4096));
  for (let vector = FIRST_LISTED_VECTOR; vector <= LAST_LISTED_VECTOR; vector++) {
    const offset = initialVector(vector, stubs.vectors);
    place(CUSTOMARY_ENTRY.vectors + 2 * (vector - FIRST_LISTED_VECTOR), [offset & 0xff, offset >> 8]);
  }
  for (const { address, bytes: table } of contents.tables ?? []) place(address - ROM_BASE, table);
  place(ROM_TABLE.date, ascii('01/01/26'));
  place(ROM_TABLE.model, [0xfc]);
  let sum = 0;
  for (let i = 0; i < ROM_SIZE_BYTES; i++) sum += bytes[i] as number;
  bytes[ROM_SIZE_BYTES - 1] = -sum & 0xff;
  return { bytes, entries: stubs.entries, vectors: stubs.vectors, offsetOf: (label) => asm.offsetOf(label) };
}

/** Vectors that are pointers to tables rather than code. */
const TABLE_VECTORS: ReadonlyMap<number, number> = new Map([
  [0x1d, ROM_TABLE.videoParameters],
  [0x1e, ROM_TABLE.floppy],
  [0x1f, ROM_TABLE.font8 + 1024],
  [0x41, ROM_TABLE.hardDisk0],
  [0x43, ROM_TABLE.font16],
  [0x46, ROM_TABLE.hardDisk1],
]);

/** @returns the offset in segment F000 that POST puts into the vector: a stub, a table, or the dummy IRET */
export function initialVector(vector: number, vectors: ReadonlyMap<number, number>): number {
  return vectors.get(vector) ?? TABLE_VECTORS.get(vector) ?? CUSTOMARY_ENTRY.dummy;
}
