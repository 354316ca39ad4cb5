import { describe, expect, it } from 'vitest';
import { MemoryImage } from './memory.ts';
import { loadPdptes } from './pdpte.ts';

const TABLE = 0x1020;

function load(entries: bigint[], cr3Low = TABLE, maxPhyAddr = 36): { isLoaded: boolean; words: number[] } {
  const bytes = new Uint8Array(0x2000);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, index) => {
    view.setBigUint64(TABLE + 8 * index, entry, true);
  });
  const pdptes = new Uint32Array(8).fill(0x77);
  const isLoaded = loadPdptes(new MemoryImage({ bytes }), cr3Low, maxPhyAddr, pdptes);
  return { isLoaded, words: [...pdptes] };
}

describe('loadPdptes', () => {
  it('loads four entries from CR3 bits 31:5', () => {
    const { isLoaded, words } = load([0x1001n, 0xf_ffff_f001n, 0n, 0x4e19n], TABLE | 0x1f);
    expect([isLoaded, words]).toEqual([true, [0x1001, 0, 0xffff_f001, 0xf, 0, 0, 0x4e19, 0]]);
  });

  it('refuses every reserved bit of a present entry and loads nothing', () => {
    for (let bit = 1; bit < 64; bit += 1) {
      const isReserved = bit <= 2 || (bit >= 5 && bit <= 8) || bit >= 36;
      const { isLoaded, words } = load([0x1001n, 0n, 0n, 1n | (1n << BigInt(bit))]);
      expect([bit, isLoaded]).toEqual([bit, !isReserved]);
      if (isReserved) expect(words).toEqual(Array.from({ length: 8 }, () => 0x77));
    }
  });

  it('does not check an entry that is not present', () => {
    expect(load([0xffff_ffff_ffff_fffen, 0n, 0n, 0n]).isLoaded).toBe(true);
  });

  it.each([
    [32, 32],
    [52, 52],
  ])('reserves from MAXPHYADDR up: %i', (maxPhyAddr, lowest) => {
    const entry = (bit: number): bigint[] => [1n | (1n << BigInt(bit))];
    expect(load(entry(lowest), TABLE, maxPhyAddr).isLoaded).toBe(false);
    expect(load(entry(lowest - 1), TABLE, maxPhyAddr).isLoaded).toBe(true);
  });
});
