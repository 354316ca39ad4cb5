import { ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, PN_XNUM, SHN_LORESERVE, SHN_XINDEX } from './constants.ts';
import { ElfError } from './error.ts';
import type { ElfLayout, ElfReader } from './reader.ts';

/** The first sixteen bytes, `e_ident`. */
export interface ElfIdentification extends ElfLayout {
  /** `EI_VERSION`, always 1. */
  readonly version: number;
  /** `EI_OSABI`: 0 is System V. */
  readonly osAbi: number;
  readonly abiVersion: number;
}

/** The ELF header. Counts and the name table's index are resolved through section 0 where they do not fit the header. */
export interface ElfHeader {
  /** `e_type`: `ET_EXEC`, `ET_DYN`, … */
  readonly type: number;
  /** `e_machine`: `EM_X86_64`, … */
  readonly machine: number;
  /** `e_version`. */
  readonly version: number;
  /** Virtual address of the first instruction, 0 if none. */
  readonly entry: bigint;
  /** File offset of the program header table, bytes. */
  readonly programHeaderOffset: bigint;
  /** File offset of the section header table, bytes. */
  readonly sectionHeaderOffset: bigint;
  /** `e_flags`, the machine's. */
  readonly flags: number;
  /** `e_ehsize`, bytes. */
  readonly headerSize: number;
  /** `e_phentsize`, bytes. */
  readonly programHeaderSize: number;
  readonly programHeaderCount: number;
  /** `e_shentsize`, bytes. */
  readonly sectionHeaderSize: number;
  readonly sectionHeaderCount: number;
  /** Index of the section that holds the section names, 0 if none. */
  readonly sectionNameIndex: number;
}

const MAGIC = 0x7f454c46;
const EI_CLASS = 4;
const EI_DATA = 5;
const EI_VERSION = 6;
const EI_OSABI = 7;
const EI_ABIVERSION = 8;
const EI_NIDENT = 16;

/** Sizes in bytes of the structures of a class. */
interface ElfSizes {
  readonly header: number;
  readonly programHeader: number;
  readonly sectionHeader: number;
}

/**
 * Sizes of the header structures.
 *
 * @param width the class
 * @returns sizes in bytes
 */
function sizesOf(width: 32 | 64): ElfSizes {
  return width === 64
    ? { header: 64, programHeader: 56, sectionHeader: 64 }
    : { header: 52, programHeader: 32, sectionHeader: 40 };
}

/**
 * Reads `e_ident`.
 *
 * @param bytes the whole file
 * @returns class, byte order, version and ABI
 * @throws ElfError `not-elf`, `truncated`, `unsupported`
 * @source gABI "ELF Identification"
 */
export function readIdentification(bytes: Uint8Array): ElfIdentification {
  const magic = [...bytes.subarray(0, 4)];
  const isElf = magic.length === 4 && magic.reduce((value, byte) => value * 256 + byte, 0) === MAGIC;
  if (!isElf) {
    const found =
      magic.length === 0 ? 'an empty file' : magic.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new ElfError({ code: 'not-elf', offset: 0, what: 'ELF magic', expected: '7f 45 4c 46', found });
  }
  if (bytes.length < EI_NIDENT) {
    const found = `a file of ${bytes.length} bytes`;
    throw new ElfError({ code: 'truncated', offset: 0, what: 'ELF identification', expected: '16 bytes', found });
  }
  const fileClass = bytes[EI_CLASS];
  if (fileClass !== ELFCLASS32 && fileClass !== ELFCLASS64) {
    throw unsupported('ELF class', EI_CLASS, '1 (32-bit) or 2 (64-bit)', String(fileClass));
  }
  const encoding = bytes[EI_DATA];
  if (encoding !== ELFDATA2LSB && encoding !== ELFDATA2MSB) {
    throw unsupported('ELF byte order', EI_DATA, '1 (little-endian) or 2 (big-endian)', String(encoding));
  }
  const version = bytes[EI_VERSION] ?? 0;
  if (version !== 1) throw unsupported('ELF version', EI_VERSION, '1', String(version));
  return {
    width: fileClass === ELFCLASS64 ? 64 : 32,
    isLittleEndian: encoding === ELFDATA2LSB,
    version,
    osAbi: bytes[EI_OSABI] ?? 0,
    abiVersion: bytes[EI_ABIVERSION] ?? 0,
  };
}

/**
 * Reads the ELF header, resolves the counts that overflow into section 0, and checks both header tables' places.
 *
 * @param reader the whole file, past its identification
 * @returns the header
 * @throws ElfError `truncated`, `unsupported`, `bad-entry-size`, `tables-overlap`, `bad-index`
 * @source gABI "ELF Header"
 */
export function readHeader(reader: ElfReader): ElfHeader {
  const sizes = sizesOf(reader.layout.width);
  reader.range('ELF header', 0n, BigInt(sizes.header), 0);
  const wordSize = reader.wordSize;
  const version = reader.u32(20);
  if (version !== 1) throw unsupported('e_version', 20, '1', String(version));
  const programHeaderOffset = reader.word(24 + wordSize);
  const sectionHeaderOffset = reader.word(24 + 2 * wordSize);
  const tail = 24 + 3 * wordSize;
  let programHeaderCount = reader.u16(tail + 8);
  let sectionHeaderCount = reader.u16(tail + 12);
  let sectionNameIndex = reader.u16(tail + 14);
  const programHeaderSize = reader.u16(tail + 6);
  const sectionHeaderSize = reader.u16(tail + 10);

  const hasSections = sectionHeaderOffset !== 0n;
  if (!hasSections && sectionHeaderCount !== 0) {
    throw new ElfError({
      code: 'bad-index',
      offset: tail + 12,
      what: 'e_shnum',
      expected: '0, because e_shoff is 0',
      found: String(sectionHeaderCount),
    });
  }
  const overflows = sectionHeaderCount === 0 || programHeaderCount === PN_XNUM || sectionNameIndex === SHN_XINDEX;
  if (hasSections && overflows) {
    entrySize(tail + 10, 'e_shentsize', sectionHeaderSize, sizes.sectionHeader);
    const zero = reader.range('section header 0', sectionHeaderOffset, BigInt(sizes.sectionHeader), 24 + 2 * wordSize);
    if (sectionHeaderCount === 0) {
      sectionHeaderCount = boundedCount(reader, zero + 8 + 3 * wordSize, reader.word(zero + 8 + 3 * wordSize));
    }
    const link = zero + 8 + 4 * wordSize;
    if (sectionNameIndex === SHN_XINDEX) sectionNameIndex = reader.u32(link);
    if (programHeaderCount === PN_XNUM && sectionHeaderCount !== 0) programHeaderCount = reader.u32(link + 4);
  } else if (sectionNameIndex >= SHN_LORESERVE) {
    sectionNameIndex = hasSections ? sectionNameIndex : 0;
  }
  const header: ElfHeader = {
    type: reader.u16(16),
    machine: reader.u16(18),
    version,
    entry: reader.word(24),
    programHeaderOffset,
    sectionHeaderOffset,
    flags: reader.u32(tail),
    headerSize: reader.u16(tail + 4),
    programHeaderSize,
    programHeaderCount,
    sectionHeaderSize,
    sectionHeaderCount,
    sectionNameIndex,
  };
  checkTables(reader, header, sizes);
  return header;
}

interface Table {
  readonly what: string;
  readonly start: number;
  readonly end: number;
  /** File offset of the header's field that places the table. */
  readonly at: number;
}

/** Checks entry sizes, that both tables lie in the file, and that neither lies in the header or in the other. */
function checkTables(reader: ElfReader, header: ElfHeader, sizes: ElfSizes): void {
  const wordSize = reader.wordSize;
  const tail = 24 + 3 * wordSize;
  const tables: Table[] = [{ what: 'ELF header', start: 0, end: sizes.header, at: 0 }];
  if (header.programHeaderCount > 0) {
    entrySize(tail + 6, 'e_phentsize', header.programHeaderSize, sizes.programHeader);
    const size = header.programHeaderCount * header.programHeaderSize;
    const at = 24 + wordSize;
    const start = reader.range('program header table', header.programHeaderOffset, BigInt(size), at);
    tables.push({ what: 'program header table', start, end: start + size, at });
  }
  if (header.sectionHeaderCount > 0) {
    entrySize(tail + 10, 'e_shentsize', header.sectionHeaderSize, sizes.sectionHeader);
    const size = header.sectionHeaderCount * header.sectionHeaderSize;
    const at = 24 + 2 * wordSize;
    const start = reader.range('section header table', header.sectionHeaderOffset, BigInt(size), at);
    tables.push({ what: 'section header table', start, end: start + size, at });
  }
  tables.sort((a, b) => a.start - b.start);
  for (let index = 1; index < tables.length; index++) {
    const before = tables[index - 1] as Table;
    const table = tables[index] as Table;
    if (table.start >= before.end) continue;
    throw new ElfError({
      code: 'tables-overlap',
      offset: table.at,
      what: table.what,
      expected: `a start at or after 0x${before.end.toString(16)}, the end of the ${before.what}`,
      found: `0x${table.start.toString(16)}`,
    });
  }
}

function boundedCount(reader: ElfReader, at: number, count: bigint): number {
  // A count above the number of bytes cannot fit whatever the entry size; it must not become an inexact number.
  if (count > BigInt(reader.bytes.length)) {
    throw new ElfError({
      code: 'truncated',
      offset: at,
      what: 'section count in section header 0',
      expected: `a table that fits in the file of 0x${reader.bytes.length.toString(16)} bytes`,
      found: `${count} sections`,
    });
  }
  return Number(count);
}

function entrySize(offset: number, what: string, size: number, minimum: number): void {
  if (size >= minimum) return;
  const expected = `at least ${minimum} bytes`;
  throw new ElfError({ code: 'bad-entry-size', offset, what, expected, found: String(size) });
}

function unsupported(what: string, offset: number, expected: string, found: string): ElfError {
  return new ElfError({ code: 'unsupported', offset, what, expected, found });
}
