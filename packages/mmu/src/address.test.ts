import { describe, expect, it } from 'vitest';
import { canonicalAddress, formatHex, formatSize, highWord, isCanonical, joinWords, lowWord } from './address.ts';

describe('isCanonical', () => {
  it.each<[bigint, number, boolean]>([
    [0n, 48, true],
    [0x0000_7fff_ffff_ffffn, 48, true],
    [0x0000_8000_0000_0000n, 48, false],
    [0xffff_7fff_ffff_ffffn, 48, false],
    [0xffff_8000_0000_0000n, 48, true],
    [0xffff_ffff_ffff_ffffn, 48, true],
    [0x7fff_8000_0000_0000n, 48, false],
    [0x00ff_ffff_ffff_ffffn, 57, true],
    [0x0100_0000_0000_0000n, 57, false],
    [0xfeff_ffff_ffff_ffffn, 57, false],
    [0xff00_0000_0000_0000n, 57, true],
    [0x8000_0000_0000_0000n, 64, true],
  ])('of %s with %i bits is %s', (linear, bits, expected) => {
    const [low, high] = [lowWord(linear), highWord(linear)];
    expect(isCanonical(low, high, bits)).toBe(expected);
    expect(isCanonical(low | 0, high | 0, bits)).toBe(expected);
    expect(canonicalAddress(linear, bits) === linear).toBe(expected);
  });
});

describe('words', () => {
  it('join what they were split from, signed or unsigned', () => {
    for (const value of [0n, 0xffff_ffffn, 0x1_0000_0000n, 0x8000_0001_8000_0001n, 0xffff_ffff_ffff_ffffn]) {
      expect(joinWords(lowWord(value), highWord(value))).toBe(value);
      expect(joinWords(lowWord(value) | 0, highWord(value) | 0)).toBe(value);
    }
  });
});

describe('formatting', () => {
  it('groups hexadecimal digits by four', () => {
    expect(formatHex(0xffff_8000_0000_1000n)).toBe('0xffff_8000_0000_1000');
    expect(formatHex(0x1234)).toBe('0x1234');
    expect(formatHex(0x12345)).toBe('0x1_2345');
    expect(formatHex(0, 8)).toBe('0x0000_0000');
  });

  it('picks the largest unit that divides a size', () => {
    expect([0x1000, 0x20_0000, 0x4000_0000, 3, 0].map((size) => formatSize(size))).toEqual([
      '4 KiB',
      '2 MiB',
      '1 GiB',
      '3 bytes',
      '0 bytes',
    ]);
    expect(formatSize(1n << 63n)).toBe('8 EiB');
  });
});
