import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

const written = (write: (out: ByteWriter) => void) => {
  const out = new ByteWriter(1);
  write(out);
  return [...out.toBytes()];
};

/** LEB128 as the specification defines it, read back with unlimited integers. */
function decode(bytes: readonly number[], isSigned: boolean): bigint {
  let value = 0n;
  bytes.forEach((byte, index) => {
    expect(byte >= 0x80, `continuation of byte ${index}`).toBe(index < bytes.length - 1);
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
  });
  return isSigned ? BigInt.asIntN(7 * bytes.length, value) : value;
}

describe('unsigned LEB128', () => {
  it.each([
    [0, [0x00]],
    [0x7f, [0x7f]],
    [0x80, [0x80, 0x01]],
    [624485, [0xe5, 0x8e, 0x26]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    [-1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('of %i', (value, bytes) => {
    expect(written((out) => out.u32(value))).toEqual(bytes);
  });

  it('reads back, in as few bytes as there are groups of seven bits', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (value) => {
        const bytes = written((out) => out.u32(value));
        expect(decode(bytes, false)).toBe(BigInt(value));
        expect(bytes).toHaveLength(Math.max(1, Math.ceil((32 - Math.clz32(value)) / 7)));
      }),
    );
  });

  it('takes five bytes when padded', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (value) => {
        const bytes = written((out) => out.u32Padded(value));
        expect(bytes).toHaveLength(5);
        expect(decode(bytes, false)).toBe(BigInt(value));
      }),
    );
  });
});

describe('signed LEB128', () => {
  it.each([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [0x7fffffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-0x80000000, [0x80, 0x80, 0x80, 0x80, 0x78]],
    [0xffffffff, [0x7f]],
  ])('of %i in 32 bits', (value, bytes) => {
    expect(written((out) => out.s32(value))).toEqual(bytes);
  });

  it.each([
    [0xffffffffffffffffn, [0x7f]],
    [0x7fffffffffffffffn, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]],
    [-0x8000000000000000n, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    [2 ** 53 - 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('of %s in 64 bits', (value, bytes) => {
    expect(written((out) => out.s64(value))).toEqual(bytes);
  });

  it('reads back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer(), (wide, narrow) => {
        expect(
          decode(
            written((out) => out.s64(wide)),
            true,
          ),
        ).toBe(wide);
        expect(
          decode(
            written((out) => out.s32(narrow)),
            true,
          ),
        ).toBe(BigInt(narrow));
        expect(written((out) => out.s64(narrow))).toEqual(written((out) => out.s32(narrow)));
      }),
    );
  });
});

describe('a byte writer', () => {
  it('grows as it is written to', () => {
    const out = new ByteWriter(2);
    for (let i = 0; i < 1000; i++) out.byte(i & 0xff);
    out.append(new Uint8Array(5000).fill(7)).append(new Uint8Array(0));
    expect(out.length).toBe(6000);
    expect([out.toBytes()[999], out.toBytes()[1000], out.toBytes()[5999]]).toEqual([999 & 0xff, 7, 7]);
  });

  it('counts the bytes of a name, not its characters', () => {
    expect(written((out) => out.name('aé€'))).toEqual([6, 0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac]);
  });

  it('gives a copy, or a view without one', () => {
    const out = new ByteWriter(8).byte(1);
    const copy = out.toBytes();
    const view = out.view();
    view[0] = 2;
    expect([copy[0], out.toBytes()[0], view.length]).toEqual([1, 2, 1]);
  });
});
