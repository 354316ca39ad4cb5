import type { ElfHeader } from './header.ts';
import type { ElfReader } from './reader.ts';

/** One program header. Its range is not checked until its bytes are asked for. */
export interface ElfSegment {
  readonly index: number;
  /** `p_type`: `PT_LOAD`, … */
  readonly type: number;
  /** `p_flags`: `PF_R`, `PF_W`, `PF_X`. */
  readonly flags: number;
  /** File offset, bytes. */
  readonly offset: bigint;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  /** Bytes in the file. */
  readonly fileSize: bigint;
  /** Bytes in memory; those past `fileSize` are zero. */
  readonly memorySize: bigint;
  /** 0 or 1: none. */
  readonly alignment: bigint;
}

/**
 * Reads the program header table.
 *
 * @param reader the whole file
 * @param header its header, whose tables are known to lie in the file
 * @returns the segments in the table's order
 * @source gABI "Program Header"
 */
export function readSegments(reader: ElfReader, header: ElfHeader): ElfSegment[] {
  const segments: ElfSegment[] = [];
  const is64 = reader.layout.width === 64;
  const word = reader.wordSize;
  for (let index = 0; index < header.programHeaderCount; index++) {
    const at = Number(header.programHeaderOffset) + index * header.programHeaderSize;
    // The 64-bit form moves the flags next to the type, so that the words after them are aligned.
    const first = at + (is64 ? 8 : 4);
    segments.push({
      index,
      type: reader.u32(at),
      flags: reader.u32(is64 ? at + 4 : at + 24),
      offset: reader.word(first),
      virtualAddress: reader.word(first + word),
      physicalAddress: reader.word(first + 2 * word),
      fileSize: reader.word(first + 3 * word),
      memorySize: reader.word(first + 4 * word),
      alignment: reader.word(is64 ? first + 5 * word : at + 28),
    });
  }
  return segments;
}
