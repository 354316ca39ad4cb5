import { describe, expect, it } from 'vitest';
import { MemoryImage } from './memory.ts';

describe('MemoryImage', () => {
  it('reads and writes little-endian words in place', () => {
    const bytes = new Uint8Array([9, 9, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0]);
    const image = new MemoryImage({ bytes: bytes.subarray(2), base: 0x1000 });
    expect(image.read32(0x1000)).toBe(0x1234_5678);
    image.write32(0x1004, 0x8000_0001);
    expect([...bytes.subarray(6)]).toEqual([1, 0, 0, 0x80]);
  });

  it('reads all ones and takes no writes outside', () => {
    const bytes = new Uint8Array(8);
    const image = new MemoryImage({ bytes, base: 0x1000 });
    for (const address of [0, 0xffc, 0xffe, 0x1006, 0x1008, 2 ** 51]) {
      expect(image.read32(address)).toBe(-1);
      image.write32(address, 0x5555_5555);
    }
    expect([...bytes]).toEqual(Array.from({ length: 8 }, () => 0));
  });
});
