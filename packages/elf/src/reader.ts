import { ElfError } from './error.ts';

/** Class and byte order: all that is needed to read a field. */
export interface ElfLayout {
  /** 32 or 64: the width in bits of addresses, offsets and sizes. */
  readonly width: 32 | 64;
  readonly isLittleEndian: boolean;
}

/** Reads fields of an image by file offset. Whoever reads first checks the range with {@link ElfReader.range}. */
export class ElfReader {
  readonly bytes: Uint8Array;
  readonly layout: ElfLayout;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, layout: ElfLayout) {
    this.bytes = bytes;
    this.layout = layout;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Size in bytes of an address, an offset or a size. */
  get wordSize(): 4 | 8 {
    return this.layout.width === 64 ? 8 : 4;
  }

  u8(offset: number): number {
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, this.layout.isLittleEndian);
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset, this.layout.isLittleEndian);
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, this.layout.isLittleEndian);
  }

  /** An address, offset or size in the width of the class. */
  word(offset: number): bigint {
    return this.layout.width === 64 ? this.u64(offset) : BigInt(this.u32(offset));
  }

  /** A signed word in the width of the class. */
  signedWord(offset: number): bigint {
    return BigInt.asIntN(this.layout.width, this.word(offset));
  }

  /**
   * Checks that a range lies in the file.
   *
   * @param what subject of the message
   * @param offset start in the file, bytes
   * @param size bytes
   * @param at file offset of the field that named the range
   * @returns the start as a number
   * @throws ElfError `truncated`
   */
  range(what: string, offset: bigint, size: bigint, at: number): number {
    if (offset + size > BigInt(this.bytes.length)) {
      throw new ElfError({
        code: 'truncated',
        offset: at,
        what,
        expected: `bytes 0x${offset.toString(16)} to 0x${(offset + size).toString(16)} in the file`,
        found: `a file of 0x${this.bytes.length.toString(16)} bytes`,
      });
    }
    return Number(offset);
  }
}
