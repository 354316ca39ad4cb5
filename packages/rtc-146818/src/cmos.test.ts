import { describe, expect, it } from 'vitest';
import { cmosForMemory, RtcError, updateCmosChecksum } from './index.ts';

const MIB = 1024 * 1024;
const word = (cmos: Uint8Array, at: number): number => (cmos[at] ?? 0) | ((cmos[at + 1] ?? 0) << 8);

describe('CMOS contents', () => {
  // Base and extended memory in KiB, memory above 16 MiB and above 4 GiB in 64 KiB.
  it.each([
    [0.5 * MIB, 512, 0, 0, 0],
    [1 * MIB, 640, 0, 0, 0],
    [16 * MIB, 640, 15 * 1024, 0, 0],
    [17 * MIB, 640, 16 * 1024, 16, 0],
    [64 * MIB, 640, 63 * 1024, 48 * 16, 0],
    [128 * MIB, 640, 0xffff, 112 * 16, 0],
    [3072 * MIB, 640, 0xffff, 3056 * 16, 0],
    [5120 * MIB, 640, 0xffff, 3056 * 16, 2048 * 16],
  ])('of %i bytes of memory', (size, base, extended, above16, above4) => {
    const cmos = cmosForMemory(size);
    expect(cmos).toHaveLength(128);
    expect([word(cmos, 0x15), word(cmos, 0x17), word(cmos, 0x30), word(cmos, 0x34)]).toEqual([
      base,
      extended,
      extended,
      above16,
    ]);
    expect(word(cmos, 0x5b) + ((cmos[0x5d] ?? 0) << 16)).toBe(above4);
    expect(cmos[0x14]).toBe(0x02);
    expect([...cmos.subarray(0, 0x10)]).toEqual(Array.from({ length: 16 }, () => 0));
  });

  it('are checked by the sum of 10h to 2Dh, high byte first', () => {
    const cmos = cmosForMemory(128 * MIB, { floppyTypes: [4, 0], diskCount: 1 });
    const sum = (): number => cmos.slice(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
    expect(((cmos[0x2e] ?? 0) << 8) | (cmos[0x2f] ?? 0)).toBe(sum());
    cmos.fill(0xff, 0x10, 0x2e);
    updateCmosChecksum(cmos);
    expect([cmos[0x2e], cmos[0x2f]]).toEqual([(30 * 0xff) >> 8, (30 * 0xff) & 0xff]);
  });

  it.each([
    [[0, 0], 0, 0x00, 0x00, 0x02],
    [[4, 0], 1, 0x40, 0xf0, 0x03],
    [[4, 5], 2, 0x45, 0xff, 0x43],
    [[0, 2], 0, 0x02, 0x00, 0x03],
  ] as const)('tell of floppy drives %j and %i disks', (floppyTypes, diskCount, floppies, disks, equipment) => {
    const cmos = cmosForMemory(16 * MIB, { floppyTypes, diskCount });
    expect([cmos[0x10], cmos[0x12], cmos[0x14]]).toEqual([floppies, disks, equipment]);
  });

  it('take a split of memory that the embedder chooses', () => {
    const cmos = cmosForMemory(4096 * MIB, { lowRamSizeBytes: 2048 * MIB });
    expect([word(cmos, 0x34), word(cmos, 0x5b)]).toEqual([2032 * 16, 2048 * 16]);
  });

  it.each([
    [-1, undefined],
    [0.5, undefined],
    [Number.NaN, undefined],
    [MIB, 2 * MIB],
    [8192 * MIB, 5000 * MIB],
    [MIB, -1],
  ])('are refused for %d bytes of memory, %d of them low', (size, low) => {
    const options = low === undefined ? {} : { lowRamSizeBytes: low };
    expect(() => cmosForMemory(size, options)).toThrow(RtcError);
  });
});
