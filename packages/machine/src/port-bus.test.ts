import type { AccessWidth, PortDevice } from '@longmode/device';
import { describe, expect, it } from 'vitest';
import { PortBus, type PortClaim, type UnclaimedPort } from './port-bus.ts';

/** Logs every access; reads return the offset in every byte, and rubbish above the width. */
function recordingDevice(log: string[], name = ''): PortDevice {
  return {
    readPort(offset, width) {
      log.push(`${name}r${width}@${offset}`);
      return 0x7700_0000 | (offset << 8) | (offset + 1);
    },
    writePort(offset, width, value) {
      log.push(`${name}w${width}@${offset}=${value.toString(16)}`);
    },
  };
}

function busWith(claim: Omit<PortClaim, 'name' | 'device'>): { bus: PortBus; log: string[] } {
  const log: string[] = [];
  const bus = new PortBus();
  bus.claim({ name: 'part', device: recordingDevice(log), ...claim });
  return { bus, log };
}

describe('splitting', () => {
  const cases: [string, AccessWidth | undefined, number, AccessWidth, string[]][] = [
    ['a byte goes whole', undefined, 0x10, 8, ['r8@0']],
    ['a word to an 8-bit part is two bytes, low first', undefined, 0x10, 16, ['r8@0', 'r8@1']],
    ['a doubleword to an 8-bit part is four bytes', undefined, 0x10, 32, ['r8@0', 'r8@1', 'r8@2', 'r8@3']],
    ['a doubleword to a 16-bit part is two words', 16, 0x10, 32, ['r16@0', 'r16@2']],
    ['a word to a 16-bit part goes whole, odd or not', 16, 0x11, 16, ['r16@1']],
    ['a doubleword to a 32-bit part goes whole', 32, 0x10, 32, ['r32@0']],
    ['a wide access that starts in a wide claim goes whole, even over its end', 32, 0x13, 32, ['r32@3']],
    ['a word that begins before the claim touches it with one byte', undefined, 0x0f, 16, ['r8@0']],
    ['a doubleword that ends behind the claim touches what is in it', undefined, 0x12, 32, ['r8@2', 'r8@3']],
  ];
  it.each(cases)('%s', (_, width, port, access, expected) => {
    const { bus, log } = busWith({ first: 0x10, count: 4, ...(width ? { width } : {}) });
    bus.read(port, access);
    expect(log).toEqual(expected);
    log.length = 0;
    bus.write(port, access, 0);
    expect(log.map((entry) => entry.replace('w', 'r').replace('=0', ''))).toEqual(expected);
  });

  it('puts a split read together, low part at the low port', () => {
    const { bus } = busWith({ first: 0x10, count: 4 });
    expect(bus.read(0x10, 32).toString(16)).toBe('4030201');
    expect(bus.read(0x12, 32).toString(16)).toBe('ffff0403');
  });

  it('takes a split write apart', () => {
    const { bus, log } = busWith({ first: 0x10, count: 4, width: 16 });
    bus.write(0x10, 32, 0x89ab_cdef);
    expect(log).toEqual(['w16@0=cdef', 'w16@2=89ab']);
  });

  it('cuts what a part returns, and what a guest writes, to the width', () => {
    const { bus, log } = busWith({ first: 0, count: 1, width: 32 });
    expect([bus.read(0, 8), bus.read(0, 16), bus.read(0, 32)]).toEqual([1, 1, 0x7700_0001]);
    log.length = 0;
    bus.write(0, 8, 0x1234);
    bus.write(0, 32, -1);
    expect(log).toEqual(['w8@0=34', 'w32@0=ffffffff']);
  });

  it('ports wrap at 0xffff', () => {
    const { bus, log } = busWith({ first: 0, count: 1 });
    expect(bus.read(0xffff, 16)).toBe(0x01ff);
    expect(log).toEqual(['r8@0']);
  });
});

describe('claims', () => {
  it('a part sees offsets; the offset of the first port can be chosen', () => {
    const log: string[] = [];
    const bus = new PortBus();
    const device = recordingDevice(log);
    bus.claim({ name: 'keyboard', first: 0x60, count: 1, device });
    bus.claim({ name: 'keyboard', first: 0x64, count: 1, device, offset: 4 });
    bus.read(0x60, 8);
    bus.read(0x64, 8);
    expect(log).toEqual(['r8@0', 'r8@4']);
    expect(bus.claims.map((claim) => claim.first)).toEqual([0x60, 0x64]);
  });

  it.each([
    ['the same port', 0x20, 1],
    ['the first port', 0x1f, 2],
    ['the last port', 0x21, 5],
  ])('an overlap in %s throws, names the owner and claims nothing', (_, first, count) => {
    const { bus } = busWith({ first: 0x20, count: 2 });
    const device = recordingDevice([]);
    expect(() => bus.claim({ name: 'second', first, count, device })).toThrow(/second: port 0x2\d belongs to part/);
    expect(bus.claims).toHaveLength(1);
    bus.claim({ name: 'third', first: 0x1f, count: 1, device });
  });

  it.each([
    [-1, 1],
    [0x10000, 1],
    [0xffff, 2],
    [0, 0],
    [0.5, 1],
    [0, Number.NaN],
  ])('%d and %d ports are refused', (first, count) => {
    expect(() => busWith({ first, count })).toThrow(expect.objectContaining({ code: 'bad-number' }));
  });

  it('the whole space can be claimed', () => {
    const { bus, log } = busWith({ first: 0, count: 0x10000 });
    bus.read(0xffff, 8);
    expect(log).toEqual(['r8@65535']);
  });
});

describe('unclaimed ports', () => {
  it('read as all ones and ignore writes', () => {
    const bus = new PortBus();
    expect([bus.read(0x80, 8), bus.read(0x80, 16), bus.read(0x80, 32)]).toEqual([0xff, 0xffff, 0xffff_ffff]);
    bus.write(0x80, 32, 5);
  });

  it('are not told when the host looks, and are when the guest does', () => {
    const seen: unknown[] = [];
    const bus = new PortBus({ events: { onUnclaimed: (access) => seen.push(access) } });
    expect(bus.untold.readPort(0x2f8, 8)).toBe(0xff);
    expect(bus.untold.readPort(0x2f8, 32)).toBe(0xffff_ffff);
    bus.untold.writePort(0x2f8, 16, 1);
    expect(seen).toEqual([]);
    bus.read(0x2f8, 8);
    expect(seen).toEqual([{ port: 0x2f8, width: 8, value: null }]);
  });

  it('are reported once for each direction, with the whole width', () => {
    const seen: UnclaimedPort[] = [];
    const bus = new PortBus({ events: { onUnclaimed: (access) => seen.push(access) } });
    for (let i = 0; i < 3; i++) {
      bus.read(0x80, 16);
      bus.write(0x80, 8, 0x1ff);
    }
    expect(seen).toEqual([
      { port: 0x80, width: 16, value: null },
      { port: 0x80, width: 8, value: 0xff },
    ]);
  });

  it('are reported for the part of an access that no device answers', () => {
    const seen: UnclaimedPort[] = [];
    const bus = new PortBus({ events: { onUnclaimed: (access) => seen.push(access) } });
    bus.claim({ name: 'part', first: 0x80, count: 1, device: recordingDevice([]) });
    bus.write(0x80, 32, 0x4433_2211);
    expect(seen).toEqual([
      { port: 0x81, width: 8, value: 0x22 },
      { port: 0x82, width: 16, value: 0x4433 },
    ]);
  });
});

describe('a window', () => {
  it('moves, closes, and gives way to claims', () => {
    const { bus, log } = busWith({ first: 0x10, count: 4 });
    let first: number | null = null;
    bus.openWindow({
      name: 'window',
      count: 4,
      offset: 8,
      width: 16,
      device: recordingDevice(log, 'window '),
      first: () => first,
    });
    bus.write(0x40, 8, 1);
    first = 0x40;
    bus.write(0x42, 16, 2);
    bus.write(0x44, 8, 3);
    first = 0x12;
    bus.read(0x13, 16);
    first = 0xfffe;
    bus.read(0xffff, 8);
    expect(log).toEqual(['window w16@10=2', 'r8@3', 'window r8@10', 'window r8@9']);
  });
});
