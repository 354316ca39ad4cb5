import type { AccessWidth, MemoryDevice } from '@longmode/device';
import { describe, expect, it } from 'vitest';
import { MemoryMap, type UnclaimedMemory } from './memory-map.ts';

function recordingDevice(log: string[]): MemoryDevice {
  return {
    readMemory(offset, width) {
      log.push(`r${width}@${offset}`);
      return width === 32 ? -1 : 0xabcd_ef00 | offset;
    },
    writeMemory(offset, width, value) {
      log.push(`w${width}@${offset}=${value.toString(16)}`);
    },
  };
}

function mapWith(width?: AccessWidth): { map: MemoryMap; log: string[] } {
  const log: string[] = [];
  const map = new MemoryMap();
  map.claim({
    name: 'screen',
    first: 0xb8000,
    sizeBytes: 8,
    device: recordingDevice(log),
    ...(width ? { width } : {}),
  });
  return { map, log };
}

describe('splitting', () => {
  const cases: [string, AccessWidth | undefined, number, AccessWidth, string[]][] = [
    ['an aligned access goes whole', undefined, 0xb8004, 32, ['r32@4']],
    ['a misaligned word is two bytes', undefined, 0xb8001, 16, ['r8@1', 'r8@2']],
    ['a doubleword at 2 mod 4 is two words', undefined, 0xb8002, 32, ['r16@2', 'r16@4']],
    ['a doubleword at an odd address is four bytes', undefined, 0xb8001, 32, ['r8@1', 'r8@2', 'r8@3', 'r8@4']],
    ['an access over the end touches what is inside', undefined, 0xb8006, 32, ['r16@6']],
    ['an access over the beginning touches what is inside', undefined, 0xb7ffe, 32, ['r16@0']],
    ['an 8-bit part gets bytes', 8, 0xb8000, 32, ['r8@0', 'r8@1', 'r8@2', 'r8@3']],
    ['a 16-bit part gets words', 16, 0xb8004, 32, ['r16@4', 'r16@6']],
  ];
  it.each(cases)('%s', (_, width, address, access, expected) => {
    const { map, log } = mapWith(width);
    map.read(address, access);
    expect(log).toEqual(expected);
    log.length = 0;
    map.write(address, access, 0);
    expect(log.map((entry) => entry.replace('w', 'r').replace('=0', ''))).toEqual(expected);
  });

  it('cuts what a part returns to the width', () => {
    const { map } = mapWith();
    expect([map.read(0xb8004, 8), map.read(0xb8004, 16), map.read(0xb8004, 32)]).toEqual([4, 0xef04, 0xffff_ffff]);
  });

  it('puts split accesses together and takes them apart, low part first', () => {
    const { map, log } = mapWith(8);
    expect(map.read(0xb8006, 32)).toBe(0xffff_0706);
    log.length = 0;
    map.write(0xb8000, 32, 0x8877_6655);
    expect(log).toEqual(['w8@0=55', 'w8@1=66', 'w8@2=77', 'w8@3=88']);
  });
});

describe('regions', () => {
  it('are found by address, wherever the last access went, up to 2^52', () => {
    const log: string[] = [];
    const map = new MemoryMap();
    const top = 2 ** 52 - 0x1000;
    map.claim({ name: 'top', first: top, sizeBytes: 0x1000, device: recordingDevice(log) });
    map.claim({ name: 'low', first: 0xa0000, sizeBytes: 0x20000, device: recordingDevice(log), offset: 0x100 });
    map.claim({ name: 'apic', first: 0xfee0_0000, sizeBytes: 0x1000, device: recordingDevice(log) });
    expect(map.regions.map((region) => region.name)).toEqual(['low', 'apic', 'top']);
    for (const address of [0xfee0_0ffc, 0xa0000, top + 0xffc, 0xbfffc]) map.read(address, 32);
    expect(log).toEqual(['r32@4092', 'r32@256', 'r32@4092', `r32@${0x1fffc + 0x100}`]);
    expect(map.regionAt(0xbffff)?.name).toBe('low');
    expect(map.regionAt(0xc0000)).toBeUndefined();
    expect(map.regionAt(0x9ffff)).toBeUndefined();
  });

  it.each([
    [0xb8000, 8],
    [0xb7fff, 2],
    [0xb8007, 1],
    [0, 0x100000],
  ])('%d and %d bytes overlap and throw', (first, sizeBytes) => {
    const { map } = mapWith();
    const second = { name: 'second', first, sizeBytes, device: recordingDevice([]) };
    expect(() => map.claim(second)).toThrow('belongs to screen');
    expect(map.regions).toHaveLength(1);
  });

  it.each([
    [-1, 1],
    [0, 0],
    [2 ** 52, 1],
    [0.5, 1],
    [0, Number.POSITIVE_INFINITY],
  ])('%d and %d bytes are refused', (first, sizeBytes) => {
    const claim = { name: 'bad', first, sizeBytes, device: recordingDevice([]) };
    expect(() => new MemoryMap().claim(claim)).toThrow(expect.objectContaining({ code: 'bad-number' }));
  });
});

describe('unclaimed addresses', () => {
  it('read as all ones and ignore writes', () => {
    const map = new MemoryMap();
    expect([map.read(0, 8), map.read(1, 16), map.read(3, 32)]).toEqual([0xff, 0xffff, 0xffff_ffff]);
    map.write(0, 32, 1);
  });

  it('are reported once a page, and never without end', () => {
    const seen: UnclaimedMemory[] = [];
    const map = new MemoryMap({ events: { onUnclaimed: (access) => seen.push(access) } });
    map.write(0x1000, 32, -1);
    map.read(0x1ffc, 32);
    map.read(0x2000, 32);
    expect(seen).toEqual([
      { address: 0x1000, width: 32, value: 0xffff_ffff },
      { address: 0x2000, width: 32, value: null },
    ]);
    for (let page = 0; page < 5000; page++) map.read(page * 0x1000, 8);
    expect(seen).toHaveLength(1024);
  });
});
