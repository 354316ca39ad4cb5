import { describe, expect, it } from 'vitest';
import { BootError } from './error.ts';
import { findMultiboot2Header, type Multiboot2Header, readMultiboot2Header } from './multiboot2-header.ts';

const MAGIC = 0xe85250d6;
const END = [0, 8] as const;

interface HeaderSpec {
  readonly architecture?: number;
  readonly length?: number;
  /** Added to the checksum. */
  readonly error?: number;
}

/** Words of a header: each tag is given as type and flags, size, and the words of its contents, padded to 8 bytes. */
function headerWords(tags: readonly (readonly number[])[], spec: HeaderSpec = {}): number[] {
  const words = tags.flatMap((tag) => (tag.length % 2 === 0 ? tag : [...tag, 0]));
  const { architecture = 0, length = 16 + 4 * words.length, error = 0 } = spec;
  return [MAGIC, architecture, length, -(MAGIC + architecture + length) + error, ...words];
}

function file(words: readonly number[], offset = 0, size = offset + 4 * words.length): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  words.forEach((word, index) => {
    if (offset + 4 * index + 4 <= size) view.setUint32(offset + 4 * index, word, true);
  });
  return new Uint8Array(view.buffer);
}

function read(...tags: (readonly number[])[]): Multiboot2Header {
  return readMultiboot2Header(file(headerWords([...tags, END])));
}

function errorOf(bytes: Uint8Array): BootError {
  try {
    readMultiboot2Header(bytes);
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('expected a BootError');
}

/** Type and flags of a tag as one word. */
const optional = (type: number): number => type | 0x10000;

describe('a Multiboot 2 header', () => {
  it.each([
    ['at the start', 0, 24],
    ['at a multiple of 8', 40, 200],
    ['at the end of the first 32 KiB', 32768 - 24, 40000],
  ])('is found %s', (_what, offset, size) => {
    const bytes = file(headerWords([END]), offset, size);
    expect(findMultiboot2Header(bytes)).toEqual({ offset, architecture: 0, length: 24 });
    expect(readMultiboot2Header(bytes)).toEqual({
      offset,
      length: 24,
      address: null,
      entry: null,
      relocatable: null,
      takesTextScreen: true,
    });
  });

  it('is the first for i386 whose checksum is right', () => {
    const wrong = headerWords([END], { error: 1 });
    const mips = headerWords([END], { architecture: 4 });
    expect(findMultiboot2Header(file([...wrong, ...mips, ...headerWords([END])]))?.offset).toBe(48);
  });

  it.each([
    ['outside the first 32 KiB', file(headerWords([END]), 32768), 32768, /outside/],
    ['partly outside the first 32 KiB', file(headerWords([END]), 32760, 40000), 32760, /outside/],
    ['at a multiple of 4', file(headerWords([END]), 20), 20, /multiple of 8/],
    ['at an odd offset', file(headerWords([END]), 1), 1, /multiple of 8/],
    ['cut off by the end of the file', file(headerWords([END]), 8, 20), 8, /cut off/],
    ['with a wrong checksum', file(headerWords([END], { error: 1 }), 8), 20, /checksum/],
    ['longer than the file', file(headerWords([END], { length: 32 })), 8, /header_length is 32, with 24/],
    ['shorter than its fixed fields', file(headerWords([END], { length: 8 })), 8, /header_length is 8/],
    ['nowhere', new Uint8Array(100), null, /found none/],
    ['in an empty file', new Uint8Array(0), null, /found none/],
  ])('is not found %s', (_what, bytes, offset, message) => {
    expect(findMultiboot2Header(bytes)).toBeNull();
    expect(errorOf(bytes)).toMatchObject({ code: 'bad-header', offset });
    expect(errorOf(bytes).message).toMatch(message);
  });

  it.each([
    [4, /MIPS/],
    [8, /0x8/],
  ])('for architecture %i is refused', (architecture, message) => {
    const error = errorOf(file(headerWords([END], { architecture }), 8));
    expect(error).toMatchObject({ code: 'unsupported', offset: 12 });
    expect(error.message).toMatch(message);
  });
});

describe('the tags of a Multiboot 2 header', () => {
  it('may give addresses and an entry', () => {
    const header = read([2, 24, 0x100010, 0x100000, 0x102000, 0x104000], [3, 12, 0x100040]);
    expect(header.address).toEqual({
      offset: 16,
      headerAddress: 0x100010,
      loadAddress: 0x100000,
      loadEndAddress: 0x102000,
      bssEndAddress: 0x104000,
    });
    expect(header.entry).toEqual({ offset: 40, address: 0x100040 });
  });

  it.each([
    [0, 'none'],
    [1, 'lowest'],
    [2, 'highest'],
  ])('may make it relocatable with preference %i', (code, preference) => {
    expect(read([10, 24, 0x200000, 0x8000000, 0x1000, code]).relocatable).toEqual({
      offset: 16,
      minAddress: 0x200000,
      maxAddress: 0x8000000,
      alignment: 0x1000,
      preference,
    });
  });

  it('may leave the alignment of a relocatable image open', () => {
    expect(read([10, 24, 0, 0xffffffff, 0, 0]).relocatable?.alignment).toBe(1);
  });

  it.each([
    ['min_addr above max_addr', [0x2000, 0x1000, 1, 0], 24, /min_addr.*0x1000.*0x2000/],
    ['an alignment that is no power of two', [0, 0x1000, 24, 0], 32, /align.*power of two.*0x18/],
    ['an unknown preference', [0, 0x1000, 1, 3], 36, /preference.*3/],
  ])('may not make it relocatable with %s', (_what, words, offset, message) => {
    const error = errorOf(file(headerWords([[10, 24, ...words], END])));
    expect(error).toMatchObject({ code: 'bad-header', offset });
    expect(error.message).toMatch(message);
  });

  it('may ask for any information that the specification knows', () => {
    const types = Array.from({ length: 22 }, (_, type) => type);
    expect(() => read([1, 8 + 4 * types.length, ...types])).not.toThrow();
  });

  it('may not require information that it does not know', () => {
    const error = errorOf(file(headerWords([[1, 20, 1, 22, 6], END])));
    expect(error).toMatchObject({ code: 'unsupported', offset: 28 });
    expect(error.message).toMatch(/up to 21, of which 1 to 6, 8, 9.*found type 22; /);
    expect(() => read([optional(1), 12, 0x12345678])).not.toThrow();
  });

  it.each([
    [0b00, true, false],
    [0b01, false, false],
    [0b10, true, true],
    [0b11, true, true],
  ])('with console flags %i', (flags, isAccepted, takesTextScreen) => {
    if (isAccepted) expect(read([4, 12, flags]).takesTextScreen).toBe(takesTextScreen);
    else expect(errorOf(file(headerWords([[4, 12, flags], END])))).toMatchObject({ code: 'unsupported', offset: 24 });
    expect(read([optional(4), 12, flags]).takesTextScreen).toBe(takesTextScreen);
  });

  it.each([
    ['of text', [5, 20, 80, 25, 0]],
    ['without a wish', [5, 20, 0, 0, 0]],
    ['of graphics, optionally', [optional(5), 20, 1024, 768, 32]],
  ])('may want a framebuffer %s', (_what, tag) => {
    expect(read(tag).takesTextScreen).toBe(true);
  });

  it('may not require graphics', () => {
    const error = errorOf(file(headerWords([[5, 20, 1024, 768, 32], END])));
    expect(error).toMatchObject({ code: 'unsupported', offset: 32 });
    expect(error.message).toMatch(/1024 by 768 with 32 bits.*graphics are not set up/);
  });

  it.each([
    ['EFI boot services', [7, 8]],
    ['EFI i386 entry address', [8, 12, 0x100000]],
    ['EFI amd64 entry address', [9, 12, 0x100000]],
  ])('may name %s only as an option', (name, [type = 0, ...rest]) => {
    const error = errorOf(file(headerWords([[6, 8], [type, ...rest], END])));
    expect(error).toMatchObject({ code: 'unsupported', offset: 24 });
    expect(error.message).toMatch(/no UEFI here/);
    expect(error.message).toContain(`type ${type}, ${name};`);
    expect(() => read([optional(type), ...rest])).not.toThrow();
  });

  it('may be unknown only as an option', () => {
    const error = errorOf(file(headerWords([[11, 8], END])));
    expect(error).toMatchObject({ code: 'unsupported', offset: 16 });
    expect(error.message).toMatch(/found type 11;/);
    expect(() => read([optional(11), 9, 0, 0], [0x1ffff, 64, ...Array.from({ length: 14 }, () => 0)])).not.toThrow();
  });

  it.each([
    ['an address tag of 20 bytes', [2, 20, 0, 0, 0, 0], 20, /address: expected 24 bytes.*found 20/],
    ['an entry tag of 16 bytes', [3, 16, 0, 0], 20, /entry address: expected 12 bytes/],
    ['console flags without flags', [4, 8], 20, /console flags: expected 12/],
    ['a framebuffer tag of 24 bytes', [5, 24, 0, 0, 0, 0], 20, /framebuffer: expected 20/],
    ['a module alignment of 12 bytes', [6, 12, 0, 0], 20, /module alignment: expected 8/],
    ['a relocatable tag of 20 bytes', [10, 20, 0, 0, 1, 0], 20, /relocatable header: expected 24/],
    ['a request of 10 bytes', [1, 10, 1], 20, /information request.*multiple of 4, found 10/],
    ['an unknown tag of 7 bytes', [optional(99), 7], 20, /99: expected 8 to 16 bytes, found 7/],
    ['a tag of size 0', [6, 0], 20, /found 0/],
    ['a tag longer than the header', [optional(99), 0xffffffff], 20, /found 4294967295, with 16 left/],
    ['an end tag of 4 bytes', [0, 4], 20, /end: expected 8 bytes/],
  ])('may not be %s', (_what, tag, offset, message) => {
    const error = errorOf(file(headerWords([tag, END])));
    expect(error).toMatchObject({ code: 'bad-header', offset });
    expect(error.message).toMatch(message);
  });

  it('may not lack an end tag', () => {
    const error = errorOf(file(headerWords([[6, 8]])));
    expect(error).toMatchObject({ code: 'bad-header', offset: 24 });
    expect(error.message).toMatch(/end tag.*none up to 0x18/);
    expect(errorOf(file(headerWords([]))).message).toMatch(/end tag.*none up to 0x10/);
    // Behind the header, it does not count.
    expect(errorOf(file([...headerWords([[6, 8]]), ...END])).message).toMatch(/end tag/);
  });

  it('after the end tag are not read', () => {
    expect(() => read([0, 8], [99, 0])).not.toThrow();
  });
});
