import { PN_XNUM, SHN_XINDEX, SHT_NOBITS, SHT_STRTAB } from '../constants.ts';
import { ByteWriter } from './byte-writer.ts';

/** A segment to put into an image. What is left out is 0, or follows from the rest. */
export interface SegmentSpec {
  readonly type: number;
  readonly flags?: number;
  readonly virtualAddress?: bigint | number;
  /** The virtual address if left out. */
  readonly physicalAddress?: bigint | number;
  readonly data?: Iterable<number>;
  /** Where the bytes lie if not in `data`, and what the header claims. */
  readonly offset?: bigint | number;
  readonly fileSize?: bigint | number;
  readonly memorySize?: bigint | number;
  readonly alignment?: bigint | number;
}

/** A section to put into an image. What is left out is 0, or follows from the rest. */
export interface SectionSpec {
  readonly name: string;
  readonly type: number;
  readonly flags?: bigint | number;
  readonly address?: bigint | number;
  readonly data?: Iterable<number>;
  /** Where the bytes lie if not in `data`, and what the header claims. */
  readonly offset?: bigint | number;
  readonly size?: bigint | number;
  readonly link?: number;
  readonly info?: number;
  readonly alignment?: bigint | number;
  readonly entrySize?: bigint | number;
}

/** An image to build. Sections are numbered from 1; the name table is the last. */
export interface ImageSpec {
  /** 64 if left out. */
  readonly width?: 32 | 64;
  /** True if left out. */
  readonly isLittleEndian?: boolean;
  /** `ET_EXEC` if left out. */
  readonly type?: number;
  /** `EM_X86_64` or `EM_386` by width if left out. */
  readonly machine?: number;
  readonly entry?: bigint | number;
  readonly flags?: number;
  readonly segments?: readonly SegmentSpec[];
  readonly sections?: readonly SectionSpec[];
  /** Puts both counts and the name table's index into section 0, as images with very many of them do. */
  readonly hasExtendedCounts?: boolean;
}

/**
 * Builds an ELF image for a test: header, program headers, the segments' bytes, the sections' bytes, section headers.
 * A segment's bytes lie at a file offset congruent to its virtual address modulo its alignment.
 *
 * @param spec what to put in; nothing is checked, so that wrong images can be built too
 * @returns the file
 */
export function buildElf(spec: ImageSpec): Uint8Array {
  const { width = 64, isLittleEndian = true, segments = [], sections = [] } = spec;
  const is64 = width === 64;
  const word = width / 8;
  const names = new ByteWriter(isLittleEndian).raw([0]);
  const all: SectionSpec[] = [];
  const nameOffsets: number[] = [0];
  if (sections.length > 0 || spec.hasExtendedCounts === true) {
    all.push({ name: '', type: 0 }, ...sections, { name: '.shstrtab', type: SHT_STRTAB, alignment: 1 });
    for (const section of all.slice(1)) {
      nameOffsets.push(names.length);
      names.raw(new TextEncoder().encode(`${section.name}\0`));
    }
  }
  const headerSize = is64 ? 64 : 52;
  const programHeaderSize = is64 ? 56 : 32;
  const sectionHeaderSize = is64 ? 64 : 40;

  // First pass: the contents, which come after the program headers.
  const contents = new ByteWriter(isLittleEndian).padTo(headerSize + segments.length * programHeaderSize);
  const placedSegments = segments.map((segment) => {
    const data = Uint8Array.from(segment.data ?? []);
    if (segment.data !== undefined && segment.offset === undefined) {
      const alignment = Math.max(1, Number(segment.alignment ?? 1));
      const wanted = Number(BigInt(segment.virtualAddress ?? 0) % BigInt(alignment));
      contents.padTo(contents.length + ((wanted - (contents.length % alignment) + alignment) % alignment));
    }
    const offset = segment.offset ?? contents.length;
    if (segment.data !== undefined) contents.raw(data);
    return { ...segment, offset, fileSize: segment.fileSize ?? data.length, size: data.length };
  });
  const placedSections = all.map((section, index) => {
    const data = index > 0 && index === all.length - 1 ? names.bytes() : Uint8Array.from(section.data ?? []);
    if (data.length > 0) contents.padTo(Math.ceil(contents.length / 8) * 8);
    const offset = section.offset ?? (section.type === 0 ? 0 : contents.length);
    if (section.type !== SHT_NOBITS) contents.raw(data);
    return { ...section, offset, size: section.size ?? data.length };
  });
  if (all.length > 0) contents.padTo(Math.ceil(contents.length / 8) * 8);
  const sectionHeaderOffset = all.length > 0 ? contents.length : 0;

  // Second pass: the headers around them.
  const overflow = spec.hasExtendedCounts === true;
  const file = new ByteWriter(isLittleEndian);
  file.raw([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, isLittleEndian ? 1 : 2, 1]).padTo(16);
  file
    .integer(spec.type ?? 2, 2)
    .integer(spec.machine ?? (is64 ? 62 : 3), 2)
    .integer(1, 4);
  file.integer(spec.entry ?? 0, word);
  file.integer(segments.length > 0 ? headerSize : 0, word).integer(sectionHeaderOffset, word);
  file.integer(spec.flags ?? 0, 4).integer(headerSize, 2);
  file.integer(programHeaderSize, 2).integer(overflow ? PN_XNUM : segments.length, 2);
  file.integer(sectionHeaderSize, 2).integer(overflow ? 0 : all.length, 2);
  file.integer(overflow ? SHN_XINDEX : Math.max(0, all.length - 1), 2);
  for (const segment of placedSegments) {
    const { flags = 0, virtualAddress = 0, alignment = 0, fileSize } = segment;
    file.integer(segment.type, 4);
    if (is64) file.integer(flags, 4);
    file.integer(segment.offset, word).integer(virtualAddress, word);
    file.integer(segment.physicalAddress ?? virtualAddress, word);
    file.integer(fileSize, word).integer(segment.memorySize ?? fileSize, word);
    if (!is64) file.integer(flags, 4);
    file.integer(alignment, word);
  }
  file.raw(contents.bytes().subarray(file.length));
  placedSections.forEach((section, index) => {
    const isZero = index === 0 && overflow;
    file
      .integer(nameOffsets[index] ?? 0, 4)
      .integer(section.type, 4)
      .integer(section.flags ?? 0, word);
    file.integer(section.address ?? 0, word).integer(section.offset, word);
    file.integer(isZero ? all.length : section.size, word);
    file.integer(isZero ? all.length - 1 : (section.link ?? 0), 4);
    file.integer(isZero ? segments.length : (section.info ?? 0), 4);
    file.integer(section.alignment ?? 0, word).integer(section.entrySize ?? 0, word);
  });
  return file.bytes();
}
