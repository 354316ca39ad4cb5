import { checkDevice, checkRestore, type DeviceDescription } from '@longmode/device-testing';
import { describe, expect, it } from 'vitest';
import { FW_CFG_FILE_DIRECTORY, FW_CFG_ID, FW_CFG_PORT_COUNT, FW_CFG_SIGNATURE, FwCfg, FwCfgError } from './index.ts';

function read(device: FwCfg, item: number, count: number): number[] {
  device.writePort(0, 16, item);
  return Array.from({ length: count }, () => device.readPort(1, 8));
}

describe('items', () => {
  const device = new FwCfg({
    files: [
      { name: 'vgaroms/b.bin', bytes: Uint8Array.of(1, 2, 3) },
      { name: 'etc/a', bytes: Uint8Array.of(9) },
    ],
    items: { 32769: Uint8Array.of(7) },
  });

  it('say who it is and what it can do', () => {
    expect(String.fromCharCode(...read(device, FW_CFG_SIGNATURE, 4))).toBe('QEMU');
    expect(read(device, FW_CFG_ID, 5)).toEqual([1, 0, 0, 0, 0]);
    expect(read(device, 0x0005, 2)).toEqual([1, 0]);
  });

  it('of files are listed by name, big-endian', () => {
    const directory = read(device, FW_CFG_FILE_DIRECTORY, 4 + 2 * 64);
    expect(directory.slice(0, 12)).toEqual([0, 0, 0, 2, 0, 0, 0, 1, 0, 0x20, 0, 0]);
    expect(String.fromCharCode(...directory.slice(12, 18))).toBe('etc/a\0');
    expect(directory.slice(68, 76)).toEqual([0, 0, 0, 3, 0, 0x21, 0, 0]);
    expect(read(device, 0x21, 4)).toEqual([1, 2, 3, 0]);
  });

  it('that there are not read 0, and so does what is behind an end', () => {
    expect(read(device, 0x8001, 2)).toEqual([7, 0]);
    expect(read(device, 0x4000, 2)).toEqual([0, 0]);
  });

  it('are selected by 16 bits alone', () => {
    device.writePort(0, 16, 0x21);
    device.readPort(1, 8);
    device.writePort(0, 8, 0x20);
    device.writePort(1, 8, 0x20);
    expect(device.readPort(1, 8)).toBe(2);
  });
});

it.each([[''], ['x'.repeat(56)], ['ä']])('a file cannot be called %j', (name) => {
  expect(() => new FwCfg({ files: [{ name, bytes: new Uint8Array() }] })).toThrow(FwCfgError);
});
it('two files cannot have one name', () => {
  const file = { name: 'a', bytes: new Uint8Array() };
  expect(() => new FwCfg({ files: [file, file] })).toThrow(FwCfgError);
});

describe('the device contract', () => {
  const description: DeviceDescription<FwCfg> = { make: () => new FwCfg(), ports: FW_CFG_PORT_COUNT };
  it('is kept', () => {
    expect(checkDevice(description).operations).toBeGreaterThan(100);
  });
  it('damaged snapshots are refused', () => {
    expect(checkRestore(description).refused).toBeGreaterThan(0);
  });
});
