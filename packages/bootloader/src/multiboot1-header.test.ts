import { describe, expect, it } from 'vitest';
import { BootError } from './error.ts';
import { findMultiboot1Header, readMultiboot1Header } from './multiboot1-header.ts';

function file(size: number, offset: number, flags: number, fields: readonly number[] = []): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  const words = [0x1badb002, flags, -(0x1badb002 + flags), ...fields];
  words.forEach((word, index) => {
    if (offset + 4 * index + 4 <= size) view.setUint32(offset + 4 * index, word, true);
  });
  return new Uint8Array(view.buffer);
}

function errorOf(bytes: Uint8Array): BootError {
  try {
    readMultiboot1Header(bytes);
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('expected a BootError');
}

describe('a Multiboot 1 header', () => {
  it.each([
    ['at the start', 12, 0],
    ['at a multiple of 4', 100, 20],
    ['at the end of the first 8 KiB', 9000, 8180],
  ])('is found %s', (_what, size, offset) => {
    expect(findMultiboot1Header(file(size, offset, 3))).toEqual({ offset, flags: 3, addresses: null });
  });

  it('has address fields with flag 16', () => {
    expect(findMultiboot1Header(file(64, 4, 0x10001, [1, 2, 3, 4, 5]))?.addresses).toEqual({
      headerAddress: 1,
      loadAddress: 2,
      loadEndAddress: 3,
      bssEndAddress: 4,
      entryAddress: 5,
    });
  });

  it('is the first whose checksum is right', () => {
    const bytes = file(64, 32, 1);
    new DataView(bytes.buffer).setUint32(0, 0x1badb002, true);
    expect(findMultiboot1Header(bytes)?.offset).toBe(32);
  });

  it.each([
    ['outside the first 8 KiB', file(9000, 8192, 3), /outside/],
    ['partly outside the first 8 KiB', file(9000, 8184, 3), /outside/],
    ['at an odd offset', file(100, 22, 3), /multiple of 4/],
    ['cut off by the end of the file', file(24, 16, 3), /outside|cut off/],
    ['with address fields that are cut off', file(30, 0, 0x10000), /cut off/],
    ['nowhere', new Uint8Array(100), /found none/],
    ['in an empty file', new Uint8Array(0), /found none/],
  ])('is not found %s', (_what, bytes, message) => {
    expect(findMultiboot1Header(bytes)).toBeNull();
    expect(errorOf(bytes)).toMatchObject({ code: 'bad-header' });
    expect(errorOf(bytes).message).toMatch(message);
  });

  it('with a wrong checksum is pointed out', () => {
    const bytes = file(64, 8, 3);
    bytes[16] = (bytes[16] ?? 0) ^ 1;
    expect(errorOf(bytes)).toMatchObject({ code: 'bad-header', offset: 16 });
    expect(errorOf(bytes).message).toMatch(/checksum/);
  });

  it.each([0, 1, 2])('may require bit %i', (bit) => {
    expect(readMultiboot1Header(file(64, 0, 1 << bit)).flags).toBe(1 << bit);
  });

  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])('may not require bit %i', (bit) => {
    expect(errorOf(file(64, 0, 1 << bit))).toMatchObject({ code: 'unsupported', offset: 4 });
    expect(errorOf(file(64, 0, 1 << bit)).message).toContain(`bit ${bit};`);
  });

  it.each([17, 24, 31])('may ask for the optional bit %i, which is ignored', (bit) => {
    expect(readMultiboot1Header(file(64, 0, (1 << bit) >>> 0)).addresses).toBeNull();
  });
});
